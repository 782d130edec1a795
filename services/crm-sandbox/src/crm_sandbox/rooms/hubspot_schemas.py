"""Object schemas: the portal's own objects, created and shown."""

from collections.abc import Iterator

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot import schemas
from crm_sandbox.hubspot.errors import ordered
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.rooms.hubspot_bodies import body_of
from crm_sandbox.rooms.hubspot_routes import HubSpotRoute


class SchemaCalls:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> Iterator[Route]:
        for base in ("/crm/{version}/schemas", "/crm-object-schemas/{version}/schemas"):
            yield HubSpotRoute("GET", base, self._list, part="schemas")
            yield HubSpotRoute("POST", base, self._create, part="schemas", writes=True)
            yield HubSpotRoute("GET", f"{base}/{{type}}", self._read, part="schemas")

    def _list(self, call: Call) -> Answer:
        return Answer.json({"results": schemas.listed(self._portal)})

    def _create(self, call: Call) -> Answer:
        if call.fails_first:
            raise ordered(call.fails_first)
        made = schemas.create(self._portal, body_of(call))
        return Answer.json(schemas.shown(self._portal, made), 201)

    def _read(self, call: Call) -> Answer:
        return Answer.json(schemas.shown(self._portal, self._portal.types.named(call.words["type"])))
