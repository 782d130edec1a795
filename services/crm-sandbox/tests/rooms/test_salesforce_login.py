import time

import pytest

from crm_sandbox.testing import DATA, RunningSandbox


def test_a_good_assertion_opens_a_session(sandbox: RunningSandbox) -> None:
    answer = sandbox.login()
    assert answer.status_code == 200
    session = answer.json()
    assert session["access_token"].startswith("00D")
    assert "!" in session["access_token"]
    assert session["instance_url"] == sandbox.handle["http"]
    assert session["token_type"] == "Bearer"  # noqa: S105 - no secret
    with sandbox.http(session["access_token"]) as client:
        assert client.get(f"{DATA}/sobjects").status_code == 200


def test_the_expiry_may_be_text_or_milliseconds(sandbox: RunningSandbox) -> None:
    assert sandbox.login(exp=f"{time.time() + 180:.0f}").status_code == 200
    assert sandbox.login(exp=int(time.time() * 1000) + 300).status_code == 200


def test_the_audience_may_be_the_test_host_or_the_sandbox_itself(sandbox: RunningSandbox) -> None:
    for audience in ("https://test.salesforce.com", sandbox.handle["http"], sandbox.handle["https"]):
        assert sandbox.login(aud=audience).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"iss": "someone"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"aud": "https://evil.example"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1_000_000_000}, "invalid_grant", "assertion is not within its valid lifetime"),
        ({"exp": 99_000_000_000}, "invalid_grant", "assertion is not within its valid lifetime"),
        ({"exp": "soon"}, "invalid_grant", "assertion is not within its valid lifetime"),
    ],
)
def test_a_bad_claim_is_refused_in_its_own_words(
    sandbox: RunningSandbox, claims: dict[str, object], error: str, description: str
) -> None:
    answer = sandbox.login(**claims)
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_a_forged_signature_is_refused(sandbox: RunningSandbox) -> None:
    good = sandbox.login().request.content.decode()
    start, _, signature = good.rpartition(".")
    forged = f"{start}.{'A' * len(signature)}"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = sandbox.client.post("/services/oauth2/token", content=forged, headers=headers)
    assert (answer.status_code, answer.json()["error_description"]) == (400, "invalid assertion")


@pytest.mark.parametrize("body", [{"data": {"grant_type": "password"}}, {"json": {"grant_type": "x"}}])
def test_another_grant_type_is_refused(sandbox: RunningSandbox, body: dict[str, dict[str, str]]) -> None:
    answer = sandbox.client.request("POST", "/services/oauth2/token", data=body.get("data"), json=body.get("json"))
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_userinfo_knows_the_user_of_a_token(sandbox: RunningSandbox) -> None:
    me = sandbox.client.get("/services/oauth2/userinfo").json()
    assert me["preferred_username"] == sandbox.handle["salesforce"]["username"]
    with sandbox.http("00Dxx!wrong") as client:
        answer = client.get("/services/oauth2/userinfo")
    assert (answer.status_code, answer.text) == (403, "Bad_OAuth_Token")


def test_the_identity_and_the_userinfo_name_the_user(sandbox: RunningSandbox) -> None:
    session = sandbox.login().json()
    path = session["id"].removeprefix(session["instance_url"])
    with sandbox.http(session["access_token"]) as client:
        who = client.get(path).json()
        info = client.get("/services/oauth2/userinfo").json()
        assert who["username"] == info["preferred_username"] == sandbox.handle["salesforce"]["username"]
        assert (who["user_id"], who["organization_id"]) == (info["user_id"], info["organization_id"])
        assert client.get("/id/00DRS0000000000/005RS0000000000").status_code == 404
    with sandbox.http("no session") as client:
        assert (client.get(path).status_code, client.get(path).text) == (403, "Bad_OAuth_Token")


@pytest.mark.parametrize("body", ["", "<", "<login/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_a_soap_login_that_is_none_is_a_fault(sandbox: RunningSandbox, body: str) -> None:
    answer = sandbox.client.post("/services/Soap/u/59.0", content=body)
    assert answer.status_code == 500
    assert "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in answer.text
    assert answer.headers["content-type"].startswith("text/xml")


def test_a_login_in_json_is_no_form(sandbox: RunningSandbox) -> None:
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    answer = sandbox.client.post("/services/oauth2/token", json={"grant_type": grant, "assertion": "x"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
