"""A plan changes nothing, its application does exactly what it says, and it can be taken back."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from crm_sandbox.testing import PortalClient
from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_shapes import BatchAnswer
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
    answers = [{"email": person().title()}, {"email": person(), "contactId": "7"}, {"email": person()}]
    planned = [(make_result(i, None, batch_id=batch, values=answer), plan) for i, answer in enumerate(answers)]
    looked = await look(planner, planned)
    rows = rows_of(looked)
    assert [row.action for row in rows] == ["create", "create"]
    refused = looked[1]
    assert isinstance(refused, Verdict)
    assert refused.code == "INVALID_ASSOCIATION"
    assert portal.sandbox.admin("GET", "/hubspot").json()["records"]["contacts"] == before
    taken = portal.create("contacts", email=answers[2]["email"])
    applied = await planner.apply(target, rows)
    assert done(applied) == {0: ("written", None), 2: ("failed", "CONFLICT")}
    assert portal.read("contacts", taken, "simcrm_external_id")["simcrm_external_id"] is None
    made = PlanRow(rows[0].result, applied[0][1].crm_id, rows[0].key, rows[0].body, None, "create")
    assert done(await planner.undo(target, [made])) == {0: ("cancelled", "UNDONE")}
    assert portal.call("GET", f"objects/contacts/{made.crm_id}").status_code == 404


def keyed(make_result: Any, make_plan: Any, target: HubSpotTarget, *rows: tuple[str, dict[str, Any]]) -> list[Any]:
    plan = make_plan(target.model_dump(), source_kind="rows", mode="plan")
    return [(make_result(i, None, external_id=key, values=values), plan) for i, (key, values) in enumerate(rows)]


BY_EMAIL = HubSpotTarget(kind="hubspot", object="contacts", external_id="email", fields={"jobtitle": "title"})


async def test_a_contact_is_found_by_any_of_its_addresses(
    planner: HubSpotPlanner, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    other, main = person(), person()
    ids = [portal.create("contacts", email=one, jobtitle="CFO") for one in (main, other)]
    order = {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]}
    survivor = portal.call("POST", "objects/contacts/merge", order).raise_for_status().json()["id"]
    looked = await look(planner, keyed(make_result, make_plan, BY_EMAIL, (other.upper(), {"title": "CEO"})))
    (row,) = rows_of(looked)
    assert (row.action, row.crm_id) == ("update", survivor)
    assert done(await planner.apply(BY_EMAIL, [row])) == {0: ("written", None)}
    assert done(await planner.undo(BY_EMAIL, [row])) == {0: ("cancelled", "UNDONE")}
    assert portal.read("contacts", survivor, "jobtitle")["jobtitle"] == "CFO"


async def test_of_two_records_that_write_one_contact_the_second_is_refused(
    planner: HubSpotPlanner, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    known, new = person(), person()
    portal.create("contacts", email=known, jobtitle="CFO")
    answers = [(known, {"title": "A"}), (known.upper(), {"title": "B"}), (new, {"title": "C"}), (new, {"title": "D"})]
    rows = rows_of(await look(planner, keyed(make_result, make_plan, BY_EMAIL, *answers)))
    applied = await planner.apply(BY_EMAIL, rows)
    assert done(applied) == {
        0: ("written", None),
        1: ("failed", "CHANGED_MEANWHILE"),
        2: ("written", None),
        3: ("failed", "CHANGED_MEANWHILE"),
    }
    assert portal.read("contacts", rows[0].crm_id or "", "jobtitle")["jobtitle"] == "A"


async def test_what_only_this_batch_can_have_made_is_archived_although_the_answer_was_lost(
    planner: HubSpotPlanner, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    target = HubSpotTarget(kind="hubspot", object="contacts")
    plan = make_plan(target.model_dump(), source_kind="rows", mode="plan")
    result = make_result(0, None, batch_id=f"lost-{next(_NUMBERS)}", values={"email": person()})
    (row,) = rows_of(await look(planner, [(result, plan)]))
    await planner.apply(target, [row])
    again = await planner.apply(target, [row])
    assert done(again) == {0: ("written", None)}
    made = replace(row, crm_id=again[0][1].crm_id)
    assert done(await planner.undo(target, [made])) == {0: ("cancelled", "UNDONE")}
    assert portal.call("GET", f"objects/contacts/{made.crm_id}").status_code == 404
    by_email = rows_of(await look(planner, keyed(make_result, make_plan, BY_EMAIL, (person(), {"title": "A"}))))
    await planner.apply(BY_EMAIL, by_email)
    # Somebody else may have made a contact with this address: it is never archived.
    assert done(await planner.apply(BY_EMAIL, by_email)) == {0: ("written", "ALREADY_THERE")}


class Overtaken(HubSpotSession):
    """Somebody makes the record just before each upsert."""

    overtake: Callable[[], Any]

    async def batch(self, object_type: str, verb: str, inputs: Sequence[Any], **more: Any) -> BatchAnswer:
        if verb == "upsert":
            self.overtake()
        return await super().batch(object_type, verb, inputs, **more)


async def test_what_was_made_between_reading_and_writing_is_never_archived(
    hubspot: HubSpotSession, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    address = person()
    session = Overtaken(hubspot.settings)
    session.overtake = lambda: portal.create("contacts", email=address)
    planner = HubSpotPlanner(session, time.time)
    rows = rows_of(await look(planner, keyed(make_result, make_plan, BY_EMAIL, (address, {"title": "A"}))))
    assert done(await planner.apply(BY_EMAIL, rows)) == {0: ("written", "ALREADY_THERE")}
    await session.close()


async def test_a_property_that_was_added_meanwhile_can_be_planned(
    planner: HubSpotPlanner, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    address, name = person(), f"added_{next(_NUMBERS)}"
    await look(planner, keyed(make_result, make_plan, BY_EMAIL, (address, {"title": "A"})))
    target = BY_EMAIL.model_copy(update={"fields": {name: "title"}})
    planned = keyed(make_result, make_plan, target, (address, {"title": "A"}))
    refused = (await look(planner, planned))[0]
    assert isinstance(refused, Verdict)
    assert refused.code == "PROPERTY_DOESNT_EXIST"
    portal.add_property("contacts", name).raise_for_status()
    assert [row.action for row in rows_of(await look(planner, planned))] == ["create"]


async def test_an_answer_that_becomes_an_option_becomes_one_when_it_is_applied(
    planner: HubSpotPlanner, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    name = f"role_{next(_NUMBERS)}"
    first = [{"label": "Pilot", "value": "pilot"}]
    kind = {"type": "enumeration", "fieldType": "checkbox", "options": first}
    portal.add_property("contacts", name, **kind).raise_for_status()
    target = BY_EMAIL.model_copy(update={"fields": {name: "role"}, "add_options": True})
    answers = [(person(), {"role": ["Astronaut", "pilot"]}), (person(), {"role": ["Astronauts"]})]
    rows = rows_of(await look(planner, keyed(make_result, make_plan, target, *answers)))
    assert rows[0].change().fields[name] == {"before": None, "after": "Astronaut;pilot"}

    def labels() -> list[str]:
        return [one["label"] for one in portal.call("GET", f"properties/contacts/{name}").json()["options"]]

    assert labels() == ["Pilot"]
    assert done(await planner.apply(target, rows)) == {0: ("written", None), 1: ("written", None)}
    assert labels()[:2] == ["Pilot", "Astronaut"]
    strict = target.model_copy(update={"add_options": False})
    refused = (await look(planner, keyed(make_result, make_plan, strict, (person(), {"role": "Barber"}))))[0]
    assert isinstance(refused, Verdict)
    assert refused.code == "INVALID_OPTION"


async def test_every_kind_of_value_comes_back_as_it_was(
    planner: HubSpotPlanner, portal: PortalClient, make_result: Any, make_plan: Any
) -> None:
    name = f"choices_{next(_NUMBERS)}"
    options = [{"label": one, "value": one, "displayOrder": 0, "hidden": False} for one in ("a", "b", "c")]
    portal.add_property("deals", name, type="enumeration", fieldType="checkbox", options=options).raise_for_status()
    before = {"amount": "1.50", "closedate": "2026-01-02T03:04:05Z", "description": ' é"\r\n🙂\u2028 ', name: "c;a"}
    deal = portal.create("deals", dealname="D", **before)
    kept = portal.read("deals", deal, *before)
    target = HubSpotTarget(kind="hubspot", object="deals", fields={one: one for one in before})
    plan = make_plan(target.model_dump(), source_kind="hubspot", source_object="deals", mode="plan")
    values = {"amount": 2.5, "closedate": "2026-05-06", "description": " ", name: ["b", "a"]}
    rows = rows_of(await look(planner, [(make_result(0, None, record_id=deal, values=values), plan)]))
    assert {one: change["before"] for one, change in rows[0].change().fields.items()} == {
        one: kept[one] for one in before
    }
    assert done(await planner.apply(target, rows)) == {0: ("written", None)}
    assert portal.read("deals", deal, "amount")["amount"] == "2.5"
    assert done(await planner.apply(target, rows)) == {0: ("written", None)}, "the same again changes nothing"
    assert done(await planner.undo(target, rows)) == {0: ("cancelled", "UNDONE")}
    again = portal.read("deals", deal, *before)
    assert {one: again[one] for one in before} == {one: kept[one] for one in before}
