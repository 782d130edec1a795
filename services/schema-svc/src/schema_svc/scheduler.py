"""Holds the leases of this replica's batches and keeps a runner for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from prometheus_client import Gauge
from shared.telemetry import get_logger, names
from sqlalchemy.exc import SQLAlchemyError

from schema_svc.domain.batch import Standing
from schema_svc.runner import BatchRunner
from schema_svc.workshop import Workshop

_BACKLOG = Gauge(names.METRIC_BACKLOG, "Records of planned batches without a verdict: unexpanded and queued")


class Scheduler:
    """Every open batch is worked on by exactly one replica, as long as one lives.

    `lease_s` bounds how long a batch stands still after its replica was killed; the fence keeps a replica that was
    only asleep from storing anything.
    """

    def __init__(
        self, shop: Workshop, *, clock: Callable[[], float], lease_s: float = 6.0, poll_s: float = 0.5
    ) -> None:
        self._shop = shop
        self._clock = clock
        self._lease_s = lease_s
        self._poll_s = poll_s
        self._owner = uuid4().hex
        self._runners: dict[str, tuple[BatchRunner, asyncio.Task[None]]] = {}
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._trouble: str | None = "not started"

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether batches can be worked on, and what stands against it."""
        checks = {"database": self._trouble or "ok"}
        if self._shop.unwell:
            checks["crm"] = next(iter(self._shop.unwell.values()))
        return self._trouble is None and not self._shop.unwell, checks

    def wake(self, batch_id: str) -> None:
        """Something about this batch has changed, or it is new."""
        if found := self._runners.get(batch_id):
            found[0].wake()
        else:
            self._wake.set()

    async def start(self) -> None:
        """Begin to claim and run batches."""
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End all work at a point where it can be repeated, and give the leases back."""
        tasks = [task for _, task in self._runners.values()] + ([self._loop] if self._loop else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(SQLAlchemyError):
            await self._shop.store.release(self._owner)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                standings = await self._shop.store.claim(self._owner, self._clock(), self._lease_s)
                self._reconcile(standings)
                self._trouble = None
            except Exception as error:
                self._trouble = f"the database does not answer ({type(error).__name__})"
                get_logger().warning("batches_not_claimed", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._wake.wait()

    def _reconcile(self, standings: list[Standing]) -> None:
        _BACKLOG.set(sum(max(0, standing.requested - standing.settled) for standing in standings))
        mine = {standing.batch_id: standing for standing in standings}
        for batch_id, (runner, task) in list(self._runners.items()):
            standing = mine.get(batch_id)
            if task.done():
                del self._runners[batch_id]
            elif standing is None or standing.fence != runner.fence:
                task.cancel()
                del self._runners[batch_id]
            elif standing != runner.seen:
                runner.wake()
        for batch_id, standing in mine.items():
            if batch_id not in self._runners:
                runner = BatchRunner(self._shop, standing)
                self._runners[batch_id] = runner, asyncio.create_task(runner.run())
