"""Ctrl-C and SIGTERM as an orderly end: the first asks, the second hurries."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_ENDING = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """Somebody asked us to end."""

    def __init__(self, by: signal.Signals) -> None:
        super().__init__(by.name)
        self.by = by

    @property
    def exit_code(self) -> int:
        """As shells count: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + self.by


class StopSignals:
    """Catches the signals that end a command, from `listen` on."""

    def __init__(self) -> None:
        self.hurry = asyncio.Event()
        """Set by the second signal: what still ends is killed."""
        self._first: asyncio.Future[signal.Signals] | None = None

    def listen(self) -> None:
        """Take the signals over from Python's defaults. Call inside the running loop."""
        loop = asyncio.get_running_loop()
        self._first = loop.create_future()
        for number in _ENDING:
            loop.add_signal_handler(number, self._arrived, number)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored under nohup
            loop.add_signal_handler(signal.SIGHUP, self._arrived, signal.SIGHUP)

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the work to its end, or cancel it at the first signal, wait for it and raise `Stopped`."""
        assert self._first is not None, "listen first"  # noqa: S101 - a slip of the programmer
        task = asyncio.create_task(work)
        waits: list[asyncio.Future[Any]] = [task, self._first]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if self._first.done() and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise Stopped(self._first.result())
        return await task

    def raise_if_stopped(self) -> None:
        """Raise `Stopped` when a signal came while nothing waited for one."""
        if self._first is not None and self._first.done():
            raise Stopped(self._first.result())

    def _arrived(self, number: signal.Signals) -> None:
        if self._first is None or self._first.done():
            self.hurry.set()
        else:
            self._first.set_result(number)
