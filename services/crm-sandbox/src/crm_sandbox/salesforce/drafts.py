"""A record as a client sends it, checked against its object before anything is written."""

from collections.abc import Iterable, Mapping
from typing import Any

from crm_sandbox.foreign import Json, JsonObject, Scalar
from crm_sandbox.salesforce.errors import RecordError
from crm_sandbox.salesforce.schema import Field, SObject
from crm_sandbox.salesforce.values import stored

Draft = dict[Field, Scalar]


_REFUSALS = {
    "createable": ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type {} is not createable"),
    "updateable": ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type {} is not updateable"),
    "deletable": ("INSUFFICIENT_ACCESS_OR_READONLY", "entity type {} cannot be deleted"),
}


def demand(one: SObject, operation: str) -> None:
    """Refuse what the object does not allow."""
    if not one.allows(operation):
        code, message = _REFUSALS[operation]
        raise RecordError(code, message.format(one.name))


def new_record(one: SObject, body: JsonObject) -> Draft:
    """Every field a new record gets from its body and from the object's defaults."""
    if any(key.lower() == "id" for key in body):
        raise RecordError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
    return completed(one, _checked(one, body, creating=True))


def completed(one: SObject, draft: Draft) -> Draft:
    """The checked values of a new record and the object's defaults; nothing required may be missing."""
    for field in one.default_fields:
        if field not in draft:
            draft[field] = int(field.default) if field.type == "boolean" else field.default
    _demand(field for field in one.required_fields if draft.get(field) is None)
    return draft


def changes(one: SObject, body: JsonObject) -> Draft:
    """Every field that an update sets."""
    return without_gaps(_checked(one, body, creating=False))


def without_gaps(draft: Draft) -> Draft:
    """The checked values of an update; none may empty a field that must not be."""
    _demand(field for field, value in draft.items() if value is None and (field.required or field.type == "boolean"))
    return draft


def derived(one: SObject, values: Mapping[str, Any]) -> Draft:
    """The fields that Salesforce works out from others: a full name, whether a case is closed."""
    draft: Draft = {}
    for field in one.derived_fields:
        if field.composed_of:
            draft[field] = " ".join(str(values[part]) for part in field.composed_of if values.get(part)) or None
        elif field.true_when:
            draft[field] = int(values.get(field.true_when["field"]) in field.true_when["values"])
    return draft


def sources_of_derived(one: SObject) -> list[str]:
    """The fields that derived ones are worked out from."""
    return [
        name
        for field in one.derived_fields
        for name in field.composed_of or ((field.true_when["field"],) if field.true_when else ())
    ]


def _checked(one: SObject, body: JsonObject, *, creating: bool) -> Draft:
    given = {_named(one, key): value for key, value in body.items() if key != "attributes"}
    demand_open(given, creating=creating)
    return {field: stored(field, value) for field, value in given.items()}


def demand_open(fields: Iterable[Field], *, creating: bool) -> None:
    """Refuse fields that the user may not write."""
    closed = [field.name for field in fields if not (field.createable if creating else field.updateable)]
    if closed:
        raise RecordError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set.",
            closed,
        )


def _named(one: SObject, key: str) -> Field:
    if field := one.field(key):
        return field
    raise RecordError("INVALID_FIELD", f"No such column '{key}' on sobject of type {one.name}")


def _demand(missing: Any) -> None:
    if names := [field.name for field in missing]:
        raise RecordError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)


def as_object(value: Json) -> JsonObject:
    """A record must be a JSON object."""
    if isinstance(value, dict):
        return value
    raise RecordError("INVALID_TYPE", "A record must be an object of field names and values.")
