"""Results that wait for a large write, the jobs that they become, and batches that are held."""

import sqlalchemy as sa
from alembic import op

revision = "0002_bulk_jobs"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "writer_staged",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("place", sa.LargeBinary, nullable=False),
        sa.Column("line", sa.LargeBinary),
        sa.Column("result", sa.LargeBinary),
        sa.Column("settled", sa.Boolean, nullable=False),
    )
    op.create_index("writer_staged_place", "writer_staged", ["job", "settled", "place"])
    op.create_index("writer_staged_key", "writer_staged", ["job", "key"])
    op.create_table(
        "writer_bulk_jobs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("crm_id", sa.String(18)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("settled", sa.Integer, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("first_at", sa.Double, nullable=False),
        sa.Column("last_at", sa.Double, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False),
    )
    op.create_index("writer_bulk_jobs_open", "writer_bulk_jobs", ["phase", "batch_id"])
    op.create_table("writer_holds", sa.Column("batch_id", sa.String(64), primary_key=True))


def downgrade() -> None:
    """Drop the tables."""
    for table in ("writer_holds", "writer_bulk_jobs", "writer_staged"):
        op.drop_table(table)
