"""CSV as Bulk API 2.0 takes it (RFC 4180, UTF-8, line feeds)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from writer_svc.domain.coercion import units

NULL = "#N/A"
"""Sets a field to null; an empty cell leaves it as it is. The text itself can therefore not be sent."""

CELL = 32_000
"""Characters of one field (Bulk API 2.0 limits)."""

LINE = 400_000
"""Characters of one record."""


def line_of(values: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    """One line without its end; None where CSV cannot say it, so that the record must go another way."""
    cells = [_cell(values[name]) if name in values else "" for name in columns]
    if any(cell is None for cell in cells) or sum(len(cell or "") for cell in cells) > LINE:
        return None
    return ",".join(cell or "" for cell in cells)


def merged(earlier: str, later: str) -> str:
    """One line for two of the same record: what the later leaves as it is, the earlier says."""
    before, after = (next(csv.reader(io.StringIO(line, newline=""))) for line in (earlier, later))
    return ",".join(_quoted(new or old) for old, new in zip(before, after, strict=True))


def _cell(value: Any) -> str | None:
    """The cell; None where it cannot be said."""
    if value is None or value == "":
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{Decimal(repr(value)):f}"
    text = str(value)
    return None if text == NULL or units(text) > CELL else _quoted(text)


def _quoted(text: str) -> str:
    plain = not any(char in text for char in '",\r\n') and text == text.strip()
    return text if plain else '"' + text.replace('"', '""') + '"'
