"""Rows of several groups become full calls: what one group lacks to 200, another has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from writer_svc.domain.rows import Row
from writer_svc.domain.verdicts import Verdict

Save = Callable[[Sequence[Row]], Awaitable[list[tuple[Row, Verdict]]]]


@dataclass(frozen=True)
class Company:
    """How long a row waits for others."""

    size: int = 200
    quiet_s: float = 1.0
    """Without a further row."""
    longest_s: float = 5.0
    parallel: int = 4
    """Calls at once for one object: more of them only lock each other's parent rows."""


@dataclass(eq=False)
class _Waiting:
    row: Row
    since: float
    verdict: asyncio.Future[Verdict] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Gathering:
    """Of one object and one key field. Two rows of one record are never under way at once, and keep their order."""

    def __init__(self, save: Save, company: Company) -> None:
        self._save = save
        self._company = company
        self._rows: list[_Waiting] = []
        self._keys: set[str] = set()
        """Of rows that are under way."""
        self._calls: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._hurry = False

    async def send(self, rows: Sequence[Row], *, at_once: bool) -> list[tuple[Row, Verdict | BaseException]]:
        """Verdicts on these rows, or what kept their call from being made. `at_once`: no others will come."""
        now = asyncio.get_running_loop().time()
        waiting = [_Waiting(row, now) for row in rows]
        self._rows += waiting
        self._hurry = self._hurry or at_once
        self._go()
        verdicts = await asyncio.gather(*(one.verdict for one in waiting), return_exceptions=True)
        return [(one.row, verdict) for one, verdict in zip(waiting, verdicts, strict=True)]

    def _go(self) -> None:
        """Start every call that is full, or due; then set the clock for what is left."""
        while len(self._calls) < self._company.parallel and (call := self._next()):
            self._keys |= {one.row.key for one in call}
            task = asyncio.get_running_loop().create_task(self._call(call))
            self._calls.add(task)
            task.add_done_callback(self._called)
        if not self._rows:
            self._hurry = False
        self._wind()

    def _next(self) -> list[_Waiting]:
        """Rows of the next call; none if it is not full and may still wait."""
        call: list[_Waiting] = []
        keys = set(self._keys)
        for one in self._rows:
            # A key that was passed over is passed over to the end: its rows keep their order.
            if one.row.key not in keys and len(call) < self._company.size:
                call.append(one)
            keys.add(one.row.key)
            if len(call) == self._company.size:
                break
        full = len(call) == self._company.size
        if not call or not (full or self._hurry or self._is_late()):
            return []
        taken = {id(one) for one in call}
        self._rows = [one for one in self._rows if id(one) not in taken]
        return call

    def _is_late(self) -> bool:
        return asyncio.get_running_loop().time() >= self._due_at()

    def _due_at(self) -> float:
        return min(self._rows[0].since + self._company.longest_s, self._rows[-1].since + self._company.quiet_s)

    def _wind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        # What is due already waits for a call that is under way: its end looks again.
        if self._rows and not (self._calls and self._due_at() <= loop.time()):
            self._timer = loop.call_at(self._due_at(), self._go)

    async def _call(self, call: list[_Waiting]) -> None:
        try:
            verdicts = {id(row): verdict for row, verdict in await self._save([one.row for one in call])}
        except BaseException as error:
            for one in call:
                if not one.verdict.done():
                    one.verdict.set_exception(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            for one in call:
                if not one.verdict.done():
                    one.verdict.set_result(verdicts[id(one.row)])
        finally:
            self._keys -= {one.row.key for one in call}

    def _called(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._go()
