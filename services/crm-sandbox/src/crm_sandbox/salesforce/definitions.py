"""Object definitions: what a file or an administrator says of an object, completed to the full describe body."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import orjson

Describe = dict[str, Any]

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}\Z")
# What the sandbox needs to know of a field and a real describe does not tell.
OWN_KEYS = ("autoNumberFormat", "composedOf", "trueWhen", "ungranted")


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
    described["fields"] = [_complete_field(field) for field in _with_system_fields(given, name)]
    described["recordTypeInfos"] = definition.get("recordTypeInfos") or [_MASTER_RECORD_TYPE]
    described["urls"] = _urls(name)
    return described


def _with_system_fields(given: list[Describe], object_name: str) -> list[Describe]:
    named = {str(field.get("name", "")).lower() for field in given}
    system = [field for field in _DEFAULTS["systemFields"] if field["name"].lower() not in named]
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
    full["picklistValues"] = [_complete_choice(choice) for choice in full["picklistValues"] or []]
    if kind == "textarea" and full["length"] > 255:
        # Salesforce neither filters, sorts nor groups by a long text area.
        full.update(filterable=False, sortable=False, groupable=False, aggregatable=False)
    return full


def _complete_choice(choice: Describe) -> Describe:
    if not isinstance(choice, dict) or not isinstance(choice.get("value"), str):
        raise DefinitionError("picklistValues: each needs a value")
    return {"active": True, "defaultValue": False, "label": choice["value"], "validFor": None, **choice}


def _urls(name: str) -> dict[str, str]:
    base = f"/services/data/v{{version}}/sobjects/{name}"
    return {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"}


_DEFAULTS: Describe = orjson.loads(files(__package__).joinpath("objects", "_defaults.json").read_bytes())
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
