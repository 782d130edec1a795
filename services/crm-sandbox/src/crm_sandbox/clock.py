"""A clock that tests can push forward; sessions, locators and timestamps follow it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache


class Clock:
    def __init__(self, advanced_s: float = 0.0, real: Callable[[], float] = time.time) -> None:
        self.advanced_s = advanced_s
        self._real = real

    def now(self) -> float:
        """Seconds since 1970, as the org sees them."""
        return self._real() + self.advanced_s

    def real(self) -> float:
        """Seconds since 1970 outside the org: a client that signs an assertion knows no other."""
        return self._real()

    def advance(self, seconds: float) -> None:
        self.advanced_s += seconds

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def stamp(self) -> str:
        """When a record was changed: whole seconds, as a real org has it, however many share one."""
        return f"{_second(int(self.now()))}.000+0000"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def stamp(moment: datetime) -> str:
    """Salesforce's datetime: milliseconds, and an offset without a colon."""
    at = moment.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
