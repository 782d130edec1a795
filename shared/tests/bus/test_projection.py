"""Handlers whose database keeps the offsets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from shared.bus import Bus, Received
from shared.bus.projection import Projection
from shared.errors import Fatal
from shared.events import Event
from shared.settings import KafkaSettings

from shared.tests.bus.scene import (
    TYPE_HEADER,
    Headers,
    a_topic,
    create,
    dead_letters_of,
    eventually,
    prompts,
    publish_raw,
    result_of,
    results_of,
    running,
    worked_off,
)

Positions = dict[tuple[str, int], int]


class Database:
    """Rows and offsets that change together, or not at all."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.positions: Positions = {}
        self.down = 0
        self.loads: list[list[tuple[str, int]]] = []

    async def load(self, partitions: list[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        self.loads.append(partitions)
        return {at: self.positions[at] for at in partitions if at in self.positions}

    async def fold(self, received: list[Received[Event]], positions: Positions) -> AsyncIterator[Event]:
        if self.down:
            self.down -= 1
            raise ConnectionError("no database")
        self.rows += [one.event.index for one in received]  # type: ignore[attr-defined]
        self.positions |= positions
        for one in received:
            if one.event.index % 100 == 99:  # type: ignore[attr-defined]
                yield result_of(one.event)  # type: ignore[arg-type]


async def test_it_goes_on_where_the_database_is_and_not_where_the_group_is(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=2)
    await create(kafka, topic)
    batch = prompts(300)
    database = Database()
    for _ in range(2):
        bus = Bus(kafka, "projecting")
        bus.on_projection(topic, handler=database.fold, load_offsets=database.load)
        async with running(bus):
            if not database.rows:
                await bus.publish_many(batch, topic=topic)
            await worked_off(bus, kafka, topic)
    assert sorted(database.rows) == list(range(300))
    assert {event.index for event in await results_of(kafka, batch[0].batch_id)} == {99, 199, 299}

    restored = Database()
    bus = Bus(kafka, "projecting")
    bus.on_projection(topic, handler=restored.fold, load_offsets=restored.load)
    async with running(bus):
        await eventually(lambda: len(restored.rows) == 300)
    assert restored.positions == database.positions


async def test_a_partition_is_projected_in_order(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    database = Database()
    bus = Bus(kafka, "in-order")
    bus.on_projection(topic, handler=database.fold, load_offsets=database.load)
    async with running(bus):
        await bus.publish_many(prompts(2_000), topic=topic)
        await worked_off(bus, kafka, topic)
    assert database.rows == list(range(2_000))


async def test_a_database_that_is_down_is_waited_for_and_nothing_is_skipped(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    database = Database()
    database.down = 4
    bus = Bus(kafka, "waiting")
    bus.on_projection(topic, handler=database.fold, load_offsets=database.load)
    async with running(bus):
        await bus.publish_many(prompts(100), topic=topic)
        await eventually(lambda: not bus.ready[0])
        assert "ConnectionError" in bus.ready[1][f"waiting.{topic.name}"]
        await worked_off(bus, kafka, topic)
        await eventually(lambda: bus.ready[0])
    assert database.rows == list(range(100))


async def test_what_cannot_be_read_is_buried_and_still_moves_the_position(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    good: list[tuple[bytes | None, bytes | None, Headers]] = [
        (b"k", event.model_dump_json().encode(), TYPE_HEADER) for event in prompts(3)
    ]
    await publish_raw(kafka, topic, [*good, (b"bad", b"{", TYPE_HEADER)])
    database = Database()
    bus = Bus(kafka, "projecting-poison")
    bus.on_projection(topic, handler=database.fold, load_offsets=database.load)
    async with running(bus):
        await worked_off(bus, kafka, topic)
    assert database.rows == [0, 1, 2]
    assert database.positions == {(topic.name, 0): 4}
    assert [record.key for record in await dead_letters_of(kafka, topic)] == [b"bad"]


@pytest.mark.parametrize(("urgent", "longest_s"), [(False, 0.2), (True, 0.005)])
async def test_the_next_fetch_gathers_the_shorter_the_more_urgent_it_is(
    kafka: KafkaSettings, urgent: bool, longest_s: float
) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    database = Database()

    async def slow(received: list[Received[Event]], positions: Positions) -> AsyncIterator[Event]:
        await asyncio.sleep(0.06)
        async for event in database.fold(received, positions):
            yield event

    bus = Bus(kafka, f"gathering-{urgent}")
    bus.on_projection(topic, handler=slow, load_offsets=database.load, urgent=lambda: urgent)
    async with running(bus):
        await bus.publish_many(prompts(10), topic=topic)
        await eventually(lambda: len(database.rows) == 10)
        (lane,) = (lane for subscription in bus._subscriptions for lane in subscription.lanes)
        assert isinstance(lane, Projection)
        await eventually(lambda: lane.gather_s == longest_s)


async def test_the_group_is_told_where_the_database_is_now_and_then_and_at_the_end(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    database = Database()
    bus = Bus(kafka.model_copy(update={"commit_interval_s": 60.0}), "telling-late")
    bus.on_projection(topic, handler=database.fold, load_offsets=database.load)
    async with running(bus):
        (consumer,) = (one for subscription in bus._subscriptions for one in subscription.consumers)
        at = (topic.name, 0)
        await bus.publish_many(prompts(10), topic=topic)
        await eventually(lambda: len(database.rows) == 10)
        assert await consumer.committed([at]) == {at: (0, "")}
    await worked_off(bus, kafka, topic)


async def test_a_fatal_error_stops_it(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    database = Database()

    async def refuse(received: list[Received[Event]], positions: Positions) -> AsyncIterator[Event]:
        raise Fatal("wrong schema version")
        yield received[0].event

    bus = Bus(kafka, "fatal-projection")
    bus.on_projection(topic, handler=refuse, load_offsets=database.load)
    async with running(bus):
        await bus.publish_many(prompts(10), topic=topic)
        await eventually(lambda: "wrong schema version" in bus.ready[1][f"fatal-projection.{topic.name}"])
