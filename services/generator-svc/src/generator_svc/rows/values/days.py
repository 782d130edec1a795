"""Dates and moments: within bounds, after other dates, or days that count from `as_of`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.rows.column import Slice
from generator_svc.rows.texts import day_number, days

_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Bound:
    """An end of a range of days: a fixed day, another column, or `as_of`; plus so many days."""

    day: date | None = None
    column: str | None = None
    plus_days: int = 0

    def numbers(self, part: Slice) -> NDArray[np.int64]:
        """Days since 1970 row by row; where the column is null, `as_of`."""
        today = day_number(part.as_of)
        if self.column is None:
            fixed = today if self.day is None else day_number(self.day)
            return np.full(part.count, fixed + self.plus_days, dtype=np.int64)
        found = pc.cast(pc.cast(part.made[self.column], pa.date32()), pa.int32())
        filled = pc.fill_null(found, today).to_numpy(zero_copy_only=False)
        return np.asarray(filled.astype(np.int64) + self.plus_days, dtype=np.int64)


@dataclass(frozen=True)
class Days:
    """A day from the one bound to the other, both included; where they cross, the first one."""

    low: Bound
    high: Bound

    @property
    def needs(self) -> Sequence[str]:
        return [bound.column for bound in (self.low, self.high) if bound.column is not None]

    @property
    def type(self) -> pa.DataType:
        return pa.date32()

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row."""
        return days(self.numbers(column, part))

    def numbers(self, column: str, part: Slice) -> NDArray[np.int64]:
        """Days since 1970."""
        low, high = self.low.numbers(part), self.high.numbers(part)
        span = np.maximum(high - low, 0).astype(np.uint64) + np.uint64(1)
        return low + part.draws.below(column, span).astype(np.int64)


@dataclass(frozen=True)
class Moments:
    """A day and a time of day in UTC, to the second."""

    days: Days
    from_hour: int = 0
    to_hour: int = 24

    @property
    def needs(self) -> Sequence[str]:
        return self.days.needs

    @property
    def type(self) -> pa.DataType:
        return pa.timestamp("ms", "UTC")

    def make(self, column: str, part: Slice) -> pa.Array:
        """Two draws a row."""
        seconds = part.draws.below(f"{column}/time", (self.to_hour - self.from_hour) * 3_600).astype(np.int64)
        moments = self.days.numbers(column, part) * _DAY_MS + (self.from_hour * 3_600 + seconds) * 1_000
        return pa.array(moments, pa.int64()).cast(self.type)
