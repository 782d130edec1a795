"""Constants, choices from lists, and columns that depend on the value of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.column import Slice, Values
from generator_svc.rows.texts import take


@dataclass(frozen=True)
class Constant:
    """The same value in every row."""

    value: Any
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return pa.scalar(self.value).type

    def make(self, column: str, part: Slice) -> pa.Array:
        """Nothing is drawn."""
        return pa.repeat(pa.scalar(self.value, self.type), part.count)


@dataclass(frozen=True)
class Choice:
    """An entry of a list, each as likely as its weight."""

    options: Sequence[Any]
    weights: Sequence[float] | None = None
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return self._vocabulary.type

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row."""
        if self.weights is None:
            return take(self._vocabulary, part.draws.below(column, len(self.options)))
        return take(self._vocabulary, part.draws.choice(column, self.weights))

    @cached_property
    def _vocabulary(self) -> pa.Array:
        return pa.array(self.options)


@dataclass(frozen=True)
class Case:
    """Values by another column's value: each row follows the branch of what stands there.

    Every branch draws from a stream of its own, so adding one leaves the rows of the others as they are.
    """

    on: str
    branches: Mapping[str, Values]
    otherwise: Values | None = None

    @property
    def needs(self) -> Sequence[str]:
        inner = [need for values in self._all for need in values.needs]
        return list(dict.fromkeys([self.on, *inner]))

    @property
    def type(self) -> pa.DataType:
        return self._all[0].type

    def make(self, column: str, part: Slice) -> pa.Array:
        """All branches are made for the slice and the right one is taken."""
        key = pc.cast(part.made[self.on], pa.string())
        made = pa.nulls(part.count, self.type)
        if self.otherwise is not None:
            made = self.otherwise.make(f"{column}/else", part)
        for name, values in self.branches.items():
            hits = pc.fill_null(pc.equal(key, name), False)
            if pc.any(hits).as_py():
                made = pc.if_else(hits, values.make(f"{column}/{name}", part), made)
        return made

    @property
    def _all(self) -> list[Values]:
        return [*self.branches.values(), *([self.otherwise] if self.otherwise else [])]


@dataclass(frozen=True)
class Chance:
    """True in that share of the rows."""

    rate: float
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return pa.bool_()

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row."""
        return pa.array(np.asarray(part.draws.uniform(column) < self.rate))
