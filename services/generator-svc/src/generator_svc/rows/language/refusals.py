"""What is wrong with a recipe document: the field, a sentence, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import ValidationError
from shared.errors import Rejected

_MOST_TOLD = 10


@dataclass(frozen=True)
class Refusal:
    """One thing that is wrong."""

    path: str
    """`tables.orders.columns.price.min`."""
    says: str

    def __str__(self) -> str:
        return f"{self.path}: {self.says}" if self.path else self.says


class RecipeRefused(Rejected):
    """A document that no rows can be made of."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = list(refusals)
        told = [str(refusal) for refusal in self.refusals[:_MOST_TOLD]]
        if len(self.refusals) > _MOST_TOLD:
            told.append(f"and {len(self.refusals) - _MOST_TOLD} more")
        super().__init__("\n".join(told), category="validation")


class Wrong(ValueError):
    """Something about one field of a column, said by the column's type."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where something is close, else what there is."""
    names = [str(one) for one in known]
    close = get_close_matches(str(name), names, 1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known are {', '.join(names[:30])}" if names else ""


def refusals_of(error: ValidationError, path: str, known: Iterable[str]) -> list[Refusal]:
    """What pydantic found, as sentences."""
    names = list(known)
    found = []
    for one in error.errors():
        place = ".".join([path, *(str(part) for part in one["loc"])]) if path else ".".join(map(str, one["loc"]))
        if one["type"] == "extra_forbidden":
            found.append(Refusal(place, f"is not known here{suggestion(str(one['loc'][-1]), names)}"))
        elif one["type"] == "missing":
            found.append(Refusal(place, "is required"))
        else:
            found.append(Refusal(place, one["msg"].removeprefix("Value error, ")))
    return found
