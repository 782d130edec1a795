"""Runs the gateway's migrations on the connection that the service opened."""

from alembic import context
from gateway.store.tables import metadata

options = context.config.attributes
context.configure(
    connection=options["connection"],
    target_metadata=metadata,
    version_table=options.get("version_table", "alembic_version"),
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
