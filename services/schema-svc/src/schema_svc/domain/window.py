"""How many records of one batch may be under way: a little more than its workers can settle soon.

A fixed window is wrong at one end or the other. Where an instant model settles 20,000 records a second, a small one
starves the workers between two reports of progress; where an LLM settles 100 a second, a large one is a queue that
every later batch has to wait behind.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

HORIZON_S = 2.0
"""So many seconds of work are under way: well above the time a verdict takes to be reported, well below a wait."""

OBSERVED_S = 1.0
"""Over how long the rate is measured."""

INSTANT = 1_000.0
"""Records a second from which a batch is not waiting for calls of an LLM."""


@dataclass
class Window:
    """Follows one batch's rate between two bounds."""

    least: int
    """From the start, and for a batch that makes no progress: what a fleet of workers holds in flight."""
    most: int
    rate: float = 0.0
    """Records settled a second, when it was asked last."""
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def instant(self) -> bool:
        """Records are settled as soon as they come."""
        return self.rate >= INSTANT

    def size(self, settled: int, now: float) -> int:
        """The window at `now` (seconds, any clock that only goes forward), with so many records settled."""
        if not self._seen or settled != self._seen[-1][1]:
            self._seen.append((now, settled))
        while len(self._seen) > 2 and self._seen[1][0] <= now - OBSERVED_S:
            self._seen.popleft()
        began, before = self._seen[0]
        self.rate = max(0, settled - before) / max(now - began, 0.1)
        return max(self.least, min(self.most, int(HORIZON_S * self.rate)))
