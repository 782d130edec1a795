"""Wires the writer service."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from shared.bus import Bus, Collect
from shared.bus.topic_admin import ensure_topics
from shared.crm.analytics_uploads import ExternalData
from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession
from shared.database import Database
from shared.events import BatchApproved, BatchProgressed, Event, RecordGenerated
from shared.serving import Hook, serve, service_app
from shared.telemetry import start_logs, start_traces
from starlette.applications import Starlette

from shared import topics
from writer_svc.approval_loop import ApprovalLoop
from writer_svc.bulk_loop import BulkLoop
from writer_svc.domain.memory import Written
from writer_svc.domain.planning import Approvals
from writer_svc.domain.plans import PlanBook, plan_key, stays_here
from writer_svc.domain.staging import Job, Patience
from writer_svc.domain.upload_budget import UploadBudget
from writer_svc.domain.uploads import Closing, DatasetUpload
from writer_svc.handlers import failed_record, keep_at_once, write_records
from writer_svc.news import follow_batches
from writer_svc.settings import WriterSettings
from writer_svc.steering import Steering
from writer_svc.store.plans import StoredPlans
from writer_svc.store.staging import BulkStore
from writer_svc.store.turns import StoredTurns
from writer_svc.store.uploads import UploadStore
from writer_svc.targets import open_planners, open_targets
from writer_svc.targets.salesforce.bulk import BulkRun, Means
from writer_svc.targets.salesforce.collections import Collections
from writer_svc.targets.salesforce.gathering import Company
from writer_svc.upload_loop import Rules, UploadLoop
from writer_svc.uploading import UploadMeans, UploadRun

SERVICE = "writer-svc"
MIGRATIONS = Path(__file__).parent / "migrations"
GROUPS = 64
"""Groups of one target that may wait together until their call is full."""


class Loop(Protocol):
    """What runs beside the bus."""

    def start(self) -> None: ...
    async def stop(self) -> None: ...

    @property
    def ready(self) -> tuple[bool, dict[str, str]]: ...


class WriterService:
    """The bus and the loops beside it, as one thing that starts, stops and is ready or not."""

    def __init__(self, bus: Bus, loops: Sequence[Loop]) -> None:
        self._bus = bus
        self._loops = loops

    async def start(self) -> None:
        """The loops publish, and want to know the plans: they come after the bus."""
        await self._bus.start()
        for loop in self._loops:
            loop.start()

    async def stop(self) -> None:
        """The loops go first, while they can still publish."""
        await asyncio.gather(*(loop.stop() for loop in self._loops))
        await self._bus.stop()

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """All are."""
        states = [self._bus.ready, *(loop.ready for loop in self._loops)]
        return all(ready for ready, _ in states), {name: said for _, checks in states for name, said in checks.items()}


def build(settings: WriterSettings) -> tuple[Bus, Starlette]:
    """The bus with its handlers, and the application that runs everything."""
    database, bus = Database(settings.database.url_for(SERVICE)), Bus(settings.kafka, service=SERVICE)
    salesforce, hubspot = _sessions(settings)
    plans = PlanBook(released=lambda batch_id: bus.release(plan_key(batch_id)))
    store, uploads = BulkStore(database, time.time), UploadStore(database, time.time)
    rooms = {"hubspot": hubspot.has_room} if hubspot else {}
    steering = Steering(bus.publish, plans, store, salesforce.has_room if salesforce else _yes, rooms)
    planned, turns = StoredPlans(database, time.time), StoredTurns(database, time.time)
    planners = open_planners(salesforce, hubspot, turns=turns)
    loops: list[Loop] = [
        _bulk_loop(settings, bus, salesforce, plans, store, steering),
        _upload_loop(settings, bus, salesforce, plans, uploads, planned),
        ApprovalLoop(planned, planners, bus.publish_many, database, time.time),
    ]
    bus.follow(topics.BATCHES_CONTROL, plans.note)
    bus.on_many(
        topics.RESULTS,
        handler=write_records,
        collect=_groups(settings, plans),
        failed=failed_record,
        at_once=partial(keep_at_once, plans=plans),
        plans=plans,
        targets=open_targets(
            salesforce,
            hubspot,
            staging=store,
            keeping=uploads,
            holds=steering,
            company=Company(settings.group, settings.quiet_s, settings.longest_s, settings.parallel),
            bulk_from=settings.bulk_from,
            parallel=settings.parallel,
            planners=planners,
            plans=planned,
            turns=turns,
        ),
        written=Written(),
        parent_retries=settings.parent_retries,
    )

    sessions = [session for session in (salesforce, hubspot) if session is not None]
    before, after = _preparing(settings, database, planned), _closing(sessions, database)
    return bus, service_app(WriterService(bus, loops), before=[before], after=[after])


def _sessions(settings: WriterSettings) -> tuple[SalesforceSession | None, HubSpotSession | None]:
    """With the CRMs that are configured."""
    salesforce = SalesforceSession(settings.salesforce) if settings.salesforce.configured else None
    return salesforce, HubSpotSession(settings.hubspot) if settings.hubspot.configured else None


def _groups(settings: WriterSettings, plans: PlanBook) -> Collect[RecordGenerated]:
    return Collect(
        by=plans.group_of,
        size=settings.group,
        linger_s=settings.linger_s,
        parallel=GROUPS,
        brief=stays_here,
    )


def _preparing(settings: WriterSettings, database: Database, planned: StoredPlans) -> Hook:
    async def prepare() -> None:
        database.migrate(SERVICE, MIGRATIONS)
        await planned.forget_old()
        await ensure_topics(settings.kafka)

    return prepare


def _closing(sessions: Sequence[SalesforceSession | HubSpotSession], database: Database) -> Hook:
    async def close() -> None:
        for session in sessions:
            await session.close()
        database.close()

    return close


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
        await bus.publish_many(events)

    patience = Patience(settings.bulk_quiet_s, settings.bulk_longest_s)
    loop = BulkLoop(store, run, publish, plans=plans, steering=steering, patience=patience, clock=time.time)
    return loop


def _upload_loop(
    settings: WriterSettings,
    bus: Bus,
    salesforce: SalesforceSession | None,
    plans: PlanBook,
    store: UploadStore,
    approvals: Approvals,
) -> UploadLoop:
    # In their order: an older standing must not replace a newer one.
    news = (BatchProgressed, BatchApproved)
    deps: dict[str, Any] = {"plans": plans, "store": store, "approvals": approvals}
    bus.on(topics.BATCHES_EVENTS, handler=follow_batches, events=news, max_in_flight=1, **deps)

    async def run(upload: DatasetUpload, fence: int) -> None:
        if salesforce is not None:
            means = UploadMeans(ExternalData(salesforce), store, loop.tell, container=settings.dataset_app)
            await UploadRun(means, fence).run(upload)

    async def publish(events: Sequence[tuple[Event, str | None]]) -> None:
        await bus.publish_many(events)

    rules = Rules(
        Closing(settings.dataset_records, settings.dataset_longest_s),
        UploadBudget(settings.dataset_uploads_a_day, settings.dataset_uploads_at_once),
    )
    loop = UploadLoop(store, run, publish, plans=plans, rules=rules, clock=time.time)
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
