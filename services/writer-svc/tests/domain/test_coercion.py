"""What fits a field, and what is refused before a call."""

from typing import Any

import pytest
from shared.crm.describe import FieldDescribe
from writer_svc.domain.coercion import Unfit, coerced

LEVELS: Any = [
    {"value": "High", "label": "High risk", "active": True},
    {"value": "Low", "label": "Low"},
    {"value": "Old", "active": False},
]
RESTRICTED: dict[str, Any] = {"restrictedPicklist": True, "picklistValues": LEVELS}


def field(kind: str, **other: Any) -> FieldDescribe:
    return {"name": "F__c", "type": kind, "nillable": True, **other}  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("value", "described", "expected"),
    [
        ("text, as it came \n", field("textarea", length=100), "text, as it came \n"),
        ("12345", field("string", length=5), "12345"),
        (7, field("string", length=5), "7"),
        ({"a": ["é"]}, field("textarea", length=50), '{"a": ["é"]}'),
        (" high ", field("picklist", **RESTRICTED), "High"),
        ("Low", field("picklist", **RESTRICTED), "Low"),
        ("high risk", field("picklist", **RESTRICTED), "High"),
        ("anything", field("picklist", length=255), "anything"),
        (["high", "Low"], field("multipicklist", **RESTRICTED), "High;Low"),
        ("yes", field("boolean"), True),
        (False, field("boolean"), False),
        ("$1,234.50", field("currency", precision=18, scale=2), 1234.5),
        (12, field("double", precision=18, scale=0), 12),
        ("42", field("int", digits=9), 42),
        ("2026-11-21", field("date"), "2026-11-21"),
        ("2026-11-21T23:00:00+02:00", field("date"), "2026-11-21"),
        ("🙂é患者", field("string", length=5), "🙂é患者"),
        ("2026-11-21T10:00:00", field("datetime"), "2026-11-21T10:00:00.000Z"),
        ("2026-11-21T10:00:00+02:00", field("datetime"), "2026-11-21T10:00:00.000+02:00"),
        ("001A0000006Vm9r", field("reference"), "001A0000006Vm9rIAC"),
        (None, field("date"), None),
        ("", field("currency"), None),
    ],
)
def test_a_value_becomes_what_the_field_takes(value: object, described: FieldDescribe, expected: object) -> None:
    assert coerced(value, described) == expected


@pytest.mark.parametrize(
    ("value", "described", "code"),
    [
        ("123456", field("string", length=5), "STRING_TOO_LONG"),
        ("🙂🙂🙂", field("string", length=5), "STRING_TOO_LONG"),
        (float("nan"), field("textarea", length=50), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (float("-inf"), field("double"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"a": [float("inf")]}, field("textarea", length=50), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("a\0b", field("textarea", length=50), "INVALID_CHARACTERS"),
        ("a\ud800b", field("textarea", length=50), "INVALID_CHARACTERS"),
        ("Old", field("picklist", **RESTRICTED), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Highest", field("picklist", **RESTRICTED), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("perhaps", field("boolean"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("many", field("double"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("NaN", field("double"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (True, field("double"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("10000", field("currency", precision=6, scale=2), "NUMBER_OUTSIDE_VALID_RANGE"),
        ("1.5", field("int"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("2026-11-21 or so", field("date"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("2026-02-30", field("date"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("tomorrow", field("date"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("now", field("datetime"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("r1", field("reference"), "MALFORMED_ID"),
        (None, field("string", nillable=False), "REQUIRED_FIELD_MISSING"),
        ("x", field("address"), "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_quoted(
    value: object, described: FieldDescribe, code: str
) -> None:
    with pytest.raises(Unfit) as caught:
        coerced(value, described)
    assert caught.value.code == code
    assert value is None or str(value) not in str(caught.value).replace("true", "").replace("takes", "")
