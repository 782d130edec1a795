"""Literals of SOQL. Every value that enters a query passes here."""

from __future__ import annotations

NUMBERS = frozenset({"double", "int", "currency", "percent"})
"""Describe types whose literals have no quotes."""

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def quoted(value: str) -> str:
    """A SOQL string literal (SOQL reference, "Quoted String Escape Sequences"); NUL cannot be said and is refused."""
    if "\0" in value:
        raise ValueError("SOQL has no way to write a NUL character")
    return f"'{value.translate(_ESCAPES)}'"


def literal(value: str, kind: str | None) -> str:
    """A value as a condition on a field of this describe type wants it: numbers stand without quotes."""
    return value if kind in NUMBERS else quoted(value)
