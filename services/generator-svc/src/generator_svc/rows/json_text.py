"""A record batch as JSON lines, rendered column by column: nested values cost no Python object each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.cells import plain_text, text_bytes

ABSENT_NULLS = {b"recordsmith.nulls": b"absent"}
"""Schema metadata: a row's JSON object leaves out the top-level fields that are null."""

_NEEDS_ESCAPE = r'[\x00-\x1f"\\]'


def json_lines(rows: pa.RecordBatch) -> bytes:
    """One object per row, each ended by LF."""
    if not rows.num_rows:
        return b""
    return text_bytes(pc.binary_join_element_wise(json_objects(rows), pa.scalar("\n"), ""))


def json_objects(rows: pa.RecordBatch) -> pa.Array:
    """The JSON text of each row."""
    absent = (rows.schema.metadata or {}).get(b"recordsmith.nulls") == b"absent"
    render = _object_without_nulls if absent else _object
    return render(rows.schema.names, rows.columns)


def json_values(column: pa.Array) -> pa.Array:
    """The JSON text of each value, `null` for nulls."""
    kind = column.type
    if pa.types.is_struct(kind):
        text = _object([field.name for field in kind], column.flatten())
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        text = _lists(column)
    elif pa.types.is_null(kind):
        return pa.array(["null"] * len(column))
    elif _is_bare(kind):
        return pc.fill_null(plain_text(column), "null")
    else:
        text = _strings(plain_text(column))
    if not column.null_count:
        return text
    return pc.if_else(pc.is_valid(column), text, pa.scalar("null"))


def _is_bare(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_boolean(kind))


def _object(names: Sequence[str], columns: Sequence[pa.Array]) -> pa.Array:
    if not names:
        raise ValueError("a JSON object without fields has no place in a table")
    pieces: list[pa.Array | pa.Scalar] = []
    for place, (name, column) in enumerate(zip(names, columns, strict=True)):
        pieces += [pa.scalar(f"{',' if place else '{'}{_key(name)}:"), json_values(column)]
    return pc.binary_join_element_wise(*pieces, pa.scalar("}"), "")


def _object_without_nulls(names: Sequence[str], columns: Sequence[pa.Array]) -> pa.Array:
    pieces: list[pa.Array] = []
    for name, column in zip(names, columns, strict=True):
        piece = pc.binary_join_element_wise(pa.scalar(f",{_key(name)}:"), json_values(column), "")
        pieces.append(pc.if_else(pc.is_valid(column), piece, pa.scalar("")) if column.null_count else piece)
    inner = pc.binary_join_element_wise(*pieces, "") if len(pieces) > 1 else pieces[0]
    return pc.binary_join_element_wise(pa.scalar("{"), pc.binary_replace_slice(inner, 0, 1, ""), pa.scalar("}"), "")


def _key(name: str) -> str:
    return orjson.dumps(name).decode()


def _strings(text: pa.Array) -> pa.Array:
    quoted = pc.binary_join_element_wise(pa.scalar('"'), text, pa.scalar('"'), "")
    odd = pc.fill_null(pc.match_substring_regex(text, _NEEDS_ESCAPE), False)
    if not pc.any(odd).as_py():
        return quoted
    escaped = [orjson.dumps(value).decode() for value in text.filter(odd).to_pylist()]
    return pc.replace_with_mask(quoted, odd, pa.array(escaped, pa.string()))


def _lists(column: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(column) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    texts = pa.ListArray.from_arrays(pa.array(offsets), json_values(column.flatten()))
    return pc.binary_join_element_wise(pa.scalar("["), pc.binary_join(texts, ","), pa.scalar("]"), "")
