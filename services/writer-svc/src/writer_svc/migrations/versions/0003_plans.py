"""Planned batches."""

import sqlalchemy as sa
from alembic import op

revision = "0003_plans"
down_revision = "0002_bulk_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "writer_plans",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_table(
        "writer_plan_rows",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("crm_id", sa.String(64)),
        sa.Column("row", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "writer_approvals",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("undo", sa.Boolean, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("writer_approvals", "writer_plan_rows", "writer_plans"):
        op.drop_table(table)
