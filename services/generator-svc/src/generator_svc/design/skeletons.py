"""The rows that prompts quote: an LLM writes the text, the recipe gives the facts and stands in for the LLM."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Protocol

from shared.events import PromptPrepared

from generator_svc.domain.work import TEXT_FIELDS, Work
from generator_svc.rows.cells import plain_text
from generator_svc.rows.recipe import RowRecipe

BLOCK = 256
MOST_BLOCKS = 32


class Finder(Protocol):
    """Where the recipe of a batch is found."""

    async def find(self, batch_id: str, name: str) -> RowRecipe: ...


class Skeletons:
    """Makes the rows of neighbouring prompts together: a row alone costs as much as a block."""

    def __init__(self, recipes: Finder) -> None:
        self._recipes = recipes
        self._blocks: OrderedDict[tuple[str, int], list[dict[str, Any]]] = OrderedDict()
        self._making = asyncio.Lock()

    async def filled(self, prompt: PromptPrepared, work: Work) -> PromptPrepared:
        """The prompt with its row's fields beside its own values. Raises `Rejected` where there is no such recipe."""
        name = work.plan.source_recipe
        if name is None:
            return prompt
        block, place = divmod(prompt.index, BLOCK)
        key = (prompt.batch_id, block)
        async with self._making:
            rows = self._blocks.get(key)
            if rows is None:
                recipe = await self._recipes.find(prompt.batch_id, name)
                rows = _rows(recipe, work.plan.source_seed, block * BLOCK)
                self._blocks[key] = rows
                if len(self._blocks) > MOST_BLOCKS:
                    self._blocks.popitem(last=False)
        return prompt.model_copy(update={"values": {**rows[place], **prompt.values}})


def own_text(work: Work, values: dict[str, Any]) -> str | None:
    """What the recipe itself says of a row, where a plain text is asked for."""
    if work.plan.source_recipe is None or work.rule is not None:
        return None
    return next((str(text) for name, text in values.items() if name in TEXT_FIELDS and text), None)


def _rows(recipe: RowRecipe, seed: int, first: int) -> list[dict[str, Any]]:
    made = recipe.batch(seed, first, BLOCK, recipe.as_of)
    columns = {name: plain_text(made[name]).to_pylist() for name in made.schema.names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
