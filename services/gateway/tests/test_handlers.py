"""The projection: exactly once into the ledger, at least once out of the outbox."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from gateway.announcer import Announcer
from gateway.handlers import Projection
from gateway.store import batches, outbox
from gateway.store.changes import Changes
from gateway.store.tables import metadata
from shared.bus import Received
from shared.database import Database
from shared.events import (
    BatchCompleted,
    BatchPlanned,
    BatchProgressed,
    BatchSpec,
    BatchSubmitted,
    Event,
    RecordSettled,
)


class Broker:
    """Keeps what it takes; takes nothing while it is down."""

    def __init__(self) -> None:
        self.taken: list[tuple[Event, str | None]] = []
        self.down = False

    async def publish_many(self, events: object) -> None:
        if self.down:
            raise ConnectionError
        self.taken += list(events)  # type: ignore[call-overload]

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event, _ in self.taken if isinstance(event, kind)]


SPEC = BatchSpec.model_validate({"source": {"kind": "recipe", "recipe": "inventory"}})
EVENTS: list[Event] = [
    BatchSubmitted(batch_id="b", batch=SPEC),
    BatchPlanned(batch_id="b", requested=2),
    RecordSettled(batch_id="b", index=0, record_id="r0", state="generated"),
    RecordSettled(batch_id="b", index=1, record_id="r1", state="generated"),
]


def fetch(*events: Event, first: int = 0) -> list[Received[Event]]:
    return [
        Received(event, {}, "outcomes.v1", 0, first + at, 1, "00-" + "a" * 32 + "-" + "b" * 16 + "-01")
        for at, event in enumerate(events)
    ]


async def fold(projection: Projection, received: list[Received[Event]]) -> None:
    async for _ in projection.project(received, {("outcomes.v1", 0): received[-1].offset + 1}):
        pass


async def until(broker: Broker, kind: type[Event]) -> None:
    async with asyncio.timeout(5):
        while not broker.of(kind):
            await asyncio.sleep(0.01)


async def test_an_end_that_was_committed_but_not_published_is_published_after_the_restart(database: Database) -> None:
    broker = Broker()
    await fold(Projection(database, Announcer(broker, database, Changes())), fetch(*EVENTS))
    assert broker.taken == []  # the process died here: its announcer never ran

    announcer = Announcer(broker, database, Changes())
    await announcer.start()
    await until(broker, BatchCompleted)
    async with asyncio.timeout(5):
        while await database.read(outbox.waiting):
            await asyncio.sleep(0.01)
    await announcer.stop()
    (event,) = broker.of(BatchCompleted)
    assert event.event_id() == BatchCompleted(batch_id="b", state="completed", requested=2, counts={}).event_id()
    assert broker.taken[0][1] == "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


async def test_a_fetch_that_comes_again_changes_nothing(database: Database) -> None:
    broker = Broker()
    announcer = Announcer(broker, database, Changes(), every_s=0.01)
    projection = Projection(database, announcer)
    await announcer.start()
    for _ in range(3):
        await fold(projection, fetch(*EVENTS))
    assert await projection.positions([("outcomes.v1", 0), ("other", 1)]) == {("outcomes.v1", 0): 4}
    await until(broker, BatchCompleted)
    await asyncio.sleep(0.1)
    await announcer.stop()
    assert len(broker.of(BatchCompleted)) == 1
    (account,) = await database.read(lambda connection: batches.totals(connection, {"b"}))
    assert account.counts()["generated"] == 2


async def test_without_a_broker_the_outbox_waits(database: Database) -> None:
    broker = Broker()
    broker.down = True
    announcer = Announcer(broker, database, Changes())
    await announcer.start()
    await fold(Projection(database, announcer), fetch(*EVENTS))
    await asyncio.sleep(0.1)
    assert len(await database.read(outbox.waiting)) == 1
    broker.down = False
    await until(broker, BatchCompleted)
    await announcer.stop()


async def test_progress_is_told_a_few_times_a_second_and_the_last_word_is_right(database: Database) -> None:
    broker = Broker()
    announcer = Announcer(broker, database, Changes(), every_s=0.2)
    projection = Projection(database, announcer)
    await announcer.start()
    await fold(projection, fetch(EVENTS[0], BatchPlanned(batch_id="b", requested=300)))
    for index in range(100):
        verdict = RecordSettled(batch_id="b", index=index, record_id="r", state="written")
        await fold(projection, fetch(verdict, first=10 + index))
    await asyncio.sleep(0.5)
    await announcer.stop()
    told = broker.of(BatchProgressed)
    assert isinstance(told[-1], BatchProgressed)
    assert told[-1].counts["written"] == 100
    assert len(told) < 40


async def test_the_next_fetch_is_urgent_when_a_batch_may_end_with_it(database: Database) -> None:
    projection = Projection(database, Announcer(Broker(), database, Changes()))
    settled = [RecordSettled(batch_id="b", index=at, record_id="r", state="generated") for at in range(10)]
    urgent = []
    for events in ([*EVENTS[:1], BatchPlanned(batch_id="b", requested=10)], settled[:1], settled[1:3], settled[3:]):
        await fold(projection, fetch(*events, first=10 * len(urgent)))
        urgent.append(projection.is_urgent())
    assert urgent == [False, False, True, False], "9 are left after 1 came; 7 after 2; then none"


async def test_what_the_gateway_says_itself_is_no_news(database: Database) -> None:
    broker = Broker()
    announcer = Announcer(broker, database, Changes(), every_s=0.01)
    projection = Projection(database, announcer)
    await announcer.start()
    await fold(projection, fetch(*EVENTS[:3]))
    await until(broker, BatchProgressed)
    await asyncio.sleep(0.1)
    before = len(broker.taken)
    await fold(projection, fetch(*broker.of(BatchProgressed), first=10))
    await asyncio.sleep(0.1)
    await announcer.stop()
    assert len(broker.taken) == before


def test_the_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    import gateway as package

    database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    database.migrate("gateway", Path(package.__file__).parent / "migrations")
    database.migrate("gateway", Path(package.__file__).parent / "migrations")
    with database.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "alembic_version_gateway"})
        differences = compare_metadata(context, metadata)
    database.close()
    assert differences == []
