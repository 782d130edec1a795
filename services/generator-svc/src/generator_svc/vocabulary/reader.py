"""Faker methods as formulas: tables, templates and digit patterns, read from the methods' own code.

Four in five methods of Faker's providers, in every locale, do nothing but choose from a table, fill a template from
other methods, or replace `#` by digits. Such a method is read once into a formula, which whole columns are made by; one
that does anything else is no formula and runs row by row (`per_row.py`).
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from generator_svc.vocabulary.formulas import (
    Cased,
    Choice,
    Entries,
    Formula,
    Named,
    NotAFormula,
    Pattern,
    Sequence,
    pattern,
)

DEEPEST = 8
MOST_ENTRIES = 50_000
_TOKEN = re.compile(r"\{\{\s*(\w+)(:\s*\w+?)?\s*\}\}")
_CASES = {"lower", "upper", "title", "capitalize"}


class Reader:
    """Reads methods of one locale. `find` gives the object that has a method of that name, or raises `NotAFormula`."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find
        self._known: dict[str, Formula | None] = {}

    def formula(self, method: str, depth: int = 0) -> Formula:
        """The formula of a method without arguments. Raises `NotAFormula`."""
        if method not in self._known:
            if depth > DEEPEST:
                raise NotAFormula(method)
            self._known[method] = None  # a method that needs itself is no formula
            owner = self._find(method)
            self._known[method] = _Body(self, owner, depth).read(getattr(type(owner), method))
        known = self._known[method]
        if known is None:
            raise NotAFormula(method)
        return known

    def filled(self, template: str, depth: int) -> Formula:
        """A template with `{{method}}` in it."""
        parts: list[Formula] = []
        end = 0
        for token in _TOKEN.finditer(template):
            if token.group(2):
                raise NotAFormula(template)
            parts.append(Entries((template[end : token.start()],)))
            parts.append(Named(token.group(1), self.formula(token.group(1), depth + 1)))
            end = token.end()
        parts.append(Entries((template[end:],)))
        return Sequence(tuple(part for part in parts if part != Entries(("",))))


class _Body:
    """Evaluates a method's statements symbolically."""

    def __init__(self, reader: Reader, owner: Any, depth: int) -> None:
        self._reader = reader
        self._owner = owner
        self._depth = depth
        self._names: dict[str, Any] = {}
        self._globals: Mapping[str, Any] = {}

    def read(self, function: Any) -> Formula:
        """The formula that the function's return statement gives."""
        tree = self._tree(function)
        result = self._run(tree.body)
        for decorator in tree.decorator_list:
            if not (isinstance(decorator, ast.Name) and decorator.id == "lowercase"):
                raise NotAFormula
            result = Cased(_formula(result), "lower")
        return _formula(result)

    def raw(self, function: Any) -> Any:
        """What an undecorated function returns, formula or not."""
        tree = self._tree(function)
        if tree.decorator_list:
            raise NotAFormula
        return self._run(tree.body)

    def _tree(self, function: Any) -> ast.FunctionDef:
        if not inspect.isfunction(function):
            raise NotAFormula
        plain = inspect.unwrap(function)
        self._globals = plain.__globals__
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(plain))).body[0]
        except (OSError, SyntaxError, IndexError) as error:
            raise NotAFormula from error
        if not isinstance(tree, ast.FunctionDef):
            raise NotAFormula
        return tree

    def _run(self, statements: list[ast.stmt]) -> Any:
        for statement in statements:
            match statement:
                case ast.Return(value=ast.expr() as value):
                    return self._value(value)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._names[name] = self._value(value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self._names[name] = self._value(value)
                case ast.If(test=ast.Call(func=ast.Name(id="hasattr"), args=[_, ast.Constant(value=str(name))])):
                    branch = statement.body if hasattr(self._owner, name) else statement.orelse
                    if (result := self._run(branch)) is not None:
                        return result
                case ast.Expr(value=ast.Constant()):
                    continue
                case _:
                    raise NotAFormula
        return None

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in self._names:
                return self._names[name]
            case ast.Name(id=name) if name in self._globals and _is_data(self._globals[name]):
                return self._globals[name]
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return self._attribute(name)
            case ast.Subscript(value=value, slice=ast.Constant(value=int(place))):
                return _item(self._row(value), place)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return Sequence((_formula(self._value(left)), _formula(self._value(right))))
            case ast.JoinedStr(values=values):
                return Sequence(tuple(_formula(self._piece(value)) for value in values))
            case ast.Call(func=ast.Attribute() as function, args=arguments, keywords=[]):
                return self._call(function, arguments)
        raise NotAFormula

    def _piece(self, node: ast.expr) -> Any:
        if isinstance(node, ast.FormattedValue):
            if node.format_spec is not None or node.conversion != -1:
                raise NotAFormula
            return self._value(node.value)
        return self._value(node)

    def _row(self, node: ast.expr) -> Any:
        """Tables of tuples are read through the method that chooses from them."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name), args=[], keywords=[]):
                return _Body(self._reader, self._owner, self._depth).raw(getattr(type(self._owner), name, None))
        return self._value(node)

    def _attribute(self, name: str) -> Any:
        value = getattr(self._owner, name, None)
        if not _is_data(value):
            raise NotAFormula
        return value

    def _listed(self, listed: ast.ListComp) -> Formula:
        """`" ".join([self.random_element(words) for words in self.tables])`."""
        match listed:
            case ast.ListComp(elt=made, generators=[ast.comprehension(target=ast.Name(id=name), iter=source, ifs=[])]):
                parts: list[Formula] = []
                for value in self._value(source):
                    self._names[name] = value
                    parts.append(_formula(self._value(made)))
                return Sequence(tuple(parts))
        raise NotAFormula

    def _call(self, function: ast.Attribute, arguments: list[ast.expr]) -> Any:
        match function, arguments:
            case ast.Attribute(value=ast.Constant(value=str(between)), attr="join"), [ast.ListComp() as listed]:
                return _between(self._listed(listed), between)
        name, owner = function.attr, ast.unparse(function.value)
        if owner == "self.generator" and name == "parse":
            return self._mapped(self._value(arguments[0]), lambda text: self._reader.filled(text, self._depth))
        if owner in ("self", "self.generator") and not arguments:
            return Named(name, self._reader.formula(name, self._depth + 1))
        if owner == "self" and len(arguments) == 1:
            argument = self._value(arguments[0])
            if name == "random_element":
                return _chosen(argument)
            if name in ("numerify", "bothify", "lexify"):
                return self._mapped(argument, lambda text: pattern(text, name))
        if name == "keys" and not arguments:
            return tuple(self._value(function.value))
        if name in _CASES and not arguments:
            return Cased(_formula(self._value(function.value)), name)
        raise NotAFormula

    def _mapped(self, value: Any, change: Callable[[str], Formula]) -> Formula:
        """Each literal text of a formula replaced by another formula."""
        match _formula(value):
            case Entries(values=values, weights=weights):
                options = tuple(change(text) for text in values)
                return options[0] if len(options) == 1 else Choice(options, weights)
            case Choice(options=options, weights=weights):
                return Choice(tuple(self._mapped(option, change) for option in options), weights)
            case Sequence(parts=parts):
                return Sequence(
                    tuple(part if isinstance(part, Named) else self._mapped(part, change) for part in parts)
                )
        raise NotAFormula


def _between(sequence: Formula, text: str) -> Formula:
    if not isinstance(sequence, Sequence):
        raise NotAFormula
    parts: list[Formula] = []
    for part in sequence.parts:
        parts += [part] if not parts else [Entries((text,)), part]
    return Sequence(tuple(parts))


def _is_data(value: Any) -> bool:
    return isinstance(value, str | tuple | list | Mapping | set | frozenset)


def _chosen(elements: Any) -> Any:
    if isinstance(elements, Mapping):
        return _Table(tuple(elements), tuple(float(weight) for weight in elements.values()))
    if isinstance(elements, tuple | list) and 0 < len(elements) <= MOST_ENTRIES:
        return _Table(tuple(elements), None)
    raise NotAFormula  # a set has no order to count on


def _item(value: Any, place: int) -> Any:
    match value:
        case _Table(values=values, weights=weights) if all(isinstance(entry, tuple) for entry in values):
            return _Table(tuple(entry[place] for entry in values), weights)
    raise NotAFormula


@dataclass(frozen=True)
class _Table:
    """Entries that may be tuples still."""

    values: tuple[Any, ...]
    weights: tuple[float, ...] | None


def _formula(value: Any) -> Formula:
    match value:
        case Entries() | Pattern() | Sequence() | Choice() | Cased() | Named():
            return value
        case str():
            return Entries((value,))
        case _Table(values=values, weights=weights) if all(isinstance(entry, str) for entry in values):
            return Entries(values, weights)
    raise NotAFormula
