"""Plan, apply and undo against the sandbox: exactly what was shown, and back byte for byte."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from crm_sandbox.testing import CLAIMS, RunningSandbox
from shared.crm.salesforce import SalesforceSession
from shared.database import Database
from shared.events import Event
from writer_svc.approval_loop import ApprovalLoop
from writer_svc.store.plans import StoredPlans
from writer_svc.targets.plan import Plan
from writer_svc.targets.salesforce.collections import Collections
from writer_svc.targets.salesforce.planner import SalesforcePlanner

TARGET = {
    "kind": "salesforce",
    "object": "Claim__c",
    "external_id": "Claim_Number__c",
    "fields": {"Patient_Name__c": "who", "Clinical_Summary__c": "text", "Risk_Level__c": "risk"},
}
COLUMNS = "Id, Claim_Number__c, Patient_Name__c, Clinical_Summary__c, Risk_Level__c"
ODD = 'before: "é"\r\n🙂\u2028 '


class Desk:
    """The writer's plans, with what was published."""

    def __init__(self, session: SalesforceSession, database: Database) -> None:
        planner = SalesforcePlanner(session, Collections(session, sleep=asyncio.sleep, jitter=lambda: 0.0))
        self.published: list[Any] = []
        self.store = StoredPlans(database, lambda: 1.0)
        self.plan = Plan({"salesforce": planner}, self.store)
        self.loop = ApprovalLoop(self.store, {"salesforce": planner}, self.publish, database, lambda: 1.0)

    async def publish(self, events: Sequence[tuple[Event, str | None]]) -> None:
        self.published += [event for event, _ in events]

    async def approve(self, epoch: int, *, undo: bool) -> dict[int, Any]:
        self.published.clear()
        await self.store.approve("b", epoch, undo=undo)
        await self.store.approve("b", epoch, undo=undo)
        await self.loop.turn()
        await self.loop.turn()
        assert len({event.index for event in self.published}) == len(self.published), "one verdict each"
        assert {event.epoch for event in self.published} <= {epoch}
        return {event.index: event for event in self.published}


@pytest.fixture
def desk(session: SalesforceSession, database: Database) -> Desk:
    return Desk(session, database)


@pytest.fixture
def make(make_result: Any, make_plan: Any) -> Callable[..., list[Any]]:
    def make(*rows: tuple[str, dict[str, Any]]) -> list[Any]:
        plan = make_plan(TARGET, mode="plan", requested=len(rows))
        cost = {"usage": {"input_tokens": 3}, "cost_usd": 0.1}
        return [
            (make_result(i, None, external_id=key, values=values, **cost), plan) for i, (key, values) in enumerate(rows)
        ]

    return make


def claims(sandbox: RunningSandbox, name: str) -> dict[str, dict[str, Any]]:
    rows = sandbox.query(f"SELECT {COLUMNS} FROM Claim__c WHERE Claim_Number__c LIKE '{name}-%'")
    return {row["Claim_Number__c"]: {k: v for k, v in row.items() if k != "attributes"} for row in rows}


def values(who: str, text: str | None = "t", risk: str | None = "Low") -> dict[str, Any]:
    return {"who": who, "text": text, "risk": risk}


async def told(desk: Desk, planned: list[Any]) -> dict[int, Any]:
    return {result.index: verdict async for result, verdict in desk.plan.write(planned)}


async def test_a_plan_shows_each_change_and_writes_nothing(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    sandbox.create({"Claim_Number__c": "plan-1", "Patient_Name__c": "Ada", "Risk_Level__c": "Low"})
    before = claims(sandbox, "plan")
    rows = (("plan-1", values("Ada", None)), ("PLAN-1", values("Bob", None)), ("plan-2", values("Eve", risk="Huge")))
    verdicts = await told(desk, make(*rows, ("plan-3", values("New"))))
    assert [verdicts[i].change.action for i in range(4)] == ["unchanged", "update", "refused", "create"]
    assert verdicts[1].change.fields == {"Patient_Name__c": {"before": "Ada", "after": "Bob"}}
    assert (verdicts[2].state, verdicts[2].code) == ("failed", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert claims(sandbox, "plan") == before


async def test_two_changes_of_one_record_are_one_plan_and_one_refusal_on_one_page_or_two(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    sandbox.create({"Claim_Number__c": "pair-1", "Patient_Name__c": "Ada", "Risk_Level__c": "Low"})
    before = claims(sandbox, "pair")
    rows = (
        ("pair-1", values("Bob")),
        ("PAIR-1", values("Eve")),
        ("pair-2", values("New")),
        ("Pair-2", values("X")),
    )
    planned = make(*rows)
    together = await told(desk, planned)
    assert [together[i].code for i in range(4)] == [None, "DUPLICATE_RECORD", None, "DUPLICATE_RECORD"]
    apart = await told(desk, [planned[1]]) | await told(desk, [planned[3]])
    assert [apart[i].change.action for i in (1, 3)] == ["update", "create"], "what another page holds is not known"
    applied = await desk.approve(1, undo=False)
    assert [(applied[i].state, applied[i].code) for i in range(4)] == [
        ("written", None),
        ("failed", "DUPLICATE_RECORD"),
        ("written", None),
        ("failed", "DUPLICATE_RECORD"),
    ]
    assert {row["Patient_Name__c"] for row in claims(sandbox, "pair").values()} == {"Bob", "New"}
    undone = await desk.approve(2, undo=True)
    assert {index: event.state for index, event in undone.items()} == {0: "cancelled", 2: "cancelled"}
    assert claims(sandbox, "pair") == before


async def test_a_record_that_cannot_be_created_is_refused_in_the_plan(
    desk: Desk, sandbox: RunningSandbox, make_result: Any, make_plan: Any
) -> None:
    fields = [
        {"name": "Key__c", "type": "string", "length": 20, "externalId": True, "unique": True},
        {"name": "Must__c", "type": "string", "length": 20, "nillable": False},
        {"name": "Given__c", "type": "string", "length": 20, "nillable": False, "defaultedOnCreate": True},
        {"name": "Yes__c", "type": "boolean", "nillable": False},
        {"name": "Later__c", "type": "string", "length": 20, "createable": False},
        {"name": "Text__c", "type": "string", "length": 20},
    ]
    sandbox.admin("POST", "/objects", {"name": "Strict__c", "fields": fields}).raise_for_status()
    target = {"kind": "salesforce", "object": "Strict__c", "external_id": "Key__c"}
    told_of = []
    for name in ({"Text__c": "text"}, {"Text__c": "text", "Must__c": "must"}, {"Must__c": "must", "Later__c": "text"}):
        result = make_result(len(told_of), None, external_id="s-1", values={"text": "t", "must": "m"})
        plan = make_plan({**target, "fields": name}, mode="plan")
        told_of += [verdict async for _, verdict in desk.plan.write([(result, plan)])]
    assert [verdict.code for verdict in told_of] == ["REQUIRED_FIELD_MISSING", None, "INVALID_FIELD_FOR_INSERT_UPDATE"]
    assert "Must__c" in told_of[0].reason
    assert "Given__c" not in told_of[0].reason


async def test_apply_does_the_plan_and_undo_restores_every_byte(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    old = {"Claim_Number__c": "undo-1", "Patient_Name__c": " Ada", "Clinical_Summary__c": ODD, "Risk_Level__c": "High"}
    sandbox.create(old, {"Claim_Number__c": "undo-2", "Patient_Name__c": "Same", "Risk_Level__c": "Low"})
    before = claims(sandbox, "undo")
    rows = (("undo-1", values("Bob", risk=None)), ("undo-2", values("Same", None)), ("undo-3", values("New")))
    await told(desk, make(*rows))
    applied = await desk.approve(1, undo=False)
    assert [(applied[i].state, applied[i].code) for i in range(3)] == [
        ("written", None),
        ("skipped", "UNCHANGED"),
        ("written", None),
    ]
    assert {(event.usage.input_tokens, event.cost_usd) for event in applied.values()} == {(0, 0.0)}, "paid for already"
    now = claims(sandbox, "undo")
    assert (now["undo-1"]["Patient_Name__c"], now["undo-1"]["Risk_Level__c"]) == ("Bob", None)
    assert len(now) == 3
    undone = await desk.approve(2, undo=True)
    assert {index: event.state for index, event in undone.items()} == {0: "cancelled", 2: "cancelled"}
    assert claims(sandbox, "undo") == before


async def test_what_was_edited_or_deleted_meanwhile_is_refused(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    ids = sandbox.create(*({"Claim_Number__c": f"edit-{i}", "Patient_Name__c": "Ada"} for i in range(3)))
    await told(desk, make(*((f"edit-{i}", values("Bob")) for i in range(4))))
    sandbox.client.patch(f"{CLAIMS}/{ids[0]}", json={"Patient_Name__c": "Eve"}).raise_for_status()
    sandbox.client.delete(f"{CLAIMS}/{ids[1]}").raise_for_status()
    sandbox.create({"Claim_Number__c": "edit-3", "Patient_Name__c": "Somebody"})
    applied = await desk.approve(1, undo=False)
    assert [(applied[i].state, applied[i].code) for i in range(4)] == [
        ("failed", "CHANGED_MEANWHILE"),
        ("failed", "ENTITY_IS_DELETED"),
        ("written", None),
        ("failed", "CHANGED_MEANWHILE"),
    ]
    sandbox.client.patch(f"{CLAIMS}/{ids[2]}", json={"Patient_Name__c": "Eve"}).raise_for_status()
    undone = await desk.approve(2, undo=True)
    assert {index: event.code for index, event in undone.items()} == {2: "CHANGED_MEANWHILE"}
    assert claims(sandbox, "edit")["edit-2"]["Patient_Name__c"] == "Eve"


async def test_a_crash_before_the_verdict_was_told_changes_nothing_twice(
    desk: Desk, sandbox: RunningSandbox, make: Any, database: Database, session: SalesforceSession
) -> None:
    sandbox.create({"Claim_Number__c": "crash-1", "Patient_Name__c": "Ada"})
    await told(desk, make(("crash-1", values("Bob")), ("crash-2", values("New"))))

    async def crash(_: Any) -> None:
        raise RuntimeError

    desk.loop._publish = crash
    with pytest.raises(RuntimeError):
        await desk.approve(1, undo=False)
    again = Desk(session, database)
    again.loop._owner = desk.loop._owner
    applied = await again.approve(1, undo=False)
    assert [(applied[i].state, applied[i].code) for i in range(2)] == [("written", None), ("written", "ALREADY_THERE")]
    undone = await again.approve(2, undo=True)
    # Whether it was created here or by somebody else, nobody can tell any more: it is not deleted.
    assert {i: (event.state, event.code) for i, event in undone.items()} == {
        0: ("cancelled", "UNDONE"),
        1: ("failed", "NOT_CREATED_HERE"),
    }


async def test_a_record_that_was_retried_is_planned_anew(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    ((result, plan),) = make(("anew-1", values("First")))
    await told(desk, [(result, plan)])
    again = await told(desk, [(result.model_copy(update={"values": values("Second")}), plan)])
    assert again[0].change.fields["Patient_Name__c"]["after"] == "First", "the first result of an epoch wins"
    retried = result.model_copy(update={"values": values("Third"), "epoch": 1})
    assert (await told(desk, [(retried, plan)]))[0].change.fields["Patient_Name__c"]["after"] == "Third"


async def test_old_plans_are_forgotten(desk: Desk, database: Database, sandbox: RunningSandbox, make: Any) -> None:
    await told(desk, make(("old-1", values("Bob"))))
    await StoredPlans(database, lambda: 31 * 86_400.0).forget_old()
    assert await desk.store.target("b") is None


async def test_a_plan_finds_records_by_a_number(
    desk: Desk, sandbox: RunningSandbox, make_result: Any, make_plan: Any
) -> None:
    fields = [
        {"name": "Number__c", "type": "double", "precision": 18, "scale": 0, "externalId": True, "unique": True},
        {"name": "Text__c", "type": "string", "length": 40},
    ]
    sandbox.admin("POST", "/objects", {"name": "Counted__c", "fields": fields}).raise_for_status()
    sandbox.create({"Number__c": 7, "Text__c": "before"}, object_name="Counted__c")
    target = {"kind": "salesforce", "object": "Counted__c", "external_id": "Number__c", "field": "Text__c"}
    plan = make_plan(target, mode="plan", requested=2)
    planned = [(make_result(i, "after", external_id=key), plan) for i, key in enumerate(("7", "8"))]
    told = {result.index: verdict async for result, verdict in desk.plan.write(planned)}
    assert [told[i].change.action for i in range(2) if told[i].change] == ["update", "create"]
    await desk.approve(1, undo=False)
    rows = sandbox.query("SELECT Number__c, Text__c FROM Counted__c ORDER BY Number__c")
    assert [(row["Number__c"], row["Text__c"]) for row in rows] == [(7, "after"), (8, "after")]
