"""Completion cache."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "completions",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.Integer, nullable=False),
        sa.Column("output_tokens", sa.Integer, nullable=False),
        sa.Column("cost_usd", sa.Float),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_index("completions_by_batch", "completions", ["batch_id"])
    op.create_table(
        "finished_batches",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("finished_at", sa.BigInteger, nullable=False, comment="Unix seconds"),
    )
    op.create_index("ix_finished_batches_finished_at", "finished_batches", ["finished_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("finished_batches")
    op.drop_table("completions")
