"""A record batch as CSV text: RFC 4180, without a header, every row ended by CR LF."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_NEEDS_QUOTES = '[",\r\n]'


def csv_rows(rows: pa.RecordBatch) -> str:
    """The rows, so that the texts of adjoining ranges can be put together as they are."""
    if not rows.num_rows:
        return ""
    lines = pc.binary_join_element_wise(*(_cells(column) for column in rows.columns), ",")
    return "\r\n".join(lines.to_pylist()) + "\r\n"


def _cells(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return pc.fill_null(pc.cast(column, pa.string()), "")
    column = pc.fill_null(column, "")
    mask = pc.match_substring_regex(column, _NEEDS_QUOTES)
    if not pc.any(mask).as_py():
        return column
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
    return pc.if_else(mask, quoted, column)
