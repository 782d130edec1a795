"""SAQL queries over one dataset version. Every name and value that enters a query passes here."""

from __future__ import annotations

from collections.abc import Sequence

PAGE = 10_000
"""Rows of one page. Without a limit SAQL returns as many and does not say that there are more (SAQL reference, limit);
how many an explicit limit may ask for is not documented."""


def field(name: str) -> str:
    """A field in single quotes."""
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def page(reference: str, fields: Sequence[str], *, offset: int, limit: int = PAGE) -> str:
    """Rows `offset` to `offset + limit` of a version (`id/versionId`), in an order that is the same for every page.

    Ordered by all fields: rows that are equal in all of them may change places, and nobody can tell.
    """
    chosen = ", ".join(f"{field(name)} as {field(name)}" for name in fields)
    order = ", ".join(f"{field(name)} asc" for name in fields)
    # Offset stands after order and before limit (SAQL reference, offset).
    return (
        f'q = load "{reference}"; q = foreach q generate {chosen}; q = order q by ({order}); '
        f"q = offset q {offset}; q = limit q {limit};"
    )


def count(reference: str) -> str:
    """How many rows a version has, as `rows`."""
    return f"q = load \"{reference}\"; q = group q by all; q = foreach q generate count() as 'rows';"
