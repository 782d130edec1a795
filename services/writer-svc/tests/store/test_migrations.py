"""The migrations make the tables that the code expects."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from shared.database import Database
from writer_svc.store import upload_tables
from writer_svc.store.metadata import metadata


def test_the_migrated_tables_are_those_of_the_code(database: Database) -> None:
    assert upload_tables.ANSWERS.name in metadata.tables
    with database.engine.connect() as connection:
        ours = [
            one
            for one in compare_metadata(MigrationContext.configure(connection), metadata)
            if "alembic_version" not in str(one)
        ]
    assert ours == []
