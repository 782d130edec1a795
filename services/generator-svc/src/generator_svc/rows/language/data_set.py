"""A compiled document as a recipe: one table, or several that belong together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pyarrow as pa

from generator_svc.rows.column import Columns
from generator_svc.rows.draws import Draws
from generator_svc.rows.language.compiling import Compiled, compiled
from generator_svc.rows.language.tables import Vocabulary
from generator_svc.rows.recipe import RowRecipe, Rule, Table


@dataclass(frozen=True)
class TablesRecipe:
    """Several tables; as a single recipe it is its first table."""

    compiled: Compiled

    @property
    def name(self) -> str:
        return self.compiled.document.name

    @property
    def version(self) -> int:
        return self.compiled.document.version

    @property
    def as_of(self) -> date:
        return self.compiled.document.as_of

    @property
    def schema(self) -> pa.Schema:
        return self._first.schema

    @property
    def rules(self) -> Sequence[Rule]:
        return self._first.rules

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        """Rows of the first table."""
        return self._first.batch(seed, first, count, as_of)

    def fits(self, description: str) -> float:
        """Recipe files are asked for by name."""
        return 0.0

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """All tables with how many rows each has for so many of the first one."""
        return {name: Table(table, self._rows(name)) for name, table in self.compiled.tables.items()}

    @property
    def _first(self) -> Columns:
        return next(iter(self.compiled.tables.values()))

    def _rows(self, name: str) -> Callable[[int, int], int]:
        document, table = self.compiled.document.tables[name], self.compiled.tables[name]
        if document.parent is not None:
            above = self._rows(document.parent.table)
            return lambda seed, asked: table.rows_for(Draws(table.name, table.version, seed, 0, 0), above(seed, asked))
        fixed = document.rows
        is_first = name == next(iter(self.compiled.tables))
        return lambda _seed, asked: asked if is_first or fixed is None else fixed


def recipe_of(given: object, name: str = "recipe", vocabulary: Vocabulary | None = None) -> RowRecipe:
    """The recipe of a document. Raises `RecipeRefused`."""
    made = compiled(given, name, vocabulary)
    if len(made.tables) == 1:
        return next(iter(made.tables.values()))
    return TablesRecipe(made)
