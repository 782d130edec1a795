"""Datasets of the sandbox: every row once, from one version, with strict slots."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from crm_sandbox.analytics.testing import DatasetClient
from crm_sandbox.testing import RunningSandbox
from schema_svc.domain.slots import Needed
from schema_svc.sources.crm_analytics import CrmAnalytics
from schema_svc.store import StoredSnapshot
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings
from shared.events import BatchPlanned, BatchRefused, BatchSpec, PromptPrepared

LARGE = 25_001


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path_factory.mktemp("sandbox"), records=5)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def wave(sandbox: RunningSandbox) -> DatasetClient:
    wave = DatasetClient(sandbox)
    # Many rows are equal in all fields but one, so that an order by some of them alone would not be one.
    lines = "\r\n".join(f"same,{number}" for number in range(LARGE))
    assert wave.upload("Large", f"Name,Number\r\n{lines}\r\n", operation="Overwrite")[0] == "Completed"
    return wave


@pytest.fixture
async def session(sandbox: RunningSandbox) -> AsyncIterator[SalesforceSession]:
    given = sandbox.handle["salesforce"]
    settings = {
        "login_url": sandbox.handle["http"],
        "consumer_key": given["consumer_key"],
        "username": given["username"],
        "private_key_file": given["private_key_file"],
    }
    session = SalesforceSession(SalesforceSettings.model_validate(settings))
    yield session
    await session.close()


@pytest.fixture
async def schema(make_schema: Any, session: SalesforceSession) -> Any:
    schema = make_schema(salesforce=session)
    await schema.scheduler.start()
    return schema


def batch_of(dataset: str, template: str, **other: Any) -> dict[str, Any]:
    source = {"kind": "crm-analytics", "dataset": dataset}
    return {"source": source, "prompt": {"template": template}, "target": {"kind": "none"}, **other}


async def refusal(schema: Any, spec: dict[str, Any]) -> str:
    await schema.submit("b", spec)
    await schema.until(lambda: schema.bus.of(BatchRefused))
    assert not schema.bus.of(PromptPrepared)
    return schema.bus.of(BatchRefused)[0].reason


async def test_every_row_becomes_its_prompt_and_its_id_is_the_record(schema: Any, wave: DatasetClient) -> None:
    await schema.submit("b", batch_of("Claims", "{{Diagnosis}} {{Claim_Amount}} {{Service_Date}}"))
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 450)
    expected = {
        row["Id"]: {name: row[name] for name in ("Diagnosis", "Claim_Amount", "Service_Date")}
        for row in wave.rows("Claims", "Id", "Diagnosis", "Claim_Amount", "Service_Date")
    }
    assert {prompt.record_id: prompt.values for prompt in schema.bus.of(PromptPrepared)} == expected
    assert [prompt.index for prompt in schema.bus.of(PromptPrepared)] == list(range(450))


async def test_a_dataset_of_more_rows_than_two_pages_is_read_whole(
    make_schema: Any, session: SalesforceSession, wave: DatasetClient
) -> None:
    schema = make_schema()
    source, spec = CrmAnalytics(session), BatchSpec.model_validate(batch_of("Large", "{{Number}}"))
    snapshot, needed = schema_snapshot(schema), Needed.of(spec)
    assert (await source.plan(spec, needed, snapshot)).requested == LARGE
    records = await source.records(spec, needed, snapshot, [(0, LARGE)])
    assert sorted(int(record.values["Number"]) for record in records) == list(range(LARGE))  # type: ignore[union-attr]
    assert [record.index for record in records] == list(range(LARGE))


async def test_planning_again_after_a_crash_keeps_no_row_twice(
    make_schema: Any, session: SalesforceSession, wave: DatasetClient
) -> None:
    schema = make_schema()
    wave.upload("Again", "A\r\nx\r\ny\r\n", operation="Overwrite")
    source, spec = CrmAnalytics(session), BatchSpec.model_validate(batch_of("Again", "{{A}}"))
    snapshot, needed = schema_snapshot(schema), Needed.of(spec)
    for _ in range(2):
        assert (await source.plan(spec, needed, snapshot)).requested == 2
    assert [row["values"]["A"] for row in await snapshot.rows(0, 2)] == ["x", "y"]


async def test_an_upload_after_planning_changes_nothing(
    make_schema: Any, session: SalesforceSession, wave: DatasetClient
) -> None:
    schema = make_schema()
    wave.upload("Moved", "A\r\nold\r\n", operation="Overwrite")
    source, spec = CrmAnalytics(session), BatchSpec.model_validate(batch_of("Moved", "{{A}}"))
    snapshot, needed = schema_snapshot(schema), Needed.of(spec)
    await source.plan(spec, needed, snapshot)
    wave.upload("Moved", "A\r\nnew\r\nnewer\r\n", operation="Overwrite")
    (record,) = await source.records(spec, needed, snapshot, [(0, 1)])
    assert record.values == {"A": "old"}  # type: ignore[union-attr]


async def test_a_row_without_a_value_has_an_empty_slot(schema: Any, wave: DatasetClient) -> None:
    wave.upload("Gaps", "Name,Note\r\na,\r\nb,x\r\n", operation="Overwrite")
    await schema.submit("b", batch_of("Gaps", "{{Name}} {{Note}}"))
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 2)
    assert [prompt.values for prompt in schema.bus.of(PromptPrepared)] == [
        {"Name": "a", "Note": ""},
        {"Name": "b", "Note": "x"},
    ]
    assert [prompt.record_id for prompt in schema.bus.of(PromptPrepared)] == ["0", "1"]


async def test_a_prompt_without_slots_reads_every_row_too(schema: Any) -> None:
    await schema.submit("b", batch_of("Claims", "Say something."))
    await schema.until(lambda: schema.bus.of(BatchPlanned))
    assert schema.bus.of(BatchPlanned)[0].requested == 450


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (batch_of("Claims", "{{Diagnosys}}"), "{{Diagnosys}} is not a field of the dataset Claims. Did you mean Diag"),
        (batch_of("Claim", "x"), "no dataset Claim, or this user may not see it: give its API name or id. Did you"),
        (batch_of("Large", "x", target={"kind": "salesforce", "object": "Claim__c", "field": "Clinical_Summary__c"}),
         "has no field Id or Record_ID that says which Claim__c"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_by_name(
    schema: Any, wave: DatasetClient, spec: dict[str, Any], said: str
) -> None:
    assert said in await refusal(schema, spec)


async def test_a_dataset_that_nothing_was_loaded_into_is_refused(schema: Any, wave: DatasetClient) -> None:
    assert wave.upload("Hollow", "A\r\nx\r\n", operation="Upsert")[0] == "Failed"
    assert "Nothing was ever loaded into the dataset Hollow" in await refusal(schema, batch_of("Hollow", "x"))


def schema_snapshot(schema: Any) -> Any:
    return StoredSnapshot(schema.database, "b")
