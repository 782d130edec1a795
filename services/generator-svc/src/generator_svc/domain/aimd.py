"""How many calls at a time a model gets: more while it goes well, fewer at once when it is too much."""

from __future__ import annotations

DECREASE = 0.7
WINDOW_S = 1.0


class AimdLimit:
    """Additive increase per clean window, multiplicative decrease at most once per window."""

    def __init__(self, *, start: int, maximum: int, window_s: float = WINDOW_S) -> None:
        self._maximum = float(max(1, maximum))
        self._limit = float(min(max(1, start), maximum))
        self._window_s = window_s
        self._window_ends = 0.0
        self._clean = True
        self._decreased_at = float("-inf")

    @property
    def value(self) -> int:
        """Calls at a time, at least one."""
        return int(self._limit)

    def succeeded(self, now: float, seconds: float) -> None:
        """A call took so long and went well."""
        if now >= self._window_ends:
            if self._clean:
                self._limit = min(self._maximum, self._next_limit(self._limit))
            self._clean = True
            self._window_ends = now + self._window_s

    def overloaded(self, now: float, started: float) -> None:
        """A call that was started then met 429, 529 or its timeout."""
        # What was started before the last decrease says nothing about the limit since then.
        if started < self._decreased_at or now < self._decreased_at + self._window_s:
            return
        self._limit = max(1.0, self._limit * DECREASE)
        self._decreased_at = now
        self._clean = False
        self._window_ends = now + self._window_s

    def _next_limit(self, limit: float) -> float:
        return limit + 1.0


class LatencyLimit(AimdLimit):
    """For a server that queues silently (LM Studio): the limit follows how much longer calls take than alone.

    TCP Vegas: calls waiting in the server ≈ limit × (1 - best / recent latency); fewer than one: one more at a time,
    more than two: one less.
    """

    _FEW, _MANY = 1.0, 2.0
    _SMOOTHING = 0.2
    _DRIFT = 1.001
    """Per window: the best latency is forgotten slowly, for prompts and models change."""

    def __init__(self, *, start: int, maximum: int, window_s: float = WINDOW_S) -> None:
        super().__init__(start=start, maximum=maximum, window_s=window_s)
        self._best = float("inf")
        self._recent = 0.0

    def succeeded(self, now: float, seconds: float) -> None:
        """A call took so long and went well."""
        self._recent += (seconds - self._recent) * (self._SMOOTHING if self._recent else 1.0)
        self._best = min(self._best, self._recent)
        super().succeeded(now, seconds)

    def _next_limit(self, limit: float) -> float:
        queued = limit * (1.0 - self._best / self._recent) if self._recent else 0.0
        self._best *= self._DRIFT
        if queued < self._FEW:
            return limit + 1.0
        return max(1.0, limit - 1.0) if queued > self._MANY else limit
