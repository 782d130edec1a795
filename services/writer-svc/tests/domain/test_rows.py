"""Never two of one record in a call, and none lost."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.crm.describe import ObjectDescribe
from writer_svc.domain.coercion import Unfit
from writer_svc.domain.rows import Row, fields_of, row_of, salesforce_target, waves

DESCRIBED: ObjectDescribe = {
    "name": "C",
    "fields": [
        {"name": "Summary__c", "type": "textarea", "length": 99, "updateable": True, "nillable": True},
        {"name": "Risk__c", "type": "string", "length": 9, "updateable": True, "nillable": True},
        {"name": "Key__c", "type": "string", "length": 40, "updateable": True, "externalId": True},
        {"name": "Exact__c", "type": "string", "length": 40, "updateable": True, "caseSensitive": True},
        {"name": "Made__c", "type": "date", "updateable": False},
    ],
}
ID = "001A0000006Vm9r"


def row(make_result: Any, make_plan: Any, target: dict[str, Any], **result: Any) -> Row:
    planned = make_plan({"kind": "salesforce", "object": "C", **target})
    return row_of(make_result(0, **result), salesforce_target(planned), fields_of(DESCRIBED))


def test_without_an_external_id_the_record_itself_is_updated(make_result: Any, make_plan: Any) -> None:
    made = row(make_result, make_plan, {"field": "Summary__c"}, record_id=ID)
    assert made.body == {"attributes": {"type": "C"}, "Summary__c": "a summary", "id": ID + "IAC"}


def test_an_upsert_says_the_key_and_no_id(make_result: Any, make_plan: Any) -> None:
    target = {"fields": {"Risk__c": "risk"}, "external_id": "Key__c"}
    made = row(make_result, make_plan, target, external_id="K-1", values={"risk": "high", "more": 1})
    assert made.body == {"attributes": {"type": "C"}, "Risk__c": "high", "Key__c": "K-1"}


@pytest.mark.parametrize(
    ("target", "result", "code"),
    [
        ({"field": "Summary__c"}, {"record_id": "r1"}, "MALFORMED_ID"),
        ({"field": "Nope__c"}, {"record_id": ID}, "INVALID_FIELD"),
        ({"field": "Made__c"}, {"record_id": ID}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"field": "Summary__c"}, {"record_id": ID, "answer": None}, "NO_ANSWER"),
        ({"field": "Summary__c", "external_id": "Key__c"}, {"external_id": " "}, "REQUIRED_FIELD_MISSING"),
        ({"field": "Summary__c", "external_id": "Key__c"}, {}, "REQUIRED_FIELD_MISSING"),
        ({"fields": {"Risk__c": "risk"}}, {"record_id": ID, "values": {"other": 1}}, "NO_ANSWER"),
    ],
)
def test_what_cannot_be_written_fails_before_the_call(
    make_result: Any, make_plan: Any, target: dict[str, Any], result: dict[str, Any], code: str
) -> None:
    with pytest.raises(Unfit) as caught:
        row(make_result, make_plan, target, **result)
    assert caught.value.code == code


@pytest.mark.parametrize(("field", "alike"), [("Key__c", True), ("Exact__c", False)])
def test_keys_that_differ_in_case_are_one_record_unless_the_field_says_otherwise(
    make_result: Any, make_plan: Any, field: str, alike: bool
) -> None:
    target = {"field": "Summary__c", "external_id": field}
    keys = [row(make_result, make_plan, target, external_id=text).key for text in ("abc-1", "ABC-1")]
    assert (keys[0] == keys[1]) is alike


def test_keys_that_are_the_same_to_salesforce_are_one_record(make_result: Any, make_plan: Any) -> None:
    def key(target: dict[str, Any], **result: Any) -> str:
        return row(make_result, make_plan, target, **result).key

    upsert = {"field": "Summary__c", "external_id": "Key__c"}
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert key(upsert, external_id=composed) == key(upsert, external_id=f" {decomposed} ")
    update = {"field": "Summary__c"}
    assert key(update, record_id=ID) == key(update, record_id=ID + "IAC")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 6), max_size=40), st.integers(1, 5))
def test_no_call_holds_a_key_twice_and_results_of_one_key_keep_their_order(
    make_result: Any, keys: list[int], size: int
) -> None:
    rows = [Row(make_result(index), str(key), {}) for index, key in enumerate(keys)]
    calls = waves(rows, size)
    assert sorted(r.result.index for call in calls for r in call) == list(range(len(keys)))
    for call in calls:
        assert 1 <= len(call) <= size
        assert len({r.key for r in call}) == len(call)
    for key in set(keys):
        order = [r.result.index for call in calls for r in call if r.key == str(key)]
        assert order == sorted(order)
