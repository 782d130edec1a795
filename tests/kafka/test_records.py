"""Records on a real broker: poison of every kind, and topics that are created once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from shared.bus import Bus, Received, dead_letters
from shared.bus.connection import connection
from shared.bus.topic_admin import ensure_topics
from shared.events import Event, PromptPrepared
from shared.settings import KafkaSettings
from shared.topics import DEAD_LETTERS, TOPICS, Topic

from tests.kafka.scene import a_topic, committed_of, eventually, everything_in

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

TYPE = ("ce_type", PromptPrepared.type.encode())
GOOD = PromptPrepared(batch_id="b", index=0, record_id="r", values={}).model_dump_json().encode()
POISON: list[tuple[bytes | None, list[tuple[str, bytes | None]], bytes]] = [
    (b'{"batch_id": ', [TYPE], b"bad_json"),
    (b"\xff\xfe", [TYPE], b"bad_json"),
    (b'{"batch_id": "b", "index": "x", "record_id": "r", "values": {}}', [TYPE], b"invalid_event"),
    (None, [TYPE], b"tombstone"),
    (GOOD, [("ce_type", None)], b"undecodable_header"),
    (GOOD, [("ce_type", b"\xff")], b"undecodable_header"),
    (GOOD, [("ce_type", b"another.type.v9")], b"unknown_type"),
    (b'"' + b"x" * 1_200_000 + b'"', [TYPE], b"oversize"),
]


async def test_poison_of_every_kind_inside_500_harms_nothing_else(kafka: KafkaSettings) -> None:
    topic = await a_topic(kafka, 1, {"max.message.bytes": "4000000"})
    good = 500 - len(POISON)
    producer = AIOKafkaProducer(**connection(kafka), max_request_size=8_000_000, max_batch_size=4_000_000)
    await producer.start()
    for n in range(good):
        event = PromptPrepared(batch_id="b", index=n, record_id="r", values={})
        await producer.send(topic.name, event.model_dump_json().encode(), b"k", headers=[TYPE])
        if n % 50 == 10 and n // 50 < len(POISON):
            value, headers, _ = POISON[n // 50]
            await producer.send(topic.name, value, f"poison-{n // 50}".encode(), headers=headers)
    await producer.stop()
    seen: list[int] = []
    service = f"poison-{uuid4().hex[:8]}"
    bus = Bus(kafka, service)
    bus.on(topic, handler=note, seen=seen)
    await bus.start()
    await eventually(lambda: len(seen) == good, 30, "the good ones are handled")
    await eventually(lambda: not bus._subscriptions[0].engines[0].unfinished, 30, "the others are buried")
    await bus.stop()
    assert sorted(seen) == list(range(good))
    assert (await committed_of(kafka, f"{service}.{topic.name}"))[0] == (500, "")
    buried = {
        record.key: record
        for record in await everything_in(kafka, DEAD_LETTERS.name)
        if dict(record.headers)["dl_topic"] == topic.name.encode()
    }
    assert len(buried) == len(POISON)
    for n, (value, headers, reason) in enumerate(POISON):
        record = buried[f"poison-{n}".encode()]
        assert (record.value, next(iter(record.headers))) == (value, headers[0])
        assert dict(record.headers)["dl_reason"] == reason


async def test_creating_the_topics_of_the_map_again_changes_nothing(kafka: KafkaSettings) -> None:
    await ensure_topics(kafka)
    assert await ensure_topics(kafka) == []
    names = {topic.name for topic in TOPICS}
    admin = AIOKafkaAdminClient(**connection(kafka))
    await admin.start()
    described = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(sorted(names))}
    await admin.close()
    assert described == {topic.name: topic.partitions for topic in TOPICS}


async def test_dead_letters_are_listed_and_replayed(kafka: KafkaSettings) -> None:
    topic = await a_topic(kafka, 2)
    await publish_raw(kafka, topic, [(b"k", b"{", [TYPE])])
    bus = Bus(kafka, f"replay-{uuid4().hex[:8]}")
    bus.on(topic, handler=note, seen=[])
    await bus.start()
    try:
        await eventually(lambda: bus._subscriptions[0].engines[0].unfinished == 0, 30, "it is buried")
        letters: list[dead_letters.DeadLetter] = []
        for _ in range(100):
            letters = await dead_letters.read(kafka, limit=10, topic=topic.name)
            if letters:
                break
        (letter,) = letters
        assert (letter.reason, letter.value, letter.key) == ("bad_json", b"{", b"k")
        assert await dead_letters.replay(kafka, [(letter.partition, letter.offset)]) == [
            (letter.partition, letter.offset)
        ]
    finally:
        await bus.stop()
    assert [record.value for record in await everything_in(kafka, topic.name)] == [b"{", b"{"]


async def test_a_compacted_topic_is_followed_from_the_beginning(kafka: KafkaSettings) -> None:
    topic = await a_topic(kafka, 2, {"cleanup.policy": "compact"})
    value = PromptPrepared(batch_id="b", index=0, record_id="r", values={}).model_dump_json().encode()
    await publish_raw(kafka, topic, [(str(n).encode(), value, [TYPE]) for n in range(50)])
    seen: dict[str, bool] = {}

    def learn(key: str, event: Event | None) -> None:
        seen[key] = event is not None

    bus = Bus(kafka, "following")
    bus.follow(topic, learn)
    await bus.start()
    try:
        assert seen == {str(n): True for n in range(50)}
        await publish_raw(kafka, topic, [(b"7", None, [])])
        await eventually(lambda: not seen["7"], 30, "the deletion is seen")
    finally:
        await bus.stop()


async def publish_raw(
    settings: KafkaSettings, topic: Topic, records: list[tuple[bytes, bytes | None, list[tuple[str, bytes | None]]]]
) -> None:
    """Records as somebody else's producer writes them."""
    producer = AIOKafkaProducer(**connection(settings))
    await producer.start()
    for key, value, headers in records:
        await producer.send_and_wait(topic.name, value, key, headers=headers)
    await producer.stop()


async def note(received: Received[PromptPrepared], seen: list[int]) -> AsyncIterator[Event]:
    """Write down what came."""
    seen.append(received.event.index)
    for nothing in list[Event]():
        yield nothing
