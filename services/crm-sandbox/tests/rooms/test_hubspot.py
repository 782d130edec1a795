"""What holds for all of HubSpot's calls: who may enter, versions, names of types, the form of refusals."""

from typing import Any

import httpx
import pytest

from crm_sandbox.testing import PortalClient

VERSIONS = ("v3", "v4", "2026-03", "2026-09")


def comparable(answer: httpx.Response) -> tuple[int, Any]:
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body = {k: v for k, v in body.items() if k not in ("correlationId", "startedAt", "completedAt", "paging")}
    return answer.status_code, body


def test_every_version_answers_alike(portal: PortalClient) -> None:
    contact = portal.create("contacts", email="versions@room.example", firstname="V")
    company = portal.create("companies", name="Versions")
    link = f"objects/contacts/{contact}/associations/companies"
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"objects/contacts/{contact}", None),
        ("GET", "objects/contacts", None),
        ("POST", "objects/contacts", {"properties": {"email": "versions@room.example"}}),
        ("POST", "objects/contacts/batch/read", {"inputs": [{"id": contact}, {"id": "1"}]}),
        ("POST", "objects/contacts/batch/upsert", {"inputs": [{"id": "x", "properties": {}}]}),
        ("POST", "objects/contacts/search", {"filters": [{"propertyName": "firstname", "operator": "HAS_PROPERTY"}]}),
        ("GET", "objects/contacts/1", None),
        ("GET", "properties/contacts/email", None),
        ("GET", "properties/contacts/groups", None),
        ("GET", "pipelines/deals", None),
        ("GET", "owners/", None),
        ("PUT", link.replace("associations", "associations/default") + f"/{company}", None),
    ]
    for method, path, body in calls:
        answers = []
        # v3 has associations of its own, which know kinds by name.
        for version in VERSIONS[1:] if "associations" in path else VERSIONS:
            portal.version = version
            answers.append(comparable(portal.call(method, path, body)))
        assert answers == [answers[0]] * len(answers), (method, path)
    portal.version = "v2"
    assert portal.call("GET", "objects/contacts").status_code == 404


@pytest.mark.parametrize(
    ("names", "number"),
    [
        (("contacts", "contact", "Contact"), "0-1"),
        (("companies", "company"), "0-2"),
        (("deals", "deal"), "0-3"),
        (("tickets", "ticket"), "0-5"),
        (("notes", "note"), "0-46"),
        (("calls", "call"), "0-48"),
        (("tasks", "task"), "0-27"),
    ],
)
def test_a_type_goes_by_its_plural_singular_and_number(
    portal: PortalClient, names: tuple[str, ...], number: str
) -> None:
    answers = {portal.call("GET", f"objects/{name}", limit=1).json()["results"][0]["id"] for name in (*names, number)}
    assert len(answers) == 1


def test_an_unknown_type_is_named(portal: PortalClient) -> None:
    answer = portal.call("GET", "objects/butterflies")
    assert answer.status_code == 400
    assert answer.json().keys() == {"status", "message", "correlationId"}
    assert answer.json()["message"] == "Unable to infer object type from: butterflies"


@pytest.mark.parametrize("token", [None, "pat-eu1-wrong", "schräg"])
def test_without_a_token_nothing_is_answered(portal: PortalClient, token: str | None) -> None:
    headers = {"authorization": f"Bearer {token}".encode()} if token else {}
    answer = httpx.get(f"{portal.sandbox.handle['http']}/crm/v3/nothing", headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert "x-hubspot-ratelimit-max" not in answer.headers


def test_the_salesforce_token_is_none_of_hubspots(portal: PortalClient) -> None:
    assert portal.sandbox.client.get("/crm/v3/objects/contacts").status_code == 401
    assert portal.http.get("/services/data/v62.0/limits").status_code == 401
    assert portal.http.get("/admin/calls").status_code == 401


def test_a_missing_scope_is_named(portal: PortalClient) -> None:
    portal.settings(scopes=["crm.objects.contacts.read", "crm.schemas.contacts.read"])
    assert portal.call("GET", "objects/contacts").status_code == 200
    assert portal.call("GET", "properties/contacts").status_code == 200
    for method, path, scope in (
        ("POST", "objects/contacts", "crm.objects.contacts.write"),
        ("POST", "properties/contacts", "crm.schemas.contacts.write"),
        ("GET", "objects/deals", "crm.objects.deals.read"),
        ("POST", "objects/tickets/batch/create", "tickets"),
        ("GET", "owners/", "crm.objects.owners.read"),
        ("GET", "schemas", "crm.schemas.custom.read"),
    ):
        answer = portal.call(method, path, {} if method == "POST" else None)
        assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES"), path
        assert answer.json()["context"]["requiredGranularScopes"] == [scope]


def test_a_page_that_is_not_there_and_a_method_that_is_wrong(portal: PortalClient) -> None:
    assert portal.call("GET", "nothing/contacts").status_code == 404
    assert portal.call("PUT", "objects/contacts").status_code == 405


def test_a_body_that_is_none_is_refused(portal: PortalClient) -> None:
    url, headers = "/crm/v3/objects/contacts", {"content-type": "application/json"}
    broken = portal.http.post(url, content=b"{", headers=headers)
    assert (broken.status_code, broken.json()["message"].startswith("Invalid input JSON")) == (400, True)
    assert portal.http.post(url, content=b"a=b", headers={"content-type": "text/plain"}).status_code == 415
    assert portal.http.post(url, content=b"[]", headers=headers).status_code == 400


@pytest.mark.parametrize("status", [423, 429, 477, 500, 503])
def test_failures_to_order_are_in_hubspots_words(portal: PortalClient, status: int) -> None:
    portal.sandbox.fault(path="/crm/*", status=status, times=1)
    answer = portal.call("GET", "objects/contacts")
    assert (answer.status_code, answer.json()["status"]) == (status, "error")
    assert ("retry-after" in answer.headers) is (status == 477)
    assert portal.call("GET", "objects/contacts").status_code == 200


@pytest.mark.parametrize("status", [502, 504, 521, 524])
def test_failures_of_the_edge_are_no_json(portal: PortalClient, status: int) -> None:
    portal.sandbox.fault(path="/crm/*", status=status, times=1, retry_after=2)
    answer = portal.call("GET", "objects/contacts")
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "2")
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("code", "status"), [("DAILY", 429), ("MISSING_SCOPES", 403), ("EXPIRED_AUTHENTICATION", 401)])
def test_a_code_fails_a_call_that_carries_no_records(portal: PortalClient, code: str, status: int) -> None:
    portal.sandbox.fault(method="GET", path="/crm/*", code=code, times=1)
    answer = portal.call("GET", "objects/contacts")
    assert answer.status_code == status
    assert code in (answer.json().get("category"), answer.json().get("policyName"))


def test_a_dropped_call_is_done_or_not_as_ordered(portal: PortalClient) -> None:
    portal.add_property("notes", "drop_key", hasUniqueValue=True)
    values = {"hs_timestamp": "1767600000000", "hs_note_body": "x"}
    for moment, kept in (("before", 404), ("after", 200)):
        portal.sandbox.fault(method="POST", path="/crm/*/notes/batch/upsert", drop=moment, times=1)
        with pytest.raises(httpx.TransportError):
            portal.batch("notes", "upsert", [{"id": moment, "idProperty": "drop_key", "properties": values}])
        assert portal.call("GET", f"objects/notes/{moment}", idProperty="drop_key").status_code == kept


def test_calls_are_counted_with_their_ids_folded(portal: PortalClient) -> None:
    contact = portal.create("contacts", firstname="Counted")
    portal.sandbox.admin("DELETE", "/calls")
    for _ in range(3):
        portal.call("GET", f"objects/contacts/{contact}")
    (line,) = portal.sandbox.admin("GET", "/calls").json()["calls"]
    assert line == {"method": "GET", "path": "/crm/v3/objects/contacts/{id}", "status": 200, "count": 3}


def test_every_answer_says_it_is_a_sandbox(portal: PortalClient) -> None:
    for path in ("objects/contacts", "nothing"):
        assert portal.call("GET", path).headers["x-recordsmith-sandbox"] == "sandbox"
