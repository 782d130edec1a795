"""Approved plans take their turns: one that must wait, or that fails, leaves the others alone."""

from collections.abc import Sequence
from typing import Any

import pytest
from shared.database import Database
from shared.errors import Rejected, Retryable
from shared.events import Event, HubSpotTarget, RecordSettled, SalesforceTarget
from structlog.testing import capture_logs
from writer_svc.approval_loop import BUGS, ApprovalLoop
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
        self.verdicts: list[RecordSettled] = []
        self.store = StoredPlans(database, lambda: self.now)
        planners = {kind: Crm(self, kind) for kind in ("hubspot", "salesforce")}
        self.loop = ApprovalLoop(self.store, planners, self.publish, database, lambda: self.now)

    async def publish(self, events: Sequence[tuple[Event, str | None]]) -> None:
        for event, _ in events:
            assert isinstance(event, RecordSettled)
            self.told.append((event.batch_id, event.epoch, event.state))
            self.verdicts.append(event)

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


async def test_what_the_crm_refuses_for_good_fails_the_rest_of_the_plan_with_its_code(scene: Scene) -> None:
    scene.errors["hubspot"] = Rejected("the object is gone", category="crm", code="NOT_FOUND")
    with capture_logs() as logs:
        await scene.loop.turn()
    assert scene.told == [("a", 1, "failed"), ("b", 1, "written")]
    assert (scene.verdicts[0].code, scene.verdicts[0].category) == ("NOT_FOUND", "crm")
    assert scene.verdicts[0].reason == "the object is gone: this plan cannot be carried out any more. Make a new one."
    assert [(line["event"], line["batch_id"], line["code"]) for line in logs if line["log_level"] == "warning"] == [
        ("record_failed", "a", "NOT_FOUND"),
        ("approval_waits", "a", "NOT_FOUND"),
    ]
    assert await scene.store.open_approvals() == []


async def test_a_bug_is_tried_a_few_times_and_then_told_as_one(scene: Scene) -> None:
    scene.errors["hubspot"] = ZeroDivisionError()
    with capture_logs() as logs:
        for _ in range(BUGS - 1):
            with pytest.raises(ZeroDivisionError):
                await scene.loop.turn()
        await scene.loop.turn()
    assert scene.told == [("b", 1, "written"), ("a", 1, "failed")]
    assert (scene.verdicts[1].code, scene.verdicts[1].category) == ("BUG", "bug")
    assert [line["error"] for line in logs if line["event"] == "approval_waits"] == ["ZeroDivisionError"] * BUGS
