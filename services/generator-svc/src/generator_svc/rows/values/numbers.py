"""Columns of numbers, alone or correlated with others of their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from generator_svc.rows.column import Slice
from generator_svc.rows.elementary import normal_probability, normal_quantile
from generator_svc.rows.values.distributions import Distribution, Floats

_HALF_STEP = 2.0**-54
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Numbers:
    """Values of a distribution: whole, with so many decimals, or as they come (`decimals` None)."""

    distribution: Distribution
    decimals: int | None = None
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        if self.decimals is None:
            return pa.float64()
        return pa.decimal128(18, self.decimals) if self.decimals else pa.int64()

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row."""
        return self.of(part.draws.uniform(column))

    def of(self, u: Floats) -> pa.Array:
        """The values at these shares."""
        values = self.distribution.quantile(u)
        if self.decimals is None:
            return pa.array(values)
        units = np.rint(values * 10.0**self.decimals).astype(np.int64)
        return decimals(units, self.decimals) if self.decimals else pa.array(units)


@dataclass(frozen=True)
class WholeNumbers:
    """Whole numbers from `low` to `high`, both included, all alike."""

    low: int
    high: int
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return pa.int64()

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row."""
        return pa.array(part.draws.below(column, self.high - self.low + 1).astype(np.int64) + self.low)

    def of(self, u: Floats) -> pa.Array:
        """The values at these shares."""
        return pa.array(self.low + np.floor(u * (self.high - self.low + 1)).astype(np.int64))


@dataclass(frozen=True)
class Correlated:
    """Numbers that go with those of other columns: a Gaussian copula, so each keeps its own distribution.

    `loadings` is this column's row of the Cholesky factor of the correlation matrix; the deviates it weighs are drawn
    from the streams of the columns of the group, so the columns need not be made one after the other.
    """

    values: Numbers | WholeNumbers
    group: Sequence[str]
    loadings: Sequence[float]
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return self.values.type

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row and column of the group before this one."""
        total = np.zeros(part.count)
        for name, loading in zip(self.group, self.loadings, strict=True):
            if loading:
                total += loading * normal_quantile(part.draws.uniform(f"{name}/copula") + _HALF_STEP)
        return self.values.of(np.minimum(normal_probability(total), 1.0 - _HALF_STEP * 2))


def decimals(units: np.ndarray[tuple[int], np.dtype[np.int64]], places: int) -> pa.Array:
    """Whole units of the last place as decimals."""
    words = np.empty((len(units), 2), dtype=np.int64)
    words[:, 0] = units
    words[:, 1] = units >> 63
    return pa.Array.from_buffers(pa.decimal128(18, places), len(units), [None, pa.py_buffer(words)])


def cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """The lower triangle whose square is the matrix. Raises `ValueError` where the correlations contradict."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            if i == j:
                if rest < -1e-9:
                    raise ValueError("the correlations contradict each other: no such columns exist")
                lower[i][i] = float(np.sqrt(max(rest, 0.0)))
            elif lower[j][j]:
                lower[i][j] = rest / lower[j][j]
            elif abs(rest) > 1e-9:
                raise ValueError("the correlations contradict each other: no such columns exist")
    return lower
