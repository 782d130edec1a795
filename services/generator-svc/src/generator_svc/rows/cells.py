"""Numbers, days and truth values as text: one form in CSV, JSON and the root hash, whatever made the values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LARGEST_WITH_POINT = 1e15
"""Above, the shortest form has an exponent already."""


def plain_text(column: pa.Array) -> pa.Array:
    """The text of each value, null where it is null; strings are returned as they are."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if pa.types.is_dictionary(kind):
        return plain_text(column.dictionary_decode())
    if pa.types.is_floating(kind):
        return _float_text(column)
    if pa.types.is_timestamp(kind):
        return _moment_text(column)
    return pc.cast(column, pa.string())


def _float_text(column: pa.Array) -> pa.Array:
    """The shortest decimal that reads back as the same number; 5.0 stays a float. Not-a-number has no text: null."""
    text = pc.cast(column, pa.string())
    numbers = column.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        whole = (np.floor(numbers) == numbers) & (np.abs(numbers) < _LARGEST_WITH_POINT)
    if whole.any():
        exponent = pc.match_substring(text, "e")
        bare = pc.and_(pa.array(whole), pc.invert(pc.fill_null(exponent, True)))
        text = pc.if_else(bare, pc.binary_join_element_wise(text, pa.scalar(".0"), ""), text)
    if np.isfinite(numbers).all():
        return text
    return pc.if_else(pa.array(np.isfinite(numbers)), text, pa.scalar(None, pa.string()))


def _moment_text(column: pa.Array) -> pa.Array:
    """ISO 8601 with a T; with a zone in UTC and a Z."""
    text = pc.cast(column, pa.string())
    return pc.binary_replace_slice(text, 10, 11, "T")


def text_bytes(texts: pa.Array) -> bytes:
    """All texts one after the other: the data buffer of a string array is just that."""
    if not len(texts):
        return b""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return bytes(memoryview(texts.buffers()[2])[int(offsets[0]) : int(offsets[-1])])
