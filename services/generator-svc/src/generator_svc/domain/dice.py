"""Choices that follow from a seed alone: the same on every machine, Python and worker."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A stream of choices. Counter-based, so that nothing but the seed and the position matters."""

    __slots__ = ("_counter", "_seed")

    def __init__(self, *seed: object) -> None:
        self._seed = "\0".join(map(str, seed)).encode()
        self._counter = 0

    def below(self, bound: int) -> int:
        """0 … bound-1."""
        self._counter += 1
        drawn = blake2b(self._seed, digest_size=16, salt=self._counter.to_bytes(8, "little")).digest()
        return int.from_bytes(drawn, "little") % bound

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.below(len(options))]

    def between(self, low: int, high: int) -> int:
        """A whole number of the closed range."""
        return low + self.below(high - low + 1)
