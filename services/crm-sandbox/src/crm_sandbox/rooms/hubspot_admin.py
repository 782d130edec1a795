"""The administrator's view of the HubSpot portal."""

from collections.abc import Sequence
from dataclasses import asdict

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot.portal import Portal


def portal_routes(portal: Portal) -> Sequence[Route]:
    """Look at the portal, and change what of it is configurable."""

    def change(call: Call) -> Answer:
        body = call.json()
        if not isinstance(body, dict):
            raise ValueError("settings are an object")
        return Answer.json(portal.settings.change(body))

    def inspect(_: Call) -> Answer:
        portal.writes.catch_up()
        return Answer.json(portal.inspect())

    return (
        Route("GET", "/admin/hubspot", inspect),
        Route("GET", "/admin/hubspot/settings", lambda call: Answer.json(asdict(portal.settings.now))),
        Route("PATCH", "/admin/hubspot/settings", change),
    )
