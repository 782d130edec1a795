"""Designed schema maps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "designs",
        sa.Column("key", sa.String(100), primary_key=True, comment="hash of a description, or batch:<id>"),
        sa.Column("schema_map", sa.Text, comment="null: somebody is designing it"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="Unix seconds"),
    )
    op.create_index("ix_designs_at", "designs", ["at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("designs")
