"""Literals of SOQL, and queries that name many. Every value that enters a query passes here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

QUERY_CHARACTERS = 12_000
"""A query's share, URL-encoded, of the 16,384 bytes that Salesforce takes as URI and headers (else 414 or 431)."""

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


def queries_among(head: str, literals: Iterable[str]) -> Iterator[str]:
    """`head` (`SELECT … IN`) with the literals as its list, in queries of which none is longer than a URI allows."""
    room = QUERY_CHARACTERS - len(quote(f"{head} ("))
    some: list[str] = []
    used = 0
    for one in literals:
        size = len(quote(f"{one},"))
        if some and used + size > room:
            yield f"{head} ({','.join(some)})"
            some, used = [], 0
        some.append(one)
        used += size
    if some:
        yield f"{head} ({','.join(some)})"
