"""Where records come from. A new source is one file and one line here."""

from collections.abc import Mapping

from shared.crm.salesforce import SalesforceSession

from schema_svc.domain.source import Source
from schema_svc.sources.crm_analytics import CrmAnalytics
from schema_svc.sources.recipe import Recipe
from schema_svc.sources.rows import Rows
from schema_svc.sources.salesforce import Salesforce


def open_sources(salesforce: SalesforceSession | None) -> Mapping[str, Source]:
    """Sources by the `kind` that a batch names; `salesforce` is None where no org is configured."""
    return {
        "salesforce": Salesforce(salesforce),
        "crm-analytics": CrmAnalytics(salesforce),
        "rows": Rows(),
        "recipe": Recipe(),
    }
