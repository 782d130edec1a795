"""Tables of the gateway. The same on SQLite and PostgreSQL; times are seconds since 1970."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

metadata = MetaData()


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


batches = Table(
    "batches",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("name", String(200)),
    Column("spec", Text, comment="what was submitted, without inline rows; null: only verdicts have come so far"),
    Column("body_hash", String(64), comment="of the request, to tell a repetition from a changed one"),
    Column("requested_by", String(200)),
    Column(
        "traceparent", String(64), comment="of the command: what the gateway says of the batch belongs to its trace"
    ),
    Column("stage", String(12), nullable=False, server_default="accepted"),
    Column("paused", Boolean, nullable=False, server_default=false(), comment="by a person"),
    Column("held", Boolean, nullable=False, server_default=false(), comment="by the writer, which resumes it"),
    Column("cancelling", Boolean, nullable=False, server_default=false()),
    Column("requested", BigInteger),
    Column("epoch", Integer, nullable=False, server_default="0"),
    _count("written"),
    _count("generated"),
    _count("failed"),
    _count("skipped"),
    _count("cancelled"),
    _count("fallback"),
    _count("input_tokens"),
    _count("output_tokens"),
    Column("cost_usd", Float, nullable=False, server_default="0"),
    _count("priced"),
    _count("unpriced"),
    Column("reason", Text),
    Column("history", Text, comment="JSON: (time, settled) points for the rate"),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Index("ix_batches_newest", "created_at", "batch_id"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("written", LargeBinary, nullable=False),
    Column("generated", LargeBinary, nullable=False),
    Column("failed", LargeBinary, nullable=False),
    Column("skipped", LargeBinary, nullable=False),
    Column("cancelled", LargeBinary, nullable=False),
    Column("fallback", LargeBinary, nullable=False),
    Column("retried", LargeBinary, nullable=False, comment="4 bytes epoch + 1 KB bits, per epoch"),
    Column("segments", Integer, nullable=False, server_default="0", comment="segments written so far"),
)

segments = Table(
    "segments",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("lines", LargeBinary, nullable=False),
)

failures = Table(
    "failures",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("category", String(32), nullable=False),
    Column("code", String(200)),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index("ix_failures_category", "batch_id", "category"),
)

completions = Table(
    "completions",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("completed_at", Float, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("type", String(100), nullable=False),
    Column("event", Text, nullable=False),
    Column("traceparent", String(64)),
)

projection_offsets = Table(
    "projection_offsets",
    metadata,
    Column("topic", String(200), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)

created_records = Table(
    "created_records",
    metadata,
    Column("crm", String(20), primary_key=True),
    Column("record_id", String(64), primary_key=True),
    Column("object", String(80), nullable=False),
    Column("created_at", Float, nullable=False),
)
