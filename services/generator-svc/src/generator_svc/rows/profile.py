"""What a table's columns look like: counts, distributions, correlations, rule checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.rows.cells import plain_text
from generator_svc.rows.recipe import Rule

_EPOCH = date(1970, 1, 1)
BINS = 24
MOST_SHOWN = 8
_FEW = 24
"""A numeric column with at most so many different values is shown value by value."""


@dataclass(frozen=True)
class Bar:
    """A part of a distribution."""

    label: str
    count: int


@dataclass(frozen=True)
class Facts:
    """What is known about a column."""

    name: str
    type: str
    nulls: int
    distinct: int
    bars: list[Bar]
    rest: int = 0
    """Values beyond the bars."""
    numbers: dict[str, str] = field(default_factory=dict)
    is_histogram: bool = False


@dataclass(frozen=True)
class Check:
    """A rule and how many rows break it."""

    name: str
    broken: int


@dataclass(frozen=True)
class Profile:
    """A table as the report shows it."""

    name: str
    rows: int
    examined: int
    columns: list[Facts]
    correlated: list[str]
    correlations: list[list[float]]
    checks: list[Check]
    sample: list[list[str]]


def profile(name: str, rows: int, table: pa.Table, rules: Sequence[Rule], sample: int = 10) -> Profile:
    """The profile of a table, or of a part of its rows."""
    flat = pa.table(dict(_flattened(table)))
    facts = [_facts(one, flat[one]) for one in flat.column_names]
    names, numbers = _numeric(flat)
    whole = table.combine_chunks().to_batches()
    checks = [Check(rule.name, _broken(rule, whole)) for rule in rules]
    first = [plain_or_json(column.combine_chunks()) for column in table.slice(0, sample).columns]
    shown = [list(row) for row in zip(*first, strict=True)]
    return Profile(name, rows, table.num_rows, facts, names, _correlations(numbers), checks, shown)


def plain_or_json(column: pa.Array) -> list[str]:
    """Cells for people; null is a dash."""
    if pa.types.is_nested(column.type):
        return [str(value) for value in column.to_pylist()]
    return ["–" if value is None else value for value in plain_text(column).to_pylist()]


def _flattened(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Fields of structs as columns of their own; of lists, how long they are."""
    for name in table.column_names:
        column = table[name]
        if pa.types.is_struct(column.type):
            inner = pa.table(column.combine_chunks().flatten(), names=[field.name for field in column.type])
            yield from ((f"{name}.{deeper}", one) for deeper, one in _flattened(inner))
        elif pa.types.is_list(column.type):
            yield f"{name} (how many)", pc.list_value_length(column)
        else:
            yield name, column


def _facts(name: str, column: pa.ChunkedArray) -> Facts:
    kind, nulls = str(column.type), column.null_count
    present = column.drop_null()
    distinct = pc.count_distinct(present).as_py()
    is_number = (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    )
    if distinct > _FEW and (is_number or pa.types.is_temporal(column.type)):
        return _measured(name, kind, nulls, distinct, present, is_number=is_number)
    counts = sorted(present.value_counts().to_pylist(), key=lambda one: (-one["counts"], str(one["values"])))
    shown = counts[: _FEW if is_number else MOST_SHOWN]
    if is_number:
        shown.sort(key=lambda one: one["values"])
    bars = [Bar(_label(one["values"]), one["counts"]) for one in shown]
    return Facts(name, kind, nulls, distinct, bars, len(present) - sum(bar.count for bar in bars))


def _measured(name: str, kind: str, nulls: int, distinct: int, present: pa.ChunkedArray, *, is_number: bool) -> Facts:
    values = _as_floats(present)
    low, high = float(values.min()), float(values.max())
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    text = _number if is_number else _moment(present.type)
    bars = [Bar(f"{text(edges[i])} – {text(edges[i + 1])}", int(count)) for i, count in enumerate(counts)]
    quantiles = np.quantile(values, [0.05, 0.5, 0.95])
    numbers = {"least": text(low), "5 %": text(quantiles[0]), "median": text(quantiles[1]), "95 %": text(quantiles[2]),
               "most": text(high)}  # fmt: skip
    if is_number:
        numbers |= {"mean": text(float(values.mean())), "deviation": text(float(values.std()))}
    return Facts(name, kind, nulls, distinct, bars, 0, numbers, is_histogram=True)


def _as_floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    kind = column.type
    if pa.types.is_date32(kind):
        column = pc.cast(column, pa.int32())
    elif pa.types.is_temporal(kind):
        column = pc.cast(pc.cast(column, pa.timestamp("ms")), pa.int64())
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)


def _numeric(table: pa.Table) -> tuple[list[str], list[NDArray[np.float64]]]:
    found: dict[str, NDArray[np.float64]] = {}
    for name in table.column_names:
        kind = table[name].type
        if _is_number(kind):
            values = pc.cast(table[name], pa.float64()).to_numpy()
            if np.nanstd(values) > 0:
                found[name] = values
    return list(found), list(found.values())


def _correlations(columns: list[NDArray[np.float64]]) -> list[list[float]]:
    """Pearson's r of each pair, over the rows where both have a value."""
    return [[_r(left, right) for right in columns] for left in columns]


def _r(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    both = np.isfinite(left) & np.isfinite(right)
    if both.sum() < 3 or left[both].std() == 0 or right[both].std() == 0:
        return 0.0
    return float(np.corrcoef(left[both], right[both])[0, 1])


def _broken(rule: Rule, batches: Sequence[pa.RecordBatch]) -> int:
    """Rows where the rule does not hold; a rule over a null neither holds nor is broken."""
    return sum(int(pc.sum(pc.invert(pc.fill_null(rule.holds(batch), True))).as_py() or 0) for batch in batches)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _label(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 or float(value).is_integer() else f"{value:.4g}"


def _moment(kind: pa.DataType) -> Callable[[float], str]:
    """Days since 1970, or milliseconds, as a day."""
    per_day = 1 if pa.types.is_date32(kind) else 86_400_000
    return lambda value: str(_EPOCH + timedelta(days=int(value // per_day)))
