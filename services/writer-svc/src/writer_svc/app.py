"""Wires the writer service."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

from shared.bus import Bus, Collect
from shared.bus.packing import verdicts_together
from shared.bus.topic_admin import ensure_topics
from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession
from shared.database import Database
from shared.events import Event, RecordGenerated
from shared.serving import serve, service_app
from shared.telemetry import start_logs, start_traces
from starlette.applications import Starlette

from shared import topics
from writer_svc.bulk_loop import BulkLoop
from writer_svc.domain.memory import Written
from writer_svc.domain.plans import PlanBook, plan_key
from writer_svc.domain.staging import Job, Patience
from writer_svc.handlers import failed_record, write_records
from writer_svc.settings import WriterSettings
from writer_svc.steering import Steering
from writer_svc.store.staging import BulkStore
from writer_svc.targets import open_targets
from writer_svc.targets.salesforce.bulk import BulkRun, Means
from writer_svc.targets.salesforce.collections import Collections
from writer_svc.targets.salesforce.gathering import Company

SERVICE = "writer-svc"
MIGRATIONS = Path(__file__).parent / "migrations"
GROUPS = 64
"""Groups of one target that may wait together until their call is full."""


class WriterService:
    """The bus and the loop beside it, as one thing that starts, stops and is ready or not."""

    def __init__(self, bus: Bus, loop: BulkLoop) -> None:
        self._bus = bus
        self._loop = loop

    async def start(self) -> None:
        """The loop publishes, and wants to know the plans: it comes after the bus."""
        await self._bus.start()
        self._loop.start()

    async def stop(self) -> None:
        """The loop goes first, while it can still publish."""
        await self._loop.stop()
        await self._bus.stop()

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """Both are."""
        bus, checks = self._bus.ready
        loop, more = self._loop.ready
        return bus and loop, {**checks, **more}


def build(settings: WriterSettings) -> tuple[Bus, Starlette]:
    """The bus with its handlers, and the application that runs everything."""
    database = Database(settings.database.url_for(SERVICE))
    bus = Bus(settings.kafka, service=SERVICE)
    salesforce = SalesforceSession(settings.salesforce) if settings.salesforce.configured else None
    hubspot = HubSpotSession(settings.hubspot) if settings.hubspot.configured else None
    plans = PlanBook(released=lambda batch_id: bus.release(plan_key(batch_id)))
    store = BulkStore(database, time.time)
    rooms = {"hubspot": hubspot.has_room} if hubspot else {}
    steering = Steering(bus.publish, plans, store, salesforce.has_room if salesforce else _yes, rooms)
    loop = _bulk_loop(settings, bus, salesforce, plans, store, steering)
    bus.follow(topics.BATCHES_CONTROL, plans.note)
    company = Company(settings.group, settings.quiet_s, settings.longest_s, settings.parallel)
    bus.on_many(
        topics.RESULTS,
        handler=write_records,
        collect=Collect[RecordGenerated](
            by=plans.group_of, size=settings.group, linger_s=settings.linger_s, parallel=GROUPS, pack=verdicts_together
        ),
        failed=failed_record,
        plans=plans,
        targets=open_targets(
            salesforce, hubspot, staging=store, holds=steering, company=company,
            bulk_from=settings.bulk_from, parallel=settings.parallel,
        ),
        written=Written(),
    )  # fmt: skip

    async def prepare() -> None:
        database.migrate(SERVICE, MIGRATIONS)
        await ensure_topics(settings.kafka)

    async def close() -> None:
        for session in (salesforce, hubspot):
            if session is not None:
                await session.close()
        database.close()

    return bus, service_app(WriterService(bus, loop), before=[prepare], after=[close])


def _bulk_loop(
    settings: WriterSettings,
    bus: Bus,
    salesforce: SalesforceSession | None,
    plans: PlanBook,
    store: BulkStore,
    steering: Steering,
) -> BulkLoop:
    async def run(job: Job, fence: int) -> None:
        if salesforce is not None:
            means = Means(store, loop.tell, steering, plans.is_cancelled, bulk_from=settings.bulk_from)
            collections = Collections(salesforce, sleep=asyncio.sleep, jitter=random.random)
            await BulkRun(salesforce, collections, means).run(job, fence)

    async def publish(events: Sequence[tuple[Event, str | None]]) -> None:
        await bus.publish_many(verdicts_together(events))

    patience = Patience(settings.bulk_quiet_s, settings.bulk_longest_s)
    loop = BulkLoop(store, run, publish, plans=plans, steering=steering, patience=patience, clock=time.time)
    return loop


async def _yes() -> bool:
    return True


def main() -> None:
    """Run until told to stop."""
    settings = WriterSettings()
    start_logs(SERVICE)
    start_traces(SERVICE)
    _, app = build(settings)
    serve(app, settings.http)
