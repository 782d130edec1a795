"""When to look again at a job that is at work: often enough to miss little of its end, seldom enough to cost little."""

from __future__ import annotations

FIRST_S, LONGEST_S, WIDEST = 0.5, 10.0, 0.12
"""A job that does not say how far it is, is noticed half a second and an eighth of its time after its end.

A minute costs 25 calls, each further one 6.
"""

SHORTEST_S, NARROWEST = 0.1, 0.02
"""One that does is looked at when it should be done, but no sooner than a fiftieth of its time after the last look."""


class Polling:
    """Of one job. Salesforce counts its records in steps (numberRecordsProcessed), and begins when it likes."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._paused_s = 0.0
        self._done = 0
        self.waited_s = 0.0
        """In all, calls not counted."""

    def pause_s(self, done: int) -> float:
        """How long to wait before the next look, the last having said that so many records are done."""
        longest_s = min(LONGEST_S, FIRST_S + WIDEST * self.waited_s)
        pause_s = min(longest_s, max(self._left_s(done), SHORTEST_S, NARROWEST * self.waited_s))
        self._done, self._paused_s = done, pause_s
        self.waited_s += pause_s
        return pause_s

    def _left_s(self, done: int) -> float:
        """At the pace since the last look."""
        if done <= self._done or not self._paused_s:
            return LONGEST_S
        return (self._rows - done) * self._paused_s / (done - self._done)
