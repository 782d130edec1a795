"""Where results go. A new target is one file and one line here."""

from collections.abc import Mapping

from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession

from writer_svc.domain.target import Target
from writer_svc.targets.hubspot import HubSpot
from writer_svc.targets.keep import Keep
from writer_svc.targets.salesforce import Salesforce


def open_targets(
    salesforce: SalesforceSession | None, hubspot: HubSpotSession | None = None, *, parallel: int = 4
) -> Mapping[str, Target]:
    """Targets by the `kind` that a plan names; a session is None where its CRM is not configured."""
    return {
        "salesforce": Salesforce(salesforce, parallel=parallel),
        "hubspot": HubSpot(hubspot, parallel=parallel),
        "csv": Keep(),
        "none": Keep(),
    }
