"""The supervisor with tiny real child scripts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from recordsmith.problems import Problem
from recordsmith.processes import ROTATE_AT, Program, rotate, tail
from recordsmith.supervisor import Pace, Supervisor

FAST = Pace(first_delay_s=0.02, longest_delay_s=0.1, fast_deaths=3, ready_s=5.0, look_s=0.01)
FOREVER = "import time; print('up', flush=True); time.sleep(60)"


def program(folder: Path, name: str, code: str, *, grace_s: float = 2.0, ready: bool = True) -> Program:
    log = folder / f"{name}.log"

    async def is_up() -> str | None:
        return None if ready and "up" in tail(log) else "it is not up"

    environment = dict(os.environ)
    return Program(name, (sys.executable, "-c", code), environment, log, is_up, folder=folder, grace_s=grace_s)


class Told:
    """What the supervisor said, and how often a pid changed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.changes = 0

    def changed(self) -> None:
        self.changes += 1


@asynccontextmanager
async def supervisor(told: Told, pace: Pace = FAST, hurry: asyncio.Event | None = None) -> AsyncIterator[Supervisor]:
    it = Supervisor(told.changed, told.lines.append, hurry or asyncio.Event(), pace)
    try:
        yield it
    finally:
        await it.stop()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    told = Told()
    async with supervisor(told) as it:
        await it.ready(it.launch(0, [program(tmp_path, "child", FOREVER)]))
        first = it.children[0].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: it.children[0].pid != first)
        assert told.changes == 2
        assert told.lines == ["child ended (signal 9); starting it again in 0.0 s"]


async def test_a_child_that_never_stays_alive_is_given_up_with_the_tail_of_its_log(tmp_path: Path) -> None:
    told = Told()
    async with supervisor(told) as it:
        with pytest.raises(Problem, match="3 times in a row") as problem:
            await it.ready(it.launch(0, [program(tmp_path, "child", "raise SystemExit('no key')")]))
        assert "no key" in problem.value.remedy
        assert problem.value.exit_code == 3
        assert told.changes == 3


async def test_a_child_that_settled_starts_with_a_clean_record(tmp_path: Path) -> None:
    told = Told()
    pace = Pace(first_delay_s=0.01, settled_s=0.0, fast_deaths=2, look_s=0.01)
    async with supervisor(told, pace) as it:
        start = asyncio.create_task(it.ready(it.launch(0, [program(tmp_path, "child", "pass")])))
        await until(lambda: told.changes >= 4)
        start.cancel()


async def test_a_child_that_does_not_get_ready_is_named_with_the_reason(tmp_path: Path) -> None:
    async with supervisor(Told(), Pace(ready_s=0.2, look_s=0.01)) as it:
        with pytest.raises(Problem, match=r"child is not ready after 0 s: it is not up\."):
            await it.ready(it.launch(0, [program(tmp_path, "child", FOREVER, ready=False)]))


async def test_a_program_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    missing = Program("child", ("/no/such/program",), {}, tmp_path / "child.log", _ready_at_once)
    async with supervisor(Told()) as it:
        with pytest.raises(Problem, match="child cannot be started: No such file"):
            await it.ready(it.launch(0, [missing]))


async def test_a_hopeless_child_ends_the_work(tmp_path: Path) -> None:
    dies_second_time = "import os, sys, time; print('up', flush=True); time.sleep(0.05); sys.exit(7)"
    async with supervisor(Told()) as it:
        await it.ready(it.launch(0, [program(tmp_path, "child", dies_second_time)]))
        with pytest.raises(Problem, match="exit code 7"):
            await it.unless_hopeless(forever())


async def test_the_last_stage_ends_first(tmp_path: Path) -> None:
    told = Told()
    says = "import signal, sys, time; signal.signal(15, lambda *_: (open('ends', 'a').write('NAME '), sys.exit(0))); "
    stages = [
        program(tmp_path, name, says.replace("NAME", name) + FOREVER) for name in ("broker", "sandbox", "service")
    ]
    async with supervisor(told) as it:
        for number, stage in enumerate(stages):
            await it.ready(it.launch(number, [stage]))
    assert (tmp_path / "ends").read_text() == "service sandbox broker "


async def test_a_child_deaf_to_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); " + FOREVER
    async with supervisor(Told()) as it:
        await it.ready(it.launch(0, [program(tmp_path, "deaf", deaf, grace_s=0.3)]))
        began = time.monotonic()
        await it.stop()
        assert 0.25 < time.monotonic() - began < 1.5


async def test_hurry_cuts_the_grace_short(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); " + FOREVER
    hurry = asyncio.Event()
    async with supervisor(Told(), hurry=hurry) as it:
        await it.ready(it.launch(0, [program(tmp_path, "deaf", deaf, grace_s=30.0)]))
        asyncio.get_running_loop().call_later(0.1, hurry.set)
        began = time.monotonic()
        await it.stop()
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("group", ["None", "0"])
async def test_what_a_child_started_ends_with_it(tmp_path: Path, alive: Callable[[int], bool], group: str) -> None:
    parent = (
        "import subprocess as s; open('pid', 'w').write(str(s.Popen(['sleep', '60'], process_group=GROUP).pid)); "
        + FOREVER
    )
    async with supervisor(Told()) as it:
        await it.ready(it.launch(0, [program(tmp_path, "parent", parent.replace("GROUP", group))]))
        grandchild = int((tmp_path / "pid").read_text())
        assert alive(grandchild)
    await until(lambda: not alive(grandchild))


def test_a_large_log_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("wb") as file:
        file.truncate(ROTATE_AT + 1)
    rotate(log)
    assert not log.exists()
    assert (tmp_path / "a.log.1").stat().st_size == ROTATE_AT + 1
    rotate(log)


def _ready_at_once() -> Awaitable[str | None]:
    return asyncio.sleep(0, None)
