"""A repetition of an event has the same id, another record another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from shared.events import BatchSpec, PromptPrepared, RecordGenerated, RecordSettled, trace_id_of

indices = st.integers(0, 10**9)
epochs = st.integers(0, 50)
batch_ids = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")


@given(batch_ids, indices, epochs)
def test_a_repetition_has_the_same_id_and_key(batch_id: str, index: int, epoch: int) -> None:
    first, again = (PromptPrepared(batch_id=batch_id, index=index, epoch=epoch, record_id="r", values={}) for _ in "12")
    assert first.event_id() == again.event_id() == first.key()


@given(st.tuples(batch_ids, indices, epochs), st.tuples(batch_ids, indices, epochs))
def test_different_records_have_different_traces(one: tuple[str, int, int], other: tuple[str, int, int]) -> None:
    assert (trace_id_of(*one) == trace_id_of(*other)) == (one == other)


@given(batch_ids, indices, epochs)
def test_a_record_keeps_its_trace_from_stage_to_stage(batch_id: str, index: int, epoch: int) -> None:
    about = {"batch_id": batch_id, "index": index, "epoch": epoch, "record_id": "r"}
    prompt = PromptPrepared(**about, values={})
    result = RecordGenerated(**about)
    verdict = RecordSettled(**about, state="written")
    assert prompt.trace_id() == result.trace_id() == verdict.trace_id() == trace_id_of(batch_id, index, epoch)
    assert len({prompt.event_id(), result.event_id(), verdict.event_id()}) == 3


def test_results_of_one_crm_record_meet_one_writer() -> None:
    results = [
        RecordGenerated(batch_id=b, index=i, record_id="a01", object="Claim__c") for b, i in (("b1", 0), ("b2", 9))
    ]
    assert len({result.key() for result in results}) == 1


def test_verdicts_of_one_ledger_row_keep_their_order() -> None:
    keys = [RecordSettled(batch_id="b", index=i, record_id="r", state="failed").key() for i in (0, 8191, 8192)]
    assert keys == ["b:0", "b:0", "b:1"]


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "salesforce", "object": "Claim__c"},
        {"kind": "salesforce", "object": "Claim__c", "field": "A__c", "fields": {"B__c": "b"}},
        {"kind": "salesforce", "object": "Claim__c; DROP", "field": "A__c"},
    ],
)
def test_an_ambiguous_target_is_refused(target: dict[str, object]) -> None:
    rows = {"kind": "rows", "rows": [{"id": "1"}]}
    with pytest.raises(ValidationError):
        BatchSpec.model_validate({"source": rows, "prompt": {"template": "x"}, "target": target})


def test_a_batch_that_asks_an_llm_needs_a_prompt() -> None:
    with pytest.raises(ValidationError, match="prompt"):
        BatchSpec.model_validate({"source": {"kind": "rows", "rows": []}})
