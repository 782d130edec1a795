"""Says on the bus what the ledger knows: ends and retries through the outbox, progress a few times a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

from shared.database import Database
from shared.events import BatchProgressed, Event
from shared.telemetry import get_logger

from gateway.domain.account import Account
from gateway.store import batches, outbox
from gateway.store.changes import Changes

PROGRESS_EVERY_S = 0.2
AGAIN_AFTER_S = 1.0
"""How long to wait when the broker did not take an event."""


class Publisher(Protocol):
    """What is needed of the bus."""

    async def publish_many(self, events: Sequence[tuple[Event, str | None]]) -> None:
        """Publish events with their traceparents; returns once the broker has them all."""


class Announcer:
    """Two loops beside the projection. Both go on from the database after a crash."""

    def __init__(
        self, bus: Publisher, database: Database, changes: Changes, *, every_s: float = PROGRESS_EVERY_S
    ) -> None:
        self._bus = bus
        self._database = database
        self._changes = changes
        self._every_s = every_s
        self._moved: set[str] = set()
        self._progress = asyncio.Event()
        self._outbox = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []

    def moved(self, batch_ids: Iterable[str], *, announced: bool) -> None:
        """These batches changed; with `announced`, the outbox holds something new."""
        batch_ids = set(batch_ids)
        self._changes.tell(batch_ids)
        self._moved |= batch_ids
        if batch_ids:
            self._progress.set()
        if announced:
            self._outbox.set()

    async def start(self) -> None:
        """Begin with what a crash may have left unsaid: the outbox, and the progress of every running batch."""
        unfinished = await self._database.read(batches.moving)
        self.moved({account.batch_id for account in unfinished}, announced=True)
        self._loops = [
            asyncio.create_task(self._forever(self._outbox, self.empty_outbox, 0.0)),
            asyncio.create_task(self._forever(self._progress, self.tell_progress, self._every_s)),
        ]

    async def stop(self) -> None:
        """End the loops; what was not said is said after the next start."""
        for loop in self._loops:
            loop.cancel()
        for loop in self._loops:
            with contextlib.suppress(asyncio.CancelledError):
                await loop
        self._loops = []

    async def empty_outbox(self) -> None:
        """Publish what waits, oldest first, and forget it once the broker has it."""
        while waiting := await self._database.read(outbox.waiting):
            await self._bus.publish_many([(item.event, item.traceparent) for item in waiting])
            await self._database.write(partial(outbox.published, announcements=waiting))

    async def tell_progress(self) -> None:
        """Publish where the batches that moved are now: the latest counts, not each step."""
        moved, self._moved = self._moved, set()
        try:
            accounts = await self._database.read(lambda connection: batches.totals(connection, moved))
            await self._bus.publish_many([_progress(account) for account in accounts if account.requested is not None])
        except BaseException:
            self._moved |= moved
            raise

    async def _forever(self, wake: asyncio.Event, work: Callable[[], Awaitable[None]], pause_s: float) -> None:
        while True:
            await wake.wait()
            wake.clear()
            try:
                await work()
                await asyncio.sleep(pause_s)
            except Exception as error:  # whatever stopped the broker from taking it: it is still in the database
                get_logger().warning("announcement_delayed", error=type(error).__name__)
                wake.set()
                await asyncio.sleep(AGAIN_AFTER_S)


def _progress(account: Account) -> tuple[Event, str | None]:
    event = BatchProgressed(batch_id=account.batch_id, requested=account.requested or 0, counts=account.counts())
    return event, account.traceparent
