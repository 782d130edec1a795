"""Large batches and planned ones, through every service, into the CRM."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import Running, running

RECORDS = 120
SCRIPTED = [{"provider": "scripted", "model": "instant"}]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A system that takes a hundred records for many."""
    folder: Path = tmp_path_factory.mktemp("large")
    environment = {"WRITER_BULK_FROM": "50", "WRITER_BULK_QUIET_S": "2", "KAFKA_RETRY_DELAY_FACTOR": "0.1"}
    with running(folder / "data", "--records", "20", environment=environment) as system:
        yield system


def batch(name: str, records: int, **other: Any) -> dict[str, Any]:
    rows = [{"id": f"r{i}", "Claim_Number__c": f"{name}-{i:03}", "n": i} for i in range(records)]
    target = {"kind": "salesforce", "object": "Claim__c", "external_id": "Claim_Number__c", "field": "Patient_Name__c"}
    prompt = {"template": "Name patient {{n}}"}
    return {"source": {"kind": "rows", "rows": rows}, "prompt": prompt, "models": SCRIPTED, "target": target, **other}


def calls(system: Running, method: str, end: str) -> int:
    made = system.admin("GET", "/calls")["calls"]
    return sum(call["count"] for call in made if call["method"] == method and call["path"].endswith(end))


def test_a_large_batch_is_one_job_and_every_record_has_its_verdict(large: Running) -> None:
    large.admin("DELETE", "/calls")
    ended = large.wait(large.submit(batch("bulk", RECORDS)))
    assert (ended["state"], ended["counts"]["written"]) == ("completed", RECORDS)
    assert calls(large, "POST", "/jobs/ingest") == calls(large, "PUT", "/batches") == 1
    found = large.query("SELECT Id FROM Claim__c WHERE Claim_Number__c LIKE 'bulk-%'")
    assert len(found) == RECORDS


def test_a_writer_that_is_killed_while_results_are_kept_writes_each_once(large: Running) -> None:
    large.admin("DELETE", "/calls")
    batch_id = large.submit(batch("kill", RECORDS))
    large.wait(batch_id, until=lambda shown: shown["state"] == "running")
    large.kill("writer-svc")
    ended = large.wait(batch_id)
    assert ended["counts"]["written"] == RECORDS
    assert len(large.query("SELECT Id FROM Claim__c WHERE Claim_Number__c LIKE 'kill-%'")) == RECORDS
    assert calls(large, "PUT", "/batches") <= 2


def test_a_child_without_its_parent_is_written_again_later_and_fails_if_there_still_is_none(large: Running) -> None:
    missing = "001RS00000ZZZZZ"
    (contact,) = large.query("SELECT Id FROM Contact LIMIT 1")
    properties = {"account": {"type": "string", "enum": [missing]}}
    schema = {"type": "object", "properties": properties, "required": ["account"]}
    spec = {
        "source": {"kind": "rows", "rows": [{"id": contact["Id"], "name": "Ada"}]},
        "prompt": {"template": "Which account has {{name}}?", "response_schema": schema},
        "models": SCRIPTED,
        "target": {"kind": "salesforce", "object": "Contact", "fields": {"AccountId": "account"}},
    }
    before = calls(large, "PATCH", "/composite/sobjects")
    ended = large.wait(large.submit(spec))
    assert ended["counts"]["failed"] == 1
    (record,) = large.records(ended["id"])
    assert (record["code"], record["category"]) == ("INVALID_CROSS_REFERENCE_KEY", "crm")
    assert calls(large, "PATCH", "/composite/sobjects") - before == 2, "once more by way of the retry topic"


def test_what_fails_is_told_by_code_and_the_logs_hold_nothing_of_the_record(large: Running) -> None:
    mark = "Ada-with-the-secret-diagnosis"
    spec = batch("logs", 5, fallback="fail")
    spec["source"]["rows"] = [row | {"n": f"{mark} {row['n']}"} for row in spec["source"]["rows"]]
    spec["prompt"] = {"template": "Name patient {{n}} of {{Claim_Number__c}}"}
    spec["target"] |= {"field": "Risk_Level__c"}
    ended = large.wait(large.submit(spec))
    assert ended["counts"]["failed"] == 5
    failed = large.records(ended["id"], state="failed")
    assert {record["code"] for record in failed} == {"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"}
    assert all("Risk_Level__c" in record["reason"] and mark not in record["reason"] for record in failed)
    told = [path.read_text() for path in (large.data / "logs").glob("*.log")]
    assert any('"record_failed"' in text for text in told)
    assert not any(mark in text or "logs-000" in text for text in told)


def test_a_plan_is_applied_and_taken_back_byte_for_byte(large: Running) -> None:
    columns = "SELECT Id, Claim_Number__c, Patient_Name__c FROM Claim__c WHERE Claim_Number__c LIKE 'HC-%' ORDER BY Id"
    before = large.query(columns)
    spec = batch("plan", len(before), mode="plan")
    for row, claim in zip(spec["source"]["rows"], before, strict=True):
        row["Claim_Number__c"] = claim["Claim_Number__c"]
    batch_id = large.submit(spec)
    assert large.wait(batch_id)["counts"]["generated"] == len(before)
    plan = large.http.get(f"/api/batches/{batch_id}/plan").raise_for_status().json()["items"]
    shown = {item["crm_id"]: item["change"]["fields"]["Patient_Name__c"] for item in plan}
    assert large.query(columns) == before, "nothing is written yet"
    large.http.post(f"/api/batches/{batch_id}/apply").raise_for_status()
    assert large.wait(batch_id)["counts"]["written"] == len(before)
    assert {row["Id"]: row["Patient_Name__c"] for row in large.query(columns)} == {
        crm_id: change["after"] for crm_id, change in shown.items()
    }
    large.http.post(f"/api/batches/{batch_id}/undo").raise_for_status()
    assert large.wait(batch_id)["counts"]["cancelled"] == len(before)
    assert large.query(columns) == before
    assert large.http.post(f"/api/batches/{batch_id}/undo").status_code == 409
