"""A column: what a schema map, a describe or a recipe file compiles to, and the recipe made of such columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from shared.errors import Rejected

from generator_svc.rows.draws import Draws, SpaceTooSmall
from generator_svc.rows.recipe import Rule, keyword_score


@dataclass(frozen=True)
class Slice:
    """The rows that a column is asked for, and the columns of these rows that are made already."""

    draws: Draws
    as_of: date
    made: Mapping[str, pa.Array] = field(default_factory=dict)
    family: Family | None = None
    """The rows of the parent table that these rows belong to, where the table has a parent."""

    @property
    def count(self) -> int:
        return self.draws.count


class Family(Protocol):
    """Which parent each row of a slice has."""

    @property
    def parents(self) -> NDArray[np.int64]:
        """Row numbers in the parent's table, ascending."""
        ...

    @property
    def positions(self) -> NDArray[np.int64]:
        """The how-manieth child of its parent each row is, from 1."""
        ...

    def column(self, name: str) -> pa.Array:
        """A column of the parent, row by row."""
        ...


class Lineage(Protocol):
    """How the rows of a table belong to those of its parent."""

    def family(self, draws: Draws, as_of: date) -> Family:
        """The parents of a row range. Any range on its own, in time that does not depend on where it begins."""
        ...

    def rows(self, draws: Draws, parents: int) -> int:
        """How many rows the first so many parents have together; the draws are those of the children's table."""
        ...


class Values(Protocol):
    """How a column's values are made. Pure: the slice is all it may look at."""

    @property
    def type(self) -> pa.DataType:
        """Arrow type of the values."""
        ...

    @property
    def needs(self) -> Sequence[str]:
        """Names of the columns that it reads from `slice.made`."""
        ...

    def make(self, column: str, part: Slice) -> pa.Array:
        """The values of a slice; `column` names the streams it may draw from (`column`, `column/…`)."""
        ...


@dataclass(frozen=True)
class Column:
    """A named column of a table."""

    name: str
    values: Values
    null_rate: float = 0.0
    """Share of the rows that have no value, 0 … 1."""
    shown: bool = True
    """False: other columns read it, the output does not have it."""

    def make(self, part: Slice) -> pa.Array:
        """The values of a slice, nulls put in. Raises `Rejected` where unique values run out."""
        try:
            made = self.values.make(self.name, part)
        except SpaceTooSmall as error:
            raise Rejected(
                f"columns.{self.name}: {error}; widen it or ask for fewer rows", category="validation"
            ) from error
        if not self.null_rate:
            return made
        empty = part.draws.uniform(f"{self.name}/null") < self.null_rate
        return pc.if_else(pa.array(empty), pa.scalar(None, made.type), made)


@dataclass(frozen=True, eq=False)
class Columns:
    """A recipe made of columns; `columns` may stand in any order, each is made after what it needs."""

    name: str
    version: int
    as_of: date
    columns: Sequence[Column]
    rules: Sequence[Rule] = ()
    words: Mapping[str, float] = field(default_factory=dict)
    """Weights of the words that a description of such rows would use."""
    lineage: Lineage | None = None

    @cached_property
    def schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.values.type) for column in self.columns if column.shown])

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`."""
        made = self.some(Draws(self.name, self.version, seed, first, count), as_of, self._in_order)
        return pa.record_batch([made[name] for name in self.schema.names], schema=self.schema)

    def some(self, draws: Draws, as_of: date, columns: Sequence[Column]) -> dict[str, pa.Array]:
        """Only these columns, which must stand in the order they need each other in."""
        made: dict[str, pa.Array] = {}
        part = Slice(draws, as_of, made, self.lineage.family(draws, as_of) if self.lineage else None)
        for column in columns:
            made[column.name] = column.make(part)
        return made

    def rows_for(self, draws: Draws, parents: int) -> int:
        """How many rows belong to the first so many parents; without a parent, as many."""
        return self.lineage.rows(draws, parents) if self.lineage else parents

    def needed_for(self, name: str) -> list[Column]:
        """A column and all that it needs, each after what it needs."""
        wanted = {name}
        for column in reversed(self._in_order):
            if column.name in wanted:
                wanted.update(column.values.needs)
        return [column for column in self._in_order if column.name in wanted]

    def fits(self, description: str) -> float:
        """By the words of the description."""
        return keyword_score(description, self.words)

    @cached_property
    def _in_order(self) -> list[Column]:
        return in_order(self.columns)


def in_order(columns: Sequence[Column]) -> list[Column]:
    """Each column after those that it needs. Raises `ValueError` naming a circle or a column that is not there."""
    named = {column.name: column for column in columns}
    done: dict[str, Column] = {}
    for column in columns:
        _visit(column, named, done, ())
    return list(done.values())


def _visit(column: Column, named: Mapping[str, Column], done: dict[str, Column], path: tuple[str, ...]) -> None:
    if column.name in done:
        return
    if column.name in path:
        raise ValueError(f"columns need each other in a circle: {' → '.join([*path, column.name])}")
    for need in column.values.needs:
        if need not in named:
            raise ValueError(f"column {column.name} needs {need}, which is not there")
        _visit(named[need], named, done, (*path, column.name))
    done[column.name] = column
