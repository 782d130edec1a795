"""Strings of the formats that JSON Schema names. All of it is fictional (S2-83): example.com, 555 numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from generator_svc.domain.dice import Dice

AS_OF = date(2025, 10, 1)
"""Dates are made relative to a fixed day, so that output never depends on today."""

_FIRST = ("alex", "maria", "james", "linda", "omar", "priya", "chen", "sofia", "daniel", "grace")
_LAST = ("rivera", "carter", "nguyen", "patel", "meyer", "rossi", "ortiz", "walsh", "kim", "hughes")


def formatted(name: object, dice: Dice) -> str | None:
    """A string of that format; None where the format is not known, so that any text will do."""
    make = _FORMATS.get(name) if isinstance(name, str) else None
    return make(dice) if make else None


def _date(dice: Dice) -> str:
    return (AS_OF - timedelta(days=dice.below(720))).isoformat()


def _time(dice: Dice) -> str:
    return f"{8 + dice.below(10):02d}:{dice.below(60):02d}:00Z"


def _email(dice: Dice) -> str:
    return f"{dice.pick(_FIRST)}.{dice.pick(_LAST)}{dice.below(1000)}@example.com"


def _uuid(dice: Dice) -> str:
    text = f"{dice.below(1 << 128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _uri(dice: Dice) -> str:
    return f"https://www.example.com/items/{dice.below(10_000)}"


_FORMATS: Mapping[str, Callable[[Dice], str]] = {
    "date": _date,
    "date-time": lambda dice: f"{_date(dice)}T{_time(dice)}",
    "time": _time,
    "duration": lambda dice: f"P{1 + dice.below(30)}D",
    "email": _email,
    "idn-email": _email,
    "hostname": lambda dice: f"host-{dice.below(1000)}.example.com",
    "ipv4": lambda dice: f"192.0.2.{dice.below(256)}",  # TEST-NET-1, RFC 5737
    "ipv6": lambda dice: f"2001:db8::{dice.below(65_536):x}",  # RFC 3849
    "uri": _uri,
    "uri-reference": _uri,
    "iri": _uri,
    "uuid": _uuid,
    "phone": lambda dice: f"(555) 010-{dice.below(10_000):04d}",
}
