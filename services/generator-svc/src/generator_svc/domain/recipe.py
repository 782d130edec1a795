"""What a row recipe is, and how one is chosen by a description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Protocol

import pyarrow as pa
from shared.errors import Rejected

from generator_svc.domain.sampling import Rows

DESCRIBED = "describe:"
"""Prefix of a recipe name that is a description in plain words (S3-16)."""


class RowRecipe(Protocol):
    """Makes any row range of a table, deterministically."""

    name: ClassVar[str]
    version: ClassVar[int]
    """Same seed, version and index → same bytes; what changes a byte changes the version."""
    columns: ClassVar[tuple[str, ...]]

    def rows(self, seed: int, first: int, count: int) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`."""
        ...

    def fits(self, description: str) -> float:
        """How well it answers a description; 0: not at all."""
        ...


def range_of(recipe: RowRecipe, seed: int, first: int, count: int) -> Rows:
    """The row range that a recipe's columns are drawn for."""
    return Rows(recipe.name, recipe.version, seed, first, count)


def chosen(recipes: Mapping[str, RowRecipe], name: str) -> RowRecipe:
    """The recipe of that name, or the one that fits the description best. Raises `Rejected` naming those there are."""
    if not name.startswith(DESCRIBED):
        if name in recipes:
            return recipes[name]
        raise Rejected(f"there is no recipe of this name; known are {_names(recipes)}", category="validation")
    description = name.removeprefix(DESCRIBED)
    best = max(recipes.values(), key=lambda recipe: recipe.fits(description))
    if best.fits(description) <= 0:
        raise Rejected(f"no recipe fits the description; known are {_names(recipes)}", category="validation")
    return best


def keyword_score(description: str, keywords: Mapping[str, float]) -> float:
    """Sum of the weights of keywords that the description's words begin with."""
    words = set(re.findall(r"[a-z]+", description.lower()))
    return sum(weight for stem, weight in keywords.items() if any(word.startswith(stem) for word in words))


def _names(recipes: Mapping[str, RowRecipe]) -> str:
    return ", ".join(sorted(recipes))
