"""Batches, the ledger's bitmaps, details, failures, outbox and offsets."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _count(name: str, kind: type[sa.Integer] = sa.BigInteger, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, kind, nullable=False, server_default=default)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def upgrade() -> None:
    _batches()
    _verdicts()
    _announcements()


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200)),
        sa.Column("spec", sa.Text),
        sa.Column("body_hash", sa.String(64)),
        sa.Column("requested_by", sa.String(200)),
        sa.Column("traceparent", sa.String(64)),
        sa.Column("stage", sa.String(12), nullable=False, server_default="accepted"),
        _flag("paused"),
        _flag("cancelling"),
        sa.Column("requested", sa.BigInteger),
        _count("epoch", sa.Integer),
        *(_count(name) for name in ("written", "generated", "failed", "skipped", "cancelled", "fallback")),
        _count("input_tokens"),
        _count("output_tokens"),
        sa.Column("cost_usd", sa.Float, nullable=False, server_default="0"),
        _count("priced"),
        _count("unpriced"),
        sa.Column("reason", sa.Text),
        sa.Column("history", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
    )
    op.create_index("ix_batches_newest", "batches", ["created_at", "batch_id"])


def _verdicts() -> None:
    states = ("written", "generated", "failed", "skipped", "cancelled")
    op.create_table(
        "chunks",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("chunk", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in (*states, "fallback", "retried")),
        _count("segments", sa.Integer),
    )
    op.create_table(
        "segments",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("chunk", sa.Integer, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("lines", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "failures",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("first", sa.BigInteger, primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        _count("count", sa.Integer, "1"),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("code", sa.String(200)),
        sa.Column("reason", sa.Text),
        _count("attempts", sa.Integer),
    )
    op.create_index("ix_failures_category", "failures", ["batch_id", "category"])


def _announcements() -> None:
    op.create_table(
        "completions",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("completed_at", sa.Float, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("traceparent", sa.String(64)),
    )
    op.create_table(
        "projection_offsets",
        sa.Column("topic", sa.String(200), primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )
