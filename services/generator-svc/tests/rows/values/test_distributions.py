"""Distributions: shape, bounds, and what formulas make of columns."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from generator_svc.rows.cardinality import BLOCK, Cardinality
from generator_svc.rows.draws import Draws
from generator_svc.rows.values.distributions import (
    Beta,
    Distribution,
    Exponential,
    LogNormal,
    Normal,
    Pareto,
    PoissonWeights,
    Ranks,
    Triangular,
    Uniform,
    ZipfWeights,
)
from generator_svc.rows.values.formula import Formula, FormulaRefused
from hypothesis import given, settings
from hypothesis import strategies as st

U = (np.arange(20_000) + 0.5) / 20_000
SHAPES: dict[str, tuple[Distribution, float]] = {
    "uniform": (Uniform(2, 4), 3),
    "normal": (Normal(10, 2), 10),
    "cut normal": (Normal(0, 1, low=0), 0.7979),
    "lognormal": (LogNormal(100, 0.5), 100 * np.exp(0.125)),
    "exponential": (Exponential(7), 7),
    "triangular": (Triangular(0, 3, 6), 3),
    "pareto": (Pareto(1, 3), 1.5),
    "beta": (Beta(2, 6), 0.25),
    "zipf": (Ranks(ZipfWeights(3, 1)), (1 + 1 + 1) / (1 + 1 / 2 + 1 / 3)),
    "poisson": (Ranks(PoissonWeights(4, 0, 60), first=0), 4),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_distribution_has_its_mean_and_rises_with_its_share(name: str) -> None:
    shape, mean = SHAPES[name]
    values = shape.quantile(U)
    assert values.mean() == pytest.approx(mean, rel=0.01)
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize(
    "shape",
    [Normal(0, 1, -1, 2), LogNormal(5, 1, 2, 9), Exponential(5, 1, 3), Pareto(2, 1.1, 30), Normal(100, 1, 0, 99)],
)
def test_bounds_cut_off_without_a_heap_at_them(shape: Normal | LogNormal | Exponential | Pareto) -> None:
    values = shape.quantile(U)
    assert shape.low is not None
    assert shape.high is not None
    assert values.min() >= shape.low
    assert values.max() <= shape.high
    assert len(np.unique(values)) > 19_000


@settings(max_examples=40, deadline=None)
@given(low=st.integers(0, 3), width=st.integers(1, 9), tenths=st.integers(0, 10), first=st.integers(0, 3_000))
def test_children_found_anywhere_are_those_of_the_whole(low: int, width: int, tenths: int, first: int) -> None:
    mean = Fraction(low) + Fraction(max(tenths, 1) * width, 10)
    how = Cardinality(low, low + width, mean, [1.0] * (width + 1))
    draws = Draws("children", 1, 42, 0, 0)
    total = how.total(draws, 4 * BLOCK)
    parents, positions = how.parents_of(draws, 0, total)
    counts = np.bincount(parents, minlength=4 * BLOCK)
    assert counts.min() >= low
    assert counts.max() <= low + width
    assert abs(counts.mean() - float(mean)) < 0.01
    first = min(first, total)
    part = how.parents_of(draws, first, min(500, total - first))
    assert part[0].tolist() == parents[first : first + 500].tolist()
    assert part[1].tolist() == positions[first : first + 500].tolist()
    assert how.total(draws, 300) == int(counts[:300].sum())


COLUMNS = {
    "a": pa.array([1, 2, None]),
    "b": pa.array([2.5, 0.0, 1.0]),
    "s": pa.array(["x", "y", "z"]),
    "d": pa.array([date(2024, 1, 31), date(2024, 12, 1), date(2023, 5, 5)]),
}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a * 2 + 1", [3, 5, None]),
        ("a / b", [0.4, None, None]),
        ("7 // a", [7, 3, None]),
        ("7 % a", [0, 1, None]),
        ("round(b * 1.1, 1)", [2.8, 0.0, 1.1]),
        ("'big' if a > 1 else 'small'", ["small", "big", "small"]),
        ("s + '-' + a", ["x-1", "y-2", None]),
        ("upper(s)", ["X", "Y", "Z"]),
        ("d + 1", [date(2024, 2, 1), date(2024, 12, 2), date(2023, 5, 6)]),
        ("d - '2024-01-01'", [30, 335, -241]),
        ("d >= '2024-01-01' and not a == 2", [True, False, False]),
        ("min(a, b)", [1.0, 0.0, 1.0]),
        ("0 < a < 2", [True, False, None]),
        ("coalesce(a, 9)", [1, 2, 9]),
        ("year(d)", [2024, 2024, 2023]),
    ],
)
def test_a_formula_is_computed_row_by_row(text: str, values: list[object]) -> None:
    formula = Formula(text, {name: column.type for name, column in COLUMNS.items()})
    made = formula.over({name: COLUMNS[name] for name in formula.needs}, 3)
    assert made.to_pylist() == values
    assert made.type == formula.type


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("aa + 1", "did you mean a"),
        ("rond(a)", "did you mean round"),
        ("__import__('os')", "is no function here"),
        ("s.__class__", "Attribute has no place"),
        ("s[0]", "Subscript has no place"),
        ("[x for x in s]", "ListComp has no place"),
        ("a ** 99", "BinOp has no place"),
        ("a +", "not a formula"),
        ("s * 2", "does not go together"),
        ("(" * 90 + "a" + ")" * 90 + "+1" * 60, "too deep"),
        ("a" * 2_000, "at most 1,000"),
        ("1j", "is no value here"),
    ],
)
def test_what_is_no_formula_is_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(FormulaRefused, match=says):
        _ = Formula(text, {name: column.type for name, column in COLUMNS.items()}).type
