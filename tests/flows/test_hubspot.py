"""HubSpot from end to end: contacts read and written, new ones upserted once, whatever is killed meanwhile."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fakes.llm_server import FakeLLM, answer_to
from tests.flows.conftest import MODELS
from tests.running import Json, Running

PAIR = {
    "type": "object",
    "required": ["contact", "company"],
    "properties": {
        "contact": {
            "type": "object",
            "required": ["firstname", "lastname", "email", "simcrm_buyer_role", "simcrm_engagement_score"],
            "properties": {
                "firstname": {"type": "string"},
                "lastname": {"type": "string"},
                "email": {"type": "string", "format": "email"},
                "simcrm_buyer_role": {"enum": ["Decision Maker", "Influencer", "End User", "Champion"]},
                "simcrm_engagement_score": {"type": "integer", "minimum": 0, "maximum": 100},
            },
        },
        "company": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    },
}
NAMES = ["email", "firstname", "simcrm_answer", "simcrm_external_id", "simcrm_simulation_id",
         "simcrm_generation_metadata", "simcrm_buyer_role", "simcrm_engagement_score"]  # fmt: skip


class Portal:
    """What a person would see in HubSpot."""

    def __init__(self, system: Running) -> None:
        sandbox = system.run_file()["sandbox"]
        token = sandbox["hubspot"]["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=sandbox["http"], headers=headers, timeout=20, trust_env=False)

    def create(self, kind: str, records: list[Json]) -> list[str]:
        inputs = [{"properties": record} for record in records]
        answer = self.http.post(f"/crm/v3/objects/{kind}/batch/create", json={"inputs": inputs}).raise_for_status()
        return [str(one["id"]) for one in answer.json()["results"]]

    def all(self, kind: str) -> dict[str, Json]:
        """Properties by id."""
        found: dict[str, Json] = {}
        query: Json = {"limit": 100, "properties": ",".join(NAMES)}
        while True:
            page = self.http.get(f"/crm/v3/objects/{kind}", params=query).raise_for_status().json()
            found |= {one["id"]: one["properties"] for one in page["results"]}
            if "paging" not in page:
                return found
            query["after"] = page["paging"]["next"]["after"]

    def of_batch(self, kind: str, batch_id: str) -> dict[str, Json]:
        return {key: one for key, one in self.all(kind).items() if one.get("simcrm_simulation_id") == batch_id}

    def linked(self, of: str, record_id: str, to: str) -> list[str]:
        found = self.http.get(f"/crm/v4/objects/{of}/{record_id}/associations/{to}").raise_for_status().json()
        return [str(one["toObjectId"]) for one in found["results"]]


@pytest.fixture
def portal(system: Running) -> Iterator[Portal]:
    system.admin("PATCH", "/hubspot/settings", {"index_lag_s": 0, "ten_seconds_private": 100_000})
    portal = Portal(system)
    yield portal
    portal.http.close()


def rows(count: int) -> Json:
    mark = uuid.uuid4().hex[:6]
    return {"kind": "rows", "rows": [{"id": f"r{n}", "label": f"{mark} {n}"} for n in range(count)]}


def pairs(count: int) -> Json:
    prompt = {"template": "A contact and its company for {{label}}", "response_schema": PAIR}
    target = {"kind": "hubspot", "object": "contacts", "unique": True}
    return {"name": "pairs", "source": rows(count), "prompt": prompt, "models": [], "target": target}


def test_every_selected_contact_gets_the_answer_to_its_own_prompt(
    system: Running, llm: FakeLLM, portal: Portal
) -> None:
    city = f"Town {uuid.uuid4().hex[:6]}"
    mine = [{"email": f"{uuid.uuid4().hex}@flow.example", "firstname": f"Ann{n}", "city": city} for n in range(40)]
    ids = portal.create("contacts", mine)
    other = portal.create("contacts", [{"email": f"{uuid.uuid4().hex}@flow.example", "firstname": "Bob"}])[0]
    template = "Describe {{firstname}} of {{city}}"
    spec = {
        "name": "contacts", "source": {"kind": "hubspot", "object": "contacts", "where": f"city = '{city}'"},
        "prompt": {"template": template}, "models": MODELS, "fallback": "fail",
        "target": {"kind": "hubspot", "object": "contacts"},
    }  # fmt: skip
    done = system.wait(system.submit(spec))
    assert (done["state"], done["counts"]["written"]) == ("completed", 40), system.records(done["id"])[:1]
    stored = portal.all("contacts")
    for record_id in ids:
        prompt = f"Describe {stored[record_id]['firstname']} of {city}"
        assert stored[record_id]["simcrm_answer"] == answer_to(prompt)
        assert stored[record_id]["simcrm_external_id"] is None
    assert stored[other]["simcrm_answer"] is None
    assert {item["crm_id"] for item in system.records(done["id"])} == set(ids)


def test_rows_become_contacts_with_companies_once_although_the_writer_is_killed(
    system: Running, portal: Portal
) -> None:
    spec = pairs(600)
    batch_id = system.submit(spec)
    system.wait(batch_id, until=lambda batch: batch["counts"]["written"] > 0)
    system.kill("writer-svc")
    done = system.wait(batch_id)
    assert done["counts"]["written"] == 600, system.records(batch_id, state="failed")[:2]
    contacts = portal.of_batch("contacts", batch_id)
    assert len(contacts) == 600
    assert {one["simcrm_external_id"] for one in contacts.values()} == {f"{batch_id}-{n}" for n in range(600)}
    assert len({one["email"] for one in contacts.values()}) == 600
    assert len(portal.of_batch("companies", batch_id)) == 600
    some = next(iter(contacts))
    assert json.loads(contacts[some]["simcrm_generation_metadata"])["method"] in ("recipe", "fallback")
    assert contacts[some]["simcrm_engagement_score"].isdigit()
    assert len(portal.linked("contacts", some, "companies")) == 1


def test_a_note_of_each_contact_belongs_to_it(system: Running, llm: FakeLLM, portal: Portal) -> None:
    city = f"Town {uuid.uuid4().hex[:6]}"
    ids = portal.create("contacts", [{"email": f"{uuid.uuid4().hex}@flow.example", "city": city} for _ in range(3)])
    spec: dict[str, Any] = {
        "name": "notes", "source": {"kind": "hubspot", "object": "contacts", "where": f"city = '{city}'"},
        "prompt": {"template": "A note about {{email}}"}, "models": MODELS, "fallback": "fail",
        "target": {"kind": "hubspot", "object": "notes", "field": "hs_note_body"},
    }  # fmt: skip
    done = system.wait(system.submit(spec))
    notes = portal.of_batch("notes", done["id"])
    assert len(notes) == 3
    assert {portal.linked("notes", note, "contacts")[0] for note in notes} == set(ids)


def test_a_planned_batch_is_written_when_it_is_applied_and_taken_back_when_it_is_undone(
    system: Running, llm: FakeLLM, portal: Portal
) -> None:
    city = f"Town {uuid.uuid4().hex[:6]}"
    ids = portal.create("contacts", [{"email": f"{uuid.uuid4().hex}@flow.example", "city": city} for _ in range(5)])
    spec: dict[str, Any] = {
        "name": "planned", "source": {"kind": "hubspot", "object": "contacts", "where": f"city = '{city}'"},
        "prompt": {"template": "Describe {{email}}"}, "models": MODELS, "fallback": "fail", "mode": "plan",
        "target": {"kind": "hubspot", "object": "contacts"},
    }  # fmt: skip
    batch_id = system.submit(spec)
    assert system.wait(batch_id)["counts"]["generated"] == 5
    items = system.http.get(f"/api/batches/{batch_id}/plan").raise_for_status().json()["items"]
    assert {item["change"]["action"] for item in items} == {"update"}
    assert all(portal.all("contacts")[one]["simcrm_answer"] is None for one in ids)
    system.order(batch_id, "apply")
    system.wait(batch_id, until=lambda batch: batch["counts"]["written"] == 5)
    told = {item["crm_id"]: item["change"]["fields"]["simcrm_answer"]["after"] for item in items}
    assert {one: portal.all("contacts")[one]["simcrm_answer"] for one in ids} == told
    system.order(batch_id, "undo")
    system.wait(batch_id, until=lambda batch: batch["counts"]["cancelled"] == 5)
    assert not any(portal.all("contacts")[one]["simcrm_answer"] for one in ids)


def test_planned_pairs_and_notes_are_made_whole_and_leave_nothing_behind_when_they_are_undone(
    system: Running, llm: FakeLLM, portal: Portal
) -> None:
    def amounts() -> dict[str, int]:
        counted: dict[str, int] = system.admin("GET", "/hubspot")["records"]
        return {kind: counted[kind] for kind in ("contacts", "companies", "notes")}

    def planned(spec: Json, count: int) -> str:
        batch_id = system.submit({**spec, "mode": "plan"})
        assert system.wait(batch_id)["counts"]["generated"] == count, system.records(batch_id)[:1]
        return batch_id

    def ordered(batch_id: str, order: str, state: str, count: int) -> None:
        system.order(batch_id, order)
        system.wait(batch_id, until=lambda batch: batch["counts"][state] == count)

    before = amounts()
    people = planned(pairs(20), 20)
    assert amounts() == before
    ordered(people, "apply", "written", 20)
    contacts = portal.of_batch("contacts", people)
    assert len(contacts) == len(portal.of_batch("companies", people)) == 20
    assert all(len(portal.linked("contacts", one, "companies")) == 1 for one in contacts)
    emails = ", ".join(f"'{one['email']}'" for one in contacts.values())
    notes = planned(
        {
            "name": "notes", "source": {"kind": "hubspot", "object": "contacts", "where": f"email IN ({emails})"},
            "prompt": {"template": "A note about {{email}}"}, "models": MODELS, "fallback": "fail",
            "target": {"kind": "hubspot", "object": "notes", "field": "hs_note_body"},
        },
        20,
    )  # fmt: skip
    ordered(notes, "apply", "written", 20)
    made = portal.of_batch("notes", notes)
    assert {portal.linked("notes", one, "contacts")[0] for one in made} == set(contacts)
    ordered(notes, "undo", "cancelled", 20)
    ordered(people, "undo", "cancelled", 20)
    assert amounts() == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prompt": {"template": "{{firstnme}}"}}, "Did you mean firstname?"),
        ({"source": {"kind": "hubspot", "object": "contacts", "where": "city LIKE 'x'"}}, "character 6"),
        ({"target": {"kind": "hubspot", "object": "contacts", "field": "nope_at_all"}}, "nope_at_all"),
        ({"target": {"kind": "hubspot", "object": "companies", "external_id": "domain"}}, "domain"),
    ],
)
def test_a_batch_that_cannot_run_is_refused_before_any_call(
    system: Running, llm: FakeLLM, portal: Portal, change: Json, named: str
) -> None:
    spec = {
        "source": {"kind": "hubspot", "object": "contacts"}, "prompt": {"template": "{{firstname}}"}, "models": MODELS,
        "target": {"kind": "none"},
    } | change  # fmt: skip
    done = system.wait(system.submit(spec))
    assert done["state"] == "failed"
    assert named in done["reason"]
    assert not llm.calls()
