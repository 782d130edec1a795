"""What a portal does and demands by itself: companies for contacts (contract check 83), rules of its own (3.1)."""

import itertools
from typing import Any

import httpx
import pytest

from crm_sandbox.testing import PortalClient

CLOSED = {"object": "deals", "property": "closedate", "when": {"dealstage": "closedwon"}}
NAMED = {"object": "contacts", "property": "lastname"}
DIALLED = {"object": "contacts", "property": "phone", "pattern": r"\+\d+"}
_NUMBERS = itertools.count(1)


def domain() -> str:
    return f"portal{next(_NUMBERS)}.example"


def companies_of(portal: PortalClient, contact: str) -> list[dict[str, Any]]:
    """Of a contact, with their names and domains."""
    ends = portal.http.get(f"/crm/v4/objects/contacts/{contact}/associations/companies").json()["results"]
    return [portal.read("companies", str(end["toObjectId"]), "name", "domain") for end in ends]


def companies(portal: PortalClient) -> int:
    return int(portal.sandbox.admin("GET", "/hubspot").json()["records"]["companies"])


def problem(answer: httpx.Response) -> tuple[str, str] | None:
    if answer.is_success:
        return None
    (error,) = answer.json()["errors"]
    return error["code"], error["context"]["propertyName"][0]


def test_a_new_contact_is_given_the_company_of_its_domain_after_a_while(portal: PortalClient) -> None:
    portal.settings(companies_of_contacts=True, companies_of_contacts_lag_s=600)
    name, before = domain(), companies(portal)
    people = [portal.create("contacts", email=f"p{n}@{name}") for n in range(3)]
    stranger = portal.create("contacts", email=f"p{next(_NUMBERS)}@gmail.com")
    assert companies_of(portal, people[0]) == []
    portal.sandbox.admin("POST", "/clock", {"advance_s": 601})
    assert [one["domain"] for person in people for one in companies_of(portal, person)] == [name] * 3
    assert companies_of(portal, stranger) == []
    assert companies(portal) == before + 1


def test_a_company_that_is_there_by_then_is_taken(portal: PortalClient) -> None:
    portal.settings(companies_of_contacts=True, companies_of_contacts_lag_s=0)
    name = domain()
    company = portal.create("companies", name="There", domain=name)
    made = portal.batch("contacts", "create", [{"properties": {"email": f"a@{name}"}}]).json()["results"][0]["id"]
    assert [one["name"] for one in companies_of(portal, made)] == ["There"]
    portal.call("DELETE", f"objects/companies/{company}")
    second = portal.create("contacts", email=f"b@{name}")
    assert [one["name"] for one in companies_of(portal, second)] == [name], "an archived one is not"


def test_without_the_setting_contacts_stay_alone(portal: PortalClient) -> None:
    portal.settings(companies_of_contacts_lag_s=0)
    before = companies(portal)
    contact = portal.create("contacts", email=f"a@{domain()}")
    assert (companies_of(portal, contact), companies(portal)) == ([], before)


@pytest.mark.parametrize(
    ("rule", "kind", "values", "refused"),
    [
        (CLOSED, "deals", {"dealname": "d", "dealstage": "closedwon"}, ("REQUIRED_FIELD", "closedate")),
        (CLOSED, "deals", {"dealname": "d", "dealstage": "closedwon", "closedate": "2026-01-01"}, None),
        (CLOSED, "deals", {"dealname": "d", "dealstage": "contractsent"}, None),
        (NAMED, "contacts", {"firstname": "f"}, ("REQUIRED_FIELD", "lastname")),
        (NAMED, "companies", {"name": "f"}, None),
        (DIALLED, "contacts", {"firstname": "f", "phone": "555"}, ("INVALID_FORMAT", "phone")),
        (DIALLED, "contacts", {"firstname": "f", "phone": "+1555"}, None),
        (DIALLED, "contacts", {"firstname": "f"}, None),
    ],
)
def test_a_rule_of_the_portal_binds_calls_of_2026_09(
    portal: PortalClient, rule: dict[str, Any], kind: str, values: dict[str, str], refused: tuple[str, str] | None
) -> None:
    portal.settings(validation_rules=[rule])
    portal.version = "2026-09"
    assert problem(portal.call("POST", f"objects/{kind}", {"properties": values})) == refused
    traced = [{"properties": values, "objectWriteTraceId": "1"}]
    batch = portal.batch(kind, "create", traced).json()
    assert [one["errors"][0]["code"] for one in batch.get("errors", [])] == ([refused[0]] if refused else [])
    for older in ("v3", "2026-03"):
        portal.version = older
        assert portal.call("POST", f"objects/{kind}", {"properties": values}).status_code == 201


def test_a_rule_holds_for_changes_that_bring_it_about(portal: PortalClient) -> None:
    portal.version = "2026-09"
    deal, contact = portal.create("deals", dealname="d"), portal.create("contacts", firstname="f", phone="555")
    portal.settings(validation_rules=[CLOSED, NAMED, DIALLED])
    won = portal.call("PATCH", f"objects/deals/{deal}", {"properties": {"dealstage": "closedwon"}})
    assert problem(won) == ("REQUIRED_FIELD", "closedate")
    changed = portal.call("PATCH", f"objects/contacts/{contact}", {"properties": {"city": "Rome"}})
    assert problem(changed) is None, "what was there before the rule may stay"
    dialled = portal.call("PATCH", f"objects/contacts/{contact}", {"properties": {"phone": "556"}})
    assert problem(dialled) == ("INVALID_FORMAT", "phone")


@pytest.mark.parametrize(
    "rules",
    [
        "none",
        [1],
        [{"object": "deals"}],
        [{"object": "deals", "property": "x", "unless": 1}],
        [{"object": "deals", "property": "x", "when": ["y"]}],
        [{"object": "deals", "property": "x", "pattern": "("}],
    ],
)
def test_rules_that_make_no_sense_are_refused(portal: PortalClient, rules: object) -> None:
    answer = portal.sandbox.admin("PATCH", "/hubspot/settings", {"validation_rules": rules})
    assert (answer.status_code, "validation_rules" in answer.text) == (400, True)
