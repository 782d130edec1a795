"""Results become rows of a CRM call: mapped, coerced, and never two of one record together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from unicodedata import normalize

from shared.crm.describe import FieldDescribe, ObjectDescribe, id18
from shared.events import BatchPlan, RecordGenerated, SalesforceTarget

from writer_svc.domain.coercion import Unfit, coerced

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


Fields = Mapping[str, FieldDescribe]


class HasKey(Protocol):
    """What is written under a key."""

    @property
    def key(self) -> str:
        """Equal for rows that write the same record."""


Keyed = TypeVar("Keyed", bound=HasKey)


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a Collections call."""

    result: RecordGenerated
    key: str
    """Equal for results that write the same CRM record."""
    body: dict[str, Any]
    parent: str = ""
    """Id of a record that this one belongs to: writing it locks that one, too."""

    @property
    def cells(self) -> dict[str, Any]:
        """The body as Bulk API 2.0 names its columns."""
        return {"Id" if name == "id" else name: value for name, value in self.body.items() if name != "attributes"}

    @property
    def values(self) -> list[Any]:
        """What a message of the CRM might quote."""
        return [value for name, value in self.body.items() if name not in ("attributes", "id")]


def fields_of(described: ObjectDescribe) -> Fields:
    """By name. An object has hundreds of fields and a batch thousands of records: it is asked for once for all."""
    return {field["name"]: field for field in described["fields"]}


def row_of(result: RecordGenerated, target: SalesforceTarget, fields: Fields) -> Row:
    """The row that writes `result`. Raises `Unfit` with the field that does not take it."""
    body: dict[str, Any] = {"attributes": {"type": target.object}}
    parent = ""
    for name, value in _mapped(result, target).items():
        field = _writable(name, fields, target.object)
        body[name] = coerced(value, field)
        if field.get("type") == "reference":
            parent = parent or str(body[name] or "")
    if target.external_id is None:
        key = _record_id(result.record_id)
        return Row(result, key, {**body, "id": key}, parent)
    field = _existing(target.external_id, fields, target.object)
    value = coerced(result.external_id, field)
    if value is None or not str(value).strip():
        # With an empty key Salesforce would create a record at every call.
        raise Unfit("REQUIRED_FIELD_MISSING", f"The external id {target.external_id} is empty.")
    return Row(result, folded(value, field), {**body, target.external_id: value}, parent)


def creatable(body: Mapping[str, Any], described: ObjectDescribe) -> None:
    """Whether a record of these fields can be created (contract check 14). Raises `Unfit` with the fields."""
    fixed, missing = [], []
    for field in described["fields"]:
        name, given = field["name"], body.get(field["name"]) is not None
        if given and not field.get("createable", True):
            fixed.append(name)
        optional = field.get("nillable", True) or field.get("defaultedOnCreate") or field.get("type") == "boolean"
        if not (given or optional) and field.get("createable"):
            missing.append(name)
    if fixed:
        reason = f"The record is not there, and {', '.join(fixed)} cannot be set when it is created."
        raise Unfit("INVALID_FIELD_FOR_INSERT_UPDATE", reason)
    if missing:
        reason = f"The record is not there, and to create it {', '.join(missing)} must have a value."
        raise Unfit("REQUIRED_FIELD_MISSING", f"{reason} Add it to the target's fields.")


def waves(rows: Sequence[Keyed], size: int) -> list[list[Keyed]]:
    """Calls of at most `size` rows in order; a key that is in a call already waits for a later one.

    Twice in one call, Salesforce refuses both (DUPLICATE_VALUE).
    """
    calls: list[tuple[list[Keyed], set[str]]] = []
    for row in rows:
        # After the last call with this key, so that results of one record are written in their order.
        after = max((at + 1 for at, (_, keys) in enumerate(calls) if row.key in keys), default=0)
        place = next((call for call in calls[after:] if len(call[0]) < size), None)
        if place is None:
            place = ([], set())
            calls.append(place)
        place[0].append(row)
        place[1].add(row.key)
    return [call for call, _ in calls]


def folded(value: Any, field: FieldDescribe) -> str:
    """A key as Salesforce compares it: without regard to case, unless the field is case-sensitive, and NFC."""
    text = id18(str(value)) if field.get("type") in ("id", "reference") else normalize("NFC", str(value).strip())
    return text if field.get("caseSensitive") else text.casefold()


def answer_text(result: RecordGenerated) -> str:
    """The whole answer as text. Raises `Unfit` where there is none."""
    if result.answer is not None:
        return result.answer
    if result.values is not None:
        return json.dumps(result.values, ensure_ascii=False)
    raise Unfit("NO_ANSWER", "The result holds no answer.")


def salesforce_target(plan: BatchPlan) -> SalesforceTarget:
    """The plan's target, where it is one in Salesforce."""
    if not isinstance(plan.target, SalesforceTarget):
        raise TypeError(f"a target of kind {plan.target.kind} is not written to Salesforce")
    return plan.target


def _mapped(result: RecordGenerated, target: SalesforceTarget) -> dict[str, Any]:
    if target.field is not None:
        return {target.field: answer_text(result)}
    values = result.values or {}
    found = {name: values[key] for name, key in (target.fields or {}).items() if key in values}
    if not found:
        raise Unfit("NO_ANSWER", "The answer holds none of the keys that the target maps to fields.")
    return found


def _existing(name: str, fields: Fields, sobject: str) -> FieldDescribe:
    if name not in fields:
        raise Unfit("INVALID_FIELD", f"The field {name} is not there on {sobject}, or not visible to this user.")
    return fields[name]


def _writable(name: str, fields: Fields, sobject: str) -> FieldDescribe:
    field = _existing(name, fields, sobject)
    if not field.get("updateable"):
        raise Unfit("INVALID_FIELD_FOR_INSERT_UPDATE", f"The field {name} of {sobject} cannot be written.")
    return field


def _record_id(record_id: str) -> str:
    if not _ID.fullmatch(record_id):
        raise Unfit("MALFORMED_ID", "The record id is not a Salesforce id.")
    return id18(record_id)
