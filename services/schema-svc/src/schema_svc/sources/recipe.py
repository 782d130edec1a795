"""Records that only have a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from shared.events import BatchSpec, RecipeSource
from shared.recipe_fields import fields_of

from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed, refuse_unknown
from schema_svc.domain.source import Missing, Planned, Record, Snapshot


class Recipe:
    """Rows of a recipe: with a prompt, each row is a prompt. Its `index` is all that travels; the generator, which
    makes the rows, puts in the other fields.
    """

    async def plan(self, spec: BatchSpec, needed: Needed, snapshot: Snapshot) -> Planned:
        """As many records as the batch asks for."""
        source = cast(RecipeSource, spec.source)
        if spec.prompt is not None:
            known = fields_of(source.recipe)
            which = "" if known else " (they have `index` only)"
            refuse_unknown(needed, ("index", *sorted(known)), f"a recipe's rows{which}")
        return Planned(source.rows)

    async def records(
        self, spec: BatchSpec, needed: Needed, snapshot: Snapshot, ranges: Sequence[Range]
    ) -> list[Record | Missing]:
        """The numbers themselves."""
        return [
            Record(index, str(index), {"index": index})
            for first, count in ranges
            for index in range(first, first + count)
        ]
