"""Which properties a portal lets one create, change and archive."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crm_sandbox.hubspot.definitions import FIELD_TYPES, Body, options, property_body
from crm_sandbox.hubspot.errors import HubSpotError, required_fields
from crm_sandbox.hubspot.object_types import ENGAGEMENT, ObjectType
from crm_sandbox.hubspot.portal_settings import PortalSettings
from crm_sandbox.hubspot.properties import Properties, Property

LONGEST_NAME = 100
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_FIELDS_OF: Mapping[str, frozenset[str]] = {
    "string": frozenset({"text", "textarea", "html", "phonenumber", "file", "calculation_equation"}),
    "number": frozenset({"number", "calculation_equation"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"date", "calculation_equation"}),
    "enumeration": frozenset({"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"}),
    "bool": frozenset({"booleancheckbox", "select", "radio", "calculation_equation"}),
    "phone_number": frozenset({"phonenumber"}),
    "json": frozenset({"text"}),
    "object_coordinates": frozenset({"text"}),
}
_CHANGEABLE = ("label", "description", "groupName", "displayOrder", "hidden", "formField")


def exists(name: str) -> HubSpotError:
    """The form of the fixture 3-response-batch-create."""
    return HubSpotError(
        409,
        f"A property named '{name}' already exists.",
        "OBJECT_ALREADY_EXISTS",
        sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
        context={"name": [name]},
    )


def new_property(properties: Properties, one: ObjectType, given: Any, now: str, settings: PortalSettings) -> Body:
    """The body of a property that may be created; HubSpotError says why another may not."""
    if not isinstance(given, dict):
        raise required_fields("name", "label", "type", "fieldType", "groupName")
    if missing := [name for name in ("name", "label", "type", "fieldType", "groupName") if not given.get(name)]:
        raise required_fields(*missing)
    name = str(given["name"])
    if not _NAME.match(name) or len(name) > LONGEST_NAME:
        raise _refused(name, "a name starts with a letter and holds lower-case letters, digits and underscores only")
    if properties.find(one, name):
        raise exists(name)
    if properties.find(one, name, archived=True) and settings.archived_name_is_taken:
        raise _archived(name)
    if name.startswith("hs_") or name.startswith("hs "):
        raise _refused(name, "the prefix hs_ is reserved")
    _check_type(name, given)
    _check_group(properties, one, name, given)
    if given.get("hasUniqueValue"):
        _check_unique(properties, one, name, given, settings)
    made = property_body({**given, "createdAt": now, "updatedAt": now, "options": _options(name, given)})
    return {**made, "createdUserId": "51101001", "updatedUserId": "51101001"}


def changed_property(properties: Properties, one: ObjectType, known: Property, given: Any, now: str) -> Body:
    """The body after a change; what is unique stays so, and the vendor's own keep their type."""
    if not isinstance(given, dict):
        raise required_fields("label")
    body = dict(known.body)
    metadata = body["modificationMetadata"]
    wanted = {name: given[name] for name in _CHANGEABLE if given.get(name) is not None}
    if "groupName" in wanted:
        _check_group(properties, one, known.name, given)
    if "hasUniqueValue" in given and bool(given["hasUniqueValue"]) is not body["hasUniqueValue"]:
        raise _refused(known.name, "hasUniqueValue cannot be changed afterwards")
    new_type = {name: given[name] for name in ("type", "fieldType") if given.get(name) not in (None, body[name])}
    if new_type:
        if metadata["readOnlyDefinition"]:
            raise _refused(known.name, "its definition is read only")
        _check_type(known.name, {**body, **new_type, "options": given.get("options") or body["options"]})
        wanted.update(new_type)
    if given.get("options") is not None and wanted.get("type", body["type"]) in ("enumeration", "bool"):
        if metadata.get("readOnlyOptions"):
            raise _refused(known.name, "its options are read only")
        wanted["options"] = options(_options(known.name, given))
    return {**body, **wanted, "updatedAt": now, "updatedUserId": "51101001"}


def archived_property(known: Property, now: str) -> Body:
    if not known.body["modificationMetadata"]["archivable"] or known.body.get("hubspotDefined"):
        raise _refused(known.name, "a property of HubSpot's own cannot be archived")
    return {**known.body, "archived": True, "archivedAt": now, "updatedAt": now}


def _check_type(name: str, given: Mapping[str, Any]) -> None:
    kind, field = given["type"], given["fieldType"]
    if kind not in FIELD_TYPES:
        raise _refused(name, f"{kind} is not a type; known are {', '.join(FIELD_TYPES)}")
    if field not in _FIELDS_OF[kind]:
        raise _refused(name, f"the field type {field} does not go with the type {kind}")
    if kind == "enumeration" and not given.get("externalOptions") and not isinstance(given.get("options"), list):
        raise _refused(name, "an enumeration needs options")


def _check_group(properties: Properties, one: ObjectType, name: str, given: Mapping[str, Any]) -> None:
    group = properties.groups(one).get(str(given["groupName"]))
    if group is None or group["archived"]:
        raise _refused(name, f"the property group {given['groupName']} does not exist")


def _check_unique(
    properties: Properties, one: ObjectType, name: str, given: Mapping[str, Any], settings: PortalSettings
) -> None:
    if given["type"] not in ("string", "number"):
        raise _refused(name, "only a string or a number can have unique values")
    if one.kind == ENGAGEMENT and not settings.unique_on_engagements:
        raise _refused(name, f"{one.plural} cannot have properties with unique values")
    own = [known for known in properties.keys(one) if not known.body.get("hubspotDefined")]
    if len(own) >= settings.unique_properties:
        raise _refused(name, f"an object has at most {settings.unique_properties} properties with unique values")


def _options(name: str, given: Mapping[str, Any]) -> Sequence[Body]:
    listed = given.get("options") or []
    if given.get("type") == "bool" and not listed:
        listed = [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]
    if not isinstance(listed, list) or not all(
        isinstance(each, dict) and isinstance(each.get("label"), str) and isinstance(each.get("value"), str)
        for each in listed
    ):
        raise _refused(name, "each option needs a label and a value")
    for part in ("label", "value"):
        seen = [each[part] for each in listed]
        if twins := sorted({text for text in seen if seen.count(text) > 1}):
            raise _refused(name, f"options share a {part}: {', '.join(twins)}")
    return listed


def _archived(name: str) -> HubSpotError:
    message = f"A property named '{name}' is archived. Restore it or choose another name."
    return HubSpotError(
        409,
        message,
        "OBJECT_ALREADY_EXISTS",
        sub_category="Properties.ARCHIVED_PROPERTY_WITH_NAME_EXISTS",
        context={"name": [name]},
    )


def _refused(name: str, why: str) -> HubSpotError:
    """The wording is assumed; the category is the vendor's."""
    return HubSpotError(400, f"Property {name}: {why}", context={"name": [name]})
