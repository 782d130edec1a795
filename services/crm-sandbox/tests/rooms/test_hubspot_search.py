"""Search: filters, order, pages and what the index does not know yet (contract check 91)."""

import itertools
from typing import Any

import pytest

from crm_sandbox.testing import PortalClient

_NUMBERS = itertools.count(1)


@pytest.fixture
def shelf(portal: PortalClient) -> str:
    """A new mark, by which a test finds its own companies only."""
    return f"shelf{next(_NUMBERS)}"


@pytest.fixture
def stocked(portal: PortalClient, shelf: str) -> str:
    """Four companies under the mark: one with nothing but its name."""
    rows: list[dict[str, Any]] = [
        {
            "name": "Alpha Works",
            "annualrevenue": 9,
            "is_public": True,
            "closedate": "2026-01-01",
            "industry": "BANKING",
        },
        {"name": "Beta-Labs", "annualrevenue": 10, "is_public": False, "closedate": "2026-02-01", "industry": "RETAIL"},
        {"name": "gamma works", "annualrevenue": 100, "closedate": "2026-03-01T12:00:00Z", "industry": "SPORTS"},
        {"name": "Delta"},
    ]
    inputs = [{"properties": {**row, "description": shelf}} for row in rows]
    assert portal.batch("companies", "create", inputs).status_code == 201
    return shelf


def names(portal: PortalClient, mark: str, *filters: dict[str, Any], **more: Any) -> list[str]:
    mine = {"propertyName": "description", "operator": "EQ", "value": mark}
    body = {"filterGroups": [{"filters": [mine, *filters]}], "properties": ["name"], "limit": 200, **more}
    answer = portal.call("POST", "objects/companies/search", body)
    assert answer.status_code == 200, answer.text
    return [one["properties"]["name"] for one in answer.json()["results"]]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (("annualrevenue", "EQ", "10.0"), "B"),
        (("annualrevenue", "NEQ", 10), "ADg"),
        (("annualrevenue", "GT", "9"), "Bg"),
        (("annualrevenue", "GTE", "9"), "ABg"),
        (("annualrevenue", "LT", "10"), "A"),
        (("annualrevenue", "LTE", 10), "AB"),
        (("name", "EQ", "alpha works"), "A"),
        (("closedate", "GT", "2026-01-31"), "Bg"),
        (("closedate", "EQ", "1772366400000"), "g"),
        (("is_public", "EQ", "true"), "A"),
        (("name", "CONTAINS_TOKEN", "works"), "Ag"),
        (("name", "CONTAINS_TOKEN", "*lph*"), "A"),
        (("name", "CONTAINS_TOKEN", "Labs"), "B"),
        (("name", "CONTAINS_TOKEN", "lab"), ""),
        (("name", "NOT_CONTAINS_TOKEN", "works"), "BD"),
    ],
)
def test_filters_compare_as_the_type_has_it(
    portal: PortalClient, stocked: str, condition: tuple[str, str, Any], found: str
) -> None:
    name, operator, value = condition
    given = {"propertyName": name, "operator": operator, "value": value}
    assert sorted(one[0] for one in names(portal, stocked, given)) == sorted(found)


def test_filters_of_ranges_lists_and_presence(portal: PortalClient, stocked: str) -> None:
    for given, found in (
        ({"operator": "BETWEEN", "propertyName": "annualrevenue", "value": "9", "highValue": "10"}, "AB"),
        ({"operator": "IN", "propertyName": "industry", "values": ["BANKING", "SPORTS"]}, "Ag"),
        ({"operator": "NOT_IN", "propertyName": "industry", "values": ["BANKING"]}, "Bg"),
        ({"operator": "HAS_PROPERTY", "propertyName": "industry"}, "ABg"),
        ({"operator": "NOT_HAS_PROPERTY", "propertyName": "industry"}, "D"),
    ):
        assert sorted(one[0] for one in names(portal, stocked, given)) == sorted(found), given


def test_groups_are_alternatives(portal: PortalClient, stocked: str) -> None:
    mine = {"propertyName": "description", "operator": "EQ", "value": stocked}
    groups = [
        {"filters": [mine, {"propertyName": "industry", "operator": "EQ", "value": one}]}
        for one in ("BANKING", "RETAIL")
    ]
    answer = portal.call("POST", "objects/companies/search", {"filterGroups": groups}).json()
    assert answer["total"] == 2


def test_results_are_ordered_by_one_property(portal: PortalClient, stocked: str) -> None:
    ascending = names(portal, stocked, sorts=[{"propertyName": "annualrevenue", "direction": "ASCENDING"}])
    assert ascending == ["Alpha Works", "Beta-Labs", "gamma works", "Delta"]
    assert names(portal, stocked, sorts=["-annualrevenue"])[1:] == ["gamma works", "Beta-Labs", "Alpha Works"]


def test_words_are_looked_for_in_the_usual_properties(portal: PortalClient, stocked: str) -> None:
    assert names(portal, stocked, query="works alph") == ["Alpha Works"]
    assert names(portal, stocked, query="nothing") == []


def test_records_are_found_by_what_they_are_linked_with(portal: PortalClient, stocked: str) -> None:
    (first,) = portal.call("GET", "objects/contacts", limit=1).json()["results"]
    body = {"filters": [{"propertyName": "associations.contact", "operator": "EQ", "value": first["id"]}]}
    answer = portal.call("POST", "objects/companies/search", body).json()
    assert answer["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"filterGroups": {}},
        {"filterGroups": [[]]},
        {"filterGroups": [{"filters": {}}]},
        {"filterGroups": [{"filters": [1]}]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filters": [{"propertyName": "name", "operator": "HAS_PROPERTY"}] * 7},
        {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "HAS_PROPERTY"}] * 5}] * 4},
        {"filters": [{"propertyName": "no_such", "operator": "EQ", "value": "1"}]},
        {"filters": [{"propertyName": "name", "operator": "LIKE", "value": "1"}]},
        {"filters": [{"propertyName": "name", "operator": "EQ"}]},
        {"filters": [{"propertyName": "name", "operator": "EQ", "values": ["1"]}]},
        {"filters": [{"propertyName": "name", "operator": "EQ", "value": "1", "highValue": "2"}]},
        {"filters": [{"propertyName": "name", "operator": "HAS_PROPERTY", "value": "1"}]},
        {"filters": [{"propertyName": "name", "operator": "IN", "values": []}]},
        {"filters": [{"propertyName": "name", "operator": "EQ", "value": "1", "caseSensitive": True}]},
        {"filters": [{"propertyName": "annualrevenue", "operator": "GT", "value": "many"}]},
        {"filters": [{"propertyName": "closedate", "operator": "GT", "value": "soon"}]},
        {"filters": [{"propertyName": "associations.contact", "operator": "GT", "value": "1"}]},
        {"sorts": ["name", "domain"]},
        {"sorts": {}},
        {"filterGroups": [{"filters": [], "operator": "OR"}]},
        {"sorts": [{"propertyName": "name", "direction": "UP"}]},
        {"sorts": ["no_such"]},
        {"limit": 201},
        {"limit": 0},
        {"limit": "ten"},
        {"after": "x"},
        {"after": 10_000},
        {"query": 5},
        {"orderBy": "name"},
    ],
)
def test_what_cannot_be_read_is_refused(portal: PortalClient, body: object) -> None:
    answer = portal.call("POST", "objects/companies/search", body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_pages_end_at_ten_thousand(portal: PortalClient, stocked: str) -> None:
    page = portal.call("POST", "objects/companies/search", {"limit": "3"}).json()
    assert (len(page["results"]), page["paging"]["next"]["after"]) == (3, "3")
    assert page["total"] > 3
    rest = portal.call("POST", "objects/companies/search", {"limit": 3, "after": "3"}).json()
    assert not {one["id"] for one in page["results"]} & {one["id"] for one in rest["results"]}
    assert portal.call("POST", "objects/companies/search", {"limit": 200, "after": 9_800}).json()["results"] == []
    assert portal.call("POST", "objects/companies/search", {"limit": 200, "after": 9_801}).status_code == 400


def test_search_sees_a_change_only_after_a_while(portal: PortalClient, shelf: str) -> None:
    portal.settings(index_lag_s=1_000)
    made = portal.create("companies", name="Old", description=shelf)
    assert names(portal, shelf) == []
    assert portal.read("companies", made, "name")["name"] == "Old"
    portal.sandbox.admin("POST", "/clock", {"advance_s": 1_001})
    assert names(portal, shelf) == ["Old"]
    portal.call("PATCH", f"objects/companies/{made}", {"properties": {"name": "New"}})
    assert names(portal, shelf) == ["Old"]
    portal.sandbox.admin("POST", "/clock", {"advance_s": 1_001})
    assert names(portal, shelf) == ["New"]
    portal.call("DELETE", f"objects/companies/{made}")
    assert names(portal, shelf) == ["New"]
    portal.sandbox.admin("POST", "/clock", {"advance_s": 1_001})
    assert names(portal, shelf) == []
