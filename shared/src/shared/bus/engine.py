"""Keeps hundreds of records in flight, lets them finish in any order, and commits what is finished.

Its laws, property-tested: a committed position never passes an unfinished record; nothing is lost in any order of
deliveries, completions, commits, revocations and crashes; a completion after its partition is revoked changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from shared.bus import done_set, metrics
from shared.bus.codec import Record
from shared.bus.done_set import METADATA_LIMIT
from shared.bus.pauses import Pauses
from shared.bus.port import CommitRefused, ConsumerPort, MetadataTooLarge, Partition, Runner
from shared.bus.tracker import PartitionTracker
from shared.telemetry import get_logger

TURN = 50
"""Records between two turns of the event loop: handlers that never wait must not starve heartbeats."""

MAX_WINDOW = 50_000
"""Offsets a partition may run ahead of its first unfinished record; bounds what a truncated done-set repeats."""

MAX_PARKED = 10_000

_COMMIT_TIMEOUT_S = 10.0


class Claim:
    """One record that a runner works on."""

    __slots__ = ("_engine", "expired", "held", "record", "timer", "tracker")

    def __init__(self, engine: InFlightEngine, record: Record, tracker: PartitionTracker) -> None:
        self._engine = engine
        self.record = record
        self.tracker = tracker
        self.held = False
        """A runner has it. Whatever ends that first counts; a second end changes nothing."""
        self.expired = False
        """It was parked for longer than its handler allowed."""
        self.timer: asyncio.TimerHandle | None = None

    @property
    def partition(self) -> Partition:
        return self.record.topic, self.record.partition

    def done(self) -> None:
        """The record has its result, acknowledged by Kafka where it had to be published."""
        if self.held:
            self.tracker.complete(self.record.offset)
            self._engine.give_back(self)

    def park(self, key: object, timeout_s: float | None) -> None:
        """The record waits in memory, without a slot, until `key` is released."""
        if self.held:
            self._engine.park(self, key, timeout_s)

    def abandon(self) -> None:
        """The record stays unfinished and is delivered again to whoever has the partition then."""
        if self.held:
            self._engine.give_back(self)

    def halt(self, error: BaseException) -> None:
        """Nothing of this subscription can be handled any more."""
        self._engine.halt(error)
        self.abandon()


class InFlightEngine:
    """Between a consumer's fetches and a handler's runner."""

    def __init__(
        self,
        name: str,
        port: ConsumerPort,
        runner: Runner,
        *,
        max_in_flight: int,
        commit_interval_s: float,
        drain_s: float,
        patience_s: float = 5.0,
        max_window: int = MAX_WINDOW,
    ) -> None:
        self.name = name
        self.in_flight = 0
        self.parked = 0
        self.halted: BaseException | None = None
        self.trouble: str | None = None
        self.assigned_partitions: frozenset[Partition] | None = None
        self.pauses = Pauses(port)
        self._port = port
        self._runner = runner
        self._limit = max_in_flight
        # A fetch is up to 500 records: with a lower mark every fetch would be one too many.
        self._high_water = max(max_in_flight, 500)
        self._low_water = max_in_flight // 2
        self._max_window = max_window
        self._commit_interval_s = commit_interval_s
        self._drain_s = drain_s
        self._patience_s = patience_s
        self._metadata_limit = METADATA_LIMIT
        self._trackers: dict[Partition, PartitionTracker] = {}
        self._ready: deque[Claim] = deque()
        self._parked: dict[object, list[Claim]] = {}
        self._closing = False
        self._room = asyncio.Event()
        self._returned = asyncio.Event()
        self._committing = asyncio.Lock()
        self._commit_task: asyncio.Task[None] | None = None
        self._pumping = False
        self._epoch = 0

    @property
    def unfinished(self) -> int:
        """Records delivered and not finished: running, waiting for a slot, or parked."""
        return sum(tracker.unfinished for tracker in self._trackers.values())

    def start(self) -> None:
        """Commit from now on, several times a second."""
        self._commit_task = asyncio.create_task(self._commit_forever())

    async def intake(self, records: Sequence[Record]) -> None:
        """Take a fetch in. Returns when the next one is welcome, or after a while with the partitions paused."""
        try:
            await self._take(records)
        except Exception as error:
            # A fetch that was taken in by half must not look like a gap to the next one.
            self.halt(error)

    async def assigned(self, partitions: Iterable[Partition]) -> None:
        """Begin with partitions where their last owner stopped."""
        owned = frozenset(partitions)
        self._epoch += 1
        self._trackers = {}
        self.pauses.everything = self.halted is not None or self._closing
        self.pauses.forget()
        if not self.pauses.everything:
            positions = await self._until_it_works(lambda: self._port.committed(owned)) if owned else {}
            for partition, (position, metadata) in (positions or {}).items():
                self._trackers[partition] = PartitionTracker(position, done_set.decode(position, metadata))
                # What was delivered before the tracker existed was dropped: it comes again from here.
                self._port.seek(partition, position)
        self.pauses.apply()
        self.trouble = None
        self.assigned_partitions = owned

    async def revoked(self, partitions: Iterable[Partition]) -> None:
        """Let running work finish within the drain time and commit it; whatever comes later counts no more."""
        leaving = set(partitions)
        trackers = [tracker for partition, tracker in self._trackers.items() if partition in leaving]
        await self._drain(trackers)
        for partition in leaving:
            self._trackers.pop(partition, None)
        for tracker in trackers:
            tracker.end()
        self._runner.cancel(lambda claim: not claim.tracker.alive)
        self.assigned_partitions = None

    async def stop(self) -> None:
        """Close intake, drain, commit. The consumer must still be a member."""
        self._closing = True
        self._pause_everything()
        trackers = list(self._trackers.values())
        await self._drain(trackers)
        for tracker in trackers:
            tracker.end()
        self._runner.cancel(lambda _: True)
        if self._commit_task is not None:
            self._commit_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._commit_task

    def halt(self, error: BaseException) -> None:
        """Start nothing more. What runs may finish and be committed; the failing record stays uncommitted."""
        if self.halted is None:
            self.halted = error
            get_logger().error("subscription_stopped", subscription=self.name, error=type(error).__name__)
        for tracker in self._trackers.values():
            tracker.open = False
        self._drop_waiting()
        self._pause_everything()

    def release(self, key: object) -> None:
        """Records parked under `key` go first."""
        claims = self._parked.pop(key, None)
        if claims:
            self.parked -= len(claims)
            for claim in reversed(claims):
                self._unpark(claim)
            self._pump()

    def park(self, claim: Claim, key: object, timeout_s: float | None) -> None:
        """Keep the claim without a slot."""
        if claim.tracker.open:
            self._parked.setdefault(key, []).append(claim)
            self.parked += 1
            if timeout_s is not None:
                claim.timer = asyncio.get_running_loop().call_later(timeout_s, self._expire, claim, key)
        self.give_back(claim)

    def give_back(self, claim: Claim) -> None:
        """A slot is free."""
        claim.held = False
        self.in_flight -= 1
        tracker = claim.tracker
        tracker.running -= 1
        if not tracker.running:
            self._returned.set()
        if self._ready:
            self._pump()

    async def commit(self) -> None:
        """Tell Kafka what is finished, for all partitions at once."""
        # One at a time, and a revocation waits here: a commit that spans a rebalance could go backwards.
        async with self._committing:
            positions: dict[Partition, tuple[int, str]] = {}
            for partition, tracker in self._trackers.items():
                if tracker.changed:
                    tracker.changed = False
                    position = tracker.commit(self._metadata_limit)
                    if position is not None and position != tracker.committed:
                        positions[partition] = position
            if positions:
                await self._send(positions)

    async def _send(self, positions: dict[Partition, tuple[int, str]]) -> None:
        try:
            async with asyncio.timeout(_COMMIT_TIMEOUT_S):
                with metrics.COMMIT_SECONDS.labels(self.name).time():
                    await self._port.commit(positions)
        except Exception as error:
            if isinstance(error, MetadataTooLarge):
                self._metadata_limit //= 2
            elif not isinstance(error, CommitRefused):
                get_logger().warning("commit_failed", subscription=self.name, error=type(error).__name__)
            for partition in positions:
                if partition in self._trackers:
                    self._trackers[partition].changed = True
        else:
            for partition, position in positions.items():
                if partition in self._trackers:
                    self._trackers[partition].committed = position

    async def _take(self, records: Sequence[Record]) -> None:
        tracker: PartitionTracker | None = None
        topic, partition = "", -1
        taken = 0
        epoch = self._epoch
        ready = self._ready
        for record in records:
            if record.partition != partition or record.topic != topic:
                topic, partition = record.topic, record.partition
                tracker = self._trackers.get((topic, partition))
            if tracker is None or not tracker.open:
                continue
            if tracker.receive(record.offset):
                ready.append(Claim(self, record, tracker))
                taken += 1
                if taken % TURN == 0:
                    self._pump()
                    await asyncio.sleep(0)
                    if epoch != self._epoch:
                        # The rest was fetched for an assignment that is over.
                        return
        self._pump()
        self._widen_pauses()
        if self._crowded():
            await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        # Waiting a little before pausing: a pause throws away what is already fetched.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                while self._crowded():
                    self._room.clear()
                    await self._room.wait()
                return
        self._pause_everything()

    def _crowded(self) -> bool:
        return len(self._ready) > self._high_water or self.parked > MAX_PARKED

    def _pump(self) -> None:
        if self._pumping:
            return
        ready = self._ready
        # A runner may finish a record at once, which comes back here: a loop instead of a recursion.
        self._pumping = True
        while ready and self.in_flight < self._limit:
            claim = ready.popleft()
            tracker = claim.tracker
            if tracker.open:
                self.in_flight += 1
                tracker.running += 1
                claim.held = True
                self._runner.begin(claim)
        self._pumping = False
        if len(ready) <= self._low_water:
            self._room.set()
            if self.pauses.everything and self.parked <= MAX_PARKED and not self.halted and not self._closing:
                self.pauses.everything = False
                self.pauses.apply()

    def _widen_pauses(self) -> None:
        limit, low = self._max_window, self._max_window // 2
        already = self.pauses.wide
        wide = {at for at, tracker in self._trackers.items() if tracker.window > (low if at in already else limit)}
        if wide != self.pauses.wide:
            self.pauses.wide = wide
            self.pauses.apply()

    def _pause_everything(self) -> None:
        self.pauses.everything = True
        self.pauses.apply()

    def _expire(self, claim: Claim, key: object) -> None:
        claims = self._parked.get(key, [])
        if claim in claims:
            claims.remove(claim)
            self.parked -= 1
            claim.expired = True
            self._unpark(claim)
            self._pump()

    def _unpark(self, claim: Claim) -> None:
        if claim.timer is not None:
            claim.timer.cancel()
            claim.timer = None
        self._ready.appendleft(claim)

    def _drop_waiting(self) -> None:
        self._ready = deque(claim for claim in self._ready if claim.tracker.open)
        for key, claims in list(self._parked.items()):
            for claim in claims:
                if not claim.tracker.open and claim.timer is not None:
                    claim.timer.cancel()
            self._parked[key] = [claim for claim in claims if claim.tracker.open]
        self._parked = {key: claims for key, claims in self._parked.items() if claims}
        self.parked = sum(len(claims) for claims in self._parked.values())
        self._room.set()

    async def _drain(self, trackers: Sequence[PartitionTracker]) -> None:
        for tracker in trackers:
            tracker.open = False
        self._drop_waiting()
        self._runner.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain_s):
                while any(tracker.running for tracker in trackers):
                    self._returned.clear()
                    await self._returned.wait()
        await self.commit()

    async def _commit_forever(self) -> None:
        while True:
            await asyncio.sleep(self._commit_interval_s)
            await self.commit()
            self._widen_pauses()

    async def _until_it_works(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Retry: an error here would leave the partitions assigned and silent."""
        wait_s = 0.1
        while not self._closing:
            try:
                return await ask()
            except Exception as error:
                self.trouble = f"cannot read committed offsets: {type(error).__name__}"
                get_logger().warning("committed_offsets_unknown", subscription=self.name, error=type(error).__name__)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, 2.0)
        return None
