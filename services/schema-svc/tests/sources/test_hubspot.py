"""Planning and reading against the sandbox, which speaks HubSpot."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from crm_sandbox.testing import PortalClient, RunningSandbox
from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_settings import HubSpotSettings
from shared.events import BatchPlanned, BatchRefused, PromptPrepared, RecordSettled

CITIES = ("Berlin", "Paris", "Paris")
TEMPLATE = "{{firstname}} of {{city}}"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path_factory.mktemp("sandbox"), org="empty")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def portal(sandbox: RunningSandbox) -> PortalClient:
    client = PortalClient(sandbox)
    client.settings(ten_seconds_private=1_000_000, searches_per_second=1_000_000, index_lag_s=0)
    return client


@pytest.fixture(scope="module")
def contacts(portal: PortalClient) -> dict[str, dict[str, str]]:
    """450 contacts by id, every third in Berlin."""
    made: dict[str, dict[str, str]] = {}
    for start in range(0, 450, 90):
        inputs = [
            {
                "properties": {
                    "email": f"c{n}@source.example",
                    "firstname": f"N{n}",
                    "city": "Paris" if n % 3 else "Berlin",
                }
            }
            for n in range(start, start + 90)
        ]
        answer = portal.batch("contacts", "create", inputs).raise_for_status()
        made |= {one["id"]: one["properties"] for one in answer.json()["results"]}
    return made


@pytest.fixture
async def session(sandbox: RunningSandbox, portal: PortalClient) -> AsyncIterator[HubSpotSession]:
    settings = {"base_url": sandbox.handle["http"], "access_token": sandbox.handle["hubspot"]["access_token"]}
    session = HubSpotSession(HubSpotSettings.model_validate(settings))
    yield session
    await session.close()


@pytest.fixture
async def schema(make_schema: Any, session: HubSpotSession, contacts: Any) -> Any:
    schema = make_schema(hubspot=session)
    await schema.scheduler.start()
    return schema


def spec(template: str = TEMPLATE, **other: Any) -> dict[str, Any]:
    source = {"kind": "hubspot", "object": "contacts", **other.pop("source", {})}
    return {"source": source, "prompt": {"template": template}, "target": {"kind": "none"}, **other}


async def refusal(schema: Any, spec: dict[str, Any]) -> str:
    await schema.submit("b", spec)
    await schema.until(lambda: schema.bus.of(BatchRefused))
    assert not schema.bus.of(PromptPrepared)
    return schema.bus.of(BatchRefused)[0].reason


async def planned(schema: Any, spec: dict[str, Any], requested: int) -> list[PromptPrepared]:
    await schema.submit("b", spec)
    await schema.until(lambda: schema.bus.of(BatchPlanned, BatchRefused))
    assert [event.requested for event in schema.bus.of(BatchPlanned)] == [requested]
    await schema.until(lambda: len(schema.bus.of(PromptPrepared, RecordSettled)) == requested)
    return schema.bus.of(PromptPrepared)


async def test_every_contact_becomes_its_prompt_once(schema: Any, contacts: dict[str, Any]) -> None:
    prompts = await planned(schema, spec(), 450)
    assert {p.record_id: p.values for p in prompts} == {
        record_id: {"firstname": one["firstname"], "city": one["city"]} for record_id, one in contacts.items()
    }
    assert [p.index for p in prompts] == list(range(450))


async def test_a_condition_selects_and_is_read_in_windows(
    schema: Any, contacts: dict[str, Any], sandbox: RunningSandbox
) -> None:
    sandbox.admin("DELETE", "/calls")
    prompts = await planned(schema, spec(source={"where": "city = 'Paris' AND firstname IS NOT EMPTY"}), 300)
    assert {p.record_id for p in prompts} == {key for key, one in contacts.items() if one["city"] == "Paris"}
    found = sandbox.admin("GET", "/calls").json()["calls"]
    assert sum(call["count"] for call in found if call["path"].endswith("/search")) == 2


@pytest.mark.parametrize(
    ("source", "requested"),
    [
        ({"limit": 7}, 7),
        ({"limit": 130}, 130),
        ({"where": "city = 'Berlin'", "limit": 9}, 9),
        ({"where": "city = 'Nowhere'"}, 0),
        ({"where": "city = 'Berlin' OR firstname = 'N1'"}, 151),
        ({"where": "  "}, 450),
    ],
)
async def test_condition_and_limit_decide_how_many(schema: Any, source: dict[str, Any], requested: int) -> None:
    await planned(schema, spec(source=source), requested)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (spec("{{firstnme}}"), "The slot {{firstnme}} is not a field of HubSpot's contacts. Did you mean firstname?"),
        (spec(source={"object": "butterflies"}), "HubSpot has no object butterflies"),
        (
            spec(source={"where": "citi = 'x'"}),
            "names citi, which is no property of HubSpot's contacts. Did you",
        ),
        (spec(source={"where": "city LIKE 'x'"}), "not understood at character 6"),
        (spec(target={"kind": "hubspot", "object": "contacts", "field": "jobtitel"}), "names jobtitel"),
        (spec(target={"kind": "hubspot", "object": "contacts", "field": "createdate"}), "cannot be written"),
        (spec(target={"kind": "hubspot", "object": "spaceships"}), "HubSpot has no object spaceships"),
        (
            spec("{{city}}", target={"kind": "hubspot", "object": "contacts", "external_id": "city"}),
            "does not have unique values",
        ),
    ],
)
async def test_what_cannot_run_is_refused_by_name(schema: Any, given: dict[str, Any], said: str) -> None:
    assert said in await refusal(schema, given)


@pytest.mark.parametrize(
    "target",
    [
        {"field": "jobtitle"},
        {"field": "simcrm_sales_notes", "object": "deals"},
        {"fields": {"simcrm_buyer_role": "role"}},
        {"external_id": "email"},
        {"object": "notes"},
    ],
)
async def test_what_can_be_written_is_planned(schema: Any, target: dict[str, Any]) -> None:
    wanted = {"kind": "hubspot", "object": "contacts", **target}
    await planned(schema, spec(target=wanted, source={"limit": 3}), 3)


async def test_a_missing_scope_is_named(schema: Any, portal: PortalClient) -> None:
    portal.settings(scopes=["crm.objects.contacts.read"])
    try:
        assert "lacks the scope" in await refusal(schema, spec())
    finally:
        portal.settings(scopes=None)


async def test_records_that_are_gone_or_merged_since_planning_are_skipped_and_say_why(
    make_schema: Any, session: HubSpotSession, portal: PortalClient
) -> None:
    ids = [portal.create("contacts", email=f"later{n}@source.example", city="Rome") for n in range(4)]
    schema = make_schema(hubspot=session, name="later")
    await schema.submit("b", spec(source={"where": "city = 'Rome'"}))
    runner = await schema.runner("b")
    await runner.step(await schema.store.standing("b", runner.fence))
    portal.call("DELETE", f"objects/contacts/{ids[0]}").raise_for_status()
    merge = {"primaryObjectId": ids[3], "objectIdToMerge": ids[1]}
    portal.call("POST", "objects/contacts/merge", merge).raise_for_status()
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared, RecordSettled)) == 4)
    told = {event.record_id: (event.state, event.code) for event in schema.bus.of(RecordSettled)}
    assert told == {ids[0]: ("skipped", "OBJECT_NOT_FOUND"), ids[1]: ("skipped", "MERGED")}
    assert {event.record_id for event in schema.bus.of(PromptPrepared)} == {ids[2], ids[3]}


async def test_a_portal_that_is_away_for_a_moment_is_asked_again(schema: Any, sandbox: RunningSandbox) -> None:
    sandbox.fault(method="GET", path="/crm/objects/*", status=502, rate=1.0, times=1)
    await planned(schema, spec(source={"limit": 5}), 5)
