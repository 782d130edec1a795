"""A table of a SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.domain.output import Sink
from generator_svc.rows.cells import plain_text
from generator_svc.rows.exchange import from_ipc, to_ipc
from generator_svc.rows.json_text import json_values
from generator_svc.rows.names import quoted_name


class SqliteTable:
    """A new database file with one table; days as ISO text, money as NUMERIC, nested columns as JSON text."""

    name = "sqlite"
    suffix = ".db"
    is_file = True

    def refusal(self, schema: pa.Schema) -> str | None:
        """SQLite takes everything, nested columns as JSON."""
        return None

    def is_row_text(self, schema: pa.Schema) -> bool:
        """A database is no text."""
        return False

    def encode(self, rows: pa.RecordBatch) -> bytes:
        """Arrow's stream form."""
        return to_ipc(rows)

    def open(self, place: str, schema: pa.Schema, table: str) -> Sink:
        """Begin a database."""
        return _SqliteSink(place, schema, table)


class _SqliteSink:
    def __init__(self, place: str, schema: pa.Schema, table: str) -> None:
        self._path = Path(place)
        self._connection = sqlite3.connect(place, isolation_level=None)
        # The file gets its name only when it is whole: a crash leaves nothing to recover.
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("BEGIN")
        columns = ", ".join(f"{quoted_name(field.name)} {_affinity(field.type)}" for field in schema)
        self._connection.execute(f"CREATE TABLE {quoted_name(table)} ({columns})")
        marks = ", ".join("?" * len(schema))
        self._insert = f"INSERT INTO {quoted_name(table)} VALUES ({marks})"  # noqa: S608

    def write(self, piece: bytes) -> None:
        """Take the next rows."""
        rows = from_ipc(piece)
        self._connection.executemany(self._insert, zip(*map(_cells, rows.columns), strict=True))

    def finish(self) -> None:
        """Commit."""
        self._connection.execute("COMMIT")
        self._connection.close()

    def discard(self) -> None:
        """Remove it."""
        with suppress(sqlite3.Error):
            self._connection.close()
        self._path.unlink(missing_ok=True)


def _affinity(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "INTEGER"
    if pa.types.is_floating(kind):
        return "REAL"
    return "NUMERIC" if pa.types.is_decimal(kind) else "TEXT"


def _cells(column: pa.Array) -> list[object]:
    kind = column.type
    if pa.types.is_nested(kind):
        values: list[object] = pc.if_else(pc.is_valid(column), json_values(column), None).to_pylist()
        return values
    if pa.types.is_boolean(kind):
        column = pc.cast(column, pa.int8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        column = plain_text(column)
    cells: list[object] = column.to_pylist()
    return cells
