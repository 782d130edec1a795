"""What fits a HubSpot property, and what is refused before a call."""

from typing import Any

import pytest
from shared.crm.hubspot_shapes import PropertyDefinition
from writer_svc.domain.coercion import Unfit
from writer_svc.domain.hubspot_values import property_value

ROLES: dict[str, Any] = {
    "options": [
        {"label": "Decision Maker", "value": "decision_maker"},
        {"label": "End User", "value": "end_user"},
        {"label": "Old Role", "value": "old_role", "hidden": True},
    ]
}


def of(kind: str, name: str = "p", **other: Any) -> PropertyDefinition:
    return {"name": name, "type": kind, **other}  # type: ignore[typeddict-item, no-any-return]


@pytest.mark.parametrize(
    ("value", "definition", "expected"),
    [
        ("text as it came\n", of("string"), "text as it came\n"),
        (7, of("string"), "7"),
        (True, of("string"), "true"),
        (["CRM", "Ünits"], of("string", "simcrm_product_interest"), '["CRM", "Ünits"]'),
        ({"method": "ai"}, of("string"), '{"method": "ai"}'),
        ("x" * 65_536, of("string"), "x" * 65_536),
        ("+1-212-555-0123", of("phone_number"), "+1-212-555-0123"),
        ("$1,234.50", of("number"), "1234.5"),
        (1000.0, of("number"), "1000"),
        ("1e-3", of("number"), "0.001"),
        ("250", of("number"), "250"),
        (72, of("string", "simcrm_engagement_score"), "72"),
        ("72.4", of("string", "simcrm_engagement_score"), "72"),
        ("100%", of("string", "simcrm_engagement_score"), "100"),
        ("yes", of("bool"), "true"),
        (False, of("enumeration", fieldType="booleancheckbox"), "false"),
        ("2026-11-21", of("date"), "2026-11-21"),
        ("2026-11-21T23:30:00Z", of("date"), "2026-11-21"),
        (1_795_219_200_000, of("date"), "2026-11-21"),
        ("2026-11-21T10:00:00", of("datetime"), "2026-11-21T10:00:00.000Z"),
        ("2026-11-21T10:00:00+02:00", of("datetime"), "2026-11-21T08:00:00.000Z"),
        ("2026-11-21", of("datetime"), "2026-11-21T00:00:00.000Z"),
        ("1795255200000", of("datetime"), "2026-11-21T10:00:00.000Z"),
        ("decision makers", of("enumeration", **ROLES), "decision_maker"),
        ("Old Role", of("enumeration", **ROLES), "old_role"),
        (["End User", "end-users", "Decision Maker"], of("enumeration", fieldType="checkbox", **ROLES),
         "end_user;decision_maker"),
        ("End User; decision maker", of("enumeration", fieldType="checkbox", **ROLES), "end_user;decision_maker"),
        ("any stage", of("enumeration", externalOptions=True, options=[]), "any stage"),
        ({"a": 1}, of("json"), '{"a": 1}'),
        ('["a"]', of("json"), '["a"]'),
        (None, of("number"), ""),
        ("  ", of("enumeration", **ROLES), ""),
    ],
)  # fmt: skip
def test_a_value_becomes_the_text_that_the_property_takes(
    value: object, definition: PropertyDefinition, expected: str
) -> None:
    assert property_value(value, definition).text == expected


@pytest.mark.parametrize(
    ("value", "definition", "code"),
    [
        ("y" * 65_537, of("string", "hs_note_body"), "STRING_TOO_LONG"),
        ("a\0b", of("string"), "INVALID_CHARACTERS"),
        ("many", of("number"), "INVALID_NUMBER"),
        ("NaN", of("number"), "INVALID_NUMBER"),
        (float("inf"), of("number"), "INVALID_NUMBER"),
        ("1e999999", of("number"), "INVALID_NUMBER"),
        (True, of("number"), "INVALID_NUMBER"),
        (101, of("string", "simcrm_engagement_score"), "NUMBER_OUT_OF_RANGE"),
        ("-1", of("string", "simcrm_engagement_score"), "NUMBER_OUT_OF_RANGE"),
        ("perhaps", of("bool"), "INVALID_BOOLEAN"),
        ("tomorrow", of("date"), "INVALID_DATE"),
        ("2026-13-01", of("date"), "INVALID_DATE"),
        (1_795_219_200, of("datetime"), "INVALID_DATE"),
        ("noon", of("datetime"), "INVALID_DATE"),
        ("Janitor", of("enumeration", **ROLES), "INVALID_OPTION"),
        (["End User", "Janitor"], of("enumeration", fieldType="checkbox", **ROLES), "INVALID_OPTION"),
        ("{no json", of("json"), "INVALID_JSON"),
        ("x", of("string", calculated=True), "READ_ONLY_VALUE"),
        ("x", of("string", modificationMetadata={"readOnlyValue": True}), "READ_ONLY_VALUE"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_quoted(
    value: object, definition: PropertyDefinition, code: str
) -> None:
    with pytest.raises(Unfit) as caught:
        property_value(value, definition)
    assert caught.value.code == code
    assert isinstance(value, bool | list) or str(value) not in str(caught.value).replace(definition["name"], "").split()
    assert definition["name"] in str(caught.value)


def test_a_merge_is_told_with_its_score_and_a_name_in_other_letters_is_none() -> None:
    (match,) = property_value("decision makers", of("enumeration", **ROLES)).merges
    assert (match.answer, match.value, round(match.score, 1)) == ("decision makers", "decision_maker", 96.6)
    assert property_value("DECISION MAKER", of("enumeration", **ROLES)).merges == ()
