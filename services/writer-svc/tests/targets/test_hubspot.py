"""Writing to the sandbox, which speaks HubSpot."""

import asyncio
import json
import time
from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest
from crm_sandbox.testing import PortalClient, RunningSandbox
from shared.bus import Parked
from shared.crm import simcrm
from shared.crm.hubspot import HubSpotSession
from shared.database import Database
from shared.errors import Fatal, Retryable
from writer_svc.domain.holds import NoHolds
from writer_svc.domain.plans import plan_key
from writer_svc.domain.verdicts import Verdict
from writer_svc.store.turns import StoredTurns
from writer_svc.targets.hubspot import HubSpot

UPSERTS = "/crm/objects/*/batch/upsert"
CONTACTS = {"kind": "hubspot", "object": "contacts"}
_NUMBERS = count(1)


class Noted(NoHolds):
    """Batches that were held, with the reasons."""

    def __init__(self) -> None:
        self.paused: dict[str, str] = {}
        self.waiting: list[str] = []

    async def pause(self, batch_id: str, reason: str) -> None:
        self.paused[batch_id] = reason

    async def wait_for_room(self, batch_ids: Iterable[str], reason: str) -> None:
        self.waiting += batch_ids


@pytest.fixture
def holds() -> Noted:
    return Noted()


@pytest.fixture
def target(hubspot: HubSpotSession, holds: Noted) -> HubSpot:
    return HubSpot(hubspot, holds=holds)


async def write(target: HubSpot, planned: list[Any]) -> dict[int, Verdict]:
    told = [pair async for pair in target.write(planned)]
    assert sorted(result.index for result, _ in told) == sorted(result.index for result, _ in planned)
    return {result.index: verdict for result, verdict in told}


async def write_until_an_error(target: HubSpot, planned: list[Any]) -> tuple[dict[int, str], Retryable]:
    """What was told before the error: it must not be lost with it."""
    told: dict[int, str] = {}
    try:
        async for result, verdict in target.write(planned):
            told[result.index] = verdict.state
    except Retryable as error:
        return told, error
    raise AssertionError("nothing was left for later")


def calls(sandbox: RunningSandbox, ending: str) -> int:
    found = sandbox.admin("GET", "/calls").json()["calls"]
    return sum(call["count"] for call in found if call["path"].endswith(ending))


def email(name: str = "p") -> str:
    return f"{name}{next(_NUMBERS)}@writer.example"


def amount(portal: PortalClient, kind: str) -> int:
    return int(portal.sandbox.admin("GET", "/hubspot").json()["records"].get(kind, 0))


def linked(portal: PortalClient, of: str, record_id: str | None, to: str) -> set[str]:
    found = portal.http.get(f"/crm/v4/objects/{of}/{record_id}/associations/{to}").json()["results"]
    return {str(one["toObjectId"]) for one in found}


def kinds_of_link(portal: PortalClient, of: str, record_id: str | None, to: str) -> set[int]:
    found = portal.http.get(f"/crm/v4/objects/{of}/{record_id}/associations/{to}").json()["results"]
    return {kind["typeId"] for one in found for kind in one["associationTypes"]}


async def test_150_new_contacts_are_two_calls_and_the_same_again_changes_nothing(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    await write(target, planned(CONTACTS, {"firstname": "warm up"}))
    before = amount(portal, "contacts")
    portal.sandbox.admin("DELETE", "/calls")
    group = planned(CONTACTS, *({"email": email(), "firstname": f"é {n} 🙂"} for n in range(150)))
    verdicts = await write(target, group)
    assert {verdict.state for verdict in verdicts.values()} == {"written"}
    assert calls(portal.sandbox, "/batch/upsert") == 2
    again = await write(target, group)
    assert again == verdicts
    assert amount(portal, "contacts") == before + 150
    stored = portal.read("contacts", str(verdicts[7].crm_id), "firstname", simcrm.EXTERNAL_ID, simcrm.METADATA)
    batch = group[0][0].batch_id
    assert (stored["firstname"], stored[simcrm.EXTERNAL_ID]) == ("é 7 🙂", f"{batch}-7")
    assert json.loads(stored[simcrm.METADATA])["method"] == "ai"


async def test_a_contact_that_was_read_is_updated_by_its_id(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    ids = [portal.create("contacts", email=email()) for _ in range(3)]
    merged = portal.create("contacts", email=email())
    portal.call("POST", "objects/contacts/merge", {"primaryObjectId": ids[2], "objectIdToMerge": merged})
    portal.call("DELETE", f"objects/contacts/{ids[1]}")
    group = planned(
        {"object": "contacts", "field": "jobtitle"}, "CTO", "CFO", "COO",
        source=("hubspot", "contacts"), record_id=[ids[0], ids[1], merged],
    )  # fmt: skip
    verdicts = await write(target, group)
    assert verdicts[0] == Verdict("written", crm_id=ids[0])
    assert (verdicts[1].state, verdicts[1].code) == ("failed", "OBJECT_NOT_FOUND")
    assert verdicts[2] == Verdict("written", crm_id=ids[2])
    assert [portal.read("contacts", ids[at], "jobtitle")["jobtitle"] for at in (0, 2)] == ["CTO", "COO"]


@pytest.mark.parametrize(("partial", "culprit"), [(True, 37), (False, 0), (False, 37), (False, 99)])
async def test_one_refused_record_does_not_stop_the_others_and_is_found_in_few_calls(
    target: HubSpot, portal: PortalClient, planned: Any, partial: bool, culprit: int
) -> None:
    portal.settings(partial_upserts=partial)
    answers = [{"email": email(), "firstname": "fine"} for _ in range(100)]
    answers[culprit]["email"] = "Jane Doe"
    await write(target, planned(CONTACTS, {"firstname": "warm up"}))
    portal.sandbox.admin("DELETE", "/calls")
    verdicts = await write(target, planned(CONTACTS, *answers))
    assert [at for at, verdict in verdicts.items() if verdict.state != "written"] == [culprit]
    assert verdicts[culprit].code == "INVALID_EMAIL"
    assert "Jane" not in (verdicts[culprit].reason or "")
    # One for all, and at most 2·log2(100) for the culprit.
    assert calls(portal.sandbox, "/batch/upsert") <= (1 if partial else 14)


async def test_each_kind_of_misfit_has_its_own_verdict(target: HubSpot, portal: PortalClient, planned: Any) -> None:
    answers = [
        {"email": email(), "simcrm_buyer_role": "decision makers"},
        {"email": email(), "simcrm_buyer_role": "Janitor"},
        {"email": email(), "simcrm_engagement_score": 140},
        {"email": email(), "unheard_of": "x"},
        {"email": email(), "hs_object_id": "7"},
        {"email": email(), "firstname": "a\0b"},
        {"email": email(), "simcrm_engagement_score": 88, "simcrm_lead_temperature": "Hot, because of the demo"},
    ]
    verdicts = await write(target, planned(CONTACTS, *answers))
    assert [(verdicts[at].state, verdicts[at].code) for at in range(7)] == [
        ("written", None),
        ("failed", "INVALID_OPTION"),
        ("failed", "NUMBER_OUT_OF_RANGE"),
        ("failed", "PROPERTY_DOESNT_EXIST"),
        ("failed", "READ_ONLY_VALUE"),
        ("failed", "INVALID_CHARACTERS"),
        ("written", None),
    ]
    names = ("simcrm_buyer_role", simcrm.SCORE, simcrm.TEMPERATURE, simcrm.TEMPERATURE_REASON)
    assert portal.read("contacts", str(verdicts[0].crm_id), *names)["simcrm_buyer_role"] == "Decision Maker"
    stored = portal.read("contacts", str(verdicts[6].crm_id), *names)
    assert [stored[name] for name in names[1:]] == ["88", "hot", "because of the demo"]


async def test_two_results_of_one_record_are_two_calls_and_the_last_wins(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    address = email("Twice")
    group = planned(
        {"object": "contacts", "external_id": "email"}, {"firstname": "first"}, {"firstname": "second"},
        external_id=[address, address.upper()],
    )  # fmt: skip
    verdicts = await write(target, group)
    assert verdicts[0] == verdicts[1]
    assert portal.read("contacts", str(verdicts[0].crm_id), "firstname")["firstname"] == "second"


async def test_a_contact_with_this_email_that_nobody_of_ours_made_is_adopted(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    address = email()
    existing = portal.create("contacts", email=address)
    group = planned(CONTACTS, {"email": address, "firstname": "Ann"})
    assert (await write(target, group))[0] == Verdict("written", crm_id=existing)
    assert (await write(target, group))[0] == Verdict("written", crm_id=existing)
    other = (await write(target, planned(CONTACTS, {"email": address, "firstname": "Bob"})))[0]
    assert (other.state, other.code) == ("failed", "CONFLICT")
    assert portal.read("contacts", existing, "firstname")["firstname"] == "Ann"


async def test_an_archived_contact_with_the_same_email_is_not_in_the_way(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    address = email()
    gone = portal.create("contacts", email=address)
    portal.call("DELETE", f"objects/contacts/{gone}")
    verdict = (await write(target, planned(CONTACTS, {"email": address})))[0]
    assert verdict.state == "written"
    assert verdict.crm_id != gone


async def test_a_contact_is_created_with_its_company_which_many_contacts_share(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    domain = f"acme{next(_NUMBERS)}.com"
    before = amount(portal, "companies")
    pairs = [
        {
            "contact": {"email": email(), "simcrm_original_source": "Trade Show - TechExpo 2025"},
            "company": {"name": "Acme", "domain": f"https://www.{domain.upper()}/", "simcrm_product_interest": ["CRM"]},
        }
        for _ in range(3)
    ]
    verdicts = await write(target, planned(CONTACTS, *pairs))
    assert amount(portal, "companies") == before + 1
    (company,) = {one for at in range(3) for one in linked(portal, "contacts", verdicts[at].crm_id, "companies")}
    stored = portal.read("companies", company, "domain", "simcrm_original_source", "simcrm_product_interest")
    assert stored["domain"] == domain
    assert stored["simcrm_original_source"] == "Trade Show - TechExpo 2025"
    assert json.loads(stored["simcrm_product_interest"]) == ["CRM"]
    for at in range(3):
        assert 1 in kinds_of_link(portal, "contacts", verdicts[at].crm_id, "companies"), "the primary one"


async def test_two_writers_racing_for_one_domain_make_one_company(
    make_hubspot: Any, portal: PortalClient, planned: Any
) -> None:
    pair = {"company": {"name": "Race", "domain": f"race{next(_NUMBERS)}.com"}}
    before = amount(portal, "companies")
    writers = [HubSpot(make_hubspot()) for _ in range(4)]
    told = await asyncio.gather(*(write(one, planned(CONTACTS, {**pair, "email": email()})) for one in writers))
    assert {verdicts[0].state for verdicts in told} == {"written"}
    assert amount(portal, "companies") == before + 1


async def test_a_company_that_is_refused_fails_its_contact_before_it_is_written(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    await write(target, planned(CONTACTS, {"email": email(), "company": {"name": "Warm up"}}))
    before = amount(portal, "contacts")
    portal.sandbox.fault(method="POST", path="/crm/objects/*/companies/batch/upsert", code="INVALID_EMAIL", times=1)
    verdict = (await write(target, planned(CONTACTS, {"email": email(), "company": {"name": "No"}})))[0]
    assert (verdict.state, verdict.code) == ("failed", "INVALID_EMAIL")
    assert "company" in (verdict.reason or "")
    assert amount(portal, "contacts") == before


@pytest.mark.parametrize(("kind", "text"), [("notes", "hs_note_body"), ("calls", "hs_call_body"),
                                            ("tasks", "hs_task_body"), ("tickets", "content")])  # fmt: skip
async def test_what_is_made_of_a_contact_belongs_to_it(
    target: HubSpot, portal: PortalClient, planned: Any, kind: str, text: str
) -> None:
    contact = portal.create("contacts", email=email())
    answer = {text: "Met at the fair."} | ({"subject": "Help", "hs_pipeline_stage": "1"} if kind == "tickets" else {})
    group = planned({"object": kind}, answer, source=("hubspot", "contacts"), record_id=contact)
    verdict = (await write(target, group))[0]
    assert verdict.state == "written", verdict
    assert linked(portal, kind, verdict.crm_id, "contacts") == {contact}
    before = amount(portal, kind)
    assert (await write(target, group))[0] == verdict
    assert amount(portal, kind) == before


async def test_a_lost_answer_makes_no_second_note(target: HubSpot, portal: PortalClient, planned: Any) -> None:
    await write(target, planned({"object": "notes", "field": "hs_note_body"}, "warm up"))
    before = amount(portal, "notes")
    portal.sandbox.fault(method="POST", path=UPSERTS, drop="after", rate=1.0, times=1)
    verdict = (await write(target, planned({"object": "notes", "field": "hs_note_body"}, "once")))[0]
    assert verdict.state == "written"
    assert amount(portal, "notes") == before + 1


async def test_a_deal_names_its_contact_and_company_by_id_or_by_key(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    address = email()
    contact = portal.create("contacts", email=address)
    company = (await write(target, planned({"object": "companies"}, {"name": "C", "domain": "keyed.example"})))[
        0
    ].crm_id
    deal = {"dealname": "Big", "amount": "$1,000.50", "simcrm_product_interest": ["CRM", "Support"],
            "contactId": contact, "associations": {"companies": {"external_id": "domain:keyed.example"}}}  # fmt: skip
    by_mail = {"dealname": "Small", "associations": {"contacts": [address]}}
    verdicts = await write(target, planned({"object": "deals"}, deal, by_mail))
    assert linked(portal, "deals", verdicts[0].crm_id, "contacts") == {contact}
    assert linked(portal, "deals", verdicts[0].crm_id, "companies") == {company}
    assert linked(portal, "deals", verdicts[1].crm_id, "contacts") == {contact}
    assert float(portal.read("deals", str(verdicts[0].crm_id), "amount")["amount"]) == 1000.5


async def test_a_record_to_associate_with_that_never_was_fails_and_a_late_one_is_waited_for(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    before = amount(portal, "deals")
    never = (await write(target, planned({"object": "deals"}, {"dealname": "x", "contactId": "999999999"})))[0]
    assert (never.state, never.code) == ("failed", "ASSOCIATED_RECORD_NOT_FOUND")
    group = planned({"object": "deals"}, {"dealname": "ok"}, {"dealname": "x", "contactId": "unborn-7"})
    told, error = await write_until_an_error(target, group)
    assert (told, error.code) == ({0: "written"}, "ASSOCIATED_RECORD_LATE")
    assert amount(portal, "deals") == before + 1


async def test_options_are_added_where_the_batch_says_so_and_writers_do_not_lose_each_others(
    make_hubspot: Any, portal: PortalClient, planned: Any, database: Database
) -> None:
    portal.add_property(
        "contacts", "favourite", type="enumeration", fieldType="select", options=[{"label": "Red", "value": "Red"}]
    )
    writers = [HubSpot(make_hubspot(), turns=StoredTurns(database, time.time)) for _ in range(3)]
    await asyncio.gather(*(write(one, planned(CONTACTS, {"email": email()})) for one in writers))
    wish = CONTACTS | {"add_options": True}
    colours = ("Indigo blue", "Deep green", "Warm yellow")
    groups = [planned(wish, {"email": email(), "favourite": colour}) for colour in colours]
    told = await asyncio.gather(*(write(one, group) for one, group in zip(writers, groups, strict=True)))
    assert {verdicts[0].state for verdicts in told} == {"written"}
    options = portal.call("GET", "properties/contacts/favourite").json()["options"]
    assert {option["label"] for option in options} == {"Red", *colours}
    near = (await write(writers[0], planned(wish, {"email": email(), "favourite": "deep greens"})))[0]
    assert portal.read("contacts", str(near.crm_id), "favourite")["favourite"] == "Deep green"


async def test_a_property_that_is_archived_meanwhile_is_looked_up_once_and_made_again_if_it_is_ours(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    portal.settings(archived_name_is_taken=False)
    portal.add_property("contacts", "theirs")
    await write(target, planned(CONTACTS, {"email": email(), "theirs": "x", "simcrm_original_source": "web"}))
    for name in ("theirs", "simcrm_original_source"):
        portal.call("DELETE", f"properties/contacts/{name}").raise_for_status()
    portal.sandbox.admin("DELETE", "/calls")
    answers = [
        {"email": email(), "simcrm_original_source": "web"},
        {"email": email(), "theirs": "x"},
        {"email": email()},
    ]
    verdicts = await write(target, planned(CONTACTS, *answers))
    assert [(verdicts[at].state, verdicts[at].code) for at in range(3)] == [
        ("written", None),
        ("failed", "PROPERTY_DOESNT_EXIST"),
        ("written", None),
    ]
    assert calls(portal.sandbox, "/batch/upsert") <= 3


async def test_two_starters_prepare_one_portal(make_hubspot: Any, portal: PortalClient, planned: Any) -> None:
    for name in (one.name for one in simcrm.properties_of("tickets")):
        portal.call("DELETE", f"properties/tickets/{name}")
    portal.settings(archived_name_is_taken=False)
    writers = [HubSpot(make_hubspot()) for _ in range(4)]
    ticket = {"subject": "s", "content": "c", "hs_pipeline_stage": "1"}
    told = await asyncio.gather(*(write(one, planned({"object": "tickets"}, ticket)) for one in writers))
    assert {verdicts[0].state for verdicts in told} == {"written"}
    found = {one["name"]: one for one in portal.call("GET", "properties/tickets").json()["results"]}
    for one in simcrm.properties_of("tickets"):
        assert (found[one.name]["type"], found[one.name]["groupName"]) == (one.type, "simcrm")
    assert found[simcrm.EXTERNAL_ID]["hasUniqueValue"] is True
    group = portal.call("GET", "properties/tickets/groups/simcrm").json()
    assert group["label"] == "SimCRM"


async def test_a_property_of_ours_with_another_type_fails_its_records_with_a_remedy(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    portal.settings(archived_name_is_taken=False)
    portal.call("DELETE", "properties/deals/simcrm_sales_notes")
    portal.add_property("deals", "simcrm_sales_notes", type="number", fieldType="number")
    verdicts = await write(
        target, planned({"object": "deals"}, {"dealname": "a", "simcrm_sales_notes": "b"}, {"dealname": "c"})
    )
    portal.call("DELETE", "properties/deals/simcrm_sales_notes")
    # Other tests share the portal, and there an archived name is taken.
    (ours,) = [one for one in simcrm.properties_of("deals") if one.name == "simcrm_sales_notes"]
    portal.call("POST", "properties/deals", ours.definition()).raise_for_status()
    assert (verdicts[0].state, verdicts[0].code) == ("failed", "WRONG_PROPERTY")
    assert "of type number, not string" in (verdicts[0].reason or "")
    assert verdicts[1].state == "written"


async def test_a_property_that_the_batch_names_and_that_is_gone_holds_the_batch(
    target: HubSpot, portal: PortalClient, planned: Any, holds: Noted
) -> None:
    contact = portal.create("contacts", email=email())
    group = planned(
        {"object": "contacts", "field": "gone"}, "x", "y", source=("hubspot", "contacts"), record_id=contact
    )
    with pytest.raises(Parked) as parked:
        await write(target, group)
    batch = group[0][0].batch_id
    assert parked.value.key == plan_key(batch)
    assert set(holds.paused) == {batch}
    assert "no property gone" in holds.paused[batch]


async def test_limits_are_waited_out_and_the_daily_one_holds_the_batch(
    target: HubSpot, hubspot: HubSpotSession, portal: PortalClient, planned: Any, holds: Noted
) -> None:
    await write(target, planned(CONTACTS, {"email": email()}))
    portal.sandbox.fault(method="POST", path=UPSERTS, status=429, times=2, rate=1.0)
    assert (await write(target, planned(CONTACTS, {"email": email()})))[0].state == "written"
    portal.settings(daily=0)
    group = planned(CONTACTS, {"email": email()})
    with pytest.raises(Parked) as parked:
        await write(target, group)
    portal.settings(daily=650_000)
    assert (parked.value.key, parked.value.timeout_s) == (plan_key(group[0][0].batch_id), None)
    assert holds.waiting == [group[0][0].batch_id]
    assert not await hubspot.has_room()
    before = calls(portal.sandbox, "/batch/upsert")
    with pytest.raises(Parked):
        await write(target, planned(CONTACTS, {"email": email()}))
    assert calls(portal.sandbox, "/batch/upsert") == before


async def test_one_record_that_is_limited_alone_is_for_later(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    await write(target, planned(CONTACTS, {"email": email()}))
    portal.sandbox.fault(method="POST", path=UPSERTS, code="RATE_LIMITS", times=1, rate=1.0)
    told, error = await write_until_an_error(target, planned(CONTACTS, {"email": email()}, {"email": email()}))
    assert (told, error.code) == ({1: "written"}, "RATE_LIMITS")


@pytest.mark.parametrize("status", [423, 477, 500, 502, 503, 524])
async def test_a_portal_that_is_away_is_for_later(
    target: HubSpot, portal: PortalClient, planned: Any, status: int
) -> None:
    await write(target, planned(CONTACTS, {"email": email()}))
    portal.sandbox.fault(method="POST", path=UPSERTS, status=status, rate=1.0, times=9)
    with pytest.raises(Retryable):
        await write(target, planned(CONTACTS, {"email": email()}))


async def test_refused_credentials_stop_everything(make_hubspot: Any, planned: Any) -> None:
    with pytest.raises(Fatal):
        await write(HubSpot(make_hubspot(access_token="pat-nobody")), planned(CONTACTS, {"email": email()}))


async def test_an_oauth_apps_token_that_expires_meanwhile_is_renewed_once(
    make_hubspot: Any, portal: PortalClient, planned: Any
) -> None:
    handle = portal.sandbox.handle["hubspot"]
    app = {name: handle[name] for name in ("client_id", "client_secret", "refresh_token")}
    target = HubSpot(make_hubspot(access_token=None, **app))
    assert (await write(target, planned(CONTACTS, {"email": email()})))[0].state == "written"
    portal.sandbox.admin("POST", "/sessions/expire").raise_for_status()
    portal.sandbox.admin("DELETE", "/calls")
    groups = [planned(CONTACTS, {"email": email()}) for _ in range(8)]
    told = await asyncio.gather(*(write(target, group) for group in groups))
    portal.sandbox.client = portal.sandbox.http(portal.sandbox.login().json()["access_token"])
    assert {verdicts[0].state for verdicts in told} == {"written"}
    assert calls(portal.sandbox, "/oauth/v1/token") == 1


async def test_a_missing_scope_fails_the_records_and_is_named(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    portal.settings(scopes=["crm.objects.contacts.read"])
    verdict = (await write(target, planned(CONTACTS, {"email": email()})))[0]
    assert (verdict.state, verdict.code) == ("failed", "MISSING_SCOPES")
    assert "crm.schemas.contacts" in (verdict.reason or "")


async def test_an_object_that_is_not_there_fails_its_records(target: HubSpot, planned: Any) -> None:
    verdict = (await write(target, planned({"object": "butterflies"}, {"name": "x"})))[0]
    assert verdict.state == "failed"
    assert verdict.reason


async def test_without_a_portal_every_record_fails_with_a_sentence(planned: Any) -> None:
    verdicts = await write(HubSpot(None), planned(CONTACTS, "x"))
    assert (verdicts[0].state, verdicts[0].code) == ("failed", "NOT_CONFIGURED")


@pytest.mark.parametrize("version", ["v3", "2026-03"])
async def test_older_versions_of_the_api_do_as_well(
    make_hubspot: Any, portal: PortalClient, planned: Any, version: str
) -> None:
    pair = {"email": email(), "company": {"name": "Old", "domain": f"old{next(_NUMBERS)}.com"}}
    verdict = (await write(HubSpot(make_hubspot(api_version=version)), planned(CONTACTS, pair)))[0]
    assert verdict.state == "written"
    assert len(linked(portal, "contacts", verdict.crm_id, "companies")) == 1
