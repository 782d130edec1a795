"""Pauses of the writer, apart from those of people."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("batches", sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()))
