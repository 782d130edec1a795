"""The text of rows that the root hash covers, so that CSV, JSON and Parquet of the same rows share one root.

The text of a row is its CSV line where all columns are flat, else its JSON line (`shared.row_blocks` does the rest).
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from shared.row_blocks import blocks, leaf

from generator_svc.rows.csv_text import csv_bytes, csv_parts
from generator_svc.rows.json_text import json_lines


def is_nested(schema: pa.Schema) -> bool:
    """Whether a column holds structs or lists, which CSV has no form for."""
    return any(pa.types.is_nested(field.type) for field in schema)


def row_text(rows: pa.RecordBatch) -> bytes:
    """What is hashed of the rows."""
    return json_lines(rows) if is_nested(rows.schema) else csv_bytes(rows)


def row_texts(rows: pa.RecordBatch, sizes: Sequence[int]) -> list[bytes]:
    """The same in parts of these sizes."""
    if not is_nested(rows.schema):
        return csv_parts(rows, sizes)
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [json_lines(rows.slice(start, size)) for start, size in zip(starts, sizes, strict=True)]


def leaves(rows: pa.RecordBatch, first: int) -> list[bytes]:
    """The hashes of the blocks that these rows, of which the first has that number, consist of."""
    return [leaf(text) for text in row_texts(rows, [count for _, count in blocks(first, rows.num_rows)])]
