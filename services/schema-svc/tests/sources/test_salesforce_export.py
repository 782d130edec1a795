"""Records read whole by one query job: the same as by queries, each once, whatever breaks."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from crm_sandbox.testing import DATA, RunningSandbox
from schema_svc.domain.slots import Needed
from schema_svc.domain.source import Missing, Record
from schema_svc.sources.salesforce import Salesforce
from schema_svc.store import StoredSnapshot
from shared.crm.salesforce import SalesforceSession
from shared.errors import Rejected, Retryable
from shared.events import BatchSpec

ROWS, PAGE = 23, 5
RESULTS = "/services/data/*/jobs/query/*/results*"
ODD = [
    'say "hi", he',
    "cr\r\nlf\nand\rmore",
    "sep\u2028nel\u0085par\u2029",
    "tab\t nbsp\u00a0",
    "שלום 🙂 é",
    "=1+1",
    "'",
    "null",
]
TYPES = {
    "Text__c": {"type": "string", "length": 255},
    "Long__c": {"type": "textarea", "length": 32_768},
    "Flag__c": {"type": "boolean"},
    "Count__c": {"type": "int", "digits": 9},
    "Ratio__c": {"type": "double", "precision": 18, "scale": 6},
    "Amount__c": {"type": "currency", "precision": 18, "scale": 2},
    "Share__c": {"type": "percent", "precision": 5, "scale": 2},
    "Day__c": {"type": "date"},
    "At__c": {"type": "datetime"},
    "Kinds__c": {"type": "multipicklist", "length": 4_099, "picklistValues": [{"value": "A"}, {"value": "B"}]},
    "Mail__c": {"type": "email", "length": 80},
    "Home__c": {"type": "reference", "referenceTo": ["Account"]},
}
FIELDS = (
    "Id",
    "Name",
    *TYPES,
    "IsDeleted",
    "OwnerId",
    "CreatedDate",
    "Home__r.Name",
    "Home__r.Parent.Name",
    "Owner.Name",
)


def values(number: int, account: str) -> dict[str, Any]:
    """Every third record has nothing but its name, every third one text and zeros."""
    odd = ODD[number % len(ODD)]
    if number % 3 == 0:
        return {"Name": f"r{number:03}"}
    if number % 3 == 1:
        return {"Name": f"r{number:03}", "Text__c": odd, "Count__c": 0, "Ratio__c": 0, "Flag__c": False, "Long__c": ""}
    return {
        "Name": f"r{number:03}",
        "Text__c": odd,
        "Long__c": odd * 900,
        "Flag__c": True,
        "Count__c": -number,
        "Ratio__c": number / 3,
        "Amount__c": 100 * number,
        "Share__c": 12.5,
        "Day__c": "2026-02-28",
        "At__c": "2026-02-28T23:59:59.123+01:00",
        "Kinds__c": "A;B",
        "Mail__c": "a@example.org",
        "Home__c": account,
    }


@pytest.fixture(scope="module")
def odd(sandbox: RunningSandbox) -> list[str]:
    """Ids of records with everything that CSV and JSON say differently."""
    fields = [{"name": name, **field} for name, field in TYPES.items()]
    sandbox.admin("POST", "/objects", {"name": "Odd__c", "fields": fields}).raise_for_status()
    (above,) = sandbox.create({"Name": 'Above, "Ltd"'}, object_name="Account")
    (account,) = sandbox.create({"Name": "Home", "ParentId": above}, object_name="Account")
    return sandbox.create(*(values(number, account) for number in range(ROWS)), object_name="Odd__c")


@pytest.fixture
def org(sandbox: RunningSandbox, odd: list[str]) -> Iterator[RunningSandbox]:
    """The sandbox, which has counted no call yet and forgets its faults."""
    sandbox.admin("DELETE", "/calls")
    yield sandbox
    sandbox.admin("DELETE", "/faults")


class Batch:
    """One batch, planned and read without a bus."""

    def __init__(self, schema: Any, source: Salesforce, batch_id: str, spec: BatchSpec) -> None:
        self.source, self.spec, self._batch_id, self._schema = source, spec, batch_id, schema
        self.needed = Needed.of(spec)
        self.snapshot = StoredSnapshot(schema.database, batch_id)

    def restarted(self) -> "Batch":
        """What another process knows after a crash."""
        return Batch(self._schema, self.source, self._batch_id, self.spec)

    async def plan(self) -> int:
        return (await self.source.plan(self.spec, self.needed, self.snapshot)).requested

    async def read(self) -> list[Record | Missing]:
        requested = await self.plan()
        return await self.source.records(self.spec, self.needed, self.snapshot, [(0, requested)])


@pytest.fixture
async def batch(make_schema: Any, session: SalesforceSession) -> Callable[..., Batch]:
    schema = make_schema(salesforce=session)

    def make(batch_id: str = "b", *, bulk_from: int = 1, fields: tuple[str, ...] = FIELDS, **source: Any) -> Batch:
        template = " ".join(f"{{{{{name}}}}}" for name in fields)
        usual = {"kind": "salesforce", "object": "Odd__c", **source}
        spec = BatchSpec.model_validate({"source": usual, "prompt": {"template": template}, "target": {"kind": "none"}})
        return Batch(schema, Salesforce(session, bulk_from=bulk_from, page_rows=PAGE), batch_id, spec)

    return make


def by_id(records: list[Record | Missing]) -> dict[str, Any]:
    return {one.record_id: one.values if isinstance(one, Record) else one.code for one in records}


def called(org: RunningSandbox, method: str, end: str) -> int:
    calls = org.admin("GET", "/calls").json()["calls"]
    return sum(call["count"] for call in calls if call["method"] == method and call["path"].endswith(end))


def jobs(org: RunningSandbox) -> list[Any]:
    found: list[Any] = org.client.get(f"{DATA}/jobs/query").raise_for_status().json()["records"]
    return found


@pytest.mark.parametrize(
    "where", [None, "Count__c <= 0", "Home__r.Parent.Name != null AND Flag__c = true", "Name = 'no such'"]
)
async def test_a_job_and_queries_read_equal_records(org: RunningSandbox, batch: Any, where: str | None) -> None:
    by_job = await batch("job", where=where).read()
    by_queries = await batch("queries", bulk_from=1_000, where=where).read()
    assert by_id(by_job) == by_id(by_queries)
    assert {name: [type(one) for one in record.values()] for name, record in by_id(by_job).items()} == {
        name: [type(one) for one in record.values()] for name, record in by_id(by_queries).items()
    }
    assert len(by_job) == (ROWS if where is None else len(by_queries))
    assert [record.index for record in by_job] == list(range(len(by_job)))


async def test_one_job_is_made_read_by_several_locators_and_deleted(
    org: RunningSandbox, batch: Any, odd: list[str]
) -> None:
    read = await batch().read()
    assert {record.record_id for record in read} == set(odd)
    assert called(org, "POST", "/jobs/query") == 1
    assert called(org, "GET", "/results") == -(-ROWS // PAGE)
    assert called(org, "DELETE", "/jobs/query/{id}") == 1
    assert jobs(org) == []


async def test_a_limit_takes_the_same_records_by_a_job_as_by_queries(org: RunningSandbox, batch: Any) -> None:
    by_job, by_queries = await batch("job", limit=7).read(), await batch("queries", bulk_from=1_000, limit=7).read()
    assert [one.record_id for one in by_job] == [one.record_id for one in by_queries]
    assert len(by_job) == 7


async def test_below_the_threshold_no_job_is_made(org: RunningSandbox, batch: Any) -> None:
    assert len(await batch(bulk_from=ROWS + 1).read()) == ROWS
    assert called(org, "POST", "/jobs/query") == 0
    assert len(await batch("c", bulk_from=ROWS).read()) == ROWS
    assert called(org, "POST", "/jobs/query") == 1


async def test_an_expired_session_is_renewed_between_the_pages(org: RunningSandbox, batch: Any, odd: list[str]) -> None:
    org.fault(method="GET", path=RESULTS, code="INVALID_SESSION_ID", nth=[2, 4])
    assert len(by_id(await batch().read())) == ROWS
    # One to begin with.
    assert called(org, "POST", "/services/oauth2/token") == 3


@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_lost_page_is_read_again(org: RunningSandbox, batch: Any, odd: list[str], drop: str) -> None:
    org.fault(method="GET", path=RESULTS, drop=drop, nth=[2])
    read = await batch().read()
    assert sorted(one.record_id for one in read) == sorted(odd)


async def test_after_a_crash_the_same_job_is_read_and_nothing_is_doubled(
    org: RunningSandbox, batch: Any, odd: list[str]
) -> None:
    broken = batch()
    org.fault(method="GET", path=RESULTS, status=503, nth=list(range(3, 13)))
    with pytest.raises(Retryable):
        await broken.plan()
    org.admin("DELETE", "/faults")
    read = await broken.restarted().read()
    assert sorted(one.record_id for one in read) == sorted(odd)
    assert called(org, "POST", "/jobs/query") == 1
    assert jobs(org) == []


async def test_a_job_that_is_gone_after_a_crash_is_done_without(
    org: RunningSandbox, batch: Any, odd: list[str]
) -> None:
    broken = batch()
    org.fault(method="GET", path=RESULTS, status=503, rate=1.0)
    with pytest.raises(Retryable):
        await broken.plan()
    org.admin("DELETE", "/faults")
    org.client.delete(f"{DATA}/jobs/query/{jobs(org)[0]['id']}").raise_for_status()
    assert sorted(one.record_id for one in await broken.restarted().read()) == sorted(odd)


async def test_a_job_that_fails_is_done_without(org: RunningSandbox, batch: Any, odd: list[str]) -> None:
    org.fault(method="PROCESS", path="*/jobs/query/*", code="QUERY_TIMEOUT")
    assert sorted(one.record_id for one in await batch().read()) == sorted(odd)
    assert jobs(org) == []


async def test_an_org_without_jobs_left_today_is_read_by_queries(org: RunningSandbox, batch: Any) -> None:
    org.switch(bulk_queries_a_day=0)
    try:
        assert len(await batch().read()) == ROWS
    finally:
        org.switch(bulk_queries_a_day=10_000)


async def test_deleted_records_are_told_and_a_reading_is_not_changed_by_later_edits(
    org: RunningSandbox, batch: Any
) -> None:
    kept, gone = org.create({"Name": "Kept"}, {"Name": "Gone"}, object_name="Odd__c")
    org.client.delete(f"{DATA}/sobjects/Odd__c/{gone}").raise_for_status()
    where = "Name IN ('Kept', 'Gone')"
    assert by_id(await batch("without", fields=("Name",), where=where).read()) == {kept: {"Name": "Kept"}}
    one = batch("with", fields=("Name",), where=where, deleted="forward")
    assert by_id(await one.read()) == {kept: {"Name": "Kept"}, gone: "ENTITY_IS_DELETED"}
    org.client.patch(f"{DATA}/sobjects/Odd__c/{kept}", json={"Name": "Edited"}).raise_for_status()
    again = await one.source.records(one.spec, one.needed, one.snapshot, [(0, 2)])
    assert by_id(again)[kept] == {"Name": "Kept"}
    org.client.delete(f"{DATA}/sobjects/Odd__c/{kept}").raise_for_status()


async def test_a_condition_too_long_for_a_uri_is_asked_by_a_job(org: RunningSandbox, batch: Any) -> None:
    # Each of these letters is nine characters in a URI.
    long = f"Name IN ('r001',{','.join(repr(chr(0x4E00 + number) * 4) for number in range(500))})"
    assert len(long) < 4_000 < 16_384 < len(quote(long))
    read = await batch(bulk_from=1_000, fields=("Name",), where=long).read()
    assert [one.values["Name"] for one in read] == ["r001"]
    assert called(org, "POST", "/jobs/query") == 1
    org.fault(method="PROCESS", path="*/jobs/query/*", code="QUERY_TIMEOUT")
    with pytest.raises(Rejected, match="too long"):
        await batch("failed", fields=("Name",), where=long).plan()
    with pytest.raises(Rejected, match="Nope__c"):
        await batch("bad", fields=("Name",), where=f"Nope__c = 1 AND {long}").plan()


async def test_an_address_is_read_by_queries(org: RunningSandbox, batch: Any) -> None:
    read = await batch(fields=("Name", "BillingAddress"), object="Account", where="Name = 'Home'").read()
    assert len(read) == 1
    assert called(org, "POST", "/jobs/query") == 0
