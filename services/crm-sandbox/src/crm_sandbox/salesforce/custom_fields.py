"""A custom field as the Tooling API is told of it, turned into what a describe says of it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from crm_sandbox.foreign import Json
from crm_sandbox.salesforce.definitions import Describe
from crm_sandbox.salesforce.errors import RecordError

_FULL_NAME = re.compile(r"(\w+)\.([A-Za-z](?:\w*[A-Za-z0-9])?)__c\Z")
Metadata = Mapping[str, Any]


def split_full_name(full_name: Json) -> tuple[str, str]:
    """The object and the field of a name such as Claim__c.Key__c; RecordError where it is none."""
    match = _FULL_NAME.match(full_name) if isinstance(full_name, str) else None
    if match is None or "__" in match.group(2):
        message = "The name of a custom field is Object.Name__c, of letters, digits and single underscores"
        raise RecordError("INVALID_FULL_NAME" if full_name else "REQUIRED_FIELD_MISSING", message, ["FullName"])
    return match.group(1), f"{match.group(2)}__c"


def described(name: str, metadata: Metadata) -> Describe:
    """The field's definition; RecordError where the metadata does not make one."""
    kind = metadata.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise RecordError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f"Type: bad value for field type: {kind}", ["Type"]
        )
    field: Describe = {
        "name": name,
        "label": metadata.get("label") or name.removesuffix("__c").replace("_", " "),
        "custom": True,
        "inlineHelpText": metadata.get("inlineHelpText"),
        "externalId": metadata.get("externalId") is True,
        "unique": metadata.get("unique") is True,
        "caseSensitive": metadata.get("caseSensitive") is True,
        "nillable": metadata.get("required") is not True,
    }
    field["idLookup"] = field["externalId"]
    return field | _KINDS[kind](metadata)


def _text(metadata: Metadata) -> Describe:
    return {"type": "string", "length": _whole(metadata, "length", 1, 255)}


def _long_text(metadata: Metadata) -> Describe:
    length = _whole(metadata, "length", 256, 131_072)
    return {"type": "textarea", "length": length, "extraTypeInfo": "plaintextarea"}


def _number(kind: str) -> Callable[[Metadata], Describe]:
    def number(metadata: Metadata) -> Describe:
        scale = _whole(metadata, "scale", 0, 17, 0 if kind == "double" else 2)
        precision = _whole(metadata, "precision", max(1, scale), 18, 18)
        return {"type": kind, "precision": precision, "scale": scale}

    return number


def _checkbox(metadata: Metadata) -> Describe:
    return {"type": "boolean", "defaultValue": str(metadata.get("defaultValue", False)).lower() == "true"}


def _choices(kind: str) -> Callable[[Metadata], Describe]:
    def choices(metadata: Metadata) -> Describe:
        value_set = metadata.get("valueSet") or {}
        values = (value_set.get("valueSetDefinition") or {}).get("value") or []
        if not values:
            raise RecordError("REQUIRED_FIELD_MISSING", "valueSet: a picklist needs values", ["valueSet"])
        shown = [
            {
                "value": one.get("fullName") or one.get("valueName"),
                "label": one.get("label") or one.get("fullName") or one.get("valueName"),
                "defaultValue": one.get("default") is True,
                "active": one.get("isActive") is not False,
            }
            for one in values
        ]
        return {"type": kind, "restrictedPicklist": value_set.get("restricted") is True, "picklistValues": shown}

    return choices


def _lookup(metadata: Metadata) -> Describe:
    target, relation = metadata.get("referenceTo"), metadata.get("relationshipName")
    if not isinstance(target, str) or not target:
        raise RecordError("REQUIRED_FIELD_MISSING", "referenceTo: a lookup needs an object", ["ReferenceTo"])
    return {"type": "reference", "referenceTo": [target], "relationshipName": f"{relation}__r" if relation else None}


def _auto_number(metadata: Metadata) -> Describe:
    display = metadata.get("displayFormat") or "{0}"
    closed = {"createable": False, "updateable": False, "nillable": False, "defaultedOnCreate": True}
    return {"type": "string", "length": 30, "autoNumber": True, "autoNumberFormat": display, **closed}


def _plain(kind: str, **more: Any) -> Callable[[Metadata], Describe]:
    return lambda metadata: {"type": kind, **more}


def _whole(metadata: Metadata, name: str, least: int, most: int, default: int | None = None) -> int:
    value = metadata.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", f"{name}: a number from {least} to {most} is needed", [name])
    return value


_KINDS: Mapping[str, Callable[[Metadata], Describe]] = {
    "AutoNumber": _auto_number,
    "Checkbox": _checkbox,
    "Currency": _number("currency"),
    "Date": _plain("date"),
    "DateTime": _plain("datetime"),
    "Email": _plain("email"),
    "EncryptedText": _plain("encryptedstring"),
    "Html": lambda metadata: {**_long_text(metadata), "htmlFormatted": True, "extraTypeInfo": "richtextarea"},
    "LongTextArea": _long_text,
    "Lookup": _lookup,
    "MultiselectPicklist": _choices("multipicklist"),
    "Number": _number("double"),
    "Percent": _number("percent"),
    "Phone": _plain("phone"),
    "Picklist": _choices("picklist"),
    "Text": _text,
    "TextArea": _plain("textarea", length=255),
    "Time": _plain("time"),
    "Url": _plain("url"),
}
