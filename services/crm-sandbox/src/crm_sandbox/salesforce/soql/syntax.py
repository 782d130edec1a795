"""A parsed query: values only, with the place of each name so that an error can point at it."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Kind(Enum):
    TEXT = "string"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    NULL = "null"
    PERIOD = "period"


@dataclass(frozen=True, slots=True)
class Literal:
    kind: Kind
    text: str
    at: int
    days: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    field: Name
    operator: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    field: Name
    negated: bool
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Joined:
    word: str
    conditions: tuple["Condition", ...]


Condition: TypeAlias = Comparison | Membership | Not | Joined


@dataclass(frozen=True, slots=True)
class Ordering:
    field: Name
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    entity: Name
    fields: tuple[Name, ...]
    alias: str | None = None
    counts: bool = False
    group: str | None = None
    where: Condition | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
