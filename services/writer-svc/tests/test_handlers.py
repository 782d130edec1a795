"""Groups of results, plans, tests, repetitions."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from shared.bus import Parked, Postponed, Received
from shared.errors import Retryable
from shared.events import RecordSettled, RecordsGenerated
from writer_svc.domain.memory import Written
from writer_svc.domain.plans import PlanBook
from writer_svc.domain.target import Planned
from writer_svc.domain.verdicts import Verdict
from writer_svc.handlers import failed_record, keep_at_once, write_records
from writer_svc.targets import open_targets


class Noted:
    """A target that keeps what it was given, and fails after `good` results."""

    does_io = True

    def __init__(self, good: int = 1_000) -> None:
        self.texts: list[str | None] = []
        self.good = good

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[tuple[Any, Verdict]]:
        for result, _ in results:
            if len(self.texts) >= self.good:
                raise Retryable("away", category="network")
            self.texts.append(result.answer)
            yield result, Verdict("written", crm_id=f"crm-{result.index}")


@pytest.fixture
def released() -> list[str]:
    return []


@pytest.fixture
def plans(released: list[str]) -> PlanBook:
    return PlanBook(released.append)


async def settle(plans: PlanBook, received: list[Any], targets: Any, written: Written | None = None) -> list[Any]:
    handled = write_records(received, plans=plans, targets=targets, written=written or Written())
    return [event async for event in handled]


@pytest.mark.parametrize(
    ("target", "mode"), [({"kind": "csv"}, "run"), ({"kind": "none"}, "run"), (None, "test"), ({"kind": "csv"}, "test")]
)
async def test_what_is_not_written_is_generated(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any, target: Any, mode: str
) -> None:
    plans.note("b", make_control("running", make_plan(target, mode=mode)))
    result = make_result(4, provider="openai", model="m", usage={"input_tokens": 3}, cost_usd=0.1, attempts=2)
    (event,) = await settle(plans, [make_received(result)], open_targets(None))
    assert (event.state, event.index, event.answer, event.attempts) == ("generated", 4, "a summary", 2)
    assert RecordSettled.model_validate_json(event.model_dump_json()) == event


async def test_a_result_of_an_unknown_batch_waits_for_its_plan(
    plans: PlanBook, released: list[str], make_plan: Any, make_control: Any, make_result: Any, make_received: Any
) -> None:
    with pytest.raises(Parked) as parked:
        await settle(plans, [make_received(make_result(0))], open_targets(None))
    assert (parked.value.key, parked.value.timeout_s) == ("plan:b", 60.0)
    plans.note("b", make_control("running", make_plan({"kind": "none"})))
    assert released == ["b"]


@pytest.mark.parametrize(
    ("state", "verdict"), [("running", "written"), ("paused", "written"), ("cancelled", "cancelled")]
)
async def test_results_of_a_paused_batch_are_written_and_of_a_cancelled_one_are_not(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any, state: str, verdict: str
) -> None:
    plans.note("b", make_control(state, make_plan()))
    noted = Noted()
    (event,) = await settle(plans, [make_received(make_result(0))], {"salesforce": noted})
    assert event.state == verdict
    assert len(noted.texts) == (verdict == "written")


async def test_a_late_result_of_a_finished_batch_is_dropped(
    plans: PlanBook, make_control: Any, make_result: Any, make_received: Any
) -> None:
    plans.note("b", make_control("finished", None))
    assert await settle(plans, [make_received(make_result(0))], {}) == []


async def test_the_first_text_that_was_written_wins(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any
) -> None:
    plans.note("b", make_control("running", make_plan()))
    noted, written = Noted(), Written()
    first, second = make_received(make_result(0, "first")), make_received(make_result(0, "second"))
    await settle(plans, [first, second], {"salesforce": noted}, written)
    (again,) = await settle(plans, [second], {"salesforce": noted}, written)
    assert noted.texts == ["first"]
    assert (again.state, again.crm_id) == ("written", "crm-0")
    retried = make_received(make_result(0, "retried by hand", epoch=1))
    await settle(plans, [retried], {"salesforce": noted}, written)
    assert noted.texts == ["first", "retried by hand"]


async def test_what_was_written_before_a_failure_is_told_and_not_written_again(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any
) -> None:
    plans.note("b", make_control("running", make_plan()))
    noted, written = Noted(good=2), Written()
    group = [make_received(make_result(i, str(i))) for i in range(4)]
    events = write_records(group, plans=plans, targets={"salesforce": noted}, written=written)
    told = [await anext(events), await anext(events)]
    with pytest.raises(Retryable):
        await anext(events)
    assert [event.index for event in told] == [0, 1]  # type: ignore[attr-defined]
    noted.good = 9
    again = await settle(plans, group, {"salesforce": noted}, written)
    assert sorted(event.index for event in again) == [0, 1, 2, 3]
    assert noted.texts == ["0", "1", "2", "3"]


async def test_a_record_without_its_parent_is_postponed_once_and_then_fails(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any
) -> None:
    plans.note("b", make_control("running", make_plan()))

    class Orphans(Noted):
        async def write(self, results: Sequence[Planned]) -> AsyncIterator[tuple[Any, Verdict]]:
            async for result, verdict in super().write(results):
                orphan = Verdict("failed", code="INVALID_CROSS_REFERENCE_KEY", reason="no parent", later=True)
                yield result, orphan if result.index == 1 else verdict

    group = [make_received(make_result(i)) for i in range(3)]
    events = write_records(group, plans=plans, targets={"salesforce": Orphans()}, written=Written())
    assert [(await anext(events)).index for _ in range(2)] == [0, 2]  # type: ignore[attr-defined]
    with pytest.raises(Postponed) as postponed:
        await anext(events)
    assert [(one.event.index, error.code) for one, error in postponed.value.later] == [
        (1, "INVALID_CROSS_REFERENCE_KEY")
    ]
    again = group[1]._replace(attempt=2)
    (event,) = await settle(plans, [again], {"salesforce": Orphans()})
    assert (event.state, event.code, event.reason) == ("failed", "INVALID_CROSS_REFERENCE_KEY", "no parent")


async def test_an_answer_that_waited_never_overwrites_a_later_one_in_the_same_fields(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any
) -> None:
    other = {"kind": "salesforce", "object": "Claim__c", "field": "Diagnosis__c"}
    for name, target in (("early", None), ("late", None), ("other", other)):
        plans.note(name, make_control("running", make_plan(target), name))
    noted, written = Noted(), Written()

    def received(batch_id: str, at: str, attempt: int = 1) -> Any:
        result = make_result(0, batch_id, batch_id=batch_id, record_id="same")
        return make_received(result)._replace(headers={"ce_time": f"2026-11-21T10:00:{at}Z"}, attempt=attempt)

    await settle(plans, [received("late", "02")], {"salesforce": noted}, written)
    (event,) = await settle(plans, [received("early", "01", attempt=2)], {"salesforce": noted}, written)
    assert (event.state, event.code, noted.texts) == ("skipped", "OVERTAKEN", ["late"])
    (event,) = await settle(plans, [received("other", "01", attempt=2)], {"salesforce": noted}, written)
    assert (event.state, noted.texts) == ("written", ["late", "other"])


async def test_a_target_that_is_not_there_fails_its_records(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any
) -> None:
    plans.note("b", make_control("running", make_plan({"kind": "hubspot", "object": "contacts"})))
    (event,) = await settle(plans, [make_received(make_result(0))], {})
    assert (event.state, event.code) == ("failed", "UNSUPPORTED_TARGET")


async def test_what_waits_for_a_new_day_keeps_what_was_written_before(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any
) -> None:
    plans.note("b", make_control("running", make_plan()))

    class UsedUp(Noted):
        async def write(self, results: Sequence[Planned]) -> AsyncIterator[tuple[Any, Verdict]]:
            async for told in super().write(results[:1]):
                yield told
            raise Parked("limit", 3_600.0)

    written = Written()
    group = [make_received(make_result(i, str(i))) for i in range(2)]
    events = write_records(group, plans=plans, targets={"salesforce": UsedUp()}, written=written)
    first = await anext(events)
    with pytest.raises(Parked) as parked:
        await anext(events)
    assert (first.index, parked.value.timeout_s) == (0, 3_600.0)  # type: ignore[attr-defined]
    assert written.verdict(group[0].event.event_id()) is not None


def test_a_result_that_could_not_be_written_for_good_has_failed(make_result: Any, make_received: Any) -> None:
    event: Any = failed_record(make_received(make_result(3)), Retryable("away", category="network", code="503"), 4)
    assert (event.state, event.index, event.category, event.code, event.reason) == (
        "failed",
        3,
        "network",
        "503",
        "away",
    )


def test_results_of_one_target_share_a_group_and_those_of_unknown_batches_do_not(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any
) -> None:
    for name in ("a", "b"):
        plans.note(name, make_control("running", make_plan(), name))
    groups = [plans.group_of(make_result(0, batch_id=name)) for name in ("a", "b", "c", "d")]
    assert groups[0] == groups[1]
    assert len(set(groups)) == 3


async def test_keeping_a_result_costs_little(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any
) -> None:
    plans.note("b", make_control("running", make_plan({"kind": "none"})))
    groups = [[make_received(make_result(g * 200 + i)) for i in range(200)] for g in range(20)]
    began = time.process_time()
    for group in groups:
        await settle(plans, group, open_targets(None))
    # 20 µs is the budget; the bound leaves room for a busy machine.
    assert (time.process_time() - began) / 4_000 < 60e-6


@pytest.mark.parametrize("mode", ["run", "test"])
@pytest.mark.parametrize("deletes", ["ignore", "delete"])
async def test_nothing_is_deleted_that_a_batch_did_not_ask_for(
    plans: PlanBook,
    make_plan: Any,
    make_control: Any,
    make_result: Any,
    make_received: Any,
    mode: str,
    deletes: str,
) -> None:
    target = {"kind": "salesforce", "object": "A", "external_id": "K__c", "field": "F__c", "deletes": deletes}
    plans.note("b", make_control("running", make_plan(target, mode=mode)))
    noted = Noted()
    deleted = make_result(0, None, deleted=True, external_id="k")
    (event,) = await settle(plans, [make_received(deleted)], {"salesforce": noted, "none": noted})
    if (deletes, mode) == ("delete", "run"):
        assert (event.state, len(noted.texts)) == ("written", 1)
    else:
        assert (event.state, event.code, noted.texts) == ("skipped", "DELETES_IGNORED", [])


def at_once(plans: PlanBook, results: list[Any]) -> Any:
    group = RecordsGenerated(batch_id="b", results=results)
    return keep_at_once(Received(group, {}, "results.v1", 0, 0, 1, None), plans=plans)


@pytest.mark.parametrize(("target", "mode"), [({"kind": "csv"}, "run"), ({"kind": "none"}, "run"), (None, "test")])
async def test_results_kept_at_once_have_the_verdicts_they_had_one_by_one(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, make_received: Any, target: Any, mode: str
) -> None:
    plans.note("b", make_control("running", make_plan(target, mode=mode)))
    results = [make_result(index, provider="openai", model="m", usage={"input_tokens": 3}) for index in range(20)]
    results[3] = make_result(3, source="fallback", category="timeout", reason="it was slow", values={"a": None})
    alone = await settle(plans, [make_received(result) for result in results], open_targets(None))
    assert at_once(plans, results) == alone


@pytest.mark.parametrize("why", ["unknown", "finished", "cancelled", "held", "written", "deleted"])
def test_results_that_need_a_look_are_not_kept_at_once(
    plans: PlanBook, make_plan: Any, make_control: Any, make_result: Any, why: str
) -> None:
    plan = make_plan(None if why == "written" else {"kind": "none"})
    if why != "unknown":
        plans.note("b", make_control("cancelled" if why == "cancelled" else "running", plan))
    if why == "finished":
        plans.note("b", None)
    if why == "held":
        plans.hold("b")
    assert at_once(plans, [make_result(0, deleted=True if why == "deleted" else None)]) is None
