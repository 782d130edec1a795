"""Stops asking a model that answers nobody (S2-60), and never one that only fails at some prompts."""

from __future__ import annotations

THRESHOLD = 20
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
PATIENCE_S = 30.0
"""So long a prompt whose last model this is waits for it to come back; then it goes on without."""

UNLIMITED = 1 << 30


class Breaker:
    """Closed, open (nobody asks) or half-open (one asks).

    Only a record's first call counts: the repeated failures of some prompts say nothing about the others, and there may
    be many of them in a row when all good prompts of a batch are done.
    """

    def __init__(self, *, threshold: int = THRESHOLD) -> None:
        self._threshold = threshold
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._opened_at: float | None = None
        self.retry_at = float("-inf")
        """When the next probe may go."""

    @property
    def is_open(self) -> bool:
        """Open or half-open."""
        return self._opened_at is not None

    def allowance(self, now: float) -> int:
        """Calls at a time that may be under way."""
        if self._opened_at is None:
            return UNLIMITED
        return 1 if now >= self.retry_at else 0

    def exhausted(self, now: float) -> bool:
        """Whether it has been open for longer than a prompt's patience."""
        return self._opened_at is not None and now - self._opened_at >= PATIENCE_S

    def succeeded(self) -> None:
        """Any answer closes it."""
        self._failures = 0
        if self._opened_at is not None:
            self._opened_at = None
            self._pause_s = FIRST_PAUSE_S
            self.retry_at = float("-inf")

    def failed(self, now: float, *, first_call: bool) -> None:
        """A call failed in a way that speaks against the provider."""
        if self._opened_at is None:
            self._failures += first_call
            if self._failures >= self._threshold:
                self._opened_at = now
                self.retry_at = now + self._pause_s
        elif now >= self.retry_at:
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
            self.retry_at = now + self._pause_s
