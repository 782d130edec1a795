"""Records in their tables: find, insert, change, delete, with the checks that need the other records."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from crm_sandbox.clock import Clock
from crm_sandbox.foreign import Json, JsonObject, Scalar
from crm_sandbox.salesforce.crossing import check_crossing
from crm_sandbox.salesforce.drafts import Draft, changes, demand, derived, new_record, sources_of_derived
from crm_sandbox.salesforce.errors import RecordError
from crm_sandbox.salesforce.ids import make_id, to_18
from crm_sandbox.salesforce.locks import Locks
from crm_sandbox.salesforce.schema import Field, Schema, SObject
from crm_sandbox.salesforce.values import stored
from crm_sandbox.store import Store
from crm_sandbox.switch import Turned

Row: TypeAlias = dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class Found:
    row: int
    id: str
    deleted: bool


class Known(Protocol):
    """Where the records are looked up that a new value may meet: in the table, or among many read at once.

    `owner` is the job that writes, whose own locks do not stop it; empty for every other call.
    """

    owner: str

    def with_key(self, one: SObject, field: Field, value: Scalar) -> Sequence[Found]: ...

    def find(self, one: SObject, record_id: str) -> Found | None: ...


class Records:
    owner = ""

    def __init__(self, store: Store, schema: Schema, clock: Clock, switches: Turned, user_id: str) -> None:
        self._store = store
        self._db = store.writer
        self.schema = schema
        self._clock = clock
        self._switches = switches
        self._user_id = user_id
        self.locks = Locks()
        # By object: what a new record must pass beside the rules that all records have.
        self.checks: dict[str, Callable[[str, Mapping[str, Scalar]], None]] = {}

    def find(self, one: SObject, record_id: str) -> Found | None:
        sql = f'SELECT rowid, "Id", "IsDeleted" FROM {one.table} WHERE "Id" = ?'
        row = self._db.execute(sql, (to_18(record_id),)).fetchone()
        return None if row is None else Found(row[0], row[1], bool(row[2]))

    def living(self, one: SObject, record_id: str) -> Found:
        """The record to be changed, or why it cannot be."""
        if to_18(record_id) is None:
            raise RecordError("MALFORMED_ID", f"malformed id {record_id}")
        found = self.find(one, record_id)
        if found is None:
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if found.deleted:
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted")
        return found

    def with_key(self, one: SObject, field: Field, value: Scalar) -> Sequence[Found]:
        """The living records that hold this value in a key field."""
        if field.type == "id":
            found = self.find(one, str(value))
            return [found] if found and not found.deleted else []
        # The plus keeps SQLite away from the index on IsDeleted, which would list every living record.
        sql = f'SELECT rowid, "Id" FROM {one.table} WHERE {field.key_column} = ? AND +"IsDeleted" = 0 ORDER BY rowid'
        return [Found(row, record_id, False) for row, record_id in self._db.execute(sql, (field.fold(value),))]

    def with_keys(self, one: SObject, field: Field, folded: Collection[Scalar]) -> Iterator[tuple[Scalar, Found]]:
        """The living records that hold one of these folded values."""
        marks = ", ".join("?" * len(folded))
        key = field.key_column
        found = f'SELECT rowid, "Id", {key} FROM {one.table} WHERE {key} IN ({marks}) AND +"IsDeleted" = 0'
        sql = f"{found} ORDER BY rowid"
        for row, record_id, value in self._db.execute(sql, tuple(folded)):
            yield value, Found(row, record_id, False)

    def find_many(self, one: SObject, ids: Collection[str]) -> Iterator[Found]:
        """Those of these 18-character ids that there are, deleted ones too."""
        marks = ", ".join("?" * len(ids))
        sql = f'SELECT rowid, "Id", "IsDeleted" FROM {one.table} WHERE "Id" IN ({marks})'
        for row, record_id, deleted in self._db.execute(sql, tuple(ids)):
            yield Found(row, record_id, bool(deleted))

    def insert(self, one: SObject, body: JsonObject) -> str:
        demand(one, "createable")
        row = self.new_row(one, new_record(one, self._resolved(one, body)), self.next_number(one), self)
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        self._db.execute(f"INSERT INTO {one.table} ({names}) VALUES ({marks})", tuple(row.values()))
        return str(row["Id"])

    def _resolved(self, one: SObject, body: JsonObject) -> JsonObject:
        """The body with references by key, such as {"Account": {"Key__c": "x"}}, turned into ids."""
        nested = [name for name, value in body.items() if isinstance(value, dict)]
        relations = {name: field for name in nested if (field := one.relation(name))}
        if not relations:
            return body
        rest: dict[str, Json] = {name: value for name, value in body.items() if name not in relations}
        for name, field in relations.items():
            rest[field.name] = self._referred(field, body[name])
        return rest

    def _referred(self, field: Field, given: Json) -> str:
        keys = {name: value for name, value in given.items() if name != "attributes"} if isinstance(given, dict) else {}
        for target in filter(None, map(self.schema.find, field.reference_to)):
            for name, value in keys.items():
                key = target.field(name)
                if key is None or not (key.external_id or key.id_lookup) or len(keys) != 1:
                    continue
                if matches := self.with_key(target, key, stored(key, value)):
                    return matches[0].id
                raise foreign_key_not_found(target, key, value)
        message = (
            f"The relationship {field.relationship} needs exactly one external id of {', '.join(field.reference_to)}"
        )
        raise RecordError("INVALID_FIELD", message)

    def next_number(self, one: SObject) -> int:
        """The number of the next record; one that was erased is not given again."""
        last = int(self._db.execute(f"SELECT ifnull(max(rowid), 0) FROM {one.table}").fetchone()[0])
        return max(last, int(self._store.fact(f"erased {one.name}") or 0)) + 1

    def new_row(self, one: SObject, draft: Draft, number: int, known: "Known") -> Row:
        """All columns of a new record; RecordError where another record stands in its way."""
        if self._switches.on("storage_full"):
            raise RecordError("STORAGE_LIMIT_EXCEEDED")
        if one.derived_fields:
            draft.update(derived(one, {field.name: value for field, value in draft.items()}))
        self._check_others(one, draft, known, row=None)
        check = self.checks.get(one.name)
        if one.crossing or check:
            values = {field.name: value for field, value in draft.items()}
            check_crossing(one, values, dependent=self._switches.on("dependent_picklists"))
            if check:
                check(one.name, values)
        columns = self.system_columns(one, number)
        for field, value in draft.items():
            columns[field.name] = value
        if one.default_record_type and not columns.get("RecordTypeId"):
            columns["RecordTypeId"] = one.default_record_type
        for field in one.key_fields:
            columns[f"{field.name}~key"] = field.fold(columns.get(field.name))
        return columns

    def system_columns(self, one: SObject, number: int) -> dict[str, Scalar]:
        """What the org itself writes into its n-th record of an object."""
        now = self._clock.stamp()
        columns: dict[str, Scalar] = {
            "rowid": number,
            "Id": make_id(one.prefix, number),
            "OwnerId": self._user_id,
            "IsDeleted": 0,
            "CreatedDate": now,
            "CreatedById": self._user_id,
            "LastModifiedDate": now,
            "LastModifiedById": self._user_id,
            "SystemModstamp": now,
        }
        for field in one.numbered_fields:
            columns[field.name] = auto_number(field.auto_number_format or "{0}", number)
        return columns

    def update(self, one: SObject, found: Found, body: JsonObject) -> None:
        demand(one, "updateable")
        self.set(one, found, self.changed_row(one, found, changes(one, self._resolved(one, body)), self))

    def changed_row(self, one: SObject, found: Found, draft: Draft, known: "Known") -> Row:
        """The columns that an update sets; RecordError where another record stands in its way."""
        self._check_others(one, draft, known, row=found.row)
        if one.derived_fields:
            self._derive_again(one, found, draft)
        if one.crossing and (values := self._with_stored(one, found, draft, one.crossing.names)):
            check_crossing(one, values, dependent=self._switches.on("dependent_picklists"))
        columns: Row = {}
        for field, value in draft.items():
            columns[field.name] = value
            if field.is_key:
                columns[f"{field.name}~key"] = field.fold(value)
        now = self._clock.stamp()
        return columns | {"LastModifiedDate": now, "LastModifiedById": self._user_id, "SystemModstamp": now}

    def delete(self, one: SObject, found: Found) -> None:
        demand(one, "deletable")
        now = self._clock.stamp()
        self.set(one, found, {"IsDeleted": 1, "LastModifiedDate": now, "SystemModstamp": now})

    def erase(self, one: SObject, found: Found) -> None:
        """Delete for good: not even queryAll finds the record."""
        demand(one, "deletable")
        self._store.remember(f"erased {one.name}", str(self.next_number(one) - 1))
        self._db.execute(f"DELETE FROM {one.table} WHERE rowid = ?", (found.row,))

    def set(self, one: SObject, found: Found, columns: Row) -> None:
        settings = ", ".join(f'"{name}" = ?' for name in columns)
        self._db.execute(f"UPDATE {one.table} SET {settings} WHERE rowid = ?", (*columns.values(), found.row))

    def _derive_again(self, one: SObject, found: Found, draft: Draft) -> None:
        if values := self._with_stored(one, found, draft, sources_of_derived(one)):
            draft.update(derived(one, values))

    def _with_stored(self, one: SObject, found: Found, draft: Draft, names: Sequence[str]) -> dict[str, Scalar]:
        """These fields as they will be after the update; nothing where it changes none of them."""
        given = {field.name: value for field, value in draft.items()}
        if not any(name in given for name in names):
            return {}
        columns = ", ".join(f'"{name}"' for name in names)
        row = self._db.execute(f"SELECT {columns} FROM {one.table} WHERE rowid = ?", (found.row,)).fetchone()
        return {**dict(zip(names, row, strict=True)), **given}

    def _check_others(self, one: SObject, draft: Draft, known: "Known", *, row: int | None) -> None:
        for field in one.unique_fields:
            value = draft.get(field)
            others = [] if value is None else [o for o in known.with_key(one, field, value) if o.row != row]
            if others:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {others[0].id[:15]}"
                raise RecordError("DUPLICATE_VALUE", message)
        for field, value in draft.items():
            if field.type == "reference" and isinstance(value, str):
                self._check_reference(one, field, value, known)

    def _check_reference(self, one: SObject, field: Field, record_id: str, known: "Known") -> None:
        target = self.schema.of_id(record_id)
        if target is None or target.name not in field.reference_to:
            message = f"{field.label}: id value of incorrect type: {record_id}"
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, [field.name])
        if target.name == "RecordType":
            if record_id not in one.record_types:
                message = f"Record Type ID: this ID value isn't valid for the user: {record_id}"
                raise RecordError("INVALID_CROSS_REFERENCE_KEY", message, [field.name])
            return
        found = known.find(target, record_id)
        self.locks.demand_free(record_id, known.owner)
        if found is None:
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
        if found.deleted:
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted", [field.name])


def foreign_key_not_found(target: SObject, key: Field, value: object) -> RecordError:
    """A reference by key that leads nowhere."""
    message = f"Foreign key external ID: {value} not found for field {key.name} in entity {target.name}"
    return RecordError("INVALID_FIELD", message)


def auto_number(display: str, number: int) -> str:
    """`CLM-{00000}` and 7 make CLM-00007."""
    before, _, rest = display.partition("{")
    zeros, _, after = rest.partition("}")
    return f"{before}{number:0{len(zeros)}d}{after}"
