"""One process per service may take all partitions without a group: a killed one is back at once, where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

from shared.bus import Bus, Received
from shared.events import Event, PromptPrepared
from shared.settings import KafkaSettings

from shared.tests.bus.scene import a_topic, create, eventually, prompts, result_of, results_of, running, worked_off


def alone(settings: KafkaSettings) -> KafkaSettings:
    return settings.model_copy(update={"group_membership": False, "idle_fetch_pause_s": 0.02})


async def test_a_successor_goes_on_where_a_killed_process_stopped(kafka: KafkaSettings) -> None:
    settings, topic, service = alone(kafka), a_topic(), f"svc-{uuid4().hex[:6]}"
    await create(settings, topic)
    seen: list[int] = []
    stuck = asyncio.Event()

    async def handle(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        seen.append(received.event.index)
        if received.event.index == 0 and not stuck.is_set():
            await stuck.wait()
        yield result_of(received.event)

    asked = prompts(60)
    killed = Bus(settings, service)
    killed.on(topic, handler=handle)
    await killed.start()
    await killed.publish_many(asked, topic=topic)
    await eventually(lambda: len(seen) == 60)
    await asyncio.sleep(0.3)  # the 59 others are committed behind the stuck one
    await killed.broker.stop()  # gone without a goodbye: nothing more is committed
    stuck.set()
    again = len(seen)

    successor = Bus(settings, service)
    successor.on(topic, handler=handle)
    async with running(successor):
        await eventually(lambda: len(seen) > again)
        await worked_off(successor, settings, topic)
    assert seen[again:] == [0]
    answered = {result.index for result in await results_of(settings, asked[0].batch_id)}
    assert answered == set(range(60))


async def test_an_idle_consumer_rests_and_still_takes_what_comes(kafka: KafkaSettings) -> None:
    settings, topic = alone(kafka), a_topic()
    await create(settings, topic)
    seen: list[int] = []

    async def handle(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        seen.append(received.event.index)
        yield result_of(received.event)

    bus = Bus(settings, f"svc-{uuid4().hex[:6]}")
    bus.on(topic, handler=handle)
    async with running(bus):
        for round_ in range(3):
            await asyncio.sleep(0.2)
            await bus.publish_many(prompts(5), topic=topic)
            await eventually(lambda enough=5 * (round_ + 1): len(seen) >= enough)  # type: ignore[misc]
    assert sorted(seen) == sorted([0, 1, 2, 3, 4] * 3)


async def test_a_resting_consumer_gets_records_that_take_long_to_fetch(kafka: KafkaSettings) -> None:
    settings, topic = alone(kafka), a_topic(partitions=1)
    await create(settings, topic)
    seen: list[int] = []

    async def handle(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        seen.append(received.event.index)
        yield result_of(received.event)

    large = [
        PromptPrepared(batch_id=uuid4().hex, index=n, record_id="r", values={"text": "x" * 900_000}) for n in range(12)
    ]
    bus = Bus(settings, f"svc-{uuid4().hex[:6]}")
    bus.on(topic, handler=handle)
    async with running(bus):
        await asyncio.sleep(0.2)
        await bus.publish_many(large, topic=topic)
        await eventually(lambda: len(seen) == 12)
