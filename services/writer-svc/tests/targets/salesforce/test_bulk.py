"""Large writes against the sandbox: every record one verdict, whatever happens on the way."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from crm_sandbox.testing import RunningSandbox
from shared.crm.salesforce import SalesforceSession
from shared.database import Database
from shared.errors import Retryable
from writer_svc.domain.staging import Job, Waiting
from writer_svc.domain.verdicts import Verdict
from writer_svc.store.staging import BulkStore
from writer_svc.targets.salesforce import Salesforce
from writer_svc.targets.salesforce.bulk import BulkRun, Means
from writer_svc.targets.salesforce.collections import Collections

TARGET = {"kind": "salesforce", "object": "Claim__c", "external_id": "Claim_Number__c", "field": "Patient_Name__c"}
RISK = {
    "kind": "salesforce",
    "object": "Claim__c",
    "external_id": "Claim_Number__c",
    "fields": {"Risk_Level__c": "risk", "Diagnosis__c": "dx", "Patient_Name__c": "who"},
}
INGEST = "/services/data/*/jobs/ingest"


@dataclass
class Desk:
    """The writer's large writes, with what was told."""

    session: SalesforceSession
    store: BulkStore
    target: Salesforce
    told: list[tuple[int, Verdict]] = field(default_factory=list)
    orders: list[tuple[str, str, str]] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    pauses: list[Callable[[], None]] = field(default_factory=list)

    async def tell(self, job: Job, told: Sequence[tuple[Waiting, Verdict]]) -> None:
        self.told += [(one.result().index, verdict) for one, verdict in told]
        await self.store.settle(job, [one for one, _ in told])

    async def pause(self, batch_id: str, reason: str) -> None:
        self.orders.append(("pause", batch_id, reason))

    async def wait_for_room(self, batch_ids: Any, reason: str) -> None:
        self.orders += [("wait", batch_id, reason) for batch_id in batch_ids]

    async def cancel(self, batch_id: str, reason: str) -> None:
        self.orders.append(("cancel", batch_id, reason))

    async def sleep(self, _: float) -> None:
        if self.pauses:
            self.pauses.pop(0)()
        await asyncio.sleep(0.02)

    async def stage(self, planned: Sequence[Any]) -> None:
        """As the handler does; verdicts that come at once are told."""
        async for result, verdict in self.target.write(planned):
            self.told.append((result.index, verdict))

    async def run(self, **means: Any) -> None:
        """All jobs, to where they stand still."""
        given = Means(
            self.store, self.tell, self, self.cancelled.__contains__, sleep=self.sleep, **{"bulk_from": 5, **means}
        )
        collections = Collections(self.session, sleep=self.sleep, jitter=lambda: 0.5)
        for job in await self.store.open_jobs():
            fence = await self.store.take(job)
            assert fence is not None
            if job.phase == "collecting":
                job = await self.store.move(job, fence, phase="due")
            await BulkRun(self.session, collections, given).run(job, fence)

    def verdicts(self, count: int) -> dict[int, Verdict]:
        """One for each of `count` records, and no second one."""
        assert sorted(index for index, _ in self.told) == list(range(count))
        return dict(self.told)

    def codes(self, count: int) -> dict[str | None, int]:
        codes = [verdict.code or verdict.state for verdict in self.verdicts(count).values()]
        return {code: codes.count(code) for code in codes}


@pytest.fixture
def desk(session: SalesforceSession, database: Database, sandbox: RunningSandbox) -> Desk:
    store = BulkStore(database, lambda: 1.0)
    return Desk(session, store, Salesforce(session, staging=store, bulk_from=5))


@pytest.fixture
def make(make_result: Any, make_plan: Any) -> Callable[..., list[Any]]:
    def make(
        name: str, texts: Sequence[Any], target: dict[str, Any] = TARGET, first: int = 0, **other: Any
    ) -> list[Any]:
        plan = make_plan(target, requested=1_000)
        planned = []
        for index, text in enumerate(texts, first):
            answer = {"answer": text} if isinstance(text, str) else {"answer": None, "values": text}
            planned.append((make_result(index, external_id=f"{name}-{index:03}", **answer, **other), plan))
        return planned

    return make


def count(sandbox: RunningSandbox, method: str, end: str) -> int:
    calls = sandbox.admin("GET", "/calls").json()["calls"]
    return sum(call["count"] for call in calls if call["method"] == method and call["path"].endswith(end))


def rows(sandbox: RunningSandbox, name: str, column: str = "Patient_Name__c") -> dict[str, Any]:
    query = (
        f"SELECT Claim_Number__c, {column} FROM Claim__c WHERE Claim_Number__c LIKE '{name}-%' ORDER BY Claim_Number__c"
    )
    return {row["Claim_Number__c"]: row[column] for row in sandbox.query(query)}


async def test_a_large_batch_is_one_job_whatever_groups_it_comes_in(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    planned = make("one", [f"P {i}" for i in range(450)])
    for start in range(0, 450, 100):
        await desk.stage(planned[start : start + 100])
    assert desk.told == [], "nothing is told before it is written"
    await desk.run()
    assert desk.codes(450) == {"written": 450}
    assert (count(sandbox, "POST", "/jobs/ingest"), count(sandbox, "PUT", "/batches")) == (1, 1)
    assert rows(sandbox, "one")["one-449"] == "P 449"
    assert all(verdict.crm_id for _, verdict in desk.told)


async def test_odd_texts_arrive_bit_for_bit(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    odd = ["a,b", 'q"q', "lf\nlf", "cr\r\nlf", "u\u2028u\u0085u", "tab\t.", "🙂 שלום", "#N/A", "=1+1", "\ufeffbom", "é"]
    await desk.stage(make("odd", odd))
    await desk.run()
    assert desk.codes(len(odd)) == {"written": len(odd)}
    assert list(rows(sandbox, "odd").values()) == odd
    assert count(sandbox, "PATCH", "/composite/sobjects/Claim__c/Claim_Number__c") == 1, "one text CSV cannot say"


async def test_records_that_fail_fail_alone_with_code_and_field(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    values = [{"risk": "High", "dx": "d", "who": "w"}] * 8 + [{"risk": "High", "dx": "d"}, {"risk": "Huge"}]
    await desk.stage(make("part", values, RISK))
    await desk.run()
    verdicts = desk.verdicts(10)
    assert [verdicts[i].state for i in range(8)] == ["written"] * 8
    assert (verdicts[8].code, verdicts[9].code) == ("REQUIRED_FIELD_MISSING", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert "Patient_Name__c" in (verdicts[8].reason or "")


async def test_results_in_another_order_are_told_apart_by_their_key(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    sandbox.switch(bulk_shuffle_results=True, bulk_gzip_results=True)
    await desk.stage(make("shuffled", [f"P {i}" for i in range(50)]))
    await desk.run()
    sandbox.switch(bulk_shuffle_results=False, bulk_gzip_results=False)
    verdicts = desk.verdicts(50)
    ids = {row["Id"]: row["Claim_Number__c"] for row in sandbox.query("SELECT Id, Claim_Number__c FROM Claim__c")}
    assert all(ids[verdicts[i].crm_id or ""] == f"shuffled-{i:03}" for i in range(50))


async def test_two_results_of_one_record_are_one_line_and_the_last_wins(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    planned = make("twice", [f"P {i}" for i in range(10)])
    again = [(result.model_copy(update={"index": 10, "external_id": "TWICE-003", "answer": "last"}), plan)
             for result, plan in planned[3:4]]  # fmt: skip
    await desk.stage([*planned, *again])
    await desk.run()
    assert desk.codes(11) == {"written": 11}
    kept = {number.lower(): name for number, name in rows(sandbox, "twice").items()}
    assert (kept["twice-003"], len(kept)) == ("last", 10)


@pytest.mark.parametrize("stage", ["create", "upload", "poll", "download"])
async def test_an_expired_session_is_renewed_at_every_stage(
    desk: Desk, sandbox: RunningSandbox, make: Any, stage: str
) -> None:
    ends = {"create": "", "upload": "/*/batches", "poll": "/*", "download": "/*/*Results"}
    method = {"create": "POST", "upload": "PUT"}.get(stage, "GET")
    await desk.stage(make(stage, [f"P {i}" for i in range(20)]))
    sandbox.fault(method=method, path=INGEST + ends[stage], status=401, nth=[1], times=1)
    await desk.run()
    assert desk.codes(20) == {"written": 20}
    assert count(sandbox, "PUT", "/batches") == (2 if stage == "upload" else 1)
    assert len({*rows(sandbox, stage)}) == 20


async def test_a_crash_after_the_upload_polls_the_job_and_uploads_nothing_again(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    await desk.stage(make("crash", [f"P {i}" for i in range(20)]))
    crashed = asyncio.create_task(desk.run())
    desk.pauses = [lambda: crashed.cancel() and None]
    sandbox.switch(bulk_batch_seconds=5)
    with suppress(asyncio.CancelledError):
        await crashed
    (job,) = await desk.store.open_jobs()
    assert job.phase == "uploaded"
    sandbox.admin("POST", "/clock", {"advance_s": 60})
    sandbox.switch(bulk_batch_seconds=0)
    await desk.run()
    assert desk.codes(20) == {"written": 20}
    assert count(sandbox, "PUT", "/batches") == 1


async def test_a_lost_upload_is_sent_by_another_job(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    await desk.stage(make("lost", [f"P {i}" for i in range(20)]))
    sandbox.fault(method="PUT", path=f"{INGEST}/*/batches", drop="after", rate=1.0, times=1)
    with pytest.raises(Retryable):
        await desk.run()
    await desk.run()
    assert desk.codes(20) == {"written": 20}
    assert len(rows(sandbox, "lost")) == 20
    assert count(sandbox, "POST", "/jobs/ingest") == 2


async def test_a_job_that_an_administrator_aborts_is_sent_again(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    await desk.stage(make("abort", [f"P {i}" for i in range(20)]))
    sandbox.switch(bulk_batch_seconds=50)

    def abort() -> None:
        jobs = sandbox.client.get("/services/data/v62.0/jobs/ingest").json()["records"]
        job = next(job for job in jobs if job["state"] in ("UploadComplete", "InProgress"))
        sandbox.bulk_state(job, "Aborted").raise_for_status()
        sandbox.switch(bulk_batch_seconds=0)

    desk.pauses = [abort]
    await desk.run()
    assert desk.codes(20) == {"written": 20}


async def test_a_cancelled_batch_aborts_its_job(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    await desk.stage(make("cancel", [f"P {i}" for i in range(20)]))
    sandbox.switch(bulk_batch_seconds=50)
    desk.pauses = [lambda: desk.cancelled.add("b")]
    await desk.run()
    sandbox.switch(bulk_batch_seconds=0)
    assert {verdict.state for verdict in desk.verdicts(20).values()} == {"cancelled"}
    assert rows(sandbox, "cancel") == {}


async def test_a_stuck_job_is_aborted_and_sent_again(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    await desk.stage(make("stuck", [f"P {i}" for i in range(20)]))
    sandbox.switch(bulk_batch_seconds=50)
    desk.pauses = [lambda: None, lambda: sandbox.switch(bulk_batch_seconds=0)]
    await desk.run(deadline_s=0.5)
    assert desk.codes(20) == {"written": 20}


async def test_lost_result_files_are_an_alarm_and_the_rest_is_written_again(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    await desk.stage(make("gone", [f"P {i}" for i in range(20)]))
    sandbox.fault(method="GET", path=f"{INGEST}/*/successfulResults*", status=404, rate=1.0, times=1)
    await desk.run()
    assert desk.codes(20) == {"written": 20}
    assert len(rows(sandbox, "gone")) == 20


async def test_locked_rows_are_sent_again(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    await desk.stage(make("lock", [f"P {i}" for i in range(20)]))
    sandbox.fault(method="PATCH", path="/services/data/*/composite/*", code="UNABLE_TO_LOCK_ROW", rate=1.0, times=2)
    await desk.run(bulk_from=50)
    assert desk.codes(20) == {"written": 20}


async def test_rows_without_their_parent_are_sent_again_a_few_times_and_then_fail(
    desk: Desk, sandbox: RunningSandbox, make_result: Any, make_plan: Any
) -> None:
    account = sandbox.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    records = [{"attributes": {"type": "Contact"}, "LastName": f"Child {i}"} for i in range(8)]
    made = sandbox.client.post("/services/data/v62.0/composite/sobjects", json={"records": records}).json()
    contacts = [one["id"] for one in made]
    plan = make_plan({"kind": "salesforce", "object": "Contact", "fields": {"AccountId": "of"}}, requested=8)
    parents = [account] * 7 + ["001RS00000ZZZZZ"]
    await desk.stage(
        [(make_result(i, None, record_id=contacts[i], values={"of": parent}), plan) for i, parent in enumerate(parents)]
    )
    sandbox.fault(method="PUT", path=f"{INGEST}/*/batches", code="INVALID_CROSS_REFERENCE_KEY", rows=[3])
    await desk.run()
    assert desk.codes(8) == {"written": 7, "INVALID_CROSS_REFERENCE_KEY": 1}
    assert (count(sandbox, "POST", "/jobs/ingest"), count(sandbox, "PATCH", "/composite/sobjects")) == (1, 3)


async def test_rows_that_fail_in_the_middle_of_a_large_job_are_exactly_those_that_are_told(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    """Ten internal batches of Salesforce's, and what fails is in the fifth."""
    for first in range(0, 100_000, 10_000):
        await desk.stage(make("middle", [f"P {i}" for i in range(first, first + 10_000)], first=first))
    fault = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "rows": [[40_001, 40_050]]}
    sandbox.fault(method="PUT", path=f"{INGEST}/*/batches", **fault)
    await desk.run()
    failed = {index for index, verdict in desk.verdicts(100_000).items() if verdict.state == "failed"}
    in_the_file = sorted(range(100_000), key=lambda index: f"middle-{index:03}")
    assert failed == set(in_the_file[40_000:40_050])
    assert count(sandbox, "POST", "/jobs/ingest") == 1


@pytest.mark.parametrize("size", [10_000, 10_001])
async def test_whole_internal_batches_and_one_row_more_are_told_exactly(
    desk: Desk, sandbox: RunningSandbox, make: Any, size: int
) -> None:
    await desk.stage(make(f"whole{size}", [f"P {i}" for i in range(size)]))
    await desk.run()
    assert desk.codes(size) == {"written": size}
    assert len(rows(sandbox, f"whole{size}")) == size
    assert count(sandbox, "POST", "/jobs/ingest") == 1


async def test_a_job_that_salesforce_fails_is_read_to_the_end_and_its_rest_sent_once_more(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    await desk.stage(make("fails", [f"P {i}" for i in range(20)]))
    sandbox.fault(method="PROCESS", path=f"{INGEST}/*/batches/1", status=500, nth=[1])
    await desk.run()
    assert desk.codes(20) == {"written": 20}
    assert (count(sandbox, "POST", "/jobs/ingest"), len(rows(sandbox, "fails"))) == (2, 20)


async def test_a_job_that_fails_twice_ends_in_verdicts(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    await desk.stage(make("never", [f"P {i}" for i in range(20)]))
    sandbox.fault(method="PROCESS", path=f"{INGEST}/*/batches/1", status=500)
    await desk.run()
    assert desk.codes(20) == {"UNPROCESSED": 20}


async def test_a_job_of_one_row_is_written(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    await desk.stage(make("single", ["P"]))
    await desk.run(bulk_from=0)
    assert desk.codes(1) == {"written": 1}
    assert (count(sandbox, "POST", "/jobs/ingest"), list(rows(sandbox, "single").values())) == (1, ["P"])


async def test_a_batch_whose_field_is_gone_is_held_and_nothing_fails(
    desk: Desk, sandbox: RunningSandbox, make: Any
) -> None:
    await desk.stage(make("drift", [f"P {i}" for i in range(20)]))
    (job,) = await desk.store.open_jobs()
    fence = await desk.store.take(job)
    gone = job.target.model_copy(update={"field": "Gone__c"}).model_dump_json()
    await desk.store.move(job, fence or 0, target=gone)
    await desk.run()
    assert (desk.told, len(desk.orders)) == ([], 1)
    assert "Gone__c" in desk.orders[0][2]
    assert count(sandbox, "POST", "/jobs/ingest") == 0


async def test_a_full_org_ends_the_batch(desk: Desk, sandbox: RunningSandbox, make: Any) -> None:
    await desk.stage(make("full", [f"P {i}" for i in range(20)]))
    sandbox.switch(storage_full=True)
    await desk.run()
    sandbox.switch(storage_full=False)
    assert desk.codes(20) == {"STORAGE_LIMIT_EXCEEDED": 20}
    assert desk.orders[0][0] == "cancel"
