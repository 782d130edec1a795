"""Up to 200 rows of an upload, written in one transaction, each with a fate of its own."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.bulk.columns import Column, Row
from crm_sandbox.salesforce.bulk.job import Job
from crm_sandbox.salesforce.bulk.neighbours import Neighbours
from crm_sandbox.salesforce.drafts import Draft, completed, demand, demand_open, without_gaps
from crm_sandbox.salesforce.errors import RecordError, RequestError
from crm_sandbox.salesforce.ids import to_18
from crm_sandbox.salesforce.records import Found, Records, foreign_key_not_found
from crm_sandbox.salesforce.schema import Field, SObject
from crm_sandbox.salesforce.upserts import SeveralMatchesError


@dataclass(frozen=True, slots=True)
class Written:
    id: str
    created: bool


Fate: TypeAlias = Written | RecordError
# References that every record has to a user: nobody locks those.
_STAMPED = frozenset({"OwnerId", "CreatedById", "LastModifiedById"})


class Chunk:
    """One transaction's work for a job; `key` is the field of an upsert, else the Id."""

    def __init__(self, db: sqlite3.Connection, records: Records, one: SObject, job: Job, key: Field) -> None:
        self._db = db
        self._records = records
        self._object = one
        self._operation = job.operation
        self._key = key
        self._known = Neighbours(records, job.id)
        self._inserts: list[dict[str, Scalar]] = []
        self._updates: dict[tuple[str, ...], list[tuple[Scalar, ...]]] = defaultdict(list)

    def write(self, rows: Sequence[Row | RecordError], *, second_only: bool) -> list[Fate]:
        """The fates of the rows, in their order; what was wrong with a row before stays its fate."""
        good = [row for row in rows if isinstance(row, Row)]
        self._look_around(good)
        self._number = self._records.next_number(self._object)
        twice = self._twice(good)
        seen: set[Scalar] = set()
        fates: list[Fate] = []
        for row in rows:
            if isinstance(row, RecordError):
                fates.append(row)
                continue
            try:
                self._refuse_twice(row, twice, seen, second_only)
                fates.append(self._write_one(row))
            except RecordError as error:
                fates.append(error)
            except RequestError as error:
                fates.append(RecordError(error.code, error.message))
        self._execute()
        return fates

    @property
    def parents(self) -> set[str]:
        """The records that the written rows refer to."""
        named = [field.name for field in self._object.fields.values() if field.type == "reference"]
        found = {row.get(name) for row in self._inserts for name in named if name not in _STAMPED}
        for changed, lines in self._updates.items():
            places = [at for at, name in enumerate(changed) if name in named and name not in _STAMPED]
            found |= {line[at] for line in lines for at in places}
        return {str(one) for one in found if one}

    def _look_around(self, rows: Sequence[Row]) -> None:
        """Read all records that the rows refer to, or whose values they might repeat."""
        known, one = self._known, self._object
        keys = [row.key for row in rows]
        if self._key.type == "id":
            known.expect_ids(one, keys)
        else:
            known.expect_keys(one, self._key, keys)
        for field in one.unique_fields:
            values = [row.draft.get(field) for row in rows]
            known.expect_keys(one, field, [*values, *(keys if field is self._key else ())])
        for column, values in _by_column(rows).items():
            target, key = column.of_parent or (one, self._key)
            known.expect_keys(target, key, values)
        ids = [value for row in rows for field, value in row.draft.items() if field.type == "reference"]
        for prefix in {str(value)[:3] for value in ids if value}:
            if referred := self._records.schema.of_id(prefix):
                known.expect_ids(referred, [value for value in ids if str(value).startswith(prefix)])

    def _twice(self, rows: Sequence[Row]) -> Collection[Scalar]:
        if self._operation != "upsert" or self._key.type == "id":
            return ()
        counts = Counter(self._key.fold(row.key) for row in rows if row.key is not None)
        return {value for value, count in counts.items() if count > 1}

    def _refuse_twice(self, row: Row, twice: Collection[Scalar], seen: set[Scalar], second_only: bool) -> None:
        if twice and (folded := self._key.fold(row.key)) in twice:
            first = folded not in seen
            seen.add(folded)
            if not (first and second_only):
                raise RecordError("DUPLICATE_VALUE", f"Duplicate external id specified: {row.key}", [self._key.name])

    def _write_one(self, row: Row) -> Written:
        self._find_parents(row)
        if self._operation == "insert":
            return self._insert(row.draft)
        if self._key.type == "id":
            if row.key is None and self._operation == "upsert":
                return self._insert(row.draft)
            found = self._living(row.key)
            return self._delete(found) if self._operation in ("delete", "hardDelete") else self._update(found, row)
        if row.key is None:
            raise RecordError("MISSING_ARGUMENT", f"{self._key.name} not specified", [self._key.name])
        matches = self._known.with_key(self._object, self._key, row.key)
        if len(matches) > 1:
            raise SeveralMatchesError([match.id for match in matches], self._key)
        return self._update(matches[0], row) if matches else self._insert({**row.draft, self._key: row.key})

    def _find_parents(self, row: Row) -> None:
        for column, value in row.parents:
            target, key = column.of_parent or (self._object, self._key)
            matches = self._known.with_key(target, key, value)
            if not matches:
                raise foreign_key_not_found(target, key, value)
            row.draft[column.field] = matches[0].id
            self._known.expect_ids(target, [matches[0].id])

    def _living(self, key: Scalar) -> Found:
        if not key:
            raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call")
        if to_18(str(key)) is None:
            raise RecordError("MALFORMED_ID", f"malformed id {key}")
        found = self._known.find(self._object, str(key))
        if found is None:
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if found.deleted:
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted")
        return found

    def _insert(self, draft: Draft) -> Written:
        demand(self._object, "createable")
        demand_open(draft, creating=True)
        row = self._records.new_row(self._object, completed(self._object, draft), self._number, self._known)
        self._inserts.append(row)
        found = Found(self._number, str(row["Id"]), False)
        self._known.learn(found, draft.items(), new=True)
        self._number += 1
        return Written(found.id, True)

    def _update(self, found: Found, row: Row) -> Written:
        demand(self._object, "updateable")
        demand_open(row.draft, creating=False)
        columns = self._records.changed_row(self._object, found, without_gaps(row.draft), self._known)
        self._updates[tuple(columns)].append((*columns.values(), found.row))
        self._known.learn(found, row.draft.items(), new=False)
        return Written(found.id, False)

    def _delete(self, found: Found) -> Written:
        self._known.forget(found)
        if self._operation == "hardDelete":
            self._records.erase(self._object, found)
        else:
            self._records.delete(self._object, found)
        return Written(found.id, False)

    def _execute(self) -> None:
        if self._inserts:
            names = tuple(dict.fromkeys(name for row in self._inserts for name in row))
            columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
            # A boolean that nobody named is false, not null.
            empty = {field.name: 0 for field in self._object.fields.values() if field.type == "boolean"}
            # Most rows of a file name the same columns in the same order.
            rows = [
                tuple(row.values()) if tuple(row) == names else tuple(map((empty | row).get, names))
                for row in self._inserts
            ]
            self._db.executemany(f"INSERT INTO {self._object.table} ({columns}) VALUES ({marks})", rows)
        for changed, lines in self._updates.items():
            settings = ", ".join(f'"{name}" = ?' for name in changed)
            self._db.executemany(f"UPDATE {self._object.table} SET {settings} WHERE rowid = ?", lines)


def _by_column(rows: Iterable[Row]) -> dict[Column, list[Scalar]]:
    values: dict[Column, list[Scalar]] = defaultdict(list)
    for row in rows:
        for column, value in row.parents:
            values[column].append(value)
    return values
