"""Rows in a file: CSV with a header, or JSON Lines. Read line by line, so that a million rows fit into any memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

from gateway.domain.parts import Row, grouped

RowFormat = Literal["csv", "jsonl"]

MAX_ROWS = 1_000_000
MAX_ROW_CHARACTERS = 200_000
"""Of one row as JSON: six bytes a character still fit into one record of the bus."""

MAX_ID = 255

csv.field_size_limit(MAX_ROW_CHARACTERS)

SUFFIXES: Mapping[str, RowFormat] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class BadRow(Exception):
    """A line that is no row. `line` counts from 1, as editors do."""

    def __init__(self, line: int, detail: str, hint: str | None = None) -> None:
        super().__init__(detail)
        self.line = line
        self.detail = detail
        self.hint = hint


@dataclass
class Contents:
    """What a whole file holds."""

    rows: int = 0
    columns: dict[str, None] = field(default_factory=dict)
    """Every field that some row has, in order of appearance."""
    parts: int = 0
    """Into how many the rows are cut for the bus."""


def read_csv(lines: Iterable[str]) -> Iterator[tuple[int, Row]]:
    """(line, row) of RFC 4180 text; every value is text, and the first line names the columns."""
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, None)
        columns = _columns(header or [])
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(columns):
                raise BadRow(reader.line_num, f"the row has {len(cells)} cells, the header {len(columns)}")
            yield reader.line_num, dict(zip(columns, cells, strict=True))
    except csv.Error as error:
        raise BadRow(reader.line_num, f"not readable as CSV: {error}", "quote cells that hold quotes") from error


def read_jsonl(lines: Iterable[str]) -> Iterator[tuple[int, Row]]:
    """(line, row) of text with one JSON object a line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if len(line) > MAX_ROW_CHARACTERS:
            raise BadRow(number, f"the row has more than {MAX_ROW_CHARACTERS:,} characters")
        try:
            row = json.loads(line, parse_constant=_refuse_constant)
            json.dumps(row, allow_nan=False)  # 1e999 is JSON, but no number that could be passed on
        except (ValueError, RecursionError) as error:
            raise BadRow(number, "the line is not valid JSON") from error
        if not isinstance(row, dict):
            raise BadRow(number, "the line is not a JSON object")
        yield number, row


READERS: Mapping[RowFormat, Callable[[Iterable[str]], Iterator[tuple[int, Row]]]] = {
    "csv": read_csv,
    "jsonl": read_jsonl,
}


def checked(rows: Iterable[tuple[int, Row]], *, required: str | None = None) -> Contents:
    """Look at every row. Raises `BadRow` at the first that cannot be a record.

    `required` is the field that a target upserts by. Ids are compared by 8-byte hashes: a million of them in a set
    take 60 MB as hashes and several times that as texts.
    """
    contents = Contents()
    contents.parts = sum(1 for _ in grouped(_each_checked(rows, contents, required)))
    return contents


def _each_checked(rows: Iterable[tuple[int, Row]], contents: Contents, required: str | None) -> Iterator[Row]:
    seen: set[bytes] = set()
    has_ids: bool | None = None
    for line, row in rows:
        contents.rows += 1
        if contents.rows > MAX_ROWS:
            raise BadRow(line, f"the file has more than {MAX_ROWS:,} rows", "split it into several batches")
        contents.columns.update(dict.fromkeys(row))
        has_ids = "id" in row if has_ids is None else has_ids
        if has_ids != ("id" in row):
            raise BadRow(line, "some rows have an `id` and some have none", "give every row one, or none")
        if has_ids:
            _check_id(line, row["id"], seen)
        if required and row.get(required) in (None, ""):
            raise BadRow(line, f"the external id of the target, {required}, is missing in this row")
        yield row


def _check_id(line: int, given: Any, seen: set[bytes]) -> None:
    if not isinstance(given, str) or not 1 <= len(given) <= MAX_ID:
        raise BadRow(line, f"an `id` is text of 1 to {MAX_ID} characters")
    digest = blake2b(given.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    if digest in seen:
        raise BadRow(line, "this id is given to more than one row")
    seen.add(digest)


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip() for name in header]
    if not any(columns):
        raise BadRow(1, "the first line must name the columns")
    if "" in columns:
        raise BadRow(1, f"column {columns.index('') + 1} has no name")
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise BadRow(1, f"two columns have the name {twice}")
    return columns


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
