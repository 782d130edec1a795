import csv
import signal
import time
from io import StringIO
from pathlib import Path

import pytest

from crm_sandbox.testing import DATA, RunningSandbox

JOBS = f"{DATA}/jobs/query"


def pages(sandbox: RunningSandbox, job_id: str, most: int) -> list[tuple[str, int, str]]:
    """Locator, count and text of each page, to the end."""
    found: list[tuple[str, int, str]] = []
    locator = ""
    while locator != "null":
        wanted = {"maxRecords": str(most), **({"locator": locator} if locator else {})}
        answer = sandbox.client.get(f"{JOBS}/{job_id}/results", params=wanted).raise_for_status()
        locator = answer.headers["sforce-locator"]
        found.append((locator, int(answer.headers["sforce-numberofrecords"]), answer.content.decode()))
    return found


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def refused(sandbox: RunningSandbox, soql: str) -> str:
    answer = sandbox.client.post(JOBS, json={"operation": "query", "query": soql})
    assert answer.status_code == 400
    return str(answer.json()[0]["errorCode"])


def test_the_pages_of_a_query_hold_every_row_once(sandbox: RunningSandbox) -> None:
    job = sandbox.bulk_query("SELECT Id, Claim_Number__c FROM Claim__c ORDER BY Id LIMIT 2300")
    assert (job["state"], job["numberRecordsProcessed"], job["jobType"]) == ("JobComplete", 2300, "V2Query")
    found = pages(sandbox, job["id"], 700)
    assert [count for _, count, _ in found] == [700, 700, 700, 200]
    assert found[0][0] == "NzAw"
    ids = [row["Id"] for _, _, text in found for row in rows_of(text)]
    rest = sandbox.query("SELECT Id FROM Claim__c ORDER BY Id LIMIT 2300")
    assert ids == [row["Id"] for row in rest]


def test_a_page_without_rows_has_the_header_and_the_literal_null(sandbox: RunningSandbox) -> None:
    job = sandbox.bulk_query("SELECT Id, Name FROM Claim__c WHERE Claim_Number__c = 'no such'")
    assert pages(sandbox, job["id"], 10) == [("null", 0, '"Id","Name"\n')]


def test_values_are_written_as_bulk_queries_do(sandbox: RunningSandbox) -> None:
    text = 'two\r\nlines, "quoted" \u2028'
    (record_id,) = sandbox.create({"Patient_Name__c": "x", "Clinical_Summary__c": text, "Claim_Amount__c": 12.5})
    fields = "Clinical_Summary__c, Claim_Amount__c, IsDeleted, Diagnosis__c, CreatedDate"
    job = sandbox.bulk_query(f"SELECT {fields} FROM Claim__c WHERE Id = '{record_id}'")
    ((_, _, page),) = pages(sandbox, job["id"], 10)
    (row,) = rows_of(page)
    assert (row["Clinical_Summary__c"], row["Claim_Amount__c"], row["IsDeleted"]) == (text, "12.5", "false")
    assert row["Diagnosis__c"] == ""
    assert row["CreatedDate"].endswith("Z")


def test_deleted_records_are_seen_by_query_all_only(sandbox: RunningSandbox) -> None:
    (record_id,) = sandbox.create({"Patient_Name__c": "gone"})
    sandbox.client.delete(f"{DATA}/sobjects/Claim__c/{record_id}")
    soql = f"SELECT Id FROM Claim__c WHERE Id = '{record_id}'"
    assert sandbox.bulk_query(soql)["numberRecordsProcessed"] == 0
    assert sandbox.bulk_query(soql, "queryAll")["numberRecordsProcessed"] == 1


def test_queries_that_no_bulk_job_can_run_are_refused(sandbox: RunningSandbox) -> None:
    assert refused(sandbox, "SELECT COUNT() FROM Claim__c") == "API_ERROR"
    assert refused(sandbox, "SELECT Nope FROM Claim__c") == "INVALID_FIELD"
    assert refused(sandbox, "SELECT Id FROM Nope") == "INVALID_TYPE"
    assert refused(sandbox, "SELECT") == "MALFORMED_QUERY"
    assert refused(sandbox, "") == "MALFORMED_QUERY"


def test_results_wait_for_the_end_and_wrong_locators_are_refused(sandbox: RunningSandbox) -> None:
    sandbox.switch(bulk_batch_seconds=1000)
    job = sandbox.client.post(JOBS, json={"operation": "query", "query": "SELECT Id FROM Claim__c LIMIT 1"}).json()
    assert job["state"] == "UploadComplete"
    answer = sandbox.client.get(f"{JOBS}/{job['id']}/results")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert sandbox.client.patch(f"{JOBS}/{job['id']}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert sandbox.bulk_end(job, "query")["state"] == "Aborted"
    sandbox.switch(bulk_batch_seconds=0)
    job = sandbox.bulk_query("SELECT Id FROM Claim__c LIMIT 1")
    for locator in ("zzz", "OTk5", "???"):
        answer = sandbox.client.get(f"{JOBS}/{job['id']}/results", params={"locator": locator})
        assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert sandbox.client.delete(f"{JOBS}/{job['id']}").status_code == 204


def test_a_fault_fails_a_query_job(sandbox: RunningSandbox) -> None:
    sandbox.fault(method="PROCESS", path="*/jobs/query/*", code="QUERY_TIMEOUT")
    job = sandbox.bulk_query("SELECT Id FROM Claim__c LIMIT 1")
    assert (job["state"], job["errorMessage"]) == ("Failed", "QUERY_TIMEOUT: The query could not be processed")


def test_jobs_and_results_are_kept_seven_days(folder: Path) -> None:
    sandbox = RunningSandbox(folder, records=3)
    try:
        job = sandbox.bulk_query("SELECT Id FROM Claim__c")
        sandbox.admin("POST", "/clock", {"advance_s": 7 * 86400 + 60})
        sandbox.client.headers["authorization"] = f"Bearer {sandbox.login().json()['access_token']}"
        assert sandbox.client.get(f"{JOBS}/{job['id']}").status_code == 404
        assert sandbox.client.get(JOBS).json()["records"] == []
    finally:
        sandbox.stop()


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_goes_on_where_the_process_ended(folder: Path, with_signal: int) -> None:
    count = 12_000
    content = "Claim_Number__c,Patient_Name__c\n" + "".join(f"n-{at},x\n" for at in range(count))
    sandbox = RunningSandbox(folder, records=0)
    job = sandbox.bulk_job()
    sandbox.bulk_upload(job, content)
    sandbox.bulk_state(job, "UploadComplete")
    while sandbox.client.get(f"{DATA}/jobs/ingest/{job['id']}").json()["numberRecordsProcessed"] == 0:
        time.sleep(0.01)
    sandbox.stop(with_signal)
    sandbox = RunningSandbox(folder)
    try:
        ended = sandbox.bulk_end(job)
        assert (ended["state"], ended["numberRecordsProcessed"]) == ("JobComplete", count)
        rows = sandbox.bulk_rows(job, "successfulResults")[1:]
        assert [row[2] for row in rows] == [f"n-{at}" for at in range(count)]
        assert {row[1] for row in rows} == {"true"}
        answer = sandbox.client.get(f"{DATA}/query", params={"q": "SELECT COUNT() FROM Claim__c"})
        assert answer.json()["totalSize"] == count
    finally:
        sandbox.stop()
