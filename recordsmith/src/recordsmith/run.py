"""`recordsmith run`: the whole system in the foreground until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from recordsmith.data_folder import claimed
from recordsmith.signals import Stopped, StopSignals
from recordsmith.system import LocalSystem, Options


def say(line: str) -> None:
    """One line to the person at the terminal."""
    print(f"recordsmith: {line}", file=sys.stderr, flush=True)


def run(options: Options, *, plain: bool) -> int:
    """Run until a signal; the exit code: 0 after SIGTERM, 130 after Ctrl-C."""
    with claimed(options.data):
        return asyncio.run(_run(options, plain=plain))


@asynccontextmanager
async def started(
    options: Options, signals: StopSignals, tell: Callable[[str], None] = say
) -> AsyncIterator[LocalSystem]:
    """A local system that is ready inside the `async with` and gone after it, whatever happens in between."""
    system = LocalSystem(options, tell, signals.hurry)
    try:
        await signals.unless_stopped(system.start())
        yield system
    finally:
        await asyncio.shield(system.stop())


async def _run(options: Options, *, plain: bool) -> int:
    signals = StopSignals()
    signals.listen()
    began = time.monotonic()
    try:
        async with started(options, signals) as system:
            _show(system, time.monotonic() - began, plain=plain)
            try:
                await signals.unless_stopped(system.keep(asyncio.get_running_loop().create_future()))
            except Stopped:
                say("stopping (again Ctrl-C: at once)")
                raise
    except Stopped as stopped:
        say("stopped")
        return stopped.exit_code if stopped.by is signal.SIGINT else 0
    return 0


def _show(system: LocalSystem, seconds: float, *, plain: bool) -> None:
    from recordsmith.run_report import show_addresses

    show_addresses(system, seconds, plain=plain or not sys.stdout.isatty())
