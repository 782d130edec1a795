"""Records, one by one and 200 at a time."""

from collections.abc import Callable, Sequence
from typing import Any

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.foreign import Json
from crm_sandbox.org import Org
from crm_sandbox.rooms.salesforce_bodies import body_of
from crm_sandbox.salesforce.collections import without
from crm_sandbox.salesforce.errors import RecordError, RequestError, no_such_resource
from crm_sandbox.salesforce.ids import to_18
from crm_sandbox.salesforce.pages import read_rows
from crm_sandbox.salesforce.records import Found
from crm_sandbox.salesforce.schema import Field, SObject
from crm_sandbox.salesforce.upserts import SeveralMatchesError, key_field, upsert
from crm_sandbox.salesforce.values import stored

MOST_RETRIEVED = 2000


class RecordCalls:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._records = org.records
        self._many = org.collections

    def create(self, call: Call) -> Answer:
        one, body = self._object(call), _record(call)
        record_id = self._write(call, lambda: self._records.insert(one, body))
        headers = {"location": f"/services/data/v{call.words['version']}/sobjects/{one.name}/{record_id}"}
        return Answer.json({"id": record_id, "success": True, "errors": []}, 201, **headers)

    def read(self, call: Call) -> Answer:
        one = self._object(call)
        return self._shown(call, one, self._addressed(one, call.words["id"]))

    def read_by_key(self, call: Call) -> Answer:
        one, _, found = self._addressed_by_key(call)
        return self._shown(call, one, found)

    def update(self, call: Call) -> Answer:
        one, body = self._object(call), _record(call)
        if without(body, "id")[0] is not None:
            raise RequestError("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
        found = self._addressed(one, call.words["id"])
        self._write(call, lambda: self._records.update(one, found, body))
        return Answer(204)

    def upsert(self, call: Call) -> Answer:
        one, body = self._object(call), _record(call)
        key = key_field(one, call.words["field"])
        for name in {"Id", key.name}:
            if without(body, name)[0] is not None:
                raise RequestError("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")
        rest, only = without(body, key.name)[1], call.says("updateOnly")
        try:
            record_id, created = self._write(
                call, lambda: upsert(self._records, one, key, call.words["value"], rest, update_only=only)
            )
        except SeveralMatchesError as error:
            base = f"/services/data/v{call.words['version']}/sobjects/{one.name}"
            return Answer.json([f"{base}/{record_id}" for record_id in error.ids], 300)
        result = {"id": record_id, "success": True, "errors": [], "created": created}
        return Answer.json(result, 201 if created else 200)

    def delete(self, call: Call) -> Answer:
        one = self._object(call)
        return self._deleted(call, one, self._addressed(one, call.words["id"]))

    def delete_by_key(self, call: Call) -> Answer:
        one, _, found = self._addressed_by_key(call)
        return self._deleted(call, one, found)

    def create_many(self, call: Call) -> Answer:
        return Answer.json(self._many.create(body_of(call), call.fails_first))

    def update_many(self, call: Call) -> Answer:
        return Answer.json(self._many.update(body_of(call), call.fails_first))

    def upsert_many(self, call: Call) -> Answer:
        one = self._object(call)
        key = key_field(one, call.words["field"])
        return Answer.json(self._many.upsert(one, key, body_of(call), call.fails_first))

    def delete_many(self, call: Call) -> Answer:
        ids = [one for one in call.query.get("ids", "").split(",") if one]
        all_or_none = call.says("allOrNone")
        return Answer.json(self._many.delete(ids, all_or_none=all_or_none, fails_first=call.fails_first))

    def retrieve_many(self, call: Call) -> Answer:
        one = self._object(call)
        ids, names = _wanted(call)
        fields = self._fields(one, names)
        found = [self._records.find(one, record_id) for record_id in ids]
        rows = [one.row for one in found if one and not one.deleted]
        version = call.words["version"]
        records = {
            r["attributes"]["url"][-18:]: r for r in read_rows(self._org.store.writer, one, fields, rows, version)
        }
        return Answer.json([records.get(to_18(record_id) or "") for record_id in ids])

    def _object(self, call: Call) -> SObject:
        return self._org.schema.named(call.words["object"])

    def _addressed(self, one: SObject, record_id: str) -> Found:
        """The record of a path: what is missing there is a missing page."""
        if to_18(record_id) is None:
            raise RecordError("MALFORMED_ID", f"malformed id {record_id}")
        found = self._records.find(one, record_id)
        if found is None:
            raise no_such_resource()
        if found.deleted:
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted")
        return found

    def _addressed_by_key(self, call: Call) -> tuple[SObject, Field, Found]:
        one = self._object(call)
        key = key_field(one, call.words["field"])
        matches = self._records.with_key(one, key, stored(key, call.words["value"]))
        if not matches:
            raise no_such_resource()
        return one, key, matches[0]

    def _shown(self, call: Call, one: SObject, found: Found) -> Answer:
        names = [name for name in call.query.get("fields", "").split(",") if name]
        fields = self._fields(one, names) if names else tuple(one.fields.values())
        return Answer.json(read_rows(self._org.store.writer, one, fields, [found.row], call.words["version"])[0])

    def _fields(self, one: SObject, names: Sequence[str]) -> tuple[Field, ...]:
        found = []
        for name in names:
            field = one.field(name)
            if field is None:
                raise RequestError("INVALID_FIELD", f"No such column '{name}' on sobject of type {one.name}")
            found.append(field)
        return tuple(found)

    def _deleted(self, call: Call, one: SObject, found: Found) -> Answer:
        self._write(call, lambda: self._records.delete(one, found))
        return Answer(204)

    def _write(self, call: Call, write: Callable[[], Any]) -> Any:
        if call.fails_first:
            raise RecordError(call.fails_first)
        with self._org.store.transaction():
            return write()


def _record(call: Call) -> dict[str, Json]:
    body = body_of(call)
    if isinstance(body, dict):
        return body
    raise RequestError("JSON_PARSER_ERROR", "The HTTP entity body is required to be an object at [line:1, column:1]")


def _wanted(call: Call) -> tuple[list[str], list[str]]:
    """Ids and field names, from the query of a GET or the body of a POST."""
    if call.method == "GET":
        ids, names = (call.query.get(name, "").split(",") for name in ("ids", "fields"))
        wanted: dict[str, Json] = {"ids": [one for one in ids if one], "fields": [one for one in names if one]}
    else:
        wanted = _record(call)
    for name in ("ids", "fields"):
        given = wanted.get(name)
        if not isinstance(given, list) or not given or not all(isinstance(one, str) for one in given):
            raise RequestError("REQUIRED_FIELD_MISSING", f"{name}: a list is needed")
    ids, names = wanted["ids"], wanted["fields"]  # type: ignore[assignment]
    if len(ids) > MOST_RETRIEVED:
        raise RequestError("EXCEEDED_ID_LIMIT", f"cannot retrieve more than {MOST_RETRIEVED} records in one call")
    return ids, names
