"""Associations of v3, which knows kinds by name."""

from collections.abc import Iterator
from typing import Any

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot.batches import inputs_of
from crm_sandbox.hubspot.errors import HubSpotError, not_found, ordered
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.rooms.hubspot_batches import each
from crm_sandbox.rooms.hubspot_bodies import body_of, end_id
from crm_sandbox.rooms.hubspot_routes import HubSpotRoute

MOST_INPUTS = 2000


class OlderAssociationCalls:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._links = portal.associations

    def routes(self) -> Iterator[Route]:
        pair, record = "/crm/v3/associations/{type}/{target}", "/crm/v3/objects/{type}/{id}/associations/{target}"
        yield HubSpotRoute("GET", f"{pair}/types", self._types_of)
        yield HubSpotRoute("POST", f"{pair}/batch/create", self._create_many, writes=True)
        yield HubSpotRoute("POST", f"{pair}/batch/read", self._read_many)
        yield HubSpotRoute("POST", f"{pair}/batch/archive", self._archive_many, writes=True)
        yield HubSpotRoute("GET", record, self._list)
        yield HubSpotRoute("PUT", f"{record}/{{value}}/{{kind}}", self._create, writes=True)
        yield HubSpotRoute("DELETE", f"{record}/{{value}}/{{kind}}", self._archive, writes=True)

    def _types_of(self, call: Call) -> Answer:
        kinds = self._links.types.between(*self._types(call))
        return Answer.json({"results": [{"id": str(kind.id), "name": kind.name} for kind in kinds]})

    def _create_many(self, call: Call) -> Answer:
        def link(given: dict[str, Any]) -> dict[str, Any]:
            return self._link(call, end_id(given["from"]), end_id(given["to"]), str(given["type"]))

        return each(
            self._portal, inputs_of(body_of(call), "from", "to", "type", most=MOST_INPUTS), link, 201, call.fails_first
        )

    def _read_many(self, call: Call) -> Answer:
        one, other = self._types(call)

        def read(given: dict[str, Any]) -> dict[str, Any]:
            found = self._links.end(one, str(given["id"]))
            ends = self._links.between(one, found.id, other)
            if not ends:
                sub_category = "crm.associations.NO_ASSOCIATIONS_FOUND"
                message = f"No {other.name} is associated with {one.name} {found.id}."
                raise HubSpotError(404, message, "OBJECT_NOT_FOUND", sub_category=sub_category)
            links = [{"id": str(end.id), "type": kind.name} for end in ends for kind in end.kinds]
            return {"from": {"id": str(found.id)}, "to": links}

        return each(self._portal, inputs_of(body_of(call), "id", most=MOST_INPUTS), read, 200, call.fails_first)

    def _archive_many(self, call: Call) -> Answer:
        if call.fails_first:
            raise ordered(call.fails_first)
        for given in inputs_of(body_of(call), "from", "to", "type", most=MOST_INPUTS):
            self._unlink(call, end_id(given["from"]), end_id(given["to"]), str(given["type"]))
        return Answer(204)

    def _list(self, call: Call) -> Answer:
        one, other = self._types(call)
        found = self._portal.records.find(one, call.words["id"])
        if found is None:
            raise not_found()
        ends = self._links.between(one, found.id, other)
        links = [{"id": str(end.id), "type": kind.name} for end in ends for kind in end.kinds]
        return Answer.json({"results": links})

    def _create(self, call: Call) -> Answer:
        if call.fails_first:
            raise ordered(call.fails_first)
        with self._portal.store.transaction():
            told = self._link(call, call.words["id"], call.words["value"], call.words["kind"])
        return Answer.json(
            {"id": told["from"]["id"], "associations": {call.words["target"]: {"results": [told["to"]]}}}
        )

    def _archive(self, call: Call) -> Answer:
        self._unlink(call, call.words["id"], call.words["value"], call.words["kind"])
        return Answer(204)

    def _link(self, call: Call, source: str, target: str, name: str) -> dict[str, Any]:
        one, other = self._types(call)
        kind = self._links.types.named(one, other, name)
        ends = self._links.end(one, source), self._links.end(other, target)
        self._links.link(kind, ends[0].id, ends[1].id)
        return {"from": {"id": source}, "to": {"id": target}, "type": kind.name}

    def _unlink(self, call: Call, source: str, target: str, name: str) -> None:
        kind = self._links.types.named(*self._types(call), name)
        if source.isdecimal() and target.isdecimal():
            self._links.take(kind, int(source), int(target))

    def _types(self, call: Call) -> tuple[ObjectType, ObjectType]:
        return self._portal.types.named(call.words["type"]), self._portal.types.named(call.words["target"])
