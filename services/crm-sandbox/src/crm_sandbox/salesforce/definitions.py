"""Object definitions: what a file or an administrator says of an object, completed to the full describe body."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import orjson

from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.crossing import OPERATORS, bitmap, controlling_values
from crm_sandbox.salesforce.ids import make_id

Describe = dict[str, Any]

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}\Z")
# What the sandbox needs to know of a field and a real describe does not tell.
OWN_KEYS = ("autoNumberFormat", "composedOf", "trueWhen", "ungranted")

# What the list of all objects shows of each.
SUMMARY_KEYS = (
    "activateable",
    "associateEntityType",
    "associateParentEntity",
    "createable",
    "custom",
    "customSetting",
    "deepCloneable",
    "deletable",
    "deprecatedAndHidden",
    "feedEnabled",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
    "keyPrefix",
    "label",
    "labelPlural",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "name",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchable",
    "triggerable",
    "undeletable",
    "updateable",
)


class DefinitionError(Exception):
    """The definition cannot become an object; the message says what is wrong with it."""


def shipped() -> Iterator[Describe]:
    """The definitions in this package, one file each."""
    for entry in sorted(files(__package__).joinpath("objects").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".json") and not entry.name.startswith("_"):
            yield orjson.loads(entry.read_bytes())


def complete(definition: Describe, *, free_prefix: str) -> Describe:
    """Everything a describe call answers, from a definition that may say very little."""
    name = definition.get("name")
    if not isinstance(name, str) or not _IDENTIFIER.match(name):
        raise DefinitionError("name: an object needs an API name such as Claim__c")
    given = definition.get("fields") or []
    if not isinstance(given, list) or not all(isinstance(field, dict) for field in given):
        raise DefinitionError("fields: a list of fields is needed")
    described = {**_DEFAULTS["object"], "custom": name.endswith("__c"), **definition}
    described["label"] = definition.get("label") or name
    described["labelPlural"] = definition.get("labelPlural") or described["label"] + "s"
    described["keyPrefix"] = definition.get("keyPrefix") or free_prefix
    typed = any(not one.get("master") for one in definition.get("recordTypeInfos") or [])
    described["fields"] = [_complete_field(field) for field in _with_system_fields(given, name, typed=typed)]
    described["fields"] = [_with_bitmaps(field, described["fields"]) for field in described["fields"]]
    described["recordTypeInfos"] = record_types(definition.get("recordTypeInfos") or [], described["keyPrefix"])
    _check_rules(described)
    described["urls"] = _urls(name)
    return described


def _with_system_fields(given: list[Describe], object_name: str, *, typed: bool) -> list[Describe]:
    named = {str(field.get("name", "")).lower() for field in given}
    system = [field for field in _DEFAULTS["systemFields"] if field["name"].lower() not in named]
    if typed and "recordtypeid" not in named:
        given = [*given, _RECORD_TYPE_FIELD]
    if object_name.endswith("__c") and "name" not in named:
        system.insert(1, {"name": "Name", "label": "Name", "length": 80, "nameField": True, "idLookup": True})
    return system[:1] + given + system[1:]


def _complete_field(field: Describe) -> Describe:
    name, kind = field.get("name"), field.get("type", "string")
    if not isinstance(name, str) or not _IDENTIFIER.match(name):
        raise DefinitionError(f"fields: {name!r} is not an API name")
    if kind not in _DEFAULTS["types"]:
        raise DefinitionError(f"fields: {name} has type {kind!r}; known: {', '.join(_DEFAULTS['types'])}")
    full = {**_DEFAULTS["field"], "custom": name.endswith("__c"), **_DEFAULTS["types"][kind], **field, "type": kind}
    full["label"] = full["label"] or name
    if full["soapType"] == "xsd:string" and not full["byteLength"]:
        full["byteLength"] = full["length"] * 3
    if kind == "reference" and name.endswith("__c") and not full["relationshipName"]:
        full["relationshipName"] = f"{name.removesuffix('__c')}__r"
    full["picklistValues"] = [_complete_choice(choice) for choice in full["picklistValues"] or []]
    if kind == "textarea" and full["length"] > 255:
        # Salesforce neither filters, sorts nor groups by a long text area.
        full.update(filterable=False, sortable=False, groupable=False, aggregatable=False)
    return full


def _complete_choice(choice: Describe) -> Describe:
    if not isinstance(choice, dict) or not isinstance(choice.get("value"), str):
        raise DefinitionError("picklistValues: each needs a value")
    return {"active": True, "defaultValue": False, "label": choice["value"], "validFor": None, **choice}


def _with_bitmaps(field: Describe, fields: list[Describe]) -> Describe:
    """A dependent picklist whose values say `validWhen`, the controlling values in words."""
    choices = field["picklistValues"]
    if not any("validWhen" in choice for choice in choices):
        return field
    controller = next((one for one in fields if one["name"] == field.get("controllerName")), None)
    if controller is None:
        raise DefinitionError(f"fields: {field['name']} depends on {field.get('controllerName')}, which is no field")
    values = controlling_values(controller)
    return {**field, "dependentPicklist": True, "picklistValues": [_with_bitmap(one, values) for one in choices]}


def _with_bitmap(choice: Describe, values: list[Scalar]) -> Describe:
    when = choice.get("validWhen") or []
    if unknown := [value for value in when if value not in values]:
        raise DefinitionError(f"picklistValues: {choice['value']} is valid when {unknown[0]}, which is no value")
    rest = {key: value for key, value in choice.items() if key != "validWhen"}
    return {**rest, "validFor": bitmap([values.index(value) for value in when])}


def _check_rules(described: Describe) -> None:
    names = {field["name"] for field in described["fields"]}
    for rule in described.get("validationRules") or []:
        when = rule.get("when") if isinstance(rule, dict) else None
        if not isinstance(when, list) or not isinstance(rule.get("message"), str):
            raise DefinitionError(
                "validationRules: each needs `when`, a list of [field, operator, value], and a message"
            )
        for one in when:
            if not isinstance(one, list) or len(one) != 3 or one[0] not in names or one[1] not in OPERATORS:
                raise DefinitionError(f"validationRules: {one} is not [field, operator, value]; {', '.join(OPERATORS)}")


def record_types(given: list[Describe], prefix: str) -> list[Describe]:
    """The record types of an object; Master comes last, as in a real describe, and is the default where none is."""
    base = sum(ord(char) * 128**place for place, char in enumerate(reversed(prefix))) * 100
    own = [
        {**_MASTER_RECORD_TYPE, "defaultRecordTypeMapping": False, "master": False, **one}
        | {"recordTypeId": one.get("recordTypeId") or make_id("012", base + number)}
        for number, one in enumerate((one for one in given if not one.get("master")), start=1)
    ]
    for one in own:
        if not isinstance(one.get("developerName"), str) or one["developerName"] == "Master":
            raise DefinitionError("recordTypeInfos: each needs a developerName")
        one["name"] = one["developerName"].replace("_", " ") if one["name"] == "Master" else one["name"]
    chosen = any(one["defaultRecordTypeMapping"] for one in own)
    return [*own, {**_MASTER_RECORD_TYPE, "defaultRecordTypeMapping": not chosen}]


def _urls(name: str) -> dict[str, str]:
    base = f"/services/data/v{{version}}/sobjects/{name}"
    return {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"}


_DEFAULTS: Describe = orjson.loads(files(__package__).joinpath("objects", "_defaults.json").read_bytes())
_RECORD_TYPE_FIELD = {
    "name": "RecordTypeId",
    "label": "Record Type ID",
    "type": "reference",
    "referenceTo": ["RecordType"],
    "relationshipName": "RecordType",
    "defaultedOnCreate": True,
    "permissionable": False,
}
_MASTER_RECORD_TYPE = {
    "active": True,
    "available": True,
    "defaultRecordTypeMapping": True,
    "developerName": "Master",
    "master": True,
    "name": "Master",
    "recordTypeId": "012000000000000AAA",
    "urls": {},
}
