"""What a plan does where the CRM is away, or where there is no planner."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from shared.bus import Parked
from shared.crm.budget import DailyLimit
from shared.crm.hubspot import DAILY
from shared.database import Database
from shared.errors import Retryable
from writer_svc.domain.holds import NoHolds
from writer_svc.domain.plans import plan_key
from writer_svc.store.plans import StoredPlans
from writer_svc.targets.plan import Plan


class Waiting(NoHolds):
    """Batches that wait for room."""

    def __init__(self) -> None:
        self.batches: list[str] = []

    async def wait_for_room(self, batch_ids: Iterable[str], reason: str) -> None:
        assert "by itself" in reason
        self.batches += batch_ids


class Away:
    """A planner whose CRM does not answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def look(self, results: Sequence[Any]) -> list[Any]:
        raise self.error

    apply = undo = look  # type: ignore[assignment]


@pytest.fixture
def holds() -> Waiting:
    return Waiting()


@pytest.mark.parametrize("error", [DailyLimit(), Retryable("used up", category="rate_limit", code=DAILY)])
async def test_a_batch_waits_for_the_next_day_of_its_crm(
    database: Database, holds: Waiting, make_result: Any, make_plan: Any, error: Retryable
) -> None:
    plan = Plan({"salesforce": Away(error)}, StoredPlans(database, lambda: 1.0), holds=holds)
    with pytest.raises(Parked) as parked:
        [told async for told in plan.write([(make_result(0), make_plan(mode="plan"))])]
    assert (parked.value.key, holds.batches) == (plan_key("b"), ["b"])


async def test_anything_else_that_passes_is_tried_again(
    database: Database, holds: Waiting, make_result: Any, make_plan: Any
) -> None:
    error = Retryable("away", category="network")
    plan = Plan({"salesforce": Away(error)}, StoredPlans(database, lambda: 1.0), holds=holds)
    with pytest.raises(Retryable, match="away"):
        [told async for told in plan.write([(make_result(0), make_plan(mode="plan"))])]
    assert holds.batches == []


async def test_a_kind_without_a_planner_says_so(database: Database, make_result: Any, make_plan: Any) -> None:
    plan = Plan({}, StoredPlans(database, lambda: 1.0))
    told = [verdict async for _, verdict in plan.write([(make_result(0), make_plan(mode="plan"))])]
    assert [verdict.code for verdict in told] == ["UNSUPPORTED_TARGET"]
