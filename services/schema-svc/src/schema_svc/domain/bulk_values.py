"""Cells of a bulk query as the REST API says the same values, so that a prompt is the same whichever was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

COMPOUND = frozenset({"address", "location", "base64", "complexvalue", "anyType"})
"""Types that Bulk API 2.0 does not give (its query limits)."""


def rest_values(row: Mapping[str, str], types: Mapping[str, str]) -> dict[str, Any]:
    """Values by the names of `types`, which say each field's type as describe does; a cell that lacks is null."""
    return {name: rest_value(row.get(name, ""), kind) for name, kind in types.items()}


def rest_value(cell: str, kind: str) -> Any:
    """One value. Salesforce has no empty texts: an empty cell is null."""
    return _READ.get(kind, str)(cell) if cell else None


def _moment(cell: str) -> str:
    """REST writes the offset without a colon, bulk queries write Z."""
    return f"{cell[:-1]}+0000" if cell.endswith("Z") else cell


def _int(cell: str) -> int:
    return int(cell) if cell.lstrip("-").isdecimal() else int(float(cell))


_READ: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda cell: cell.casefold() == "true",
    "int": _int,
    "long": _int,
    "double": float,
    "currency": float,
    "percent": float,
    "datetime": _moment,
}
