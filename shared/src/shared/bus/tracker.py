"""What of one partition is received, finished and committed, from its assignment to its revocation. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from shared.bus import done_set
from shared.bus.done_set import METADATA_LIMIT, Run


class PartitionTracker:
    """One assignment of one partition. A partition that leaves and comes back gets a new tracker.

    Completions are only noted and folded into `_runs` at the next commit, because one sort of thousands is much
    cheaper than thousands of insertions. There are never more runs than unfinished records, however long the head
    takes: memory stays flat.
    """

    __slots__ = (
        "_fresh",
        "_next",
        "_position",
        "_restored_end",
        "_runs",
        "alive",
        "changed",
        "committed",
        "open",
        "running",
        "unfinished",
    )

    def __init__(self, position: int | None = None, finished: Sequence[Run] = ()) -> None:
        self._position = position
        """Everything below is finished. None until the first record of a partition without a commit."""
        self._runs: list[Run] = list(finished)
        """Finished above the position: sorted, apart from each other and from the position."""
        self._restored_end = self._runs[-1][1] if self._runs else 0
        self._next = position
        """One past the last received offset."""
        self._fresh: list[int] = []
        self.unfinished = 0
        """Received and not finished: running, waiting for a slot, or parked."""
        self.running = 0
        """Those that a handler has right now; counted by the engine."""
        self.committed: tuple[int, str] | None = None
        """What Kafka was last told."""
        self.changed = False
        """Something finished since the last commit that worked."""
        self.open = True
        """Records may still be started."""
        self.alive = True
        """Completions still count."""

    @property
    def window(self) -> int:
        """How far the last received offset is ahead of the committed position."""
        return 0 if self._next is None or self._position is None else self._next - self._position

    def receive(self, offset: int) -> bool:
        """Note a delivered record; True when it is to be handled, False when it is known or already finished."""
        expected = self._next
        if expected is None or self._position is None:
            self._position = self._next = expected = offset
        if offset < expected:
            return False
        if offset > expected:
            # Kafka delivers a partition in order: what was passed over is a transaction marker or compacted away.
            self._pass_over(expected, offset)
        self._next = offset + 1
        if offset < self._restored_end and self._is_finished(offset):
            self.changed = True
            return False
        self.unfinished += 1
        return True

    def complete(self, offset: int) -> bool:
        """A record is finished, once; False when it is too late to count, as another member may own the partition."""
        if not self.alive:
            return False
        self._fresh.append(offset)
        self.unfinished -= 1
        self.changed = True
        return True

    def commit(self, metadata_limit: int = METADATA_LIMIT) -> tuple[int, str] | None:
        """What to commit: the first unfinished offset, and as metadata what is finished above it."""
        if self._fresh:
            self._fold()
        self._advance()
        if self._position is None:
            return None
        return self._position, done_set.encode(self._position, self._runs, metadata_limit)

    def end(self) -> None:
        """The partition is somebody else's: whatever completes from now on changes nothing."""
        self.open = self.alive = False

    def _is_finished(self, offset: int) -> bool:
        index = bisect_right(self._runs, (offset, 1 << 63)) - 1
        return index >= 0 and offset < self._runs[index][1]

    def _pass_over(self, first: int, end: int) -> None:
        self._fresh.extend(offset for offset in range(first, end) if not self._is_finished(offset))
        self.changed = True

    def _fold(self) -> None:
        fresh, self._fresh = self._fresh, []
        fresh.sort()
        is_one_run = fresh[-1] - fresh[0] + 1 == len(fresh)
        runs = [(fresh[0], fresh[-1] + 1)] if is_one_run else _runs_of(fresh)
        self._runs = _merged(self._runs, runs) if self._runs else runs

    def _advance(self) -> None:
        if self._runs and self._runs[0][0] == self._position:
            self._position = self._runs.pop(0)[1]
            if self._next is not None and self._next < self._position:
                # Restored as finished and not delivered again yet: from here on it is below the position.
                self._next = self._position


def _runs_of(offsets: list[int]) -> list[Run]:
    """Sorted distinct offsets as runs."""
    runs: list[Run] = []
    first = last = offsets[0]
    for offset in offsets:
        if offset > last + 1:
            runs.append((first, last + 1))
            first = offset
        last = offset
    runs.append((first, last + 1))
    return runs


def _merged(some: list[Run], others: list[Run]) -> list[Run]:
    """Two sorted lists of disjoint runs as one; runs that touch become one."""
    merged: list[Run] = []
    for run in sorted([*some, *others]):
        if merged and run[0] <= merged[-1][1]:
            if run[1] > merged[-1][1]:
                merged[-1] = (merged[-1][0], run[1])
        else:
            merged.append(run)
    return merged
