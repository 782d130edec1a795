"""Reading what was changed between two batches, and what was deleted, from the sandbox."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from crm_sandbox.testing import DATA, RunningSandbox
from schema_svc.sources.salesforce import Salesforce
from shared.crm.salesforce import SalesforceSession
from shared.events import (
    BatchCancelled,
    BatchCompleted,
    BatchPlanned,
    BatchRefused,
    PromptPrepared,
    RecordGenerated,
    RecordSettled,
)

QUERY, BULK = 50_000, 1
"""From so many records on a query job is used: never here, or always."""


@pytest.fixture(params=[QUERY, BULK], ids=["by queries", "by a job"])
async def schema(request: Any, make_schema: Any, session: SalesforceSession) -> Any:
    async def over(_: float) -> None:
        """The tests turn the org's clock themselves."""

    source = Salesforce(session, bulk_from=request.param, page_rows=2, sleep=over)
    schema = make_schema(salesforce=session, sources={"salesforce": source})
    await schema.scheduler.start()
    return schema


@pytest.fixture
def claims(sandbox: RunningSandbox) -> Callable[..., list[str]]:
    """Makes claims; the org's clock goes on afterwards, so that later changes are later."""

    def make(*names: str) -> list[str]:
        made = sandbox.create(*({"Patient_Name__c": name} for name in names))
        advance(sandbox, 1)
        return made

    for record in sandbox.query("SELECT Id FROM Claim__c"):
        sandbox.client.delete(f"{DATA}/sobjects/Claim__c/{record['Id']}")
    advance(sandbox, 3_600)
    return make


def advance(sandbox: RunningSandbox, seconds: float) -> None:
    sandbox.admin("POST", "/clock", {"advance_s": seconds}).raise_for_status()
    sandbox.client.headers["authorization"] = f"Bearer {sandbox.login().json()['access_token']}"


def rename(sandbox: RunningSandbox, record_id: str, name: str) -> None:
    body = {"Patient_Name__c": name}
    sandbox.client.patch(f"{DATA}/sobjects/Claim__c/{record_id}", json=body).raise_for_status()
    advance(sandbox, 1)


def spec(**source: Any) -> dict[str, Any]:
    usual = {"kind": "salesforce", "object": "Claim__c", "changed_since": "last"}
    mode = source.pop("mode", "run")
    prompt = {"template": "{{Patient_Name__c}}"}
    return {
        "name": "Nightly",
        "source": {**usual, **source},
        "prompt": prompt,
        "target": {"kind": "none"},
        "mode": mode,
    }


async def read(schema: Any, batch_id: str, *, finish: str | None = "completed", **source: Any) -> list[str]:
    """The names that a batch reads; the ids of records that it skips. Only a limit promises an order."""
    await schema.submit(batch_id, spec(**source))

    def planned() -> list[BatchPlanned]:
        assert not schema.bus.of(BatchRefused)
        return [event for event in schema.bus.of(BatchPlanned) if event.batch_id == batch_id]

    await schema.until(planned, 20)
    requested = planned()[0].requested

    def told() -> list[PromptPrepared | RecordSettled]:
        return [event for event in schema.bus.of(PromptPrepared, RecordSettled) if event.batch_id == batch_id]

    await schema.until(lambda: len(told()) == requested, 20)
    if finish is not None:
        end: Any = {"state": finish, "requested": requested, "counts": {}}
        await schema.news(BatchCompleted(batch_id=batch_id, **end))
    told_in_order = sorted(told(), key=lambda event: event.index)
    names = [e.values["Patient_Name__c"] if isinstance(e, PromptPrepared) else e.record_id for e in told_in_order]
    return names if "limit" in source else sorted(names)


async def test_a_batch_reads_what_was_changed_since_the_last_one(schema: Any, sandbox: Any, claims: Any) -> None:
    made = claims("a", "b", "c")
    assert await read(schema, "1") == ["a", "b", "c"]
    assert await read(schema, "2") == []
    rename(sandbox, made[1], "b2")
    claims("d")
    assert await read(schema, "3") == ["b2", "d"]
    advance(sandbox, 7_200)
    assert await read(schema, "4") == []
    rename(sandbox, made[0], "a2")
    assert await read(schema, "5") == ["a2"]


async def test_records_with_one_and_the_same_moment_are_read_once(schema: Any, sandbox: Any, claims: Any) -> None:
    claims(*"abcde")
    moments = {row["SystemModstamp"] for row in sandbox.query("SELECT SystemModstamp FROM Claim__c")}
    assert len(moments) < 3
    assert await read(schema, "1", limit=2) == ["a", "b"]
    assert await read(schema, "2", limit=2) == ["c", "d"]
    assert await read(schema, "3", limit=2) == ["e"]
    assert await read(schema, "4") == []


async def test_a_limit_takes_the_oldest_changes_first(schema: Any, sandbox: Any, claims: Any) -> None:
    first, *_ = claims("a", "b")
    claims("c")
    rename(sandbox, first, "a2")
    assert await read(schema, "1", limit=2) == ["b", "c"]
    assert await read(schema, "2") == ["a2"]


async def test_a_moment_may_be_given(schema: Any, sandbox: Any, claims: Any) -> None:
    (old,) = claims("old")
    advance(sandbox, 60)
    claims("new")
    moment = sandbox.query("SELECT SystemModstamp FROM Claim__c WHERE Patient_Name__c = 'new'")[0]["SystemModstamp"]
    since = moment.replace("+0000", "+00:00")
    assert await read(schema, "1", changed_since=since) == ["new"]
    rename(sandbox, old, "old2")
    assert await read(schema, "2", changed_since=since) == ["new", "old2"]


async def test_a_condition_is_asked_of_changes_too(schema: Any, sandbox: Any, claims: Any) -> None:
    claims("a", "b", "c")
    where = "Patient_Name__c = 'a' OR Patient_Name__c = 'c'"
    assert await read(schema, "1", where=where) == ["a", "c"]
    claims("c", "d")
    assert await read(schema, "2", where=where) == ["c"]
    # Another condition is another source: it begins from the start.
    assert await read(schema, "3", where="Patient_Name__c = 'd'") == ["d"]


@pytest.mark.parametrize(("finish", "mode"), [("cancelled", "run"), ("completed", "test")])
async def test_only_a_finished_run_moves_the_cursor(
    schema: Any, sandbox: Any, claims: Any, finish: str, mode: str
) -> None:
    claims("a")
    assert await read(schema, "1", finish=finish, mode=mode) == ["a"]
    assert await read(schema, "2") == ["a"]
    assert await read(schema, "3") == []


async def test_a_batch_waits_for_an_earlier_one_that_it_continues(schema: Any, sandbox: Any, claims: Any) -> None:
    claims("a")
    assert await read(schema, "1", finish=None) == ["a"]
    await schema.submit("2", spec())
    await schema.submit("other", spec(where="Patient_Name__c = 'a'"))
    await schema.until(lambda: any(event.batch_id == "other" for event in schema.bus.of(BatchPlanned)), 20)
    assert not [event for event in schema.bus.of(BatchPlanned) if event.batch_id == "2"]
    await schema.command(BatchCancelled(batch_id="2"))
    await schema.news(BatchCompleted(batch_id="1", state="completed", requested=1, counts={}))
    assert await read(schema, "3") == []


async def test_deleted_records_are_forwarded_as_skipped_where_that_is_wanted(
    schema: Any, sandbox: Any, claims: Any
) -> None:
    # Those that other tests have deleted can be read as well.
    mine = uuid4().hex
    first, second = claims(f"{mine} a", f"{mine} b")
    where = {"where": f"Patient_Name__c LIKE '{mine}%'"}
    assert await read(schema, "1", deleted="forward", **where) == [f"{mine} a", f"{mine} b"]
    sandbox.client.delete(f"{DATA}/sobjects/Claim__c/{first}").raise_for_status()
    rename(sandbox, second, f"{mine} b2")
    assert sorted(await read(schema, "2", deleted="forward", **where)) == sorted([first, f"{mine} b2"])
    (skipped,) = schema.bus.of(RecordSettled)
    assert (skipped.state, skipped.code, skipped.record_id) == ("skipped", "ENTITY_IS_DELETED", first)
    assert await read(schema, "3", deleted="forward", **where) == []
    assert await read(schema, "4", changed_since=None, **where) == [f"{mine} b2"]


TARGET = {
    "kind": "salesforce",
    "object": "Letter__c",
    "external_id": "Claim_Number__c",
    "field": "Text__c",
    "deletes": "delete",
}


async def deleted_at_the_source(
    schema: Any, sandbox: RunningSandbox, mine: str, key: str | None, **batch: Any
) -> tuple[list[RecordGenerated], list[RecordSettled]]:
    """What is told of a batch over one claim that is deleted."""
    (gone,) = sandbox.create({"Patient_Name__c": mine, "Claim_Number__c": key})
    sandbox.client.delete(f"{DATA}/sobjects/Claim__c/{gone}").raise_for_status()
    source = {"deleted": "forward", "changed_since": None, "where": f"Patient_Name__c = '{mine}'"}
    wanted = spec(**source) | {"target": TARGET} | batch
    await schema.submit(mine, wanted)
    await schema.until(lambda: schema.bus.of(RecordGenerated, RecordSettled, BatchRefused), 20)
    assert [event.reason for event in schema.bus.of(BatchRefused)] == []
    return schema.bus.of(RecordGenerated), schema.bus.of(RecordSettled)


@pytest.fixture
def letters(sandbox: RunningSandbox) -> None:
    """An object that has the key of claims, too."""
    key = {"name": "Claim_Number__c", "externalId": True, "unique": True}
    order = {"name": "Letter__c", "fields": [key, {"name": "Text__c"}]}
    sandbox.admin("POST", "/objects", order).raise_for_status()


async def test_a_deleted_record_is_told_to_the_writer_by_its_key(
    schema: Any, sandbox: Any, claims: Any, letters: None
) -> None:
    mine = uuid4().hex[:12]
    (told,), settled = await deleted_at_the_source(schema, sandbox, mine, f"{mine}-1")
    assert (told.deleted, told.external_id, told.object, told.answer) == (True, f"{mine}-1", "Letter__c", None)
    assert told.key() == f"Letter__c:{mine}-1"
    assert settled == []
    assert schema.bus.of(PromptPrepared) == []


@pytest.mark.parametrize(("key", "batch"), [(None, {}), ("k", {"mode": "test"}), ("k", {"target": {"kind": "none"}})])
async def test_a_deleted_record_is_skipped_without_a_key_or_in_a_test(
    schema: Any, sandbox: Any, claims: Any, letters: None, key: str | None, batch: dict[str, Any]
) -> None:
    mine = uuid4().hex[:12]
    told, (skipped,) = await deleted_at_the_source(schema, sandbox, mine, key and f"{mine}-1", **batch)
    assert told == []
    assert (skipped.state, skipped.code) == ("skipped", "ENTITY_IS_DELETED")


async def test_a_key_that_a_living_record_has_is_not_deleted(
    schema: Any, sandbox: Any, claims: Any, letters: None
) -> None:
    mine = uuid4().hex[:12]
    (gone,) = sandbox.create({"Patient_Name__c": "old", "Claim_Number__c": f"{mine}-it's"})
    sandbox.client.delete(f"{DATA}/sobjects/Claim__c/{gone}").raise_for_status()
    sandbox.create({"Patient_Name__c": "new", "Claim_Number__c": f"{mine}-IT'S"})
    source = {"deleted": "forward", "changed_since": None, "where": f"Claim_Number__c LIKE '{mine}%'"}
    await schema.submit("again", spec(**source) | {"target": TARGET})
    await schema.until(lambda: schema.bus.of(RecordSettled), 20)
    (skipped,) = schema.bus.of(RecordSettled)
    assert (skipped.record_id, skipped.code) == (gone, "KEY_IN_USE")
    assert schema.bus.of(RecordGenerated) == []


async def test_a_key_that_cannot_be_looked_for_refuses_the_batch(schema: Any, sandbox: Any, claims: Any) -> None:
    key = {"name": "Clinical_Summary__c", "externalId": True, "unique": True}
    sandbox.admin("POST", "/objects", {"name": "Note__c", "fields": [key, {"name": "Text__c"}]}).raise_for_status()
    target = TARGET | {"object": "Note__c", "external_id": "Clinical_Summary__c"}
    await schema.submit("b", spec(deleted="forward") | {"target": target})
    await schema.until(lambda: schema.bus.of(BatchRefused, BatchPlanned), 20)
    (refused,) = schema.bus.of(BatchRefused)
    assert "is a text area" in refused.reason


async def test_what_is_changed_again_in_the_second_in_which_it_was_read_is_read_again(
    make_schema: Any, session: SalesforceSession, sandbox: RunningSandbox, claims: Callable[..., list[str]]
) -> None:
    schema = make_schema(salesforce=session, sources={"salesforce": Salesforce(session)})
    await schema.scheduler.start()
    (changed,) = sandbox.create({"Patient_Name__c": "at first"})
    assert await read(schema, "first") == ["at first"]
    body = {"Patient_Name__c": "a moment later"}
    sandbox.client.patch(f"{DATA}/sobjects/Claim__c/{changed}", json=body).raise_for_status()
    assert await read(schema, "second") == ["a moment later"]
