"""Handlers of many records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from opentelemetry import trace
from shared.bus import Bus, Collect, Parked, Postponed, Received
from shared.errors import Rejected, Retryable
from shared.events import Event, PromptPrepared
from shared.settings import KafkaSettings
from shared.topics import RESULTS

from shared.tests.bus.scene import (
    TYPE_HEADER,
    a_topic,
    create,
    dead_letters_of,
    engines_of,
    eventually,
    everything_in,
    prompts,
    publish_raw,
    result_of,
    results_of,
    running,
    worked_off,
)
from shared.tests.bus.test_failures import failure_of, verdicts_of

Group = list[Received[PromptPrepared]]


def by_batch(event: PromptPrepared) -> str:
    return event.batch_id


async def test_records_of_one_key_are_handled_together_when_full_or_old_enough(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    groups: list[tuple[set[str], int, float]] = []

    async def write(group: Group) -> AsyncIterator[Event]:
        groups.append(({one.event.batch_id for one in group}, len(group), time.monotonic()))
        for one in group:
            yield result_of(one.event)

    bus = Bus(kafka, "groups")
    bus.on_many(topic, handler=write, collect=Collect(by_batch, size=20, linger_s=0.3))
    async with running(bus):
        mixed = [event for pair in zip(prompts(50, "one-a"), prompts(50, "one-b"), strict=True) for event in pair]
        started = time.monotonic()
        await bus.publish_many(mixed, topic=topic)
        await worked_off(bus, kafka, topic)
    assert all(len(keys) == 1 for keys, _, _ in groups)
    assert sorted(size for _, size, _ in groups) == [10, 10, 20, 20, 20, 20]
    assert all(at - started >= 0.3 for _, size, at in groups if size == 10)
    assert len(await results_of(kafka, "one-a")) == len(await results_of(kafka, "one-b")) == 50


async def test_groups_of_one_key_run_one_after_another_and_of_several_at_once(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    running_now: dict[str, int] = {}
    most: dict[str, int] = {}
    together = 0

    async def write(group: Group) -> AsyncIterator[Event]:
        nonlocal together
        key = group[0].event.batch_id
        running_now[key] = running_now.get(key, 0) + 1
        most[key] = max(most.get(key, 0), running_now[key])
        together = max(together, sum(running_now.values()))
        await asyncio.sleep(0.05)
        running_now[key] -= 1
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "orderly")
    bus.on_many(topic, handler=write, collect=Collect(by_batch, size=5, linger_s=0.05))
    async with running(bus):
        await bus.publish_many([*prompts(20, "ord-a"), *prompts(20, "ord-b")], topic=topic)
        await worked_off(bus, kafka, topic)
    assert most == {"ord-a": 1, "ord-b": 1}
    assert together == 2


async def test_an_exception_fails_each_record_of_the_group_and_no_other_group(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)

    async def write(group: Group) -> AsyncIterator[Event]:
        yield result_of(group[0].event)
        if group[0].event.batch_id == "bad-group":
            raise Rejected("the table is gone", category="crm")

    bus = Bus(kafka, "failing-groups")
    bus.on_many(topic, handler=write, failed=failure_of, collect=Collect(by_batch, size=10, linger_s=0.05))
    async with running(bus):
        await bus.publish_many([*prompts(10, "bad-group"), *prompts(10, "good-group")], topic=topic)
        await worked_off(bus, kafka, topic)
    assert set(await verdicts_of(kafka, "bad-group")) == set(range(10))
    assert await verdicts_of(kafka, "good-group") == {}
    assert [event.index for event in await results_of(kafka, "bad-group")] == [0], "what was told before stays told"


async def test_poison_between_them_is_buried_alone(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    good = [(b"k", event.model_dump_json().encode(), TYPE_HEADER) for event in prompts(9, "mixed-group")]
    await publish_raw(kafka, topic, [*good[:5], (b"bad", b"{", TYPE_HEADER), *good[5:]])
    sizes: list[int] = []

    async def write(group: Group) -> AsyncIterator[Event]:
        sizes.append(len(group))
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "group-poison")
    bus.on_many(topic, handler=write, collect=Collect(by_batch, size=9, linger_s=5))
    async with running(bus):
        await worked_off(bus, kafka, topic)
    assert sizes == [9]
    assert [record.key for record in await dead_letters_of(kafka, topic)] == [b"bad"]


async def test_a_parked_group_comes_back_when_released(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    known: set[str] = set()
    written: list[int] = []

    async def write(group: Group) -> AsyncIterator[Event]:
        if "plan" not in known:
            raise Parked("plan")
        written.extend(one.event.index for one in group)
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "group-parking")
    bus.on_many(topic, handler=write, collect=Collect(by_batch, size=5, linger_s=0.02))
    async with running(bus):
        await bus.publish_many(prompts(10), topic=topic)
        await eventually(lambda: engines_of(bus)[0].parked == 10)
        known.add("plan")
        bus.release("plan")
        await worked_off(bus, kafka, topic)
    assert sorted(written) == list(range(10))


async def test_stopping_hands_over_groups_that_are_still_collecting(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    sizes: list[int] = []

    async def write(group: Group) -> AsyncIterator[Event]:
        sizes.append(len(group))
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "flushing")
    bus.on_many(topic, handler=write, collect=Collect(by_batch, size=100, linger_s=60))
    async with running(bus):
        await bus.publish_many(prompts(7), topic=topic)
        await eventually(lambda: engines_of(bus)[0].in_flight == 7)
    assert sizes == [7]


async def test_an_event_continues_the_trace_of_the_record_it_is_about(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    parents = [f"00-{n + 1:032x}-{n + 1:016x}-01" for n in range(5)]

    async def write(group: Group) -> AsyncIterator[Event]:
        assert not trace.get_current_span().get_span_context().is_valid
        for one in reversed(group):
            yield result_of(one.event)

    bus = Bus(kafka, "tracing")
    bus.on_many(topic, handler=write, collect=Collect(by_batch, size=5, linger_s=0.05))
    async with running(bus):
        await bus.publish_many(zip(prompts(5, "traced-group"), parents, strict=True), topic=topic)
        await worked_off(bus, kafka, topic)
    found = {}
    for record in await everything_in(kafka, RESULTS):
        if b'"traced-group"' in record.value:
            found[int(record.value.split(b'"index":')[1].split(b",")[0])] = dict(record.headers)["traceparent"].decode()
    assert found == dict(enumerate(parents))


async def test_some_records_of_a_group_may_be_postponed_and_the_others_are_done(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1, retries=(5.0,))
    await create(kafka, topic)
    batch = prompts(10)
    handled: list[tuple[int, int]] = []

    async def write(group: Group) -> AsyncIterator[Event]:
        later = []
        for one in group:
            handled.append((one.event.index, one.attempt))
            if one.event.index in (2, 7) and (one.attempt == 1 or one.event.index == 7):
                later.append((one, Retryable("its parent is not there", category="crm", code="ORPHANED")))
            else:
                yield result_of(one.event)
        if later:
            raise Postponed(later)

    bus = Bus(kafka, "postponing")
    bus.on_many(topic, handler=write, collect=Collect(by_batch, size=10, linger_s=0.1), failed=failure_of)
    async with running(bus):
        await bus.publish_many(batch, topic=topic)
        await eventually(lambda: len(handled) == 12)
        await worked_off(bus, kafka, topic)
        await eventually(lambda: not any(engine.unfinished for engine in engines_of(bus)))
    assert sorted(handled[10:]) == [(2, 2), (7, 2)], "only these come again"
    assert sorted(event.index for event in await results_of(kafka, batch[0].batch_id)) == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    verdicts = await verdicts_of(kafka, batch[0].batch_id)
    assert {index: (one.attempts, one.reason) for index, one in verdicts.items()} == {7: (2, "its parent is not there")}
