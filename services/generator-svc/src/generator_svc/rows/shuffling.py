"""A keyed bijection of 0 … space-1: unique values without a set, any of them on its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]

_ROUNDS = 6
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)


class Shuffle:
    """A Feistel network over the smallest power of two that holds the space, walked until inside it.

    Each round is its own inverse, so the whole is a bijection; numbers outside of the space are sent through again,
    which ends because a bijection's cycles come back to where they began (Black and Rogaway 2002).
    """

    def __init__(self, key: bytes, space: int) -> None:
        if not 0 < space <= 1 << 62:
            raise ValueError("a space of unique values has 1 to 2^62 of them")
        bits = max((space - 1).bit_length(), 2)
        self._space = np.uint64(space)
        self._is_power = space == 1 << bits
        self._shift = np.uint64(bits // 2)
        self._low = np.uint64((1 << bits // 2) - 1)
        self._high = np.uint64((1 << (bits - bits // 2)) - 1)
        base = int.from_bytes(key, "little")
        self._keys = [np.uint64((base >> (8 * place)) + place & 0xFFFF_FFFF_FFFF_FFFF) for place in range(_ROUNDS)]

    def apply(self, numbers: Bits) -> Bits:
        """Where each number below the space goes."""
        mixed = self._once(numbers)
        if self._is_power:
            return mixed
        outside = np.flatnonzero(mixed >= self._space)
        while outside.size:
            again = self._once(mixed[outside])
            mixed[outside] = again
            outside = outside[again >= self._space]
        return mixed

    def _once(self, numbers: Bits) -> Bits:
        left, right = numbers >> self._shift, numbers & self._low
        for place in range(0, _ROUNDS, 2):
            left = left ^ (_mixed(right, self._keys[place]) & self._high)
            right = right ^ (_mixed(left, self._keys[place + 1]) & self._low)
        return (left << self._shift) | right


def _mixed(half: Bits, key: np.uint64) -> Bits:
    value = (half ^ key) * _MIX
    return (value ^ (value >> np.uint64(29))) * _MIX >> np.uint64(20)
