"""What a portal must have before it is written to: the group SimCRM and its properties, created where they lack."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import cast

from shared.crm import simcrm
from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_paths import plural
from shared.crm.hubspot_refusals import SCOPES, HubSpotRefused
from shared.crm.hubspot_shapes import PropertyDefinition, PropertyOption
from shared.crm.simcrm import SimcrmProperty
from shared.errors import Rejected, Retryable

from writer_svc.domain.hubspot_rows import Schema
from writer_svc.domain.option_matching import matching_option
from writer_svc.domain.turns import NoTurns, Turns

OPTION_TRIES = 4
"""An option that another writer's list has overwritten is added again so often."""


class Portal:
    """Definitions by object, complete. Any number of writers may prepare the same portal at once."""

    def __init__(self, session: HubSpotSession, turns: Turns | None = None) -> None:
        self._session = session
        self._turns: Turns = turns or NoTurns()
        self._changing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def schema(self, object_type: str, *, refresh: bool = False) -> Schema:
        """The object's properties, ours included. Raises `Rejected` where one cannot be created."""
        object_type = plural(object_type)
        definitions = await self._session.definitions(object_type, refresh=refresh)
        if _lacking(object_type, definitions):
            async with self._changing[object_type]:
                definitions = await self._session.definitions(object_type)
                if lacking := _lacking(object_type, definitions):
                    definitions = await self._create(object_type, lacking)
        by_name = {one["name"]: one for one in definitions}
        return Schema(object_type, by_name, _wrong(object_type, by_name))

    async def expected(self, object_type: str, *, refresh: bool = False) -> Schema:
        """The object's properties as they will be once it is written to; nothing is created."""
        object_type = plural(object_type)
        definitions = await self._session.definitions(object_type, refresh=refresh)
        lacking = [cast(PropertyDefinition, one.definition()) for one in _lacking(object_type, definitions)]
        by_name = {one["name"]: one for one in (*definitions, *lacking)}
        return Schema(object_type, by_name, _wrong(object_type, by_name))

    async def add_options(self, object_type: str, name: str, labels: Sequence[str], *, exactly: bool = False) -> None:
        """Add options to an enumeration: read, change, write, and look again.

        A label that means an option which is there by now, perhaps another writer's of a moment before, is not added;
        `exactly` adds it all the same, where it is to be written as it stands.

        HubSpot takes only the whole list, so that two writers would overwrite each other's: they take turns. A person's
        change may still come between; whoever finds its own missing writes once more.
        """
        path = self._session.paths.properties(object_type, name)
        async with self._turns.turn(f"hubspot options of {object_type}.{name}"[:200]):
            for _ in range(OPTION_TRIES):
                definition: PropertyDefinition = await self._session.call("GET", path, operation="properties")
                options = definition.get("options", [])
                lacking = _lacking_options(options, labels, exactly=exactly)
                if not lacking:
                    await self._session.definitions(object_type, refresh=True)
                    return
                await self._session.call("PATCH", path, {"options": [*options, *lacking]}, operation="properties")
        raise Retryable("Other writers keep changing the options of a property", category="crm", code="OPTIONS_RACE")

    async def _create(self, object_type: str, lacking: Sequence[SimcrmProperty]) -> list[PropertyDefinition]:
        paths = self._session.paths
        await self._unless_there(paths.properties(object_type, "groups"), _GROUP)
        refused = await self._unless_there(
            paths.properties(object_type, "batch", "create"), {"inputs": [one.definition() for one in lacking]}
        )
        definitions = await self._session.definitions(object_type, refresh=True)
        for one in _lacking(object_type, definitions):
            # Another starter was quicker with some of them, which refused them all.
            refused = await self._unless_there(paths.properties(object_type), one.definition()) or refused
        definitions = await self._session.definitions(object_type, refresh=True)
        if still := _lacking(object_type, definitions):
            raise _not_created(object_type, still, refused)
        return definitions

    async def _unless_there(self, path: str, body: object) -> HubSpotRefused | None:
        """Create what `body` says; what is there already is as good. A refusal is told at the end, if it mattered."""
        try:
            await self._session.call("POST", path, body, operation="properties")
        except HubSpotRefused as refused:
            return refused
        return None


_GROUP = {"name": simcrm.GROUP, "label": simcrm.GROUP_LABEL, "displayOrder": -1}


def _lacking(object_type: str, definitions: Sequence[PropertyDefinition]) -> list[SimcrmProperty]:
    present = {one["name"] for one in definitions}
    return [one for one in simcrm.properties_of(object_type) if one.name not in present]


def _wrong(object_type: str, definitions: dict[str, PropertyDefinition]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for one in simcrm.properties_of(object_type):
        kind = definitions[one.name].get("type")
        remedy = "rename or archive it in HubSpot's settings, and it is created anew"
        if kind != one.type:
            wrong[one.name] = f"The property {one.name} of {object_type} is of type {kind}, not {one.type}: {remedy}."
        elif one.unique and not definitions[one.name].get("hasUniqueValue"):
            wrong[one.name] = f"The property {one.name} of {object_type} does not have unique values: {remedy}."
    return wrong


def _lacking_options(
    options: Sequence[PropertyOption], labels: Sequence[str], *, exactly: bool
) -> list[PropertyOption]:
    new: list[PropertyOption] = []
    for label in dict.fromkeys(labels):
        there = [*options, *new]
        known = any(one.get("value") == label for one in there) if exactly else matching_option(label, there)
        if not known:
            new.append({"label": label, "value": label, "displayOrder": len(there), "hidden": False})
    return new


def _not_created(object_type: str, still: Sequence[SimcrmProperty], refused: HubSpotRefused | None) -> Rejected:
    names = ", ".join(one.name for one in still)
    said = f" {refused}" if refused is not None and refused.code == SCOPES else ""
    remedy = "Give the token the scope that writes schemas of this object, or restore them if they were archived."
    return Rejected(
        f"HubSpot's {object_type} lack {names}, and they could not be created.{said} {remedy}",
        category="crm",
        code=(refused.code if refused is not None else None) or "PROPERTY_NOT_CREATED",
    )
