"""Where records come from. A new source is one file and one line here."""

from collections.abc import Mapping

from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession

from schema_svc.domain.source import Source
from schema_svc.sources.crm_analytics import CrmAnalytics
from schema_svc.sources.hubspot import HubSpot
from schema_svc.sources.recipe import Recipe
from schema_svc.sources.rows import Rows
from schema_svc.sources.salesforce import BULK_FROM, Salesforce


def open_sources(
    salesforce: SalesforceSession | None, hubspot: HubSpotSession | None = None, *, bulk_from: int = BULK_FROM
) -> Mapping[str, Source]:
    """Sources by the `kind` that a batch names; a session is None where its CRM is not configured."""
    return {
        "salesforce": Salesforce(salesforce, bulk_from=bulk_from),
        "hubspot": HubSpot(hubspot),
        "crm-analytics": CrmAnalytics(salesforce),
        "rows": Rows(),
        "recipe": Recipe(),
    }
