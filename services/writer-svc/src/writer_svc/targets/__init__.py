"""Where results go. A new target is one file and one line here."""

import asyncio
import random
import time
from collections.abc import Mapping

from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession

from writer_svc.domain.holds import Holds
from writer_svc.domain.planning import Planner, PlanStore
from writer_svc.domain.staging import Staging
from writer_svc.domain.target import Target
from writer_svc.domain.turns import Turns
from writer_svc.domain.uploads import Keeping
from writer_svc.targets.crm_analytics import CrmAnalytics
from writer_svc.targets.hubspot import HubSpot
from writer_svc.targets.hubspot.planner import HubSpotPlanner
from writer_svc.targets.keep import Keep
from writer_svc.targets.plan import Plan
from writer_svc.targets.salesforce import BULK_FROM, Salesforce
from writer_svc.targets.salesforce.collections import Collections
from writer_svc.targets.salesforce.gathering import Company
from writer_svc.targets.salesforce.planner import SalesforcePlanner


def open_planners(
    salesforce: SalesforceSession | None, hubspot: HubSpotSession | None = None, *, turns: Turns | None = None
) -> Mapping[str, Planner]:
    """Targets whose batches can be planned, applied and undone, by kind."""
    planners: dict[str, Planner] = {}
    if salesforce is not None:
        collections = Collections(salesforce, sleep=asyncio.sleep, jitter=random.random)
        planners["salesforce"] = SalesforcePlanner(salesforce, collections)
    if hubspot is not None:
        planners["hubspot"] = HubSpotPlanner(hubspot, time.time, turns)
    return planners


def open_targets(
    salesforce: SalesforceSession | None,
    hubspot: HubSpotSession | None = None,
    *,
    staging: Staging | None = None,
    keeping: Keeping | None = None,
    holds: Holds | None = None,
    company: Company | None = None,
    bulk_from: int = BULK_FROM,
    parallel: int = 4,
    planners: Mapping[str, Planner] | None = None,
    plans: PlanStore | None = None,
    turns: Turns | None = None,
) -> Mapping[str, Target]:
    """Targets by the `kind` that a plan names; a session is None where its CRM is not configured."""
    return {
        "salesforce": Salesforce(salesforce, staging=staging, holds=holds, company=company, bulk_from=bulk_from),
        "hubspot": HubSpot(hubspot, holds=holds, parallel=parallel, turns=turns),
        "crm-analytics": CrmAnalytics(salesforce, keeping),
        "plan": Plan(planners or {}, plans, holds=holds),
        "csv": Keep(),
        "none": Keep(),
    }
