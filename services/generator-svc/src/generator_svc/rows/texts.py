"""Arrow arrays out of drawn numbers: fixed-width codes, money, entries of a vocabulary, joined texts, dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Bits = NDArray[np.uint64]
Bytes = NDArray[np.uint8]

CROCKFORD = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8)
"""Base 32 without I, L, O, U, which people misread."""
DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)
_EPOCH = date(1970, 1, 1)


def fixed_width(characters: Bytes) -> pa.Array:
    """Strings out of a matrix of ASCII codes, a row each."""
    rows, width = characters.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)[: rows + 1]
    return pa.Array.from_buffers(
        pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters))]
    )


def symbols(numbers: Bits, width: int, alphabet: Bytes = DIGITS) -> Bytes:
    """Numbers as so many symbols of an alphabet, with leading zeros."""
    table, step = _groups(alphabet.tobytes())
    base = np.uint64(len(table))
    out = np.empty((len(numbers), -(-width // step)), dtype=table.dtype)
    rest = numbers
    for place in range(out.shape[1] - 1, -1, -1):
        # A division by a constant and a product are several times as fast as a remainder.
        quotient = rest // base
        out[:, place] = table[(rest - quotient * base).astype(np.intp)]
        rest = quotient
    return out.view(np.uint8)[:, out.shape[1] * step - width :]


def numbered(prefix: str, numbers: Bits, width: int) -> pa.Array:
    """A prefix and a number of fixed width."""
    out = np.empty((len(numbers), len(prefix) + width), dtype=np.uint8)
    out[:, : len(prefix)] = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    out[:, len(prefix) :] = symbols(numbers, width)
    return fixed_width(out)


def money(cents: NDArray[Any]) -> pa.Array:
    """Cents as decimals with two places."""
    words = np.zeros((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents
    words[:, 1] = np.where(words[:, 0] < 0, -1, 0)
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(words)])


def take(vocabulary: pa.Array, positions: NDArray[Any]) -> pa.Array:
    """Entries of a vocabulary."""
    return pc.take(vocabulary, pa.array(positions.astype(np.int64, copy=False)), boundscheck=False)


def joined(parts: Sequence[Any], separator: str = " ") -> pa.Array:
    """Texts of several columns, row by row; null where one of them is."""
    return pc.binary_join_element_wise(*parts, separator)


def days(numbers: NDArray[Any]) -> pa.Array:
    """Days since 1970-01-01 as dates."""
    return pa.array(numbers.astype(np.int32)).view(pa.date32())


@lru_cache(maxsize=16)
def _groups(alphabet: bytes) -> tuple[NDArray[np.uint32 | np.uint16 | np.uint8], int]:
    """All groups of 4, 2 or 1 symbols, each group as one number: one look-up puts them all."""
    step = next(step for step in (4, 2, 1) if len(alphabet) ** step <= 1 << 16)
    places = np.indices((len(alphabet),) * step).reshape(step, -1).T
    groups = np.ascontiguousarray(np.frombuffer(alphabet, dtype=np.uint8)[places])
    return groups.view(f"u{step}").reshape(-1), step


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days
