"""Records that only have a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from shared.events import BatchSpec, RecipeSource

from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed, refuse_unknown
from schema_svc.domain.source import Missing, Planned, Record, Snapshot


class Recipe:
    """Rows of a recipe: with a prompt, each row is a prompt whose only value is its `index`."""

    async def plan(self, spec: BatchSpec, needed: Needed, snapshot: Snapshot) -> Planned:
        """As many records as the batch asks for."""
        if spec.prompt is not None:
            refuse_unknown(needed, ("index",), "a recipe's rows (they have `index` only)")
        return Planned(cast(RecipeSource, spec.source).rows)

    async def records(
        self, spec: BatchSpec, needed: Needed, snapshot: Snapshot, ranges: Sequence[Range]
    ) -> list[Record | Missing]:
        """The numbers themselves."""
        return [
            Record(index, str(index), {"index": index})
            for first, count in ranges
            for index in range(first, first + count)
        ]
