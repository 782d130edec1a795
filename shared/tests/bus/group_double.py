"""A consumer group without Kafka, for the engine's tests: logs, committed offsets, one member at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from shared.bus.claims import Claim
from shared.bus.codec import RawHeaders
from shared.bus.port import CommitRefused, Partition

TOPIC = "numbers"


@dataclass(frozen=True)
class Record:
    """A record as far as the engine looks at it."""

    partition: int
    offset: int
    topic: str = TOPIC
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: RawHeaders = ()


@dataclass
class Group:
    """What the broker knows."""

    ends: dict[Partition, int]
    committed: dict[Partition, tuple[int, str]] = field(default_factory=dict)
    history: list[tuple[Partition, int]] = field(default_factory=list)
    generation: int = 0


@dataclass
class Member:
    """The engine's port: a member of one generation of the group."""

    group: Group
    generation: int
    failing_commits: int = 0
    positions: dict[Partition, int] = field(default_factory=dict)
    paused: set[Partition] = field(default_factory=set)

    async def commit(self, positions: Mapping[Partition, tuple[int, str]]) -> None:
        await asyncio.sleep(0.01)
        if self.failing_commits:
            self.failing_commits -= 1
            raise ConnectionError("the coordinator does not answer")
        if self.generation != self.group.generation:
            raise CommitRefused
        for partition, position in positions.items():
            self.group.committed[partition] = position
            self.group.history.append((partition, position[0]))

    async def committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, tuple[int, str]]:
        await asyncio.sleep(0.01)
        return {at: self.group.committed.get(at, (0, "")) for at in partitions}

    def seek(self, partition: Partition, offset: int) -> None:
        self.positions[partition] = offset

    def pause(self, partitions: Iterable[Partition]) -> None:
        self.paused |= set(partitions)

    def resume(self, partitions: Iterable[Partition]) -> None:
        self.paused -= set(partitions)

    def assignment(self) -> frozenset[Partition]:
        return frozenset(self.positions)

    def fetch(self, partition: Partition, count: int) -> list[Record]:
        """The next records of a partition that is not paused."""
        if partition in self.paused or partition not in self.positions:
            return []
        start = self.positions[partition]
        end = min(start + count, self.group.ends[partition])
        self.positions[partition] = end
        return [Record(partition[1], offset) for offset in range(start, end)]


class HandRunner:
    """Holds claims until the test finishes them, in whatever order it likes."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.late: list[Claim] = []
        self.flushed = 0

    def begin(self, claim: Claim) -> None:
        self.claims.append(claim)

    def flush(self) -> None:
        self.flushed += 1

    def cancel(self, unwanted: Callable[[Claim], bool]) -> None:
        # Like a handler that shields its work: it goes on, and completes late.
        self.late += [claim for claim in self.claims if unwanted(claim)]
        self.claims = [claim for claim in self.claims if not unwanted(claim)]

    def finish(self, position: int) -> Partition | None:
        """Finish one of the claims; returns which partition it was of."""
        if not self.claims:
            return None
        claim = self.claims.pop(position % len(self.claims))
        claim.done()
        return claim.record.topic, claim.record.partition
