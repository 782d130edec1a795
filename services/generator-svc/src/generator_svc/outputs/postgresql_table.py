"""A table of a PostgreSQL database, filled by COPY in one transaction."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from shared.errors import Rejected

from generator_svc.domain.output import Sink
from generator_svc.rows.csv_text import csv_bytes
from generator_svc.rows.json_text import json_values
from generator_svc.rows.names import quoted_name


class PostgresqlTable:
    """A new table; nested columns are jsonb."""

    name = "postgresql"
    suffix = ""
    is_file = False

    def refusal(self, schema: pa.Schema) -> str | None:
        """PostgreSQL takes everything."""
        return None

    def is_row_text(self, schema: pa.Schema) -> bool:
        """The lines that COPY takes have no guard against spreadsheets."""
        return False

    def encode(self, rows: pa.RecordBatch) -> bytes:
        """CSV as COPY takes it: an empty cell is null, `""` an empty string."""
        flat = [_flat(column) for column in rows.columns]
        return csv_bytes(pa.record_batch(flat, names=rows.schema.names), guarded=False)

    def open(self, place: str, schema: pa.Schema, table: str) -> Sink:
        """Begin a transaction with the new table."""
        return _PostgresqlSink(place, schema, table)


class _PostgresqlSink:
    def __init__(self, place: str, schema: pa.Schema, table: str) -> None:
        # A tenth of a second that no other form needs.
        import psycopg

        try:
            self._connection = psycopg.connect(place)
        except psycopg.OperationalError as error:
            raise Rejected("the database cannot be reached; check host, port, user and database name") from error
        columns = ", ".join(f"{quoted_name(field.name)} {_column_type(field.type)}" for field in schema)
        try:
            self._run(f"CREATE TABLE {quoted_name(table)} ({columns})")
        except psycopg.errors.DuplicateTable as error:
            self.discard()
            raise Rejected(f"table {table} is there already and stays as it is; choose another --table") from error
        except psycopg.Error as error:
            self.discard()
            raise Rejected(f"table {table} cannot be created: {error.sqlstate}") from error
        self._copying = self._connection.cursor().copy(_sql(f"COPY {quoted_name(table)} FROM STDIN (FORMAT csv)"))
        self._copy: Any = self._copying.__enter__()

    def write(self, piece: bytes) -> None:
        """Take the next rows."""
        self._copy.write(piece)

    def finish(self) -> None:
        """Commit."""
        self._copying.__exit__(None, None, None)
        self._connection.commit()
        self._connection.close()

    def discard(self) -> None:
        """Roll back."""
        self._connection.close()

    def _run(self, statement: str) -> None:
        self._connection.execute(_sql(statement))


def _sql(statement: str) -> Any:
    """psycopg's types ask for literal statements; the names in ours are quoted."""
    return statement


def _flat(column: pa.Array) -> pa.Array:
    return json_values(column) if pa.types.is_nested(column.type) else column


def _column_type(kind: pa.DataType) -> str:
    types = pa.types
    if types.is_decimal(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    for test, name in (
        (types.is_boolean, "boolean"),
        (types.is_integer, "bigint"),
        (types.is_floating, "double precision"),
        (types.is_date, "date"),
        (types.is_nested, "jsonb"),
    ):
        if test(kind):
            return name
    if types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    return "text"
