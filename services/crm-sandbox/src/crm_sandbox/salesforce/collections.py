"""Up to 200 records in one call, each with its own fate, in the order they came."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from crm_sandbox.foreign import Json, JsonObject
from crm_sandbox.salesforce.drafts import as_object
from crm_sandbox.salesforce.errors import RecordError, RequestError
from crm_sandbox.salesforce.records import Records
from crm_sandbox.salesforce.schema import Field, Schema, SObject
from crm_sandbox.salesforce.upserts import upsert
from crm_sandbox.store import Store
from crm_sandbox.switch import Turned

MOST_RECORDS = 200
MOST_CHUNKS = 10

Result = dict[str, Any]
Write = Callable[[JsonObject], Result]


class Collections:
    def __init__(self, store: Store, schema: Schema, records: Records, switches: Turned) -> None:
        self._switches = switches
        self._store = store
        self._schema = schema
        self._records = records

    def create(self, body: Json, fails_first: str | None = None) -> list[Result]:
        return self._each(body, self._create, fails_first)

    def update(self, body: Json, fails_first: str | None = None) -> list[Result]:
        return self._each(body, self._update, fails_first)

    def upsert(self, one: SObject, key: Field, body: Json, fails_first: str | None = None) -> list[Result]:
        records, _ = _envelope(body)
        twice = _twice(key, records)
        seen: set[Json] = set()

        def first_passes(folded: Json) -> bool:
            first = folded not in seen
            seen.add(folded)
            return first and self._switches.of("duplicate_external_ids") == "second"

        def write(record: JsonObject) -> Result:
            if self._typed(record) is not one:
                raise RecordError("INVALID_TYPE", f"records of this call must be of type {one.name}")
            value, rest = without(record, key.name)
            if value is not None and key.fold(value) in twice and not first_passes(key.fold(value)):
                message = f"Duplicate external id specified: {value}"
                raise RecordError("DUPLICATE_VALUE", message, [key.name])
            record_id, created = upsert(self._records, one, key, value, rest)
            return {**_success(record_id), "created": created}

        return self._each(body, write, fails_first)

    def delete(self, ids: Sequence[str], *, all_or_none: bool, fails_first: str | None = None) -> list[Result]:
        _check_count(ids)

        def remove(record: JsonObject) -> Result:
            one, found = self._by_id(str(record["id"]))
            self._records.delete(one, found)
            return _success(found.id)

        return self._in_one_transaction([{"id": one} for one in ids], remove, all_or_none, fails_first)

    def _each(self, body: Json, write: Write, fails_first: str | None) -> list[Result]:
        records, all_or_none = _envelope(body)
        return self._in_one_transaction(records, write, all_or_none, fails_first)

    def _in_one_transaction(
        self, records: Iterable[Json], write: Write, all_or_none: bool, fails_first: str | None
    ) -> list[Result]:
        results: list[Result] = []
        try:
            with self._store.transaction():
                for record in records:
                    results.append(_outcome(record, write, fails_first))
                    fails_first = None
                if all_or_none and not all(result["success"] for result in results):
                    raise _RollbackError
        except _RollbackError:
            return [_rolled_back() if result["success"] else result for result in results]
        return results

    def _create(self, record: JsonObject) -> Result:
        return _success(self._records.insert(self._typed(record), record))

    def _update(self, record: JsonObject) -> Result:
        record_id, rest = without(record, "id")
        if not record_id:
            raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call")
        one = self._typed(record)
        found = self._records.living(one, str(record_id))
        self._records.update(one, found, rest)
        return _success(found.id)

    def _typed(self, record: JsonObject) -> SObject:
        name = _type_of(record)
        if name and (one := self._schema.find(name)):
            return one
        raise RecordError("INVALID_TYPE", f"sObject type '{name}' is not supported.")

    def _by_id(self, record_id: str) -> tuple[SObject, Any]:
        one = self._schema.of_id(record_id)
        if one is None:
            raise RecordError("MALFORMED_ID", f"malformed id {record_id}")
        return one, self._records.living(one, record_id)


class _RollbackError(Exception):
    """Not all records were valid, and the client wanted all or none."""


def without(record: JsonObject, name: str) -> tuple[Json, dict[str, Json]]:
    """A field's value and the record without it; names count no case."""
    rest = dict(record)
    folded = name.lower()
    key = name if name in rest else next((key for key in rest if key.lower() == folded), None)
    return (None if key is None else rest.pop(key)), rest


def _envelope(body: Json) -> tuple[list[Json], bool]:
    envelope = body if isinstance(body, dict) else {}
    records = envelope.get("records")
    if not isinstance(records, list):
        raise RequestError("JSON_PARSER_ERROR", "The request needs an object with a list of records")
    _check_count(records)
    if len(list(groupby(_type_of(record) for record in records))) > MOST_CHUNKS:
        raise RequestError(
            "LIMIT_EXCEEDED",
            f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. "
            "Please rearrange the data to reduce chunking.",
        )
    return records, envelope.get("allOrNone") is True


def _check_count(records: Sequence[object]) -> None:
    if not records:
        raise RequestError("REQUIRED_FIELD_MISSING", "At least 1 record is required")
    if len(records) > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise RequestError("EXCEEDED_MAX_SIZE_REQUEST", message)


def _type_of(record: object) -> str:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    return str(attributes.get("type") or "") if isinstance(attributes, dict) else ""


def _twice(key: Field, records: Sequence[Json]) -> frozenset[Json]:
    """The external ids that two records of one call claim."""
    values = [without(record, key.name)[0] for record in records if isinstance(record, dict)]
    counts = Counter(key.fold(value) for value in values if isinstance(value, str | int | float))
    return frozenset(value for value, count in counts.items() if count > 1)


def _outcome(record: Json, write: Write, fails_first: str | None) -> Result:
    try:
        if fails_first:
            raise RecordError(fails_first)
        return write(as_object(record))
    except RecordError as error:
        return {"success": False, "errors": [error.in_collection()]}


def _success(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}


def _rolled_back() -> Result:
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return {"success": False, "errors": [RecordError("ALL_OR_NONE_OPERATION_ROLLED_BACK", message).in_collection()]}
