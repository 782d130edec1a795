"""A parsed SAQL query: statements in their order, values only."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Load:
    reference: str


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    operator: str
    value: str | float


@dataclass(frozen=True, slots=True)
class Membership:
    field: str
    negated: bool
    values: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Presence:
    field: str
    there: bool


@dataclass(frozen=True, slots=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Joined:
    word: str
    conditions: tuple["Condition", ...]


Condition: TypeAlias = Comparison | Membership | Presence | Not | Joined


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Condition


@dataclass(frozen=True, slots=True)
class Group:
    fields: tuple[str, ...]
    """None of them: group by all."""


@dataclass(frozen=True, slots=True)
class Output:
    alias: str
    field: str | None
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Foreach:
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Order:
    keys: tuple[tuple[str, bool], ...]
    """A field, and whether it goes down."""


@dataclass(frozen=True, slots=True)
class Offset:
    rows: int


@dataclass(frozen=True, slots=True)
class Limit:
    rows: int


Operation: TypeAlias = Load | Filter | Group | Foreach | Order | Offset | Limit


@dataclass(frozen=True, slots=True)
class Statement:
    target: str
    stream: str | None
    """What it works on; None where it loads."""
    operation: Operation
