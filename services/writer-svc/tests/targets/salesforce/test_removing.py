"""Deleting in the sandbox's org what was deleted at its source."""

from typing import Any
from uuid import uuid4

import pytest
from crm_sandbox.testing import DATA, RunningSandbox
from shared.crm.salesforce import SalesforceSession
from shared.errors import Retryable
from writer_svc.domain.staging import Staging
from writer_svc.domain.verdicts import NOTHING_TO_DELETE, Verdict
from writer_svc.targets.salesforce import Salesforce
from writer_svc.targets.salesforce.gathering import Company

TARGET = {
    "kind": "salesforce",
    "object": "Claim__c",
    "external_id": "Claim_Number__c",
    "field": "Patient_Name__c",
    "deletes": "delete",
}
DELETES = "/services/data/*/composite/sobjects"


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def target(session: SalesforceSession, slept: list[float]) -> Salesforce:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return Salesforce(session, company=Company(quiet_s=0.0), sleep=sleep, jitter=lambda: 0.5)


@pytest.fixture
def mine() -> str:
    return uuid4().hex[:8]


def claims(sandbox: RunningSandbox, *keys: str) -> list[str]:
    ids: list[str] = []
    for start in range(0, len(keys), 200):
        ids += sandbox.create(*({"Claim_Number__c": key, "Patient_Name__c": "A"} for key in keys[start : start + 200]))
    return ids


def living(sandbox: RunningSandbox, mine: str) -> set[str]:
    found = sandbox.query(f"SELECT Claim_Number__c FROM Claim__c WHERE Claim_Number__c LIKE '{mine}%'")
    return {row["Claim_Number__c"] for row in found}


def deleting_calls(sandbox: RunningSandbox) -> int:
    return sum(one["count"] for one in sandbox.admin("GET", "/calls").json()["calls"] if one["method"] == "DELETE")


async def write(target: Salesforce, planned: list[Any]) -> dict[int, Verdict]:
    told = [pair async for pair in target.write(planned)]
    assert len(told) == len(planned)
    return {result.index: verdict for result, verdict in told}


@pytest.fixture
def gone(make_result: Any, make_plan: Any) -> Any:
    """The result that says the source record with this key is deleted."""

    def make(index: int, key: str | None, **plan: Any) -> tuple[Any, Any]:
        return make_result(index, None, source=None, external_id=key, deleted=True), make_plan(TARGET, **plan)

    return make


async def test_the_record_with_the_key_is_deleted_and_no_other(
    target: Salesforce, sandbox: RunningSandbox, gone: Any, mine: str
) -> None:
    first, _ = claims(sandbox, f"{mine}-1", f"{mine}-2")
    verdicts = await write(target, [gone(0, f"{mine}-1"), gone(1, f"{mine}-none")])
    assert (verdicts[0].state, verdicts[0].code, verdicts[0].crm_id) == ("written", "DELETED", first)
    assert verdicts[1] == NOTHING_TO_DELETE
    assert living(sandbox, mine) == {f"{mine}-2"}
    bin_ = sandbox.client.get(f"{DATA}/queryAll", params={"q": f"SELECT IsDeleted FROM Claim__c WHERE Id = '{first}'"})
    assert [row["IsDeleted"] for row in bin_.json()["records"]] == [True]


async def test_the_same_again_is_told_the_same(
    target: Salesforce, sandbox: RunningSandbox, gone: Any, mine: str
) -> None:
    claims(sandbox, f"{mine}-1")
    once = await write(target, [gone(0, f"{mine}-1")])
    assert await write(target, [gone(0, f"{mine}-1")]) == once
    assert deleting_calls(sandbox) == 1


async def test_250_records_are_deleted_in_two_calls(
    target: Salesforce, sandbox: RunningSandbox, gone: Any, mine: str
) -> None:
    keys = [f"{mine}-{number}" for number in range(250)]
    ids = claims(sandbox, *keys)
    verdicts = await write(target, [gone(at, key) for at, key in enumerate(keys)])
    assert [verdicts[at].crm_id for at in range(250)] == ids
    assert deleting_calls(sandbox) == 2
    assert living(sandbox, mine) == set()


async def test_a_new_record_with_the_key_of_a_deleted_one_stays(
    target: Salesforce, sandbox: RunningSandbox, gone: Any, make_result: Any, make_plan: Any, mine: str
) -> None:
    claims(sandbox, f"{mine}-1")
    written = make_result(0, "new", external_id=f"{mine}-1"), make_plan(TARGET)
    verdicts = await write(target, [written, gone(1, f"{mine}-1")])
    assert [(verdicts[at].state, verdicts[at].code) for at in (0, 1)] == [("written", None), ("written", "DELETED")]
    assert verdicts[0].crm_id != verdicts[1].crm_id
    assert living(sandbox, mine) == {f"{mine}-1"}


async def test_a_deleted_record_of_a_large_batch_waits_for_no_bulk_job(
    session: SalesforceSession, sandbox: RunningSandbox, gone: Any, mine: str
) -> None:
    class NoStaging(Staging):
        async def keep(self, *_: Any, **__: Any) -> None:
            raise AssertionError("a delete is never staged")

    claims(sandbox, f"{mine}-1")
    target = Salesforce(session, staging=NoStaging(), bulk_from=0)  # type: ignore[abstract]
    verdicts = await write(target, [gone(0, f"{mine}-1", requested=1_000_000)])
    assert verdicts[0].code == "DELETED"


async def test_a_locked_record_is_tried_again(
    target: Salesforce, sandbox: RunningSandbox, gone: Any, slept: list[float], mine: str
) -> None:
    claims(sandbox, f"{mine}-1", f"{mine}-2")
    sandbox.fault(method="DELETE", path=DELETES, code="UNABLE_TO_LOCK_ROW", times=2)
    verdicts = await write(target, [gone(0, f"{mine}-1"), gone(1, f"{mine}-2")])
    assert {verdict.code for verdict in verdicts.values()} == {"DELETED"}
    assert len(slept) == 2
    assert living(sandbox, mine) == set()


async def test_an_org_that_is_away_is_asked_later(
    target: Salesforce, sandbox: RunningSandbox, gone: Any, mine: str
) -> None:
    claims(sandbox, f"{mine}-1")
    sandbox.fault(method="DELETE", path=DELETES, status=503, times=100)
    with pytest.raises(Retryable):
        await write(target, [gone(0, f"{mine}-1")])
    assert living(sandbox, mine) == {f"{mine}-1"}


async def test_a_key_that_is_empty_or_quotes_deletes_nothing(
    target: Salesforce, sandbox: RunningSandbox, gone: Any, mine: str
) -> None:
    claims(sandbox, f"{mine}-1")
    verdicts = await write(target, [gone(0, " "), gone(1, None), gone(2, "x') OR (Name != '")])
    assert [verdicts[at].code for at in range(3)] == [
        "REQUIRED_FIELD_MISSING",
        "REQUIRED_FIELD_MISSING",
        "NOTHING_TO_DELETE",
    ]
    assert living(sandbox, mine) == {f"{mine}-1"}
