"""How far the changes of sources are read, and what a source notes of a batch."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "schema_cursors",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("cursor", sa.LargeBinary),
        sa.Column("holder", sa.String(64)),
        sa.Column("next", sa.LargeBinary),
    )
    op.create_index("ix_schema_cursors_holder", "schema_cursors", ["holder"])
    op.create_table(
        "schema_notes",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("schema_notes", "schema_cursors"):
        op.drop_table(table)
