"""Names of tables and columns that come from outside."""

from __future__ import annotations


def quoted_name(name: str) -> str:
    """A name as SQL takes it, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'
