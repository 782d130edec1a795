"""Planning and reading against the sandbox, which speaks Salesforce."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from crm_sandbox.testing import RunningSandbox
from schema_svc.domain.salesforce_queries import fields_of_ids
from schema_svc.domain.slots import Needed
from schema_svc.store import StoredSnapshot
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings
from shared.events import BatchPlanned, BatchRefused, PromptPrepared, RecordSettled
from structlog.testing import capture_logs

TEMPLATE = "{{Patient_Name__c}} {{Diagnosis__c}}"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path_factory.mktemp("sandbox"), records=650)
    yield running
    running.stop()


@pytest.fixture
async def session(sandbox: RunningSandbox) -> AsyncIterator[SalesforceSession]:
    given = sandbox.handle["salesforce"]
    session = SalesforceSession(
        SalesforceSettings.model_validate(
            {
                "login_url": sandbox.handle["http"],
                "consumer_key": given["consumer_key"],
                "username": given["username"],
                "private_key_file": given["private_key_file"],
            }
        )
    )
    yield session
    await session.close()


@pytest.fixture
async def schema(make_schema: Any, session: SalesforceSession) -> Any:
    schema = make_schema(salesforce=session)
    await schema.scheduler.start()
    return schema


def claims(
    template: str = TEMPLATE, where: str | None = None, limit: int | None = None, **other: Any
) -> dict[str, Any]:
    source = {"kind": "salesforce", "object": "Claim__c", "where": where, "limit": limit}
    target = {"kind": "salesforce", "object": "Claim__c", "field": "Clinical_Summary__c"}
    return {"source": source, "prompt": {"template": template}, "target": target, **other}


async def refusal(schema: Any, spec: dict[str, Any]) -> str:
    await schema.submit("b", spec)
    await schema.until(lambda: schema.bus.of(BatchRefused))
    assert not schema.bus.of(PromptPrepared)
    return schema.bus.of(BatchRefused)[0].reason


async def test_every_record_becomes_its_prompt_in_the_order_of_ids(schema: Any, sandbox: RunningSandbox) -> None:
    await schema.submit("b", claims())
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 650)
    expected = sandbox.query("SELECT Id, Patient_Name__c, Diagnosis__c FROM Claim__c ORDER BY Id")
    got = [(p.index, p.record_id, p.values) for p in schema.bus.of(PromptPrepared)]
    assert got == [
        (i, row["Id"], {name: row[name] or "" for name in ("Patient_Name__c", "Diagnosis__c")})
        for i, row in enumerate(expected)
    ]


async def test_slots_and_conditions_reach_parents(schema: Any, sandbox: RunningSandbox) -> None:
    (above,) = sandbox.create({"Name": "Above"}, object_name="Account")
    (below,) = sandbox.create({"Name": "Below", "ParentId": above}, object_name="Account")
    sandbox.create(
        {"LastName": "Child", "AccountId": below}, {"LastName": "Child", "AccountId": above}, object_name="Contact"
    )
    source = {"kind": "salesforce", "object": "Contact", "where": "LastName = 'Child' AND Account.Name != null"}
    template = "{{LastName}} of {{Account.Name}}, {{Account.Parent.Name}}, by {{Owner.Name}}"
    await schema.submit("b", claims(template, source=source, target={"kind": "none"}))
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 2)
    first, second = (prompt.values for prompt in schema.bus.of(PromptPrepared))
    owner = sandbox.query("SELECT Name FROM User LIMIT 1")[0]["Name"]
    assert first == {"LastName": "Child", "Account.Name": "Below", "Account.Parent.Name": "Above", "Owner.Name": owner}
    assert second["Account.Parent.Name"] == ""


async def test_condition_and_limit_select_records(schema: Any, sandbox: RunningSandbox) -> None:
    total = len(sandbox.query("SELECT Id FROM Claim__c WHERE Claim_Amount__c > 100"))
    await schema.submit("all", claims(where="Claim_Amount__c > 100"))
    await schema.submit("few", claims(where="Claim_Amount__c > 100 OR Claim_Amount__c <= 100", limit=7))
    await schema.submit("none", claims(where="Claim_Amount__c < 0"))
    await schema.until(lambda: len(schema.bus.of(BatchPlanned)) == 3)
    assert {e.batch_id: e.requested for e in schema.bus.of(BatchPlanned)} == {"all": total, "few": 7, "none": 0}


async def test_an_upsert_carries_the_external_id(schema: Any) -> None:
    target = {"kind": "salesforce", "object": "Claim__c", "external_id": "Claim_Number__c", "field": "Diagnosis__c"}
    await schema.submit("b", claims("{{Patient_Name__c}}", limit=2, target=target))
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 2)
    assert set(schema.bus.of(PromptPrepared)[0].values) == {"Patient_Name__c", "Claim_Number__c"}


async def test_a_record_that_is_deleted_after_planning_is_skipped(make_schema: Any, sandbox: Any, session: Any) -> None:
    schema = make_schema(salesforce=session)
    await schema.submit("b", claims(limit=3))
    runner = await schema.runner("b")
    while not schema.bus.of(BatchPlanned):
        await runner._turn()
    gone = sandbox.query("SELECT Id FROM Claim__c ORDER BY Id LIMIT 2")[1]["Id"]
    sandbox.client.delete(f"/services/data/v62.0/sobjects/Claim__c/{gone}").raise_for_status()
    await runner._turn()
    skipped = schema.bus.of(RecordSettled)
    assert [(s.index, s.record_id, s.state, s.code) for s in skipped] == [(1, gone, "skipped", "ENTITY_IS_DELETED")]
    assert [p.index for p in schema.bus.of(PromptPrepared)] == [0, 2]
    await session.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"template": "{{Nope__c}}"}, "The slot {{Nope__c}} is not a field of Claim__c."),
        ({"template": "{{Patient_Nam__c}}"}, "Did you mean Patient_Name__c?"),
        ({"template": "{{Ownr.Name}}"}, "Did you mean Owner?"),
        ({"template": "{{Owner.Nope}}"}, "has no Nope"),
        # An owner may be a group: which of its fields can be read only the org knows, and is asked beforehand.
        ({"template": "{{Owner.SystemModstamp}}"}, "No such column 'SystemModstamp' on entity 'Name'"),
        ({"where": "Nope__c = 1"}, "Nope__c"),
        ({"where": "no condition at all"}, "MALFORMED_QUERY"),
        (
            {"source": {"kind": "salesforce", "object": "Nope__c"}, "target": {"kind": "none"}},
            "The org has no object Nope__c",
        ),
        ({"target": {"kind": "salesforce", "object": "Claim__c", "field": "Summary__c"}}, "field-level security"),
        ({"target": {"kind": "salesforce", "object": "Claim__c", "field": "CreatedDate"}}, "cannot be written"),
        ({"target": {"kind": "salesforce", "object": "Account", "field": "Name"}}, "name the source's object"),
        (
            {
                "target": {
                    "kind": "salesforce",
                    "object": "Claim__c",
                    "field": "Risk_Level__c",
                    "external_id": "Diagnosis__c",
                }
            },
            "is not an external id",
        ),
    ],
)
async def test_what_the_org_does_not_have_refuses_the_batch_by_name(
    schema: Any, change: dict[str, Any], said: str
) -> None:
    assert said in await refusal(schema, claims(**change))


async def test_a_field_that_was_put_right_is_seen_at_the_next_try_and_a_key_for_several_is_warned_of(
    make_schema: Any, session: SalesforceSession, sandbox: RunningSandbox
) -> None:
    now = [0.0]
    patient = SalesforceSession(session.settings, monotonic=lambda: now[0])
    schema = make_schema(salesforce=patient)
    await schema.scheduler.start()

    def known(*names: str) -> None:
        fields = [{"name": "Key__c", "externalId": True}, *({"name": name} for name in names)]
        sandbox.admin("POST", "/objects", {"name": "Fresh__c", "fields": fields}).raise_for_status()

    known()
    spec = {
        "source": {"kind": "rows", "rows": [{"id": "r", "Key__c": "k"}]},
        "prompt": {"template": "{{Key__c}}"},
        "target": {"kind": "salesforce", "object": "Fresh__c", "external_id": "Key__c", "field": "Late__c"},
    }
    assert "Late__c is not a field of Fresh__c" in await refusal(schema, spec)
    known("Late__c")
    now[0] += 60.0
    with capture_logs() as logs:
        await schema.submit("again", spec)
        await schema.until(lambda: schema.bus.of(BatchPlanned))
    assert [(line["object"], line["field"]) for line in logs if line["event"] == "external_id_not_unique"] == [
        ("Fresh__c", "Key__c")
    ]
    await patient.close()


async def test_an_org_that_is_away_is_waited_for(schema: Any, sandbox: RunningSandbox) -> None:
    fault = {"method": "GET", "path": "/services/data/*/query*", "status": 503, "rate": 1.0, "times": 2}
    admin = sandbox.handle["admin"]
    headers = {"authorization": f"Bearer {admin['token']}"}
    sandbox.client.post(f"{admin['url']}/faults", json=fault, headers=headers).raise_for_status()
    await schema.submit("b", claims(limit=2))
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 2, 20)


async def test_refused_credentials_leave_the_batch_planning_and_the_service_not_ready(
    make_schema: Any, session: SalesforceSession
) -> None:
    wrong = SalesforceSession(session.settings.model_copy(update={"username": "nobody@example.org"}))
    schema = make_schema(salesforce=wrong)
    await schema.submit("b", claims())
    await schema.scheduler.start()
    await schema.until(lambda: not schema.scheduler.ready[0] and "crm" in schema.scheduler.ready[1])
    assert not schema.bus.events
    await wrong.close()


def test_no_query_is_longer_than_a_uri_may_be() -> None:
    from urllib.parse import quote

    ids = [f"a00{number:015d}" for number in range(2_000)]
    queries = list(fields_of_ids("Claim__c", Needed(("A__c",), None).fields, ids))
    assert all(len(quote(query)) <= 12_100 for query in queries)
    assert sum(query.count("'a00") for query in queries) == 2_000


def test_many_long_fields_are_asked_for_in_several_queries_and_none_is_lost() -> None:
    fields = [f"Very_Long_Field_Name_Of_An_Org_{number:03}__c" for number in range(400)]
    ids = [f"a00{number:015}" for number in range(450)]
    asked: dict[str, set[str]] = {record_id: set() for record_id in ids}
    for query in fields_of_ids("Claim__c", fields, ids):
        assert len(query) < 13_000
        names = query.removeprefix("SELECT ").partition(" FROM ")[0].split(",")
        for record_id in [record_id for record_id in ids if f"'{record_id}'" in query]:
            asked[record_id] |= set(names)
    assert all(names == {"Id", *fields} for names in asked.values())


@pytest.fixture
def many(sandbox: RunningSandbox) -> list[str]:
    """Ids of more records than a page holds; those of a job's batch have one and the same moment."""
    lines = "".join(f"C-{number},p\n" for number in range(1_500))
    sandbox.bulk_load(f"Claim_Number__c,Patient_Name__c\n{lines}")
    found = [row["Id"] for row in sandbox.query("SELECT Id FROM Claim__c ORDER BY Id")]
    assert len(found) > 2_000
    return found


@pytest.mark.parametrize("changed_since", [None, "2020-01-01T00:00:00Z"])
@pytest.mark.parametrize("code", ["INVALID_QUERY_LOCATOR", "INVALID_SESSION_ID"])
async def test_a_cursor_or_a_session_that_has_died_between_pages_loses_and_repeats_nothing(
    schema: Any, sandbox: RunningSandbox, many: list[str], code: str, changed_since: str | None
) -> None:
    sandbox.admin("DELETE", "/calls")
    sandbox.fault(method="GET", path="/services/data/*/query/*", code=code, rate=1.0, times=1)
    spec = claims()
    spec["source"]["changed_since"] = changed_since
    await schema.submit("b", spec)
    await schema.until(lambda: schema.bus.of(BatchPlanned), 20)
    sandbox.admin("DELETE", "/faults")
    snapshot = StoredSnapshot(schema.database, "b")
    assert schema.bus.of(BatchPlanned)[0].requested == len(many)
    assert sorted(await snapshot.ids(0, len(many))) == many
    # A new cursor for one that has died, but the same page again for a session that has ended.
    pages = [call for call in sandbox.admin("GET", "/calls").json()["calls"] if call["path"].endswith("/query/{id}")]
    assert sum(call["count"] for call in pages) == (2 if code == "INVALID_SESSION_ID" else 1)


@pytest.mark.parametrize(("limit", "pages"), [(1_999, 0), (2_000, 0), (2_001, 1)])
async def test_the_last_page_may_be_full_or_hold_one_record(
    schema: Any, sandbox: RunningSandbox, many: list[str], limit: int, pages: int
) -> None:
    sandbox.admin("DELETE", "/calls")
    await schema.submit("b", claims(limit=limit))
    await schema.until(lambda: schema.bus.of(BatchPlanned), 20)
    assert await StoredSnapshot(schema.database, "b").ids(0, limit) == many[:limit]
    found = [call for call in sandbox.admin("GET", "/calls").json()["calls"] if call["path"].endswith("/query/{id}")]
    assert sum(call["count"] for call in found) == pages
