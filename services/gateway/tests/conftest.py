"""A served gateway whose bus keeps what is published, and databases to run on."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gateway as package
import httpx
import pytest
import structlog
import uvicorn
from gateway.announcer import Announcer
from gateway.api.application import create
from gateway.api.context import Gateway, Letters
from gateway.handlers import Projection
from gateway.store.changes import Changes
from gateway.store.tables import metadata
from shared.bus import Received
from shared.bus.dead_letters import DeadLetter
from shared.database import Database
from shared.events import Event
from shared.topics import TOPIC_OF

KEY = "a-key-for-tests"
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
MIGRATIONS = Path(package.__file__).parent / "migrations"


def open_database(url: str) -> Database:
    """An empty database with the gateway's tables."""
    database = Database(url)
    database.migrate("gateway", MIGRATIONS)
    with database.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.sqlite3'}"
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        pytest.skip("DATABASE_URL names no PostgreSQL")
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with empty tables; copying it is quicker than migrating again."""
    file = tmp_path_factory.mktemp("migrated") / "gateway.sqlite3"
    open_database(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def database(database_url: str, migrated: Path) -> Iterator[Database]:
    if database_url.startswith("sqlite"):
        shutil.copy(migrated, database_url.removeprefix("sqlite:///"))
        opened = Database(database_url)
    else:
        opened = open_database(database_url)
    yield opened
    opened.close()


class RecorderBus:
    """Takes what is published as the real bus does, and keeps it. `down` makes it behave like a lost broker."""

    def __init__(self) -> None:
        self.published: list[tuple[Event, str | None]] = []
        self.down: str | None = None
        self.batches = 0

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        return self.down is None, {"bus": self.down or "ok"}

    async def publish_many(self, events: Sequence[tuple[Event, str | None]]) -> None:
        if self.down == "silent":
            await asyncio.sleep(3_600)
        if self.down is not None:
            raise ConnectionError(self.down)
        self.batches += 1
        self.published += events

    def events(self, kind: type[Event]) -> list[Any]:
        return [event for event, _ in self.published if isinstance(event, kind)]


class Feed:
    """Hands events to the projection as the bus does: with topics and growing offsets."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._next = 0

    async def __call__(self, *events: Event, traceparent: str | None = None) -> None:
        received = [self._received(event, traceparent) for event in events]
        positions = {(item.topic, 0): item.offset + 1 for item in received}
        async for _ in self._projection.project(received, positions):
            pass

    def _received(self, event: Event, traceparent: str | None) -> Received[Event]:
        self._next += 1
        return Received(
            event=event,
            headers={},
            topic=TOPIC_OF[type(event)].name,
            partition=0,
            offset=self._next,
            attempt=1,
            traceparent=traceparent,
        )


class FakeLetters:
    """Dead letters in a list."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []
        self.replayed: list[tuple[int, int]] = []

    async def read(self, limit: int, topic: str | None) -> list[DeadLetter]:
        return [letter for letter in self.letters if topic in (None, letter.topic)][:limit]

    async def replay(self, positions: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        known = {(letter.partition, letter.offset) for letter in self.letters}
        self.replayed += [position for position in positions if position in known]
        return [position for position in positions if position in known]


class Served:
    """A gateway that answers on loopback."""

    def __init__(self, gateway: Gateway, bus: RecorderBus, feed: Feed, letters: FakeLetters, url: str) -> None:
        self.gateway = gateway
        self.bus = bus
        self.feed = feed
        self.letters = letters
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {KEY}"}, timeout=20)


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """A real server for an ASGI application on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def served(database: Database) -> AsyncIterator[Served]:
    bus, changes, letters = RecorderBus(), Changes(), FakeLetters()
    announcer = Announcer(bus, database, changes, every_s=0.05)
    gateway = Gateway(
        books={},
        bus=bus,
        database=database,
        changes=changes,
        letters=Letters(letters.read, letters.replay),
        api_key=KEY,
        now=time.time,
        publish_within_s=0.3,
        heartbeat_s=0.3,
        folded_within_s=0.1,
        generate_within_s=10.0,
    )
    await announcer.start()
    async with serving(create(gateway)) as url:
        here = Served(gateway, bus, Feed(Projection(database, announcer)), letters, url)
        async with here.http:
            yield here
    await announcer.stop()


def rows_request(count: int = 3, **other: Any) -> dict[str, Any]:
    """A valid request."""
    rows = [{"id": f"r{number}", "label": f"thing {number}"} for number in range(count)]
    return {
        "name": "Things",
        "source": {"kind": "rows", "rows": rows},
        "prompt": {"template": "Describe {{label}}"},
        "target": {"kind": "none"},
    } | other


@pytest.fixture
def request_of_rows() -> Any:
    return rows_request
