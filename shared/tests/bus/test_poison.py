"""What cannot be read goes to the dead letters, alone, with its original bytes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest
from shared.bus import Bus, Received, dead_letters
from shared.events import BatchCancelled, BatchPaused, Event, PromptPrepared
from shared.settings import KafkaSettings

from shared.tests.bus.scene import (
    TYPE_HEADER,
    Headers,
    a_topic,
    create,
    dead_letters_of,
    eventually,
    everything_in,
    prompts,
    publish_raw,
    running,
    worked_off,
)

GOOD = prompts(1)[0].model_dump_json().encode()

POISON: dict[str, tuple[bytes | None, Headers, str]] = {
    "bad JSON": (b'{"batch_id": "b", ', TYPE_HEADER, "bad_json"),
    "not UTF-8": (b"\xff\xfe{}", TYPE_HEADER, "bad_json"),
    "an empty value": (b"", TYPE_HEADER, "bad_json"),
    "a wrong type": (
        b'{"batch_id": "b", "index": "many", "record_id": "r", "values": {}}',
        TYPE_HEADER,
        "invalid_event",
    ),
    "a missing field": (b'{"batch_id": "b"}', TYPE_HEADER, "invalid_event"),
    "no number at all": (
        b'{"batch_id": "b", "index": NaN, "record_id": "r", "values": {}}',
        TYPE_HEADER,
        "invalid_event",
    ),
    "a tombstone": (None, TYPE_HEADER, "tombstone"),
    "an unknown type": (GOOD, (("ce_type", b"somebody.else.v1"),), "unknown_type"),
    "a type that is not UTF-8": (GOOD, (("ce_type", b"\xff\xfe"),), "undecodable_header"),
    "a type without a value": (GOOD, (("ce_type", None),), "undecodable_header"),
    "too large a value": (b'{"x": "' + b"y" * 1_100_000 + b'"}', TYPE_HEADER, "oversize"),
}


async def test_poison_of_every_kind_inside_a_batch_of_500_harms_nothing_else(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1, config={"max.message.bytes": "4000000"})
    await create(kafka, topic)
    good = prompts(500 - len(POISON))
    records: list[tuple[bytes | None, bytes | None, Headers]] = [
        (event.key().encode(), event.model_dump_json().encode(), TYPE_HEADER) for event in good
    ]
    for position, (value, headers, _) in enumerate(POISON.values()):
        records.insert(position * 40 + 3, (f"key-{position}".encode(), value, headers))
    await publish_raw(kafka, topic, records)
    seen: list[int] = []

    async def note(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        seen.append(received.event.index)
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "poison")
    bus.on(topic, handler=note)
    async with running(bus):
        await eventually(lambda: len(seen) == len(good))
        await worked_off(bus, kafka, topic)
    assert sorted(seen) == [event.index for event in good]

    buried = {record.key: record for record in await dead_letters_of(kafka, topic)}
    assert len(buried) == len(POISON)
    for position, (value, headers, reason) in enumerate(POISON.values()):
        record = buried[f"key-{position}".encode()]
        told = dict(record.headers)
        assert record.value == value
        assert list(record.headers)[: len(headers)] == list(headers)
        assert told["dl_reason"] == reason.encode()
        assert int(told["dl_offset"]) == position * 40 + 3
        assert (told["dl_partition"], told["dl_service"]) == (b"0", b"poison")
        assert int(told["dl_timestamp"]) > 0


async def test_a_restart_reads_nothing_again_after_poison(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    await publish_raw(kafka, topic, [(b"k", value, headers) for value, headers, _ in list(POISON.values())[:3]])
    for _ in range(2):
        bus = Bus(kafka, "poison")
        bus.on(topic, handler=unreached)
        async with running(bus):
            await worked_off(bus, kafka, topic)
            await asyncio.sleep(0.3)
    assert len(await dead_letters_of(kafka, topic)) == 3


async def test_a_header_that_nobody_needs_may_be_anything(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    headers: Headers = (*TYPE_HEADER, ("x-null", None), ("x-bytes", b"\xff\xfe"), ("x-text", "größe".encode()))
    await publish_raw(kafka, topic, [(None, GOOD, headers)])
    seen: list[Received[PromptPrepared]] = []
    bus = Bus(kafka, "headers")
    bus.on(topic, handler=collecting, seen=seen)
    async with running(bus):
        await eventually(lambda: seen)
    assert dict(seen[0].headers) == {"ce_type": PromptPrepared.type, "x-text": "größe"}


async def test_bare_json_is_the_only_type_of_a_topic_with_one(kafka: KafkaSettings) -> None:
    topic, choice = a_topic(partitions=1), a_topic(BatchPaused, BatchCancelled, partitions=1)
    await create(kafka, topic, choice)
    await publish_raw(kafka, topic, [(None, GOOD, ())])
    await publish_raw(kafka, choice, [(None, b'{"batch_id": "b"}', ())])
    seen: list[Received[PromptPrepared]] = []
    bus = Bus(kafka, "bare")
    bus.on(topic, handler=collecting, seen=seen)
    bus.on(choice, handler=unreached)
    async with running(bus):
        await eventually(lambda: seen)
        await worked_off(bus, kafka, choice)
    told = dict((await dead_letters_of(kafka, choice))[0].headers)
    assert told["dl_reason"] == b"missing_header"


async def test_a_known_type_that_the_handler_does_not_take_is_passed_over(kafka: KafkaSettings) -> None:
    topic = a_topic(BatchPaused, BatchCancelled, partitions=1)
    await create(kafka, topic)
    seen: list[Received[BatchCancelled]] = []
    bus = Bus(kafka, "choosy")
    bus.on(topic, handler=collecting, events=[BatchCancelled], seen=seen)
    async with running(bus):
        await bus.publish_many([BatchPaused(batch_id="b"), BatchCancelled(batch_id="b")], topic=topic)
        await eventually(lambda: seen)
    assert [received.event.type for received in seen] == [BatchCancelled.type]
    assert await dead_letters_of(kafka, topic) == []


async def test_a_dead_letter_that_does_not_fit_is_cut_with_its_length_and_hash(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1, config={"max.message.bytes": "6000000"})
    await create(kafka, topic)
    value = b"{" + b"x" * 3_000_000
    await publish_raw(kafka, topic, [(b"huge", value, TYPE_HEADER)])
    bus = Bus(kafka, "huge")
    bus.on(topic, handler=unreached)
    async with running(bus):
        await worked_off(bus, kafka, topic)
    (record,) = await dead_letters_of(kafka, topic)
    told = dict(record.headers)
    assert told["dl_truncated"] == b"3000001"
    assert told["dl_sha256"].decode() == hashlib.sha256(value).hexdigest()
    assert value.startswith(record.value)
    (letter,) = await dead_letters.read(kafka, limit=5, topic=topic.name)
    assert letter.truncated_from == 3_000_001
    assert await dead_letters.replay(kafka, [(letter.partition, letter.offset)]) == []


async def test_too_many_undecodable_records_in_a_row_stop_the_subscription(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    few = kafka.model_copy(update={"undecodable_limit": 20})
    await publish_raw(kafka, topic, [(None, b"no", TYPE_HEADER)] * 50)
    bus = Bus(few, "flood")
    bus.on(topic, handler=unreached)
    async with running(bus):
        await eventually(lambda: not bus.ready[0])
        assert "undecodable" in bus.ready[1][f"flood.{topic.name}"]
    assert len(await dead_letters_of(kafka, topic)) == 20


async def test_dead_letters_are_listed_newest_first_and_replayed_as_they_were(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    headers: Headers = (*TYPE_HEADER, ("x-raw", b"\xff"))
    await publish_raw(kafka, topic, [(b"a", b"first", headers), (b"b", b"second", headers)])
    bus = Bus(kafka, "replaying")
    bus.on(topic, handler=unreached)
    async with running(bus):
        await worked_off(bus, kafka, topic)
    letters = await dead_letters.read(kafka, limit=10, topic=topic.name)
    assert {letter.value for letter in letters} == {b"first", b"second"}
    assert [letter.buried_at for letter in letters] == sorted((letter.buried_at for letter in letters), reverse=True)
    assert len(await dead_letters.read(kafka, limit=1, topic=topic.name)) == 1
    second = next(letter for letter in letters if letter.value == b"second")
    assert (second.topic, second.reason, second.service) == (topic.name, "bad_json", "replaying")
    at = (second.partition, second.offset)
    assert await dead_letters.replay(kafka, [at]) == [at]
    again = (await everything_in(kafka, topic))[-1]
    assert (again.key, again.value, tuple(again.headers)) == (b"b", b"second", headers)


async def collecting(received: Received[PromptPrepared], seen: list[Received[PromptPrepared]]) -> AsyncIterator[Event]:
    """Note what comes, publish nothing."""
    seen.append(received)
    for nothing in list[Event]():
        yield nothing


async def unreached(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
    """A handler that nothing readable reaches."""
    pytest.fail(f"{received} should not have been handed over")
    yield received.event
