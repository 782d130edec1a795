"""What a formula may do: operators, comparisons and functions over Arrow arrays and scalars."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.cells import plain_text

Value = Any
"""An Arrow array, or a scalar."""


def alike(left: Value, right: Value) -> tuple[Value, Value]:
    """A text beside a day is a day: `signed_on >= "2024-01-01"`."""
    if pa.types.is_date(left.type) and pa.types.is_string(right.type):
        return left, pc.cast(right, left.type)
    if pa.types.is_date(right.type) and pa.types.is_string(left.type):
        return pc.cast(left, right.type), right
    return left, right


def _plus(left: Value, right: Value) -> Value:
    """Numbers add up, texts are put together, a day and a number are the day so many days later."""
    if pa.types.is_string(left.type) or pa.types.is_string(right.type):
        return _concat(left, right)
    if pa.types.is_date(left.type):
        return pc.cast(pc.add(pc.cast(left, pa.int32()), pc.cast(right, pa.int32())), pa.date32())
    return pc.add(left, right)


def _minus(left: Value, right: Value) -> Value:
    """A day less a day is a number of days, a day less a number an earlier day."""
    left, right = alike(left, right)
    if pa.types.is_date(left.type):
        days = pc.subtract(pc.cast(left, pa.int32()), pc.cast(right, pa.int32()))
        return pc.cast(days, pa.int64() if pa.types.is_date(right.type) else pa.date32())
    return pc.subtract(left, right)


def _ratio(left: Value, right: Value) -> Value:
    """A division gives a float, null where the divisor is 0."""
    divisor = pc.cast(right, pa.float64())
    safe = pc.if_else(pc.equal(divisor, 0.0), pa.scalar(None, pa.float64()), divisor)
    return pc.divide(pc.cast(left, pa.float64()), safe)


def _whole_ratio(left: Value, right: Value) -> Value:
    return pc.cast(pc.floor(_ratio(left, right)), pa.int64())


def _rest(left: Value, right: Value) -> Value:
    return pc.subtract(left, pc.multiply(right, _whole_ratio(left, right)))


def _concat(*values: Value) -> Value:
    return pc.binary_join_element_wise(*(_text(value) for value in values), pa.scalar(""))


def _text(value: Value) -> Value:
    return (
        plain_text(value)
        if isinstance(value, pa.Array)
        else pa.scalar(None if not value.is_valid else str(value.as_py()))
    )


def _round(value: Value, places: Value | None = None) -> Value:
    digits = 0 if places is None else int(places.as_py())
    rounded = pc.round(value, digits, "half_towards_infinity")
    return rounded if digits or pa.types.is_integer(value.type) else pc.cast(rounded, pa.int64(), safe=False)


def _pick(combine: str) -> Callable[..., Value]:
    return lambda *values: pc.call_function(combine, list(values))


OPERATORS: Mapping[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: _plus,
    ast.Sub: _minus,
    ast.Mult: pc.multiply,
    ast.Div: _ratio,
    ast.FloorDiv: _whole_ratio,
    ast.Mod: _rest,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Value, Value], Value]] = {
    ast.Eq: pc.equal,
    ast.NotEq: pc.not_equal,
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
}
FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "round": _round,
    "floor": lambda value: pc.cast(pc.floor(value), pa.int64()),
    "ceil": lambda value: pc.cast(pc.ceil(value), pa.int64()),
    "abs": pc.abs,
    "min": _pick("min_element_wise"),
    "max": _pick("max_element_wise"),
    "lower": pc.utf8_lower,
    "upper": pc.utf8_upper,
    "text": _text,
    "length": lambda value: pc.cast(pc.utf8_length(value), pa.int64()),
    "first": lambda value, length: pc.utf8_slice_codeunits(value, 0, length.as_py()),
    "replace": lambda value, old, new: pc.replace_substring(value, old.as_py(), new.as_py()),
    "year": pc.year,
    "month": pc.month,
    "is_null": pc.is_null,
    "coalesce": pc.coalesce,
}
