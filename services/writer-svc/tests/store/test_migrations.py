"""The migrations make the tables that the code expects."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from shared.database import Database
from shared.events import SalesforceTarget
from sqlalchemy import text
from writer_svc.app import MIGRATIONS
from writer_svc.domain.staging import Staged
from writer_svc.store import upload_tables
from writer_svc.store.metadata import metadata
from writer_svc.store.staging import BulkStore


def test_the_migrated_tables_are_those_of_the_code(database: Database) -> None:
    assert upload_tables.ANSWERS.name in metadata.tables
    with database.engine.connect() as connection:
        ours = [
            one
            for one in compare_metadata(MigrationContext.configure(connection), metadata)
            if "alembic_version" not in str(one)
        ]
    assert ours == []


def migrated(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["version_table"] = "alembic_version_writer_svc"
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        go = command.downgrade if revision < "0004" else command.upgrade
        go(config, revision)


async def test_what_waits_survives_the_upgrade_and_what_was_told_stays_known(tmp_path: Path, make_result: Any) -> None:
    database = Database(f"sqlite:///{tmp_path}/w.sqlite3")
    migrated(database, "0004_kept_results")
    target = SalesforceTarget(kind="salesforce", object="Claim__c", external_id="Key__c", field="Summary__c")
    store = BulkStore(database, lambda: 1.0)
    rows = [Staged(make_result(i), f"k{i}", "p" * (i % 2), f"k{i},t") for i in range(10)]
    await store.keep("b", target, rows)
    (job,) = await store.open_jobs()
    before = [line async for page in store.lines(job) for line in page]
    migrated(database, "0003_plans")
    with database.engine.begin() as connection:
        told = text("UPDATE writer_staged SET settled = 1, line = NULL, result = NULL WHERE key = :key")
        assert connection.execute(told, {"key": b"k0"}).rowcount == 1
    migrated(database, "0004_kept_results")
    assert [line async for page in store.lines(job) for line in page] == [one for one in before if one[0] != "k0"]
    await store.keep("b", target, rows)
    assert await store.kept("b") == 10
    database.close()
