"""Wires the gateway. The only reader of its settings."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from shared.bus import Bus
from shared.bus.dead_letters import read, replay
from shared.bus.topic_admin import ensure_topics
from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession
from shared.database import Database
from shared.events import BatchPlanned, BatchRefused, Event
from shared.serving import serve
from shared.settings import KafkaSettings
from shared.telemetry import get_logger, names, start_logs, start_traces, stop_traces
from shared.topics import BATCHES_COMMANDS, BATCHES_EVENTS, OUTCOMES

from gateway.announcer import Announcer
from gateway.api.application import create
from gateway.api.context import Gateway, Letters
from gateway.crm import open_books
from gateway.handlers import Projection
from gateway.settings import GatewaySettings
from gateway.store.changes import Changes

SERVICE = "gateway"
FOLDED: tuple[type[Event], ...] = (
    *BATCHES_COMMANDS.events,
    BatchPlanned,
    BatchRefused,
    *OUTCOMES.events,
)
"""What moves a batch. Not what the gateway itself announces: its own progress would be news of progress, for ever."""
MIGRATIONS = Path(__file__).parent / "migrations"
AGAIN_AFTER_S = 1.0


def main() -> None:
    """Run the gateway until it is told to stop."""
    settings = GatewaySettings.read()
    start_logs(SERVICE, settings.api.log_level)
    start_traces(SERVICE)
    _, app = build(settings)
    serve(app, settings.http)


def build(settings: GatewaySettings) -> tuple[Bus, FastAPI]:
    """The bus with its projection, and the application around it."""
    database = Database(settings.database.url_for(SERVICE))
    database.migrate(SERVICE, MIGRATIONS)
    bus, changes = Bus(settings.kafka, service=SERVICE), Changes()
    announcer = Announcer(bus, database, changes)
    projection = Projection(database, announcer)
    bus.on_projection(
        BATCHES_COMMANDS,
        BATCHES_EVENTS,
        OUTCOMES,
        events=FOLDED,
        handler=projection.project,
        load_offsets=projection.positions,
        urgent=projection.is_urgent,
    )
    salesforce = SalesforceSession(settings.salesforce) if settings.salesforce.configured else None
    hubspot = HubSpotSession(settings.hubspot) if settings.hubspot.configured else None
    gateway = Gateway(
        bus=bus,
        database=database,
        changes=changes,
        letters=_letters(settings.kafka),
        api_key=settings.api.api_key.get_secret_value(),
        books=open_books(salesforce, hubspot),
        now=time.time,
    )
    sessions = [session for session in (salesforce, hubspot) if session is not None]
    return bus, create(gateway, lifespan=partial(_lifespan, bus, announcer, database, settings.kafka, sessions))


@asynccontextmanager
async def _lifespan(
    bus: Bus,
    announcer: Announcer,
    database: Database,
    kafka: KafkaSettings,
    sessions: Sequence[SalesforceSession | HubSpotSession],
    _: FastAPI,
) -> AsyncIterator[None]:
    """The API answers at once, with 503 where it needs the broker, and the bus joins when the broker is there."""
    joining = asyncio.create_task(_join(bus, announcer, kafka))
    yield
    joining.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await joining
    await announcer.stop()
    await bus.stop()
    for session in sessions:
        await session.close()
    database.close()
    get_logger().info(names.LOG_STOPPED)
    stop_traces()


async def _join(bus: Bus, announcer: Announcer, kafka: KafkaSettings) -> None:
    while True:
        try:
            await ensure_topics(kafka)
            await bus.start()
            await announcer.start()
            break
        except Exception as error:
            get_logger().warning("broker_not_reached", error=type(error).__name__)
            await asyncio.sleep(AGAIN_AFTER_S)
    get_logger().info(names.LOG_STARTED)


def _letters(kafka: KafkaSettings) -> Letters:
    return Letters(
        read=lambda limit, topic: read(kafka, limit=limit, topic=topic),
        replay=lambda positions: replay(kafka, positions),
    )
