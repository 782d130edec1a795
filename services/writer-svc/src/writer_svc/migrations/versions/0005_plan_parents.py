"""Records that planned ones belong to: one company of many contacts."""

import sqlalchemy as sa
from alembic import op

revision = "0005_plan_parents"
down_revision = "0004_kept_results"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "writer_plan_parents",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(320), primary_key=True),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("crm_id", sa.String(64)),
        sa.Column("row", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("writer_plan_parents")
