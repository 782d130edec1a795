"""What a type of the vocabulary is: its parameters and their bounds, its Arrow type, how a column of it is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pyarrow as pa

from generator_svc.vocabulary.days import NotADay, day_of
from generator_svc.vocabulary.field_slice import FieldSlice

Parameters = Mapping[str, Any]
Form = Literal["integer", "number", "text", "flag", "day", "texts", "numbers"]

LONGEST_TEXT = 2_000
MOST_CHOICES = 10_000
_FARTHEST = 10**15
_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a type. `low` and `high` bound a number, or the length of a text."""

    name: str
    form: Form
    default: Any = None
    low: float = -_FARTHEST
    high: float = _FARTHEST
    summary: str = ""

    def read(self, value: Any) -> Any:
        """The value in its form. Raises `ValueError` with what would do."""
        return _READERS[self.form](self, value)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value: where, what, and what to do."""

    path: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" + (f"; {self.hint}" if self.hint else "")


def _no_problem(_: Parameters) -> Iterator[tuple[str, str]]:
    return iter(())


@dataclass(frozen=True)
class Kind:
    """A type that fields can have."""

    name: str
    group: str
    summary: str
    make: Callable[[FieldSlice], pa.Array]
    type: pa.DataType | Callable[[Parameters], pa.DataType]
    parameters: tuple[Parameter, ...] = ()
    check: Callable[[Parameters], Iterator[tuple[str, str]]] = _no_problem
    """(parameter, what is wrong) for parameters that contradict each other."""
    entity: str = ""
    """What it belongs to: columns of one person, place, company or product agree with each other."""
    by_row: bool = False
    """Made by Faker row by row: right, but slow."""

    def arrow_type(self, parameters: Parameters) -> pa.DataType:
        """The Arrow type of a column with these parameters."""
        return self.type if isinstance(self.type, pa.DataType) else self.type(parameters)

    def values_of(self, parameters: Parameters) -> dict[str, Any]:
        """All parameters, those that were not given by their defaults."""
        return {parameter.name: parameters.get(parameter.name, parameter.default) for parameter in self.parameters}


def _integer(parameter: Parameter, value: Any) -> int:
    if isinstance(value, str) and value.strip().lstrip("-").isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number is needed")
    return int(_bounded(parameter, value))


def _number(parameter: Parameter, value: Any) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise ValueError("a number is needed") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a number is needed")
    return float(_bounded(parameter, value))


def _bounded(parameter: Parameter, value: float) -> float:
    if not parameter.low <= value <= parameter.high:
        raise ValueError(f"{value:g} is not between {parameter.low:g} and {parameter.high:g}")
    return value


def _text(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError("a text is needed")
    longest = min(parameter.high, LONGEST_TEXT)
    if len(str(value)) > longest:
        raise ValueError(f"the text is longer than {longest:g} characters")
    return str(value)


def _flag(_: Parameter, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("true or false is needed")
    return value


def _day(_: Parameter, value: Any) -> str:
    try:
        day_of(value, _ANY_DAY)
    except NotADay as error:
        raise ValueError(str(error)) from None
    return str(value)


def _texts(_: Parameter, value: Any) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        value = list(value)
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("a list with at least one value is needed")
    if len(value) > MOST_CHOICES:
        raise ValueError(f"more than {MOST_CHOICES:,} values")
    if not all(entry is None or isinstance(entry, str | int | float | bool) for entry in value):
        raise ValueError("only texts, numbers, true, false and null can be chosen from")
    if any(isinstance(entry, float) and not math.isfinite(entry) for entry in value):
        raise ValueError("numbers must be finite")
    return tuple(value)


def _numbers(_: Parameter, value: Any) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("a list of numbers is needed")
    weights = tuple(float(entry) for entry in value if isinstance(entry, int | float) and not isinstance(entry, bool))
    if len(weights) != len(value) or not all(0 <= weight < math.inf for weight in weights) or not sum(weights) > 0:
        raise ValueError("weights are numbers from 0 on, at least one above 0")
    return weights


_READERS: Mapping[Form, Callable[[Parameter, Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "text": _text,
    "flag": _flag,
    "day": _day,
    "texts": _texts,
    "numbers": _numbers,
}
