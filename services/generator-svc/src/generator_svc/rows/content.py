"""The root hash of a table: over the content of its rows, so that CSV, JSON and Parquet of the same rows share it.

The text of a row is its CSV line where all columns are flat, else its JSON line. Texts are hashed in blocks of 2,048
rows that begin at multiples of 2,048, the block hashes are folded pairwise (RFC 6962's prefixes keep leaves and nodes
apart), and the root also covers the column names, the first row's number and the number of rows. Whoever made a block
can hash it; nobody needs the others' rows for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

import pyarrow as pa

from generator_svc.rows.csv_text import csv_bytes
from generator_svc.rows.json_text import json_lines

BLOCK = 2_048
"""Rows per leaf."""


def is_nested(schema: pa.Schema) -> bool:
    """Whether a column holds structs or lists, which CSV has no form for."""
    return any(pa.types.is_nested(field.type) for field in schema)


def row_text(rows: pa.RecordBatch) -> bytes:
    """What is hashed of the rows."""
    return json_lines(rows) if is_nested(rows.schema) else csv_bytes(rows)


def leaf(text: bytes | memoryview) -> bytes:
    """The hash of a block's text."""
    hashed = sha256(b"\0")
    hashed.update(text)
    return hashed.digest()


def leaves(rows: pa.RecordBatch, first: int) -> list[bytes]:
    """The hashes of the blocks that these rows, of which the first has that number, consist of."""
    return [leaf(row_text(rows.slice(start - first, count))) for start, count in blocks(first, rows.num_rows)]


def blocks(first: int, count: int, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """A row range cut at the multiples of `size`."""
    end = first + count
    while first < end:
        taken = min(end - first, size - first % size)
        yield first, taken
        first += taken


def root(columns: Sequence[str], first: int, hashes: Iterable[bytes], count: int) -> str:
    """The root hash of a table, 64 hex digits."""
    level = list(hashes)
    while len(level) > 1:
        pairs = [sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    frame = json.dumps([list(columns), first, count], ensure_ascii=False, separators=(",", ":")).encode()
    return sha256(b"\2" + frame + b"".join(level)).hexdigest()
