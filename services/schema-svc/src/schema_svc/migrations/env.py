"""Alembic environment: the connection and the version table come from `Database.migrate`."""

from alembic import context
from schema_svc.store.tables import metadata

_attributes = context.config.attributes
context.configure(
    connection=_attributes["connection"],
    target_metadata=metadata,
    version_table=_attributes["version_table"],
)
with context.begin_transaction():
    context.run_migrations()
