"""Batches, their shares, ids and rows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "schema_batches",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("spec", sa.LargeBinary, nullable=False),
        sa.Column("traceparent", sa.String(128)),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("wanted", sa.String(16), nullable=False),
        sa.Column("announced", sa.String(16)),
        sa.Column("reason", sa.Text),
        sa.Column("requested", sa.Integer, nullable=False),
        sa.Column("settled", sa.Integer, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("lease_owner", sa.String(64)),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("submitted_at", sa.Double, nullable=False),
    )
    op.create_index("schema_batches_open", "schema_batches", ["open", "lease_until"])
    op.create_table(
        "schema_shares",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("first", sa.Integer, primary_key=True),
        sa.Column("ranges", sa.LargeBinary, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("cursor", sa.Integer, nullable=False),
    )
    op.create_table(
        "schema_ids",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("first", sa.Integer, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("ids", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "schema_rows",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("first", sa.Integer),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("rows", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("schema_rows", "schema_ids", "schema_shares", "schema_batches"):
        op.drop_table(table)
