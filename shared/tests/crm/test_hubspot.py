"""The session against a loopback portal: tokens, limits, repetition, cached metadata."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.hubspot_testing import TOKEN_PATH, LoopbackPortal, refusal, serving_portal
from shared.crm.sealed_key import sealed_token
from shared.errors import Fatal, Retryable
from starlette.responses import JSONResponse, Response

READ = "/crm/objects/2026-09/contacts/batch/read"
PROPERTIES = "/crm/properties/2026-09/contacts"
OAUTH = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def portal() -> AsyncIterator[LoopbackPortal]:
    async with serving_portal(LoopbackPortal()) as portal:
        yield portal


@pytest.fixture
async def make_session(portal: LoopbackPortal, time: Time) -> AsyncIterator[Callable[..., HubSpotSession]]:
    made: list[HubSpotSession] = []

    def make(**given: Any) -> HubSpotSession:
        settings = HubSpotSettings.model_validate({"base_url": portal.url, **(given or {"access_token": "pat-1"})})
        # 2026-11-21 04:30 UTC: half past eleven at night in New York.
        noon = {"clock": lambda: 1_795_235_400.0, "jitter": lambda: 0.5}
        made.append(HubSpotSession(settings, sleep=time.sleep, monotonic=time.monotonic, **noon))
        return made[-1]

    yield make
    for session in made:
        await session.close()


async def read(session: HubSpotSession) -> Any:
    return await session.read("contacts", ["1"], ["email"])


async def test_a_batch_read_asks_for_properties_by_any_id(portal: LoopbackPortal, make_session: Any) -> None:
    portal.usual[READ] = {"status": "COMPLETE", "results": [{"id": "7"}]}
    found = await make_session().read("contacts", ["a@b.c"], ["email"], id_property="email")
    assert found == [{"id": "7"}]
    body = {"inputs": [{"id": "a@b.c"}], "properties": ["email"], "propertiesWithHistory": [], "idProperty": "email"}
    assert portal.bodies == [(READ, body)]


async def test_no_inputs_are_no_call_and_101_are_a_mistake(portal: LoopbackPortal, make_session: Any) -> None:
    session = make_session()
    assert (await session.batch("contacts", "upsert", [])).results == ()
    with pytest.raises(ValueError, match="101"):
        await session.batch("contacts", "upsert", [{}] * 101)
    assert not portal.calls


async def test_v3_keeps_its_old_paths(portal: LoopbackPortal, make_session: Any) -> None:
    session = make_session(access_token="pat-1", api_version="v3")
    await session.associate("contacts", "companies", [("1", "2")], "associate/default")
    await session.definitions("contacts")
    assert {"/crm/v4/associations/contacts/companies/batch/associate/default", "/crm/v3/properties/contacts"} <= set(
        portal.calls
    )


@pytest.mark.parametrize(
    ("answer", "waited"),
    [
        (refusal(429, "RATE_LIMITS", policyName="TEN_SECONDLY_ROLLING"), 10.05),
        (refusal(429, "RATE_LIMITS", policyName="TEN_SECONDLY_ROLLING", headers={"Retry-After": "3"}), 3.05),
        (refusal(429, "RATE_LIMITS", policyName="SECONDLY"), 1.05),
        (refusal(429, "RATE_LIMITS", message="You have reached your ten_secondly_rolling limit."), 10.05),
        (refusal(423), 2.0),
        (refusal(477, headers={"Retry-After": "5"}), 5.0),
        *((refusal(status), 1.0) for status in (500, 502, 503, 504, 521, 522, 523, 524)),
    ],
)
async def test_what_is_transient_is_waited_out_as_it_asks(
    portal: LoopbackPortal, make_session: Any, time: Time, answer: Response, waited: float
) -> None:
    portal.script[READ] = [answer]
    await read(make_session())
    assert portal.calls[READ] == 2
    assert time.slept == [waited]


async def test_what_stays_transient_is_for_later_after_three_tries(portal: LoopbackPortal, make_session: Any) -> None:
    portal.script[READ] = [refusal(503) for _ in range(9)]
    with pytest.raises(Retryable) as caught:
        await read(make_session())
    assert (portal.calls[READ], caught.value.category, caught.value.code) == (3, "network", "503")


async def test_one_limited_call_holds_the_others_back(portal: LoopbackPortal, make_session: Any, time: Time) -> None:
    portal.script[READ] = [refusal(429, "RATE_LIMITS", policyName="TEN_SECONDLY_ROLLING")]
    session = make_session()
    await read(session)
    portal.script[READ] = [refusal(429, "RATE_LIMITS", policyName="TEN_SECONDLY_ROLLING")]
    before = portal.calls[READ]
    time.slept.clear()
    await asyncio.gather(*(read(session) for _ in range(4)))
    assert time.slept
    assert portal.calls[READ] - before <= 5


async def test_search_has_a_limit_of_its_own(portal: LoopbackPortal, make_session: Any, time: Time) -> None:
    search = "/crm/objects/2026-09/contacts/search"
    portal.script[search] = [refusal(429, "RATE_LIMITS", policyName="SECONDLY")] * 3
    session = make_session()
    with pytest.raises(Retryable):
        await session.search("contacts", {})
    time.slept.clear()
    await read(session)
    assert time.slept == []


async def test_calls_are_spaced_when_the_window_is_nearly_used_up(
    portal: LoopbackPortal, make_session: Any, time: Time
) -> None:
    headers = {"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "3"}
    portal.script[READ] = [JSONResponse({"results": []}, headers=headers)]
    session = make_session()
    await read(session)
    await read(session)
    assert time.slept == [0.15]


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3"}])
async def test_the_daily_limit_stops_all_calls_until_the_portals_midnight(
    portal: LoopbackPortal, make_session: Any, time: Time, headers: dict[str, str]
) -> None:
    session = make_session()
    await session.definitions("contacts")
    portal.script[READ] = [refusal(429, "RATE_LIMITS", policyName="DAILY", headers=headers)]
    with pytest.raises(Retryable) as caught:
        await read(session)
    assert (caught.value.code, caught.value.retry_after_s) == ("DAILY", 1_800.0)
    with pytest.raises(Retryable):
        await session.search("contacts", {})
    assert portal.calls[READ] == 1
    assert "/crm/objects/2026-09/contacts/search" not in portal.calls
    time.now += 1_801
    await read(session)


async def test_a_private_apps_refused_token_stops_the_service(portal: LoopbackPortal, make_session: Any) -> None:
    with pytest.raises(Fatal, match="HUBSPOT_ACCESS_TOKEN"):
        await read(make_session(access_token="pat-old"))


async def test_sealed_secrets_are_opened_and_one_that_does_not_open_names_its_variable(
    portal: LoopbackPortal, make_session: Any
) -> None:
    passphrase = "correct horse battery"
    given = {"access_token": sealed_token("pat-1", passphrase), "token_passphrase": passphrase}
    await read(make_session(**given))
    app = OAUTH | {"refresh_token": sealed_token("r", passphrase), "token_passphrase": passphrase}
    await read(make_session(**app))
    assert portal.calls[READ] == 2
    for wrong, said in (
        ({"token_passphrase": "wrong horse battery"}, "HUBSPOT_ACCESS_TOKEN does not open: HUBSPOT_TOKEN_PASSPHRASE"),
        ({"token_passphrase": None}, "HUBSPOT_ACCESS_TOKEN does not open"),
        ({"access_token": given["access_token"][:40]}, "HUBSPOT_ACCESS_TOKEN is damaged"),
    ):
        with pytest.raises(Fatal, match=said) as caught:
            await read(make_session(**{**given, **wrong}))
        assert "sealed:" not in str(caught.value)
        assert "horse" not in str(caught.value)


async def test_32_calls_that_meet_an_expired_token_cause_one_refresh(portal: LoopbackPortal, make_session: Any) -> None:
    session = make_session(**OAUTH)
    await read(session)
    portal.valid.clear()
    portal.refresh_delay = 0.05
    await asyncio.gather(*(read(session) for _ in range(32)))
    assert portal.calls[TOKEN_PATH] == 2


async def test_a_token_is_refreshed_before_its_half_hour_ends(
    portal: LoopbackPortal, make_session: Any, time: Time
) -> None:
    session = make_session(**OAUTH)
    await read(session)
    time.now += 1_700
    await read(session)
    assert portal.calls[TOKEN_PATH] == 1
    time.now += 15
    await read(session)
    assert portal.calls[TOKEN_PATH] == 2


async def test_a_bad_refresh_token_is_asked_about_once(portal: LoopbackPortal, make_session: Any) -> None:
    portal.script[TOKEN_PATH] = [JSONResponse({"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid"}, 400)]
    session = make_session(**OAUTH)
    for _ in range(3):
        with pytest.raises(Fatal, match="BAD_REFRESH_TOKEN"):
            await read(session)
    assert portal.calls[TOKEN_PATH] == 1


async def test_a_token_refused_right_after_its_refresh_is_no_loop(portal: LoopbackPortal, make_session: Any) -> None:
    portal.script[READ] = [refusal(401, "INVALID_AUTHENTICATION")] * 9
    with pytest.raises(Fatal):
        await read(make_session(**OAUTH))
    assert portal.calls[READ] == 2


async def test_a_missing_scope_is_named(portal: LoopbackPortal, make_session: Any) -> None:
    scopes = {"requiredGranularScopes": ["crm.objects.contacts.write"]}
    portal.script[READ] = [refusal(403, "MISSING_SCOPES", errors=[{"message": "no", "context": scopes}])]
    with pytest.raises(HubSpotRefused, match=r"lacks the scope crm\.objects\.contacts\.write"):
        await read(make_session())


async def test_definitions_are_asked_once_an_hour_and_on_demand(
    portal: LoopbackPortal, make_session: Any, time: Time
) -> None:
    portal.usual[PROPERTIES] = {"results": [{"name": "email"}, {"name": "old", "archived": True}]}
    session = make_session()
    found = await asyncio.gather(*(session.definitions("contacts") for _ in range(5)))
    assert found == [[{"name": "email"}]] * 5
    assert portal.calls[PROPERTIES] == 1
    await session.definitions("contacts", refresh=True)
    time.now += 3_601
    await session.definitions("contacts")
    assert portal.calls[PROPERTIES] == 3


async def test_a_refusal_tells_its_first_code_and_its_properties(portal: LoopbackPortal, make_session: Any) -> None:
    errors = [{"code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["nope"]}}]
    portal.script[READ] = [refusal(400, errors=errors)]
    with pytest.raises(HubSpotRefused) as caught:
        await read(make_session())
    assert (caught.value.status, caught.value.code, caught.value.properties) == (
        400,
        "PROPERTY_DOESNT_EXIST",
        ("nope",),
    )


async def test_what_must_not_happen_twice_is_repeated_only_where_nothing_was_done(
    portal: LoopbackPortal, make_session: Any
) -> None:
    create = READ.replace("read", "create")
    session = make_session()
    portal.script[create] = [refusal(429, "RATE_LIMITS", policyName="SECONDLY"), refusal(423), refusal(502)]
    with pytest.raises(Retryable) as lost:
        await session.batch("contacts", "create", [{}], repeat=False)
    assert (lost.value.category, portal.calls[create]) == ("network", 3)
    portal.script[create] = [refusal(502)]
    with pytest.raises(Retryable):
        await session.batch("contacts", "create", [{}], repeat=False)
    assert portal.calls[create] == 4
