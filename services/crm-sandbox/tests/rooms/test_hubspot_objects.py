"""Records one by one: values, required properties, lists, merges (contract checks 84, 91, 93 and 95)."""

import itertools
from typing import Any

import httpx
import pytest

from crm_sandbox.testing import PortalClient

_NUMBERS = itertools.count(1)


def address() -> str:
    return f"o{next(_NUMBERS)}@objects.example"


def problem(answer: httpx.Response) -> tuple[str, str]:
    """The code and property of the one value that is refused."""
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR"), answer.text
    (error,) = answer.json()["errors"]
    return error["code"], error["context"]["propertyName"][0]


def test_a_new_record_says_all_it_knows(portal: PortalClient) -> None:
    email = address()
    body = {"properties": {"email": email.upper(), "firstname": "Siena", "lastname": "Dyer", "numemployees": "5-25"}}
    answer = portal.call("POST", "objects/contacts", body)
    made = answer.json()
    assert answer.status_code == 201
    assert made.keys() == {"id", "properties", "createdAt", "updatedAt", "archived", "url"}
    properties = made["properties"]
    assert properties["email"] == email
    assert properties["hs_object_id"] == made["id"]
    assert properties["lifecyclestage"] == "lead"
    assert properties["hs_full_name_or_email"] == "Siena Dyer"
    assert properties["hs_email_domain"] == "objects.example"
    assert properties["createdate"] == made["createdAt"] == made["updatedAt"]
    assert made["url"].endswith(f"/record/0-1/{made['id']}")


def test_every_value_of_a_record_is_a_property_of_its_type(portal: PortalClient) -> None:
    for kind in ("contacts", "companies", "deals", "tickets", "notes", "calls", "tasks"):
        known = {one["name"] for one in portal.call("GET", f"properties/{kind}").json()["results"]}
        first = portal.call("GET", f"objects/{kind}", limit=1).json()["results"][0]["id"]
        changed = portal.call("PATCH", f"objects/{kind}/{first}", {"properties": {"hubspot_owner_id": "51101002"}})
        assert changed.json()["properties"].keys() <= known
        assert {one["name"] for one in portal.call("GET", f"properties/{kind}").json()["results"]} == known


def test_all_values_are_text(portal: PortalClient) -> None:
    given: dict[str, Any] = {"numberofemployees": 12, "annualrevenue": 10.5, "is_public": True, "name": "Text"}
    made = portal.create("companies", **given)
    read = portal.read("companies", made, *given)
    assert [read[name] for name in given] == ["12", "10.5", "true", "Text"]


def test_an_empty_value_clears_and_null_shows_it(portal: PortalClient) -> None:
    made = portal.create("contacts", firstname="A", city="B")
    portal.call("PATCH", f"objects/contacts/{made}", {"properties": {"firstname": "", "city": None}})
    read = portal.read("contacts", made, "firstname", "city", "no_such_property")
    assert (read["firstname"], read["city"]) == (None, None)


@pytest.mark.parametrize(
    ("kind", "name", "value", "code"),
    [
        ("contacts", "email", "no address", "INVALID_EMAIL"),
        ("contacts", "nothing", "x", "PROPERTY_DOESNT_EXIST"),
        ("contacts", "hs_lead_status", "Nope", "INVALID_OPTION"),
        ("contacts", "hs_lead_status", "new", "INVALID_OPTION"),
        ("contacts", "hs_buying_role", "CHAMPION;NOPE", "INVALID_OPTION"),
        ("contacts", "createdate", "2026-01-01", "READ_ONLY_VALUE"),
        ("contacts", "num_notes", "5", "READ_ONLY_VALUE"),
        ("contacts", "hs_full_name_or_email", "x", "READ_ONLY_VALUE"),
        ("companies", "annualrevenue", "a lot", "INVALID_INTEGER"),
        ("companies", "annualrevenue", "NaN", "INVALID_INTEGER"),
        ("companies", "annualrevenue", " 5", "INVALID_INTEGER"),
        ("companies", "is_public", "yes", "INVALID_OPTION"),
        ("companies", "industry", "Banking", "INVALID_OPTION"),
        ("deals", "closedate", "tomorrow", "INVALID_DATE"),
        ("deals", "closedate", "2026-13-01", "INVALID_DATE"),
        ("deals", "dealstage", "nowhere", "INVALID_OPTION"),
        ("deals", "pipeline", "none", "INVALID_OPTION"),
        ("deals", "hubspot_owner_id", "1", "INVALID_OWNER_ID"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    portal: PortalClient, kind: str, name: str, value: str, code: str
) -> None:
    answer = portal.call(
        "POST",
        f"objects/{kind}",
        {"properties": {"firstname": "x", name: value} if kind == "contacts" else {name: value}},
    )
    assert problem(answer) == (code, name)


def test_every_bad_value_of_a_record_is_told(portal: PortalClient) -> None:
    body = {"properties": {"email": "x", "hs_lead_status": "x", "nothing": "x"}}
    errors = portal.call("POST", "objects/contacts", body).json()["errors"]
    assert [one["code"] for one in errors] == ["INVALID_EMAIL", "INVALID_OPTION", "PROPERTY_DOESNT_EXIST"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-01-05", "2026-01-05T00:00:00.000Z"),
        ("2026-01-05T09:30:00+02:00", "2026-01-05T07:30:00.000Z"),
        ("1767600000123", "2026-01-05T08:00:00.123Z"),
        (1767600000123, "2026-01-05T08:00:00.123Z"),
    ],
)
def test_moments_come_back_in_one_form(portal: PortalClient, given: Any, kept: str) -> None:
    made = portal.create("deals", dealname="D", closedate=given)
    assert portal.read("deals", made, "closedate")["closedate"] == kept


def test_dates_are_midnights(portal: PortalClient) -> None:
    portal.add_property("contacts", "objects_day", type="date", fieldType="date")
    made = portal.create("contacts", firstname="D", objects_day="1767571200000")
    assert portal.read("contacts", made, "objects_day")["objects_day"] == "2026-01-05"
    answer = portal.call("PATCH", f"objects/contacts/{made}", {"properties": {"objects_day": "1767600000000"}})
    assert problem(answer) == ("INVALID_DATE", "objects_day")
    assert "midnight" in answer.json()["message"]


def test_a_leading_semicolon_adds_to_several_choices(portal: PortalClient) -> None:
    made = portal.create("contacts", firstname="C", hs_buying_role="CHAMPION;INFLUENCER")
    portal.call("PATCH", f"objects/contacts/{made}", {"properties": {"hs_buying_role": ";OTHER;CHAMPION"}})
    assert portal.read("contacts", made, "hs_buying_role")["hs_buying_role"] == "CHAMPION;INFLUENCER;OTHER"


@pytest.mark.parametrize(
    ("kind", "given", "missing"),
    [
        ("notes", {"hs_note_body": "x"}, ["hs_timestamp"]),
        ("calls", {}, ["hs_timestamp"]),
        ("tasks", {"hs_timestamp": ""}, ["hs_timestamp"]),
        ("tickets", {"content": "x"}, ["subject", "hs_pipeline_stage"]),
    ],
)
def test_what_is_required_is_named(portal: PortalClient, kind: str, given: dict[str, str], missing: list[str]) -> None:
    answer = portal.call("POST", f"objects/{kind}", {"properties": given})
    assert answer.status_code == 400
    assert answer.json()["message"] == f"Error creating {kind[:-1].upper()}. Some required properties were not set."
    assert answer.json()["context"] == {"properties": missing}


def test_a_note_holds_65536_characters_and_no_more(portal: PortalClient) -> None:
    at = {"hs_timestamp": "2026-01-05T09:00:00Z"}
    made = portal.create("notes", **at, hs_note_body="é" * 65_536)
    assert len(portal.read("notes", made, "hs_note_body")["hs_note_body"]) == 65_536
    answer = portal.call("POST", "objects/notes", {"properties": {**at, "hs_note_body": "x" * 65_537}})
    assert problem(answer)[1] == "hs_note_body"


def test_what_follows_from_a_deals_stage_is_calculated(portal: PortalClient) -> None:
    made = portal.create("deals", dealname="D", amount="1000", dealstage="contractsent", closedate="2030-01-01")
    names = ("pipeline", "hs_deal_stage_probability", "hs_projected_amount", "hs_is_closed", "hs_is_closed_won")
    assert list(portal.read("deals", made, *names).values())[:5] == ["default", "0.9", "900.00", "false", "false"]
    portal.call("PATCH", f"objects/deals/{made}", {"properties": {"dealstage": "closedwon", "amount": ""}})
    assert list(portal.read("deals", made, *names).values())[:5] == ["default", "1.0", None, "true", "true"]


def test_pages_follow_each_other_by_place_and_by_link(portal: PortalClient) -> None:
    made = [portal.create("companies", name=f"Page {n}") for n in range(5)]
    after, seen = str(int(made[0]) - 1), []
    while True:
        page = portal.call("GET", "objects/companies", limit=2, after=after, properties="name").json()
        seen += [one["id"] for one in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
        link = page["paging"]["next"]["link"]
        assert link.startswith(portal.sandbox.handle["http"])
        assert portal.http.get(link).json()["results"][0]["properties"].keys() >= {"name"}
    assert seen == made


def test_a_list_takes_a_hundred_at_most_and_no_place_that_is_none(portal: PortalClient) -> None:
    for query in (
        {"limit": 101},
        {"limit": 0},
        {"limit": "x"},
        {"after": "x"},
        {"limit": 51, "propertiesWithHistory": "email"},
    ):
        assert portal.call("GET", "objects/contacts", **query).status_code == 400, query


def test_properties_may_be_named_again_or_with_commas(portal: PortalClient) -> None:
    made = portal.create("contacts", firstname="F", city="C")
    for query in ("properties=firstname&properties=city", "properties=firstname,city", "properties=firstname%2Ccity"):
        read = portal.http.get(f"/crm/v3/objects/contacts/{made}?{query}").json()["properties"]
        assert (read["firstname"], read["city"]) == ("F", "C")


def test_history_tells_the_values_newest_first(portal: PortalClient) -> None:
    made = portal.create("contacts", firstname="One")
    for name in ("Two", "Two", ""):
        portal.call("PATCH", f"objects/contacts/{made}", {"properties": {"firstname": name, "city": name}})
    body = portal.call("GET", f"objects/contacts/{made}", propertiesWithHistory="firstname").json()
    assert [one["value"] for one in body["propertiesWithHistory"]["firstname"]] == ["", "Two", "One"]


def test_an_archived_contacts_email_is_free_again(portal: PortalClient) -> None:
    email = address()
    first = portal.create("contacts", email=email)
    portal.call("DELETE", f"objects/contacts/{first}")
    assert portal.call("DELETE", f"objects/contacts/{first}").status_code == 204
    second = portal.create("contacts", email=email)
    assert second != first
    assert portal.call("GET", f"objects/contacts/{email}", idProperty="email").json()["id"] == second
    gone = portal.call("GET", f"objects/contacts/{first}", archived="true").json()
    assert (gone["archived"], gone["properties"]["email"]) == (True, email)
    listed = portal.call("GET", "objects/contacts", archived="true", after=str(int(first) - 1), limit=1).json()
    assert listed["results"][0]["archivedAt"]


def test_a_merged_contact_is_found_by_its_old_id_and_email(portal: PortalClient) -> None:
    one, two = address(), address()
    primary, other = portal.create("contacts", email=one), portal.create("contacts", email=two, city="Rome")
    company = portal.create("companies", name="Merged")
    portal.version = "v4"
    portal.call("PUT", f"objects/contacts/{other}/associations/default/companies/{company}").raise_for_status()
    body = {"primaryObjectId": primary, "objectIdToMerge": other}
    merged = portal.call("POST", "objects/contacts/merge", body).json()
    assert (merged["id"], merged["properties"]["city"], merged["properties"]["email"]) == (primary, "Rome", one)
    assert portal.call("GET", f"objects/contacts/{other}").json()["id"] == primary
    assert portal.call("GET", f"objects/contacts/{two}", idProperty="email").json()["id"] == primary
    again = portal.batch("contacts", "upsert", [{"id": two, "idProperty": "email", "properties": {"city": "Pisa"}}])
    assert (again.json()["results"][0]["id"], again.json()["results"][0]["new"]) == (primary, False)
    ends = portal.call("GET", f"objects/contacts/{primary}/associations/companies").json()["results"]
    assert [str(end["toObjectId"]) for end in ends] == [company]
    assert portal.call("POST", "objects/contacts/merge", body).status_code in (400, 404)


def test_a_person_who_asks_for_it_is_forgotten(portal: PortalClient) -> None:
    email = address()
    made = portal.create("contacts", email=email)
    body = {"objectId": email, "idProperty": "email"}
    assert portal.call("POST", "objects/contacts/gdpr-delete", body).status_code == 204
    assert portal.call("GET", f"objects/contacts/{made}", archived="true").status_code == 404
    assert portal.call("POST", "objects/contacts/gdpr-delete", body).status_code == 404


def test_a_custom_object_is_made_and_used(portal: PortalClient) -> None:
    schema = {
        "name": "device",
        "labels": {"singular": "Device", "plural": "Devices"},
        "primaryDisplayProperty": "serial",
        "requiredProperties": ["serial"],
        "properties": [
            {"name": "serial", "label": "Serial", "type": "string", "fieldType": "text", "hasUniqueValue": True},
            {"name": "weight", "label": "Weight", "type": "number", "fieldType": "number"},
        ],
    }
    answer = portal.call("POST", "schemas", schema)
    made = answer.json()
    assert (answer.status_code, made["objectTypeId"].startswith("2-")) == (201, True)
    assert portal.call("POST", "schemas", schema).status_code == 409
    assert portal.call("POST", "schemas", {"name": "x"}).status_code == 400
    for name in ("devices", made["objectTypeId"], made["fullyQualifiedName"]):
        inputs = [{"id": "S1", "idProperty": "serial", "properties": {"weight": 3}}]
        assert portal.batch(name, "upsert", inputs).status_code == 200
    assert len(portal.call("GET", "objects/device").json()["results"]) == 1
    assert portal.call("POST", "objects/device", {"properties": {"weight": "1"}}).status_code == 400
    assert [one["name"] for one in portal.call("GET", "schemas").json()["results"]] == ["device"]
    contact, device = portal.create("contacts", firstname="X"), portal.create("device", serial="S2")
    portal.version = "v4"
    link = f"objects/device/{device}/associations/default/contacts/{contact}"
    assert portal.call("PUT", link).json()["results"][0]["associationSpec"]["associationCategory"] == "USER_DEFINED"


def test_standard_objects_have_schemas_too(portal: PortalClient) -> None:
    schema = portal.call("GET", "schemas/contacts").json()
    assert (schema["objectTypeId"], schema["fullyQualifiedName"]) == ("0-1", "CONTACT")
    assert {"279", "4"} <= {one["id"] for one in schema["associations"]}
