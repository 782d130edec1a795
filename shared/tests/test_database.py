"""Units of work are transactions, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shared.database import Database
from sqlalchemy import Connection, text

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(params=["sqlite", POSTGRES])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path}/nested/x.sqlite3"
    if request.param == "postgres":
        url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
    opened = Database(url)
    await opened.write(lambda c: c.execute(text("DROP TABLE IF EXISTS counters")))
    await opened.write(lambda c: c.execute(text("CREATE TABLE counters (n INTEGER NOT NULL)")))
    await opened.write(lambda c: c.execute(text("INSERT INTO counters VALUES (0)")))
    yield opened
    opened.close()


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT n FROM counters")).scalar_one())


async def test_what_a_unit_of_work_wrote_is_gone_when_it_fails(database: Database) -> None:
    def fails(connection: Connection) -> None:
        connection.execute(text("UPDATE counters SET n = 5"))
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        await database.write(fails)
    assert await database.read(count) == 0


async def test_reads_and_then_writes_of_many_tasks_do_not_lose_updates(database: Database) -> None:
    def increment(connection: Connection) -> None:
        connection.execute(text("UPDATE counters SET n = :n"), {"n": count(connection) + 1})

    await asyncio.gather(*(database.write(increment) for _ in range(50)))
    assert await database.read(count) == 50


async def test_readers_do_not_wait_for_the_writer(database: Database) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        connection.execute(text("UPDATE counters SET n = 7"))
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(leave.wait(), loop).result(10)

    writing = asyncio.create_task(database.write(slow))
    await entered.wait()
    assert await asyncio.wait_for(database.read(count), 5) == 0
    leave.set()
    await writing
    assert await database.read(count) == 7
