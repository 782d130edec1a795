"""Inserts that meet an existing row, in the words of both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose keys are not there yet; how many that were."""
    # RETURNING, because the number of affected rows is not reported alike by both drivers.
    keys = list(table.primary_key)
    inserted = 0
    for row in rows:
        statement = _insert(connection.dialect.name, table).values(**row).on_conflict_do_nothing().returning(*keys)
        inserted += len(connection.execute(statement).all())
    return inserted


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, or replace those that are there. All rows name the same columns."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0])), list(rows))


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Any:
    # Made once: to put it together takes longer than to execute it.
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _insert(dialect: str, table: Table) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)
