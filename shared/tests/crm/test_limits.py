"""The org's daily requests, an org that is away, and describes that have not changed."""

import asyncio

import pytest
from shared.crm.breaker import Breaker
from shared.crm.budget import DailyLimit
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings
from shared.crm.testing import LoopbackOrg
from shared.errors import Fatal, Retryable
from starlette.responses import JSONResponse, Response


class Clock:
    """Seconds that go forward when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slow(settings: SalesforceSettings, clock: Clock) -> SalesforceSession:
    async def sleep(_: float) -> None:
        return

    return SalesforceSession(settings, sleep=sleep, jitter=lambda: 0.0, monotonic=clock)


def used(count: int) -> Response:
    return JSONResponse({}, headers={"sforce-limit-info": f"api-usage={count}/1000"})


async def test_beyond_our_share_of_the_day_nothing_is_sent_until_there_is_room(
    slow: SalesforceSession, org: LoopbackOrg, clock: Clock
) -> None:
    org.script["limits"] = [used(949), used(950), used(960), used(10)]
    await slow.get("limits")
    await slow.get("limits")
    for _ in range(20):
        with pytest.raises(DailyLimit, match="950 of 1000"):
            await slow.get("sobjects/X")
    assert org.calls["limits"] == 2
    clock.now += 301
    assert not await slow.has_room()
    clock.now += 301
    assert await slow.has_room()
    await slow.get("sobjects/X")
    assert (org.calls["limits"], org.calls["sobjects/X"]) == (4, 1)


async def test_salesforces_own_refusal_closes_the_day_too(slow: SalesforceSession, org: LoopbackOrg) -> None:
    body = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    org.script["sobjects/X"] = [JSONResponse(body, 403)]
    for _ in range(5):
        with pytest.raises(DailyLimit):
            await slow.get("sobjects/X")
    assert org.calls["sobjects/X"] == 1


async def test_too_many_calls_at_once_is_no_matter_of_the_day(slow: SalesforceSession, org: LoopbackOrg) -> None:
    body = [{"message": "ConcurrentRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    org.script["sobjects/X"] = [JSONResponse(body, 403)]
    with pytest.raises(Retryable):
        await slow.get("sobjects/X")
    await slow.get("sobjects/X")


async def test_an_org_that_is_away_is_left_alone_and_tried_with_one_call(
    slow: SalesforceSession, org: LoopbackOrg, clock: Clock
) -> None:
    org.script["sobjects/X"] = [Response(b"", 503) for _ in range(24)]
    for _ in range(8):
        with pytest.raises(Retryable):
            await slow.get("sobjects/X")
    with pytest.raises(Retryable, match="left alone"):
        await slow.get("sobjects/X")
    assert org.calls["sobjects/X"] == 24
    clock.now += 21
    answers = await asyncio.gather(*(slow.get("sobjects/X") for _ in range(5)), return_exceptions=True)
    assert sum(not isinstance(answer, Retryable) for answer in answers) == 1
    await slow.get("sobjects/X")


def test_a_breaker_counts_failures_in_a_row_only(clock: Clock) -> None:
    breaker = Breaker(clock, failures=2)
    for _ in range(5):
        breaker.failed()
        breaker.answered()
    breaker.admit()


async def test_an_hour_later_a_describe_is_asked_whether_it_has_changed(
    slow: SalesforceSession, org: LoopbackOrg, clock: Clock
) -> None:
    name, date = "sobjects/X/describe", {"last-modified": "Sat, 21 Nov 2026 10:00:00 GMT"}
    org.script[name] = [JSONResponse({"name": "X", "fields": [1]}, headers=date), Response(status_code=304)]
    first = await slow.describe("X")
    clock.now += 3_601
    assert await slow.describe("X") == first
    assert org.headers[-1]["if-modified-since"] == date["last-modified"]
    assert (await slow.describe("X"), org.calls[name]) == (first, 2)
    await asyncio.gather(*(slow.describe("X", refresh=True) for _ in range(20)))
    assert org.calls[name] == 3, "many who meet a changed schema look once"
    assert "if-modified-since" not in org.headers[-1]


@pytest.mark.parametrize("body", [b"<html>", b"", b"{}", b'[{"errorCode":"INVALID_AUTH_HEADER","message":"x"}]'])
async def test_a_stream_is_replayed_with_a_new_session(slow: SalesforceSession, org: LoopbackOrg, body: bytes) -> None:
    org.script["jobs/1/results"] = [Response(body, 401), Response("Name\né\u2028\n", media_type="text/csv")]
    text = ""
    async with slow.get_stream("jobs/1/results") as pieces:
        async for piece in pieces:
            text += piece
    assert (text, org.calls["login"]) == ("Name\né\u2028\n", 2)
    org.script["jobs/1/results"] = [Response(body, 401), Response(body, 401)]
    with pytest.raises(Fatal):
        async with slow.get_stream("jobs/1/results"):
            raise AssertionError("there is nothing to read")
