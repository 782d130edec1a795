"""Whose result is whose, whatever order HubSpot answers in."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.crm.hubspot_shapes import BatchAnswer
from writer_svc.domain.hubspot_answers import Refusal, Written, correlated, refusal_of
from writer_svc.domain.hubspot_rows import HubSpotRecord

FIXTURES = Path(os.environ.get("RECORDSMITH_FIXTURES", "none")) / "hubspot"
"""Bodies recorded by others, which are not ours to copy."""
ABSENT = "RECORDSMITH_FIXTURES names no folder of recorded bodies"


def records(*keys: str, id_property: str | None = "email") -> list[HubSpotRecord]:
    return [HubSpotRecord("contacts", key, id_property, {}) for key in keys]


@given(st.permutations(list(range(6))), st.sets(st.integers(0, 5)), st.booleans())
def test_shuffled_results_and_errors_find_their_records(order: list[int], bad: set[int], traced: bool) -> None:
    sent = records(*(f"User{at}@Example.ORG" for at in range(6)))
    results: list[Any] = []
    errors: list[Any] = []
    for at in order:
        if at in bad:
            context = {"objectWriteTraceId": [str(at)]} if traced else {"ids": [f"user{at}@example.org"]}
            errors.append({"category": "VALIDATION_ERROR", "context": context})
        else:
            results.append({"id": str(100 + at), "properties": {"email": f"user{at}@example.org"}})
    found = correlated(sent, BatchAnswer(results, errors))
    assert not found.unknown
    for at in range(6):
        assert found.outcomes[at] == (Refusal("VALIDATION_ERROR") if at in bad else Written(str(100 + at)))


def test_a_result_may_say_its_trace_id() -> None:
    answer = BatchAnswer([{"id": "9", "objectWriteTraceId": "1"}, {"id": "8", "objectWriteTraceId": "0", "new": True}])
    assert correlated(records("a", "b"), answer).outcomes == {0: Written("8", True), 1: Written("9")}


def test_the_survivor_of_a_merged_record_answers_for_it() -> None:
    answer = BatchAnswer([{"id": "1"}, {"id": "777"}])
    found = correlated(records("1", "2", id_property=None), answer)
    assert found.outcomes == {0: Written("1"), 1: Written("777")}


def test_what_is_not_mentioned_is_unknown_and_an_error_of_nobody_is_remembered() -> None:
    found = correlated(records("a", "b"), BatchAnswer([], [{"category": "OBJECT_NOT_FOUND"}]))
    assert (list(found.unknown), found.has_stray_errors) == ([0, 1], True)


def test_an_existing_id_is_read_from_context_or_message() -> None:
    message = {"category": "CONFLICT", "message": "Contact already exists. Existing ID: 171591000198"}
    assert refusal_of(message) == Refusal("CONFLICT", (), "171591000198")
    assert refusal_of({"category": "CONFLICT", "context": {"existingId": ["7"]}}).existing_id == "7"


def test_a_sentence_names_the_property_and_not_the_value() -> None:
    said = {
        "category": "VALIDATION_ERROR", "message": "Jane Doe was not one of the allowed options",
        "errors": [{"code": "INVALID_OPTION", "message": "Jane Doe", "context": {"propertyName": ["role"]}}],
    }  # fmt: skip
    verdict = refusal_of(said).verdict()
    assert (verdict.state, verdict.code, verdict.category) == ("failed", "INVALID_OPTION", "crm")
    assert verdict.reason == "The answer is not one of the options. (role)"


@pytest.mark.skipif(not FIXTURES.exists(), reason=ABSENT)
@pytest.mark.parametrize(
    ("name", "keys", "id_property", "expected"),
    [
        ("create__contacts__err-partial-success", ["siena.dyer@hubspot.com"], "email", Written("171596044870")),
        ("update__contacts__err-partial-success", ["unknownIdentifier888", "171591000199"], None,
         Refusal("OBJECT_NOT_FOUND")),
    ],
)  # fmt: skip
def test_recorded_answers_are_understood(name: str, keys: list[str], id_property: str | None, expected: object) -> None:
    body = json.loads((FIXTURES / f"test__batch__{name}.json").read_text())
    found = correlated(records(*keys, id_property=id_property), BatchAnswer(body["results"], body["errors"]))
    assert expected in found.outcomes.values()


@pytest.mark.skipif(not FIXTURES.exists(), reason=ABSENT)
def test_a_recorded_refusal_of_a_whole_call_names_its_properties() -> None:
    body = json.loads((FIXTURES / "test__batch__create__contacts__err-many-invalid-properties.json").read_text())
    refusal = refusal_of(body)
    assert (refusal.code, refusal.properties) == ("PROPERTY_DOESNT_EXIST", ("first000name", "last000name"))
