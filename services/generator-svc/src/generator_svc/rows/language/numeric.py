"""Types of numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat, model_validator

from generator_svc.rows.column import Values
from generator_svc.rows.language.refusals import Wrong
from generator_svc.rows.language.scope import ColumnSpec, Scope
from generator_svc.rows.values import distributions as shapes
from generator_svc.rows.values.choices import Chance
from generator_svc.rows.values.numbers import MOST_DECIMALS, Numbers, WholeNumbers

Positive = Annotated[FiniteFloat, Field(gt=0)]
Whole = Annotated[int, Field(ge=-(2**62), le=2**62)]


class Bounded(ColumnSpec):
    """Numbers between two bounds."""

    min: FiniteFloat | None = None
    max: FiniteFloat | None = None
    decimals: int | None = Field(2, ge=0, le=MOST_DECIMALS, description="null: as many as a float has")

    @model_validator(mode="after")
    def _in_order(self) -> Bounded:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}; exchange them")
        largest = max(abs(self.min or 0), abs(self.max or 0))
        if self.decimals and largest * 10**self.decimals >= 2**53:
            raise ValueError("numbers of this size have no decimals left; choose fewer, or null")
        return self

    def _numbers(self, shape: shapes.Distribution) -> Numbers:
        return Numbers(shape, self.decimals)

    def _both(self, low: float | None = None, high: float | None = None) -> tuple[float, float]:
        first = self.min if self.min is not None else low
        last = self.max if self.max is not None else high
        if first is None or last is None:
            raise Wrong("min" if first is None else "max", "is required")
        return first, last


class IntegerSpec(ColumnSpec):
    """Whole numbers, both bounds included, all alike."""

    min: Whole = 0
    max: Whole = 100

    def values(self, scope: Scope) -> Values:
        if self.min > self.max:
            raise Wrong("min", f"{self.min} is above max {self.max}; exchange them")
        return WholeNumbers(self.min, self.max)


class NumberSpec(Bounded):
    """Any number between the bounds, all alike."""

    def values(self, scope: Scope) -> Values:
        return self._numbers(shapes.Uniform(*self._both(0, 1)))


class NormalSpec(Bounded):
    """The bell curve."""

    mean: FiniteFloat
    sd: Positive

    def values(self, scope: Scope) -> Values:
        _reached(self, (self.mean - 8 * self.sd, self.mean + 8 * self.sd))
        return self._numbers(shapes.Normal(self.mean, self.sd, self.min, self.max))


class LogNormalSpec(Bounded):
    """Amounts, incomes, durations: skewed, above 0."""

    median: Positive
    sigma: Annotated[float, Field(gt=0, le=10)] = 0.5

    def values(self, scope: Scope) -> Values:
        if self.max is not None and self.max <= 0:
            raise Wrong("max", "these numbers are above 0")
        return self._numbers(shapes.LogNormal(self.median, self.sigma, self.min, self.max))


class ExponentialSpec(Bounded):
    """Waiting times."""

    mean: Positive

    def values(self, scope: Scope) -> Values:
        return self._numbers(shapes.Exponential(self.mean, self.min or 0.0, self.max))


class TriangularSpec(Bounded):
    """Between the bounds with a peak at `mode`."""

    mode: FiniteFloat

    def values(self, scope: Scope) -> Values:
        low, high = self._both()
        if not low <= self.mode <= high or low == high:
            raise Wrong("mode", f"must lie between min {low:g} and max {high:g}")
        return self._numbers(shapes.Triangular(low, self.mode, high))


class ParetoSpec(Bounded):
    """Few large, many small; `min` is the smallest."""

    alpha: Annotated[float, Field(gt=0, le=100)] = 1.16

    def values(self, scope: Scope) -> Values:
        if self.min is None or self.min <= 0:
            raise Wrong("min", "is required and must be above 0")
        return self._numbers(shapes.Pareto(self.min, self.alpha, self.max))


class BetaSpec(Bounded):
    """Shares: between the bounds (0 and 1), leaning by the shapes a and b."""

    a: Annotated[float, Field(gt=0, le=1_000)]
    b: Annotated[float, Field(gt=0, le=1_000)]

    def values(self, scope: Scope) -> Values:
        return self._numbers(shapes.Beta(self.a, self.b, *self._both(0, 1)))


class ZipfSpec(ColumnSpec):
    """Ranks 1 … n, rank k as often as 1 ÷ k^s."""

    n: Annotated[int, Field(ge=1, le=shapes.MOST_RANKS)]
    s: Annotated[float, Field(gt=0, le=10)] = 1.0

    def values(self, scope: Scope) -> Values:
        return Numbers(shapes.Ranks(shapes.ZipfWeights(self.n, self.s)), 0)


class PoissonSpec(ColumnSpec):
    """Counts around a mean."""

    mean: Annotated[float, Field(gt=0, le=10_000)]
    min: Annotated[int, Field(ge=0)] = 0
    max: int | None = None

    def values(self, scope: Scope) -> Values:
        high = int(self.mean + 12 * self.mean**0.5 + 20) if self.max is None else self.max
        if self.min > high:
            raise Wrong("min", f"{self.min} is above max {high}")
        return Numbers(shapes.Ranks(shapes.PoissonWeights(self.mean, self.min, high), first=self.min), 0)


class BooleanSpec(ColumnSpec):
    """True in that share of the rows."""

    rate: Annotated[float, Field(ge=0, le=1)] = 0.5

    def values(self, scope: Scope) -> Values:
        return Chance(self.rate)


def _reached(spec: Bounded, usual: tuple[float, float]) -> None:
    """Bounds that the distribution never reaches would leave all values at one of them."""
    low, high = usual
    if spec.min is not None and spec.min > high:
        raise Wrong("min", f"{spec.min:g} is more than 8 standard deviations above the mean")
    if spec.max is not None and spec.max < low:
        raise Wrong("max", f"{spec.max:g} is more than 8 standard deviations below the mean")
