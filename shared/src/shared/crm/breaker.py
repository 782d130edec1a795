"""Leaves an org alone that does not answer, and tries it again with one call."""

from __future__ import annotations

from collections.abc import Callable

from shared.errors import Retryable

FAILURES = 8
"""Calls in a row that got no useful answer, each after its repetitions."""

OPEN_S = 20.0


class Breaker:
    """Closed: calls pass. Open: they fail at once. After `OPEN_S` one passes, and its answer decides."""

    def __init__(self, monotonic: Callable[[], float], *, failures: int = FAILURES, open_s: float = OPEN_S) -> None:
        self._monotonic = monotonic
        self._limit = failures
        self._open_s = open_s
        self._failures = 0
        self._until = 0.0

    def admit(self) -> None:
        """Raises `Retryable` while the org is left alone."""
        if self._failures < self._limit:
            return
        left = self._until - self._monotonic()
        if left > 0:
            raise Retryable(
                "Salesforce has not answered for a while and is left alone",
                category="network",
                code="CIRCUIT_OPEN",
                retry_after_s=left,
            )
        # This call is the trial; the others wait for its answer.
        self._until = self._monotonic() + self._open_s

    def answered(self) -> None:
        """It works."""
        self._failures = 0

    def failed(self) -> None:
        """No answer, or one that says that it is away."""
        self._failures += 1
        if self._failures >= self._limit:
            self._until = self._monotonic() + self._open_s
