"""Inline rows of a batch on the bus: in the command itself up to 64 KB, ahead of it in parts beyond (claim check)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

INLINE_BYTES = 64 * 1024
PART_BYTES = 256 * 1024
Row = dict[str, Any]


def parts_of(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows in parts of at most 256 KB of JSON; none if the command can carry them.

    A single row above that is a part of its own: the limit of a request (8 MB) is what bounds it.
    """
    sizes = [_size_of(row) for row in rows]
    return [] if sum(sizes) <= INLINE_BYTES else list(grouped(rows))


def grouped(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in parts of at most 256 KB of JSON; one above that is a part of its own."""
    part: list[Row] = []
    held = 0
    for row in rows:
        size = _size_of(row)
        if part and held + size > PART_BYTES:
            yield part
            part, held = [], 0
        part.append(row)
        held += size
    if part:
        yield part


def _size_of(row: Row) -> int:
    return len(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")) + 1
