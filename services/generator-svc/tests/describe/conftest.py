"""Describes made of a few words, and a checker that is written from the describe alone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

TEXTS = {"string", "textarea", "email", "phone", "url", "encryptedstring"}


def make_field(name: str, kind: str = "string", **other: Any) -> dict[str, Any]:
    """A field as a describe writes it."""
    lengths = {"string": 80, "textarea": 255, "email": 80, "phone": 40, "url": 255, "picklist": 255}
    plain = {
        "name": name, "label": name.replace("__c", "").replace("_", " "), "type": kind, "createable": True,
        "nillable": True, "defaultedOnCreate": False, "length": lengths.get(kind, 0), "precision": 0, "scale": 0,
        "digits": 8 if kind == "int" else 0, "unique": False, "externalId": False, "restrictedPicklist": False,
        "dependentPicklist": False, "controllerName": None, "picklistValues": [], "referenceTo": [],
    }  # fmt: skip
    if kind in ("double", "currency", "percent"):
        plain |= {"precision": 18, "scale": 2}
    return {**plain, **other}


def make_choices(*values: str, inactive: tuple[str, ...] = (), **valid_for: list[int]) -> list[dict[str, Any]]:
    """Picklist values; `valid_for` names places of controlling values."""
    return [
        {
            "value": value,
            "label": value,
            "active": value not in inactive,
            "defaultValue": False,
            "validFor": make_bitmap(valid_for[value]) if value in valid_for else None,
        }
        for value in values
    ]


def make_bitmap(places: list[int]) -> str:
    """`validFor`: base 64, the first controlling value in the highest bit."""
    bits = "".join("1" if place in places else "0" for place in range(max([*places, 0]) // 8 * 8 + 8))
    return base64.b64encode(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))).decode()


def violations_of(rows: list[dict[str, Any]], describe: dict[str, Any]) -> Iterator[str]:
    """Everything about the rows that a create would be refused for."""
    fields = {field["name"]: field for field in describe["fields"]}
    for number, row in enumerate(rows):
        for name in row:
            if name not in fields or not fields[name].get("createable"):
                yield f"{number} {name}: not createable"
        for name, field in fields.items():
            if not field.get("createable"):
                continue
            value = row.get(name)
            if value is None or value == "":
                needed = not field.get("nillable", True) and not field.get("defaultedOnCreate")
                if needed and field["type"] != "boolean":
                    yield f"{number} {name}: required"
                if name in row and not field.get("nillable", True):
                    yield f"{number} {name}: null"
                continue
            yield from (f"{number} {name}: {what}" for what in _wrong(value, field, row, fields, describe))
    for name, field in fields.items():
        keys = [str(row[name]).casefold() for row in rows if row.get(name) is not None]
        if (field.get("unique") or field.get("externalId")) and len(set(keys)) != len(keys):
            yield f"{name}: not unique"


def _wrong(value: Any, field: dict[str, Any], row: dict[str, Any], fields: Any, describe: Any) -> Iterator[str]:
    kind = field["type"]
    if kind in TEXTS:
        if not isinstance(value, str) or len(value.encode("utf-16-le")) // 2 > (field.get("length") or 255):
            yield f"no text of {field['length']}: {value!r}"
        if kind == "email" and (value.count("@") != 1 or "." not in value.split("@")[1]):
            yield f"no e-mail: {value!r}"
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield "no boolean"
    elif kind == "int":
        if isinstance(value, bool) or not isinstance(value, int) or len(str(abs(value))) > (field.get("digits") or 9):
            yield f"no int: {value!r}"
    elif kind in ("double", "currency", "percent"):
        number = Decimal(str(value))
        exponent = number.normalize().as_tuple().exponent
        if isinstance(value, bool | str) or max(0, -int(exponent)) > field["scale"]:
            yield f"scale: {value!r}"
        if abs(number) >= Decimal(10) ** ((field.get("precision") or 18) - field["scale"]):
            yield f"precision: {value!r}"
    elif kind == "date":
        if date.fromisoformat(value).isoformat() != value:
            yield f"no date: {value!r}"
    elif kind == "datetime":
        if datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is None:
            yield f"no zone: {value!r}"
    elif kind in ("picklist", "multipicklist"):
        yield from _wrong_choice(value, field, row, fields)
    elif kind == "reference":
        yield from _wrong_id(value, field, describe)


def _wrong_choice(value: str, field: dict[str, Any], row: dict[str, Any], fields: Any) -> Iterator[str]:
    chosen = value.split(";") if field["type"] == "multipicklist" else [value]
    offered = {choice["value"]: choice for choice in field["picklistValues"] if choice["active"]}
    if field["restrictedPicklist"] and not set(chosen) <= set(offered):
        yield f"no active value: {value!r}"
    if len(set(chosen)) != len(chosen):
        yield f"twice: {value!r}"
    if not field.get("dependentPicklist"):
        return
    controller = fields[field["controllerName"]]
    controlling = row.get(controller["name"])
    if controller["type"] == "boolean":
        place = int(bool(controlling))
    else:
        values = [choice["value"] for choice in controller["picklistValues"]]
        place = values.index(controlling) if controlling in values else -1
    for one in chosen:
        bits = base64.b64decode((offered.get(one) or {}).get("validFor") or "")
        if place < 0 or place >= 8 * len(bits) or not bits[place // 8] >> (7 - place % 8) & 1:
            yield f"{one!r} does not go with {controlling!r}"


def _wrong_id(value: str, field: dict[str, Any], describe: dict[str, Any]) -> Iterator[str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    checks = ""
    for start in (0, 5, 10):
        upper = "".join("1" if letter.isupper() else "0" for letter in value[start : start + 5])
        checks += letters[int(upper[::-1], 2)]
    if len(value) != 18 or value[15:] != checks:
        yield f"checksum: {value!r}"
    prefixes = {"Account": "001", "Contact": "003", "User": "005", "Group": "00G", "Lead": "00Q", "Case": "500"}
    prefixes |= {"Opportunity": "006", "Campaign": "701", "Pricebook2": "01s", "RecordType": "012"}
    prefixes[describe["name"]] = describe.get("keyPrefix")
    wanted = [prefixes[target] for target in field["referenceTo"] if target in prefixes]
    if wanted and value[:3] not in wanted:
        yield f"prefix: {value!r}"
    if field["referenceTo"] == ["RecordType"]:
        kinds = [kind["recordTypeId"][:15] for kind in describe["recordTypeInfos"] if kind["available"]]
        if value[:15] not in kinds:
            yield f"no record type: {value!r}"


@pytest.fixture
def a_field() -> Callable[..., dict[str, Any]]:
    return make_field


@pytest.fixture
def choices() -> Callable[..., list[dict[str, Any]]]:
    return make_choices


@pytest.fixture
def violations() -> Callable[..., list[str]]:
    return lambda rows, describe: list(violations_of(rows, describe))
