"""Which values a property takes, and how it keeps them: every value is text on the wire."""

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from crm_sandbox.foreign import Json
from crm_sandbox.hubspot.errors import PropertyError, bad_json
from crm_sandbox.hubspot.stamps import day_of, moment_ms, stamp

if TYPE_CHECKING:
    from crm_sandbox.hubspot.properties import Property

# Characters of a text property; contract check 93 names it for a note's body.
LONGEST_TEXT = 65_536
_EMAIL = re.compile(r"[^\s@,;<>()\[\]\"\\]+@[^\s@.,;<>()\[\]\"\\]+(\.[^\s@.,;<>()\[\]\"\\]+)+\Z")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)


def as_text(raw: Json) -> str:
    """A JSON scalar as HubSpot reads it; null and "" clear."""
    if raw is None:
        return ""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return repr(int(raw)) if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15 else repr(raw)
    raise bad_json("Cannot deserialize value of type `java.lang.String` from Object or Array value")


def stored(one: "Property", raw: Json, before: str | None = None) -> str:
    """What the property keeps of a value, "" where it is cleared; PropertyError where it refuses it."""
    text = as_text(raw)
    if one.read_only:
        message = f'"{one.name}" is a read only property; its value cannot be set.'
        raise PropertyError(one.name, "READ_ONLY_VALUE", message)
    if not text.strip():
        return ""
    if one.name == "email" or one.field_type == "email":
        return _email(one, text)
    if one.field_type == "checkbox" and one.type == "enumeration":
        return _choices(one, text, before)
    return _CHECKS.get(one.type, _text)(one, text)


def _text(one: "Property", text: str) -> str:
    if len(text) > LONGEST_TEXT:
        # The code is assumed; the limit is the vendor's.
        raise PropertyError(one.name, "INVALID_LENGTH", f"{one.name} is longer than {LONGEST_TEXT} characters")
    return text.replace("\x00", "")


def _email(one: "Property", text: str) -> str:
    email = text.strip().lower()
    if not _EMAIL.match(email) or ".." in email:
        raise PropertyError(one.name, "INVALID_EMAIL", f"Email address {text} is invalid")
    return email


def _number(one: "Property", text: str) -> str:
    # Since April 2025 blanks around a value that is no text are refused, too (changelog of the vendor).
    if not _NUMBER.match(text) or not math.isfinite(float(text)):
        raise PropertyError(one.name, "INVALID_INTEGER", f"{text} was not a valid number.")
    return text


def _date(one: "Property", text: str) -> str:
    try:
        return day_of(text).isoformat()
    except (ValueError, OverflowError) as error:
        why = "is not midnight UTC" if "midnight" in str(error) else "was not a valid date"
        raise PropertyError(one.name, "INVALID_DATE", f"{text} {why}.") from error


def _datetime(one: "Property", text: str) -> str:
    try:
        return stamp(moment_ms(text))
    except (ValueError, OverflowError) as error:
        raise PropertyError(one.name, "INVALID_DATE", f"{text} was not a valid datetime.") from error


def _bool(one: "Property", text: str) -> str:
    if text not in ("true", "false"):
        raise PropertyError(one.name, "INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]")
    return text


def _choice(one: "Property", text: str) -> str:
    if one.external_options or text in one.options:
        return text
    allowed = ", ".join(one.options)
    raise PropertyError(one.name, "INVALID_OPTION", f"{text} was not one of the allowed options: [{allowed}]")


def _choices(one: "Property", text: str, before: str | None) -> str:
    """Several, joined by semicolons; a leading one adds to what is there."""
    wanted = [_choice(one, choice) for choice in text.split(";") if choice]
    there = before.split(";") if before and text.startswith(";") else []
    return ";".join(dict.fromkeys((*there, *wanted)))


_CHECKS: Mapping[str, Callable[["Property", str], str]] = {
    "string": _text,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "bool": _bool,
    "enumeration": _choice,
}
