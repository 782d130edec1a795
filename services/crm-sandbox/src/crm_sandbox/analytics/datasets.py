"""Datasets, their versions and rows, in the org's SQLite file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from crm_sandbox.analytics.file_format import DatasetField, LoadError
from crm_sandbox.analytics.file_rows import DatasetRow
from crm_sandbox.clock import Clock
from crm_sandbox.salesforce.ids import make_id
from crm_sandbox.store import Store

# How many superseded versions can still be read.
VERSIONS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Version:
    id: str
    dataset_id: str
    created: str
    rows: int
    fields: tuple[DatasetField, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    id: str
    name: str
    label: str
    container: str | None
    created: str
    modified: str
    current: str | None
    """Id of the version that readers get; None before anything was loaded."""


class Datasets:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create_tables(self) -> None:
        for sql in _TABLES:
            self._store.writer.execute(sql)

    def all(self) -> Iterator[Dataset]:
        for row in self._store.writer.execute(f"{_DATASET} ORDER BY name").fetchall():
            yield Dataset(*row)

    def find(self, id_or_name: str) -> Dataset | None:
        sql = f"{_DATASET} WHERE id = ? OR substr(id, 1, 15) = ? OR name = ? COLLATE NOCASE"
        row = self._store.writer.execute(sql, (id_or_name,) * 3).fetchone()
        return None if row is None else Dataset(*row)

    def versions(self, dataset: Dataset) -> list[Version]:
        """The newest first."""
        sql = f"{_VERSION} WHERE dataset_id = ? ORDER BY number DESC"
        return [_version(row) for row in self._store.writer.execute(sql, (dataset.id,)).fetchall()]

    def version(self, dataset: Dataset, version_id: str) -> Version | None:
        sql = f"{_VERSION} WHERE dataset_id = ? AND (id = ? OR substr(id, 1, 15) = ?)"
        row = self._store.writer.execute(sql, (dataset.id, version_id, version_id)).fetchone()
        return None if row is None else _version(row)

    def ensure(self, name: str, label: str, container: str | None) -> Dataset:
        """The dataset of this name, made where there is none."""
        if known := self.find(name):
            return known
        number = self._store.writer.execute("SELECT count(*) + 1 FROM an_datasets").fetchone()[0]
        now = self._clock.stamp()
        row = (make_id("0Fb", number), name, label, container, now, now, None)
        self._store.writer.execute("INSERT INTO an_datasets VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return Dataset(*row)

    def rows(self, version: Version) -> Iterator[DatasetRow]:
        sql = "SELECT body FROM an_rows WHERE version_id = ? ORDER BY number"
        for (body,) in self._store.writer.execute(sql, (version.id,)):
            yield orjson.loads(body)

    def publish(
        self,
        dataset: Dataset,
        fields: tuple[DatasetField, ...],
        rows: Iterable[DatasetRow],
        *,
        after: str | None = None,
    ) -> Version:
        """A new current version of these rows, behind those of the version `after`."""
        db = self._store.writer
        number = db.execute("SELECT ifnull(max(number), 0) + 1 FROM an_versions").fetchone()[0]
        version_id, now = make_id("0Fc", number), self._clock.stamp()
        first = 1
        if after is not None:
            sql = "INSERT INTO an_rows SELECT ?, number, body FROM an_rows WHERE version_id = ?"
            db.execute(sql, (version_id, after))
            sql = "SELECT ifnull(max(number), 0) + 1 FROM an_rows WHERE version_id = ?"
            first = db.execute(sql, (version_id,)).fetchone()[0]
        bodies = ((version_id, at, orjson.dumps(row).decode()) for at, row in enumerate(rows, start=first))
        db.executemany("INSERT INTO an_rows VALUES (?, ?, ?)", bodies)
        count = db.execute("SELECT count(*) FROM an_rows WHERE version_id = ?", (version_id,)).fetchone()[0]
        kept = orjson.dumps([field.as_json() for field in fields]).decode()
        db.execute("INSERT INTO an_versions VALUES (?, ?, ?, ?, ?, ?)",
                   (version_id, dataset.id, number, now, count, kept))  # fmt: skip
        db.execute("UPDATE an_datasets SET current = ?, modified = ? WHERE id = ?", (version_id, now, dataset.id))
        self._forget_old(dataset)
        return Version(version_id, dataset.id, now, count, fields)

    def _forget_old(self, dataset: Dataset) -> None:
        for old in self.versions(dataset)[VERSIONS_KEPT:]:
            self._store.writer.execute("DELETE FROM an_rows WHERE version_id = ?", (old.id,))
            self._store.writer.execute("DELETE FROM an_versions WHERE id = ?", (old.id,))


def checked_alias(alias: str) -> str:
    """A dataset's name follows the rules of field names and cannot end with __c."""
    if not alias.isascii() or not alias.replace("_", "a").isalnum() or not alias[:1].isalpha() or len(alias) > 80:
        raise LoadError(f"{alias!r} is not the name of a dataset")
    if alias.endswith("__c"):
        raise LoadError("The name of a dataset cannot end with __c")
    return alias


def _version(row: tuple[Any, ...]) -> Version:
    version_id, dataset_id, created, rows, fields = row
    return Version(version_id, dataset_id, created, rows, tuple(DatasetField(**one) for one in orjson.loads(fields)))


_DATASET = "SELECT id, name, label, container, created, modified, current FROM an_datasets"
_VERSION = "SELECT id, dataset_id, created, rows, fields FROM an_versions"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS an_datasets (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, label TEXT NOT NULL, "
    "container TEXT, created TEXT NOT NULL, modified TEXT NOT NULL, current TEXT)",
    "CREATE TABLE IF NOT EXISTS an_versions (id TEXT PRIMARY KEY, dataset_id TEXT NOT NULL, number INTEGER NOT NULL, "
    "created TEXT NOT NULL, rows INTEGER NOT NULL, fields TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS an_rows (version_id TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, "
    "PRIMARY KEY (version_id, number)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS an_uploads (id TEXT PRIMARY KEY, dataset TEXT NOT NULL, submitted REAL NOT NULL, "
    "ends TEXT, finished INTEGER NOT NULL DEFAULT 0)",
)
