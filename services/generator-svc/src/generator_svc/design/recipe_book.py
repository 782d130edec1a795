"""Which recipe a batch's slices are made by: one of the registry, or the one designed for its description."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from generator_svc.design.compiling import compiled
from generator_svc.design.designer import Designed, Designer, Designs, key_of, plain_description
from generator_svc.design.schema_map import read_schema_map
from generator_svc.rows.recipe import DESCRIBED, RowRecipe, chosen

LEASE_S = 120.0
LOOK_AGAIN_S = 0.2
MOST_REMEMBERED = 256


class SharedDesigns(Designs, Protocol):
    """Designs that all replicas see."""

    async def claim(self, key: str, lease_s: float) -> bool: ...

    async def release(self, key: str) -> None: ...


class RecipeBook:
    """All slices of a batch get the same recipe, on every replica: the design is pinned to the batch."""

    def __init__(
        self,
        recipes: Mapping[str, RowRecipe],
        designer: Designer,
        designs: SharedDesigns,
        told: Callable[[str, Designed], None] = lambda _batch_id, _designed: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`told` hears about every design that is made."""
        self._recipes = recipes
        self._designer = designer
        self._designs = designs
        self._told = told
        self._sleep = sleep
        self._known: OrderedDict[str, RowRecipe] = OrderedDict()
        self._turns: dict[str, asyncio.Lock] = {}

    async def find(self, batch_id: str, name: str) -> RowRecipe:
        """The recipe of that name, or for `describe:` and a description. Raises `Rejected`."""
        if not name.startswith(DESCRIBED):
            return chosen(self._recipes, name)
        if batch_id in self._known:
            self._known.move_to_end(batch_id)
            return self._known[batch_id]
        description = plain_description(name.removeprefix(DESCRIBED))
        key = key_of(description)
        async with self._turns.setdefault(key, asyncio.Lock()):
            recipe = self._known.get(batch_id) or await self._designed(batch_id, key, description)
        self._turns.pop(key, None)
        self._known[batch_id] = recipe
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return recipe

    async def _designed(self, batch_id: str, key: str, description: str) -> RowRecipe:
        pin = f"batch:{batch_id}"
        pinned = await self._designs.find(pin)
        if pinned is None:
            while not await self._designs.claim(key, LEASE_S):
                await self._sleep(LOOK_AGAIN_S)
            try:
                designed = await self._designer.design(description)
            finally:
                await self._designs.release(key)
            self._told(batch_id, designed)
            pinned = await self._designs.keep(pin, designed.schema.as_map())
        return compiled(read_schema_map(pinned, repair=True))
