"""Designed schema maps in SQL: one call to a model for a description, also after a restart (S3-17 … S3-19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from shared.database import Database
from shared.errors import Retryable
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from generator_svc.store.tables import designs

DAY_S = 86_400
OF_BATCH = "batch:"
_CLAIM = "claim:"


class StoredDesigns:
    """Schema maps by the hash of their description, and by the batch whose slices must all be made of one."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        """`now` gives Unix seconds."""
        self._database = database
        self._now = now

    async def find(self, key: str) -> dict[str, Any] | None:
        """The map stored under a key."""
        wanted = select(designs.c.schema_map).where(designs.c.key == key)
        text = await self._reached(self._database.read, lambda connection: connection.execute(wanted).scalar())
        return None if text is None else dict(orjson.loads(text))

    async def keep(self, key: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Stores it unless there is one; the one that is there now."""
        row = {"key": key, "schema_map": orjson.dumps(schema).decode(), "at": int(self._now())}
        text = await self._reached(self._database.write, lambda connection: _keep(connection, row))
        return dict(orjson.loads(text))

    async def claim(self, key: str, lease_s: float) -> bool:
        """Whether the caller is the one who designs now; the claim of one that died ends with its lease."""
        now = int(self._now())
        return bool(
            await self._reached(
                self._database.write, lambda connection: _claim(connection, _CLAIM + key, now, now - int(lease_s))
            )
        )

    async def release(self, key: str) -> None:
        """The claim is over."""
        gone = delete(designs).where(designs.c.key == _CLAIM + key)
        await self._reached(self._database.write, lambda connection: connection.execute(gone))

    async def forget(self, days: float) -> None:
        """Delete what batches older than so many days were made of; what models designed stays."""
        old = designs.c.key.startswith(OF_BATCH) & (designs.c.at < int(self._now() - days * DAY_S))
        await self._reached(self._database.write, lambda connection: connection.execute(delete(designs).where(old)))

    async def _reached(self, access: Callable[..., Any], work: Callable[[Connection], Any]) -> Any:
        try:
            return await access(work)
        except DBAPIError as error:
            raise Retryable("the stored designs cannot be reached", category="unknown") from error


def _keep(connection: Connection, row: dict[str, Any]) -> str:
    connection.execute(_insert(connection).values(row).on_conflict_do_nothing())
    kept = connection.execute(select(designs.c.schema_map).where(designs.c.key == row["key"])).scalar()
    return kept or str(row["schema_map"])


def _claim(connection: Connection, key: str, now: int, expired: int) -> bool:
    row = {"key": key, "schema_map": None, "at": now}
    if connection.execute(_insert(connection).values(row).on_conflict_do_nothing()).rowcount == 1:
        return True
    late = update(designs).where(designs.c.key == key, designs.c.at < expired).values(at=now)
    return connection.execute(late).rowcount == 1


def _insert(connection: Connection) -> Any:
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(designs)
