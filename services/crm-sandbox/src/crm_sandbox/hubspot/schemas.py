"""Objects of the portal's own, and how the schema API shows any object."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from crm_sandbox.hubspot.association_types import Kind
from crm_sandbox.hubspot.definitions import definition, every_property, group_body
from crm_sandbox.hubspot.errors import HubSpotError, required_fields
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.property_rules import new_property
from crm_sandbox.hubspot.stamps import stamp

FIRST_CUSTOM = 3_453_932
MOST_CUSTOM = 10
"""Custom objects of a portal (vendor limit of Enterprise)."""

Body = dict[str, Any]

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*\Z")


def create(portal: Portal, given: Any) -> ObjectType:
    """A custom object with its properties; HubSpotError says why not."""
    body = given if isinstance(given, dict) else {}
    labels = body.get("labels") or {}
    missing = [name for name in ("name", "labels", "properties") if not body.get(name)]
    if missing:
        raise required_fields(*missing)
    name = str(body["name"]).lower()
    custom = [one for one in portal.types if one.scope == "custom"]
    if not _NAME.match(name) or not isinstance(labels, dict):
        raise HubSpotError(400, f"{name} is no name of an object: letters, digits and underscores")
    if portal.types.find(name) or portal.types.find(qualified(portal, name)):
        raise HubSpotError(409, f"An object named {name} already exists", "CONFLICT")
    if len(custom) >= MOST_CUSTOM:
        raise HubSpotError(400, f"The portal has its {MOST_CUSTOM} custom objects already")
    made = _type(portal, f"2-{FIRST_CUSTOM + len(custom)}", name, labels, body)
    with portal.store.transaction():
        _keep(portal, made, body)
        group = group_body(f"{name}_information", f"{labels.get('singular') or name} information", 0)
        portal.properties.fill(made, [group], definition(_shell(made, group), every_property()).properties)
        for each in body["properties"]:
            full = {"groupName": group["name"], **each} if isinstance(each, dict) else each
            now = stamp(portal.records.now())
            portal.properties.put(made, new_property(portal.properties, made, full, now, portal.settings.now))
    portal.know(made)
    return made


def shown(portal: Portal, one: ObjectType) -> Body:
    """The schema as the wire shows it."""
    custom = one.scope == "custom"
    moment = stamp(0)
    return {
        "labels": {"singular": one.name.capitalize(), "plural": one.plural.capitalize()},
        "requiredProperties": list(one.required),
        "searchableProperties": list(one.searched),
        "primaryDisplayProperty": one.shown[0] if one.shown else "hs_object_id",
        "secondaryDisplayProperties": [],
        "archived": False,
        "restorable": True,
        "metaType": "PORTAL_SPECIFIC" if custom else "HUBSPOT",
        "id": one.id.partition("-")[2],
        "fullyQualifiedName": qualified(portal, one.name) if custom else one.label,
        "createdAt": moment,
        "updatedAt": moment,
        "objectTypeId": one.id,
        "name": one.name,
        "properties": portal.properties.listed(one),
        "associations": [_association(kind) for kind in portal.associations.types if kind.source == one.id],
    }


def qualified(portal: Portal, name: str) -> str:
    return f"p{portal.settings.now.portal_id}_{name}"


def _type(portal: Portal, number: str, name: str, labels: Body, body: Body) -> ObjectType:
    shown_names = _names(body, "primaryDisplayProperty", "secondaryDisplayProperties")
    always = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
    return ObjectType(
        id=number,
        name=name,
        plural=str(labels.get("plural") or f"{name}s").lower(),
        label=name.upper(),
        shown=tuple(dict.fromkeys((*shown_names, *always))),
        required=_names(body, "requiredProperties"),
        searched=_names(body, "searchableProperties"),
        created="hs_createdate",
    )


def _names(body: Body, *keys: str) -> tuple[str, ...]:
    found: list[str] = []
    for key in keys:
        value = body.get(key) or []
        found += [value] if isinstance(value, str) else value
    return tuple(map(str, found))


def _shell(one: ObjectType, group: Body) -> Body:
    """What `definition` reads from a file, of an object without properties of its own."""
    return {**asdict(one), "groups": [[group["name"], group["label"]]], "properties": []}


def _keep(portal: Portal, one: ObjectType, body: Body) -> None:
    kept = orjson.dumps(asdict(one))
    portal.store.writer.execute("INSERT INTO hs_types VALUES (?, ?)", (one.id, kept))


def _association(kind: Kind) -> Body:
    return {
        "fromObjectTypeId": kind.source,
        "toObjectTypeId": kind.target,
        "name": kind.name.upper(),
        "id": str(kind.id),
        "createdAt": None,
        "updatedAt": None,
    }


def listed(portal: Portal) -> Sequence[Body]:
    """The custom objects."""
    return [shown(portal, one) for one in portal.types if one.scope == "custom"]
