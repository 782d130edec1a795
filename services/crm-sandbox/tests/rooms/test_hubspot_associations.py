"""Associations of v4 and v3 (contract checks 92 and 93)."""

from typing import Any

import pytest

from crm_sandbox.testing import PortalClient

ENDS = {"notes": {"hs_timestamp": "2026-01-05T09:00:00Z"}, "tickets": {"subject": "s", "hs_pipeline_stage": "1"}}
ENDS |= {"calls": ENDS["notes"], "tasks": ENDS["notes"], "deals": {"dealname": "d"}, "companies": {"name": "c"}}
ENDS |= {"contacts": {"firstname": "f"}}


@pytest.fixture
def v4(portal: PortalClient) -> PortalClient:
    portal.version = "v4"
    return portal


def made(portal: PortalClient, kind: str) -> str:
    return portal.create(kind, **ENDS[kind])


def link(kind: int, category: str = "HUBSPOT_DEFINED") -> dict[str, Any]:
    return {"associationCategory": category, "associationTypeId": kind}


def kinds(portal: PortalClient, source: str, number: str, target: str) -> dict[str, list[int]]:
    """The type ids of the links, by the id of the other end."""
    results = portal.call("GET", f"objects/{source}/{number}/associations/{target}").json()["results"]
    return {str(end["toObjectId"]): [one["typeId"] for one in end["associationTypes"]] for end in results}


def test_a_default_link_is_made_once_however_often(v4: PortalClient) -> None:
    contact, company = made(v4, "contacts"), made(v4, "companies")
    path = f"objects/contacts/{contact}/associations/default/companies/{company}"
    for _ in range(2):
        answer = v4.call("PUT", path)
        assert (answer.status_code, answer.json()["results"][0]["associationSpec"]) == (200, link(279))
    assert kinds(v4, "contacts", contact, "companies") == {company: [1, 279]}
    assert kinds(v4, "company", company, "0-1") == {contact: [2, 280]}
    assert v4.call("DELETE", path.replace("/default", "")).status_code == 204
    assert kinds(v4, "companies", company, "contacts") == {}


def test_the_first_company_is_the_primary_one_unless_switched_off(v4: PortalClient) -> None:
    contact, first, second = made(v4, "contacts"), made(v4, "companies"), made(v4, "companies")
    inputs = [{"from": {"id": contact}, "to": {"id": one}} for one in (first, second)]
    answer = v4.call("POST", "associations/contacts/companies/batch/associate/default", {"inputs": inputs})
    assert (answer.status_code, len(answer.json()["results"])) == (200, 2)
    assert kinds(v4, "contacts", contact, "companies") == {first: [1, 279], second: [279]}
    v4.settings(first_company_is_primary=False)
    other = made(v4, "contacts")
    v4.call("PUT", f"objects/contacts/{other}/associations/default/companies/{first}")
    assert kinds(v4, "contacts", other, "companies") == {first: [279]}


@pytest.mark.parametrize("from_company", [True, False])
def test_there_is_one_primary_company(v4: PortalClient, from_company: bool) -> None:
    contact, first, second = made(v4, "contacts"), made(v4, "companies"), made(v4, "companies")
    for company in (first, second):
        path = f"objects/contacts/{contact}/associations/companies/{company}"
        kind = 1
        if from_company:
            path, kind = f"objects/companies/{company}/associations/contacts/{contact}", 2
        answer = v4.call("PUT", path, [link(kind)])
        assert (answer.status_code, answer.json()["labels"]) == (201, ["Primary"])
    assert kinds(v4, "contacts", contact, "companies") == {first: [279], second: [1, 279]}


@pytest.mark.parametrize(
    ("source", "target", "kind", "inverse"),
    [
        ("deals", "contacts", 3, 4),
        ("deals", "companies", 341, 342),
        ("contacts", "tickets", 15, 16),
        ("tickets", "companies", 339, 340),
        ("deals", "tickets", 27, 28),
        *[("notes", t, k, k - 1) for t, k in (("contacts", 202), ("companies", 190), ("deals", 214), ("tickets", 228))],
        *[("calls", t, k, k - 1) for t, k in (("contacts", 194), ("companies", 182), ("deals", 206), ("tickets", 220))],
        *[("tasks", t, k, k - 1) for t, k in (("contacts", 204), ("companies", 192), ("deals", 216), ("tickets", 230))],
    ],
)
def test_typed_links_are_seen_from_both_ends(
    v4: PortalClient, source: str, target: str, kind: int, inverse: int
) -> None:
    one, other = made(v4, source), made(v4, target)
    inputs = [{"from": {"id": one}, "to": {"id": other}, "types": [link(kind)]}]
    answer = v4.call("POST", f"associations/{source}/{target}/batch/create", {"inputs": inputs})
    (result,) = answer.json()["results"]
    assert (answer.status_code, result["fromObjectId"], result["toObjectId"]) == (201, int(one), int(other))
    assert kind in kinds(v4, source, one, target)[other]
    assert inverse in kinds(v4, target, other, source)[one]


def test_bad_links_are_told_and_good_ones_made(v4: PortalClient) -> None:
    contact, other = made(v4, "contacts"), made(v4, "contacts")
    ends = [("unknown_id_1", other, 449), (contact, contact, 449), (contact, other, 449), (contact, other, 279)]
    inputs = [{"from": {"id": one}, "to": {"id": two}, "types": [link(kind)]} for one, two, kind in ends]
    answer = v4.call("POST", "associations/contacts/contacts/batch/create", {"inputs": inputs})
    body = answer.json()
    assert (answer.status_code, body["numErrors"], len(body["results"])) == (207, 3, 1)
    assert body["errors"][0] == {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "subCategory": "crm.associations.INVALID_IDENTIFIER",
        "message": "unknown_id_1 is not a valid ID",
        "context": {"id": ["unknown_id_1"]},
    }
    assert body["errors"][1]["message"] == f"Object {contact} cannot be associated to itself ({contact})"
    assert "279" in body["errors"][2]["message"]


@pytest.mark.parametrize("spec", [link(279, "USER_DEFINED"), link(4), link(9999), {}])
def test_a_kind_that_does_not_lead_there_is_refused(v4: PortalClient, spec: dict[str, Any]) -> None:
    contact, company = made(v4, "contacts"), made(v4, "companies")
    path = f"objects/contacts/{contact}/associations/companies/{company}"
    assert v4.call("PUT", path, [spec]).status_code == 400
    assert v4.call("PUT", path, []).status_code == 400
    assert kinds(v4, "contacts", contact, "companies") == {}


def test_records_without_links_are_told_as_such(v4: PortalClient) -> None:
    contact, lonely, company = made(v4, "contacts"), made(v4, "contacts"), made(v4, "companies")
    v4.call("PUT", f"objects/contacts/{contact}/associations/default/companies/{company}")
    inputs = [{"id": contact}, {"id": lonely}]
    answer = v4.call("POST", "associations/contacts/companies/batch/read", {"inputs": inputs})
    body = answer.json()
    assert answer.status_code == 207
    assert body["results"][0]["from"] == {"id": contact}
    first = body["results"][0]["to"][0]["associationTypes"][0]
    assert first == {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}
    (error,) = body["errors"]
    assert error["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert error["message"] == f"No company is associated with contact {lonely}."
    assert error["context"]["fromObjectId"] == [lonely]


def test_a_record_is_made_with_its_links_or_not_at_all(portal: PortalClient) -> None:
    contact, company = made(portal, "contacts"), made(portal, "companies")
    links = [{"to": {"id": contact}, "types": [link(202)]}, {"to": {"id": company}, "types": [link(190)]}]
    body = {"properties": ENDS["notes"], "associations": links}
    note = portal.call("POST", "objects/notes", body).json()["id"]
    read = portal.call("GET", f"objects/notes/{note}", associations="contacts,companies").json()["associations"]
    assert read["contacts"]["results"] == [{"id": contact, "type": "note_to_contact"}]
    assert read["companies"]["results"] == [{"id": company, "type": "note_to_company"}]
    before = portal.sandbox.admin("GET", "/hubspot").json()["records"]["notes"]
    for wrong in ({"to": {"id": "1"}, "types": [link(202)]}, {"to": {"id": contact}, "types": [link(999)]}, {}):
        assert portal.call("POST", "objects/notes", {**body, "associations": [wrong]}).status_code == 400
    assert portal.sandbox.admin("GET", "/hubspot").json()["records"]["notes"] == before


def test_an_archived_record_has_no_links(v4: PortalClient) -> None:
    contact, company = made(v4, "contacts"), made(v4, "companies")
    v4.call("PUT", f"objects/contacts/{contact}/associations/default/companies/{company}")
    v4.call("DELETE", f"objects/companies/{company}")
    assert kinds(v4, "contacts", contact, "companies") == {}


def counted(portal: PortalClient, kind: str, number: str, name: str) -> str | None:
    value: str | None = portal.read(kind, number, name)[name]
    return value


def test_a_company_and_a_deal_count_what_belongs_to_them(v4: PortalClient) -> None:
    company, deal = made(v4, "companies"), made(v4, "deals")
    contacts = [made(v4, "contacts") for _ in range(3)]
    assert counted(v4, "companies", company, "num_associated_contacts") is None
    inputs = [{"from": {"id": one}, "to": {"id": company}} for one in contacts]
    for _ in range(2):
        v4.call("POST", "associations/contacts/companies/batch/associate/default", {"inputs": inputs})
    v4.call("PUT", f"objects/deals/{deal}/associations/default/companies/{company}")
    v4.call("PUT", f"objects/deals/{deal}/associations/default/contacts/{contacts[0]}")
    assert counted(v4, "companies", company, "num_associated_contacts") == "3"
    assert counted(v4, "companies", company, "num_associated_deals") == "1"
    assert counted(v4, "contacts", contacts[0], "num_associated_deals") == "1"
    assert counted(v4, "deals", deal, "num_associated_contacts") == "1"
    v4.call("DELETE", f"objects/contacts/{contacts[0]}/associations/companies/{company}")
    v4.call("DELETE", f"objects/contacts/{contacts[1]}")
    v4.call("POST", "objects/contacts/merge", {"primaryObjectId": made(v4, "contacts"), "objectIdToMerge": contacts[2]})
    assert counted(v4, "companies", company, "num_associated_contacts") == "1"
    written = v4.call("PATCH", f"objects/companies/{company}", {"properties": {"num_associated_contacts": "9"}})
    assert written.json()["errors"][0]["code"] == "READ_ONLY_VALUE"


def test_links_come_in_pages(v4: PortalClient) -> None:
    company = made(v4, "companies")
    contacts = [made(v4, "contacts") for _ in range(3)]
    inputs = [{"from": {"id": one}, "to": {"id": company}} for one in contacts]
    v4.call("POST", "associations/contacts/companies/batch/associate/default", {"inputs": inputs})
    page = v4.call("GET", f"objects/companies/{company}/associations/contacts", limit=2).json()
    assert [str(end["toObjectId"]) for end in page["results"]] == contacts[:2]
    after = page["paging"]["next"]["after"]
    rest = v4.call("GET", f"objects/companies/{company}/associations/contacts", limit=2, after=after).json()
    assert [str(end["toObjectId"]) for end in rest["results"]] == contacts[2:]
    assert "paging" not in rest


def test_a_portal_has_labels_of_its_own(v4: PortalClient) -> None:
    path = "associations/contacts/companies/labels"
    given = {"name": "billing", "label": "Billing contact", "inverseLabel": "Billed company"}
    pair = v4.call("POST", path, given).json()["results"]
    assert [one["label"] for one in pair] == ["Billing contact", "Billed company"]
    assert v4.call("POST", path, given).status_code == 409
    number = pair[0]["typeId"]
    contact, company = made(v4, "contacts"), made(v4, "companies")
    answer = v4.call(
        "PUT", f"objects/contacts/{contact}/associations/companies/{company}", [link(number, "USER_DEFINED")]
    )
    assert answer.json()["labels"] == ["Billing contact"]
    assert number in kinds(v4, "contacts", contact, "companies")[company]
    assert v4.call("PUT", path, {"associationTypeId": number, "label": "Pays"}).status_code == 204
    assert "Pays" in [one["label"] for one in v4.call("GET", path).json()["results"]]
    ends = {"from": {"id": contact}, "to": {"id": company}, "types": [link(number, "USER_DEFINED")]}
    archive = "associations/contacts/companies/batch/labels/archive"
    assert v4.call("POST", archive, {"inputs": [ends]}).status_code == 204
    assert number not in kinds(v4, "contacts", contact, "companies")[company]
    assert v4.call("DELETE", f"{path}/{number}").status_code == 204
    assert number not in [one["typeId"] for one in v4.call("GET", path).json()["results"]]
    assert v4.call("DELETE", f"{path}/279").status_code == 404


def test_many_links_are_archived_at_once(v4: PortalClient) -> None:
    contact, companies = made(v4, "contacts"), [made(v4, "companies") for _ in range(2)]
    for one in companies:
        v4.call("PUT", f"objects/contacts/{contact}/associations/default/companies/{one}")
    inputs = [{"from": {"id": contact}, "to": [{"id": one} for one in companies]}]
    assert v4.call("POST", "associations/contacts/companies/batch/archive", {"inputs": inputs}).status_code == 204
    assert kinds(v4, "contacts", contact, "companies") == {}


def test_v3_knows_kinds_by_name(portal: PortalClient) -> None:
    contact, deal = made(portal, "contacts"), made(portal, "deals")
    names = portal.call("GET", "associations/contacts/deals/types").json()["results"]
    assert names == [{"id": "4", "name": "contact_to_deal"}]
    ends = {"from": {"id": contact}, "to": {"id": deal}}
    bodies = [{**ends, "type": "contact_to_deal"}, {**ends, "type": "nothing"}]
    answer = portal.call("POST", "associations/contacts/deals/batch/create", {"inputs": bodies})
    assert (answer.status_code, answer.json()["results"], answer.json()["numErrors"]) == (207, bodies[:1], 1)
    inputs = {"inputs": [{"id": contact}, {"id": made(portal, "contacts")}]}
    read = portal.call("POST", "associations/contacts/deals/batch/read", inputs).json()
    assert read["results"] == [{"from": {"id": contact}, "to": [{"id": deal, "type": "contact_to_deal"}]}]
    listed = portal.call("GET", f"objects/contacts/{contact}/associations/deals").json()["results"]
    assert listed == [{"id": deal, "type": "contact_to_deal"}]
    portal.call("POST", "associations/contacts/deals/batch/archive", {"inputs": bodies[:1]})
    path = f"objects/contacts/{contact}/associations/deals/{deal}/contact_to_deal"
    assert portal.call("GET", f"objects/contacts/{contact}/associations/deals").json()["results"] == []
    assert portal.call("PUT", path).status_code == 200
    assert portal.call("DELETE", path).status_code == 204
    assert portal.call("GET", f"objects/contacts/{contact}/associations/deals").json()["results"] == []


def test_more_than_two_thousand_links_at_once_are_refused(v4: PortalClient) -> None:
    inputs = [{"from": {"id": "1"}, "to": {"id": "2"}}] * 2001
    answer = v4.call("POST", "associations/contacts/companies/batch/associate/default", {"inputs": inputs})
    assert answer.status_code == 400
