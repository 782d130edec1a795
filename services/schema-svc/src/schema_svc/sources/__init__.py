"""Where records come from. A new source is one file and one line here."""

from collections.abc import Mapping

from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession

from schema_svc.domain.source import Source
from schema_svc.sources.hubspot import HubSpot
from schema_svc.sources.recipe import Recipe
from schema_svc.sources.rows import Rows
from schema_svc.sources.salesforce import Salesforce


def open_sources(salesforce: SalesforceSession | None, hubspot: HubSpotSession | None = None) -> Mapping[str, Source]:
    """Sources by the `kind` that a batch names; a session is None where its CRM is not configured."""
    return {
        "salesforce": Salesforce(salesforce),
        "hubspot": HubSpot(hubspot),
        "rows": Rows(),
        "recipe": Recipe(),
    }
