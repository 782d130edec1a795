"""The account, tokens and limits (contract checks 12 and 89)."""

from typing import Any

import httpx
import pytest

from crm_sandbox.testing import PortalClient

WHERE = "/oauth/v1/token"


def refresh(portal: PortalClient, path: str = WHERE, **changes: str) -> httpx.Response:
    given = portal.sandbox.handle["hubspot"]
    form = {name: given[name] for name in ("client_id", "client_secret", "refresh_token")}
    return portal.http.post(path, data={"grant_type": "refresh_token", **form, **changes})


def search(portal: PortalClient) -> httpx.Response:
    return portal.call("POST", "objects/contacts/search", {"limit": 1})


@pytest.mark.parametrize("version", ["v1", "v3", "2026-03"])
def test_a_refresh_token_buys_half_an_hour(portal: PortalClient, version: str) -> None:
    answer = refresh(portal, f"/oauth/{version}/token")
    body = answer.json()
    assert (answer.status_code, body["expires_in"], body["token_type"]) == (200, 1800, "bearer")
    assert body["refresh_token"] == portal.sandbox.handle["hubspot"]["refresh_token"]
    with portal.sandbox.hubspot(body["access_token"]) as client:
        first = client.get("/crm/v3/objects/contacts")
        assert first.status_code == 200
        assert "x-hubspot-ratelimit-daily" not in first.headers
        portal.sandbox.admin("POST", "/clock", {"advance_s": 1790})
        assert client.get("/crm/v3/objects/contacts").status_code == 200
        portal.sandbox.admin("POST", "/clock", {"advance_s": 130})
        late = client.get("/crm/v3/objects/contacts")
    assert (late.status_code, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert late.json()["message"].startswith("The OAuth token used to make this call expired 2 minute(s) ago")
    assert portal.call("GET", "objects/contacts").status_code == 200, "a private app's token does not expire"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"refresh_token": "wrong"}, "BAD_REFRESH_TOKEN"),
        ({"client_id": "wrong"}, "BAD_CLIENT_ID"),
        ({"client_secret": "wrong"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
    ],
)
def test_a_bad_refresh_is_told_apart(portal: PortalClient, changes: dict[str, str], status: str) -> None:
    answer = refresh(portal, **changes)
    assert (answer.status_code, answer.json()["status"]) == (400, status)


def test_a_refresh_is_a_form(portal: PortalClient) -> None:
    assert portal.http.post(WHERE, json={"grant_type": "refresh_token"}).status_code == 415


def test_tokens_can_be_looked_into(portal: PortalClient) -> None:
    given = portal.sandbox.handle["hubspot"]
    token = refresh(portal).json()["access_token"]
    about = portal.http.get(f"/oauth/v1/access-tokens/{token}").json()
    assert (about["token"], about["hub_id"], about["token_type"]) == (token, 44237313, "access")
    assert 1700 < about["expires_in"] <= 1800
    assert "crm.objects.contacts.write" in about["scopes"]
    assert (
        portal.http.get(f"/oauth/v1/refresh-tokens/{given['refresh_token']}").json()["client_id"] == given["client_id"]
    )
    assert portal.http.get("/oauth/v1/access-tokens/nothing").status_code == 404
    private = {"tokenKey": given["access_token"]}
    assert portal.http.post("/oauth/v2/private-apps/get/access-token-info", json=private).json()["hubId"] == 44237313
    assert portal.http.post("/oauth/v3/introspect", data={"token": token}).json()["active"] is True
    assert portal.http.post("/oauth/v3/introspect", data={"token": "nothing"}).json() == {"active": False}


def test_expiring_all_sessions_ends_the_tokens_of_oauth(portal: PortalClient) -> None:
    token = refresh(portal).json()["access_token"]
    portal.sandbox.admin("POST", "/sessions/expire")
    with portal.sandbox.hubspot(token) as client:
        assert client.get("/crm/v3/objects/contacts").status_code == 401
    assert portal.call("GET", "objects/contacts").status_code == 200


def test_the_account_says_where_it_is(portal: PortalClient) -> None:
    for version in ("v3", "2026-03"):
        body = portal.http.get(f"/account-info/{version}/details").json()
        assert (body["portalId"], body["timeZone"], body["uiDomain"]) == (44237313, "US/Eastern", "app.hubspot.com")
        assert body["utcOffsetMilliseconds"] in (-18_000_000, -14_400_000)


def test_the_usage_of_the_day_agrees_with_the_headers(portal: PortalClient) -> None:
    path = "/account-info/v3/api-usage/daily/private-apps"
    answer = portal.http.get(path)
    (usage,) = answer.json()["results"]
    left = int(answer.headers["x-hubspot-ratelimit-daily-remaining"])
    assert usage["usageLimit"] - usage["currentUsage"] == left
    assert int(portal.http.get(path).headers["x-hubspot-ratelimit-daily-remaining"]) == left - 1


def test_ten_rolling_seconds_hold_so_many_calls(portal: PortalClient) -> None:
    portal.sandbox.admin("POST", "/clock", {"advance_s": 20})
    portal.settings(ten_seconds_private=3)
    answers = [portal.call("GET", "objects/contacts") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["x-hubspot-ratelimit-remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    body = answers[3].json()
    assert (body["policyName"], body["errorType"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMIT")
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert "retry-after" not in answers[3].headers
    portal.sandbox.admin("POST", "/clock", {"advance_s": 10})
    assert portal.call("GET", "objects/contacts").status_code == 200


def test_a_retry_after_can_be_ordered(portal: PortalClient) -> None:
    portal.settings(ten_seconds_private=0, retry_after=True)
    answer = portal.call("GET", "objects/contacts")
    assert (answer.status_code, 1 <= int(answer.headers["retry-after"]) <= 10) == (429, True)


def test_searches_have_a_limit_and_no_headers_of_their_own(portal: PortalClient) -> None:
    portal.sandbox.admin("POST", "/clock", {"advance_s": 2})
    portal.settings(searches_per_second=2, ten_seconds_private=0)
    answers = [search(portal) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].json()["policyName"] == "SECONDLY"
    assert not [name for one in answers for name in one.headers if name.startswith("x-hubspot-ratelimit")]
    portal.sandbox.admin("POST", "/clock", {"advance_s": 1})
    assert search(portal).status_code == 200


def test_the_day_ends_at_the_portals_midnight(portal: PortalClient) -> None:
    portal.settings(daily=0)
    answer = portal.call("GET", "objects/contacts")
    assert (answer.status_code, answer.json()["policyName"]) == (429, "DAILY")
    assert search(portal).json()["policyName"] == "DAILY"
    portal.settings(daily=650_000)
    assert portal.call("GET", "objects/contacts").status_code == 200
    ends = portal.sandbox.admin("GET", "/hubspot").json()["day_ends"]
    assert "T00:00:00-0" in ends


def test_owners_are_listed_and_found(portal: PortalClient) -> None:
    page = portal.call("GET", "owners/", limit=3).json()
    assert len(page["results"]) == 3
    rest = portal.call("GET", "owners/", limit=3, after=page["paging"]["next"]["after"]).json()
    assert len(rest["results"]) == 1
    one = page["results"][0]
    assert portal.call("GET", "owners/", email=one["email"]).json()["results"] == [one]
    assert portal.call("GET", f"owners/{one['id']}").json() == one
    assert portal.call("GET", f"owners/{one['userId']}", idProperty="userId").json() == one
    assert portal.call("GET", "owners/1").status_code == 404


def test_pipelines_and_stages_can_be_read_and_added(portal: PortalClient) -> None:
    (sales,) = [one for one in portal.call("GET", "pipelines/deals").json()["results"] if one["id"] == "default"]
    assert [one["id"] for one in sales["stages"]][:2] == ["appointmentscheduled", "qualifiedtobuy"]
    assert sales["stages"][5]["metadata"] == {"isClosed": "true", "probability": "1.0"}
    stages: list[dict[str, Any]] = [{"label": "Open", "displayOrder": 0, "metadata": {"probability": "0.5"}}]
    made = portal.call("POST", "pipelines/deals", {"label": "Renewals", "displayOrder": 1, "stages": stages})
    pipeline = made.json()
    assert made.status_code == 201
    added = portal.call("POST", f"pipelines/deals/{pipeline['id']}/stages", {"label": "Won", "metadata": {}})
    stage = added.json()["id"]
    assert portal.call("GET", f"pipelines/deals/{pipeline['id']}/stages/{stage}").json()["label"] == "Won"
    assert len(portal.call("GET", f"pipelines/deals/{pipeline['id']}/stages").json()["results"]) == 2
    portal.create("deals", dealname="R", pipeline=pipeline["id"], dealstage=stage)
    wrong = {"properties": {"dealname": "R", "pipeline": "default", "dealstage": stage}}
    assert portal.call("POST", "objects/deals", wrong).status_code == 400
    assert portal.call("POST", "pipelines/deals", {"label": "No stages"}).status_code == 400
    assert portal.call("GET", "pipelines/deals/nothing").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [{"nothing": 1}, {"daily": "many"}, {"time_zone": "Mars/Olympus"}, {"scopes": "all"}, {"retry_after": 1}, []],
)
def test_settings_that_make_no_sense_are_refused(portal: PortalClient, changes: object) -> None:
    assert portal.sandbox.admin("PATCH", "/hubspot/settings", changes).status_code == 400
