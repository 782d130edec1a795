"""Reasons name fields and rules, never what was written."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.events import Change, RecordGenerated
from writer_svc.domain.verdicts import CANCELLED, Verdict, failed, refused, settled, settled_kept

VALUE = "Jane Doe has diabetes"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("STRING_TOO_LONG", f"Summary: data value too large: {VALUE} (max length=10)"),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f"Risk: bad value for restricted picklist field: {VALUE}"),
        ("DUPLICATE_VALUE", f"Duplicate external id specified: {VALUE}"),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", f"{VALUE} is not allowed here"),
        ("SOMETHING_NEW", f"cannot store '{VALUE[:15]}…'"),
    ],
)
def test_a_message_that_quotes_a_value_is_cut(code: str, said: str) -> None:
    verdict = refused(code, said, ["Summary__c"], [VALUE])
    assert verdict.reason is not None
    assert "Summary__c" in verdict.reason
    assert "Jane" not in verdict.reason
    assert (verdict.state, verdict.category, verdict.code) == ("failed", "crm", code)


def test_a_rule_of_the_org_is_told_in_its_own_words() -> None:
    verdict = refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Closed claims cannot change", [], [VALUE])
    assert verdict.reason == (
        "A validation rule of the org refuses the record. Salesforce says: Closed claims cannot change"
    )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
results = st.builds(
    RecordGenerated,
    batch_id=st.just("b"),
    index=st.integers(0, 2**40),
    epoch=st.integers(0, 3),
    record_id=texts,
    answer=st.none() | texts,
    values=st.none() | st.dictionaries(texts, st.none() | texts | st.integers(-9, 9) | st.floats(-9, 9)),
    source=st.sampled_from([None, "llm", "fallback"]),
    cost_usd=st.none() | st.floats(0, 1),
    category=st.sampled_from([None, "timeout"]),
    reason=st.none() | texts,
    external_id=st.none() | texts,
)
verdicts = st.one_of(
    st.builds(lambda crm_id: Verdict("written", crm_id=crm_id), st.none() | texts),
    st.builds(lambda code, reason: failed(code, reason), texts, texts),
    st.sampled_from([CANCELLED, Verdict("skipped", code="X"), Verdict("written", change=Change(action="create"))]),
)


@settings(deadline=None)
@given(st.lists(st.tuples(results, verdicts), max_size=5))
def test_verdicts_on_kept_texts_say_what_those_on_the_results_say(told: list[tuple[Any, Verdict]]) -> None:
    kept = [(result.model_dump_json(exclude_defaults=True).encode(), verdict) for result, verdict in told]
    assert settled_kept(kept) == [settled(result, verdict) for result, verdict in told]
