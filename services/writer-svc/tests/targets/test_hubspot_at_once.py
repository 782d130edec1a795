"""Several writers at one portal, and a portal that does things by itself."""

import asyncio
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from crm_sandbox.testing import PortalClient
from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.hubspot_shapes import BatchAnswer
from shared.database import Database
from shared.errors import Fatal
from writer_svc.domain.verdicts import Verdict
from writer_svc.store.turns import StoredTurns
from writer_svc.targets.hubspot import HubSpot
from writer_svc.targets.hubspot.portal import Portal

CONTACTS = {"object": "contacts"}
UPSERTS = "/crm/objects/*/batch/upsert"
_NUMBERS = count(1)


@pytest.fixture
def target(hubspot: HubSpotSession) -> HubSpot:
    return HubSpot(hubspot)


async def write(target: HubSpot, planned: list[Any]) -> dict[int, Verdict]:
    return {result.index: verdict async for result, verdict in target.write(planned)}


def email(domain: str = "atonce.example") -> str:
    return f"once{next(_NUMBERS)}@{domain}"


def calls(portal: PortalClient, ending: str) -> int:
    found = portal.sandbox.admin("GET", "/calls").json()["calls"]
    return sum(call["count"] for call in found if call["path"].endswith(ending))


def of_domain(portal: PortalClient, domain: str) -> list[str]:
    """Ids of the companies with this domain."""
    body = {"filters": [{"propertyName": "domain", "operator": "EQ", "value": domain}], "limit": 100}
    found = portal.call("POST", "objects/companies/search", body).raise_for_status().json()
    return [str(one["id"]) for one in found["results"]]


def companies_of(portal: PortalClient, contact: str | None) -> dict[str, set[int]]:
    ends = portal.http.get(f"/crm/v4/objects/contacts/{contact}/associations/companies").json()["results"]
    return {str(end["toObjectId"]): {kind["typeId"] for kind in end["associationTypes"]} for end in ends}


@pytest.mark.parametrize("lag_s", [0, 30])
async def test_writers_racing_for_one_domain_make_one_company_where_the_portal_makes_some_by_itself(
    make_hubspot: Any, portal: PortalClient, planned: Any, lag_s: int
) -> None:
    portal.settings(companies_of_contacts=True, companies_of_contacts_lag_s=lag_s)
    name = f"race{next(_NUMBERS)}.example"
    writers = [HubSpot(make_hubspot()) for _ in range(4)]
    groups = [
        planned(CONTACTS, *({"email": email(name), "company": {"name": "Race", "domain": name}} for _ in range(3)))
        for _ in writers
    ]
    told = await asyncio.gather(*(write(one, group) for one, group in zip(writers, groups, strict=True)))
    portal.sandbox.admin("POST", "/clock", {"advance_s": lag_s + 1})
    (company,) = of_domain(portal, name)
    for verdict in (verdict for verdicts in told for verdict in verdicts.values()):
        assert verdict.state == "written"
        assert companies_of(portal, verdict.crm_id) == {company: {1, 279}}


async def test_two_writers_that_add_options_at_once_keep_both(
    make_hubspot: Any, portal: PortalClient, database: Database, tmp_path: Path
) -> None:
    name = f"raced_{next(_NUMBERS)}"
    first = [{"label": "Red", "value": "Red"}]
    portal.add_property("contacts", name, type="enumeration", fieldType="select", options=first).raise_for_status()
    other = Database(f"sqlite:///{tmp_path / 'writer.sqlite3'}")
    portals = [Portal(make_hubspot(), StoredTurns(one, time.time)) for one in (database, other)]
    # The first writer's list is held up between reading and writing, and would then replace the second one's.
    portal.sandbox.fault(method="PATCH", path=f"/crm/properties/*/{name}", nth=[1], latency_ms=400)
    slow = asyncio.create_task(portals[0].add_options("contacts", name, ["Indigo blue"]))
    await asyncio.sleep(0.2)
    await portals[1].add_options("contacts", name, ["Deep green"])
    await slow
    other.close()
    options = portal.call("GET", f"properties/contacts/{name}").json()["options"]
    assert {one["label"] for one in options} == {"Red", "Indigo blue", "Deep green"}


async def test_answers_that_mean_the_same_become_one_option(hubspot: HubSpotSession, portal: PortalClient) -> None:
    name = f"alike_{next(_NUMBERS)}"
    first = [{"label": "Red", "value": "Red"}]
    portal.add_property("contacts", name, type="enumeration", fieldType="select", options=first).raise_for_status()
    ours = Portal(hubspot)
    await ours.add_options("contacts", name, ["Deep green", "deep greens", "Tier 1", "Tier 2"])
    await ours.add_options("contacts", name, ["DEEP-GREEN", "reds"])
    options = portal.call("GET", f"properties/contacts/{name}").json()["options"]
    assert [one["label"] for one in options] == ["Red", "Deep green", "Tier 1", "Tier 2", "reds"]


async def test_nothing_is_searched_for_before_it_is_written(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    address = email()
    await write(target, planned(CONTACTS, {"email": address, "company": {"name": "N", "domain": "never.example"}}))
    deal = {
        "dealname": "D",
        "associations": {"contacts": [address], "companies": [{"external_id": "domain:never.example"}]},
    }
    told = await write(target, planned({"object": "deals"}, deal))
    assert told[0].state == "written"
    assert calls(portal, "/search") == 0


async def test_every_verdict_is_its_own_records_although_answers_are_shuffled(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    people = [{"email": email().title(), "firstname": f"Person {n}"} for n in range(100)]
    verdicts = await write(target, planned(CONTACTS, *people))
    ids = [verdicts[at].crm_id for at in range(100)]
    assert len(set(ids)) == 100
    inputs = [{"id": one} for one in ids]
    read = portal.batch("contacts", "read", inputs, properties=["email", "firstname"]).json()["results"]
    stored = {one["id"]: (one["properties"]["email"], one["properties"]["firstname"]) for one in read}
    assert [stored[one or ""] for one in ids] == [(one["email"].lower(), one["firstname"]) for one in people]


@pytest.mark.parametrize("culprits", [(12, 77), (40, 41)])
async def test_two_refused_records_of_a_hundred_are_found_in_twice_as_many_calls(
    target: HubSpot, portal: PortalClient, planned: Any, culprits: tuple[int, int]
) -> None:
    portal.settings(partial_upserts=False)
    people = [{"email": email()} for _ in range(100)]
    for at in culprits:
        people[at]["email"] = "nobody at all"
    await write(target, planned(CONTACTS, {"firstname": "warm up"}))
    portal.sandbox.admin("DELETE", "/calls")
    verdicts = await write(target, planned(CONTACTS, *people))
    assert tuple(at for at, verdict in verdicts.items() if verdict.state != "written") in (culprits, culprits[::-1])
    # 2·log2(100) is 13.3 for each, and one call for all of them.
    assert calls(portal, "/batch/upsert") <= 1 + 2 * 13


async def test_a_conflict_that_refuses_the_whole_call_fails_its_own_record_alone(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    portal.settings(partial_upserts=False)
    taken = email()
    assert (await write(target, planned(CONTACTS, {"email": taken})))[0].state == "written"
    people = [{"email": email()} for _ in range(30)]
    people[17]["email"] = taken.upper()
    verdicts = await write(target, planned(CONTACTS, *people))
    assert {at: verdict.code for at, verdict in verdicts.items() if verdict.state != "written"} == {17: "CONFLICT"}


async def test_a_rule_of_the_portal_fails_its_records_with_the_property_and_nothing_else(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    portal.settings(
        validation_rules=[
            {"object": "contacts", "property": "lastname"},
            {"object": "contacts", "property": "phone", "pattern": r"\+\d+"},
        ]
    )
    people = [
        {"email": email(), "lastname": "Lee", "phone": "+1555"},
        {"email": email(), "firstname": "Ann"},
        {"email": email(), "lastname": "Roe", "phone": "call me"},
    ]
    told = await write(target, planned(CONTACTS, *people))
    assert [(told[at].state, told[at].code) for at in range(3)] == [
        ("written", None),
        ("failed", "REQUIRED_FIELD"),
        ("failed", "INVALID_FORMAT"),
    ]
    assert told[1].reason == "A required property has no value. (lastname)"
    assert told[2].reason == "A validation rule of the portal refuses the form of the value. (phone)"


async def test_options_that_are_elsewhere_are_left_to_hubspot(
    target: HubSpot, portal: PortalClient, planned: Any
) -> None:
    owner = portal.call("GET", "owners/").json()["results"][0]["id"]
    people = [{"email": email(), "hubspot_owner_id": one} for one in (owner, "1")]
    told = await write(target, planned(CONTACTS, *people))
    assert [(told[at].state, told[at].code) for at in (0, 1)] == [("written", None), ("failed", "INVALID_OWNER_ID")]


async def test_a_refresh_token_that_was_revoked_is_asked_about_once(
    make_hubspot: Any, portal: PortalClient, planned: Any
) -> None:
    handle = portal.sandbox.handle["hubspot"]
    app = {"client_id": handle["client_id"], "client_secret": handle["client_secret"], "refresh_token": "revoked"}
    target = HubSpot(make_hubspot(access_token=None, **app))
    for _ in range(3):
        with pytest.raises(Fatal, match="BAD_REFRESH_TOKEN"):
            await write(target, planned(CONTACTS, {"email": email()}))
    assert calls(portal, "/oauth/v1/token") == 1


class Noting(HubSpotSession):
    """Remembers the inputs of every batch call."""

    def __init__(self, settings: HubSpotSettings) -> None:
        super().__init__(settings)
        self.sent: list[Sequence[Any]] = []

    async def batch(self, object_type: str, verb: str, inputs: Sequence[Any], **more: Any) -> BatchAnswer:
        if verb in ("create", "update", "upsert"):
            self.sent.append(inputs)
        return await super().batch(object_type, verb, inputs, **more)


async def test_each_input_of_a_call_has_a_trace_id_of_its_own(
    hubspot: HubSpotSession, portal: PortalClient, planned: Any
) -> None:
    portal.settings(partial_upserts=False)
    session = Noting(hubspot.settings)
    people = [{"email": email(), "company": {"name": "T", "domain": f"t{n % 3}.example"}} for n in range(20)]
    people[5]["email"] = "nobody"
    await write(HubSpot(session), planned(CONTACTS, *people))
    contact = portal.create("contacts", email=email())
    by_id = {"object": "contacts", "field": "jobtitle"}
    await write(HubSpot(session), planned(by_id, "CTO", source=("hubspot", "contacts"), record_id=contact))
    await session.close()
    traces = [[one["objectWriteTraceId"] for one in inputs] for inputs in session.sent]
    assert len(traces) > 3
    assert all(len(set(given)) == len(given) for given in traces)
