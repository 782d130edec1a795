"""A record batch as CSV: RFC 4180, no header, every row ended by CR LF, no cell that a spreadsheet would execute.

Null is an empty cell, an empty string is `""`, so that a reader which cares can tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from generator_svc.rows.cells import plain_text, text_bytes
from generator_svc.rows.json_text import json_values

_PLAIN = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none", eol="\r\n")
_FORMULA = np.zeros(256, dtype=bool)
_FORMULA[np.frombuffer(b"=+-@\t\r", dtype=np.uint8)] = True
_FORMULA_START = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?$"
_NEEDS_QUOTES = '[",\r\n]'


def csv_bytes(rows: pa.RecordBatch, *, guarded: bool = True) -> bytes:
    """The rows; the bytes of adjoining ranges can be put together as they are.

    Guarded, a cell that begins like a formula and is no number gets a leading apostrophe.
    """
    return csv_parts(rows, [rows.num_rows], guarded=guarded)[0]


def csv_parts(rows: pa.RecordBatch, sizes: Sequence[int], *, guarded: bool = True) -> list[bytes]:
    """The rows in parts of these sizes: what is the same for all parts is found out once."""
    columns = [_arrow_writes_it(column) for column in rows.columns]
    prepared = pa.record_batch(columns, names=rows.schema.names)
    is_plain = len(columns) > 1 and not any(map(_is_delicate, columns))
    parts, first = [], 0
    for size in sizes:
        part = prepared.slice(first, size)
        parts.append((_plain_bytes(part) if is_plain else None) or _careful_bytes(part, guarded))
        first += size
    return parts


def csv_rows(rows: pa.RecordBatch) -> str:
    """The rows as text."""
    return csv_bytes(rows).decode()


def csv_header(names: Sequence[str]) -> bytes:
    """The header line."""
    names_ = pa.record_batch([pa.array([name]) for name in names], names=list(map(str, range(len(names)))))
    return csv_bytes(names_)


def _plain_bytes(rows: pa.RecordBatch) -> bytes | None:
    """By Arrow's writer; None where a cell needs quotes."""
    sink = pa.BufferOutputStream()
    try:
        pyarrow.csv.write_csv(rows, sink, _PLAIN)
    except pa.ArrowInvalid:  # a cell holds a comma, a quote or a line end
        return None
    return bytes(sink.getvalue())


def _careful_bytes(rows: pa.RecordBatch, guarded: bool) -> bytes:
    """Cell by cell."""
    if not rows.num_rows:
        return b""
    cells = [_quoted(plain_text(column), guarded) for column in rows.columns]
    if len(cells) == 1:
        # An empty line is no record to many readers.
        cells = [pc.if_else(pc.equal(cells[0], ""), '""', cells[0])]
    return _joined_bytes(cells)


def _joined_bytes(columns: Sequence[pa.Array]) -> bytes:
    """Cells that are text already, as lines."""
    *others, last = columns
    ended = pc.binary_join_element_wise(last, pa.scalar("\r\n"), "")
    lines = pc.binary_join_element_wise(*others, ended, ",") if others else ended
    return text_bytes(lines)


def _arrow_writes_it(column: pa.Array) -> pa.Array:
    """Arrow's own writer gives whole numbers, decimals, days and truth values the text that we want; nested is JSON."""
    kind = column.type
    if pa.types.is_nested(kind):
        return pc.if_else(pc.is_valid(column), json_values(column), pa.scalar(None, pa.string()))
    if pa.types.is_floating(kind) or pa.types.is_timestamp(kind) or pa.types.is_dictionary(kind):
        return plain_text(column)
    return column


def _is_delicate(column: pa.Array) -> bool:
    """Whether a string column has an empty string, or a cell that begins like a formula."""
    if not pa.types.is_string(column.type):
        return False
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    starts = offsets[:-1][offsets[1:] > offsets[:-1]]
    if len(starts) < len(column) - column.null_count:
        return True
    data = np.frombuffer(column.buffers()[2], dtype=np.uint8) if len(starts) else np.empty(0, dtype=np.uint8)
    return bool(_FORMULA[data[starts]].any())


def _quoted(text: pa.Array, guarded: bool) -> pa.Array:
    if guarded and pc.any(risky := pc.match_substring_regex(text, _FORMULA_START)).as_py():
        risky = pc.and_(risky, pc.invert(pc.match_substring_regex(text, _NUMBER)))
        text = pc.if_else(risky, pc.binary_join_element_wise(pa.scalar("'"), text, ""), text)
    mask = pc.or_(pc.match_substring_regex(text, _NEEDS_QUOTES), pc.equal(text, ""))
    if pc.any(mask).as_py():
        inner = pc.replace_substring(text, '"', '""')
        text = pc.if_else(mask, pc.binary_join_element_wise(pa.scalar('"'), inner, pa.scalar('"'), ""), text)
    return pc.fill_null(text, "")
