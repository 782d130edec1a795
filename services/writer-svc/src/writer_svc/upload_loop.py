"""Closes uploads when they are due, runs one at a time on one replica, and tells how many answers are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from shared.errors import Fatal, Retryable
from shared.events import BatchStaged, Event, RecordGenerated
from shared.telemetry import get_logger
from sqlalchemy.exc import SQLAlchemyError

from writer_svc.domain.plans import PlanBook
from writer_svc.domain.structured_response import DATASET
from writer_svc.domain.upload_budget import DAY_S, UploadBudget
from writer_svc.domain.uploads import Closing, DatasetUpload, Uploads, Waiting
from writer_svc.domain.verdicts import CANCELLED, Verdict
from writer_svc.store.leases import LeaseLost
from writer_svc.telling import verdict_events

TICK_S = 0.5
RETRY_S = 5.0
FATAL_S = 60.0

FULL_DAY_S = 900.0
"""Before the next try where others have used up the dataset's uploads of the day."""

REMEMBERED_S = 8 * DAY_S
"""Longer than a result can come again: the topic keeps it for seven days."""

Publish = Callable[[Sequence[tuple[Event, str | None]]], Awaitable[None]]
Run = Callable[[DatasetUpload, int], Awaitable[None]]


@dataclass(frozen=True)
class Rules:
    """When an upload is closed, and how many there may be."""

    closing: Closing = field(default_factory=Closing)
    budget: UploadBudget = field(default_factory=UploadBudget)


class UploadLoop:
    """Beside the bus, for as long as the service lives."""

    def __init__(
        self, store: Uploads, run: Run, publish: Publish, *, plans: PlanBook, rules: Rules, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._run = run
        self._publish = publish
        self._plans = plans
        self._rules = rules
        self._clock = clock
        self._told: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._working: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._cleaned_at = 0.0
        self._trouble: str | None = None
        self._unwell: str | None = None
        self._state = "ok"

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether uploads can be made, and what stands against it."""
        trouble = self._trouble or self._unwell
        return trouble is None, {"uploads": trouble or self._state}

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """End where it can be gone on from, and give the uploads back."""
        tasks = [task for task in (self._task, self._working) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(SQLAlchemyError):
            await self._store.give_back(DATASET)

    async def tell(self, told: Sequence[tuple[RecordGenerated, Verdict]]) -> None:
        """Publish verdicts, then settle them: after a crash between the two they are published twice, never lost."""
        await self._publish(verdict_events(told))
        await self._store.settle([result for result, _ in told])

    async def turn(self) -> None:
        """Look once at what waits, and do the next thing."""
        now = self._clock()
        if now - self._cleaned_at > 3_600.0:
            self._cleaned_at = now
            await self._store.forget_settled(now - REMEMBERED_S)
        waiting = await self._store.waiting(DATASET)
        if not waiting and await self._store.unfinished(DATASET) is None:
            await self._tell_kept(waiting)
            return
        fence = await self._store.take(DATASET)
        if fence is None:
            self._told = {}
            if self._working is not None:
                self._working.cancel()
            return
        await self._tell_kept(waiting)
        waiting = await self._without_unwanted(waiting)
        if self._working is None and now >= self._not_before:
            upload = await self._store.unfinished(DATASET) or await self._opened(waiting, fence, now)
            if upload is not None:
                self._working = asyncio.create_task(self._work(upload, fence))
                self._working.add_done_callback(self._worked)

    async def _forever(self) -> None:
        while True:
            try:
                await self.turn()
                self._trouble = None
            except LeaseLost:
                pass
            except Exception as error:
                self._trouble = f"uploads cannot be looked at ({type(error).__name__})"
                get_logger().warning("upload_loop_waits", error=type(error).__name__)
            await asyncio.sleep(TICK_S)

    async def _opened(self, waiting: Sequence[Waiting], fence: int, now: float) -> DatasetUpload | None:
        """A new upload of what is due: of one batch, or of all that wait where the day's uploads run short."""
        closing, budget = self._rules.closing, self._rules.budget
        due = [one for one in waiting if one.records and closing.is_due(one, self._requested(one.batch_id), now)]
        if not due:
            return None
        begun = await self._store.begun(DATASET, now - DAY_S)
        at = budget.next_at(begun, now)
        left = budget.left(begun, now)
        if at > now:
            self._state = f"{left} of {budget.a_day} uploads left today, the next in {at - now:.0f} s"
            return None
        self._state = f"{left - 1} of {budget.a_day} uploads left today"
        chosen = due[:1] if budget.is_ample(begun, now) else due
        return await self._store.open(DATASET, fence, [one.batch_id for one in chosen], closing.records)

    async def _without_unwanted(self, waiting: Sequence[Waiting]) -> list[Waiting]:
        """What is in no upload yet and belongs to a cancelled batch is not written."""
        wanted: list[Waiting] = []
        for one in waiting:
            gone = self._plans.knows(one.batch_id) and self._plans.plan(one.batch_id) is None
            if not (one.records and (gone or self._plans.is_cancelled(one.batch_id))):
                wanted.append(one)
                continue
            async for page in self._store.unclaimed(one.batch_id):
                await self.tell([(kept.result, CANCELLED) for kept in page])
        return wanted

    def _requested(self, batch_id: str) -> int:
        plan = self._plans.plan(batch_id)
        return plan.requested if plan else 0

    async def _work(self, upload: DatasetUpload, fence: int) -> None:
        try:
            await self._run(upload, fence)
            self._unwell = None
        except LeaseLost:
            return
        except Fatal as error:
            self._unwell = str(error)
            self._rest(FATAL_S)
        except Retryable as error:
            full = error.code == "LIMIT_EXCEEDED"
            self._rest(FULL_DAY_S if full else max(RETRY_S, error.retry_after_s or 0.0))
        except Exception as error:
            get_logger().error("dataset_upload_failed", upload=upload.id, error=type(error).__name__)
            self._rest(FATAL_S)

    def _rest(self, seconds: float) -> None:
        self._not_before = self._clock() + seconds

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._working = None

    async def _tell_kept(self, waiting: Sequence[Waiting]) -> None:
        """The expansion window counts what is kept as done: else a large batch would wait for itself."""
        kept = dict.fromkeys(self._told, 0) | {one.batch_id: one.unsettled for one in waiting}
        news = [(batch_id, count) for batch_id, count in kept.items() if self._told.get(batch_id) != count]
        if news:
            await self._publish([(BatchStaged(batch_id=batch_id, staged=count), None) for batch_id, count in news])
        self._told = {batch_id: count for batch_id, count in kept.items() if count}
