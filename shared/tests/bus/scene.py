"""What the bus's tests on a real broker have in common: topics of their own, records to put in, and what came out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from shared.bus import Bus
from shared.bus.codec import RawHeaders
from shared.bus.connection import connection
from shared.bus.engine import InFlightEngine
from shared.bus.packing import events_in
from shared.bus.topic_admin import ensure_topics
from shared.events import Event, PromptPrepared, PromptsPrepared, RecordGenerated
from shared.settings import KafkaSettings
from shared.topics import DEAD_LETTERS, OUTCOMES, PROMPTS_BULK, RESULTS, Topic

Headers = Sequence[tuple[str, bytes | None]]
TYPE_HEADER: Headers = (("ce_type", PromptPrepared.type.encode()),)


@dataclass(frozen=True)
class OnTheWire:
    """A published message as it is delivered."""

    value: bytes | None
    headers: RawHeaders
    topic: str = PROMPTS_BULK.name
    key: bytes | None = None
    partition: int = 0
    offset: int = 0
    timestamp: int = 0


def a_topic(
    *events: type[Event], partitions: int = 3, retries: Sequence[float] = (), config: dict[str, str] | None = None
) -> Topic:
    """A topic nobody else uses, with retry topics of these delays."""
    name = f"test-{uuid4().hex[:10]}"
    kinds = events or (PromptPrepared, PromptsPrepared)
    retry = tuple(
        Topic(f"{name}.retry.{n}", kinds, "as original", (), (), partitions=2, delay_s=delay_s)
        for n, delay_s in enumerate(retries)
    )
    return Topic(name, kinds, "event_id", (), (), partitions, config or {}, retry)


def prompts(count: int, batch: str | None = None) -> list[PromptPrepared]:
    """So many different prompts."""
    batch = batch or uuid4().hex
    return [PromptPrepared(batch_id=batch, index=n, record_id=f"r{n}", values={"n": n}) for n in range(count)]


def result_of(prompt: PromptPrepared) -> RecordGenerated:
    """A handler's answer."""
    return RecordGenerated(batch_id=prompt.batch_id, index=prompt.index, record_id=prompt.record_id)


async def create(settings: KafkaSettings, *topics: Topic) -> None:
    """Create them, and those that every bus writes to."""
    retries = [retry for topic in topics for retry in topic.retry]
    await ensure_topics(settings, [*topics, *retries, RESULTS, OUTCOMES, DEAD_LETTERS])


@asynccontextmanager
async def running(bus: Bus) -> AsyncIterator[Bus]:
    """Started, and stopped whatever happens."""
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


async def publish_raw(
    settings: KafkaSettings,
    topic: Topic,
    records: Iterable[tuple[bytes | None, bytes | None, Headers]],
    partition: int = 0,
) -> None:
    """Records as a foreign producer writes them, in one batch: key, value, headers."""
    producer = AIOKafkaProducer(
        **connection(settings), max_request_size=8_000_000, max_batch_size=4_000_000, linger_ms=50
    )
    await producer.start()
    try:
        sent = [
            await producer.send(topic.name, value, key, partition=partition, headers=list(headers))
            for key, value, headers in records
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def everything_in(settings: KafkaSettings, topic: Topic | str) -> list[ConsumerRecord]:
    """All records of a topic as they are now."""
    name = topic if isinstance(topic, str) else topic.name
    consumer = AIOKafkaConsumer(name, **connection(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = sorted(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        records: list[ConsumerRecord] = []
        for partition in partitions:
            consumer.seek(partition, 0)
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for found in (await consumer.getmany(timeout_ms=200)).values():
                    records += found
        return records
    finally:
        await consumer.stop()


async def dead_letters_of(settings: KafkaSettings, topic: Topic) -> list[ConsumerRecord]:
    """Dead letters that came from this topic or its retry topics."""
    names = {topic.name.encode(), *(retry.name.encode() for retry in topic.retry)}
    return [
        record for record in await everything_in(settings, DEAD_LETTERS) if dict(record.headers)["dl_topic"] in names
    ]


async def results_of(settings: KafkaSettings, batch: str) -> list[RecordGenerated]:
    """Results that were published for this batch."""
    events = await events_of(settings, RESULTS, batch)
    return [event for event in events if isinstance(event, RecordGenerated)]


async def events_of(settings: KafkaSettings, topic: Topic, batch: str) -> list[Event]:
    """A batch's events in a topic, however many travelled together."""
    events = [event for record in await everything_in(settings, topic) for event in events_in(record, topic)]
    return [event for event in events if getattr(event, "batch_id", None) == batch]


def engines_of(bus: Bus) -> list[InFlightEngine]:
    """The engines of all its subscriptions, those of retry topics after those of their topics."""
    return [engine for subscription in bus._subscriptions for engine in subscription.engines]


async def worked_off(bus: Bus, settings: KafkaSettings, topic: Topic) -> None:
    """Return when this service has committed all that is in the topic now."""
    ends = dict.fromkeys(range(topic.partitions), 0)
    for record in await everything_in(settings, topic):
        ends[record.partition] = max(ends[record.partition], record.offset + 1)
    group_id = next(one.group_id for one in bus._subscriptions if topic in one.topics)
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        deadline = asyncio.get_running_loop().time() + 15
        while asyncio.get_running_loop().time() < deadline:
            committed = await admin.list_consumer_group_offsets(group_id)
            if all(not end or committed.get((topic.name, n), (0, ""))[0] >= end for n, end in ends.items()):
                return
            await asyncio.sleep(0.02)
    finally:
        await admin.close()
    raise AssertionError("not everything was committed in time")


async def eventually(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Return when it holds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError("it did not happen in time")
        await asyncio.sleep(0.01)
