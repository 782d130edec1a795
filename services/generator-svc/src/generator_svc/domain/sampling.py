"""Column samplers: any row range on its own, byte for byte what a sequential run gives for these rows.

Philox is counter-based: row i of a column is the i-th draw of a stream whose key is (seed, recipe, version, column).
NumPy promises the stream of a bit generator to stay as it is (NEP 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Draws = NDArray[np.uint64]
Bytes = NDArray[np.uint8]

_DRAWS_PER_BLOCK = 4
"""Philox 4×64 gives four numbers per counter step."""

CROCKFORD = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8)
"""Base 32 without I, L, O, U, which people misread."""

_DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)


@dataclass(frozen=True)
class Rows:
    """A row range of one recipe and seed."""

    recipe: str
    version: int
    seed: int
    first: int
    count: int

    @property
    def indices(self) -> Draws:
        """Row numbers from 0."""
        return np.arange(self.first, self.first + self.count, dtype=np.uint64)

    def draws(self, column: str) -> Draws:
        """One 64-bit number per row."""
        name = blake2b(f"{self.recipe}/{self.version}/{column}".encode(), digest_size=8).digest()
        key = np.array([self.seed & 0xFFFF_FFFF_FFFF_FFFF, int.from_bytes(name, "little")], dtype=np.uint64)
        block, skipped = divmod(self.first, _DRAWS_PER_BLOCK)
        stream = np.random.Philox(key=key, counter=np.array([block, 0, 0, 0], dtype=np.uint64))
        drawn: Draws = stream.random_raw(self.count + skipped)
        return drawn[skipped:]


def below(draws: Draws, bound: int | Draws) -> Draws:
    """0 … bound-1 from the upper 32 bits of each draw."""
    return ((draws >> np.uint64(32)) * np.asarray(bound, dtype=np.uint64)) >> np.uint64(32)


def below_too(draws: Draws, bound: int | Draws) -> Draws:
    """A second choice, from the lower 32 bits."""
    return ((draws & np.uint64(0xFFFF_FFFF)) * np.asarray(bound, dtype=np.uint64)) >> np.uint64(32)


def shuffled_30_bits(rows: Rows, column: str) -> Draws:
    """A different number below 2^30 for every row below 2^30: each step is a bijection, so uniqueness needs no set."""
    mask = np.uint64((1 << 30) - 1)
    digest = blake2b(f"{rows.recipe}/{rows.version}/{column}/{rows.seed}".encode(), digest_size=12).digest()
    first, second, offset = (int.from_bytes(digest[i : i + 4], "little") for i in (0, 4, 8))
    mixed = (rows.indices + np.uint64(offset)) & mask
    for factor in (first | 1, second | 1):
        mixed = (mixed * np.uint64(factor & int(mask))) & mask
        mixed ^= mixed >> np.uint64(15)
    return mixed


def fixed_width(characters: Bytes) -> pa.Array:
    """Strings out of a matrix of ASCII codes, a row each."""
    rows, width = characters.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters))]
    )


def symbols(numbers: Draws, width: int, alphabet: Bytes = _DIGITS) -> Bytes:
    """Numbers as so many symbols of an alphabet, with leading zeros."""
    base = np.uint64(len(alphabet))
    out = np.empty((len(numbers), width), dtype=np.uint8)
    rest = numbers
    for place in range(width - 1, -1, -1):
        out[:, place] = alphabet[(rest % base).astype(np.intp)]
        rest = rest // base
    return out


def numbered(prefix: str, numbers: Draws, width: int) -> pa.Array:
    """A prefix and a number of fixed width."""
    out = np.empty((len(numbers), len(prefix) + width), dtype=np.uint8)
    out[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    out[:, len(prefix) :] = symbols(numbers, width)
    return fixed_width(out)


def money(cents: NDArray[Any]) -> pa.Array:
    """Cents as decimals with two places."""
    words = np.zeros((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(words)])


def take(vocabulary: pa.Array, positions: Draws) -> pa.Array:
    """Entries of a vocabulary."""
    return vocabulary.take(pa.array(positions.astype(np.int64)))


def joined(parts: Sequence[Any], separator: str = " ") -> pa.Array:
    """Texts of several columns, row by row."""
    return pc.binary_join_element_wise(*parts, separator)
