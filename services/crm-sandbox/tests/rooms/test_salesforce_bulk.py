import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_sandbox.testing import DATA, RunningSandbox

JOBS = f"{DATA}/jobs/ingest"


def table(*rows: tuple[str, ...], end: str = "\n") -> str:
    """CSV without any quotes."""
    return "".join(",".join(row) + end for row in rows)


def claims(name: str, count: int, start: int = 0) -> str:
    header = ("Claim_Number__c", "Patient_Name__c")
    return table(header, *((f"{name}-{number}", f"Patient {number}") for number in range(start, start + count)))


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def test_a_job_goes_from_open_to_complete(sandbox: RunningSandbox) -> None:
    job = sandbox.bulk_job()
    assert job["state"] == "Open"
    assert job["contentUrl"] == f"services/data/v62.0/jobs/ingest/{job['id']}/batches"
    assert (job["apiVersion"], job["id"][:3], job["lineEnding"], job["columnDelimiter"]) == (62.0, "750", "LF", "COMMA")
    answer = sandbox.bulk_upload(job, claims("life", 3))
    assert (answer.status_code, answer.content) == (201, b"")
    closed = sandbox.bulk_state(job, "UploadComplete").json()
    assert closed["state"] == "UploadComplete"
    assert "contentUrl" not in closed
    ended = sandbox.bulk_end(job)
    assert (ended["state"], ended["numberRecordsProcessed"], ended["numberRecordsFailed"]) == ("JobComplete", 3, 0)
    header, *rows = sandbox.bulk_rows(job, "successfulResults")
    assert header == ["sf__Id", "sf__Created", "Claim_Number__c", "Patient_Name__c"]
    assert [row[1:] for row in rows] == [["true", f"life-{at}", f"Patient {at}"] for at in range(3)]
    assert sandbox.bulk_text(job, "failedResults") == '"sf__Id","sf__Error",Claim_Number__c,Patient_Name__c\n'
    assert sandbox.bulk_text(job, "unprocessedrecords") == "Claim_Number__c,Patient_Name__c\n"
    kept = sandbox.query("SELECT Id, Claim_Number__c FROM Claim__c WHERE Claim_Number__c LIKE 'life-%'")
    assert {row["Id"] for row in kept} == {row[0] for row in rows}


def test_a_second_upsert_updates_what_is_there_and_says_so(sandbox: RunningSandbox) -> None:
    sandbox.bulk_load(claims("again", 2))
    job = sandbox.bulk_load("Claim_Number__c,Diagnosis__c,Patient_Name__c\nAGAIN-0,d,\nagain-1,,New name\n")
    assert [row[1] for row in sandbox.bulk_rows(job, "successfulResults")[1:]] == ["false", "false"]
    rows = sandbox.query(
        "SELECT Claim_Number__c, Patient_Name__c, Diagnosis__c FROM Claim__c "
        "WHERE Claim_Number__c LIKE 'again-%' ORDER BY Claim_Number__c"
    )
    assert [(row["Claim_Number__c"], row["Patient_Name__c"], row["Diagnosis__c"]) for row in rows] == [
        ("again-0", "Patient 0", "d"),
        ("again-1", "New name", None),
    ]


def test_failed_rows_do_not_stop_the_others_and_name_code_and_field(sandbox: RunningSandbox) -> None:
    rows = [
        ("Claim_Number__c", "Patient_Name__c", "Risk_Level__c", "Service_Date__c", "Claim_Amount__c", "OwnerId"),
        ("bad-0", "fine", "High", "2026-01-01", "1", ""),
        ("bad-1", "", "High", "2026-01-01", "1", ""),
        ("bad-2", "x", "Huge", "2026-01-01", "1", ""),
        ("bad-3", "x", "High", "2003-04-987654321987654321", "1", ""),
        ("bad-4", "x" * 81, "High", "2026-01-01", "1", ""),
        ("bad-5", "x", "High", "2026-01-01", "1_0", ""),
        ("bad-6", "x", "High", "2026-01-01", "1", "nobody"),
        ("bad-7", "x", "High", "2026-01-01", "1", "005RS0000zzzzzz"),
        ("", "x", "High", "2026-01-01", "1", ""),
        ("bad-9", "fine", "Low", "2026-01-01", "1e2", ""),
    ]
    job = sandbox.bulk_load(table(*rows))
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 10, 8)
    assert [row[2] for row in sandbox.bulk_rows(job, "successfulResults")[1:]] == ["bad-0", "bad-9"]
    why = {row[2]: row[1] for row in sandbox.bulk_rows(job, "failedResults")[1:]}
    assert why == {
        "bad-1": "REQUIRED_FIELD_MISSING:Required fields are missing: [Patient_Name__c]:Patient_Name__c --",
        "bad-2": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Risk Level: bad value for restricted picklist field: Huge:"
        "Risk_Level__c --",
        "bad-3": "INVALID_FIELD:Failed to deserialize field at col 3. Due to, '2003-04-987654321987654321' is not a "
        "valid value for the type xsd:date:Service_Date__c --",
        "bad-4": f"STRING_TOO_LONG:Patient Name: data value too large: {'x' * 80}… (max length=80):Patient_Name__c --",
        "bad-5": "INVALID_FIELD:Failed to deserialize field at col 4. Due to, '1_0' is not a valid value for the type "
        "xsd:double:Claim_Amount__c --",
        "bad-6": "MALFORMED_ID:Owner ID: id value of incorrect type: nobody:OwnerId --",
        "bad-7": "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:OwnerId --",
        "": "MISSING_ARGUMENT:Claim_Number__c not specified:Claim_Number__c --",
    }


ODD = [
    "comma, here",
    'quote " here',
    "cr\rhere",
    "lf\nhere",
    "crlf\r\nhere",
    "sep\u2028here",
    "nel\u0085here",
    "nul\0here",
    "tab\there",
    "🙂 שלום",
    " spaces ",
    "#N/a",
    "'=1+1",
]


def test_every_character_comes_back_bit_for_bit(sandbox: RunningSandbox) -> None:
    lines = [f'odd-{at},x,"{value.replace(chr(34), chr(34) * 2)}"\n' for at, value in enumerate(ODD)]
    job = sandbox.bulk_load("\ufeffClaim_Number__c,Patient_Name__c,Clinical_Summary__c\n" + "".join(lines))
    assert job["numberRecordsFailed"] == 0
    text = sandbox.bulk_text(job, "successfulResults")
    for at, value in enumerate(ODD):
        assert f'"true","odd-{at}","x","{value.replace(chr(34), chr(34) * 2)}"\n' in text
    kept = sandbox.query("SELECT Claim_Number__c, Clinical_Summary__c FROM Claim__c WHERE Claim_Number__c LIKE 'odd-%'")
    assert {row["Claim_Number__c"]: row["Clinical_Summary__c"] for row in kept} == {
        f"odd-{at}": value for at, value in enumerate(ODD)
    }


def test_na_empties_a_field_and_nothing_leaves_it_alone(sandbox: RunningSandbox) -> None:
    sandbox.bulk_load("Claim_Number__c,Patient_Name__c,Diagnosis__c,Treatment_Type__c\nna,x,before,before\n")
    job = sandbox.bulk_load("Claim_Number__c,Diagnosis__c,Treatment_Type__c\nna,#N/A,\n")
    assert job["numberRecordsFailed"] == 0
    (row,) = sandbox.query("SELECT Diagnosis__c, Treatment_Type__c FROM Claim__c WHERE Claim_Number__c = 'na'")
    assert (row["Diagnosis__c"], row["Treatment_Type__c"]) == (None, "before")
    job = sandbox.bulk_load("Claim_Number__c,Patient_Name__c\nna,#N/A\n")
    assert sandbox.bulk_rows(job, "failedResults")[1][1].startswith("REQUIRED_FIELD_MISSING")


@pytest.mark.parametrize(("delimiter", "mark"), [("PIPE", "|"), ("TAB", "\t"), ("SEMICOLON", ";"), ("CARET", "^")])
def test_other_delimiters_and_line_ends(sandbox: RunningSandbox, delimiter: str, mark: str) -> None:
    lines = [f"Claim_Number__c{mark}Patient_Name__c", f"{delimiter}-1{mark}a,b"]
    job = sandbox.bulk_load("\r\n".join(lines) + "\r\n", columnDelimiter=delimiter, lineEnding="CRLF")
    assert (job["state"], job["lineEnding"], job["columnDelimiter"]) == ("JobComplete", "CRLF", delimiter)
    header, row, rest = sandbox.bulk_text(job, "successfulResults").split("\r\n")
    assert header == f'"sf__Id"{mark}"sf__Created"{mark}Claim_Number__c{mark}Patient_Name__c'
    assert row.endswith(f'{mark}"true"{mark}"{delimiter}-1"{mark}"a,b"')
    assert rest == ""


@pytest.mark.parametrize(
    ("content", "order", "message"),
    [
        ("Claim_Number__c,Nope__c\n1,2\n", {}, "InvalidBatch : Field name not found : Nope__c"),
        ("Patient_Name__c\nx\n", {}, "InvalidBatch : Field name not found : Claim_Number__c"),
        (
            "Claim_Number__c,Diagnosis__c,diagnosis__C\n1,2,3\n",
            {},
            "InvalidBatch : Duplicate field name found : diagnosis__C",
        ),
        (
            "Claim_Number__c,Diagnosis__c\r\n1,2\r\n",
            {},
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            "Claim_Number__c,Diagnosis__c\n1,2\n",
            {"lineEnding": "CRLF"},
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is CRLF",
        ),
        ("", {}, "InvalidBatch : Records not found"),
        (b"Claim_Number__c,Patient_Name__c\n\xff,x\n", {}, "InvalidBatch : Failed to parse CSV. The file is not UTF-8"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_the_job_said_fails_it_whole(
    sandbox: RunningSandbox, content: str | bytes, order: dict[str, str], message: str
) -> None:
    job = sandbox.bulk_load(content, **order)
    assert (job["state"], job["numberRecordsProcessed"], job["errorMessage"]) == ("Failed", 0, message)
    sent = content if isinstance(content, bytes) else content.encode()
    answer = sandbox.client.get(f"{JOBS}/{job['id']}/unprocessedrecords")
    assert answer.content == sent


def test_a_broken_row_ends_the_job_but_what_was_committed_stays(sandbox: RunningSandbox) -> None:
    job = sandbox.bulk_load(claims("torn", 450) + "torn-450\n" + "torn-451,x\n")
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 400)
    assert len(sandbox.bulk_rows(job, "successfulResults")) == 401
    unprocessed = sandbox.bulk_rows(job, "unprocessedrecords")
    assert [row[0] for row in unprocessed] == ["Claim_Number__c", *(f"torn-{at}" for at in range(400, 452))]


def test_a_job_refuses_what_its_state_does_not_allow(sandbox: RunningSandbox) -> None:
    job = sandbox.bulk_job()
    assert code_of(sandbox.bulk_state(job, "UploadComplete")) == (400, "INVALIDJOBSTATE")
    assert code_of(sandbox.client.delete(f"{JOBS}/{job['id']}")) == (400, "INVALIDJOBSTATE")
    sandbox.bulk_upload(job, claims("state", 1)).raise_for_status()
    again = sandbox.bulk_upload(job, claims("state", 1))
    assert again.status_code == 400
    assert "only do 'PUT' once" in again.json()[0]["message"]
    assert code_of(sandbox.bulk_state(job, "JobComplete")) == (400, "INVALIDJOBSTATE")
    assert code_of(sandbox.client.get(f"{JOBS}/{job['id']}/successfulResults")) == (400, "INVALIDJOBSTATE")
    sandbox.bulk_state(job, "UploadComplete").raise_for_status()
    sandbox.bulk_end(job)
    for answer in (sandbox.bulk_state(job, "Aborted"), sandbox.bulk_upload(job, claims("state", 1))):
        assert code_of(answer) == (400, "INVALIDJOBSTATE")
    assert sandbox.client.delete(f"{JOBS}/{job['id']}").status_code == 204
    assert sandbox.client.get(f"{JOBS}/{job['id']}").status_code == 404


def test_an_abort_leaves_the_rest_unprocessed(sandbox: RunningSandbox) -> None:
    sandbox.switch(bulk_batch_seconds=1000)
    job = sandbox.bulk_job()
    sandbox.bulk_upload(job, claims("abort", 3)).raise_for_status()
    sandbox.bulk_state(job, "UploadComplete").raise_for_status()
    assert code_of(sandbox.client.delete(f"{JOBS}/{job['id']}")) == (400, "INVALIDJOBSTATE")
    assert sandbox.bulk_state(job, "Aborted").json()["state"] == "Aborted"
    assert sandbox.bulk_end(job)["numberRecordsProcessed"] == 0
    assert sandbox.bulk_text(job, "unprocessedrecords") == claims("abort", 3)


def test_a_batch_takes_the_time_of_the_orgs_clock(sandbox: RunningSandbox) -> None:
    sandbox.switch(bulk_batch_seconds=100_000)
    job = sandbox.bulk_job()
    sandbox.bulk_upload(job, claims("clock", 2)).raise_for_status()
    sandbox.bulk_state(job, "UploadComplete").raise_for_status()
    for _ in range(20):
        state = sandbox.client.get(f"{JOBS}/{job['id']}").json()["state"]
    assert state == "InProgress"
    sandbox.admin("POST", "/clock", {"advance_s": 100_000})
    # A day later the session of the client is over.
    sandbox.client.headers["authorization"] = f"Bearer {sandbox.login().json()['access_token']}"
    assert sandbox.bulk_end(job)["numberRecordsProcessed"] == 2


def test_insert_update_and_delete(sandbox: RunningSandbox) -> None:
    plain = {"externalIdFieldName": None}
    job = sandbox.bulk_load("Patient_Name__c\nbulk one\nbulk two\n", operation="insert", **plain)
    first, second = (row[0] for row in sandbox.bulk_rows(job, "successfulResults")[1:])
    job = sandbox.bulk_load(
        f"Id,Diagnosis__c\n{first[:15]},d\n,x\na00RS0000zzzzzz,x\nnonsense,x\n", operation="update", **plain
    )
    assert [row[:2] for row in sandbox.bulk_rows(job, "successfulResults")[1:]] == [[first, "false"]]
    codes = [row[1].partition(":")[0] for row in sandbox.bulk_rows(job, "failedResults")[1:]]
    assert codes == ["MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    job = sandbox.bulk_load(f"Id\n{first}\n{second}\n{second}\n", operation="delete", **plain)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (3, 1)
    assert "ENTITY_IS_DELETED" in sandbox.bulk_text(job, "failedResults")
    assert sandbox.query("SELECT Id FROM Claim__c WHERE Patient_Name__c LIKE 'bulk %'") == []
    assert len(sandbox.query("SELECT Id FROM Claim__c WHERE Patient_Name__c LIKE 'bulk %'", path="queryAll")) == 2


def test_a_hard_delete_needs_a_permission(sandbox: RunningSandbox) -> None:
    order = {"object": "Claim__c", "operation": "hardDelete"}
    assert code_of(sandbox.client.post(JOBS, json=order)) == (400, "FEATURENOTENABLED")
    sandbox.switch(hard_delete=True)
    (record_id,) = sandbox.create({"Patient_Name__c": "erased"})
    sandbox.bulk_load(f"Id\n{record_id}\n", operation="hardDelete", externalIdFieldName=None)
    assert sandbox.query("SELECT Id FROM Claim__c WHERE Patient_Name__c = 'erased'", path="queryAll") == []
    assert sandbox.create({"Patient_Name__c": "next"}) != [record_id]


def test_the_same_external_id_within_two_hundred_rows_fails_both_or_the_second(sandbox: RunningSandbox) -> None:
    content = "Claim_Number__c,Patient_Name__c\ntwin,a\nother,b\nTWIN,c\n"
    job = sandbox.bulk_load(content)
    assert [row[2] for row in sandbox.bulk_rows(job, "successfulResults")[1:]] == ["other"]
    wanted = "DUPLICATE_VALUE:Duplicate external id specified: twin:Claim_Number__c --"
    assert sandbox.bulk_rows(job, "failedResults")[1][1] == wanted
    sandbox.switch(duplicate_external_ids="second")
    job = sandbox.bulk_load(content)
    assert [row[2] for row in sandbox.bulk_rows(job, "successfulResults")[1:]] == ["twin", "other"]


def test_a_reference_may_be_given_by_the_key_of_the_other_record(sandbox: RunningSandbox) -> None:
    fields = [
        {"name": "Key__c", "type": "string", "externalId": True, "unique": True},
        {"name": "Parent__c", "type": "reference", "referenceTo": ["Tree__c"], "relationshipName": "Parent__r"},
    ]
    sandbox.admin("POST", "/objects", {"name": "Tree__c", "fields": fields}).raise_for_status()
    order = {"object": "Tree__c", "externalIdFieldName": "Key__c"}
    sandbox.bulk_load("Key__c\nroot\n", **order)
    job = sandbox.bulk_load("Key__c,Parent__r.Key__c\nleaf,ROOT\nlost,nowhere\n", **order)
    assert "Foreign key external ID: nowhere not found" in sandbox.bulk_rows(job, "failedResults")[1][1]
    ids = {row["Key__c"]: row for row in sandbox.query("SELECT Id, Key__c, Parent__c FROM Tree__c")}
    assert ids["leaf"]["Parent__c"] == ids["root"]["Id"]
    assert "lost" not in ids


def test_a_fault_fails_the_rows_that_it_names(sandbox: RunningSandbox) -> None:
    sandbox.fault(method="PUT", path="*/batches", code="UNABLE_TO_LOCK_ROW", rows=[2, [4, 5]])
    job = sandbox.bulk_load(claims("doom", 6))
    assert [row[2] for row in sandbox.bulk_rows(job, "failedResults")[1:]] == ["doom-1", "doom-3", "doom-4"]
    assert sandbox.bulk_rows(job, "failedResults")[1][1].startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive")


def test_a_fault_on_a_batch_fails_its_rows_or_the_job(sandbox: RunningSandbox) -> None:
    # An object of their own: other tests count claims.
    fields = [{"name": "Key__c", "externalId": True, "unique": True}]
    sandbox.admin("POST", "/objects", {"name": "Many__c", "fields": fields}).raise_for_status()
    order = {"object": "Many__c", "externalIdFieldName": "Key__c"}
    content = "Key__c,Name\n" + "".join(f"many-{at},x\n" for at in range(10_010))
    sandbox.fault(method="PROCESS", path="*/batches/2", code="STORAGE_LIMIT_EXCEEDED", rows=[[3, 4]])
    job = sandbox.bulk_load(content, **order)
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 2)
    assert [row[2] for row in sandbox.bulk_rows(job, "failedResults")[1:]] == ["many-10002", "many-10003"]
    sandbox.admin("DELETE", "/faults")
    sandbox.fault(method="PROCESS", path="*/batches/2", status=500)
    job = sandbox.bulk_load(content, **order)
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 10_000)
    assert job["errorMessage"] == "InternalServerError : The batch could not be processed"
    assert len(sandbox.bulk_rows(job, "unprocessedrecords")) == 11


def test_limits_of_a_day_and_of_an_upload(sandbox: RunningSandbox) -> None:
    sandbox.switch(bulk_upload_bytes=40)
    assert sandbox.bulk_upload(sandbox.bulk_job(), claims("large", 3)).status_code == 413
    sandbox.switch(bulk_batches_a_day=0)
    order = {"object": "Claim__c", "operation": "insert"}
    assert code_of(sandbox.client.post(JOBS, json=order)) == (400, "LIMIT_EXCEEDED")


def test_orders_that_make_no_sense_are_refused(sandbox: RunningSandbox) -> None:
    def refused(**order: Any) -> str:
        return code_of(sandbox.client.post(JOBS, json={"object": "Claim__c", "operation": "insert", **order}))[1]

    assert refused(object="Nope__c") == "INVALIDENTITY"
    assert refused(operation="merge") == "INVALIDJOB"
    assert refused(operation="upsert") == "INVALIDJOB"
    assert refused(operation="upsert", externalIdFieldName="Diagnosis__c") == "INVALIDJOB"
    assert refused(columnDelimiter="SLASH") == "INVALIDJOB"
    assert refused(lineEnding="CR") == "INVALIDJOB"
    assert refused(contentType="XML") == "INVALIDJOB"


def test_a_whole_job_in_one_request(sandbox: RunningSandbox) -> None:
    order = {"object": "Claim__c", "operation": "upsert", "externalIdFieldName": "Claim_Number__c"}
    files = {
        "job": (None, json.dumps(order).encode(), "application/json"),
        "content": ("content", claims("form", 2).encode(), "text/csv"),
    }
    answer = sandbox.client.post(JOBS, files=files)
    assert (answer.status_code, answer.json()["state"]) == (200, "UploadComplete")
    assert sandbox.bulk_end(answer.json())["numberRecordsProcessed"] == 2


def test_an_upload_may_come_in_pieces_or_packed(sandbox: RunningSandbox) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"Claim_Number__c,Patient_"
        yield b"Name__c\npiece,x\n"

    for content, extra in ((pieces(), {}), (gzip.compress(b"".join(pieces())), {"content-encoding": "gzip"})):
        job = sandbox.bulk_job()
        headers = {"content-type": "text/csv", **extra}
        assert sandbox.client.put(f"/{job['contentUrl']}", content=content, headers=headers).status_code == 201
        sandbox.bulk_state(job, "UploadComplete").raise_for_status()
        assert sandbox.bulk_end(job)["numberRecordsProcessed"] == 1


def test_jobs_are_listed_the_latest_first(sandbox: RunningSandbox) -> None:
    first, second = sandbox.bulk_job(), sandbox.bulk_job()
    page = sandbox.client.get(JOBS).json()
    assert [job["id"] for job in page["records"][:2]] == [second["id"], first["id"]]
    assert page["records"][0]["jobType"] == "V2Ingest"
    assert (page["done"], page["nextRecordsUrl"]) == (True, None)


def test_results_may_come_in_another_order(sandbox: RunningSandbox) -> None:
    sandbox.switch(bulk_shuffle_results=True)
    job = sandbox.bulk_load(claims("mix", 300))
    keys = [row[2] for row in sandbox.bulk_rows(job, "successfulResults")[1:]]
    wanted = [f"mix-{at}" for at in range(300)]
    assert keys != wanted
    assert sorted(keys) == sorted(wanted)


def test_results_may_be_packed(sandbox: RunningSandbox) -> None:
    job = sandbox.bulk_load(claims("zip", 3))
    sandbox.switch(bulk_gzip_results=True)
    answer = sandbox.client.get(f"{JOBS}/{job['id']}/successfulResults")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/csv"
    assert answer.text.count("zip-") == 3


@pytest.mark.parametrize(
    ("name", "phase"),
    [("bulk__write__launch-job-opportunity", "created"), ("bulk__write__update-job-opportunity", "closed"),
     ("bulk__info__success", "ended"), ("bulk__info__complete-failure", "failed")],
)  # fmt: skip
def test_a_job_has_the_keys_of_a_real_one_in_their_order(
    sandbox: RunningSandbox, recorded: Path, name: str, phase: str
) -> None:
    real = json.loads((recorded / f"test__{name}.json").read_text())
    job = sandbox.bulk_job()
    shown = {"created": job}
    sandbox.bulk_upload(job, claims("keys", 1) if phase != "failed" else "Nope\n1\n")
    shown["closed"] = sandbox.bulk_state(job, "UploadComplete").json()
    shown["ended"] = shown["failed"] = sandbox.bulk_end(job)
    assert list(shown[phase]) == list(real)
    assert [type(value) for value in shown[phase].values()] == [type(value) for value in real.values()]


def test_result_rows_read_with_any_csv_reader(sandbox: RunningSandbox) -> None:
    job = sandbox.bulk_load('Claim_Number__c,"Patient_Name__c"\nquoted,"a ""b"""\n')
    text = sandbox.bulk_text(job, "successfulResults")
    assert text.startswith('"sf__Id","sf__Created",Claim_Number__c,"Patient_Name__c"\n')
    (row,) = csv.DictReader(text.splitlines())
    assert (row["Claim_Number__c"], row["Patient_Name__c"]) == ("quoted", 'a "b"')
