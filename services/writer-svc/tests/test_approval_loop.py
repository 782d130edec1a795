"""Approved plans take their turns: one that must wait, or that fails, leaves the others alone."""

from collections.abc import Sequence
from typing import Any

import pytest
from shared.database import Database
from shared.errors import Retryable
from shared.events import Event, HubSpotTarget, RecordSettled, SalesforceTarget
from writer_svc.approval_loop import ApprovalLoop
from writer_svc.domain.planning import Done, PlanRow
from writer_svc.domain.verdicts import Verdict
from writer_svc.store.plans import StoredPlans

HUBSPOT = HubSpotTarget(kind="hubspot", object="contacts")
SALESFORCE = SalesforceTarget(kind="salesforce", object="Claim__c", field="Name")


class Scene:
    """Two CRMs, a clock, and what was told."""

    def __init__(self, database: Database) -> None:
        self.now = 1_000.0
        self.errors: dict[str, Exception] = {}
        self.told: list[tuple[str, int, str]] = []
        self.store = StoredPlans(database, lambda: self.now)
        planners = {kind: Crm(self, kind) for kind in ("hubspot", "salesforce")}
        self.loop = ApprovalLoop(self.store, planners, self.publish, database, lambda: self.now)

    async def publish(self, events: Sequence[tuple[Event, str | None]]) -> None:
        for event, _ in events:
            assert isinstance(event, RecordSettled)
            self.told.append((event.batch_id, event.epoch, event.state))

    async def plan(self, target: Any, result: Any) -> None:
        await self.store.keep(result.batch_id, target, [PlanRow(result, "1", "1", {"a": "b"}, {"a": None}, "update")])
        await self.store.approve(result.batch_id, 1, undo=False)


class Crm:
    """A planner that does all it is asked, or raises."""

    def __init__(self, scene: Scene, kind: str) -> None:
        self.scene = scene
        self.kind = kind

    async def look(self, results: Sequence[Any]) -> list[Any]:
        raise NotImplementedError

    async def apply(self, target: Any, rows: Sequence[PlanRow]) -> Done:
        if error := self.scene.errors.get(self.kind):
            raise error
        return [(row, Verdict("written", crm_id="1")) for row in rows]

    async def undo(self, target: Any, rows: Sequence[PlanRow]) -> Done:
        return [(row, Verdict("cancelled")) for row in rows]


@pytest.fixture
async def scene(database: Database, make_result: Any) -> Scene:
    scene = Scene(database)
    await scene.plan(HUBSPOT, make_result(0, batch_id="a"))
    await scene.plan(SALESFORCE, make_result(0, batch_id="b"))
    return scene


async def test_a_crm_whose_day_is_used_up_does_not_hold_the_others(scene: Scene) -> None:
    scene.errors["hubspot"] = Retryable("used up", category="rate_limit", retry_after_s=3_600.0)
    await scene.loop.turn()
    assert scene.told == [("b", 1, "written")]
    scene.errors.clear()
    scene.now += 3_599
    await scene.loop.turn()
    assert len(scene.told) == 1, "it was asked to wait for an hour"
    scene.now += 2
    await scene.loop.turn()
    assert scene.told[1:] == [("a", 1, "written")]


async def test_an_undo_never_overtakes_its_apply(scene: Scene) -> None:
    scene.errors["hubspot"] = Retryable("away", category="network")
    await scene.store.approve("a", 2, undo=True)
    await scene.loop.turn()
    scene.errors.clear()
    scene.now += 31
    await scene.loop.turn()
    assert scene.told == [("b", 1, "written"), ("a", 1, "written"), ("a", 2, "cancelled")]


async def test_an_error_of_ours_in_one_batch_is_raised_after_the_others(scene: Scene) -> None:
    scene.errors["hubspot"] = RuntimeError()
    with pytest.raises(RuntimeError):
        await scene.loop.turn()
    assert scene.told == [("b", 1, "written")]
