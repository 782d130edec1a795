"""Records in their table: found by id or key, kept, archived, merged; each change also leaves a version behind."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import orjson

from crm_sandbox.clock import Clock
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.properties import Properties, Property
from crm_sandbox.store import Store

FIRST_ID = 20_100_000_001
"""Real ids have eleven or twelve digits; no two objects of a portal share one here."""

Values = dict[str, str]

_NEXT_ID = "hubspot_next_id"


@dataclass(frozen=True, slots=True)
class Record:
    """Moments are milliseconds since 1970."""

    id: int
    type: str
    values: Values
    created: int
    updated: int
    archived_at: int | None = None

    @property
    def archived(self) -> bool:
        return self.archived_at is not None


@dataclass(frozen=True, slots=True)
class Version:
    at: int
    values: Values


_HOLDER = "SELECT id FROM hs_keys WHERE type = ? AND property = ? AND value = ?"
_COLUMNS = "id, type, properties, created, updated, archived_at"


class Records:
    def __init__(self, store: Store, properties: Properties, clock: Clock) -> None:
        self._store = store
        self._db = store.writer
        self._properties = properties
        self._clock = clock
        self._next_id = FIRST_ID
        self._earlier_ms = 0

    def create_tables(self) -> None:
        for statement in _TABLES:
            self._db.execute(statement)
        (last,) = self._db.execute("SELECT max(id) FROM hs_records").fetchone()
        self._next_id = max((last or 0) + 1, int(self._store.fact(_NEXT_ID) or FIRST_ID))

    def now(self) -> int:
        return int(self._clock.now() * 1000) - self._earlier_ms

    @contextmanager
    def earlier(self, ms: int) -> Iterator[None]:
        """Write records of the past."""
        self._earlier_ms = ms
        yield
        self._earlier_ms = 0

    def new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def find(self, one: ObjectType, text: str, *, archived: bool = False) -> Record | None:
        """By id; the id of a record that was merged away finds the one it became part of."""
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            return None
        row = self._db.execute(f"SELECT {_COLUMNS}, merged_into FROM hs_records WHERE id = ?", (int(text),)).fetchone()
        if row is None or row[1] != one.id:
            return None
        if row[6] is not None:
            return self.find(one, str(row[6]), archived=archived)
        record = _record(row)
        return record if record.archived is archived else None

    def holder(self, one: ObjectType, key: str, value: str) -> int | None:
        """The id of the living record that holds a key's value."""
        row = self._db.execute(_HOLDER, (one.id, key, value)).fetchone()
        return None if row is None else int(row[0])

    def find_by(self, one: ObjectType, key: str, value: str) -> Record | None:
        sql = f"SELECT {_COLUMNS} FROM hs_records WHERE id = ({_HOLDER})"
        row = self._db.execute(sql, (one.id, key, value)).fetchone()
        return None if row is None else _record(row)

    def insert(self, one: ObjectType, record: Record) -> None:
        columns = (record.id, record.type, orjson.dumps(record.values), record.created, record.updated)
        self._db.execute(f"INSERT INTO hs_records ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL)", columns)
        self._version(record, columns[2])
        keys = [(one.id, key.name, record.values[key.name], record.id) for key in self._held(one, record.values)]
        self._db.executemany("INSERT INTO hs_keys VALUES (?, ?, ?, ?)", keys)

    def update(self, one: ObjectType, before: Record, record: Record) -> None:
        body = orjson.dumps(record.values)
        self._db.execute(
            "UPDATE hs_records SET properties = ?, updated = ? WHERE id = ?", (body, record.updated, record.id)
        )
        self._version(record, body)
        for key in self._properties.keys(one):
            was, now = before.values.get(key.name), record.values.get(key.name)
            if was == now:
                continue
            if was:
                self._db.execute(
                    "DELETE FROM hs_keys WHERE type = ? AND property = ? AND value = ?", (one.id, key.name, was)
                )
            if now:
                self._db.execute(
                    "INSERT OR REPLACE INTO hs_keys VALUES (?, ?, ?, ?)", (one.id, key.name, now, record.id)
                )

    def keep_calculated(self, one: ObjectType, record_id: int, name: str, value: str) -> None:
        """What the portal itself says of a record; nobody has edited it by that."""
        record = self.find(one, str(record_id))
        if record is not None and record.values.get(name) != value:
            self.update(one, record, replace(record, values={**record.values, name: value}))

    def archive(self, record: Record, *, merged_into: int | None = None) -> None:
        """Out of sight; its keys are free again, as a new contact may have an archived one's e-mail (check 95)."""
        now = self.now()
        gone = replace(record, archived_at=now, updated=now)
        sql = "UPDATE hs_records SET archived_at = ?, updated = ?, merged_into = ? WHERE id = ?"
        self._db.execute(sql, (now, now, merged_into, record.id))
        self._db.execute("DELETE FROM hs_keys WHERE id = ?", (record.id,))
        self._version(gone, orjson.dumps(record.values))

    def purge(self, record: Record) -> None:
        """Gone for good, as the law may demand."""
        for table, column in (("hs_keys", "id"), ("hs_versions", "id"), ("hs_records", "id")):
            self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (record.id,))
        # The next start would else give the last record's id again.
        self._store.remember(_NEXT_ID, str(self._next_id))

    def give_key(self, one: ObjectType, key: str, value: str, record_id: int) -> None:
        """Let a record be found by one more value, such as a further e-mail of a merged contact."""
        self._db.execute("INSERT OR REPLACE INTO hs_keys VALUES (?, ?, ?, ?)", (one.id, key, value, record_id))

    def index_key(self, one: ObjectType, key: str) -> None:
        """Find records by a property that only now became a key."""
        value = "json_extract(CAST(properties AS TEXT), ?)"
        sql = f"INSERT OR IGNORE INTO hs_keys SELECT type, ?, {value}, id FROM hs_records WHERE type = ?"
        path = f'$."{key}"'
        self._db.execute(f"{sql} AND archived_at IS NULL AND {value} IS NOT NULL", (key, path, one.id, path))

    def page(self, one: ObjectType, after: int, limit: int, *, archived: bool) -> list[Record]:
        """The next records by id, from the connection that reads beside the writer."""
        state = "archived_at IS NOT NULL AND merged_into IS NULL" if archived else "archived_at IS NULL"
        sql = f"SELECT {_COLUMNS} FROM hs_records WHERE type = ? AND id > ? AND {state} ORDER BY id LIMIT ?"
        return [_record(row) for row in self._store.reader.execute(sql, (one.id, after, limit))]

    def as_indexed(self, one: ObjectType, until: int) -> Iterator[Record]:
        """All records by id as they were at a moment: search knows nothing newer."""
        db = self._store.reader
        db.execute("BEGIN")
        try:
            seen = "(archived_at IS NULL OR updated > ?)"
            sql = f"SELECT {_COLUMNS} FROM hs_records WHERE type = ? AND {seen} ORDER BY id"
            for row in db.execute(sql, (one.id, until)):
                record = _record(row)
                earlier = record if record.updated <= until else _before(db, record, until)
                if earlier and not earlier.archived:
                    yield earlier
        finally:
            db.execute("COMMIT")

    def versions(self, record: Record) -> list[Version]:
        """What the record was, newest first."""
        sql = "SELECT at, properties FROM hs_versions WHERE id = ? ORDER BY seq DESC"
        return [Version(at, orjson.loads(body)) for at, body in self._db.execute(sql, (record.id,))]

    def counts(self) -> Mapping[str, int]:
        sql = "SELECT type, count(*) FROM hs_records WHERE archived_at IS NULL GROUP BY type"
        return dict(self._db.execute(sql).fetchall())

    def _held(self, one: ObjectType, values: Values) -> Sequence[Property]:
        return [key for key in self._properties.keys(one) if values.get(key.name)]

    def _version(self, record: Record, body: bytes) -> None:
        sql = "INSERT INTO hs_versions (id, at, archived_at, properties) VALUES (?, ?, ?, ?)"
        self._db.execute(sql, (record.id, record.updated, record.archived_at, body))


def _record(row: Sequence[Any]) -> Record:
    number, kind, body, created, updated, archived_at = row[:6]
    return Record(number, kind, orjson.loads(body), created, updated, archived_at)


def _before(db: sqlite3.Connection, record: Record, until: int) -> Record | None:
    sql = "SELECT at, archived_at, properties FROM hs_versions WHERE id = ? AND at <= ? ORDER BY seq DESC LIMIT 1"
    row = db.execute(sql, (record.id, until)).fetchone()
    return row and replace(record, updated=row[0], archived_at=row[1], values=orjson.loads(row[2]))


_TABLES = (
    "CREATE TABLE IF NOT EXISTS hs_records (id INTEGER PRIMARY KEY, type TEXT NOT NULL, properties BLOB NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, archived_at INTEGER, merged_into INTEGER)",
    "CREATE INDEX IF NOT EXISTS hs_records_type ON hs_records (type, id)",
    "CREATE TABLE IF NOT EXISTS hs_keys (type TEXT, property TEXT, value TEXT, id INTEGER NOT NULL,"
    " PRIMARY KEY (type, property, value)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS hs_keys_id ON hs_keys (id)",
    "CREATE TABLE IF NOT EXISTS hs_versions (seq INTEGER PRIMARY KEY, id INTEGER NOT NULL, at INTEGER NOT NULL,"
    " archived_at INTEGER, properties BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS hs_versions_id ON hs_versions (id, seq)",
)
