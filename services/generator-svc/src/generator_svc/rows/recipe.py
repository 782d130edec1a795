"""What a row recipe is: the interface that recipes, outputs, the bus and the report share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, runtime_checkable

import pyarrow as pa
from shared.errors import Rejected

DESCRIBED = "describe:"
"""Prefix of a recipe name that is a description in plain words (S3-16)."""

Predicate = Callable[[pa.RecordBatch], pa.Array]
"""One boolean per row: whether the rule holds."""


@dataclass(frozen=True)
class Rule:
    """Something that is true of every row of a recipe, checked by the report and by tests."""

    name: str
    """A sentence: `last_purchase_date is not before signup_date`."""
    holds: Predicate


@dataclass(frozen=True)
class Companion:
    """A file that belongs to the rows and does not grow with them: plans beside patients, a policy text."""

    path: str
    """Relative to the data set's folder, with `/` between its parts."""
    content: bytes


class RowRecipe(Protocol):
    """Makes any row range of a table, deterministically and independently of all others."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int:
        """Same seed, version and row number → same bytes; what changes a byte changes the version."""
        ...

    @property
    def as_of(self) -> date:
        """The day that ages and dates count from when the caller names none; fixed per version, never today."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """Names and Arrow types of the columns; nested types (struct, list) are allowed."""
        ...

    @property
    def rules(self) -> Sequence[Rule]: ...

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`, of exactly `schema`. Raises `Rejected` for rows beyond its limits."""
        ...

    def fits(self, description: str) -> float:
        """How well it answers a description in plain words; 0: not at all."""
        ...


@runtime_checkable
class HasCompanions(Protocol):
    """A recipe with files beside its rows."""

    def companions(self, seed: int, as_of: date) -> Iterator[Companion]:
        """The files, the same however many rows are made."""
        ...


@runtime_checkable
class HasOptions(Protocol):
    """A recipe that takes options behind its name: `crm:scenario=B2C,curve=SURGE`."""

    def with_options(self, options: Mapping[str, str]) -> RowRecipe:
        """The recipe with these options. Raises `Rejected` naming those there are."""
        ...


@dataclass(frozen=True)
class Table:
    """One table of a data set, with how many rows of it belong to the rows that were asked for."""

    recipe: RowRecipe
    rows: Callable[[int, int], int] = field(default=lambda _seed, asked: asked)
    """(seed, rows asked for) → rows of this table."""


@runtime_checkable
class DataSet(Protocol):
    """Several tables that refer to each other; the first one is the one whose rows are asked for."""

    @property
    def tables(self) -> Mapping[str, Table]: ...


def keyword_score(description: str, keywords: Mapping[str, float]) -> float:
    """Sum of the weights of keywords that the description's words begin with."""
    words = set(re.findall(r"[a-z]+", description.lower()))
    return sum(weight for stem, weight in keywords.items() if any(word.startswith(stem) for word in words))


def chosen(recipes: Mapping[str, RowRecipe], name: str) -> RowRecipe:
    """The recipe of that name, or the one that fits the description best. Raises `Rejected` naming those there are."""
    if not name.startswith(DESCRIBED):
        plain, colon, options = name.partition(":")
        if plain in recipes:
            return _with_options(recipes[plain], options) if colon else recipes[plain]
        raise Rejected(f"there is no recipe of this name; known are {_names(recipes)}", category="validation")
    description = name.removeprefix(DESCRIBED)
    best = max(recipes.values(), key=lambda recipe: recipe.fits(description))
    if best.fits(description) <= 0:
        raise Rejected(f"no recipe fits the description; known are {_names(recipes)}", category="validation")
    return best


def _with_options(recipe: RowRecipe, text: str) -> RowRecipe:
    if not isinstance(recipe, HasOptions):
        raise Rejected(f"the recipe {recipe.name} has no options", category="validation")
    pairs = [part.partition("=") for part in text.split(",")]
    if wrong := [part for part, equals, value in pairs if not (part.strip() and equals and value.strip())]:
        raise Rejected(f"options are written name=value, not {wrong[0][:40]!r}", category="validation")
    return recipe.with_options({name.strip(): value.strip() for name, _, value in pairs})


def _names(recipes: Mapping[str, RowRecipe]) -> str:
    return ", ".join(sorted(recipes))
