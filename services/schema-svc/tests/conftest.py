"""A real SQLite database, a bus that keeps what was published, and a schema service around them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from schema_svc.app import MIGRATIONS
from schema_svc.domain.source import Source
from schema_svc.handlers import follow_batch, take_command
from schema_svc.runner import BatchRunner
from schema_svc.scheduler import Scheduler
from schema_svc.sources import open_sources
from schema_svc.store import BatchStore
from schema_svc.turnstile import Turnstile
from schema_svc.workshop import Pace, Workshop
from shared.bus import Received
from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession
from shared.database import Database
from shared.events import BatchSpec, BatchSubmitted, Event, PromptPrepared, RangeSettled, RecordSettled, SlicePrepared
from shared.topics import Topic


class Unacknowledged(Exception):
    """The broker may or may not have it."""


class RecorderBus:
    """`lose_acks` of the next calls fail after what they published is on the bus."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.topics: list[Topic | None] = []
        self.traceparents: list[str | None] = []
        self.sizes: list[int] = []
        """Of what was published together."""
        self.lose_acks = 0
        self.down = False

    async def publish(self, event: Event, traceparent: str | None = None, *, topic: Topic | None = None) -> None:
        await self.publish_many([(event, traceparent)], topic=topic)

    async def publish_many(
        self, events: Sequence[Any], *, topic: Topic | None = None, together: bool | None = None
    ) -> None:
        await asyncio.sleep(0)
        if self.down:
            raise Unacknowledged
        self.sizes.append(len(events))
        for event, traceparent in events:
            self.events.append(event)
            self.topics.append(topic)
            self.traceparents.append(traceparent)
        if self.lose_acks:
            self.lose_acks -= 1
            raise Unacknowledged

    def of(self, *kinds: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kinds)]

    def covered(self, epoch: int = 0) -> dict[int, set[str]]:
        """Event ids by record index, of everything that says what becomes of a record."""
        found: dict[int, set[str]] = {}
        for event in self.of(PromptPrepared, RecordSettled, SlicePrepared, RangeSettled):
            if event.epoch == epoch:
                first, count = (event.index, 1) if hasattr(event, "index") else (event.first, event.count)
                for index in range(first, first + count):
                    found.setdefault(index, set()).add(event.event_id())
        return found


class Schema:
    """The service without Kafka."""

    def __init__(
        self,
        path: Path,
        pace: Pace,
        salesforce: SalesforceSession | None = None,
        hubspot: HubSpotSession | None = None,
        sources: Mapping[str, Source] | None = None,
    ) -> None:
        self.database = Database(f"sqlite:///{path / 'schema.sqlite3'}")
        self.store = BatchStore(self.database)
        self.bus = RecorderBus()
        self.shop = Workshop(
            self.store,
            self.bus,
            Turnstile(2, 500),
            {**open_sources(salesforce, hubspot), **(sources or {})},
            salesforce=salesforce,
            hubspot=hubspot,
            pace=pace,
        )
        self.scheduler = self.replica()

    def replica(self, lease_s: float = 6.0) -> Scheduler:
        return Scheduler(self.shop, clock=asyncio.get_running_loop().time, lease_s=lease_s, poll_s=0.02)

    async def command(self, event: Event) -> None:
        received = Received(event, {}, "batches.commands.v1", 0, 0, 1, None)
        async for _ in take_command(received, store=self.store, wake=self.scheduler.wake, clock=lambda: 1.0):
            pass

    async def news(self, event: Event) -> None:
        received = Received(event, {}, "batches.events.v1", 0, 0, 1, None)
        async for _ in follow_batch(received, store=self.store, wake=self.scheduler.wake):
            pass

    async def submit(self, batch_id: str, spec: dict[str, Any]) -> None:
        await self.command(BatchSubmitted(batch_id=batch_id, batch=BatchSpec.model_validate(spec)))

    async def runner(self, batch_id: str) -> BatchRunner:
        """What a replica that has just taken the batch over would run."""
        standings = await self.store.claim("test", 1.0, -2.0)
        return BatchRunner(self.shop, next(s for s in standings if s.batch_id == batch_id))

    async def until(self, holds: Callable[[], object], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.005)


def rows_spec(count: int, **other: Any) -> dict[str, Any]:
    rows = [{"id": f"r{i}", "label": f"item {i}"} for i in range(count)]
    prompt = {"template": "Describe {{label}}"}
    return {"source": {"kind": "rows", "rows": rows}, "prompt": prompt, "target": {"kind": "none"}, **other}


def recipe_spec(rows: int, **other: Any) -> dict[str, Any]:
    return {"source": {"kind": "recipe", "recipe": "inventory", "rows": rows}, "target": {"kind": "csv"}, **other}


@pytest.fixture
def make_rows() -> Callable[..., dict[str, Any]]:
    return rows_spec


@pytest.fixture
def make_recipe() -> Callable[..., dict[str, Any]]:
    return recipe_spec


@pytest.fixture
def pace() -> Pace:
    return Pace(window=4_000, window_most=4_000, chunk=500)


@pytest.fixture
async def make_schema(tmp_path: Path) -> AsyncIterator[Callable[..., Schema]]:
    made: list[Schema] = []

    def make(
        pace: Pace | None = None,
        salesforce: SalesforceSession | None = None,
        name: str = "",
        hubspot: HubSpotSession | None = None,
        sources: Mapping[str, Source] | None = None,
    ) -> Schema:
        folder = tmp_path / (name or f"d{len(made)}")
        schema = Schema(folder, pace or Pace(), salesforce, hubspot, sources)
        schema.database.migrate("schema-svc", MIGRATIONS)
        made.append(schema)
        return schema

    yield make
    for schema in made:
        await schema.scheduler.stop()
        schema.database.close()


@pytest.fixture
async def schema(make_schema: Callable[..., Schema], pace: Pace) -> Schema:
    return make_schema(pace)


@pytest.fixture
def schema_class() -> type[Schema]:
    return Schema
