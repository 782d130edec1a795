"""Publishing: acknowledged, in order, to the standard partition, many together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from aiokafka.partitioner import murmur2
from opentelemetry import context as otel_context
from opentelemetry import trace
from shared.bus import Bus, Received
from shared.bus.codec import Message
from shared.bus.flush import Flush
from shared.bus.publisher import Publisher
from shared.errors import Rejected
from shared.events import Event, PromptPrepared
from shared.settings import KafkaSettings
from shared.telemetry import traceparent_context
from shared.topics import RESULTS, Topic

from shared.tests.bus.conftest import free_port
from shared.tests.bus.scene import a_topic, create, everything_in, prompts, result_of, running, worked_off
from shared.tests.bus.virtual_time import run


@contextmanager
def inside(traceparent: str) -> Iterator[None]:
    """A span is current."""
    parent = traceparent_context(traceparent)
    assert parent is not None
    token = otel_context.attach(parent)
    try:
        yield
    finally:
        otel_context.detach(token)


async def published(kafka: KafkaSettings, topic: Topic, *messages: Message) -> None:
    publisher = Publisher(kafka)
    await publisher.start()
    try:
        await publisher.publish(messages)
    finally:
        await publisher.stop()


class Noting(Publisher):
    """Notes when what is sent, by a clock of its own."""

    def __init__(self) -> None:
        super().__init__(KafkaSettings())
        self.sent: list[tuple[float, int]] = []

    async def _send(self, flush: Flush) -> None:
        self.sent.append((asyncio.get_running_loop().time(), len(flush.messages)))
        flush.finish()


def test_after_a_few_flushes_in_a_row_records_wait_for_company_unless_none_can_come() -> None:
    async def posted(alone: bool) -> list[tuple[float, int]]:
        publisher = Noting()
        for _ in range(6):
            publisher.post([Message("t", b"k", b"v", [])], lambda errors: None)
            if alone:
                publisher.hurry()
            await asyncio.sleep(0.005)
        await asyncio.sleep(1)
        return publisher.sent

    assert run(posted(alone=False)) == [(0.0, 1), (0.005, 1), (0.01, 1), (pytest.approx(0.04), 3)]
    assert [records for _, records in run(posted(alone=True))] == [1] * 6


async def test_an_event_is_a_cloud_event_with_its_key_and_trace(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=12)
    await create(kafka, topic)
    event = prompts(1)[0]
    traceparent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    bus = Bus(kafka, "gateway")
    async with running(bus):
        await bus.publish(event, traceparent, topic=topic)
    (record,) = await everything_in(kafka, topic)
    headers = dict(record.headers)
    assert record.key == event.key().encode()
    assert record.value == event.model_dump_json().encode()
    assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % 12
    assert headers.pop("ce_time").endswith(b"+00:00")
    assert headers == {
        "ce_id": event.event_id().encode(),
        "ce_type": PromptPrepared.type.encode(),
        "ce_source": b"gateway",
        "ce_specversion": b"1.0",
        "content-type": b"application/json",
        "traceparent": traceparent.encode(),
    }


async def test_records_of_one_key_keep_their_order_over_many_flushes(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=4)
    await create(kafka, topic)
    publisher = Publisher(kafka)
    await publisher.start()
    waiting = []
    for n in range(300):
        waiting.append(asyncio.create_task(publisher.publish([Message(topic.name, b"key", str(n).encode(), [])])))
        if n % 10 == 9:
            await asyncio.sleep(0.003)
    await asyncio.gather(*waiting)
    await publisher.stop()
    assert [int(record.value) for record in await everything_in(kafka, topic)] == list(range(300))


async def test_one_record_that_is_too_large_is_rejected_alone(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    publisher = Publisher(kafka)
    await publisher.start()
    messages = [Message(topic.name, b"k", value, []) for value in (b"a", b"x" * 1_500_000, b"b")]
    with pytest.raises(Rejected, match="larger than topic"):
        await publisher.publish(messages)
    assert publisher.trouble is None
    await publisher.stop()
    assert [record.value for record in await everything_in(kafka, topic)] == [b"a", b"b"]


async def test_a_million_bytes_in_one_call_become_several_batches(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    await published(kafka, topic, *[Message(topic.name, b"k", bytes([n]) * 100_000, []) for n in range(20)])
    assert [record.value[0] for record in await everything_in(kafka, topic)] == list(range(20))


async def test_a_caller_that_gives_up_takes_nobody_else_along(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    publisher = Publisher(kafka)
    await publisher.start()
    tasks = [asyncio.create_task(publisher.publish([Message(topic.name, b"k", b"v", [])])) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await publisher.stop()
    assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]


async def test_a_broker_that_is_not_there_is_waited_for_and_the_service_is_not_ready(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    publisher = Publisher(kafka)
    await publisher.start()
    publisher._settings = kafka.model_copy(update={"bootstrap_servers": f"127.0.0.1:{free_port()}"})
    assert publisher._producer is not None
    await publisher._producer.stop()
    publishing = asyncio.create_task(publisher.publish([Message(topic.name, b"k", b"v", [])]))
    await asyncio.sleep(0.5)
    assert publisher.trouble is not None
    assert not publishing.done()
    publisher._settings = kafka
    await asyncio.wait_for(publishing, 10)
    assert publisher.trouble is None
    await publisher.stop()
    assert [record.value for record in await everything_in(kafka, topic)] == [b"v"]


async def test_a_yielded_event_continues_the_span_it_was_made_in_else_the_record_s_trace(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    inner = "00-" + "c" * 32 + "-" + "d" * 16 + "-01"
    batch = prompts(3, "traced-single")
    parents = ["00-" + f"{n + 1:032x}" + "-" + "e" * 16 + "-01" for n in range(2)]
    seen: dict[int, bool] = {}

    async def answer(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        seen[received.event.index] = trace.get_current_span().get_span_context().is_valid
        if received.event.index == 1:
            with inside(inner):
                yield result_of(received.event)
        else:
            yield result_of(received.event)

    bus = Bus(kafka, "tracing-singles")
    bus.on(topic, handler=answer)
    async with running(bus):
        await bus.publish_many([(batch[0], parents[0]), (batch[1], parents[1]), batch[2]], topic=topic)
        await worked_off(bus, kafka, topic)
    found = {}
    for record in await everything_in(kafka, RESULTS):
        if b'"traced-single"' in record.value:
            found[int(record.value.split(b'"index":')[1].split(b",")[0])] = dict(record.headers).get("traceparent")
    assert found == {0: parents[0].encode(), 1: inner.encode(), 2: None}
    assert seen == {0: True, 1: True, 2: False}
