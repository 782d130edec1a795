"""A plan changes nothing, its application does exactly what it says, and it can be taken back."""

import time
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from crm_sandbox.testing import PortalClient
from shared.crm.hubspot import HubSpotSession
from shared.events import HubSpotTarget
from writer_svc.domain.planning import PlanRow
from writer_svc.domain.verdicts import Verdict
from writer_svc.targets.hubspot.planner import HubSpotPlanner

TARGET = HubSpotTarget(kind="hubspot", object="contacts", fields={"jobtitle": "title", "phone": "phone"})
_NUMBERS = count(1)


@pytest.fixture
def planner(hubspot: HubSpotSession) -> HubSpotPlanner:
    return HubSpotPlanner(hubspot, time.time)


def person() -> str:
    return f"plan{next(_NUMBERS)}@plans.example"


async def look(planner: HubSpotPlanner, planned: Sequence[Any]) -> dict[int, PlanRow | Verdict]:
    return {result.index: looked for result, looked in await planner.look(planned)}


def rows_of(looked: dict[int, PlanRow | Verdict]) -> list[PlanRow]:
    return [row for row in looked.values() if isinstance(row, PlanRow)]


def done(told: Sequence[tuple[PlanRow, Verdict]]) -> dict[int, tuple[str, str | None]]:
    return {row.result.index: (verdict.state, verdict.code) for row, verdict in told}


async def test_known_contacts_are_compared_updated_and_given_their_earlier_values_back(
    planner: HubSpotPlanner, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    ids = [portal.create("contacts", email=person(), jobtitle="CFO") for _ in range(4)]
    portal.create("contacts", email=person())
    portal.call("DELETE", f"objects/contacts/{ids[3]}").raise_for_status()
    plan = make_plan(TARGET.model_dump(), source_kind="hubspot", source_object="contacts", mode="plan")
    answers = [{"title": "CEO", "phone": "1"}, {"title": "CFO"}, {"title": "COO"}, {"title": "CTO"}]
    planned = [(make_result(i, None, record_id=ids[i], values=answer), plan) for i, answer in enumerate(answers)]
    looked = await look(planner, planned)
    rows = rows_of(looked)
    assert [row.action for row in rows] == ["update", "unchanged", "update"]
    assert rows[0].change().fields == {
        "jobtitle": {"before": "CFO", "after": "CEO"},
        "phone": {"before": None, "after": "1"},
    }
    refused = looked[3]
    assert isinstance(refused, Verdict)
    assert refused.code == "OBJECT_NOT_FOUND"
    assert portal.read("contacts", ids[0], "jobtitle")["jobtitle"] == "CFO"
    portal.call("PATCH", f"objects/contacts/{ids[2]}", {"properties": {"jobtitle": "edited"}}).raise_for_status()
    applied = await planner.apply(TARGET, rows)
    assert done(applied) == {0: ("written", None), 1: ("skipped", "UNCHANGED"), 2: ("failed", "CHANGED_MEANWHILE")}
    assert portal.read("contacts", ids[0], "jobtitle", "phone")["jobtitle"] == "CEO"
    assert done(await planner.apply(TARGET, rows[:1])) == {0: ("written", None)}, "the same again changes nothing"
    assert done(await planner.undo(TARGET, rows[:1])) == {0: ("cancelled", "UNDONE")}
    shown = portal.read("contacts", ids[0], "jobtitle", "phone")
    assert (shown["jobtitle"], shown["phone"] or None) == ("CFO", None)


async def test_new_contacts_are_created_by_applying_and_archived_by_undoing(
    planner: HubSpotPlanner, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    target = HubSpotTarget(kind="hubspot", object="contacts")
    plan = make_plan(target.model_dump(), source_kind="rows", mode="plan")
    batch = f"plan-{next(_NUMBERS)}"
    before = portal.sandbox.admin("GET", "/hubspot").json()["records"]["contacts"]
    answers = [{"email": person().title()}, {"email": person(), "company": {"name": "A"}}, {"email": person()}]
    planned = [(make_result(i, None, batch_id=batch, values=answer), plan) for i, answer in enumerate(answers)]
    looked = await look(planner, planned)
    rows = rows_of(looked)
    assert [row.action for row in rows] == ["create", "create"]
    refused = looked[1]
    assert isinstance(refused, Verdict)
    assert refused.code == "CANNOT_BE_PLANNED"
    assert portal.sandbox.admin("GET", "/hubspot").json()["records"]["contacts"] == before
    taken = portal.create("contacts", email=answers[2]["email"])
    applied = await planner.apply(target, rows)
    assert done(applied) == {0: ("written", None), 2: ("failed", "CONFLICT")}
    assert portal.read("contacts", taken, "simcrm_external_id")["simcrm_external_id"] is None
    made = PlanRow(rows[0].result, applied[0][1].crm_id, rows[0].key, rows[0].body, None, "create")
    assert done(await planner.undo(target, [made])) == {0: ("cancelled", "UNDONE")}
    assert portal.call("GET", f"objects/contacts/{made.crm_id}").status_code == 404
