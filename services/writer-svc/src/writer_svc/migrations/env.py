"""Alembic environment: the connection and the version table come from `Database.migrate`."""

from alembic import context
from writer_svc.store import bulk_tables, plan_tables, upload_tables  # noqa: F401 – they fill the metadata
from writer_svc.store.metadata import metadata

_attributes = context.config.attributes
context.configure(
    connection=_attributes["connection"],
    target_metadata=metadata,
    version_table=_attributes["version_table"],
)
with context.begin_transaction():
    context.run_migrations()
