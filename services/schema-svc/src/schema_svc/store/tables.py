"""Tables of the schema service. Their names carry its own, for all services may share one PostgreSQL database."""

from __future__ import annotations

import json
import zlib
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()

BATCHES = Table(
    "schema_batches",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("spec", LargeBinary, nullable=False),
    Column("traceparent", String(128)),
    Column("phase", String(16), nullable=False, default="planning"),
    Column("wanted", String(16), nullable=False, default="running"),
    Column("announced", String(16)),
    Column("reason", Text),
    Column("requested", Integer, nullable=False, default=0),
    Column("settled", Integer, nullable=False, default=0),
    # As the writer told last.
    Column("staged", Integer, nullable=False, default=0),
    # False once nothing is left to do or to say; a retry by hand opens it again.
    Column("open", Boolean, nullable=False, default=True),
    Column("lease_owner", String(64)),
    Column("lease_until", Double, nullable=False, default=0.0),
    # Grows with each change of owner: a write under an older one changes nothing.
    Column("fence", Integer, nullable=False, default=0),
    Column("submitted_at", Double, nullable=False),
)
Index("schema_batches_open", BATCHES.c.open, BATCHES.c.lease_until)

SHARES = Table(
    "schema_shares",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    # A retry of many records comes in several events of one epoch.
    Column("first", Integer, primary_key=True),
    Column("ranges", LargeBinary, nullable=False),
    Column("total", Integer, nullable=False),
    Column("cursor", Integer, nullable=False, default=0),
)

IDS = Table(
    "schema_ids",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("first", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("ids", LargeBinary, nullable=False),
)

ROWS = Table(
    "schema_rows",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("part", Integer, primary_key=True),
    # Parts may come in any order; their first index is known when the batch is planned.
    Column("first", Integer),
    Column("count", Integer, nullable=False),
    Column("rows", LargeBinary, nullable=False),
)

CURSORS = Table(
    "schema_cursors",
    metadata,
    # Of all batches that continue each other.
    Column("name", String(64), primary_key=True),
    Column("cursor", LargeBinary),
    # The batch that continues now, and where it leaves the next one to begin.
    Column("holder", String(64), index=True),
    Column("next", LargeBinary),
)

NOTES = Table(
    "schema_notes",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("note", LargeBinary, nullable=False),
)


def packed(value: Any) -> bytes:
    """JSON, compressed. Bytes also take a NUL in a text, which PostgreSQL's own text refuses."""
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def unpacked(blob: bytes) -> Any:
    """What `packed` was given."""
    return json.loads(zlib.decompress(blob))


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert unless the primary key is there already; whether it was new."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table).values(**values).on_conflict_do_nothing()
    # Not the row count: psycopg tells none of an insert.
    return connection.execute(insert.returning(*table.primary_key.columns)).first() is not None


def put_unless(connection: Connection, table: Table, kept: ColumnElement[bool], **values: Any) -> None:
    """Insert, or replace what has the same primary key, unless `kept` says that it must stay as it is."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table).values(**values)
    keys = list(table.primary_key.columns)
    changed = {name: insert.excluded[name] for name in values if name not in {key.name for key in keys}}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed, where=~kept))
