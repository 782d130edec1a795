"""How much of a day's allowance is used: calls, bulk batches, query jobs."""

from collections import Counter

from crm_sandbox.clock import Clock

DAY_S = 24 * 3600


class Allowances:
    """Counts by name in windows of 24 hours of the org's clock, the first beginning with the first count."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: Counter[str] = Counter()
        self._since = clock.now()

    def used(self, name: str) -> int:
        self._roll()
        return self._used[name]

    def spend(self, name: str, count: int = 1) -> None:
        self._roll()
        self._used[name] += count

    def clear(self) -> None:
        self._used.clear()
        self._since = self._clock.now()

    def _roll(self) -> None:
        if self._clock.now() - self._since >= DAY_S:
            self.clear()
