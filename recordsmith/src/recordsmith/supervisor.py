"""Keeps programs alive: starts them, restarts those that die, ends all of them in order."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from recordsmith.problems import Problem
from recordsmith.processes import Program, end, ended, kill_descendants, rotate, spawn, tail

T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """How patient the supervisor is, in seconds."""

    first_delay_s: float = 0.2
    longest_delay_s: float = 10.0
    settled_s: float = 30.0
    """A process that lived this long starts with a clean record."""
    fast_deaths: int = 8
    ready_s: float = 90.0
    look_s: float = 0.05


class Child:
    """One supervised program and its present process."""

    def __init__(self, program: Program, pace: Pace) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self._pace = pace
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return None if self.process is None else self.process.pid

    def start(self, changed: Callable[[], None], say: Callable[[str], None]) -> asyncio.Task[None]:
        """Start the program and keep it alive; the task ends only with a `Problem` (or by `stop`)."""
        rotate(self.program.log)
        self._keeper = asyncio.create_task(self._keep_alive(changed, say), name=self.program.name)
        return self._keeper

    async def ready(self) -> None:
        """Wait until the program says that it can work."""
        reason: str | None = "not started"
        try:
            async with asyncio.timeout(self._pace.ready_s):
                while (reason := await self.program.ready()) is not None:  # noqa: ASYNC110 - other processes
                    await asyncio.sleep(self._pace.look_s)
        except TimeoutError as error:
            raise Problem(
                f"{self.program.name} is not ready after {self._pace.ready_s:.0f} s: {reason}.",
                f"Read {self.program.log}. Its last lines:\n{tail(self.program.log)}",
            ) from error

    async def stop(self, hurry: asyncio.Event) -> None:
        """End the program, for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self.process is not None:
            await end(self.process, self.program.grace_s, hurry)

    async def _keep_alive(self, changed: Callable[[], None], say: Callable[[str], None]) -> None:
        clock = asyncio.get_running_loop().time
        fast_deaths = 0
        while True:
            began = clock()
            self.process = self._spawn()
            changed()
            code = await ended(self.process)
            await kill_descendants(self.process)
            fast_deaths = 0 if clock() - began >= self._pace.settled_s else fast_deaths + 1
            if fast_deaths >= self._pace.fast_deaths:
                raise self._hopeless(code, fast_deaths)
            delay = min(self._pace.first_delay_s * 2 ** max(fast_deaths - 1, 0), self._pace.longest_delay_s)
            say(f"{self.program.name} ended ({_ending(code)}); starting it again in {delay:.1f} s")
            await asyncio.sleep(delay)

    def _spawn(self) -> subprocess.Popen[bytes]:
        try:
            return spawn(self.program)
        except OSError as error:
            raise Problem(
                f"{self.program.name} cannot be started: {error.strerror}: {self.program.argv[0]}.", "Run make setup."
            ) from error

    def _hopeless(self, code: int, deaths: int) -> Problem:
        log = self.program.log
        return Problem(
            f"{self.program.name} ended {deaths} times in a row soon after its start (last: {_ending(code)}).",
            f"Read {log}. Its last lines:\n{tail(log)}",
        )


class Supervisor:
    """All programs of one system. Those of a stage are ended only after all of later stages have ended."""

    def __init__(
        self, changed: Callable[[], None], say: Callable[[str], None], hurry: asyncio.Event, pace: Pace | None = None
    ) -> None:
        self._changed, self._say, self._hurry = changed, say, hurry
        self._pace = pace or Pace()
        self._stages: dict[int, list[Child]] = {}
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def children(self) -> list[Child]:
        return [child for _, stage in sorted(self._stages.items()) for child in stage]

    def launch(self, stage: int, programs: Iterable[Program]) -> list[Child]:
        """Start programs at once and keep them alive from now on."""
        children = [Child(program, self._pace) for program in programs]
        self._stages.setdefault(stage, []).extend(children)
        self._keepers += [child.start(self._changed, self._say) for child in children]
        return children

    async def ready(self, children: Iterable[Child]) -> None:
        """Wait until each can do its work, or any program is hopeless."""
        await self.unless_hopeless(asyncio.gather(*(child.ready() for child in children)))

    async def unless_hopeless(self, work: Awaitable[T]) -> T:
        """The work's result, or the `Problem` of the first program that cannot be kept alive."""
        job = asyncio.ensure_future(work)
        try:
            waits: list[asyncio.Future[Any]] = [job, *self._keepers]
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for keeper in done - {job}:
                keeper.result()
            return await job
        finally:
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    async def stop(self) -> None:
        """End all programs, last stage first."""
        for _, stage in sorted(self._stages.items(), reverse=True):
            await asyncio.gather(*(child.stop(self._hurry) for child in stage))
        self._stages.clear()


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
