"""Looking at CRM records, making some to begin with, deleting test records."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.running import Running

CLAIMS = "/api/crm/salesforce/objects/Claim__c"
CONTACTS = "/api/crm/hubspot/objects/contacts"


@pytest.fixture
def made(system: Running) -> Iterator[list[str]]:
    """Three claims that were made through the gateway."""
    body = {"count": 3, "values": {"Patient_Name__c": "Ann Example"}}
    answer = system.http.post(f"{CLAIMS}/records", json=body).raise_for_status().json()
    assert (answer["created"], answer["failed"]) == (3, 0)
    ids = [item["id"] for item in answer["items"]]
    yield ids
    system.http.request("DELETE", f"{CLAIMS}/records", json={"ids": ids, "confirm": True})


def items(system: Running, of: str = CLAIMS, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        params = query | ({"cursor": cursor} if cursor else {})
        page = system.http.get(f"{of}/records", params=params).raise_for_status().json()
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return found


def test_every_record_is_listed_once_with_its_empty_fields(system: Running, made: list[str]) -> None:
    listed = items(system, limit=60, fields="Patient_Name__c,Diagnosis__c")
    by_id = {item["id"]: item for item in listed}
    assert len(by_id) == len(listed) >= 203
    assert [item["id"] for item in listed] == sorted(by_id)
    for record_id in made:
        ours = by_id[record_id]
        assert ours["values"] == {"Patient_Name__c": "Ann Example", "Diagnosis__c": None}
        assert (ours["empty"], ours["created_here"]) == (["Diagnosis__c"], True)
    seeded = next(item for item in listed if item["id"] not in made)
    assert (seeded["empty"], seeded["created_here"]) == ([], False)


def test_the_fields_of_an_object_say_how_well_they_are_filled(system: Running) -> None:
    answer = system.http.get(f"{CLAIMS}/fields").raise_for_status().json()
    fields = {field["name"]: field for field in answer["items"]}
    assert answer["sampled"] == 200
    assert fields["Patient_Name__c"]["filled"] > 190
    assert fields["Clinical_Summary__c"]["length"] == 32_768
    assert fields["Name"]["createable"] is False


def test_what_was_made_here_is_deleted_and_anything_else_only_when_confirmed(system: Running, made: list[str]) -> None:
    other = next(item["id"] for item in items(system, limit=5) if item["id"] not in made)
    refused = system.http.request("DELETE", f"{CLAIMS}/records", json={"ids": [made[0], other]})
    assert refused.status_code == 409
    assert "1 of 2 records were not made here" in refused.json()["detail"]
    deleted = system.http.request("DELETE", f"{CLAIMS}/records", json={"ids": made}).raise_for_status().json()
    assert (deleted["deleted"], deleted["failed"]) == (3, 0)
    assert made[0] not in {item["id"] for item in items(system, limit=200)}
    again = system.http.request("DELETE", f"{CLAIMS}/records", json={"ids": made, "confirm": True}).json()
    assert {item["code"] for item in again["items"]} == {"ENTITY_IS_DELETED"}


def test_each_new_record_has_its_own_verdict(system: Running) -> None:
    rows = [{"Patient_Name__c": "B" * 999}, {"Patient_Name__c": "Bea"}, {"Nope__c": 1}]
    answer = system.http.post(f"{CLAIMS}/records", json={"rows": rows}).raise_for_status().json()
    assert [item["code"] for item in answer["items"]] == ["STRING_TOO_LONG", None, "INVALID_FIELD"]
    assert (answer["created"], answer["failed"]) == (1, 2)
    system.http.request("DELETE", f"{CLAIMS}/records", json={"ids": [answer["items"][1]["id"]]}).raise_for_status()


def test_hubspot_records_are_made_listed_and_deleted_alike(system: Running) -> None:
    body = {"rows": [{"email": f"{uuid.uuid4().hex}@flow.example", "firstname": "Ann"}, {"email": "no address"}]}
    answer = system.http.post(f"{CONTACTS}/records", json=body).raise_for_status().json()
    assert [(item["state"], item["code"]) for item in answer["items"]] == [
        ("created", None),
        ("failed", "INVALID_EMAIL"),
    ]
    ours = answer["items"][0]["id"]
    other = system.http.post("/api/crm/hubspot/objects/companies/records", json={"count": 1}).json()["items"][0]["id"]
    listed = {item["id"]: item for item in items(system, CONTACTS, fields="firstname,lastname", limit=150)}
    assert listed[ours]["values"] == {"firstname": "Ann", "lastname": None}
    assert (listed[ours]["empty"], listed[ours]["created_here"]) == (["lastname"], True)
    fields = {
        field["name"]: field for field in system.http.get(f"{CONTACTS}/fields").raise_for_status().json()["items"]
    }
    assert fields["firstname"]["filled"] >= 1
    assert fields["createdate"]["createable"] is False
    # The id of a company that was made here says nothing about a contact.
    assert system.http.request("DELETE", f"{CONTACTS}/records", json={"ids": [other]}).status_code == 409
    deleted = system.http.request("DELETE", f"{CONTACTS}/records", json={"ids": [ours]}).raise_for_status().json()
    assert (deleted["deleted"], deleted["failed"]) == (1, 0)
    assert ours not in {item["id"] for item in items(system, CONTACTS, fields="firstname", limit=200)}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/crm/sugar/objects/Claim__c/fields", 404, "salesforce, hubspot"),
        ("/api/crm/salesforce/objects/Nope__c/fields", 404, "no object Nope__c"),
        ("/api/crm/salesforce/objects/Claim__c/records?fields=Nope__c", 422, "INVALID_FIELD"),
        ("/api/crm/salesforce/objects/Claim__c/records?fields=Name%20FROM%20User--", 404, "not an API name"),
        ("/api/crm/hubspot/objects/butterflies/fields", 404, "no object butterflies"),
        ("/api/crm/hubspot/objects/contacts/records?fields=nope", 422, "no property nope"),
        ("/api/crm/hubspot/objects/contacts/records?cursor=x", 422, "HubSpot refuses this"),
    ],
)
def test_what_the_crm_does_not_have_is_told(system: Running, path: str, status: int, said: str) -> None:
    answer = system.http.get(path)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
