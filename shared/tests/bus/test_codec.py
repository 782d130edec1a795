"""Reading is total: whatever the bytes, the answer is an event or a reason that quotes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.bus.codec import UNWANTED, Codec, Poison, RawHeaders, Received
from shared.bus.encoder import Encoder, now
from shared.events import BatchCancelled, BatchPaused, PromptPrepared, PromptsPrepared
from shared.topics import TOPICS, Topic

PROMPTS = Topic("prompts", (PromptPrepared, PromptsPrepared), "event_id", (), (), 1)
COMMANDS = Topic("commands", (BatchPaused, BatchCancelled), "batch_id", (), (), 1)
NAMES = st.sampled_from(["ce_type", "ce_id", "traceparent", "rs_attempt", "rs_origin_topic", "x"])
KNOWN = [event.type.encode() for event in COMMANDS.events]
VALUES = st.one_of(st.none(), st.binary(max_size=40), st.sampled_from(KNOWN))


@dataclass(frozen=True)
class Delivered:
    """A record as Kafka hands it over."""

    value: bytes | None
    headers: RawHeaders
    key: bytes | None = b"k"
    topic: str = "topic"
    partition: int = 0
    offset: int = 7
    timestamp: int = 0


@given(st.one_of(st.none(), st.binary(), st.text().map(str.encode)), st.lists(st.tuples(NAMES, VALUES), max_size=6))
@pytest.mark.parametrize("codec", [Codec([PROMPTS]), Codec([COMMANDS]), Codec([PROMPTS], origins=[PROMPTS])])
def test_any_bytes_are_an_event_or_a_reason(codec: Codec, value: bytes | None, headers: RawHeaders) -> None:
    found = codec.decode(Delivered(value, headers))
    assert isinstance(found, (Received, Poison)) or found is UNWANTED


@given(st.text(alphabet="abcdefghijklmnop", min_size=12, max_size=30))
def test_a_reason_never_quotes_what_was_found(secret: str) -> None:
    value = f'{{"batch_id": "{secret}!", "index": "{secret}", "record_id": 5, "values": "{secret}"}}'.encode()
    found = Codec([PROMPTS]).decode(Delivered(value, ()))
    assert isinstance(found, Poison)
    assert secret not in found.error


@pytest.mark.parametrize("name", ["ünï-côdé 🎉", "line\nbreak", 'quote"s', "\u0000"])
def test_an_event_reads_back_as_it_was_written(name: str) -> None:
    event = PromptPrepared(batch_id="b", index=3, record_id=name, values={"name": name, "nested": {"n": [1, None]}})
    message = Encoder("tests").encode(event, "prompts", "00-" + "a" * 32 + "-" + "b" * 16 + "-01", now())
    found = Codec([PROMPTS]).decode(Delivered(message.value, message.headers, message.key))
    assert isinstance(found, Received)
    assert found.event == event
    assert (found.attempt, found.offset) == (1, 7)
    assert found.traceparent == "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    assert found.headers["ce_source"] == "tests"
    assert len(found.headers) == 7


def test_fields_that_a_newer_producer_added_are_no_problem() -> None:
    value = b'{"batch_id": "b", "index": 0, "record_id": "r", "values": {}, "added_later": true}'
    assert isinstance(Codec([PROMPTS]).decode(Delivered(value, ())), Received)


@pytest.mark.parametrize(("header", "attempt"), [(b"3", 3), (b"many", 1), (b"", 1), (b"\xff", 1), (None, 1)])
def test_an_attempt_that_is_no_number_is_the_first(header: bytes | None, attempt: int) -> None:
    value = b'{"batch_id": "b", "index": 0, "record_id": "r", "values": {}}'
    found = Codec([PROMPTS]).decode(Delivered(value, (("rs_attempt", header),)))
    assert isinstance(found, Received)
    assert found.attempt == attempt


def test_only_the_wanted_types_are_decoded() -> None:
    codec = Codec([COMMANDS], wanted=[BatchPaused])
    assert codec.decode(Delivered(b"not even JSON", (("ce_type", BatchCancelled.type.encode()),))) is UNWANTED


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic.events], ids=lambda topic: topic.name)
def test_every_type_of_the_map_is_known_to_its_topic(topic: Any) -> None:
    codec = Codec([topic])
    for event in topic.events:
        found = codec.decode(Delivered(b"{}", (("ce_type", event.type.encode()),)))
        assert isinstance(found, Poison)
        assert found.reason == "invalid_event"
