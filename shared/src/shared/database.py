"""A service's own tables: SQLite (WAL) embedded, PostgreSQL in production, the same SQL for both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

T = TypeVar("T")


class Database:
    """Runs short units of work, each in one transaction, off the event loop.

    One thread writes at a time: SQLite allows no more, and on PostgreSQL a service's writes are batches already.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)
        self._write_engine = self.engine.execution_options(immediate=True)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="db-write")
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="db-read")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; committed when it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, _in_transaction, self._write_engine, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` against one consistent snapshot, beside the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, _in_transaction, self.engine, work)

    def migrate(self, service: str, migrations: Path) -> None:
        """Bring this service's tables to the newest revision; safe to call by several replicas at once."""
        config = Config()
        config.set_main_option("script_location", str(migrations).replace("%", "%%"))
        config.attributes["version_table"] = f"alembic_version_{service.replace('-', '_')}"
        with self.engine.begin() as connection, _one_migration_at_a_time(connection):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Wait for what is running and give the connections back."""
        self._writer.shutdown()
        self._readers.shutdown()
        self.engine.dispose()


def open_engine(url: str) -> Engine:
    """An engine with the settings that the ledger's promises rest on."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=6)
    if (file := make_url(url).database) and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        # The driver's own transaction handling starts a transaction only at the first write, so that a read-then-write
        # unit of work could see two states: we begin ourselves (SQLAlchemy documentation, pysqlite, "Serializable").
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer that starts as a reader and finds another writer's commit cannot go on (SQLITE_BUSY_SNAPSHOT).
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)


@contextmanager
def _one_migration_at_a_time(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(727274)"))
    yield
