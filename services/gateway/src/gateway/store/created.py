"""Which CRM records were made here, so that only these are deleted without asking twice (S0-43)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from gateway.store.inserts import insert_missing
from gateway.store.tables import created_records as table

_AT_ONCE = 500


def note(connection: Connection, crm: str, object_name: str, ids: Sequence[str], now: float) -> None:
    """Remember new records."""
    insert_missing(
        connection, table, [{"crm": crm, "object": object_name, "record_id": one, "created_at": now} for one in ids]
    )


def forget(connection: Connection, crm: str, ids: Sequence[str]) -> None:
    """They are no more."""
    for some in _parts(ids):
        connection.execute(delete(table).where(table.c.crm == crm, table.c.record_id.in_(some)))


def among(connection: Connection, crm: str, ids: Sequence[str]) -> set[str]:
    """Those that were made here."""
    found: set[str] = set()
    for some in _parts(ids):
        query = select(table.c.record_id).where(table.c.crm == crm, table.c.record_id.in_(some))
        found.update(connection.execute(query).scalars())
    return found


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[first : first + _AT_ONCE] for first in range(0, len(ids), _AT_ONCE)]
