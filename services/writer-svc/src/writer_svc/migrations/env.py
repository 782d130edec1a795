"""Alembic environment: the connection and the version table come from `Database.migrate`."""

from alembic import context
from writer_svc.store import upload_tables

_attributes = context.config.attributes
context.configure(
    connection=_attributes["connection"],
    target_metadata=upload_tables.metadata,
    version_table=_attributes["version_table"],
)
with context.begin_transaction():
    context.run_migrations()
