"""Tables of the schema service. Their names carry its own, for all services may share one PostgreSQL database."""

from __future__ import annotations

import json
import zlib
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
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
