"""One file for each vendor's API; a new room is a file and a line here."""

from collections.abc import Callable, Mapping

from crm_sandbox.exchange import Room
from crm_sandbox.org import Org
from crm_sandbox.rooms.hubspot import HubSpotRoom
from crm_sandbox.rooms.salesforce import SalesforceRoom

ROOMS: Mapping[str, Callable[[Org], Room]] = {
    "hubspot": HubSpotRoom,
    "salesforce": SalesforceRoom,
}
