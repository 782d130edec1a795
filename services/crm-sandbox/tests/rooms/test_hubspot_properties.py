"""Properties and groups (contract checks 85 and 86)."""

from typing import Any

import pytest

from crm_sandbox.testing import PortalClient


def body(name: str, **rest: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "groupName": "contactinformation",
        "type": "string",
        "fieldType": "text",
        **rest,
    }


def choices(*values: str) -> list[dict[str, Any]]:
    return [{"label": value.upper(), "value": value} for value in values]


def test_a_group_is_made_once(portal: PortalClient) -> None:
    given = {"name": "once", "label": "Once"}
    answer = portal.call("POST", "properties/contacts/groups", given)
    assert (answer.status_code, answer.json().keys()) == (201, {"name", "label", "displayOrder", "archived"})
    again = portal.call("POST", "properties/contacts/groups", given)
    assert (again.status_code, again.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    assert portal.call("GET", "properties/contacts/groups/once").json()["label"] == "Once"
    assert portal.call("PATCH", "properties/contacts/groups/once", {"label": "Twice"}).json()["label"] == "Twice"
    assert portal.call("DELETE", "properties/contacts/groups/once").status_code == 204
    assert portal.call("GET", "properties/contacts/groups/once").status_code == 404
    assert portal.call("POST", "properties/contacts/groups", given).status_code == 201


def test_a_group_with_properties_stays_and_upper_case_is_refused(portal: PortalClient) -> None:
    assert portal.call("DELETE", "properties/contacts/groups/contactinformation").status_code == 400
    assert portal.call("POST", "properties/contacts/groups", {"name": "SimCRM", "label": "S"}).status_code == 400


def test_a_property_is_made_once_and_used_at_once(portal: PortalClient) -> None:
    answer = portal.call("POST", "properties/contacts", body("made_once", hasUniqueValue=True))
    assert answer.status_code == 201
    assert answer.json()["modificationMetadata"]["readOnlyValue"] is False
    again = portal.call("POST", "properties/contacts", body("made_once"))
    assert (again.status_code, again.json()["message"]) == (409, "A property named 'made_once' already exists.")
    assert again.json()["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert portal.read("contacts", portal.create("contacts", made_once="1"), "made_once")["made_once"] == "1"


@pytest.mark.parametrize(
    "given",
    [
        body("Upper"),
        body("has space"),
        body("hs_mine"),
        body("1st"),
        body("x" * 101),
        body("no_group", groupName="nowhere"),
        body("bad_type", type="text"),
        body("bad_field", type="number", fieldType="textarea"),
        body("no_options", type="enumeration", fieldType="select"),
        body("twins", type="enumeration", fieldType="select", options=choices("a", "a")),
        body("half", type="enumeration", fieldType="select", options=[{"label": "a"}]),
        body("unique_choice", type="enumeration", fieldType="select", options=choices("a"), hasUniqueValue=True),
        {"name": "only_name"},
        [],
    ],
)
def test_a_property_that_makes_no_sense_is_refused(portal: PortalClient, given: object) -> None:
    assert portal.call("POST", "properties/contacts", given).status_code == 400


def test_an_object_has_ten_unique_properties_at_most(portal: PortalClient) -> None:
    made = [portal.add_property("products", f"unique_{n}", hasUniqueValue=True).status_code for n in range(11)]
    assert made == [201] * 10 + [400]


def test_engagements_without_unique_properties_can_be_ordered(portal: PortalClient) -> None:
    portal.settings(unique_on_engagements=False)
    assert portal.add_property("notes", "not_unique", hasUniqueValue=True).status_code == 400
    portal.settings(unique_on_engagements=True)
    assert portal.add_property("notes", "not_unique", hasUniqueValue=True).status_code == 201


def test_a_batch_of_properties_tells_those_that_are_there(portal: PortalClient) -> None:
    inputs = [body(f"many_{n}") for n in range(3)]
    first = portal.call("POST", "properties/contacts/batch/create", {"inputs": inputs[:2]})
    assert (first.status_code, len(first.json()["results"])) == (201, 2)
    second = portal.call("POST", "properties/contacts/batch/create", {"inputs": inputs})
    told = second.json()
    assert (second.status_code, told["numErrors"], told["results"][0]["name"]) == (207, 2, "many_2")
    assert told["errors"][0]["category"] == "OBJECT_ALREADY_EXISTS"
    assert told["errors"][0]["context"] == {"name": ["many_0"]}
    names = {"inputs": [{"name": "many_0"}, {"name": "nothing"}]}
    read = portal.call("POST", "properties/contacts/batch/read", names)
    assert (read.status_code, read.json()["results"][0]["name"]) == (207, "many_0")
    assert portal.call("POST", "properties/contacts/batch/archive", names).status_code == 204
    assert portal.call("GET", "properties/contacts/many_0").status_code == 404


def test_options_are_added_with_the_full_list(portal: PortalClient) -> None:
    given = body("roles", type="enumeration", fieldType="select", options=choices("a"))
    portal.call("POST", "properties/contacts", given)
    assert portal.call("POST", "objects/contacts", {"properties": {"roles": "b"}}).status_code == 400
    changed = portal.call("PATCH", "properties/contacts/roles", {"options": choices("a", "b")}).json()
    assert [one["value"] for one in changed["options"]] == ["a", "b"]
    assert [one["displayOrder"] for one in changed["options"]] == [0, 1]
    portal.create("contacts", roles="b")
    portal.call("PATCH", "properties/contacts/roles", {"options": choices("b")})
    assert portal.call("POST", "objects/contacts", {"properties": {"roles": "a"}}).status_code == 400


def test_what_is_fixed_about_a_property_stays(portal: PortalClient) -> None:
    portal.call("POST", "properties/contacts", body("fixed"))
    for name, change in (
        ("fixed", {"hasUniqueValue": True}),
        ("fixed", {"groupName": "nowhere"}),
        ("email", {"type": "number", "fieldType": "number"}),
        ("hs_content_membership_status", {"options": choices("a")}),
    ):
        assert portal.call("PATCH", f"properties/contacts/{name}", change).status_code == 400, (name, change)
    assert portal.call("PATCH", "properties/contacts/fixed", {"label": "L"}).json()["label"] == "L"
    assert portal.call("DELETE", "properties/contacts/email").status_code == 400
    assert portal.call("PATCH", "properties/contacts/nothing", {"label": "L"}).status_code == 404


def test_an_archived_property_is_unknown_and_holds_its_name(portal: PortalClient) -> None:
    portal.call("POST", "properties/contacts", body("drifting", hasUniqueValue=True))
    made = portal.create("contacts", drifting="1")
    assert portal.call("DELETE", "properties/contacts/drifting").status_code == 204
    answer = portal.call("PATCH", f"objects/contacts/{made}", {"properties": {"drifting": "2"}})
    assert answer.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    inputs = [{"id": "1", "idProperty": "drifting", "properties": {}}]
    assert portal.batch("contacts", "upsert", inputs).status_code == 400
    archived = portal.call("GET", "properties/contacts", archived="true").json()["results"]
    assert "drifting" in [one["name"] for one in archived]
    assert portal.call("POST", "properties/contacts", body("drifting")).status_code == 409
    portal.settings(archived_name_is_taken=False)
    assert portal.call("POST", "properties/contacts", body("drifting", hasUniqueValue=True)).status_code == 201
    assert portal.batch("contacts", "upsert", inputs).json()["results"][0]["id"] == made


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (
            "contacts",
            {"email", "firstname", "lastname", "phone", "company", "jobtitle", "lifecyclestage", "hs_lead_status"},
        ),
        ("companies", {"name", "domain", "industry", "annualrevenue", "numberofemployees", "type", "city", "country"}),
        ("deals", {"dealname", "pipeline", "dealstage", "amount", "closedate", "dealtype", "hs_priority"}),
        ("tickets", {"subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority"}),
        ("notes", {"hs_timestamp", "hs_note_body", "hubspot_owner_id"}),
        ("calls", {"hs_timestamp", "hs_call_title", "hs_call_body", "hs_call_direction", "hs_call_disposition"}),
        ("tasks", {"hs_timestamp", "hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_type"}),
    ],
)
def test_the_standard_properties_are_there_in_full(portal: PortalClient, kind: str, wanted: set[str]) -> None:
    listed = {one["name"]: one for one in portal.call("GET", f"properties/{kind}").json()["results"]}
    groups = {one["name"] for one in portal.call("GET", f"properties/{kind}/groups").json()["results"]}
    standard = {name: one for name, one in listed.items() if one.get("hubspotDefined")}
    assert wanted <= standard.keys()
    for name, one in standard.items():
        assert one["groupName"] in groups, name
        assert one["type"] in {"string", "number", "date", "datetime", "enumeration", "bool"}, name
        assert bool(one["options"]) is (one["type"] in ("enumeration", "bool") and not one["externalOptions"]), name
    assert listed["hs_object_id"]["hasUniqueValue"] is True
    assert listed["hs_object_id"]["modificationMetadata"]["readOnlyValue"] is True
