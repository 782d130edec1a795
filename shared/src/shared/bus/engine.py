"""Keeps hundreds of records in flight, lets them finish in any order, and commits what is finished.

Its laws, property-tested: a committed position never passes an unfinished record; nothing is lost in any order of
deliveries, completions, commits, revocations and crashes; a completion after its partition is revoked changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress

from shared.bus import done_set
from shared.bus.claims import Claim
from shared.bus.codec import Record
from shared.bus.committing import Committer
from shared.bus.parking import ParkingLot
from shared.bus.pauses import Pauses
from shared.bus.port import ConsumerPort, Partition, Runner
from shared.bus.tracker import PartitionTracker
from shared.telemetry import get_logger

TURN = 50
"""Records between two turns of the event loop: handlers that never wait must not starve heartbeats."""

MAX_WINDOW = 50_000
"""Offsets a partition may run ahead of its first unfinished record; bounds what a truncated done-set repeats."""

MAX_PARKED = 10_000


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
        self.halted: BaseException | None = None
        self.assigned_partitions: frozenset[Partition] | None = None
        self.pauses = Pauses(port)
        self._port = port
        self._runner = runner
        self._limit = max_in_flight
        # A fetch is up to 500 records: with a lower mark every fetch would be one too many.
        self._high_water = max(max_in_flight, 500)
        self._low_water = max_in_flight // 2
        self._max_window = max_window
        self._drain_s = drain_s
        self._patience_s = patience_s
        self._trackers: dict[Partition, PartitionTracker] = {}
        self._committer = Committer(name, port, self._trackers, commit_interval_s, after=self._pause_wide)
        self._ready: deque[Claim] = deque()
        self._parked = ParkingLot(self._go_first)
        self._pumping = False
        self._epoch = 0
        self._room = asyncio.Event()
        self._returned = asyncio.Event()

    @property
    def trouble(self) -> str | None:
        """Why it cannot begin."""
        return self._committer.trouble

    @property
    def parked(self) -> int:
        """Records that wait for a release."""
        return self._parked.count

    @property
    def unfinished(self) -> int:
        """Records delivered and not finished: running, waiting for a slot, or parked."""
        return sum(tracker.unfinished for tracker in self._trackers.values())

    def start(self) -> None:
        """Commit from now on, several times a second."""
        self._committer.start()

    async def intake(self, records: Sequence[Record]) -> None:
        """Take a fetch in. Returns when the next one is welcome, or after a while with the partitions paused."""
        try:
            await self._take(records)
            self._pause_wide()
            if self._crowded():
                await self._wait_for_room()
        except Exception as error:
            # A fetch that was taken in by half must not look like a gap to the next one.
            self.halt(error)

    async def assigned(self, partitions: Iterable[Partition]) -> None:
        """Begin with partitions where their last owner stopped."""
        owned = frozenset(partitions)
        self._epoch += 1
        self._trackers.clear()
        self.pauses.everything = self.halted is not None or self._committer.closing
        self.pauses.forget()
        if owned and not self.pauses.everything:
            for partition, (position, metadata) in (await self._committer.committed(owned)).items():
                self._trackers[partition] = PartitionTracker(position, done_set.decode(position, metadata))
                # What was delivered before the tracker existed was dropped: it comes again from here.
                self._port.seek(partition, position)
        self.assigned_partitions = owned

    async def revoked(self, partitions: Iterable[Partition]) -> None:
        """Let running work finish within the drain time and commit it; whatever comes later counts no more."""
        leaving = [partition for partition in partitions if partition in self._trackers]
        trackers = [self._trackers[partition] for partition in leaving]
        await self._drain(trackers)
        for partition in leaving:
            self._trackers.pop(partition, None)
        self._end(trackers)
        self.assigned_partitions = None

    async def stop(self) -> None:
        """Close intake, drain, commit. The consumer must still be a member."""
        self._committer.closing = True
        self._pause_everything()
        trackers = list(self._trackers.values())
        await self._drain(trackers)
        self._end(trackers)
        await self._committer.stop()

    def halt(self, error: BaseException) -> None:
        """Start nothing more. What runs may finish and be committed; the failing record stays uncommitted."""
        if self.halted is None:
            self.halted = error
            get_logger().error("subscription_stopped", subscription=self.name, error=type(error).__name__)
        self._close(self._trackers.values())
        self._pause_everything()

    def release(self, key: object) -> None:
        """Records parked under `key` go first."""
        for claim in reversed(self._parked.release(key)):
            self._ready.appendleft(claim)
        self._pump()

    def park(self, claim: Claim, key: object, timeout_s: float | None) -> None:
        """Keep the claim without a slot."""
        if claim.tracker.open:
            self._parked.add(claim, key, timeout_s)

    def widen(self, claim: Claim, slots: int) -> None:
        """The claim takes as many slots as its record carries events."""
        more = slots - claim.slots
        claim.slots = slots
        self.in_flight += more
        claim.tracker.running += more

    def give_back(self, claim: Claim) -> None:
        """A slot is free."""
        claim.held = False
        self.in_flight -= claim.slots
        tracker = claim.tracker
        tracker.running -= claim.slots
        if not tracker.running:
            self._returned.set()
        if self._ready:
            self._pump()

    async def _take(self, records: Sequence[Record]) -> None:
        tracker: PartitionTracker | None = None
        topic, partition = "", -1
        epoch = self._epoch
        taken = 0
        ready = self._ready
        for record in records:
            if record.partition != partition or record.topic != topic:
                topic, partition = record.topic, record.partition
                tracker = self._trackers.get((topic, partition))
            if tracker is None or not tracker.open or not tracker.receive(record.offset):
                continue
            ready.append(Claim(self, record, tracker))
            taken += 1
            if taken % TURN == 0:
                self._pump()
                await asyncio.sleep(0)
                if epoch != self._epoch:
                    # The rest was fetched for an assignment that is over.
                    return
        self._pump()

    def _pump(self) -> None:
        """Start what waits while there are slots."""
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
        if len(ready) <= self._low_water and self.parked <= MAX_PARKED:
            self._make_room()

    def _make_room(self) -> None:
        self._room.set()
        if self.pauses.everything and not self.halted and not self._committer.closing:
            self.pauses.everything = False
            self.pauses.apply()

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

    def _pause_wide(self) -> None:
        limit, low = self._max_window, self._max_window // 2
        already = self.pauses.wide
        wide = {at for at, tracker in self._trackers.items() if tracker.window > (low if at in already else limit)}
        if wide != already:
            self.pauses.wide = wide
            self.pauses.apply()

    def _pause_everything(self) -> None:
        self.pauses.everything = True
        self.pauses.apply()

    def _go_first(self, claim: Claim) -> None:
        self._ready.appendleft(claim)
        self._pump()

    async def _drain(self, trackers: Sequence[PartitionTracker]) -> None:
        self._close(trackers)
        self._runner.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain_s):
                while any(tracker.running for tracker in trackers):
                    self._returned.clear()
                    await self._returned.wait()
        await self._committer.commit()

    def _close(self, trackers: Iterable[PartitionTracker]) -> None:
        """Start nothing more of these partitions, and forget what waits."""
        for tracker in trackers:
            tracker.open = False
        self._ready = deque(claim for claim in self._ready if claim.tracker.open)
        self._parked.drop_closed()
        self._room.set()

    def _end(self, trackers: Iterable[PartitionTracker]) -> None:
        """Completions of these partitions count no more, and what still runs is given up."""
        for tracker in trackers:
            tracker.end()
        self._runner.cancel(lambda claim: not claim.tracker.alive)
