"""Applies and undoes plans, one replica at a time; a crash repeats at most one page, and that changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import uuid4

from shared.database import Database
from shared.errors import Fatal, RecordsmithError, Rejected, Retryable
from shared.events import Event, Usage
from shared.telemetry import get_logger, names
from sqlalchemy.exc import SQLAlchemyError

from writer_svc.domain.planning import FOUND, Done, Phase, Planner, PlanStore
from writer_svc.domain.verdicts import Verdict, failed
from writer_svc.store import leases
from writer_svc.telling import verdict_events

TICK_S = 0.5
LEASE_S = 60.0
LATER_S = 30.0

BUGS = 5
"""So often an error of ours in one batch is tried again; then its records have failed with it."""

NOT_OURS = failed("NOT_CREATED_HERE", "The record was there already when it was to be created; it is left as it is.")

Publish = Callable[[Sequence[tuple[Event, str | None]]], Awaitable[None]]


class ApprovalLoop:
    """Beside the bus, for as long as the service lives."""

    def __init__(
        self,
        store: PlanStore,
        planners: Mapping[str, Planner],
        publish: Publish,
        database: Database,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._planners = planners
        self._publish = publish
        self._database = database
        self._clock = clock
        self._owner = uuid4().hex
        self._task: asyncio.Task[None] | None = None
        self._trouble: str | None = None
        self._bugs: dict[str, int] = {}
        self._later: dict[str, float] = {}
        """Batches whose CRM asks to wait, and until when; up to a day, which the others need not share."""

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether plans can be applied, and what stands against it."""
        return self._trouble is None, {"plans": self._trouble or "ok"}

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """End between two pages, or in one that is repeated."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def turn(self) -> None:
        """Work on everything that is approved. Raises the first error when all others have had their turn."""
        errors: list[Exception] = []
        stopped = {batch_id for batch_id, until in self._later.items() if until > self._clock()}
        for batch_id, epoch, undo in await self._store.open_approvals():
            if batch_id in stopped:
                continue
            try:
                if await self._take(batch_id) is not None:
                    await self._work(batch_id, epoch, undo)
                self._later.pop(batch_id, None)
                self._bugs.pop(batch_id, None)
            except Exception as error:
                stopped.add(batch_id)
                if isinstance(error, Retryable):
                    self._later[batch_id] = self._clock() + max(LATER_S, error.retry_after_s or 0.0)
                elif verdict := self._final(batch_id, error):
                    await self._give_up(batch_id, epoch, undo, verdict)
                else:
                    errors.append(error)
                _log_waiting(batch_id, error)
        if errors:
            raise errors[0]

    async def _forever(self) -> None:
        while True:
            wait_s = TICK_S
            try:
                await self.turn()
                self._trouble = None
            except Retryable as error:
                wait_s = max(LATER_S, error.retry_after_s or 0.0)
            except Fatal as error:
                self._trouble, wait_s = str(error), LATER_S
            except Exception as error:
                get_logger().error("approval_failed", error=type(error).__name__)
                wait_s = LATER_S
            await asyncio.sleep(wait_s)

    def _final(self, batch_id: str, error: Exception) -> Verdict | None:
        """What the rest of the batch is told where it can never go on; None where it is tried again."""
        if isinstance(error, Rejected):
            reason = f"{error}: this plan cannot be carried out any more. Make a new one."
            return failed(error.code or "REFUSED", reason, category=error.category)
        if isinstance(error, RecordsmithError | SQLAlchemyError):
            return None
        self._bugs[batch_id] = self._bugs.get(batch_id, 0) + 1
        if self._bugs[batch_id] < BUGS:
            return None
        return failed("BUG", f"The plan could not be carried out: {type(error).__name__}.", category="bug")

    async def _give_up(self, batch_id: str, epoch: int, undo: bool, verdict: Verdict) -> None:
        async for page in self._store.rows(batch_id, "applied" if undo else "planned"):
            await self._tell(batch_id, epoch, [(row, verdict) for row in page])
        await self._store.close(batch_id, epoch)
        self._bugs.pop(batch_id, None)

    async def _take(self, batch_id: str) -> int | None:
        name, now = f"plan {batch_id}", self._clock()
        return await self._database.write(lambda c: leases.take(c, name, self._owner, now, LEASE_S))

    async def _work(self, batch_id: str, epoch: int, undo: bool) -> None:
        target = await self._store.target(batch_id)
        planner = self._planners.get(target.kind) if target is not None else None
        if undo:
            async for page in self._store.rows(batch_id, "found"):
                await self._tell(batch_id, epoch, [(row, NOT_OURS) for row in page])
        async for page in self._store.rows(batch_id, "applied" if undo else "planned"):
            if planner is None or target is None:
                done = [(row, failed("UNSUPPORTED_TARGET", "This plan cannot be applied here.")) for row in page]
            elif undo:
                done = await planner.undo(target, page)
            else:
                done = await planner.apply(target, page)
            await self._tell(batch_id, epoch, done)
            await self._take(batch_id)
        await self._store.close(batch_id, epoch)
        get_logger().info(names.LOG_BATCH, batch_id=batch_id, epoch=epoch, order="undo" if undo else "apply")

    async def _tell(self, batch_id: str, epoch: int, done: Done) -> None:
        results = [(row.result.model_copy(update={"epoch": epoch}), verdict) for row, verdict in done]
        # The answer was paid for when the plan was made.
        free = {"usage": Usage(), "cost_usd": 0.0}
        events = [
            (event.model_copy(update={"change": row.change(), **free}), parent)
            for (row, _), (event, parent) in zip(done, verdict_events(results), strict=True)
        ]
        await self._publish(events)
        await self._store.settle(batch_id, [(row, _phase(verdict), verdict.crm_id) for row, verdict in done])


def _log_waiting(batch_id: str, error: Exception) -> None:
    # The text of an unknown error may quote a record: its type says enough.
    code, kind = getattr(error, "code", None), type(error).__name__
    get_logger().warning(names.LOG_APPROVAL_WAITS, batch_id=batch_id, error=kind, code=code)


def _phase(verdict: Verdict) -> Phase:
    if verdict.state != "written":
        return "closed"
    return "found" if verdict.code == FOUND else "applied"
