"""Writing to the sandbox, which speaks Salesforce."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from crm_sandbox.testing import RunningSandbox
from shared.bus import Parked
from shared.crm.salesforce import SalesforceSession
from shared.errors import Fatal, Retryable
from writer_svc.domain.verdicts import Verdict
from writer_svc.targets.salesforce import Salesforce
from writer_svc.targets.salesforce.gathering import Company

UPSERT = {"kind": "salesforce", "object": "Claim__c", "external_id": "Claim_Number__c", "field": "Clinical_Summary__c"}
RISK = {"kind": "salesforce", "object": "Claim__c", "fields": {"Risk_Level__c": "risk", "Diagnosis__c": "dx"}}
COLLECTIONS = "/services/data/*/composite/sobjects*"


@pytest.fixture
def slept() -> list[float]:
    return []


class NotedHolds:
    """Keeps what was ordered."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, str, str]] = []

    async def pause(self, batch_id: str, reason: str) -> None:
        self.orders.append(("pause", batch_id, reason))

    async def wait_for_room(self, batch_ids: Iterable[str], reason: str) -> None:
        self.orders += [("wait", batch_id, reason) for batch_id in batch_ids]

    async def cancel(self, batch_id: str, reason: str) -> None:
        self.orders.append(("cancel", batch_id, reason))


@pytest.fixture
def holds() -> NotedHolds:
    return NotedHolds()


@pytest.fixture
def target(session: SalesforceSession, holds: Any, slept: list[float]) -> Salesforce:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return Salesforce(session, holds=holds, company=Company(quiet_s=0.0), sleep=sleep, jitter=lambda: 0.5)


@pytest.fixture
def ids(sandbox: RunningSandbox) -> list[str]:
    return [row["Id"] for row in sandbox.query("SELECT Id FROM Claim__c ORDER BY Id")]


async def write(target: Salesforce, planned: list[Any]) -> dict[int, Verdict]:
    told = [pair async for pair in target.write(planned)]
    assert len(told) == len(planned)
    return {result.index: verdict for result, verdict in told}


def writes(sandbox: RunningSandbox) -> int:
    calls = sandbox.admin("GET", "/calls").json()["calls"]
    return sum(call["count"] for call in calls if call["method"] == "PATCH")


def summaries(sandbox: RunningSandbox) -> dict[str, str]:
    return {r["Id"]: r["Clinical_Summary__c"] for r in sandbox.query("SELECT Id, Clinical_Summary__c FROM Claim__c")}


async def test_250_records_are_written_in_two_calls(
    target: Salesforce, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    planned = [(make_result(i, f"text {i} é 🙂", record_id=ids[i]), make_plan()) for i in range(250)]
    verdicts = await write(target, planned)
    assert [verdicts[i] for i in range(250)] == [Verdict("written", crm_id=ids[i]) for i in range(250)]
    assert writes(sandbox) == 2
    now = summaries(sandbox)
    assert all(now[ids[i]] == f"text {i} é 🙂" for i in range(250))


async def test_one_refused_record_does_not_stop_the_others(
    target: Salesforce, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    sandbox.client.delete(f"/services/data/v62.0/sobjects/Claim__c/{ids[299]}").raise_for_status()
    plan = make_plan(RISK)
    answers = [
        (ids[0], {"risk": "high", "dx": "E11"}),
        (ids[299], {"risk": "Low"}),
        (ids[2], {"risk": "Enormous"}),
        (ids[3], {"dx": "x" * 300}),
        ("r4", {"dx": "E11"}),
        (ids[5], {"risk": None}),
    ]
    planned = [(make_result(i, None, record_id=id, values=v), plan) for i, (id, v) in enumerate(answers)]
    verdicts = await write(target, planned)
    assert [(verdicts[i].state, verdicts[i].code) for i in range(6)] == [
        ("written", None),
        ("failed", "ENTITY_IS_DELETED"),
        ("failed", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("failed", "STRING_TOO_LONG"),
        ("failed", "MALFORMED_ID"),
        ("written", None),
    ]
    assert all(verdicts[i].reason and verdicts[i].category == "crm" for i in (1, 2, 3, 4))


async def test_an_upsert_finds_the_record_by_its_key_and_creates_one_where_there_is_none(
    target: Salesforce, sandbox: RunningSandbox, make_result: Any, make_plan: Any
) -> None:
    known = sandbox.query("SELECT Id, Claim_Number__c FROM Claim__c LIMIT 1")[0]
    planned = [(make_result(0, "by key", external_id=known["Claim_Number__c"].lower()), make_plan(UPSERT))]
    verdicts = await write(target, planned)
    assert verdicts[0] == Verdict("written", crm_id=known["Id"])
    assert summaries(sandbox)[known["Id"]] == "by key"


async def test_two_results_of_one_record_are_two_calls_in_order(
    target: Salesforce, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    short = ids[7][:15]
    planned = [
        (make_result(0, "first", record_id=ids[7]), make_plan()),
        (make_result(1, "second", record_id=short), make_plan()),
    ]
    verdicts = await write(target, planned)
    assert {v.state for v in verdicts.values()} == {"written"}
    assert writes(sandbox) == 2
    assert summaries(sandbox)[ids[7]] == "second"


async def test_only_locked_records_are_sent_again(
    target: Salesforce, sandbox: RunningSandbox, ids: list[str], slept: list[float], make_result: Any, make_plan: Any
) -> None:
    sandbox.fault(method="PATCH", path=COLLECTIONS, code="UNABLE_TO_LOCK_ROW", rate=1.0, times=2)
    planned = [(make_result(i, "locked once", record_id=ids[i]), make_plan()) for i in range(20)]
    verdicts = await write(target, planned)
    assert {v.state for v in verdicts.values()} == {"written"}
    assert (writes(sandbox), len(slept)) == (3, 2)


async def test_a_child_without_its_parent_comes_again_later_and_holds_no_call(
    target: Salesforce, sandbox: RunningSandbox, slept: list[float], make_result: Any, make_plan: Any
) -> None:
    contact = sandbox.query("SELECT Id, AccountId FROM Contact LIMIT 1")[0]
    missing = "001RS00000ZZZZZ"
    plan = make_plan({"kind": "salesforce", "object": "Contact", "fields": {"AccountId": "account"}})
    planned = [(make_result(0, None, record_id=contact["Id"], values={"account": missing}), plan)]
    verdict = (await write(target, planned))[0]
    assert (verdict.state, verdict.code, verdict.later) == ("failed", "INVALID_CROSS_REFERENCE_KEY", True)
    assert "create that one first" in (verdict.reason or "")
    assert (writes(sandbox), slept) == (1, [])
    planned = [(make_result(0, None, record_id=contact["Id"], values={"account": contact["AccountId"]}), plan)]
    assert (await write(target, planned))[0].state == "written"


async def test_a_record_that_is_not_there_itself_does_not_come_again(
    target: Salesforce, make_result: Any, make_plan: Any
) -> None:
    verdicts = await write(target, [(make_result(0, record_id="a00RS00000ZZZZZ"), make_plan())])
    assert (verdicts[0].code, verdicts[0].later) == ("INVALID_CROSS_REFERENCE_KEY", False)


async def test_a_record_that_stays_locked_fails_alone(
    target: Salesforce, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    sandbox.fault(method="PATCH", path=COLLECTIONS, code="UNABLE_TO_LOCK_ROW", rate=1.0, times=50)
    planned = [(make_result(i, "x", record_id=ids[i]), make_plan()) for i in range(3)]
    verdicts = await write(target, planned)
    assert [(verdicts[i].state, verdicts[i].code) for i in range(3)] == [
        ("failed", "UNABLE_TO_LOCK_ROW"),
        ("written", None),
        ("written", None),
    ]
    assert writes(sandbox) == 5


@pytest.mark.parametrize("drop", ["before", "middle", "after"])
async def test_a_lost_answer_makes_no_second_record(
    target: Salesforce, sandbox: RunningSandbox, make_result: Any, make_plan: Any, drop: str
) -> None:
    plan = make_plan({**UPSERT, "field": "Patient_Name__c"})
    sandbox.fault(method="PATCH", path=COLLECTIONS, drop=drop, rate=1.0, times=1)
    planned = [(make_result(i, "once", external_id=f"torn-{drop}-{i}"), plan) for i in range(3)]
    verdicts = await write(target, planned)
    found = sandbox.query(f"SELECT Id FROM Claim__c WHERE Claim_Number__c LIKE 'torn-{drop}-%' ORDER BY Id")
    assert [verdicts[i].crm_id for i in range(3)] == [row["Id"] for row in found]
    assert writes(sandbox) == 2


async def test_an_answer_that_takes_too_long_is_asked_for_again(
    session: SalesforceSession, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    hurried = SalesforceSession(session.settings.model_copy(update={"timeout_s": 0.5}))
    await hurried.describe("Claim__c")
    sandbox.fault(method="PATCH", path=COLLECTIONS, latency_ms=1_500, rate=1.0, times=1)
    verdicts = await write(Salesforce(hurried), [(make_result(0, "slow", record_id=ids[1]), make_plan())])
    await hurried.close()
    assert verdicts[0].state == "written"


@pytest.mark.parametrize(
    "code",
    [
        "STRING_TOO_LONG",
        "REQUIRED_FIELD_MISSING",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "MALFORMED_ID",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "DUPLICATES_DETECTED",
        "INSUFFICIENT_ACCESS_OR_READONLY",
    ],
)
async def test_each_refusal_is_its_records_own_with_code_and_sentence(
    target: Salesforce, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any, code: str
) -> None:
    sandbox.fault(method="PATCH", path=COLLECTIONS, code=code, rate=1.0, times=1)
    verdicts = await write(target, [(make_result(i, "x", record_id=ids[i]), make_plan()) for i in range(4)])
    assert [(verdicts[i].state, verdicts[i].code) for i in range(4)] == [("failed", code), *[("written", None)] * 3]
    assert not (verdicts[0].reason or "").startswith("Salesforce refused the record"), "a sentence of its own"


ODD_KEYS = ["a/b", "a?b#c%d+e f", "é🙂", "%2F", "o'quo\"te\\", "sep\u2028", "back\\slash"]


async def test_keys_with_any_character_find_their_record_again(
    target: Salesforce, sandbox: RunningSandbox, make_result: Any, make_plan: Any
) -> None:
    plan = make_plan({**UPSERT, "field": "Patient_Name__c"})
    told = []
    for text in ("first", "second"):
        planned = [(make_result(i, text, external_id=f"odd {key}"), plan) for i, key in enumerate(ODD_KEYS)]
        told.append(await write(target, planned))
    assert [told[0][i].crm_id for i in range(len(ODD_KEYS))] == [told[1][i].crm_id for i in range(len(ODD_KEYS))]
    kept = {
        row["Claim_Number__c"]: row for row in sandbox.query("SELECT Claim_Number__c, Patient_Name__c FROM Claim__c")
    }
    assert [kept[f"odd {key}"]["Patient_Name__c"] for key in ODD_KEYS] == ["second"] * len(ODD_KEYS)


async def test_a_choice_that_was_taken_away_meanwhile_fails_only_those_who_gave_it(
    target: Salesforce, holds: Any, sandbox: RunningSandbox, make_result: Any, make_plan: Any
) -> None:
    def level(*values: str, must: bool) -> dict[str, Any]:
        choices = [{"value": value} for value in values]
        key = {"name": "Key__c", "externalId": True, "unique": True}
        level = {"name": "Level__c", "type": "picklist", "restrictedPicklist": True, "picklistValues": choices}
        return {"name": "Drift__c", "fields": [key, level, {"name": "Must__c", "nillable": not must}]}

    fields = {"Level__c": "level", "Must__c": "must"}
    plan = make_plan({"kind": "salesforce", "object": "Drift__c", "external_id": "Key__c", "fields": fields})

    def planned(*answers: dict[str, str]) -> list[Any]:
        results = [make_result(i, None, external_id=f"k{i}", values=answer) for i, answer in enumerate(answers)]
        return [(result, plan) for result in results]

    sandbox.admin("POST", "/objects", level("Low", "High", must=False)).raise_for_status()
    assert (await write(target, planned({"level": "High"})))[0].state == "written"
    sandbox.admin("POST", "/objects", level("Low", must=True)).raise_for_status()
    answers = ({"level": "High", "must": "x"}, {"level": "Low", "must": "x"}, {"level": "Low"})
    verdicts = await write(target, planned(*answers))
    assert [verdicts[i].code for i in range(3)] == [
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        None,
        "REQUIRED_FIELD_MISSING",
    ]
    assert holds.orders == []


async def test_a_field_that_only_updates_may_set_fails_new_records_and_holds_no_batch(
    target: Salesforce, holds: Any, sandbox: RunningSandbox, make_result: Any, make_plan: Any
) -> None:
    fields = [
        {"name": "Key__c", "externalId": True, "unique": True},
        {"name": "Later__c", "type": "string", "length": 20, "createable": False},
    ]
    sandbox.admin("POST", "/objects", {"name": "Fixed__c", "fields": fields}).raise_for_status()
    sandbox.create({"Key__c": "old"}, object_name="Fixed__c")
    plan = make_plan({"kind": "salesforce", "object": "Fixed__c", "external_id": "Key__c", "field": "Later__c"})
    planned = [(make_result(i, "x", external_id=key), plan) for i, key in enumerate(("old", "new"))]
    verdicts = await write(target, planned)
    assert [(verdicts[i].state, verdicts[i].code) for i in range(2)] == [
        ("written", None),
        ("failed", "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ]
    assert "Later__c" in (verdicts[1].reason or "")
    assert holds.orders == []


async def test_an_org_whose_day_is_used_up_pauses_the_batch_and_loses_nothing(
    target: Salesforce, holds: Any, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    sandbox.fault(method="PATCH", path=COLLECTIONS, status=403, rate=1.0, times=1)
    planned = [(make_result(i, "for another day", record_id=ids[i]), make_plan()) for i in range(3)]
    with pytest.raises(Parked):
        await write(target, planned)
    assert [(order, batch) for order, batch, _ in holds.orders] == [("wait", "b")]
    assert "goes on by itself" in holds.orders[0][2]
    with pytest.raises(Parked):
        await write(target, planned)
    assert writes(sandbox) == 1, "nothing is sent while the day is used up"


async def test_our_share_of_the_day_is_not_overdrawn(
    session: SalesforceSession, holds: Any, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    now = [0.0]
    sparing = SalesforceSession(session.settings.model_copy(update={"daily_share": 0.5}), monotonic=lambda: now[0])
    target = Salesforce(sparing, holds=holds, company=Company(quiet_s=0.0))
    most = 15_000
    sandbox.switch(api_requests_a_day=most)
    usage = sandbox.client.get("/services/data/v62.0/limits").json()["DailyApiRequests"]
    used = usage["Max"] - usage["Remaining"]
    sandbox.switch(api_requests_a_day=2 * (used + 3))
    written = 0
    for i in range(6):
        try:
            written += len(await write(target, [(make_result(i, "x", record_id=ids[i]), make_plan())]))
        except Parked:
            break
    left = sandbox.client.get("/services/data/v62.0/limits").json()["DailyApiRequests"]["Remaining"]
    sandbox.switch(api_requests_a_day=most)
    assert 0 < written < 6
    assert left > 0, "the org's other users have theirs"
    now[0] += 301.0
    assert await sparing.has_room()
    verdicts = await write(target, [(make_result(9, "next day", record_id=ids[9]), make_plan())])
    await sparing.close()
    assert verdicts[9].state == "written"


async def test_a_full_org_ends_the_batch(
    target: Salesforce, holds: Any, sandbox: RunningSandbox, make_result: Any, make_plan: Any
) -> None:
    sandbox.switch(storage_full=True)
    plan = make_plan({**UPSERT, "field": "Patient_Name__c"})
    verdicts = await write(target, [(make_result(i, "x", external_id=f"full-{i}"), plan) for i in range(3)])
    sandbox.switch(storage_full=False)
    assert {verdict.code for verdict in verdicts.values()} == {"STORAGE_LIMIT_EXCEEDED"}
    assert {(order, batch) for order, batch, _ in holds.orders} == {("cancel", "b")}


async def test_an_org_that_is_away_is_for_later(
    target: Salesforce, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    sandbox.fault(method="PATCH", path=COLLECTIONS, status=503, rate=1.0, times=9)
    with pytest.raises(Retryable):
        await write(target, [(make_result(0, record_id=ids[1]), make_plan())])


async def test_a_field_that_is_gone_is_looked_up_once_more_and_then_its_batch_is_held(
    target: Salesforce, holds: Any, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    plan = make_plan({"kind": "salesforce", "object": "Claim__c", "field": "Gone__c"})
    groups = [[(make_result(i, record_id=ids[i]), plan)] for i in range(5)]
    told = await asyncio.gather(*(write(target, group) for group in groups), return_exceptions=True)
    assert all(isinstance(one, Parked) for one in told), "nothing fails, everything waits"
    assert {order for order, _, _ in holds.orders} == {"pause"}
    assert "Gone__c" in holds.orders[0][2]
    calls = sandbox.admin("GET", "/calls").json()["calls"]
    assert sum(call["count"] for call in calls if call["path"].endswith("/describe")) == 2
    assert writes(sandbox) == 0


async def test_an_expired_session_is_renewed_while_writing(
    target: Salesforce, sandbox: RunningSandbox, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    await write(target, [(make_result(0, record_id=ids[1]), make_plan())])
    sandbox.admin("POST", "/sessions/expire")
    groups = [[(make_result(i, "renewed", record_id=ids[i]), make_plan())] for i in range(10)]
    results = await asyncio.gather(*(write(target, group) for group in groups))
    assert all(v.state == "written" for verdicts in results for v in verdicts.values())
    sandbox.client = sandbox.http(sandbox.login().json()["access_token"])


async def test_refused_credentials_stop_everything(
    session: SalesforceSession, ids: list[str], make_result: Any, make_plan: Any
) -> None:
    nobody = SalesforceSession(session.settings.model_copy(update={"username": "nobody@example.org"}))
    with pytest.raises(Fatal):
        await write(Salesforce(nobody), [(make_result(0, record_id=ids[0]), make_plan())])
    await nobody.close()


async def test_without_an_org_every_record_fails_with_a_sentence(make_result: Any, make_plan: Any) -> None:
    verdicts = await write(Salesforce(None), [(make_result(0), make_plan())])
    assert (verdicts[0].state, verdicts[0].code) == ("failed", "NOT_CONFIGURED")
