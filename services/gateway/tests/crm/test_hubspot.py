"""HubSpot records as people look at them, in the sandbox's portal."""

from itertools import count

import pytest
from crm_sandbox.testing import PortalClient
from gateway.crm.hubspot import HubSpot
from gateway.domain.crm_records import Refused, Row
from shared.errors import Retryable

CREATE = "/crm/objects/*/batch/create"
_NUMBERS = count(1)


def person(**more: object) -> Row:
    return {"email": f"book{next(_NUMBERS)}@gateway.example", **more}


def calls(portal: PortalClient, ending: str) -> int:
    found = portal.sandbox.admin("GET", "/calls").json()["calls"]
    return sum(call["count"] for call in found if call["path"].endswith(ending))


def amount(portal: PortalClient, kind: str = "contacts") -> int:
    return int(portal.sandbox.admin("GET", "/hubspot").json()["records"].get(kind, 0))


async def made(book: HubSpot, *rows: Row, kind: str = "contacts") -> list[str]:
    changes = await book.create(kind, rows)
    assert {change.state for change in changes} == {"created"}, changes
    return [change.id or "" for change in changes]


async def test_properties_say_what_may_be_written(book: HubSpot) -> None:
    fields = {field.name: field for field in await book.fields("contacts")}
    assert (fields["email"].type, fields["email"].createable, fields["email"].required) == ("string", True, False)
    assert fields["hs_object_id"].updateable is False
    notes = {field.name: field.required for field in await book.fields("note")}
    assert [name for name, required in notes.items() if required] == ["hs_timestamp"]


async def test_every_record_is_on_one_page_of_the_list(book: HubSpot) -> None:
    ids = await made(book, *({"name": f"Company {n}"} for n in range(250)), kind="companies")
    pages = [await book.page("companies", ["name", "domain"], limit=120, cursor=None)]
    while (cursor := pages[-1].next_cursor) is not None:
        pages.append(await book.page("companies", ["name", "domain"], limit=120, cursor=cursor))
    assert [len(page.records) for page in pages[:-1]] == [120] * (len(pages) - 1)
    found = [record for page in pages for record in page.records]
    assert len(found) == len({record_id for record_id, _ in found})
    assert dict(found)[ids[7]] == {"name": "Company 7", "domain": None}
    assert set(ids) <= set(dict(found))


async def test_hundreds_of_asked_properties_do_not_burst_an_address(book: HubSpot) -> None:
    ids = await made(book, person(firstname="Ann"))
    names = [field.name for field in await book.fields("contacts")]
    page = await book.page("contacts", names * 40, limit=200, cursor=None)
    assert dict(page.records)[ids[0]]["firstname"] == "Ann"


async def test_150_records_are_two_calls(book: HubSpot, portal: PortalClient) -> None:
    ids = await made(book, *(person(firstname=f"é{n}") for n in range(150)))
    assert calls(portal, "/batch/create") == 2
    assert portal.read("contacts", ids[140], "firstname")["firstname"] == "é140"


async def test_values_become_the_text_that_hubspot_keeps(book: HubSpot, portal: PortalClient) -> None:
    name = f"choices_{next(_NUMBERS)}"
    options = [{"label": one, "value": one, "displayOrder": 0, "hidden": False} for one in ("a", "b", "c")]
    kind = {"type": "enumeration", "fieldType": "checkbox", "options": options}
    portal.add_property("deals", name, **kind).raise_for_status()
    row = {"dealname": "D", "amount": 12.5, name: ["a", "c"], "closedate": None, "description": {"é": [True]}}
    (deal,) = await made(book, row, kind="deals")
    shown = portal.read("deals", deal, "amount", name, "closedate", "description")
    assert (shown["amount"], shown[name], shown["closedate"]) == ("12.5", "a;c", None)
    assert shown["description"] == '{"é": [true]}'


async def test_each_new_record_has_its_own_verdict_in_the_order_of_the_rows(
    book: HubSpot, portal: PortalClient
) -> None:
    taken = person()
    await made(book, taken)
    rows = [{"email": "no address"}, person(firstname="Bea"), {"nope": "1"}, dict(taken), person()]
    changes = await book.create("contacts", rows)
    assert [change.index for change in changes] == [0, 1, 2, 3, 4]
    assert [change.code for change in changes] == ["INVALID_EMAIL", None, "PROPERTY_DOESNT_EXIST", "CONFLICT", None]
    assert portal.read("contacts", changes[1].id or "", "firstname")["firstname"] == "Bea"
    assert "nope" in (changes[2].reason or "")


async def test_a_call_that_is_refused_as_a_whole_is_halved_until_the_culprit_is_found(
    book: HubSpot, portal: PortalClient
) -> None:
    before = amount(portal)
    # Twice, for the whole call and for its first half, whose two records are then tried alone.
    portal.sandbox.fault(method="POST", path=CREATE, nth=[1, 2], status=400)
    changes = await book.create("contacts", [person(), person(), person(), {"email": "no address"}])
    assert [change.state for change in changes] == ["created", "created", "created", "failed"]
    assert amount(portal) == before + 3


@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_create_whose_answer_is_lost_is_not_repeated(book: HubSpot, portal: PortalClient, drop: str) -> None:
    before = amount(portal)
    portal.sandbox.fault(method="POST", path=CREATE, nth=[1], drop=drop)
    with pytest.raises(Retryable, match="may have been made"):
        await book.create("contacts", [person()])
    assert amount(portal) == before + (drop == "after")
    assert calls(portal, "/batch/create") == 1


async def test_records_that_were_made_before_a_call_was_lost_are_told(book: HubSpot, portal: PortalClient) -> None:
    portal.sandbox.fault(method="POST", path=CREATE, nth=[2], drop="after")
    changes = await book.create("contacts", [person() for _ in range(150)])
    assert [change.state for change in changes] == ["created"] * 100 + ["failed"] * 50
    assert {change.code for change in changes[100:]} == {"ANSWER_LOST"}


async def test_a_refused_call_that_made_nothing_is_repeated(book: HubSpot, portal: PortalClient) -> None:
    portal.sandbox.fault(method="POST", path=CREATE, nth=[1], status=429)
    assert len(await made(book, person())) == 1
    assert calls(portal, "/batch/create") == 2


async def test_records_are_archived_and_unknown_ones_say_so(book: HubSpot, portal: PortalClient) -> None:
    ids = await made(book, *(person() for _ in range(120)))
    changes = await book.delete("contacts", [*ids, "999999999", "x"])
    assert [change.state for change in changes] == ["deleted"] * 120 + ["failed"] * 2
    assert {change.code for change in changes[120:]} == {"OBJECT_NOT_FOUND"}
    assert calls(portal, "/batch/archive") == 2
    again = await book.delete("contacts", ids[:1])
    assert (again[0].state, again[0].code) == ("failed", "OBJECT_NOT_FOUND")


async def test_the_id_of_a_merged_record_does_not_delete_its_survivor(book: HubSpot, portal: PortalClient) -> None:
    survivor, merged = await made(book, person(), person())
    order = {"primaryObjectId": survivor, "objectIdToMerge": merged}
    survivor = portal.call("POST", "objects/contacts/merge", order).raise_for_status().json()["id"]
    changes = await book.delete("contacts", [merged])
    assert changes[0].code == "OBJECT_NOT_FOUND"
    assert portal.call("GET", f"objects/contacts/{survivor}").status_code == 200


async def test_a_contact_and_a_company_of_the_same_id_are_two_records(book: HubSpot) -> None:
    assert book.key("contact", "151") == book.key("contacts", "151") != book.key("companies", "151")


async def test_what_the_portal_does_not_have_is_told(book: HubSpot) -> None:
    with pytest.raises(Refused, match="no object butterflies") as unknown:
        await book.fields("butterflies")
    assert unknown.value.found is False
    with pytest.raises(Refused, match="not the name of an object"):
        await book.page("../properties", [], limit=1, cursor=None)
    with pytest.raises(Refused, match="no property nope"):
        await book.page("contacts", ["nope"], limit=1, cursor=None)
    with pytest.raises(Refused, match="Did you mean email"):
        await book.page("contacts", ["emial"], limit=1, cursor=None)
    with pytest.raises(Refused, match="HubSpot refuses this"):
        await book.page("contacts", [], limit=1, cursor="no cursor")


async def test_a_property_that_was_added_meanwhile_is_found(book: HubSpot, portal: PortalClient) -> None:
    await made(book, person())
    name = f"added_{next(_NUMBERS)}"
    with pytest.raises(Refused):
        await book.page("contacts", [name], limit=1, cursor=None)
    portal.add_property("contacts", name).raise_for_status()
    page = await book.page("contacts", [name], limit=1, cursor=None)
    assert page.records[0][1] == {name: None}
