"""A plan holds companies and associations: applying makes them, undoing takes back what it made and nothing else."""

import time
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from crm_sandbox.testing import PortalClient
from shared.crm.hubspot import HubSpotSession
from shared.database import Database
from shared.events import Event, RecordSettled
from writer_svc.approval_loop import ApprovalLoop
from writer_svc.store.plans import StoredPlans
from writer_svc.targets.hubspot.planner import HubSpotPlanner
from writer_svc.targets.plan import Plan

CONTACTS = {"kind": "hubspot", "object": "contacts"}
BY_EMAIL = {**CONTACTS, "external_id": "email"}
KINDS = ("contacts", "companies", "notes", "deals")
_NUMBERS = count(1)


class Killed(BaseException):
    """The writer dies before it can note what it has done."""


class Scene:
    """The plan target, its store and the loop that applies, as the writer wires them."""

    def __init__(self, session: HubSpotSession, database: Database, make_plan: Any, make_result: Any) -> None:
        self._store = StoredPlans(database, time.time)
        planners = {"hubspot": HubSpotPlanner(session, time.time)}
        self._target = Plan(planners, self._store)
        self._loop = ApprovalLoop(self._store, planners, self._publish, database, time.time)
        self._make_plan, self._make_result = make_plan, make_result
        self._told: dict[int, RecordSettled] = {}
        self._epoch = 0
        self.batch = f"related{next(_NUMBERS)}"
        self.dies = False

    async def plan(self, target: dict[str, Any], *answers: dict[str, Any], **result: Any) -> list[dict[str, Any]]:
        """The changes in order of the answers; a refusal's code where there is none."""
        source = result.pop("source", ("rows", None))
        plan = self._make_plan(target, mode="plan", source_kind=source[0], source_object=source[1])
        planned = []
        for index, values in enumerate(answers):
            given = {name: one[index] if isinstance(one, list) else one for name, one in result.items()}
            planned.append((self._make_result(index, None, batch_id=self.batch, values=values, **given), plan))
        told = {result.index: verdict async for result, verdict in self._target.write(planned)}
        return [
            verdict.change.fields if verdict.state == "generated" and verdict.change else {"refused": verdict.code}
            for _, verdict in sorted(told.items())
        ]

    async def apply(self) -> list[tuple[str, str | None]]:
        return await self._approve(undo=False)

    async def undo(self) -> list[tuple[str, str | None]]:
        return await self._approve(undo=True)

    def crm_id(self, index: int) -> str:
        return self._told[index].crm_id or ""

    def reason(self, index: int) -> str:
        return self._told[index].reason or ""

    async def _approve(self, *, undo: bool) -> list[tuple[str, str | None]]:
        self._epoch += 1
        await self._store.approve(self.batch, self._epoch, undo=undo)
        if self.dies:
            with pytest.raises(Killed):
                await self._loop.turn()
            self.dies = False
        await self._loop.turn()
        return [(event.state, event.code) for _, event in sorted(self._told.items()) if event.epoch == self._epoch]

    async def _publish(self, events: Sequence[tuple[Event, str | None]]) -> None:
        if self.dies:
            raise Killed
        self._told |= {event.index: event for event, _ in events if isinstance(event, RecordSettled)}


@pytest.fixture
def scene(hubspot: HubSpotSession, database: Database, make_plan: Any, make_result: Any) -> Scene:
    return Scene(hubspot, database, make_plan, make_result)


def email() -> str:
    return f"related{next(_NUMBERS)}@plans.example"


def domain() -> str:
    return f"related{next(_NUMBERS)}.example"


def counts(portal: PortalClient) -> dict[str, int]:
    records = portal.sandbox.admin("GET", "/hubspot").json()["records"]
    return {kind: records.get(kind, 0) for kind in KINDS}


def linked(portal: PortalClient, of: str, record_id: str, to: str) -> dict[str, set[int]]:
    """The kinds of the associations, by the id of the other end."""
    found = portal.http.get(f"/crm/v4/objects/{of}/{record_id}/associations/{to}").raise_for_status().json()
    return {str(end["toObjectId"]): {kind["typeId"] for kind in end["associationTypes"]} for end in found["results"]}


def link(portal: PortalClient, of: str, record_id: str, to: str, other: str) -> None:
    portal.http.put(f"/crm/v4/objects/{of}/{record_id}/associations/default/{to}/{other}").raise_for_status()


async def test_contacts_are_planned_with_one_company_which_goes_with_the_last_of_them(
    scene: Scene, portal: PortalClient
) -> None:
    before, name = counts(portal), domain()
    pairs = [{"email": email(), "company": {"name": f"Acme {n}", "domain": name}} for n in range(3)]
    changes = await scene.plan(CONTACTS, *pairs)
    assert [one["company.name"] for one in changes] == [{"before": None, "after": "Acme 0"}] * 3, "the first decides"
    assert changes[2]["associations.companies.primary"] == {"before": None, "after": f"domain:{name}"}
    assert counts(portal) == before
    assert await scene.apply() == [("written", None)] * 3
    assert counts(portal) == before | {"contacts": before["contacts"] + 3, "companies": before["companies"] + 1}
    ends = [linked(portal, "contacts", scene.crm_id(at), "companies") for at in range(3)]
    (company,) = ends[0]
    assert ends == [{company: {1, 279}}] * 3
    assert portal.read("companies", company, "name")["name"] == "Acme 0"
    assert await scene.undo() == [("cancelled", "UNDONE")] * 3
    assert counts(portal) == before


@pytest.mark.parametrize("undoing", [False, True])
async def test_a_writer_that_dies_before_it_has_noted_its_work_leaves_nothing_behind(
    scene: Scene, portal: PortalClient, undoing: bool
) -> None:
    before = counts(portal)
    pairs = [{"email": email(), "company": {"name": "Crash", "domain": domain()}} for _ in range(3)]
    await scene.plan(CONTACTS, *pairs)
    scene.dies = not undoing
    assert await scene.apply() == [("written", None)] * 3
    assert counts(portal)["companies"] == before["companies"] + 3
    scene.dies = undoing
    assert await scene.undo() == [("cancelled", "UNDONE")] * 3
    assert counts(portal) == before


async def test_a_company_that_was_there_gets_its_values_back_and_stays(
    scene: Scene, portal: PortalClient, hubspot: HubSpotSession
) -> None:
    name = domain()
    given = {"name": "Before", "domain": name, "simcrm_external_id": f"domain:{name}", "simcrm_simulation_id": "other"}
    await HubSpotPlanner(hubspot, time.time)._portal.schema("companies")
    company = portal.create("companies", **given)
    (change,) = await scene.plan(CONTACTS, {"email": email(), "company": {"name": "After", "domain": name}})
    assert change["company.name"] == {"before": "Before", "after": "After"}
    assert change["associations.companies.primary"]["after"] == company
    await scene.apply()
    assert portal.read("companies", company, "name")["name"] == "After"
    assert await scene.undo() == [("cancelled", "UNDONE")]
    kept = portal.read("companies", company, *given, "simcrm_generation_metadata")
    assert {one: kept[one] for one in given} == given
    assert kept["simcrm_generation_metadata"] is None


async def test_the_former_primary_company_is_the_primary_one_again(scene: Scene, portal: PortalClient) -> None:
    address = email()
    contact, former = portal.create("contacts", email=address), portal.create("companies", name="Former")
    link(portal, "contacts", contact, "companies", former)
    before = linked(portal, "contacts", contact, "companies")
    assert before == {former: {1, 279}}
    answer = {"jobtitle": "CTO", "company": {"name": "New", "domain": domain()}}
    (change,) = await scene.plan(BY_EMAIL, answer, external_id=address)
    assert change["associations.companies.primary"]["before"] == former
    assert await scene.apply() == [("written", None)]
    assert linked(portal, "contacts", contact, "companies")[former] == {279}
    assert await scene.undo() == [("cancelled", "UNDONE")]
    assert linked(portal, "contacts", contact, "companies") == before


async def test_only_associations_that_the_plan_made_are_removed(scene: Scene, portal: PortalClient) -> None:
    deal = portal.create("deals", dealname="Big")
    old, new = portal.create("contacts", email=email()), portal.create("contacts", email=email())
    link(portal, "deals", deal, "contacts", old)
    answer = {"dealname": "Big", "associations": {"contacts": [old, new]}}
    target = {"kind": "hubspot", "object": "deals"}
    (change,) = await scene.plan(target, answer, source=("hubspot", "deals"), record_id=deal)
    assert change == {"associations.contacts": {"before": None, "after": [new]}}
    assert await scene.apply() == [("written", None)]
    assert set(linked(portal, "deals", deal, "contacts")) == {old, new}
    assert await scene.undo() == [("cancelled", "UNDONE")]
    assert set(linked(portal, "deals", deal, "contacts")) == {old}


async def test_notes_of_contacts_are_planned_with_their_contacts(scene: Scene, portal: PortalClient) -> None:
    ids = [portal.create("contacts", email=email()) for _ in range(3)]
    before = counts(portal)
    notes = {"kind": "hubspot", "object": "notes", "fields": {"hs_note_body": "text"}}
    changes = await scene.plan(
        notes, *({"text": "Met."} for _ in ids), source=("hubspot", "contacts"), record_id=[*ids[:2], "999999999"]
    )
    assert [one.get("associations.contacts") for one in changes[:2]] == [
        {"before": None, "after": [one]} for one in ids[:2]
    ]
    assert changes[2] == {"refused": "ASSOCIATED_RECORD_NOT_FOUND"}
    portal.call("DELETE", f"objects/contacts/{ids[1]}").raise_for_status()
    assert await scene.apply() == [("written", None), ("failed", "ASSOCIATED_RECORD_NOT_FOUND")]
    assert set(linked(portal, "notes", scene.crm_id(0), "contacts")) == {ids[0]}
    assert await scene.undo() == [("cancelled", "UNDONE")]
    assert counts(portal)["notes"] == before["notes"]
    assert portal.call("GET", f"objects/contacts/{ids[0]}").status_code == 200


async def test_a_record_that_cannot_be_associated_is_not_left_half_written(scene: Scene, portal: PortalClient) -> None:
    before = counts(portal)
    pairs = [{"email": email(), "company": {"name": "Half", "domain": domain()}} for _ in range(2)]
    await scene.plan(CONTACTS, *pairs)
    portal.sandbox.fault(method="POST", path="/crm/associations/*/associate/default", code="VALIDATION_ERROR", times=2)
    told = await scene.apply()
    assert sorted(told) == [("failed", "ASSOCIATION_FAILED")] * 2
    assert counts(portal) == before


async def test_a_refused_contact_leaves_no_company_behind(scene: Scene, portal: PortalClient) -> None:
    before, taken = counts(portal), email()
    await scene.plan(CONTACTS, {"email": taken, "company": {"name": "Lonely", "domain": domain()}})
    portal.create("contacts", email=taken)
    assert await scene.apply() == [("failed", "CONFLICT")]
    assert counts(portal) == before | {"contacts": before["contacts"] + 1}


async def test_a_company_that_was_edited_meanwhile_is_left_as_it_is(scene: Scene, portal: PortalClient) -> None:
    await scene.plan(CONTACTS, {"email": email(), "company": {"name": "Planned", "domain": domain()}})
    await scene.apply()
    (company,) = linked(portal, "contacts", scene.crm_id(0), "companies")
    portal.call("PATCH", f"objects/companies/{company}", {"properties": {"name": "Theirs"}}).raise_for_status()
    assert await scene.undo() == [("cancelled", "UNDONE")]
    assert "company was edited" in scene.reason(0)
    assert portal.read("companies", company, "name")["name"] == "Theirs"


async def test_a_company_that_others_belong_to_by_now_stays(scene: Scene, portal: PortalClient) -> None:
    await scene.plan(CONTACTS, {"email": email(), "company": {"name": "Shared", "domain": domain()}})
    await scene.apply()
    (company,) = linked(portal, "contacts", scene.crm_id(0), "companies")
    deal = portal.create("deals", dealname="Theirs")
    link(portal, "deals", deal, "companies", company)
    assert await scene.undo() == [("cancelled", "UNDONE")]
    assert set(linked(portal, "deals", deal, "companies")) == {company}


async def test_a_contact_that_somebody_has_deleted_takes_its_company_along(scene: Scene, portal: PortalClient) -> None:
    before = counts(portal)
    known = email()
    contact = portal.create("contacts", email=known)
    answer = {"jobtitle": "CTO", "company": {"name": "Gone", "domain": domain()}}
    await scene.plan(BY_EMAIL, answer, external_id=known)
    await scene.apply()
    portal.call("DELETE", f"objects/contacts/{contact}").raise_for_status()
    assert await scene.undo() == [("failed", "OBJECT_NOT_FOUND")]
    assert counts(portal) == before


async def test_a_company_made_by_others_after_the_plan_refuses_its_contacts(scene: Scene, portal: PortalClient) -> None:
    name = domain()
    await scene.plan(CONTACTS, {"email": email(), "company": {"name": "Mine", "domain": name}})
    theirs = portal.create("companies", name="Theirs", domain=name, simcrm_external_id=f"domain:{name}")
    before = counts(portal)
    assert await scene.apply() == [("failed", "CHANGED_MEANWHILE")]
    assert counts(portal) == before
    assert portal.read("companies", theirs, "name")["name"] == "Theirs"
