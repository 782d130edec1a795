"""How many children each parent has, and which parent a child belongs to, without counting from the start.

Parents are taken in blocks of 256. A block has a fixed number of children (256 times the mean, rounded so that the sums
stay exact), shared out among its parents by draws. So the block of any child follows from its number alone, and a slice
costs as much as its own rows and one block, wherever it begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from generator_svc.rows.draws import Alias, Draws, alias

Ints = NDArray[np.int64]

BLOCK = 256
"""Parents."""


@dataclass(frozen=True)
class Cardinality:
    """Children per parent: from `low` to `high`, on average `mean`, each number as likely as its weight about says."""

    low: int
    high: int
    mean: Fraction
    weights: Sequence[float]
    """Of low, low + 1, … high. The sums of the blocks are kept, so the shares of the numbers are only nearly these."""

    def start(self, block: int) -> int:
        """Number of the first child of a block of parents."""
        return int(block * BLOCK * self.mean)

    def block_of(self, child: int) -> int:
        """The block of parents that a child belongs to."""
        block = int(Fraction(child) / (BLOCK * self.mean))
        while self.start(block + 1) <= child:
            block += 1
        while self.start(block) > child:
            block -= 1
        return block

    def counts(self, draws: Draws, block: int) -> Ints:
        """Children of each parent of a block; their sum is what the block has."""
        its = draws.at(block * BLOCK, BLOCK)
        counts = self._alias.pick(its.bits("children")) + self.low
        missing = self.start(block + 1) - self.start(block) - int(counts.sum())
        order = np.argsort(its.bits("children/order"), kind="stable")
        while missing:
            step = 1 if missing > 0 else -1
            able = order[(counts[order] < self.high) if step > 0 else (counts[order] > self.low)]
            changed = able[: abs(missing)]
            counts[changed] += step
            missing -= step * len(changed)
        return np.asarray(counts, dtype=np.int64)

    def total(self, draws: Draws, parents: int) -> int:
        """Children of the first so many parents."""
        block, rest = divmod(parents, BLOCK)
        return self.start(block) + (int(self.counts(draws, block)[:rest].sum()) if rest else 0)

    def parents_of(self, draws: Draws, first: int, count: int) -> tuple[Ints, Ints]:
        """Parent and position (from 1) of each child of a range."""
        if not count:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        begin, end = self.block_of(first), self.block_of(first + count - 1) + 1
        counts = np.concatenate([self.counts(draws, block) for block in range(begin, end)])
        parents = np.repeat(np.arange(begin * BLOCK, end * BLOCK, dtype=np.int64), counts)
        ends = np.cumsum(counts)
        positions = np.arange(1, len(parents) + 1) - np.repeat(ends - counts, counts)
        skipped = first - self.start(begin)
        return parents[skipped : skipped + count], positions[skipped : skipped + count]

    @cached_property
    def _alias(self) -> Alias:
        return alias(self.weights)
