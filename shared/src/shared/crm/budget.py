"""How much of the org's daily API requests is left, and when to stop before others get none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import httpx

from shared.errors import Retryable

PROBE_S = 300.0
"""How long no call is made once the share is used up; then one asks `/limits`. The window of 24 hours slides."""

_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")

SPENT = "REQUEST_LIMIT_EXCEEDED"


class DailyLimit(Retryable):
    """The org's requests of the day are used up, or our share of them: nothing fails, everything waits."""

    def __init__(self, said: str = "the org's API requests of the day are used up", *, wait_s: float = PROBE_S) -> None:
        super().__init__(f"Salesforce: {said}", category="rate_limit", code=SPENT, retry_after_s=wait_s)


class Budget:
    """Counts by `Sforce-Limit-Info`, which every answer carries (REST API Developer Guide, Limit Info Header)."""

    def __init__(self, share: float, monotonic: Callable[[], float]) -> None:
        """`share` of the daily maximum (0 … 1) may be used, by whomever in the org."""
        self._share = share
        self._monotonic = monotonic
        self._next_probe = 0.0
        self.used = 0
        self.most = 0
        self._closed = False

    @property
    def spent(self) -> bool:
        """Whether calls have to wait."""
        return self._closed

    def note(self, response: httpx.Response) -> None:
        """Learn from an answer, whatever it says."""
        if found := _USAGE.search(response.headers.get("sforce-limit-info", "")):
            self.count(int(found[1]), int(found[2]))

    def count(self, used: int, most: int) -> None:
        """So many requests of `most` are used."""
        self.used, self.most = used, most
        if most and used >= self._share * most:
            self.close()
        elif most:
            self._closed = False

    def close(self) -> None:
        """Salesforce itself has refused, or the share is used up."""
        if not self._closed:
            self._closed = True
            self._next_probe = self._monotonic() + PROBE_S

    def wait_s(self) -> float:
        """Seconds until a call may ask whether there is room again; 0: now, and this caller is the one."""
        left = self._next_probe - self._monotonic()
        if left > 0:
            return math.ceil(left)
        self._next_probe = self._monotonic() + PROBE_S
        return 0.0

    def refusal(self, wait_s: float) -> DailyLimit:
        """What a call is told that must wait."""
        if not self.most:
            return DailyLimit(wait_s=wait_s)
        return DailyLimit(f"{self.used} of {self.most} API requests of the day are used", wait_s=wait_s)
