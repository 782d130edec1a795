"""One switch: its name, what it takes, what it means, and how sure anybody is of its default."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias

Value: TypeAlias = "bool | int | float | str"


class Evidence(Enum):
    """Where a default comes from."""

    ASSUMED = "assumed"
    DOCUMENTED = "documented"
    SANDBOX = "of the sandbox"


@dataclass(frozen=True, slots=True)
class Switch:
    """`choices` for texts; numbers from zero up; True or False where the default is one of them."""

    name: str
    default: Value
    meaning: str
    evidence: Evidence
    choices: tuple[str, ...] = ()

    @property
    def needs(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        return "true or false" if isinstance(self.default, bool) else "a number, not negative"

    def takes(self, value: object) -> bool:
        if self.choices:
            return value in self.choices
        if isinstance(self.default, bool):
            return isinstance(value, bool)
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15

    def read(self, kept: str) -> Value:
        """The value of the text it was kept as."""
        if self.choices:
            return kept
        if isinstance(self.default, bool):
            return kept == "True"
        return float(kept)


class Turned(Protocol):
    """The switches as rules ask for them."""

    def of(self, name: str) -> Value: ...

    def number(self, name: str) -> float: ...

    def on(self, name: str) -> bool: ...
