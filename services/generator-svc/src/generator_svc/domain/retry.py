"""When a failed call is repeated (S2-58)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BASE_S = 1.0
CAP_S = 30.0
EXACT_WAITS = 2
"""The first two waits are 1 s and 2 s to the letter of S2-58; above them full jitter spreads the crowd."""


@dataclass(frozen=True)
class RetryPolicy:
    """At most `max_retries` repetitions a provider and record; `draw` gives a number in [0, 1)."""

    max_retries: int
    draw: Callable[[], float]

    @property
    def calls(self) -> int:
        """Calls a provider and record, repetitions included."""
        return self.max_retries + 1

    def wait_s(self, failed_calls: int, retry_after_s: float | None) -> float:
        """Seconds before the next call, after so many failed ones; never less than the provider asked for."""
        longest = min(CAP_S, BASE_S * 2.0 ** min(failed_calls - 1, 10))
        own = longest if failed_calls <= EXACT_WAITS else longest * self.draw()
        return max(own, min(retry_after_s or 0.0, CAP_S))
