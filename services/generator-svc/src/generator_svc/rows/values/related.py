"""Values of other rows: of the parent, of a row of another table, of an earlier row of the same table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.rows.cardinality import Cardinality
from generator_svc.rows.column import Columns, Family, Slice
from generator_svc.rows.draws import Bits, Draws
from generator_svc.rows.texts import take
from generator_svc.rows.values.distributions import Ranks, ZipfWeights

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Children:
    """The lineage of a table whose rows belong to those of a parent."""

    parent: Columns
    cardinality: Cardinality

    def family(self, draws: Draws, as_of: date) -> Family:
        """The parents of a row range."""
        parents, positions = self.cardinality.parents_of(draws, draws.first, draws.count)
        return _Parents(self.parent, draws.seed, as_of, parents, positions)

    def rows(self, draws: Draws, parents: int) -> int:
        """How many rows the first so many parents have together."""
        return self.cardinality.total(draws, parents)


@dataclass(frozen=True)
class _Parents:
    table: Columns
    seed: int
    as_of: date
    parents: Ints
    positions: Ints

    def column(self, name: str) -> pa.Array:
        """A column of the parents: only it and what it needs is made, of the parents of this slice alone."""
        if not len(self.parents):
            return pa.nulls(0, next(column.values.type for column in self.table.columns if column.name == name))
        first, last = int(self.parents[0]), int(self.parents[-1])
        draws = Draws(self.table.name, self.table.version, self.seed, first, last - first + 1)
        made = self.table.some(draws, self.as_of, self.table.needed_for(name))
        return take(made[name], self.parents - first)


@dataclass(frozen=True)
class OfParent:
    """A column of the parent row."""

    column: str
    type: pa.DataType
    needs: Sequence[str] = ()

    def make(self, column: str, part: Slice) -> pa.Array:
        """Nothing is drawn."""
        if part.family is None:
            raise ValueError(f"column {column} reads from a parent, and the table has none")
        return part.family.column(self.column)


@dataclass(frozen=True)
class Position:
    """The how-manieth child of its parent a row is, from 1."""

    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return pa.int64()

    def make(self, column: str, part: Slice) -> pa.Array:
        """Nothing is drawn."""
        if part.family is None:
            raise ValueError(f"column {column} counts children, and the table has no parent")
        return pa.array(part.family.positions)


@dataclass(frozen=True)
class Reference:
    """A column of a row of another table with a fixed number of rows, all alike or the first ones more often."""

    table: Columns
    rows: int
    column: str
    exponent: float = 0.0
    """Of Zipf's law over the rows; 0: all alike."""
    distinct: Literal["no", "per parent"] = "no"
    """`per parent`: the children of one parent refer to different rows (many-to-many without doubles)."""
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return next(column.values.type for column in self.table.columns if column.name == self.column)

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row."""
        vocabulary = _whole_column(self.table, self.column, self.rows, part.draws.seed, part.as_of)
        return take(vocabulary, self._places(column, part))

    def _places(self, column: str, part: Slice) -> Ints:
        if self.distinct == "per parent" and part.family is not None:
            return self._different(column, part.draws, part.family)
        if self.exponent:
            ranks = self._ranks.quantile(part.draws.uniform(column)).astype(np.int64)
            return np.asarray(ranks, dtype=np.int64)
        return part.draws.below(column, self.rows).astype(np.int64)

    def _different(self, column: str, draws: Draws, family: Family) -> Ints:
        """Steps around the table from a place drawn per parent, by a stride that has no divisor with its size."""
        first = int(family.parents[0]) if len(family.parents) else 0
        last = int(family.parents[-1]) if len(family.parents) else -1
        its = draws.at(first, last - first + 1)
        begins = its.below(f"{column}/begin", self.rows).astype(np.int64)
        strides = self._strides[its.below(f"{column}/stride", len(self._strides)).astype(np.int64)]
        place = family.parents - first
        return np.asarray((begins[place] + (family.positions - 1) * strides[place]) % self.rows, dtype=np.int64)

    @cached_property
    def _strides(self) -> Ints:
        candidates = np.arange(1, min(self.rows, 1_024) + 1, dtype=np.int64)
        return np.asarray(candidates[np.gcd(candidates, self.rows) == 1], dtype=np.int64)

    @cached_property
    def _ranks(self) -> Ranks:
        return Ranks(ZipfWeights(self.rows, self.exponent), first=0)


@dataclass(frozen=True)
class EarlierRow:
    """A key of an earlier row of a table that grows: of this one (a manager, a parent category), or of another.

    Keys that follow from the row number alone only, for the row may be anywhere before. `share` is how many rows the
    other table has per row of this one; null in the first row where the table is the same.
    """

    table: Columns
    column: str
    share: Fraction
    same: bool
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return next(column.values.type for column in self.table.columns if column.name == self.column)

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row."""
        own = part.draws.indices if part.family is None else part.family.parents.astype(np.uint64)
        there = own if self.same else self._there(own)
        places = part.draws.below(column, np.maximum(there, np.uint64(1)))
        draws = Scattered(self.table.name, self.table.version, part.draws.seed, 0, part.count, places)
        values = self.table.some(draws, part.as_of, self.table.needed_for(self.column))[self.column]
        if not self.same:
            return values
        return pc.if_else(pa.array(there > 0), values, pa.scalar(None, values.type))

    def _there(self, own: Bits) -> Bits:
        return own * np.uint64(self.share.numerator) // np.uint64(self.share.denominator) + np.uint64(1)


@dataclass(frozen=True)
class Scattered(Draws):
    """Rows in any order, for columns that follow from the row number alone."""

    rows: Bits

    @property
    def indices(self) -> Bits:
        return self.rows

    def bits(self, column: str, width: int = 1) -> Bits:
        """Scattered rows have no streams."""
        raise ValueError(f"column {column} is drawn: rows elsewhere can only be referred to by a key")


def _whole_column(table: Columns, column: str, rows: int, seed: int, as_of: date) -> pa.Array:
    key = (column, rows, seed, as_of)
    kept = _kept.setdefault(table, {})
    if key not in kept:
        for other in [other for other in kept if other[2:] != key[2:]]:
            del kept[other]  # one seed at a time: a service makes many data sets in its life
        kept[key] = _made(table, column, rows, seed, as_of)
    return kept[key]


_kept: WeakKeyDictionary[Columns, dict[tuple[str, int, int, date], pa.Array]] = WeakKeyDictionary()


def _made(table: Columns, column: str, rows: int, seed: int, as_of: date) -> pa.Array:
    draws = Draws(table.name, table.version, seed, 0, rows)
    return table.some(draws, as_of, table.needed_for(column))[column]
