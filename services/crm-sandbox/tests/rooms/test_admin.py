import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crm_sandbox.testing import COLLECTIONS, DATA, RunningSandbox

LIMITS = f"{DATA}/limits"
ANY_COLLECTION = "/services/data/*/composite/sobjects*"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A process whose sessions and clock these tests may spoil."""
    sandbox = RunningSandbox(tmp_path_factory.mktemp("admin"), records=5)
    yield sandbox
    sandbox.stop()


def test_the_door_opens_to_its_own_token_only(sandbox: RunningSandbox) -> None:
    assert sandbox.client.get("/admin/calls").status_code == 401
    assert sandbox.admin("GET", "/calls").status_code == 200
    assert sandbox.admin("GET", "/nothing").status_code == 404
    with sandbox.http(sandbox.handle["admin"]["token"]) as client:
        assert client.get(LIMITS).status_code == 401


def test_calls_are_counted_without_ids_and_without_the_admins(sandbox: RunningSandbox) -> None:
    ids = sandbox.create({"Patient_Name__c": "c1"}, {"Patient_Name__c": "c2"})
    for record_id in ids:
        sandbox.client.get(f"{DATA}/sobjects/Claim__c/{record_id}")
    sandbox.client.get(f"{DATA}/sobjects/Claim__c/Claim_Number__c/none")
    report = sandbox.admin("GET", "/calls").json()
    counted = {(call["method"], call["path"], call["status"]): call["count"] for call in report["calls"]}
    assert counted == {
        ("POST", COLLECTIONS, 200): 1,
        ("GET", f"{DATA}/sobjects/Claim__c/{{id}}", 200): 2,
        ("GET", f"{DATA}/sobjects/Claim__c/Claim_Number__c/{{id}}", 404): 1,
    }
    assert report["total"] == 4
    sandbox.admin("DELETE", "/calls")
    assert sandbox.admin("GET", "/calls").json() == {"calls": [], "total": 0}


def test_a_status_fault_hits_the_nth_calls(sandbox: RunningSandbox) -> None:
    sandbox.fault(method="GET", path="/services/data/*/limits", nth=[2, 4], status=503)
    statuses = [sandbox.client.get(LIMITS).status_code for _ in range(5)]
    assert statuses == [200, 503, 200, 503, 200]


def test_times_counts_the_calls_that_are_hit(sandbox: RunningSandbox) -> None:
    sandbox.fault(path="/services/data/*", status=429, times=2, retry_after=7)
    answers = [sandbox.client.get(LIMITS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"


def test_a_rate_hits_some_calls(sandbox: RunningSandbox) -> None:
    sandbox.fault(path="*/limits", rate=0.5, status=500)
    statuses = [sandbox.client.get(LIMITS).status_code for _ in range(40)]
    assert 5 < statuses.count(500) < 35


def test_a_401_fault_looks_like_an_expired_session(sandbox: RunningSandbox) -> None:
    sandbox.fault(path="*/limits", status=401, times=1)
    answer = sandbox.client.get(LIMITS)
    assert answer.headers["www-authenticate"] == "Token"
    assert answer.json()[0]["errorCode"] == "INVALID_SESSION_ID"


def test_a_code_fault_fails_the_first_record_only(sandbox: RunningSandbox) -> None:
    sandbox.fault(method="POST", path=ANY_COLLECTION, code="UNABLE_TO_LOCK_ROW", times=1)
    first, second = sandbox.collection("POST", [{"Patient_Name__c": "f1"}, {"Patient_Name__c": "f2"}])
    assert first["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert second["success"]
    sandbox.fault(path="*/sobjects/Claim__c", code="UNABLE_TO_LOCK_ROW", times=1)
    single = sandbox.client.post(f"{DATA}/sobjects/Claim__c", json={"Patient_Name__c": "f3"})
    assert (single.status_code, single.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")


def test_a_code_fault_fails_a_call_without_records_as_a_whole(sandbox: RunningSandbox) -> None:
    sandbox.fault(path="*/query", code="QUERY_TIMEOUT")
    assert sandbox.refusal("SELECT Id FROM Claim__c")[0] == "QUERY_TIMEOUT"


def test_latency_delays_and_then_answers(sandbox: RunningSandbox) -> None:
    sandbox.fault(path="*/limits", latency_ms=150, times=1)
    started = time.monotonic()
    assert sandbox.client.get(LIMITS).status_code == 200
    assert time.monotonic() - started > 0.15


@pytest.mark.parametrize(("moment", "kept"), [("before", 0), ("after", 1)])
def test_a_dropped_call_is_executed_only_when_dropped_after(sandbox: RunningSandbox, moment: str, kept: int) -> None:
    sandbox.fault(method="POST", path=ANY_COLLECTION, drop=moment, times=1)
    with pytest.raises(httpx.TransportError):
        sandbox.create({"Patient_Name__c": f"Dropped {moment}"})
    assert len(sandbox.query(f"SELECT Id FROM Claim__c WHERE Patient_Name__c = 'Dropped {moment}'")) == kept
    calls = sandbox.admin("GET", "/calls").json()["calls"]
    assert {"method": "POST", "path": COLLECTIONS, "status": 0, "count": 1} in calls


def test_a_call_torn_in_the_middle_is_executed_and_its_answer_lost(sandbox: RunningSandbox) -> None:
    sandbox.fault(method="POST", path=ANY_COLLECTION, drop="middle", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.create({"Patient_Name__c": "Torn"})
    assert len(sandbox.query("SELECT Id FROM Claim__c WHERE Patient_Name__c = 'Torn'")) == 1


@pytest.mark.parametrize(
    ("body", "kind"), [("<html>Down</html>", "text/html"), ("", "text/html"), ('{"error": "x"}', "application/json")]
)
def test_a_fault_may_answer_what_no_vendor_says(sandbox: RunningSandbox, body: str, kind: str) -> None:
    sandbox.fault(path="*/limits", status=401, body=body, times=1)
    answer = sandbox.client.get(LIMITS)
    assert (answer.status_code, answer.text) == (401, body)
    assert answer.headers["content-type"].startswith(kind)


def test_switches_are_turned_together_kept_and_forgotten_by_a_reset(folder: Path) -> None:
    sandbox = RunningSandbox(folder, records=0)
    usual = sandbox.admin("GET", "/switches").json()
    assert (usual["storage_full"], usual["duplicate_external_ids"]) == (False, "both")
    wrong = {"storage_full": True, "duplicate_external_ids": "neither"}
    refused = sandbox.admin("POST", "/switches", wrong)
    assert (refused.status_code, refused.json()["error"]) == (400, "duplicate_external_ids: one of both, second")
    for order in ({"nonsense": 1}, {"storage_full": "yes"}, {"bulk_batch_seconds": -1}, []):
        assert sandbox.admin("POST", "/switches", order).status_code == 400
    assert sandbox.admin("GET", "/switches").json() == usual
    sandbox.switch(storage_full=True, bulk_batch_seconds=2)
    sandbox.stop()
    sandbox = RunningSandbox(folder)
    try:
        turned = sandbox.admin("GET", "/switches").json()
        assert turned == {**usual, "storage_full": True, "bulk_batch_seconds": 2}
        sandbox.admin("POST", "/reset").raise_for_status()
        assert sandbox.admin("GET", "/switches").json() == usual
    finally:
        sandbox.stop()


def test_deleted_faults_strike_no_more(sandbox: RunningSandbox) -> None:
    sandbox.fault(path="*", status=500)
    assert sandbox.client.get(LIMITS).status_code == 500
    assert sandbox.admin("DELETE", "/faults").status_code == 204
    assert sandbox.client.get(LIMITS).status_code == 200


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"path": "*"},
        {"status": "500"},
        {"drop": "sometimes"},
        {"status": 500, "nth": [0]},
        {"statuss": 500},
        {"rows": [1]},
        {"code": "X", "rows": [[2, 1]]},
        {"code": "X", "rows": 1},
        {"body": "x", "drop": "before"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(sandbox: RunningSandbox, order: dict[str, object]) -> None:
    assert sandbox.admin("POST", "/faults", order).status_code == 400


def test_an_object_of_ones_own(sandbox: RunningSandbox) -> None:
    fields = [
        {"name": "Score__c", "type": "double", "precision": 5, "scale": 1},
        {"name": "Kinds__c", "type": "multipicklist", "restrictedPicklist": True, "picklistValues": [{"value": "a"}]},
        {"name": "Seen__c", "type": "datetime"},
        {"name": "Where__c", "type": "address"},
    ]
    answer = sandbox.admin("POST", "/objects", {"name": "Thing__c", "fields": fields})
    assert (answer.status_code, answer.json()) == (201, {"name": "Thing__c"})
    (record_id,) = sandbox.create({"Score__c": "12.34", "Seen__c": "2026-01-15T10:00:00+02:00"}, object_name="Thing__c")
    (record,) = sandbox.query("SELECT Id, Score__c, Seen__c FROM Thing__c")
    assert (record["Id"], record["Score__c"], record["Seen__c"]) == (record_id, 12.3, "2026-01-15T08:00:00.000+0000")
    (bad,) = sandbox.collection("POST", [{"Kinds__c": "a;b"}], object_name="Thing__c")
    assert bad["errors"][0]["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_an_object_that_changes_keeps_its_records(sandbox: RunningSandbox) -> None:
    sandbox.admin("POST", "/objects", {"name": "Drift__c", "fields": [{"name": "Old__c"}]})
    sandbox.create({"Old__c": "x"}, object_name="Drift__c")
    sandbox.admin("POST", "/objects", {"name": "Drift__c", "fields": [{"name": "New__c"}]})
    assert sandbox.query("SELECT New__c FROM Drift__c")[0]["New__c"] is None
    assert sandbox.refusal("SELECT Old__c FROM Drift__c")[0] == "INVALID_FIELD"


@pytest.mark.parametrize("body", [[], {}, {"name": "a b"}, {"name": "X__c", "fields": [{"name": "Y", "type": "blob"}]}])
def test_a_definition_that_is_none_is_refused(sandbox: RunningSandbox, body: object) -> None:
    assert sandbox.admin("POST", "/objects", body).status_code == 400


def test_expired_sessions_end_until_the_next_login(own: RunningSandbox) -> None:
    assert own.client.get(LIMITS).status_code == 200
    assert own.admin("POST", "/sessions/expire").json()["expired"] >= 1
    assert own.client.get(LIMITS).status_code == 401
    with own.http(own.login().json()["access_token"]) as client:
        assert client.get(LIMITS).status_code == 200


def test_the_clock_ends_sessions_and_stamps_records(own: RunningSandbox) -> None:
    token = own.login().json()["access_token"]
    assert own.admin("POST", "/clock", {"advance_s": 86400}).status_code == 200
    with own.http(token) as client:
        assert client.get(LIMITS).status_code == 401
    assert own.login().status_code == 200
    assert own.admin("POST", "/clock", {"advance_s": "soon"}).status_code == 400


def test_a_reset_brings_back_the_first_day(own: RunningSandbox) -> None:
    own.admin("POST", "/clock", {"advance_s": 86400})
    own.fault(path="*", status=500)
    assert own.admin("POST", "/reset").status_code == 200
    before = own.query("SELECT Id, Name, Patient_Name__c FROM Claim__c")
    assert len(before) == 5
    own.create({"Patient_Name__c": "to be forgotten"})
    own.admin("POST", "/reset")
    assert own.query("SELECT Id, Name, Patient_Name__c FROM Claim__c") == before
