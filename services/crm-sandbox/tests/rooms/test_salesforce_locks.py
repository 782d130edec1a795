import time

import pytest

from crm_sandbox.testing import RunningSandbox

FIELDS = [
    {"name": "Key__c", "type": "string", "externalId": True, "unique": True},
    {"name": "Parent__c", "type": "reference", "referenceTo": ["Knot__c"], "relationshipName": "Parent__r"},
]
ORDER = {"object": "Knot__c", "externalIdFieldName": "Key__c"}


@pytest.fixture
def parents(sandbox: RunningSandbox) -> list[str]:
    """The ids of four records that others refer to, in an org that locks them."""
    sandbox.admin("POST", "/objects", {"name": "Knot__c", "fields": FIELDS}).raise_for_status()
    keys = [{"Key__c": f"parent-{at}"} for at in range(4)]
    results = sandbox.collection("PATCH", keys, "/Knot__c/Key__c", object_name="Knot__c")
    sandbox.switch(row_locks=True)
    return [result["id"] for result in results]


def children(name: str, parents: list[str]) -> str:
    return "Key__c,Parent__c\n" + "".join(f"{name}-{at},{parent}\n" for at, parent in enumerate(parents))


def test_batches_that_share_parents_lock_each_other_out(sandbox: RunningSandbox, parents: list[str]) -> None:
    mixed = [parents[at % 4] for at in range(10_400)]
    job = sandbox.bulk_load(children("mixed", mixed), **ORDER)
    failed = sandbox.bulk_rows(job, "failedResults")[1:]
    assert [row[2] for row in failed] == [f"mixed-{at}" for at in range(10_000, 10_400)]
    assert failed[0][1] == (
        "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: " + f"{parents[0]}:--"
    )


def test_a_file_sorted_by_parent_is_written_whole(sandbox: RunningSandbox, parents: list[str]) -> None:
    job = sandbox.bulk_load(children("sorted", sorted(parents[at % 4] for at in range(10_400))), **ORDER)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (10_400, 0)


def test_a_running_job_locks_its_parents_for_others(sandbox: RunningSandbox, parents: list[str]) -> None:
    sandbox.fault(method="PROCESS", path="*/batches/2", latency_ms=600_000)
    job = sandbox.bulk_job(**ORDER)
    sandbox.bulk_upload(job, children("held", [parents[0]] * 10_001)).raise_for_status()
    sandbox.bulk_state(job, "UploadComplete").raise_for_status()
    while sandbox.client.get(f"/services/data/v62.0/jobs/ingest/{job['id']}").json()["numberRecordsProcessed"] < 10_000:
        time.sleep(0.01)
    records = [{"Key__c": f"c-{parent}", "Parent__c": parent} for parent in parents[:2]]
    child, other = sandbox.collection("POST", records, object_name="Knot__c")
    assert child["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert parents[0] in child["errors"][0]["message"]
    assert other["success"] is True
    sandbox.bulk_state(job, "Aborted").raise_for_status()
    sandbox.bulk_end(job)
    while "UNABLE_TO_LOCK_ROW" in str(sandbox.collection("POST", records[:1], object_name="Knot__c")):
        time.sleep(0.01)
