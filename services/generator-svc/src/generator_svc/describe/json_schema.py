"""A describe as JSON Schema (draft 2020-12): what a create takes, checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator_svc.describe.documents import HubSpotProperties, HubSpotProperty, SalesforceField, SalesforceObject
from generator_svc.describe.picklists import PICKLISTS, Picklists
from generator_svc.describe.salesforce import LENGTHS, NUMBERS, UNWRITABLE

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ID = "^[a-zA-Z0-9]{15}([A-Z0-5]{3})?$"
_MULTIPLE = "multipicklist"


def json_schema_of(described: SalesforceObject | HubSpotProperties) -> dict[str, Any]:
    """The schema of one record. Uniqueness and references are the org's business and not in it."""
    if isinstance(described, HubSpotProperties):
        properties = {one.name: _property(one) for one in described.results}
        return {"$schema": DRAFT, "type": "object", "properties": properties, "additionalProperties": False}
    fields = [field for field in described.fields if field.createable and field.type not in UNWRITABLE]
    schema: dict[str, Any] = {
        "$schema": DRAFT,
        "title": described.label or described.name,
        "type": "object",
        "properties": {field.name: _or_null(field, _field(field)) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }
    if dependencies := list(_dependencies(fields)):
        schema["allOf"] = dependencies
    return schema


def _or_null(field: SalesforceField, schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]} if field.nillable else schema


def _field(field: SalesforceField) -> dict[str, Any]:
    titled = {"title": field.words}
    if field.type in LENGTHS:
        most = field.length or LENGTHS[field.type]
        form = {"format": "email"} if field.type == "email" else {}
        return titled | {"type": "string", "minLength": 1, "maxLength": most} | form
    if field.type in NUMBERS:
        return titled | _number(field)
    if field.type in PICKLISTS:
        return titled | _picklist(field)
    return titled | _OTHERS.get(field.type, {"type": "string"})


_OTHERS: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "pattern": r"^\d\d:\d\d:\d\d(\.\d{3})?Z?$"},
    "reference": {"type": "string", "pattern": _ID},
    "base64": {"type": "string", "contentEncoding": "base64"},
}


def _number(field: SalesforceField) -> dict[str, Any]:
    if field.type in ("int", "long"):
        most = 10 ** (field.digits or 9) - 1
        return {"type": "integer", "minimum": -most, "maximum": most}
    most = 10 ** ((field.precision or 18) - field.scale)
    if not field.scale:
        return {"type": "integer", "minimum": -most + 1, "maximum": most - 1}
    return {"type": "number", "exclusiveMinimum": -most, "exclusiveMaximum": most}


def _picklist(field: SalesforceField) -> dict[str, Any]:
    if not field.restricted:
        return {"type": "string", "minLength": 1, "examples": list(field.active[:5])}
    if field.type != _MULTIPLE:
        return {"type": "string", "enum": list(field.active)}
    one = "|".join(_escaped(value) for value in field.active)
    return {"type": "string", "pattern": f"^({one})(;({one}))*$"}


def _dependencies(fields: list[SalesforceField]) -> Iterator[dict[str, Any]]:
    """For every controlling value: what may stand in the dependent field beside it."""
    picklists = Picklists(fields)
    for field in fields:
        controller = picklists.controller(field) if field.type in PICKLISTS else None
        if controller is None:
            continue
        for value, choices in picklists.valid(field).items():
            when = value == "true" if value in ("true", "false") else value
            one = "|".join(_escaped(choice) for choice in choices)
            allowed: dict[str, Any] = {"type": "string", "pattern": f"^({one})(;({one}))*$"} if choices else {"not": {}}
            yield {
                "if": {"properties": {controller: {"enum": [when, value]}}, "required": [controller]},
                "then": {"properties": {field.name: {"anyOf": [allowed, {"type": "null"}]}}},
            }


def _property(one: HubSpotProperty) -> dict[str, Any]:
    options = [option.value for option in one.options or () if not option.hidden]
    if one.type == "enumeration" and options and not one.external_options:
        if one.field_type != "checkbox":
            return {"title": one.words, "type": "string", "enum": options}
        either = "|".join(_escaped(value) for value in options)
        return {"title": one.words, "type": "string", "pattern": f"^({either})(;({either}))*$"}
    patterns = {"number": r"^-?\d+(\.\d+)?$", "bool": "^(true|false)$", "date": r"^\d{4}-\d\d-\d\d$"}
    return {"title": one.words, "type": "string"} | ({"pattern": patterns[one.type]} if one.type in patterns else {})


def _escaped(text: str) -> str:
    """For a pattern of ECMA 262, which knows fewer escapes than Python."""
    return "".join(f"\\{letter}" if letter in r"\^$.*+?()[]{}|/" else letter for letter in text)
