"""The machine's own clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class SystemClock:
    """Monotonic time and the event loop's timers."""

    now = staticmethod(time.monotonic)

    def call_later(self, delay_s: float, ring: Callable[[], None], /) -> asyncio.TimerHandle:
        """Ring once after so many seconds."""
        return asyncio.get_running_loop().call_later(delay_s, ring)
