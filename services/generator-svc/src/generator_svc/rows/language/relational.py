"""Types that read from other rows, and how tables belong together."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from generator_svc.rows.cardinality import Cardinality
from generator_svc.rows.column import Column, Columns, Values
from generator_svc.rows.language.refusals import Wrong, suggestion
from generator_svc.rows.language.scope import ColumnSpec, Scope
from generator_svc.rows.values.distributions import PoissonWeights
from generator_svc.rows.values.related import EarlierRow, OfParent, Position, Reference

MOST_REFERENCED = 1_000_000
"""Rows of a table that can be referred to at random: its key is kept in memory."""


class ParentSpec(ColumnSpec):
    """A column of the parent row."""

    column: str

    def values(self, scope: Scope) -> Values:
        parent = scope.parent()
        if parent is None:
            raise Wrong("type", f"table {scope.table} has no parent; say `parent: {{table: …}}` beside its columns")
        return OfParent(self.column, _column(parent, self.column).values.type)


class PositionSpec(ColumnSpec):
    """The how-manieth child of its parent, from 1."""

    def values(self, scope: Scope) -> Values:
        if scope.parent() is None:
            raise Wrong("type", f"table {scope.table} has no parent to count the children of")
        return Position()


class ReferenceSpec(ColumnSpec):
    """A column of a row of another table."""

    table: str
    column: str
    zipf: Annotated[float, Field(ge=0, le=5)] = 0.0
    distinct: Literal["no", "per parent"] = "no"

    def values(self, scope: Scope) -> Values:
        if self.table == scope.table:
            scope.type_of(self.column)
            return self._earlier(scope.own(), Fraction(1), same=True)
        table, rows = scope.other(self.table)
        if rows is None:
            return self._earlier(table, Fraction(1), same=False)
        if rows > MOST_REFERENCED:
            raise Wrong("table", f"{self.table} has {rows:,} rows; at most {MOST_REFERENCED:,} can be referred to")
        if self.distinct == "per parent" and not 0 < scope.most_children() <= rows:
            raise Wrong(
                "distinct", f"per parent needs a parent with at most {rows:,} children, the rows of {self.table}"
            )
        _column(table, self.column)
        return Reference(table, rows, self.column, self.zipf, self.distinct)

    def _earlier(self, table: Columns, share: Fraction, *, same: bool) -> Values:
        if self.zipf or self.distinct != "no":
            raise Wrong("zipf" if self.zipf else "distinct", "needs a table with a fixed number of rows")
        found = _column(table, self.column).values
        if not getattr(found, "by_index", False):
            raise Wrong(
                "column", f"{self.column} is drawn; a table that grows is referred to by a sequence or a unique pattern"
            )
        return EarlierRow(table, self.column, share, same)


class PerParent(BaseModel):
    """How many children a parent has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: Annotated[int, Field(ge=0, le=10_000)] = 0
    max: Annotated[int, Field(ge=0, le=10_000)] = 10
    mean: Annotated[float, Field(ge=0.01, le=10_000)] | None = None
    shape: Literal["poisson", "uniform", "geometric"] = "poisson"

    @model_validator(mode="after")
    def _possible(self) -> PerParent:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}; exchange them")
        if self.max == 0:
            raise ValueError("max 0 leaves the table empty; leave it out instead")
        if self.mean is not None and not self.min <= self.mean <= self.max:
            raise ValueError(f"mean {self.mean:g} lies outside of min {self.min} to max {self.max}")
        return self

    def cardinality(self) -> Cardinality:
        """As the engine takes it; the mean to a thousandth."""
        mean = self.mean if self.mean is not None else (self.min + self.max) / 2
        numbers = range(self.min, self.max + 1)
        if self.shape == "poisson":
            weights = [float(weight) for weight in PoissonWeights(max(mean, 0.01), self.min, self.max)()]
        elif self.shape == "geometric":
            weights = list(accumulate(numbers, lambda share, _: share * mean / (1.0 + mean), initial=1.0))[:-1]
        else:
            weights = [1.0 for _ in numbers]
        return Cardinality(self.min, self.max, Fraction(round(mean * 1_000), 1_000), weights)


class ParentOf(BaseModel):
    """The parent of a table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    per_row: PerParent = PerParent()


def _column(table: Columns, name: str) -> Column:
    for column in table.columns:
        if column.name == name:
            return column
    raise Wrong("column", f"there is no column {name}{suggestion(name, [column.name for column in table.columns])}")
