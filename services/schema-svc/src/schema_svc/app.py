"""Wires the schema service."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from shared.bus import Bus
from shared.bus.topic_admin import ensure_topics
from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession
from shared.database import Database
from shared.events import BatchCompleted, BatchProgressed, BatchReopened, BatchStaged
from shared.serving import serve, service_app
from shared.telemetry import start_logs, start_traces
from starlette.applications import Starlette

from schema_svc.handlers import follow_batch, take_command
from schema_svc.scheduler import Scheduler
from schema_svc.settings import SchemaSettings
from schema_svc.sources import open_sources
from schema_svc.store import BatchStore
from schema_svc.turnstile import Turnstile
from schema_svc.workshop import Pace, Workshop
from shared import topics

SERVICE = "schema-svc"
MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaService:
    """The bus and the loop beside it, as one thing that starts, stops and is ready or not."""

    def __init__(self, bus: Bus, scheduler: Scheduler) -> None:
        self._bus = bus
        self._scheduler = scheduler

    async def start(self) -> None:
        """The loop needs no more than a publisher: after a crash it goes on while the consumers still wait to join.

        A group waits for the session of a member that was killed (45 s), and that long no batch should stand still.
        """
        expanding = asyncio.create_task(self._expand_when_publishing())
        try:
            await self._bus.start()
        except BaseException:
            expanding.cancel()
            raise
        await expanding

    async def stop(self) -> None:
        """The loop goes first, while it can still publish."""
        await self._scheduler.stop()
        await self._bus.stop()

    async def _expand_when_publishing(self) -> None:
        while self._bus.ready[1]["publisher"] != "ok":  # noqa: ASYNC110 – the bus has no event for it
            await asyncio.sleep(0.05)
        await self._scheduler.start()

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """Both are."""
        bus, checks = self._bus.ready
        loop, more = self._scheduler.ready
        return bus and loop, {**checks, **more}


def build(settings: SchemaSettings) -> tuple[Bus, Starlette]:
    """The bus with its handlers, and the application that runs everything."""
    database = Database(settings.database.url_for(SERVICE))
    bus = Bus(settings.kafka, service=SERVICE)
    salesforce = SalesforceSession(settings.salesforce) if settings.salesforce.configured else None
    hubspot = HubSpotSession(settings.hubspot) if settings.hubspot.configured else None
    store = BatchStore(database)
    shop = Workshop(
        store=store,
        publisher=bus,
        turnstile=Turnstile(settings.publish_parallel, settings.chunk),
        sources=open_sources(salesforce, hubspot, bulk_from=settings.bulk_query_from),
        salesforce=salesforce,
        hubspot=hubspot,
        pace=Pace(
            window=settings.window,
            window_most=settings.window_most,
            slice_window=settings.slice_window,
            chunk=settings.chunk,
            chunk_most=settings.chunk_most,
        ),
    )
    scheduler = Scheduler(shop, clock=time.time, lease_s=settings.lease_s, poll_s=settings.poll_s)
    deps: dict[str, Any] = {"store": store, "wake": scheduler.wake}
    # One at a time: rows come before their batch, and a batch before its cancellation, in the order of their key.
    bus.on(topics.BATCHES_COMMANDS, handler=take_command, max_in_flight=1, clock=time.time, **deps)
    news = (BatchProgressed, BatchCompleted, BatchReopened, BatchStaged)
    bus.on(topics.BATCHES_EVENTS, handler=follow_batch, max_in_flight=1, events=news, **deps)

    async def prepare() -> None:
        database.migrate(SERVICE, MIGRATIONS)
        await ensure_topics(settings.kafka)

    async def close() -> None:
        for session in (salesforce, hubspot):
            if session is not None:
                await session.close()
        database.close()

    return bus, service_app(SchemaService(bus, scheduler), before=[prepare], after=[close])


def main() -> None:
    """Run until told to stop."""
    settings = SchemaSettings()
    start_logs(SERVICE)
    start_traces(SERVICE)
    _, app = build(settings)
    serve(app, settings.http)
