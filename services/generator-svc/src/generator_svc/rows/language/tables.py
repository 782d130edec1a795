"""One table of a document, column by column, each after those that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pyarrow as pa
from pydantic import ValidationError

from generator_svc.rows.column import Column, Columns, Values
from generator_svc.rows.language.document import RecipeDocument, TableDocument
from generator_svc.rows.language.refusals import RecipeRefused, Refusal, Wrong, refusals_of, suggestion
from generator_svc.rows.language.scope import ColumnSpec
from generator_svc.rows.language.types import EVERYWHERE, TYPES
from generator_svc.rows.recipe import Rule
from generator_svc.rows.values.formula import Formula, FormulaRefused
from generator_svc.rows.values.numbers import Correlated, Numbers, WholeNumbers, cholesky
from generator_svc.rows.values.related import Children


class Vocabulary(Protocol):
    """Types beyond those of the language, such as Faker's."""

    def names(self) -> Sequence[str]: ...

    def values(self, kind: str, parameters: Mapping[str, Any]) -> Values | None:
        """The values of a type; None where there is no such type. Raises `ValueError` for wrong parameters."""
        ...


class NoVocabulary:
    """Nothing beyond the language."""

    def names(self) -> Sequence[str]:
        return ()

    def values(self, kind: str, parameters: Mapping[str, Any]) -> Values | None:
        return None


class Tables(Protocol):
    """The document's other tables, and what is wrong so far."""

    document: RecipeDocument
    vocabulary: Vocabulary
    refusals: list[Refusal]

    def table(self, name: str, path: tuple[str, ...]) -> Columns:
        """A table, after those that it needs. Raises `Wrong` where tables need each other in a circle."""
        ...


@dataclass
class TableCompiler:
    work: Tables
    name: str
    document: TableDocument
    path: tuple[str, ...]
    done: dict[str, Column] = field(default_factory=dict)
    under_way: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    _parent: Columns | None = None

    def build(self) -> Columns:
        """All columns; what is wrong is noted and the rest goes on."""
        lineage = self._lineage()
        for column in self.document.columns:
            self._attempt(column)
        shown = [self.done[name] for name in self.document.columns if name in self.done]
        if not any(column.shown for column in shown) and not self.refused:
            self.note("columns", "all columns are hidden; show at least one")
        shown = self._correlated(shown)
        rules = [rule for name, text in self.document.rules.items() if (rule := self._rule(name, text))]
        document = self.work.document
        of = f"{document.name}.{self.name}" if len(document.tables) > 1 else document.name
        return Columns(of, document.version, document.as_of, shown, rules, lineage=lineage)

    @property
    def parent(self) -> Columns | None:
        return self._parent

    def column(self, name: str) -> Column:
        """A column, compiled when it is first asked for. Raises `Wrong`."""
        if name in self.done:
            return self.done[name]
        if name in self.under_way:
            raise Wrong("", f"columns need each other in a circle: {' → '.join([*self.under_way, name])}")
        if name not in self.document.columns:
            raise Wrong("", f"there is no column {name}{suggestion(name, self.document.columns)}")
        if name in self.refused:
            raise Wrong("", f"column {name} is refused itself")
        self.under_way.append(name)
        try:
            spec = self.document.columns[name]
            values, common = self.values(name, spec, f"tables.{self.name}.columns.{name}")
            self.done[name] = Column(name, values, common.null_rate, not common.hidden)
        finally:
            self.under_way.pop()
        return self.done[name]

    def values(self, name: str, spec: object, path: str) -> tuple[Values, ColumnSpec]:
        """The values of a specification. Raises `RecipeRefused`."""
        kind, parameters = self._form(spec, path)
        if kind not in TYPES:
            return self._of_vocabulary(kind, parameters, path)
        try:
            model = TYPES[kind].model_validate(parameters)
            return model.values(_Place(self, name, path)), model
        except ValidationError as error:
            names = [found.alias or key for key, found in TYPES[kind].model_fields.items()]
            raise RecipeRefused(refusals_of(error, path, names)) from error
        except Wrong as error:
            raise RecipeRefused([Refusal(f"{path}.{error.field}".rstrip("."), str(error))]) from error

    def note(self, place: str, says: str) -> None:
        """Remember what is wrong."""
        self.work.refusals.append(Refusal(f"tables.{self.name}.{place}", says))

    def _attempt(self, column: str) -> None:
        try:
            self.column(column)
        except RecipeRefused as error:
            self.refused.add(column)
            self.work.refusals += [one for one in error.refusals if one not in self.work.refusals]
        except Wrong as error:
            self.refused.add(column)
            self.note(f"columns.{column}", str(error))

    def _form(self, spec: object, path: str) -> tuple[str, dict[str, Any]]:
        """A name alone is a type, a list a choice, an object has a type and parameters, flat or under `params`."""
        if isinstance(spec, str):
            return spec, {}
        if isinstance(spec, list):
            return "choice", {"values": spec}
        if isinstance(spec, dict) and isinstance(spec.get("type"), str):
            flat = {key: value for key, value in spec.items() if key not in ("type", "params")}
            inner = spec.get("params")
            if inner is not None and not isinstance(inner, dict):
                raise RecipeRefused([Refusal(f"{path}.params", "must be an object")])
            return str(spec["type"]), {**(inner or {}), **flat}
        raise RecipeRefused([Refusal(path, "must be the name of a type, a list of values, or an object with `type`")])

    def _of_vocabulary(self, kind: str, parameters: dict[str, Any], path: str) -> tuple[Values, ColumnSpec]:
        common = {key: parameters.pop(key) for key in list(parameters) if key in EVERYWHERE}
        try:
            made = self.work.vocabulary.values(kind, parameters)
            if made is None:
                known = [*TYPES, *self.work.vocabulary.names()]
                says = f"{kind} is no type of columns{suggestion(kind, known)}"
                raise RecipeRefused([Refusal(f"{path}.type", says)])
            return made, ColumnSpec.model_validate(common)
        except ValidationError as error:
            raise RecipeRefused(refusals_of(error, path, EVERYWHERE)) from error
        except ValueError as error:
            raise RecipeRefused([Refusal(path, str(error))]) from error

    def _lineage(self) -> Children | None:
        if self.document.parent is None:
            return None
        if self.document.rows is not None:
            self.note("rows", "the rows of a table with a parent follow from per_row; leave this out")
        try:
            self._parent = self.work.table(self.document.parent.table, self.path)
        except Wrong as error:
            self.note(f"parent.{error.field}", str(error))
            return None
        return Children(self._parent, self.document.parent.per_row.cardinality())

    def _correlated(self, columns: list[Column]) -> list[Column]:
        named = {column.name: column for column in columns}
        pairs = [(pair.columns[0], pair.columns[1], pair.r) for pair in self.document.correlations]
        group = list(dict.fromkeys(name for first, second, _ in pairs for name in (first, second)))
        for name in group:
            if name not in named or not isinstance(named[name].values, Numbers | WholeNumbers):
                numeric = [one.name for one in columns if isinstance(one.values, Numbers | WholeNumbers)]
                self.note("correlations", f"{name} is no column drawn from a distribution{suggestion(name, numeric)}")
                return columns
        matrix = [[1.0 if first == second else 0.0 for second in group] for first in group]
        for first, second, r in pairs:
            i, j = group.index(first), group.index(second)
            matrix[i][j] = matrix[j][i] = r
        try:
            lower = cholesky(matrix)
        except ValueError as error:
            self.note("correlations", str(error))
            return columns
        for name, loadings in zip(group, lower, strict=True):
            values: Any = named[name].values
            named[name] = replace(named[name], values=Correlated(values, group, loadings))
        return list(named.values())

    def _rule(self, name: str, text: str) -> Rule | None:
        types = {column.name: column.values.type for column in self.done.values() if column.shown}
        formula = Formula(text, types)
        try:
            if not pa.types.is_boolean(formula.type):
                raise FormulaRefused("a rule is true or false; compare something")
        except FormulaRefused as error:
            self.note(f"rules.{name}", str(error))
            return None
        return Rule(name, _Holds(formula))


@dataclass(frozen=True)
class _Holds:
    formula: Formula

    def __call__(self, rows: pa.RecordBatch) -> pa.Array:
        return self.formula.over({name: rows[name] for name in self.formula.needs}, rows.num_rows)


@dataclass(frozen=True)
class _Place:
    """The scope of one column."""

    _table: TableCompiler
    column: str
    path: str

    @property
    def table(self) -> str:
        return self._table.name

    def type_of(self, column: str) -> pa.DataType:
        return self._table.column(column).values.type

    def names(self) -> list[str]:
        return list(self._table.document.columns)

    def parent(self) -> Columns | None:
        return self._table.parent

    def most_children(self) -> int:
        parent = self._table.document.parent
        return parent.per_row.max if parent else 0

    def other(self, table: str) -> tuple[Columns, int | None]:
        made = self._table.work.table(table, self._table.path)
        return made, self._table.work.document.tables[table].rows

    def own(self) -> Columns:
        document = self._table.work.document
        of = f"{document.name}.{self.table}" if len(document.tables) > 1 else document.name
        done = list(self._table.done.values())
        return Columns(of, document.version, document.as_of, done)

    def compile(self, spec: object, field: str) -> Values:
        return self._table.values(self.column, spec, f"{self.path}.{field}")[0]
