"""CRM records that were made through the gateway."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "created_records",
        sa.Column("crm", sa.String(20), primary_key=True),
        sa.Column("record_id", sa.String(64), primary_key=True),
        sa.Column("object", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
