"""Formulas over other columns: a small expression language, read by Python's parser and run by Arrow, never by `eval`.

Only what stands in the tables below exists: no attributes, no indexing, no calls of anything else. Null in, null out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.cells import plain_text
from generator_svc.rows.column import Slice

LONGEST = 1_000
"""Characters of a formula."""
_DEEPEST = 40

Value = Any
"""An Arrow array, or a scalar."""


class FormulaRefused(ValueError):
    """A formula that cannot be, with what it should have been."""


@dataclass(frozen=True)
class Formula:
    """Values computed from other columns of the same row."""

    text: str
    types: Mapping[str, pa.DataType]
    """Of the columns that it may read."""

    @property
    def needs(self) -> Sequence[str]:
        return _names(self._tree)

    @cached_property
    def type(self) -> pa.DataType:
        """Found by running it over no rows. Raises `FormulaRefused`."""
        found = self._run({name: pa.nulls(0, self.types[name]) for name in self.needs}).type
        return found if not pa.types.is_null(found) else pa.string()

    def make(self, column: str, part: Slice) -> pa.Array:
        """Nothing is drawn."""
        made = self._run(part.made)
        if isinstance(made, pa.Scalar):
            made = pa.repeat(made, part.count)
        return made if made.type == self.type else pc.cast(made, self.type)

    @cached_property
    def _tree(self) -> ast.expr:
        return parsed(self.text, self.types)

    def _run(self, columns: Mapping[str, pa.Array]) -> Value:
        try:
            return _value(self._tree, columns)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
            kinds = ", ".join(f"{name} is {self.types[name]}" for name in self.needs)
            raise FormulaRefused(f"this does not go together ({kinds or 'constants only'})") from error


def parsed(text: str, names: Mapping[str, object]) -> ast.expr:
    """The checked expression. Raises `FormulaRefused` naming what is not allowed."""
    if len(text) > LONGEST:
        raise FormulaRefused(f"a formula has at most {LONGEST:,} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaRefused(f"not a formula: {getattr(error, 'msg', 'too deep')}") from error
    _check(tree, names, _DEEPEST)
    return tree


def _check(node: ast.AST, names: Mapping[str, object], depth: int) -> None:
    if depth == 0:
        raise FormulaRefused("the formula is nested too deeply")
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise FormulaRefused(f"there is no column {node.id}{_close(node.id, names)}")
        return
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else "this"
        if name not in _FUNCTIONS or node.keywords:
            raise FormulaRefused(
                f"{name} is no function here{_close(name, _FUNCTIONS)}; known are {', '.join(_FUNCTIONS)}"
            )
        children: Sequence[ast.AST] = node.args
    elif isinstance(node, ast.Constant):
        if not isinstance(node.value, str | int | float | bool | None):
            raise FormulaRefused(f"{node.value!r} is no value here")
        return
    else:
        children = _parts(node)
    for child in children:
        _check(child, names, depth - 1)


def _parts(node: ast.AST) -> Sequence[ast.AST]:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return (node.left, node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        return (node.operand,)
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARISONS for op in node.ops):
        return (node.left, *node.comparators)
    if isinstance(node, ast.IfExp):
        return (node.test, node.body, node.orelse)
    raise FormulaRefused(f"{type(node).__name__} has no place in a formula; use + - * / // %, comparisons, and, or, if")


def _close(name: str, known: Mapping[str, object]) -> str:
    found = get_close_matches(name, known, 1)
    return f"; did you mean {found[0]}?" if found else ""


def _names(tree: ast.expr) -> list[str]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    return list(dict.fromkeys(found))


def _value(node: ast.expr, columns: Mapping[str, pa.Array]) -> Value:
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.Constant):
        return pa.scalar(node.value)
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, columns)
        return pc.invert(inner) if isinstance(node.op, ast.Not) else pc.negate(inner)
    if isinstance(node, ast.BoolOp):
        combine = pc.and_kleene if isinstance(node.op, ast.And) else pc.or_kleene
        return _folded(combine, [_value(value, columns) for value in node.values])
    if isinstance(node, ast.Compare):
        sides = [_value(side, columns) for side in (node.left, *node.comparators)]
        pairs = zip(node.ops, sides, sides[1:], strict=False)
        return _folded(pc.and_kleene, [_COMPARISONS[type(op)](*_alike(left, right)) for op, left, right in pairs])
    if isinstance(node, ast.IfExp):
        test = pc.fill_null(_value(node.test, columns), False)
        return pc.if_else(test, _value(node.body, columns), _value(node.orelse, columns))
    assert isinstance(node, ast.Call)  # noqa: S101  # the check lets nothing else through
    assert isinstance(node.func, ast.Name)  # noqa: S101
    return _FUNCTIONS[node.func.id](*(_value(argument, columns) for argument in node.args))


def _folded(combine: Callable[[Value, Value], Value], values: Sequence[Value]) -> Value:
    first, *others = values
    for other in others:
        first = combine(first, other)
    return first


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
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
    left, right = _alike(left, right)
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


_OPERATORS: Mapping[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: _plus,
    ast.Sub: _minus,
    ast.Mult: pc.multiply,
    ast.Div: _ratio,
    ast.FloorDiv: _whole_ratio,
    ast.Mod: _rest,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Value, Value], Value]] = {
    ast.Eq: pc.equal,
    ast.NotEq: pc.not_equal,
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
}
_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
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
