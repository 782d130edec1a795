"""Tables of the completion cache and of designed schema maps."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

completions = Table(
    "completions",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("batch_id", String(64), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("model", String(200), nullable=False),
    Column("answer", Text, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_usd", Float),
    Column("attempts", Integer, nullable=False),
    Index("completions_by_batch", "batch_id"),
)

finished_batches = Table(
    "finished_batches",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("finished_at", BigInteger, nullable=False, index=True, comment="Unix seconds"),
)

designs = Table(
    "designs",
    metadata,
    Column("key", String(100), primary_key=True, comment="hash of a description, or batch:<id>"),
    Column("schema_map", Text, comment="null: somebody is designing it"),
    Column("at", BigInteger, nullable=False, index=True, comment="Unix seconds"),
)
