"""Runs of record indices, and how they are cut."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from shared.events import CHUNK

Range = tuple[int, int]
"""(first index, count)"""

SLICE = 8_192
"""Rows of one slice event, cut at multiples of it inside a ledger row: so a repeated slice is the same slice."""


class Ranges:
    """Ascending ranges, addressed by the position of a record among all of them."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self.ranges = tuple((int(first), int(count)) for first, count in ranges if count > 0)
        self._ends = list(accumulate(count for _, count in self.ranges))

    @property
    def total(self) -> int:
        """Records in all ranges."""
        return self._ends[-1] if self._ends else 0

    def part(self, position: int, count: int) -> list[Range]:
        """The ranges of records number `position` to `position + count`, not counting what is beyond the last."""
        found: list[Range] = []
        at = bisect_right(self._ends, position)
        while count > 0 and at < len(self.ranges):
            first, length = self.ranges[at]
            skipped = position - (self._ends[at] - length)
            taken = min(count, length - skipped)
            found.append((first + skipped, taken))
            position, count, at = position + taken, count - taken, at + 1
        return found


def cut(ranges: Sequence[Range], every: int) -> Iterator[Range]:
    """The same records in ranges that cross neither a multiple of CHUNK nor of `every` counted from there."""
    for first, count in ranges:
        while count > 0:
            inside = first % CHUNK
            taken = min(count, CHUNK - inside, every - inside % every)
            yield first, taken
            first, count = first + taken, count - taken


def length(ranges: Sequence[Range]) -> int:
    """Records in `ranges`."""
    return sum(count for _, count in ranges)
