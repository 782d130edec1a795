"""Ctrl-C and SIGTERM as an orderly end."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from recordsmith.signals import Stopped, StopSignals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_the_first_signal_cancels_the_work_and_waits_for_its_cleaning(number: signal.Signals, code: int) -> None:
    signals, cleaned = StopSignals(), []
    signals.listen()

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(True)

    with pytest.raises(Stopped) as stopped:
        await signals.unless_stopped(work())
    assert stopped.value.exit_code == code
    assert cleaned == [True]
    assert not signals.hurry.is_set()


async def test_the_second_signal_hurries() -> None:
    signals = StopSignals()
    signals.listen()
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.01)
    assert signals.hurry.is_set()
    with pytest.raises(Stopped):
        signals.raise_if_stopped()


async def test_work_that_ends_by_itself_has_its_result_and_its_error() -> None:
    signals = StopSignals()
    signals.listen()
    assert await signals.unless_stopped(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ZeroDivisionError):
        await signals.unless_stopped(_fail())
    signals.raise_if_stopped()


async def _fail() -> None:
    raise ZeroDivisionError
