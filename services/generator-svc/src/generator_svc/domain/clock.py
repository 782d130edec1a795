"""Time as an argument: the service passes the real one, tests pass one that they turn by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Alarm(Protocol):
    """Something that will ring, unless it is cancelled."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Monotonic seconds, and a call at a later time."""

    def now(self) -> float: ...

    def call_later(self, delay_s: float, ring: Callable[[], None], /) -> Alarm: ...
