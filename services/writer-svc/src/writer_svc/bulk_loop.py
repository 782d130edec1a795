"""Closes jobs that are collected, runs each on one replica at a time, and tells how many results are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from shared.errors import Fatal, Retryable
from shared.events import BatchStaged, Event
from shared.telemetry import get_logger
from sqlalchemy.exc import SQLAlchemyError

from writer_svc.domain.plans import PlanBook
from writer_svc.domain.staging import Job, Jobs, Patience, Waiting
from writer_svc.domain.verdicts import Verdict
from writer_svc.steering import Steering
from writer_svc.store.leases import LeaseLost
from writer_svc.store.staging import LEASE_S
from writer_svc.telling import kept_verdict_events

TICK_S = 0.25
FATAL_S = 60.0
RETRY_S = 10.0

Publish = Callable[[Sequence[tuple[Event, str | None]]], Awaitable[None]]
Run = Callable[[Job, int], Awaitable[None]]


class BulkLoop:
    """Beside the bus, for as long as the service lives."""

    def __init__(
        self,
        jobs: Jobs,
        run: Run,
        publish: Publish,
        *,
        plans: PlanBook,
        steering: Steering,
        patience: Patience,
        clock: Callable[[], float],
    ) -> None:
        self._jobs = jobs
        self._run = run
        self._publish = publish
        self._plans = plans
        self._steering = steering
        self._patience = patience
        self._clock = clock
        self._running: dict[int, tuple[str, asyncio.Task[None]]] = {}
        self._told: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._trouble: str | None = None
        self._unwell: str | None = None

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether large writes can be done, and what stands against it."""
        trouble = self._trouble or self._unwell
        return trouble is None, {"bulk": trouble or "ok"}

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """End where it can be gone on from, and give the jobs back."""
        tasks = [task for _, task in self._running.values()] + ([self._task] if self._task else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def tell(self, job: Job, told: Sequence[tuple[Waiting, Verdict]]) -> None:
        """Publish verdicts, then settle them: after a crash between the two they are published twice, never lost."""
        await self._publish(kept_verdict_events(told))
        await self._jobs.settle(job, [waiting for waiting, _ in told])

    async def turn(self) -> None:
        """Look at every job once."""
        now = self._clock()
        jobs = await self._jobs.open_jobs()
        for job in jobs:
            if self._is_finished(job.batch_id):
                # Forgotten below.
                continue
            due = job if job.phase != "collecting" else await self._closed(job, now)
            if due is not None and due.not_before <= now and not self._plans.is_held(due.batch_id):
                self._begin(due)
        await self._tell_staged()
        await self._steering.let_go()

    async def _forever(self) -> None:
        while True:
            try:
                await self.turn()
                self._trouble = None
            except Exception as error:
                self._trouble = f"jobs cannot be looked at ({type(error).__name__})"
                get_logger().warning("bulk_loop_waits", error=type(error).__name__)
            await asyncio.sleep(TICK_S)

    def _is_finished(self, batch_id: str) -> bool:
        return self._plans.knows(batch_id) and self._plans.plan(batch_id) is None

    async def _is_ripe(self, job: Job, now: float) -> bool:
        plan = self._plans.plan(job.batch_id)
        if plan is None or self._plans.is_cancelled(job.batch_id):
            return True
        kept = await self._jobs.kept(job.batch_id)
        return self._patience.is_over(job, staged=kept, requested=plan.requested, now=now)

    async def _closed(self, job: Job, now: float) -> Job | None:
        """The job, now due; None while it is to be collected, or is another replica's."""
        if not await self._is_ripe(job, now) or (fence := await self._jobs.take(job)) is None:
            return None
        return await self._jobs.move(job, fence, phase="due")

    def _begin(self, job: Job) -> None:
        # One job of an object at a time: several lock each other's parents (Bulk API 2.0 has no serial mode).
        busy = {sobject for sobject, _ in self._running.values()}
        if job.target.object not in busy:
            task = asyncio.create_task(self._work(job))
            self._running[job.number] = job.target.object, task
            task.add_done_callback(lambda _: self._running.pop(job.number, None))

    async def _work(self, job: Job) -> None:
        fence = await self._jobs.take(job)
        if fence is None:
            return
        beat = asyncio.create_task(self._keep_lease(job, fence, asyncio.current_task()))
        try:
            await self._run(job, fence)
            self._unwell = None
        except LeaseLost:
            return
        except Fatal as error:
            self._unwell = str(error)
            await self._later(job, fence, FATAL_S)
        except Retryable as error:
            await self._later(job, fence, max(RETRY_S, error.retry_after_s or 0.0))
        except Exception as error:
            get_logger().error("bulk_job_failed", job=job.number, batch_id=job.batch_id, error=type(error).__name__)
            await self._later(job, fence, FATAL_S)
        finally:
            beat.cancel()
            with suppress(SQLAlchemyError):
                await self._jobs.give_back(job)

    async def _keep_lease(self, job: Job, fence: int, owner: asyncio.Task[None] | None) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 4)
            if await self._jobs.take(job) != fence and owner is not None:
                owner.cancel()
                return

    async def _later(self, job: Job, fence: int, seconds: float) -> None:
        with suppress(LeaseLost):
            await self._jobs.move(job, fence, not_before=self._clock() + seconds)

    async def _tell_staged(self) -> None:
        staged = await self._jobs.staged()
        for batch_id in list(staged):
            if self._is_finished(batch_id):
                await self._jobs.forget(batch_id)
                staged.pop(batch_id)
        news = [(batch_id, count) for batch_id, count in staged.items() if self._told.get(batch_id) != count]
        if news:
            await self._publish([(BatchStaged(batch_id=batch_id, staged=count), None) for batch_id, count in news])
        self._told = staged
