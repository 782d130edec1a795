"""Counter-based draws: any row range on its own, byte for byte what a sequential run gives for these rows.

Philox is counter-based: what row i of a column consumes is at a fixed place of a stream whose key is (seed, recipe,
version, column). NumPy promises the stream of a bit generator to stay as it is (NEP 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from generator_svc.rows.elementary import normal_quantile
from generator_svc.rows.shuffling import Shuffle

Bits = NDArray[np.uint64]
Floats = NDArray[np.float64]

_PER_BLOCK = 4
"""Philox 4×64 gives four numbers per counter step."""
_NARROW = 1 << 20
"""Up to this bound 32 random bits are even enough: the most likely value is 1 + 2⁻¹² times as likely as the least."""
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)
_TO_UNIT = 2.0**-53


class SpaceTooSmall(ValueError):
    """Unique values run out."""


@dataclass(frozen=True)
class Draws:
    """The randomness of rows `first` … `first + count - 1` of one recipe and seed.

    Every method takes the name of a stream, usually the column's; two calls with one name give the same numbers, so a
    column that needs several independent ones asks for a `width` or for streams such as `price` and `price/null`.
    """

    recipe: str
    version: int
    seed: int
    first: int
    count: int

    @property
    def indices(self) -> Bits:
        """Row numbers from 0."""
        return np.arange(self.first, self.first + self.count, dtype=np.uint64)

    def bits(self, column: str, width: int = 1) -> Bits:
        """64 random bits a row: shape (count,), or (count, width)."""
        block, skipped = divmod(self.first * width, _PER_BLOCK)
        counter = np.array([block & 0xFFFF_FFFF_FFFF_FFFF, block >> 64, 0, 0], dtype=np.uint64)
        stream = np.random.Philox(key=self._key(column), counter=counter)
        drawn: Bits = stream.random_raw(self.count * width + skipped)[skipped:]
        return drawn if width == 1 else drawn.reshape(self.count, width)

    def uniform(self, column: str, width: int = 1) -> Floats:
        """Even numbers of [0, 1) in steps of 2⁻⁵³: shape (count,), or (count, width)."""
        return unit(self.bits(column, width))

    def below(self, column: str, bound: int | Bits) -> Bits:
        """Whole numbers of [0, bound); the bound may differ from row to row."""
        return scaled(self.bits(column), bound)

    def normal(self, column: str, mean: float | Floats = 0.0, sd: float | Floats = 1.0) -> Floats:
        """Normal deviates by the inverse of the distribution, one draw each; never beyond 8.3 standard deviations."""
        return mean + sd * normal_quantile(self.uniform(column) + _TO_UNIT / 2)

    def choice(self, column: str, weights: Sequence[float]) -> NDArray[np.int64]:
        """Positions in `weights`, each as likely as its weight (alias method, one draw a row)."""
        return _alias(tuple(map(float, weights))).pick(self.bits(column))

    def unique(self, column: str, space: int) -> Bits:
        """A different number of [0, space) for every row below `space`: a keyed bijection of the row number.

        Raises `SpaceTooSmall` where the rows reach beyond the space.
        """
        if self.first + self.count > space:
            raise SpaceTooSmall(f"{space:,} different values are too few for row {self.first + self.count:,}")
        return Shuffle(self._digest(column, 16), space).apply(self.indices)

    def at(self, first: int, count: int) -> Draws:
        """The same streams for other rows, such as the parents of these."""
        return Draws(self.recipe, self.version, self.seed, first, count)

    def _key(self, column: str) -> Bits:
        name = blake2b(f"{self.recipe}/{self.version}/{column}".encode(), digest_size=8).digest()
        return np.array([self.seed & 0xFFFF_FFFF_FFFF_FFFF, int.from_bytes(name, "little")], dtype=np.uint64)

    def _digest(self, column: str, size: int) -> bytes:
        named = f"{self.recipe}/{self.version}/{column}/{self.seed & 0xFFFF_FFFF_FFFF_FFFF}"
        return blake2b(named.encode(), digest_size=size).digest()


def unit(bits: Bits) -> Floats:
    """Bits as numbers of [0, 1), exactly."""
    return (bits >> np.uint64(11)).astype(np.float64) * _TO_UNIT


def scaled(bits: Bits, bound: int | Bits) -> Bits:
    """Bits as whole numbers of [0, bound): the high word of their product, without a division."""
    factor = np.asarray(bound, dtype=np.uint64)
    upper = bits >> _HALF
    if bound <= _NARROW if isinstance(bound, int) else not bound.size or int(bound.max()) <= _NARROW:
        return np.asarray((upper * factor) >> _HALF, dtype=np.uint64)
    lower, high, low = bits & _LOW, factor >> _HALF, factor & _LOW
    middle = upper * low + ((lower * low) >> _HALF)
    carried = lower * high + (middle & _LOW)
    return np.asarray(upper * high + (middle >> _HALF) + (carried >> _HALF), dtype=np.uint64)


def scaled_low(bits: Bits, bound: int | Bits) -> Bits:
    """A second, independent whole number of [0, bound) from the lower halves, for bounds up to 2²⁰."""
    return np.asarray(((bits & _LOW) * np.asarray(bound, dtype=np.uint64)) >> _HALF, dtype=np.uint64)


@dataclass(frozen=True)
class Alias:
    """Walker's alias table: a weighted choice in one draw, whatever the number of weights."""

    limits: Bits
    others: NDArray[np.int64]

    def pick(self, bits: Bits) -> NDArray[np.int64]:
        """Positions; the upper half of the bits chooses a slot, the lower half between it and its other."""
        slot = scaled(bits, len(self.limits)).astype(np.int64)
        own = (bits & _LOW) < self.limits[slot]
        return np.where(own, slot, self.others[slot])


@lru_cache(maxsize=512)
def _alias(weights: tuple[float, ...]) -> Alias:
    return alias(weights)


def alias(weights: Sequence[float]) -> Alias:
    """The table for weights of any sum above 0 (Vose's construction). Raises `ValueError` for others."""
    total = sum(weights)
    if not weights or min(weights) < 0 or not 0 < total < float("inf"):
        raise ValueError("weights must be numbers from 0 on, at least one above 0")
    share = [weight * len(weights) / total for weight in weights]
    limits, others = [1.0] * len(share), list(range(len(share)))
    poor = [place for place, value in enumerate(share) if value < 1]
    rich = [place for place, value in enumerate(share) if value >= 1]
    while poor and rich:
        place, giver = poor.pop(), rich[-1]
        limits[place], others[place] = share[place], giver
        share[giver] -= 1 - share[place]
        if share[giver] < 1:
            poor.append(rich.pop())
    scale = [min(round(limit * 2**32), 2**32) for limit in limits]
    return Alias(np.array(scale, dtype=np.uint64), np.array(others, dtype=np.int64))
