"""Literals of SOQL. Every value that enters a query passes here."""

from __future__ import annotations

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def quoted(value: str) -> str:
    """A SOQL string literal (SOQL reference, "Quoted String Escape Sequences"); NUL cannot be said and is refused."""
    if "\0" in value:
        raise ValueError("SOQL has no way to write a NUL character")
    return f"'{value.translate(_ESCAPES)}'"
