"""Distributions as quantile functions: an even number of [0, 1) in, a value out.

One draw per row whatever the distribution, which is what makes slices and correlations (Gaussian copula) simple.
Bounds cut a distribution off: within them it keeps its shape, and no value piles up at a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generator_svc.rows.elementary import exp, ln, normal_probability, normal_quantile, power

Floats = NDArray[np.float64]

_LEAST = 2.0**-54
_GRID = 4_096
MOST_RANKS = 1_000_000


class Distribution(Protocol):
    """Values out of even numbers."""

    def quantile(self, u: Floats) -> Floats:
        """The value below which a share of u of all values lies."""
        ...


@dataclass(frozen=True)
class Uniform:
    """Every value from `low` up to `high` alike."""

    low: float
    high: float

    def quantile(self, u: Floats) -> Floats:
        return self.low + u * (self.high - self.low)


@dataclass(frozen=True)
class Normal:
    """The bell curve, cut off at the bounds."""

    mean: float
    sd: float
    low: float | None = None
    high: float | None = None

    def quantile(self, u: Floats) -> Floats:
        first, last = self._ends
        inner = np.clip(first + u * (last - first), _LEAST, 1 - 2 * _LEAST)
        return _held(self.mean + self.sd * normal_quantile(inner), self.low, self.high)

    @cached_property
    def _ends(self) -> tuple[float, float]:
        return tuple(
            default if bound is None else float(normal_probability(np.array([(bound - self.mean) / self.sd]))[0])
            for bound, default in ((self.low, 0.0), (self.high, 1.0))
        )  # type: ignore[return-value]  # two of them


@dataclass(frozen=True)
class LogNormal:
    """Incomes, amounts, durations: the logarithm is normal around that of the median."""

    median: float
    sigma: float
    low: float | None = None
    high: float | None = None

    def quantile(self, u: Floats) -> Floats:
        return _held(exp(self._logarithm.quantile(u)), self.low, self.high)

    @cached_property
    def _logarithm(self) -> Normal:
        low, high = (None if bound is None or bound <= 0 else _ln(bound) for bound in (self.low, self.high))
        return Normal(_ln(self.median), self.sigma, low, high)


@dataclass(frozen=True)
class Exponential:
    """Waiting times with that mean, counted from `low`."""

    mean: float
    low: float = 0.0
    high: float | None = None

    def quantile(self, u: Floats) -> Floats:
        share = 1.0 if self.high is None else 1.0 - float(exp(np.array([(self.low - self.high) / self.mean]))[0])
        return _held(self.low - self.mean * ln(np.maximum(1.0 - u * share, _LEAST)), self.low, self.high)


@dataclass(frozen=True)
class Triangular:
    """From `low` over its peak at `mode` to `high`, in straight lines."""

    low: float
    mode: float
    high: float

    def quantile(self, u: Floats) -> Floats:
        width = self.high - self.low
        turn = (self.mode - self.low) / width
        rising = self.low + np.sqrt(u * width * (self.mode - self.low))
        falling = self.high - np.sqrt((1.0 - u) * width * (self.high - self.mode))
        return np.where(u < turn, rising, falling)


@dataclass(frozen=True)
class Pareto:
    """The few and the many: `low` times a power of the rank."""

    low: float
    alpha: float
    high: float | None = None

    def quantile(self, u: Floats) -> Floats:
        least = 0.0 if self.high is None else float(power(np.array([self.low / self.high]), self.alpha)[0])
        rest = np.maximum(1.0 - u * (1.0 - least), _LEAST)
        return _held(self.low * power(rest, -1.0 / self.alpha), self.low, self.high)


@dataclass(frozen=True)
class Beta:
    """A share between `low` and `high`, leaning by its two shapes; from a table of 4,096 steps."""

    a: float
    b: float
    low: float = 0.0
    high: float = 1.0

    def quantile(self, u: Floats) -> Floats:
        return self.low + (self.high - self.low) * _looked_up(self._shares, self._steps, u)

    @cached_property
    def _steps(self) -> Floats:
        return np.arange(_GRID + 1) / _GRID

    @cached_property
    def _shares(self) -> Floats:
        middle = (np.arange(_GRID) + 0.5) / _GRID
        density = exp((self.a - 1.0) * ln(middle) + (self.b - 1.0) * ln(1.0 - middle))
        return _cumulated(density)


@dataclass(frozen=True)
class Ranks:
    """1, 2, 3 … with the weights given; a table, so their number is bounded by `MOST_RANKS`."""

    weights: Callable[[], Floats]
    first: int = 1

    def quantile(self, u: Floats) -> Floats:
        place = np.searchsorted(self._shares, u, side="right") - 1
        return np.minimum(place, len(self._shares) - 2).astype(np.float64) + self.first

    @cached_property
    def _shares(self) -> Floats:
        return _cumulated(self.weights())


@dataclass(frozen=True)
class ZipfWeights:
    """Rank k as often as 1 ÷ k^s."""

    n: int
    s: float

    def __call__(self) -> Floats:
        return power(np.arange(1, self.n + 1, dtype=np.float64), -self.s)


@dataclass(frozen=True)
class PoissonWeights:
    """Counts around a mean, from `low` to `high`; by recursion, so without factorials."""

    mean: float
    low: int
    high: int

    def __call__(self) -> Floats:
        k = np.arange(1, self.high + 1, dtype=np.float64)
        # In logarithms: the terms of a large mean leave the range of floating-point numbers.
        logarithms = np.concatenate([[0.0], np.cumsum(ln(self.mean / k))])
        return exp(np.maximum(logarithms - logarithms.max(), -690.0))[self.low :]


def _cumulated(weights: Floats) -> Floats:
    """Shares below each place, from 0 to 1; `np.cumsum` adds in order, on every platform alike."""
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    return np.asarray(sums / sums[-1], dtype=np.float64)


def _looked_up(xs: Floats, ys: Floats, x: Floats) -> Floats:
    """Linear interpolation, written out: `np.interp` may fuse its steps on some processors."""
    place = np.clip(np.searchsorted(xs, x, side="right") - 1, 0, len(xs) - 2)
    width = xs[place + 1] - xs[place]
    part = np.where(width > 0, (x - xs[place]) / np.where(width > 0, width, 1.0), 0.0)
    return np.asarray(ys[place] + (ys[place + 1] - ys[place]) * part, dtype=np.float64)


def _held(values: Floats, low: float | None, high: float | None) -> Floats:
    """The last rounding error beyond a bound is taken back."""
    return values if low is None and high is None else np.clip(values, low, high)


def _ln(x: float) -> float:
    return float(ln(np.array([x]))[0])
