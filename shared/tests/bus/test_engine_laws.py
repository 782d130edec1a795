"""The engine's laws, under any order of deliveries, completions, failed commits, rebalances and crashes."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from shared.bus.done_set import decode
from shared.bus.engine import InFlightEngine
from shared.bus.port import Partition

from shared.tests.bus.group_double import TOPIC, Group, HandRunner, Member
from shared.tests.bus.virtual_time import run

PARTITIONS: list[Partition] = [(TOPIC, 0), (TOPIC, 1)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fetch", "fetch", "finish", "finish", "finish", "wait", "fail commits", "rebalance", "crash"]),
        st.integers(0, 50),
    ),
    max_size=60,
)


@dataclass
class World:
    """One engine at a time on a group, and what really happened to every record."""

    group: Group
    started: list[tuple[Partition, int]] = field(default_factory=list)
    finished: set[tuple[Partition, int]] = field(default_factory=set)
    """Completed while the partition was owned: these are what the law is about."""
    zombies: list[HandRunner] = field(default_factory=list)

    async def join(self) -> None:
        self.group.generation += 1
        self.member = Member(self.group, self.group.generation)
        self.runner = HandRunner()
        self.engine = InFlightEngine(
            "laws", self.member, self.runner, max_in_flight=20, commit_interval_s=0.25, drain_s=1.0, patience_s=0.5
        )
        self.engine.start()
        await self.engine.assigned(PARTITIONS)

    async def fetch(self, count: int) -> None:
        partition = PARTITIONS[count % 2]
        begun = len(self.runner.claims)
        await self.engine.intake(self.member.fetch(partition, count))
        self.started += [
            ((claim.record.topic, claim.record.partition), claim.record.offset) for claim in self.runner.claims[begun:]
        ]

    def finish(self, which: int) -> None:
        if self.runner.claims:
            claim = self.runner.claims[which % len(self.runner.claims)]
            self.finished.add(((claim.record.topic, claim.record.partition), claim.record.offset))
            self.runner.finish(which)

    async def leave(self) -> None:
        """Revoked in good order: whoever still works then is a zombie."""
        revoking = asyncio.create_task(self.engine.revoked(PARTITIONS))
        await asyncio.sleep(0.5)
        self.finish(7)
        await revoking
        self.zombies.append(self.runner)
        await self.engine.stop()

    def crash(self) -> None:
        """kill -9: nothing is said to anybody; what was not committed is as if it had not been."""
        self.zombies.append(self.runner)
        assert self.engine._committer._task is not None
        self.engine._committer._task.cancel()
        known = self.known_as_finished()
        self.finished &= known

    def known_as_finished(self) -> set[tuple[Partition, int]]:
        known: set[tuple[Partition, int]] = set()
        for partition, (position, metadata) in self.group.committed.items():
            offsets = set(range(position)) | {n for run in decode(position, metadata) for n in range(*run)}
            known |= {(partition, offset) for offset in offsets}
        return known

    def check(self) -> None:
        assert self.known_as_finished() <= self.finished, "a commit speaks of a record that is not finished"

    async def live(self, steps: list[tuple[str, int]]) -> None:
        await self.join()
        for step, number in steps:
            if step == "fetch":
                await self.fetch(number)
            elif step == "finish":
                self.finish(number)
            elif step == "wait":
                await asyncio.sleep(number / 50)
            elif step == "fail commits":
                self.member.failing_commits = number % 3
            else:
                if step == "rebalance":
                    await self.leave()
                else:
                    self.crash()
                await self.join()
            for zombie in self.zombies:
                while zombie.claims or zombie.late:
                    (zombie.claims or zombie.late).pop().done()
            self.check()

    async def work_off(self) -> None:
        self.member.failing_commits = 0
        total = {(at, offset) for at, end in self.group.ends.items() for offset in range(end)}
        for _ in range(10_000):
            for partition in PARTITIONS:
                await self.engine.intake(self.member.fetch(partition, 30))
            while self.runner.claims:
                self.finish(random.Random(len(self.finished)).randrange(1_000))
            if self.finished >= total:
                break
            await asyncio.sleep(0.3)
        await self.engine.stop()


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(0, 200), st.integers(0, 200))
def test_nothing_is_lost_and_no_commit_passes_an_unfinished_record(
    steps: list[tuple[str, int]], first: int, second: int
) -> None:
    async def scenario() -> None:
        world = World(Group({PARTITIONS[0]: first, PARTITIONS[1]: second}))
        await world.live(steps)
        await world.work_off()
        world.check()
        assert {at: world.group.committed.get(at, (0, ""))[0] for at in PARTITIONS} == world.group.ends

    run(scenario())


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_commits_never_go_back(steps: list[tuple[str, int]]) -> None:
    async def scenario() -> None:
        world = World(Group({PARTITIONS[0]: 150, PARTITIONS[1]: 150}))
        await world.live(steps)
        await world.engine.stop()
        for partition in PARTITIONS:
            offsets = [offset for at, offset in world.group.history if at == partition]
            assert offsets == sorted(offsets)

    run(scenario())


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 200), st.randoms(use_true_random=False), st.data())
def test_after_a_crash_only_records_without_a_commit_run_again(
    count: int, order: random.Random, data: st.DataObject
) -> None:
    finishing = data.draw(st.integers(0, min(count, 20)))

    async def scenario() -> None:
        world = World(Group({PARTITIONS[0]: count, PARTITIONS[1]: 0}))
        await world.join()
        await world.engine.intake(world.member.fetch(PARTITIONS[0], count))
        for _ in range(finishing):
            world.finish(order.randrange(1_000))
        before = set(world.finished)
        await asyncio.sleep(0.3)
        world.crash()
        assert world.finished == before, "one commit interval later everything finished is known"
        await world.join()
        await world.work_off()
        again = [claim for claim in world.started if claim in before]
        assert not again

    run(scenario())
