"""How much of a day's allowance is used: calls, bulk batches, query jobs."""

from collections import Counter

import orjson

from crm_sandbox.clock import Clock
from crm_sandbox.store import Store

DAY_S = 24 * 3600
FACT = "allowances"


class Allowances:
    """Counts by name in windows of 24 hours of the org's clock, the first beginning with the first count.

    They outlive a restart: a day that is used up stays so.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._used: Counter[str] = Counter()
        self._since = clock.now()

    def load(self) -> None:
        """Go on where the process before ended."""
        if kept := self._store.fact(FACT):
            self._since, used = orjson.loads(kept)
            self._used = Counter(used)

    def used(self, name: str) -> int:
        self._roll()
        return self._used[name]

    def spend(self, name: str, count: int = 1) -> None:
        self._roll()
        self._used[name] += count
        self._store.remember(FACT, orjson.dumps([self._since, self._used]).decode())

    def clear(self) -> None:
        self._used.clear()
        self._since = self._clock.now()

    def _roll(self) -> None:
        if self._clock.now() - self._since >= DAY_S:
            self.clear()
