"""Types of constants, choices, keys, days, texts and formulas."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

import pyarrow as pa
from pydantic import Field

from generator_svc.rows.column import Values
from generator_svc.rows.language.refusals import Wrong
from generator_svc.rows.language.scope import ColumnSpec, Scope
from generator_svc.rows.values.choices import Case, Choice, Constant
from generator_svc.rows.values.days import Bound, Days, Moments
from generator_svc.rows.values.formula import Formula, FormulaRefused
from generator_svc.rows.values.keys import Pattern, Serial, Uuid
from generator_svc.rows.values.texts import Template

Plain = str | bool | int | float | date
_DAY = re.compile(r"(?P<from>as_of|\w+|\d{4}-\d{2}-\d{2})\s*(?P<plus>[+-]\s*\d+)?\Z")


class ConstantSpec(ColumnSpec):
    """The same value everywhere."""

    value: Plain

    def values(self, scope: Scope) -> Values:
        return Constant(self.value)


class ChoiceSpec(ColumnSpec):
    """An entry of a list."""

    options: Annotated[list[Plain], Field(min_length=1, max_length=100_000, alias="values")]
    weights: list[float] | None = None

    def values(self, scope: Scope) -> Values:
        if self.weights is not None:
            if len(self.weights) != len(self.options):
                raise Wrong("weights", f"there are {len(self.weights)} for {len(self.options)} values")
            if min(self.weights) < 0 or not 0 < sum(self.weights) < float("inf"):
                raise Wrong("weights", "must be 0 or more, at least one above 0")
        try:
            chosen = Choice(self.options, self.weights)
            _ = chosen.type
        except pa.ArrowException:
            chosen = Choice([str(option) for option in self.options], self.weights)
        return chosen


class SequenceSpec(ColumnSpec):
    """1, 2, 3 …; with a prefix or width as text."""

    start: Annotated[int, Field(ge=-(2**53), le=2**53)] = 1
    step: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 1
    prefix: Annotated[str, Field(max_length=50)] = ""
    width: Annotated[int, Field(ge=0, le=18)] = 0

    def values(self, scope: Scope) -> Values:
        if not self.step:
            raise Wrong("step", "must not be 0")
        return Serial(self.start, self.step, self.prefix, self.width)


class PatternSpec(ColumnSpec):
    """`#` digit, `?` capital, `~` small letter, `*` base 32; unique by construction where asked for."""

    pattern: Annotated[str, Field(min_length=1, max_length=100)]
    unique: bool = False

    def values(self, scope: Scope) -> Values:
        if not self.pattern.isascii():
            raise Wrong("pattern", "takes ASCII only; put other letters around it with a text column")
        made = Pattern(self.pattern, self.unique)
        if self.unique and made.space > 1 << 62:
            return Pattern(self.pattern)
        return made


class UuidSpec(ColumnSpec):
    """Random UUIDs."""

    def values(self, scope: Scope) -> Values:
        return Uuid()


class DateSpec(ColumnSpec):
    """A day; the bounds are days, `as_of`, or columns, plus or minus so many days: `signed_on + 30`."""

    low: Annotated[date | str, Field(alias="from")] = "as_of - 1825"
    high: Annotated[date | str, Field(alias="to")] = "as_of"

    def values(self, scope: Scope) -> Values:
        return self._days(scope)

    def _days(self, scope: Scope) -> Days:
        low, high = _bound(self.low, "from", scope), _bound(self.high, "to", scope)
        if low.column is None and high.column is None and (low.day is None) == (high.day is None):
            first = (low.day.toordinal() if low.day else 0) + low.plus_days
            last = (high.day.toordinal() if high.day else 0) + high.plus_days
            if first > last:
                raise Wrong("from", "is after `to`; exchange them")
        return Days(low, high)


class DatetimeSpec(DateSpec):
    """A day and a time of day in UTC."""

    from_hour: Annotated[int, Field(ge=0, le=23)] = 0
    to_hour: Annotated[int, Field(ge=1, le=24)] = 24

    def values(self, scope: Scope) -> Values:
        if self.from_hour >= self.to_hour:
            raise Wrong("from_hour", "must be before to_hour")
        return Moments(self._days(scope), self.from_hour, self.to_hour)


class TextSpec(ColumnSpec):
    """Other columns in a text: `{first} {last}`; `{row}` is the row's number."""

    template: Annotated[str, Field(max_length=10_000)]

    def values(self, scope: Scope) -> Values:
        made = Template(self.template)
        for name in made.needs:
            scope.type_of(name)
        return made


class FormulaSpec(ColumnSpec):
    """Computed from other columns: `quantity * price`."""

    formula: str

    def values(self, scope: Scope) -> Values:
        try:
            read = Formula(self.formula, dict.fromkeys(scope.names(), pa.null())).needs
            made = Formula(self.formula, {name: scope.type_of(name) for name in read})
            _ = made.type
        except FormulaRefused as error:
            raise Wrong("formula", str(error)) from error
        return made


class CaseSpec(ColumnSpec):
    """What the value of another column decides: each branch is a column of its own."""

    on: str
    branches: Annotated[dict[str, Any], Field(min_length=1, alias="of")]
    otherwise: Annotated[Any, Field(alias="else")] = None

    def values(self, scope: Scope) -> Values:
        scope.type_of(self.on)
        made = {name: scope.compile(spec, f"of.{name}") for name, spec in self.branches.items()}
        rest = None if self.otherwise is None else scope.compile(self.otherwise, "else")
        kinds = {str(values.type) for values in [*made.values(), *([rest] if rest else [])]}
        if len(kinds) > 1:
            raise Wrong("of", f"all branches must have values of one type, not {' and '.join(sorted(kinds))}")
        return Case(self.on, made, rest)


def _bound(given: date | str, field: str, scope: Scope) -> Bound:
    if isinstance(given, date):
        return Bound(day=given)
    found = _DAY.match(given.strip())
    if found is None:
        raise Wrong(field, f"{given!r} is no day; write 2024-12-31, as_of, as_of - 30, or a column of days")
    name, plus = found["from"], int((found["plus"] or "0").replace(" ", ""))
    if name == "as_of":
        return Bound(plus_days=plus)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", name):
        return Bound(day=_day(name, field), plus_days=plus)
    kind = scope.type_of(name)
    if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        raise Wrong(field, f"column {name} holds no days")
    return Bound(column=name, plus_days=plus)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Wrong(field, f"{text} is no day of the calendar") from error
