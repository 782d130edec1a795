"""Records of a Salesforce org."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from shared.crm.describe import FieldDescribe, SaveResult
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import COLLECTION, SalesforceSession
from shared.crm.soql import quoted
from shared.errors import RecordsmithError

from gateway.domain.crm_records import Change, Field, Page, Refused, Row

_NAME = re.compile(r"[A-Za-z]\w{0,79}")
"""An API name; nothing else is put into a query or a path."""

_NO_SUCH = frozenset({"NOT_FOUND", "INVALID_TYPE"})
_COMPOUND = frozenset({"address", "location"})


class Salesforce:
    """By the REST API: describe, SOQL in order of ids, and Collections of 200."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    def key(self, object_name: str, record_id: str) -> str:
        """The id: it names the record in the whole org."""
        return record_id

    async def fields(self, object_name: str) -> list[Field]:
        """The fields of an object, as this user sees them."""
        _check(object_name)
        try:
            described = await self._session.describe(object_name)
        except SalesforceRefused as refused:
            raise _refused(refused, object_name) from refused
        return [_field(field) for field in described["fields"] if field.get("type") not in _COMPOUND]

    async def page(self, object_name: str, fields: Sequence[str], *, limit: int, cursor: str | None) -> Page:
        """Records with these fields, in order of their ids."""
        for name in (object_name, *fields):
            _check(name)
        names = ",".join(dict.fromkeys(("Id", *fields)))
        after = f" WHERE Id > {quoted(cursor)}" if cursor else ""
        soql = f"SELECT {names} FROM {object_name}{after} ORDER BY Id LIMIT {limit + 1}"  # noqa: S608 – names are checked
        try:
            rows = [row async for page in self._session.query(soql) for row in page]
        except SalesforceRefused as refused:
            raise _refused(refused, object_name) from refused
        shown = rows[:limit]
        records = [(str(row["Id"]), {field: row.get(field) for field in fields}) for row in shown]
        return Page(records, records[-1][0] if len(rows) > limit else None)

    async def create(self, object_name: str, rows: Sequence[Row]) -> list[Change]:
        """New records, by Collections; a call whose answer is lost is not repeated, for it may have made them."""
        _check(object_name)
        changes: list[Change] = []
        for first in range(0, len(rows), COLLECTION):
            some = [{**row, "attributes": {"type": object_name}} for row in rows[first : first + COLLECTION]]
            body = {"allOrNone": False, "records": some}
            try:
                results = await self._session.post("composite/sobjects", body, operation="create")
            except RecordsmithError as error:
                if not changes:
                    raise _refused(error, object_name) if isinstance(error, SalesforceRefused) else error from error
                # Those of earlier calls are made, and must be told.
                reason = f"The call for this record failed: {error}"
                changes += [Change(at, None, "failed", error.code, reason) for at in range(first, len(rows))]
                break
            changes += [_change(first + at, result, "created") for at, result in enumerate(results)]
        return changes

    async def delete(self, object_name: str, ids: Sequence[str]) -> list[Change]:
        """No records any more; they stay in the org's recycle bin for 15 days."""
        _check(object_name)
        changes: list[Change] = []
        for first in range(0, len(ids), COLLECTION):
            results = await self._session.collections_delete(ids[first : first + COLLECTION])
            for at, result in enumerate(results, first):
                changes.append(_change(at, {**result, "id": ids[at]}, "deleted"))
        return changes


def _field(field: FieldDescribe) -> Field:
    return Field(
        name=field["name"],
        label=field.get("label", field["name"]),
        type=field.get("type", "string"),
        length=field.get("length") or None,
        createable=field.get("createable", False),
        updateable=field.get("updateable", False),
        required=_is_required(field),
    )


def _is_required(field: FieldDescribe) -> bool:
    """Contract 1.3: createable, not nillable, not defaulted, and no checkbox, which is never without a value."""
    given: Any = field
    optional = field.get("nillable", True) or given.get("defaultedOnCreate", False) or field.get("type") == "boolean"
    return field.get("createable", False) and not optional


def _change(index: int, result: SaveResult, state: Any) -> Change:
    if result.get("success"):
        return Change(index, result.get("id"), state)
    error = (result.get("errors") or [{}])[0]
    return Change(index, result.get("id"), "failed", error.get("statusCode"), error.get("message"))


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Refused(f"{name[:80]!r} is not an API name.", found=False)


def _refused(refused: SalesforceRefused, object_name: str) -> Refused:
    if refused.status == 404 or refused.code in _NO_SUCH:
        return Refused(f"The org has no object {object_name}, or this user may not see it.", found=False)
    return Refused(f"Salesforce refuses this ({refused.code}): {refused.said[:300]}")
