"""Alembic's entry: runs on the connection that the service gives it."""

from __future__ import annotations

from alembic import context
from generator_svc.store.tables import metadata

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=metadata,
    version_table=attributes["version_table"],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
