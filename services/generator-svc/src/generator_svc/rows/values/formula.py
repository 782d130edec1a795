"""Formulas over other columns: a small expression language, read by Python's parser and run by Arrow, never by `eval`.

Only what stands in the tables below exists: no attributes, no indexing, no calls of anything else. Null in, null out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.column import Slice
from generator_svc.rows.values.operations import COMPARISONS, FUNCTIONS, OPERATORS, Value, alike

LONGEST = 1_000
"""Characters of a formula."""
_DEEPEST = 40


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
        return self.over(part.made, part.count)

    def over(self, columns: Mapping[str, pa.Array], count: int) -> pa.Array:
        """The values for these columns of so many rows."""
        made = self._run(columns)
        if isinstance(made, pa.Scalar):
            made = pa.repeat(made, count)
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
        if name not in FUNCTIONS or node.keywords:
            raise FormulaRefused(
                f"{name} is no function here{_close(name, FUNCTIONS)}; known are {', '.join(FUNCTIONS)}"
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
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return (node.left, node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        return (node.operand,)
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Compare) and all(type(op) in COMPARISONS for op in node.ops):
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
        return OPERATORS[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, columns)
        return pc.invert(inner) if isinstance(node.op, ast.Not) else pc.negate(inner)
    if isinstance(node, ast.BoolOp):
        combine = pc.and_kleene if isinstance(node.op, ast.And) else pc.or_kleene
        return _folded(combine, [_value(value, columns) for value in node.values])
    if isinstance(node, ast.Compare):
        sides = [_value(side, columns) for side in (node.left, *node.comparators)]
        pairs = zip(node.ops, sides, sides[1:], strict=False)
        return _folded(pc.and_kleene, [COMPARISONS[type(op)](*alike(left, right)) for op, left, right in pairs])
    if isinstance(node, ast.IfExp):
        test = pc.fill_null(_value(node.test, columns), False)
        return pc.if_else(test, _value(node.body, columns), _value(node.orelse, columns))
    assert isinstance(node, ast.Call)  # noqa: S101  # the check lets nothing else through
    assert isinstance(node.func, ast.Name)  # noqa: S101
    return FUNCTIONS[node.func.id](*(_value(argument, columns) for argument in node.args))


def _folded(combine: Callable[[Value, Value], Value], values: Sequence[Value]) -> Value:
    first, *others = values
    for other in others:
        first = combine(first, other)
    return first
