"""Query results by the page."""

import secrets
import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from crm_sandbox.clock import Clock
from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.ids import make_id, to_18
from crm_sandbox.salesforce.schema import Field, Schema, SObject
from crm_sandbox.salesforce.soql.compiler import Compiled, compiled
from crm_sandbox.salesforce.soql.parents import Parent, ParentField, parents_of
from crm_sandbox.salesforce.soql.parser import parse
from crm_sandbox.store import Store

MOST_IN_A_PAGE = 2000
FEWEST_IN_A_PAGE = 200
MOST_OPEN = 50
LIFETIME_S = 2 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Cursor:
    """The rows a query found, by number: eight bytes each, so that a million of them wait in memory."""

    query: Compiled
    rows: "array[int]"
    opened_at: float


class Pages:
    def __init__(self, store: Store, schema: Schema, clock: Clock) -> None:
        self._db = store.reader
        self._schema = schema
        self._clock = clock
        self._cursors: OrderedDict[str, Cursor] = OrderedDict()

    def clear(self) -> None:
        self._cursors.clear()

    def entity(self, soql: str) -> Compiled:
        return compiled(parse(soql), self._schema, self._clock, deleted_too=False)

    def first(self, soql: str, *, deleted_too: bool, size: int, version: str) -> dict[str, Any]:
        query = compiled(parse(soql), self._schema, self._clock, deleted_too=deleted_too)
        try:
            numbers = self._db.execute(query.sql, query.values).fetchall()
        except sqlite3.OperationalError as error:
            raise RequestError("QUERY_TOO_COMPLICATED", "Query is either selecting or filtering too much") from error
        if query.counts:
            return {"totalSize": numbers[0][0], "done": True, "records": []}
        cursor = Cursor(query, array("q", (number for (number,) in numbers)), self._clock.now())
        name = make_id("01g", secrets.randbelow(62**8))
        if len(cursor.rows) > size:
            self._cursors[name] = cursor
            if len(self._cursors) > MOST_OPEN:
                self._cursors.popitem(last=False)
        return self._page(name, cursor, 0, size, version)

    def more(self, locator: str, *, size: int, version: str) -> dict[str, Any]:
        name, _, start = locator.partition("-")
        cursor = self._cursors.get(to_18(name) or "")
        if cursor is None or not start.isdecimal() or cursor.opened_at + LIFETIME_S < self._clock.now():
            raise RequestError("INVALID_QUERY_LOCATOR", "invalid query locator")
        if int(start) >= len(cursor.rows):
            raise RequestError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(str(to_18(name)), cursor, int(start), size, version)

    def _page(self, name: str, cursor: Cursor, start: int, size: int, version: str) -> dict[str, Any]:
        end = start + size
        page: dict[str, Any] = {"totalSize": len(cursor.rows), "done": end >= len(cursor.rows)}
        if not page["done"]:
            page["nextRecordsUrl"] = f"/services/data/v{version}/query/{name}-{end}"
        query = cursor.query
        page["records"] = read_rows(self._db, query.object, query.fields, cursor.rows[start:end], version)
        return page


def read_rows(
    db: sqlite3.Connection, one: SObject, fields: tuple[Field, ...], rows: Sequence[int], version: str
) -> list[dict[str, Any]]:
    """These rows in this order, as the wire shows them."""
    parents = parents_of(fields)
    reads = [*(_column(one, field) for field in fields), *(parent.id_sql for parent in parents)]
    columns = "".join(f", {column}" for column in reads)
    marks = ", ".join("?" * len(rows))
    sql = f'SELECT rowid, "Id"{columns} FROM {one.table} WHERE rowid IN ({marks})'
    found = {values[0]: values for values in db.execute(sql, tuple(rows))}
    return [_as_json(one, fields, parents, found[row], version) for row in rows if row in found]


def _as_json(
    one: SObject, fields: tuple[Field, ...], parents: tuple[Parent, ...], values: tuple[Any, ...], version: str
) -> dict[str, Any]:
    """A row that starts with its number and id and ends with its parents' ids, as the wire shows it."""
    record: dict[str, Any] = {"attributes": _attributes(one.name, one, values[1], version)}
    ids = dict(zip((parent.path for parent in parents), values[2 + len(fields) :], strict=True))
    for field, value in zip(fields, values[2:], strict=False):
        if isinstance(field, ParentField):
            _nest(record, field, _shown(field, value), ids, version)
        else:
            record[field.name] = _shown(field, value)
    return record


def _nest(record: dict[str, Any], field: ParentField, value: Any, ids: Mapping[Any, Any], version: str) -> None:
    """Put a parent's value where it belongs; a parent that is not there is null as a whole."""
    for parent in field.parents:
        step, parent_id = parent.path[-1], ids[parent.path]
        if parent_id is None:
            record[step] = None
            return
        if step not in record:
            record[step] = {"attributes": _attributes(parent.entity, parent.kind_of(parent_id), parent_id, version)}
        record = record[step]
    record[field.name.rpartition(".")[2]] = value


def _attributes(kind: str, one: SObject, record_id: str, version: str) -> dict[str, str]:
    return {"type": kind, "url": f"/services/data/v{version}/sobjects/{one.name}/{record_id}"}


def _shown(field: Field, value: Any) -> Any:
    if field.type == "address":
        parts: dict[str, Any] = orjson.loads(value)
        return parts if any(part is not None for part in parts.values()) else None
    return bool(value) if field.type == "boolean" else value


def _column(one: SObject, field: Field) -> str:
    """What a field is read from: an address from the fields that it is made of, as one JSON text."""
    if field.type != "address":
        return field.column
    parts = ", ".join(f"'{name}', {part.column}" for name, part in one.parts_of_address(field).items())
    return f"json_object({parts})"
