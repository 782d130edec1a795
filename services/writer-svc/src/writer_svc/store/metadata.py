"""The tables of the writer service. Their names begin with `writer_`: all services may share one database."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, CursorResult, Double, Integer, MetaData, String, Table
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()

LEASES = Table(
    "writer_leases",
    metadata,
    # What only one replica may work on at a time.
    Column("name", String(200), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", Double, nullable=False),
    # Grows with each change of owner: a write under an older one changes nothing.
    Column("fence", Integer, nullable=False),
)


def packed(value: Any) -> bytes:
    """JSON, compressed. Bytes also take a NUL in a text, which PostgreSQL's own text refuses."""
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def unpacked(blob: bytes) -> Any:
    """What `packed` was given."""
    return json.loads(zlib.decompress(blob))


def insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert the rows whose primary key is not there already."""
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def insert_all(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that are tuples already: naming and converting every value again costs as much as SQLite does."""
    if not rows:
        return
    statement = table.insert().compile(dialect=connection.dialect, column_keys=list(columns))
    named = rows if statement.positional else [dict(zip(columns, row, strict=True)) for row in rows]
    connection.exec_driver_sql(str(statement), list(named))


def among(connection: Connection, sql: str, values: Sequence[Any]) -> CursorResult[Any]:
    """Run `sql`, which ends in IN, with these values: thousands of them cost more to name than to look up."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(values)) or "NULL"
    return connection.exec_driver_sql(f"{sql} ({marks})", tuple(values))
