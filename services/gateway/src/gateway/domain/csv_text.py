"""CSV as people and spreadsheets expect it: RFC 4180, and no cell from outside that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?\Z")


def safe_cell(value: Any) -> str:
    """A cell from outside (LLM text, CRM values): a leading apostrophe where a spreadsheet would see a formula.

    Numbers stay as they are; objects and lists become JSON (S1-33).
    """
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.match(text) else text


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV text with CR LF, cells as they are."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def records(text: str) -> Iterator[list[str]]:
    """The records of CSV text."""
    return csv.reader(io.StringIO(text, newline=""), strict=True)
