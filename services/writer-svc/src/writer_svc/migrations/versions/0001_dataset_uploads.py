"""Leases, and dataset uploads with the answers that wait for them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "writer_leases",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
    )
    op.create_table(
        "writer_answers",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.String(80), nullable=False),
        sa.Column("upload_id", sa.String(32)),
        sa.Column("result", sa.LargeBinary),
        sa.Column("kept_at", sa.Double, nullable=False),
    )
    op.create_index("writer_answers_open", "writer_answers", ["dataset", "upload_id", "kept_at"])
    op.create_table(
        "writer_uploads",
        sa.Column("upload_id", sa.String(32), primary_key=True),
        sa.Column("dataset", sa.String(80), nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("crm_id", sa.String(18)),
        sa.Column("digest", sa.String(64)),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("status", sa.String(40)),
        sa.Column("message", sa.Text),
        sa.Column("begun_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
    )
    op.create_index("writer_uploads_by_time", "writer_uploads", ["dataset", "begun_at"])
    op.create_table(
        "writer_standings",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("pending", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("writer_standings", "writer_uploads", "writer_answers", "writer_leases"):
        op.drop_table(table)
