"""The objects a portal has from the start: their properties and groups, completed to the wire's bodies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import orjson

from crm_sandbox.hubspot.object_types import ObjectType

Body = dict[str, Any]

FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
    "bool": "booleancheckbox",
    "phone_number": "phonenumber",
    "object_coordinates": "text",
    "json": "text",
}
"""The field type of a property that names none."""

_YES_NO = [["Yes", "true"], ["No", "false"]]
_OBJECTS = files(__package__).joinpath("objects")
_FIRST_DAY = "2019-08-06T02:41:08.204Z"


@dataclass(frozen=True, slots=True)
class Definition:
    type: ObjectType
    groups: tuple[Body, ...]
    properties: tuple[Body, ...]


def shipped() -> Iterator[Definition]:
    """The definitions in this package, one file each; every object also has the properties of `_every.json`."""
    every = every_property()
    for entry in sorted(_OBJECTS.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".json") and not entry.name.startswith("_"):
            yield definition(orjson.loads(entry.read_bytes()), every)


def every_property() -> list[Body]:
    """The properties that any object has, in their short form."""
    every: list[Body] = orjson.loads(_OBJECTS.joinpath("_every.json").read_bytes())
    return every


def definition(body: Body, every: list[Body]) -> Definition:
    """An object from its file: the first group is the one of properties that name none."""
    group = body["groups"][0][0]
    named = {one["name"] for one in body["properties"]}
    moments = [_moment(body.get("created", "createdate"), "Create Date")]
    moments.append(_moment(body.get("modified", "hs_lastmodifieddate"), "Last Modified Date"))
    given = [*body["properties"], *(one for one in (*moments, *every) if one["name"] not in named)]
    return Definition(
        type=ObjectType.of(body),
        groups=tuple(group_body(name, label, order) for order, (name, label) in enumerate(body["groups"])),
        properties=tuple(_standard({"group": group, **one}) for one in given),
    )


def group_body(name: str, label: str, order: int) -> Body:
    return {"name": name, "label": label, "displayOrder": order, "archived": False}


def property_body(given: Mapping[str, Any]) -> Body:
    """The wire's body of a property, in the order of real answers."""
    kind = given.get("type", "string")
    return {
        "updatedAt": given.get("updatedAt", _FIRST_DAY),
        "createdAt": given.get("createdAt", _FIRST_DAY),
        "name": given["name"],
        "label": given.get("label") or given["name"],
        "type": kind,
        "fieldType": given.get("fieldType") or FIELD_TYPES.get(kind, "text"),
        "description": given.get("description") or "",
        "groupName": given.get("groupName", ""),
        "options": options(given.get("options") or ()),
        "displayOrder": given.get("displayOrder", -1),
        "calculated": bool(given.get("calculated", False)),
        "externalOptions": bool(given.get("externalOptions", False)),
        "archived": False,
        "hasUniqueValue": bool(given.get("hasUniqueValue", False)),
        "hidden": bool(given.get("hidden", False)),
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
        "formField": bool(given.get("formField", False)),
        "dataSensitivity": given.get("dataSensitivity") or "non_sensitive",
    }


def options(given: Any) -> list[Body]:
    """Options as the wire shows them; one without a place goes to the end (fixture 4-response-batch-create)."""
    last = max((one["displayOrder"] for one in given if isinstance(one.get("displayOrder"), int)), default=-1)
    full = []
    for one in given:
        order = one.get("displayOrder")
        if not isinstance(order, int) or order < 0:
            order = last = last + 1
        described = {"description": one["description"]} if one.get("description") is not None else {}
        place = {"displayOrder": order, "hidden": bool(one.get("hidden", False))}
        full.append({"label": one["label"], "value": one["value"], **described, **place})
    return full


def _moment(name: str, label: str) -> Body:
    return {"name": name, "label": label, "type": "datetime", "readOnly": True}


def _standard(short: Body) -> Body:
    """A property of the vendor's from its short form: `options` are values, or pairs of label and value."""
    kind = short.get("type", "string")
    choices = _YES_NO if kind == "bool" else short.get("options", ())
    pairs = [(one, one) if isinstance(one, str) else one for one in choices]
    listed = [{"label": label, "value": value, "displayOrder": n} for n, (label, value) in enumerate(pairs)]
    read_only, rolled_up = short.get("readOnly", False), bool(short.get("calculated"))
    body = property_body({**short, "groupName": short["group"], "options": listed})
    body["description"] = short.get("description") or f"{body['label']}."
    body["hubspotDefined"] = True
    body["formField"] = not read_only and not rolled_up and not short.get("externalOptions", False)
    body["hidden"] = short.get("hidden", read_only or rolled_up)
    metadata = {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": read_only or rolled_up}
    if kind == "enumeration":
        metadata["readOnlyOptions"] = short.get("readOnlyOptions", False)
    return {**body, "modificationMetadata": metadata}
