"""A template becomes the prompt of one record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

SLOT = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
"""`{{ Field }}` (S0-20, S1-63); a dot leads into a related object's field."""


class Template:
    """A prompt template, split once per batch."""

    def __init__(self, text: str, *, empty: str = "") -> None:
        """`empty` stands for a field that has no value."""
        self._pieces = SLOT.split(text)
        self._empty = empty
        self.slots: tuple[str, ...] = tuple(self._pieces[1::2])
        self.literals: tuple[str, ...] = tuple(self._pieces[0::2])

    def render(self, values: Mapping[str, Any]) -> str:
        """Static text and values; what a value contains is never looked at again."""
        pieces = self._pieces.copy()
        for position in range(1, len(pieces), 2):
            pieces[position] = as_text(value_of(values, pieces[position]), self._empty)
        return "".join(pieces)


def value_of(values: Mapping[str, Any], slot: str) -> Any:
    """The field of that name, or of the related object that the dotted name leads to."""
    if slot in values or "." not in slot:
        return values.get(slot)
    found: Any = values
    for step in slot.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def as_text(value: Any, empty: str = "") -> str:
    """A value as a prompt shows it: text as it is, numbers plain, true/false, anything else as JSON."""
    if type(value) is str:
        return value or empty
    if value is None:
        return empty
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return str(value)
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
