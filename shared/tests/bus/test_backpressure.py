"""Fast records go on past a slow one, and a service takes no more in than it can hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from shared.bus import Bus, Received
from shared.bus.connection import connection
from shared.bus.done_set import decode
from shared.bus.engine import InFlightEngine
from shared.bus.port import MetadataTooLarge, Partition
from shared.bus.tracker import PartitionTracker
from shared.events import Event, PromptPrepared
from shared.settings import KafkaSettings

from shared.tests.bus.group_double import TOPIC, Group, HandRunner, Member
from shared.tests.bus.scene import a_topic, create, eventually, prompts, running, worked_off
from shared.tests.bus.virtual_time import run

AT = (TOPIC, 0)


async def test_a_stuck_head_holds_nothing_up_and_what_is_finished_is_not_repeated(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    go_on = asyncio.Event()
    done: list[int] = []

    async def slow_head(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        if received.offset == 0:
            await go_on.wait()
        done.append(received.offset)
        for nothing in list[Event]():
            yield nothing

    hasty = kafka.model_copy(update={"drain_s": 0.2})
    bus = Bus(hasty, "stuck")
    bus.on(topic, handler=slow_head, max_in_flight=50)
    async with running(bus):
        await bus.publish_many(prompts(3_000), topic=topic)
        await eventually(lambda: len(done) == 2_999)
        await asyncio.sleep(0.2)
        admin = AIOKafkaAdminClient(**connection(kafka))
        await admin.start()
        ((position, metadata),) = (await admin.list_consumer_group_offsets(f"stuck.{topic.name}")).values()
        await admin.close()
        assert (position, decode(position, metadata)) == (0, [(1, 3_000)])

    again: list[int] = []

    async def note(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        again.append(received.offset)
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "stuck")
    bus.on(topic, handler=note)
    async with running(bus):
        await worked_off(bus, kafka, topic)
    assert again == [0], "only the unfinished one"


async def test_no_more_than_the_limit_is_in_flight(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=3)
    await create(kafka, topic)
    now = most = finished = 0

    async def counted(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        nonlocal now, most, finished
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        finished += 1
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "limited")
    bus.on(topic, handler=counted, max_in_flight=20)
    async with running(bus):
        await bus.publish_many(prompts(500), topic=topic)
        await eventually(lambda: finished == 500)
    assert most == 20


async def test_handlers_that_never_wait_do_not_starve_the_event_loop(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    finished = 0

    async def busy(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        nonlocal finished
        finished += 1
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "busy")
    bus.on(topic, handler=busy)
    longest = 0.0
    async with running(bus):
        await bus.publish_many(prompts(10_000), topic=topic)
        loop = asyncio.get_running_loop()
        while finished < 10_000:
            before = loop.time()
            await asyncio.sleep(0)
            longest = max(longest, loop.time() - before)
    assert longest < 1.0


def test_when_nothing_moves_partitions_are_paused_and_polling_goes_on() -> None:
    async def scenario() -> None:
        member, runner = Member(Group({AT: 5_000}), 0), HandRunner()
        engine = InFlightEngine(
            "full", member, runner, max_in_flight=10, commit_interval_s=0.25, drain_s=1.0, patience_s=2.0
        )
        engine.start()
        await engine.assigned([AT])
        started = asyncio.get_running_loop().time()
        await engine.intake(member.fetch(AT, 600))
        assert asyncio.get_running_loop().time() - started == pytest.approx(2.0), (
            "it waits a little, and then lets polling go on"
        )
        assert member.paused == {AT}
        assert member.fetch(AT, 600) == []
        while engine.unfinished > 5:
            runner.finish(0)
        assert member.paused == set()
        await engine.stop()

    run(scenario())


def test_a_partition_far_ahead_of_its_head_is_paused_alone() -> None:
    other = (TOPIC, 1)

    async def scenario() -> None:
        group = Group({AT: 1_000, other: 1_000})
        member, runner = Member(group, 0), HandRunner()
        engine = InFlightEngine(
            "wide", member, runner, max_in_flight=1_000, commit_interval_s=0.25, drain_s=1.0, max_window=100
        )
        engine.start()
        await engine.assigned([AT, other])
        await engine.intake(member.fetch(AT, 150))
        head = runner.claims[0]
        while len(runner.claims) > 1:
            runner.finish(1)
        await asyncio.sleep(0.5)
        assert member.paused == {AT}
        await engine.intake(member.fetch(other, 90))
        assert member.paused == {AT}
        head.done()
        await asyncio.sleep(0.5)
        assert member.paused == set()
        await engine.stop()

    run(scenario())


def test_records_of_an_assignment_that_is_over_are_not_taken_in() -> None:
    async def scenario() -> None:
        other = (TOPIC, 1)
        group = Group({AT: 1_000, other: 1_000}, committed={AT: (500, ""), other: (500, "")})
        member, runner = Member(group, 0), HandRunner()
        engine = InFlightEngine("stale", member, runner, max_in_flight=1_000, commit_interval_s=0.25, drain_s=0.0)
        engine.start()
        await engine.assigned([AT, other])
        stale = asyncio.create_task(engine.intake([*member.fetch(AT, 100), *member.fetch(other, 100)]))
        await asyncio.sleep(0)
        # A rebalance in a single turn of the loop: the rest of the fetch meets the trackers of the next assignment.
        engine._epoch += 1
        engine._trackers.clear()
        engine._trackers[other] = fresh = PartitionTracker(300)
        await stale
        assert fresh.unfinished == fresh.window == 0
        await engine.stop()

    run(scenario())


class Strict(Member):
    """A broker with a small `offset.metadata.max.bytes`."""

    async def commit(self, positions: Mapping[Partition, tuple[int, str]]) -> None:
        if any(len(metadata) > 100 for _, metadata in positions.values()):
            raise MetadataTooLarge
        await super().commit(positions)


def test_a_broker_that_allows_less_metadata_gets_less() -> None:
    async def scenario() -> None:
        group = Group({AT: 1_000})
        member, runner = Strict(group, 0), HandRunner()
        engine = InFlightEngine("strict", member, runner, max_in_flight=1_000, commit_interval_s=0.25, drain_s=0.0)
        engine.start()
        await engine.assigned([AT])
        await engine.intake(member.fetch(AT, 1_000))
        for claim in runner.claims[1::3]:
            claim.done()
        runner.claims[0].done()
        await asyncio.sleep(5)
        position, metadata = group.committed[AT]
        assert position == 2
        assert 0 < len(metadata) <= 100
        await engine.stop()

    run(scenario())


def test_a_commit_that_failed_is_made_again_although_nothing_else_happens() -> None:
    async def scenario() -> None:
        group = Group({AT: 10})
        member, runner = Member(group, 0), HandRunner()
        engine = InFlightEngine("failing", member, runner, max_in_flight=10, commit_interval_s=0.25, drain_s=0.0)
        engine.start()
        await engine.assigned([AT])
        await engine.intake(member.fetch(AT, 10))
        member.failing_commits = 2
        while runner.claims:
            runner.finish(0)
        await asyncio.sleep(1.0)
        assert group.committed[AT] == (10, "")
        await engine.stop()

    run(scenario())


def test_what_has_not_finished_when_the_drain_is_over_is_given_up() -> None:
    async def scenario() -> None:
        group = Group({AT: 10})
        member, runner = Member(group, 0), HandRunner()
        engine = InFlightEngine("leaving", member, runner, max_in_flight=10, commit_interval_s=0.25, drain_s=5.0)
        engine.start()
        await engine.assigned([AT])
        await engine.intake(member.fetch(AT, 10))
        started = asyncio.get_running_loop().time()
        revoking = asyncio.create_task(engine.revoked([AT]))
        await asyncio.sleep(1.0)
        for _ in range(4):
            runner.finish(0)
        await revoking
        assert asyncio.get_running_loop().time() - started == pytest.approx(5.0, abs=0.1)
        assert runner.flushed == 1
        assert len(runner.late) == 6
        assert group.committed[AT] == (4, "")
        assert not any(claim.tracker.complete(claim.record.offset) for claim in runner.late)
        await engine.stop()

    run(scenario())
