"""Where results go. A new target is one file and one line here."""

from collections.abc import Mapping

from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession

from writer_svc.domain.holds import Holds
from writer_svc.domain.staging import Staging
from writer_svc.domain.target import Target
from writer_svc.targets.hubspot import HubSpot
from writer_svc.targets.keep import Keep
from writer_svc.targets.salesforce import BULK_FROM, Salesforce
from writer_svc.targets.salesforce.gathering import Company


def open_targets(
    salesforce: SalesforceSession | None,
    hubspot: HubSpotSession | None = None,
    *,
    staging: Staging | None = None,
    holds: Holds | None = None,
    company: Company | None = None,
    bulk_from: int = BULK_FROM,
    parallel: int = 4,
) -> Mapping[str, Target]:
    """Targets by the `kind` that a plan names; a session is None where its CRM is not configured."""
    return {
        "salesforce": Salesforce(salesforce, staging=staging, holds=holds, company=company, bulk_from=bulk_from),
        "hubspot": HubSpot(hubspot, holds=holds, parallel=parallel),
        "csv": Keep(),
        "none": Keep(),
    }
