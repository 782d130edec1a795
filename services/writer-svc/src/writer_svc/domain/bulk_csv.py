"""CSV as Bulk API 2.0 takes it (RFC 4180, UTF-8, line feeds)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from writer_svc.domain.coercion import units

NULL = "#N/A"
"""Sets a field to null; an empty cell leaves it as it is. The text itself can therefore not be sent."""

CELL = 32_000
"""Characters of one field (Bulk API 2.0 limits)."""

_ODD = re.compile(r'[",\r\n]')

LINE = 400_000
"""Characters of one record."""


def line_of(values: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    """One line without its end; None where CSV cannot say it, so that the record must go another way."""
    cells: list[str] = []
    for name in columns:
        cell = _cell(values[name]) if name in values else ""
        if cell is None:
            return None
        cells.append(cell)
    line = ",".join(cells)
    return line if len(line) - len(cells) < LINE else None


def merged(earlier: str, later: str) -> str:
    """One line for two of the same record: what the later leaves as it is, the earlier says."""
    before, after = (next(csv.reader(io.StringIO(line, newline=""))) for line in (earlier, later))
    return ",".join(_quoted(new or old) for old, new in zip(before, after, strict=True))


def _cell(value: Any) -> str | None:
    """The cell; None where it cannot be said."""
    if value is None or value == "":
        return NULL
    if isinstance(value, str):
        return None if value == NULL or len(value) > CELL else _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{Decimal(repr(value)):f}"
    text = str(value)
    return None if text == NULL or units(text) > CELL else _quoted(text)


def _quoted(text: str) -> str:
    plain = _ODD.search(text) is None and text == text.strip()
    return text if plain else '"' + text.replace('"', '""') + '"'
