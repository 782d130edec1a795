"""One session under everything that an org, its edge and a network do."""

import asyncio
import urllib.parse
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from shared.crm.login import private_key
from shared.crm.refusals import SalesforceRefused, retry_after
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings
from shared.crm.testing import EXPIRED, LoopbackOrg
from shared.errors import Fatal, Rejected, Retryable
from starlette.responses import HTMLResponse, JSONResponse, Response


def refusal(status: int, code: str, message: str = "", **headers: str) -> Response:
    return JSONResponse([{"errorCode": code, "message": message}], status, headers)


async def test_a_login_sends_a_signed_assertion_that_names_app_user_and_audience(
    session: SalesforceSession, org: LoopbackOrg, key: str
) -> None:
    await session.get("limits")
    form = dict(urllib.parse.parse_qsl(org.assertions[0]))
    public = load_pem_private_key(key.encode(), None).public_key()
    claims = jwt.decode(form["assertion"], public, algorithms=["RS256"], audience=org.url)  # type: ignore[arg-type]
    assert (claims["iss"], claims["sub"]) == ("app", "u@example.org")


async def test_fifty_calls_that_meet_an_expired_session_cause_one_login(
    session: SalesforceSession, org: LoopbackOrg
) -> None:
    await session.get("limits")
    org.expire()
    org.login_delay = 0.05
    await asyncio.gather(*(session.get("limits") for _ in range(50)))
    assert org.calls["login"] == 2


async def test_a_call_is_replayed_once_with_the_same_body(session: SalesforceSession, org: LoopbackOrg) -> None:
    await session.get("limits")
    org.expire()
    results = await session.collections_update([{"id": "1", "attributes": {"type": "Claim__c"}}])
    assert len(results) == 1
    assert org.calls["composite/sobjects"] == 2
    assert org.bodies[-1] == {"allOrNone": False, "records": [{"id": "1", "attributes": {"type": "Claim__c"}}]}


async def test_a_second_401_ends_it(session: SalesforceSession, org: LoopbackOrg) -> None:
    org.script["limits"] = [EXPIRED, EXPIRED]
    with pytest.raises(Fatal) as caught:
        await session.get("limits")
    assert caught.value.category == "auth"
    assert org.calls["limits"] == 2


@pytest.mark.parametrize(
    "answer",
    [
        HTMLResponse("<html>expired</html>", 401),
        Response(b"", 401),
        JSONResponse({"error": "INVALID_AUTH_HEADER"}, 401),
        JSONResponse([{"message": "INVALID_JWT_FORMAT", "errorCode": "INVALID_AUTH_HEADER"}], 401),
    ],
)
async def test_any_401_is_an_expired_session(session: SalesforceSession, org: LoopbackOrg, answer: Response) -> None:
    org.script["limits"] = [answer]
    await session.get("limits")
    assert org.calls["login"] == 2


@pytest.mark.parametrize("status", [406, 420, 429, 500, 502, 503, 504])
async def test_what_is_transient_is_repeated(
    session: SalesforceSession, org: LoopbackOrg, slept: list[float], status: int
) -> None:
    org.script["limits"] = [Response(b"", status), Response(b"", status)]
    await session.get("limits")
    assert slept == [1.0, 2.0]


async def test_a_new_session_may_live_at_another_address(session: SalesforceSession, org: LoopbackOrg) -> None:
    await session.get("limits")
    org.expire()
    org.url = org.url.replace("127.0.0.1", "localhost")
    for _ in range(2):
        await session.get("limits")
    assert [headers["host"].partition(":")[0] for headers in org.headers] == ["127.0.0.1"] * 2 + ["localhost"] * 2
    assert org.calls["login"] == 2


async def test_what_stays_transient_is_for_later(session: SalesforceSession, org: LoopbackOrg) -> None:
    org.script["limits"] = [HTMLResponse("<html>", 503)] * 5
    with pytest.raises(Retryable) as caught:
        await session.get("limits")
    assert (caught.value.category, org.calls["limits"]) == ("network", 3)


async def test_an_html_page_with_status_200_is_not_an_answer(session: SalesforceSession, org: LoopbackOrg) -> None:
    org.script["limits"] = [HTMLResponse("<html>maintenance</html>")] * 3
    with pytest.raises(Retryable):
        await session.get("limits")


async def test_a_post_that_may_have_happened_is_not_repeated(session: SalesforceSession, org: LoopbackOrg) -> None:
    org.script["sobjects/Note"] = [Response(b"", 503)]
    with pytest.raises(Retryable):
        await session.post("sobjects/Note", {})
    assert org.calls["sobjects/Note"] == 1


@pytest.mark.parametrize(
    ("header", "waited", "asked"),
    [("2", [2.0], None), ("3600", [], 3600.0), ("99999", [], 3600.0), ("-5", [1.0], None), ("soon", [1.0], None)],
)
async def test_retry_after_is_waited_out_when_it_is_short_and_handed_on_when_it_is_long(
    session: SalesforceSession,
    org: LoopbackOrg,
    slept: list[float],
    header: str,
    waited: list[float],
    asked: float | None,
) -> None:
    org.script["limits"] = [Response(b"", 503, {"retry-after": header})]
    answer = (await asyncio.gather(session.get("limits"), return_exceptions=True))[0]
    assert getattr(answer, "retry_after_s", None) == asked
    assert slept == waited


@pytest.mark.parametrize(
    ("message", "seconds"), [("TotalRequests Limit exceeded.", 300), ("ConcurrentRequests Limit exceeded.", 5)]
)
async def test_a_request_limit_is_waited_for(
    session: SalesforceSession, org: LoopbackOrg, message: str, seconds: float
) -> None:
    org.script["limits"] = [refusal(403, "REQUEST_LIMIT_EXCEEDED", message)]
    with pytest.raises(Retryable) as caught:
        await session.get("limits")
    assert (caught.value.category, caught.value.retry_after_s) == ("rate_limit", seconds)


async def test_a_refusal_keeps_what_salesforce_said_out_of_the_message(
    session: SalesforceSession, org: LoopbackOrg
) -> None:
    org.script["query"] = [refusal(400, "MALFORMED_QUERY", "unexpected token: Jane Doe")]
    with pytest.raises(SalesforceRefused) as caught:
        await session.get("query")
    assert (caught.value.code, caught.value.said) == ("MALFORMED_QUERY", "unexpected token: Jane Doe")
    assert "Jane" not in str(caught.value)


async def test_a_login_that_can_never_go_well_is_not_tried_again_at_once(
    session: SalesforceSession, org: LoopbackOrg
) -> None:
    org.script["login"] = [JSONResponse({"error": "invalid_grant", "error_description": "user is inactive"}, 400)]
    for _ in range(3):
        with pytest.raises(Fatal, match="invalid_grant"):
            await session.get("limits")
    assert org.calls["login"] == 1


async def test_a_limit_on_logins_is_for_later(session: SalesforceSession, org: LoopbackOrg) -> None:
    org.script["login"] = [JSONResponse({"error": "rate_limit_exceeded"}, 400)]
    with pytest.raises(Retryable):
        await session.get("limits")
    await session.get("limits")


async def test_nobody_listening_is_for_later(settings: SalesforceSettings, org: LoopbackOrg) -> None:
    session = SalesforceSession(settings, jitter=lambda: 0.0)
    await session.get("limits")
    await session.close()
    dead = SalesforceSession(settings.model_copy(update={"login_url": "http://127.0.0.1:9"}), jitter=lambda: 0.0)
    with pytest.raises(Retryable, match="could not be reached"):
        await dead.get("limits")
    await dead.close()


async def test_a_query_gives_all_pages(session: SalesforceSession) -> None:
    pages = [page async for page in session.query("SELECT Id FROM X")]
    assert pages == [[{"Id": "1"}], [{"Id": "2"}]]


async def test_a_describe_is_asked_for_once_an_hour(session: SalesforceSession, org: LoopbackOrg) -> None:
    await asyncio.gather(*(session.describe("Claim__c") for _ in range(10)))
    await session.describe("Claim__c", refresh=True)
    assert org.calls["sobjects/Claim__c/describe"] == 2


async def test_a_describe_that_failed_is_asked_for_again(session: SalesforceSession, org: LoopbackOrg) -> None:
    org.script["sobjects/X/describe"] = [refusal(404, "NOT_FOUND")]
    with pytest.raises(Rejected):
        await session.describe("X")
    assert (await session.describe("X"))["fields"] == []


async def test_missing_results_are_noticed(session: SalesforceSession, org: LoopbackOrg) -> None:
    org.script["composite/sobjects/X/Key__c"] = [JSONResponse([])]
    with pytest.raises(Retryable, match="every record"):
        await session.collections_upsert("X", "Key__c", [{"Key__c": "1"}])


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("Sat, 21 Nov 2026 10:00:07 GMT", 7.0),
        ("Sat, 21 Nov 2026 09:59:00 GMT", None),
        ("Sun, 22 Nov 2026 10:00:00 GMT", 3_600.0),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_to_retry_after_is_told_by_the_answers_own_clock(given: str, seconds: float | None) -> None:
    headers = {"retry-after": given, "date": "Sat, 21 Nov 2026 10:00:00 GMT"}
    assert retry_after(httpx.Response(503, headers=headers)) == seconds


def test_a_key_may_be_encrypted_or_in_a_file(tmp_path: Path) -> None:
    own = rsa.generate_private_key(65537, 2048)
    sealed = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass"))
    (tmp_path / "key.pem").write_bytes(sealed)
    given = {"private_key_file": tmp_path / "key.pem", "private_key_passphrase": "pass"}
    assert private_key(SalesforceSettings.model_validate(given)).key_size == 2048
    one_line = sealed.decode().replace("\n", "\\n")
    given = {"private_key": one_line, "private_key_passphrase": "pass"}
    assert private_key(SalesforceSettings.model_validate(given)).key_size == 2048


@pytest.mark.parametrize("given", [{"private_key": "no pem"}, {"private_key_file": "/nowhere/key.pem"}, {}])
def test_a_key_that_cannot_be_used_is_a_matter_of_configuration(given: dict[str, str]) -> None:
    with pytest.raises(Fatal) as caught:
        private_key(SalesforceSettings.model_validate(given))
    assert "no pem" not in str(caught.value).replace("no PEM", "")


def test_a_key_of_another_kind_is_refused() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(Fatal, match="RS256"):
        private_key(SalesforceSettings.model_validate({"private_key": pem.decode()}))


@pytest.mark.parametrize("version", ["62.0", "v62.0", "V62", "62"])
def test_an_api_version_may_be_written_in_several_ways(version: str) -> None:
    assert SalesforceSettings.model_validate({"api_version": version}).api_version == "v62.0"


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://login.salesforce.com/", "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:18080", "http://127.0.0.1:18080"),
    ],
)
def test_the_audience_follows_from_the_login_url(url: str, audience: str) -> None:
    assert SalesforceSettings.model_validate({"login_url": url}).assertion_audience() == audience
