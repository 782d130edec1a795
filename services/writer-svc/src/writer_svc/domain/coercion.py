"""Makes an answer fit a field, by the field's describe. What does not fit fails here, before a call is spent on it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.crm.describe import FieldDescribe, id18
from shared.errors import Rejected

_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUE = frozenset({"true", "yes", "y", "1"})
_FALSE = frozenset({"false", "no", "n", "0"})
_DATE = len("2026-11-21")
_TOLD_CHOICES = 8
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


class Unfit(Rejected):
    """The value cannot be stored in the field. The message never holds the value."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason, category="crm", code=code)


def coerced(value: Any, field: FieldDescribe) -> Any:
    """`value` as the REST API takes it for `field`. Raises `Unfit`."""
    name, kind = field["name"], field.get("type", "string")
    if value is None or (value == "" and kind not in _TEXTS):
        if not field.get("nillable", True) and kind != "boolean":
            raise Unfit("REQUIRED_FIELD_MISSING", f"The field {name} must have a value.")
        return None
    if kind in _UNWRITABLE:
        raise Unfit("INVALID_FIELD_FOR_INSERT_UPDATE", f"The field {name} is of type {kind}, which takes no answer.")
    fit: Callable[[Any, FieldDescribe], Any] = _BY_TYPE.get(kind, _text)
    return fit(value, field)


def plain_text(value: Any, field: FieldDescribe) -> str:
    """`value` as text that Salesforce can store. Raises `Unfit`."""
    text = value if isinstance(value, str) else _as_text(value, field["name"])
    if "\0" in text or _SURROGATE.search(text):
        raise Unfit("INVALID_CHARACTERS", f"The value for {field['name']} holds characters that are no text.")
    return text


def units(text: str) -> int:
    """Length as Salesforce counts it: UTF-16 units, so that most emoji are two (contract check 43)."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text(value: Any, field: FieldDescribe) -> str:
    text = plain_text(value, field)
    longest, has = field.get("length") or 0, units(text)
    # Never shortened: half an answer is a wrong answer.
    if 0 < longest < has:
        reason = f"The value for {field['name']} has {has} characters, the field takes {longest}: ask for less."
        raise Unfit("STRING_TOO_LONG", reason)
    return text


def _picked(value: Any, field: FieldDescribe) -> str:
    text = plain_text(value, field).strip()
    if not field.get("restrictedPicklist"):
        return _text(text, field)
    choices = [choice for choice in field.get("picklistValues", []) if choice.get("active", True)]
    for fold in (str, str.casefold):
        for name in ("value", "label"):
            for choice in choices:
                if fold(str(choice.get(name) or "")) == fold(text):
                    return str(choice["value"])
    # The choices are the org's own words, so they may be told.
    some = ", ".join(str(choice.get("value")) for choice in choices[:_TOLD_CHOICES])
    more = f" and {len(choices) - _TOLD_CHOICES} more" if len(choices) > _TOLD_CHOICES else ""
    reason = f"The answer is not one of the choices of {field['name']} ({some}{more}): name them in the prompt."
    raise Unfit("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", reason)


def _picked_many(value: Any, field: FieldDescribe) -> str:
    parts = value if isinstance(value, list) else plain_text(value, field).split(";")
    return ";".join(_picked(part, field) for part in parts)


def _boolean(value: Any, field: FieldDescribe) -> bool:
    if isinstance(value, bool):
        return value
    folded = plain_text(value, field).strip().casefold()
    if folded in _TRUE or folded in _FALSE:
        return folded in _TRUE
    raise Unfit("INVALID_TYPE_ON_FIELD_IN_RECORD", f"The answer for {field['name']} is neither true nor false.")


def _number(value: Any, field: FieldDescribe) -> int | float:
    text = plain_text(value, field).strip().lstrip("$€£").rstrip("%").replace(",", "").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise Unfit("INVALID_TYPE_ON_FIELD_IN_RECORD", f"The answer for {field['name']} is not a number.")
    whole = (field.get("precision") or 18) - (field.get("scale") or 0)
    if abs(number) >= Decimal(10) ** whole:
        raise Unfit("NUMBER_OUTSIDE_VALID_RANGE", f"The number for {field['name']} has more than {whole} digits.")
    return int(number) if number == number.to_integral_value() else float(number)


def _integer(value: Any, field: FieldDescribe) -> int:
    digits = field.get("digits") or 9
    number = _number(value, {"name": field["name"], "precision": digits})
    if isinstance(number, float):
        raise Unfit("INVALID_TYPE_ON_FIELD_IN_RECORD", f"The answer for {field['name']} is not a whole number.")
    return number


def _date(value: Any, field: FieldDescribe) -> str:
    text = plain_text(value, field).strip()
    try:
        # A moment has its date, too.
        day = date.fromisoformat(text) if len(text) <= _DATE else datetime.fromisoformat(text).date()
    except ValueError:
        reason = f"The answer for {field['name']} is no date such as 2026-11-21."
        raise Unfit("INVALID_TYPE_ON_FIELD_IN_RECORD", reason) from None
    return day.isoformat()


def _datetime(value: Any, field: FieldDescribe) -> str:
    text = plain_text(value, field).strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        reason = f"The answer for {field['name']} is no date and time such as 2026-11-21T10:00:00Z."
        raise Unfit("INVALID_TYPE_ON_FIELD_IN_RECORD", reason) from None
    # Without a zone Salesforce would refuse it; UTC is what its own answers are in.
    return moment.isoformat(timespec="milliseconds") + ("" if moment.tzinfo else "Z")


def _reference(value: Any, field: FieldDescribe) -> str:
    text = plain_text(value, field).strip()
    if not _ID.fullmatch(text):
        raise Unfit("MALFORMED_ID", f"The answer for {field['name']} is not a Salesforce id.")
    return id18(text)


def _as_text(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        reason = f"The answer for {name} is not a number or holds one that is none (NaN or infinite)."
        raise Unfit("INVALID_TYPE_ON_FIELD_IN_RECORD", reason) from None


_TEXTS = frozenset({"string", "textarea", "phone", "url", "email", "encryptedstring", "combobox", "anyType"})
_UNWRITABLE = frozenset({"address", "location", "base64", "complexvalue", "id"})
_BY_TYPE: Mapping[str, Callable[[Any, FieldDescribe], Any]] = {
    "picklist": _picked,
    "multipicklist": _picked_many,
    "boolean": _boolean,
    "int": _integer,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
    "reference": _reference,
}
