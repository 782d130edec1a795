"""Each operation of a rule, met, missing and silent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from prior_auth.criteria import UnknownRule, judged, values_at

ON = date(2025, 10, 1)
PATIENT: dict[str, Any] = {
    "demographics": {"age": 60},
    "diagnoses": [
        {"icd10": "E11.65", "description": "Type 2 diabetes mellitus with hyperglycemia", "diagnosed_on": "2025-08-01"},
        {"icd10": "I10", "description": "Essential (primary) hypertension", "diagnosed_on": "2020-01-01"},
    ],
    "labs": {"hba1c": 8.0, "bmi": 29.9, "collected_on": "2025-08-01"},
    "treatments": [
        {"medication": "Metformin", "duration_weeks": 3, "outcome": "Intolerance - GI side effects",
         "started_on": "2024-01-01", "ended_on": "2024-01-22", "hba1c_before": 8.1, "hba1c_after": 8.0},
        {"medication": "Jardiance", "duration_weeks": 10, "outcome": "Partial response",
         "started_on": "2025-01-01", "ended_on": None, "hba1c_before": 8.3, "hba1c_after": 8.0},
    ],
    "allergies": [{"substance": "Semaglutide"}, {"substance": "Latex"}],
}  # fmt: skip
NOBODY: dict[str, Any] = {"demographics": {}, "diagnoses": [], "labs": {}, "treatments": [], "allergies": []}


def tried(weeks: int, *medications: str) -> dict[str, Any]:
    return {"medications": list(medications), "min_weeks": weeks}


CASES = [
    ("demographics.age", ">=", 18, True, "Age 60."),
    ("labs.hba1c", ">=", 8.0, True, "HbA1c 8.0 on 2025-08-01."),
    ("labs.bmi", ">=", 30, False, "BMI 29.9 on 2025-08-01."),
    ("labs.bmi", "<=", 30, True, "BMI 29.9 on 2025-08-01."),
    ("diagnoses.icd10", "starts_with_any", ["E11"], True, "E11.65 Type 2 diabetes mellitus with hyperglycemia"),
    ("diagnoses.icd10", "starts_with_any", ["E66", "Z68"], False, "No diagnosis beginning with E66 or Z68."),
    ("labs.collected_on", "within_days", 61, True, "61 days before 2025-10-01"),
    ("labs.collected_on", "within_days", 60, False, "61 days before 2025-10-01"),
    ("allergies.substance", "includes_none", ["Semaglutide"], False, "Allergy to Semaglutide on record."),
    ("allergies.substance", "includes_none", ["Dulaglutide"], True, "Semaglutide, Latex"),
    ("treatments", "tried_any", tried(12, "Metformin"), True, "Metformin from 2024-01-01 to 2024-01-22 (3 weeks)"),
    ("treatments", "tried_any", tried(12, "Jardiance"), False, "Jardiance from 2025-01-01 to today (10 weeks)"),
    ("treatments", "tried_any", tried(8, "Glipizide", "Jardiance"), True, "Partial response; HbA1c 8.3 to 8.0."),
    ("treatments", "tried_any", tried(8, "Glipizide"), False, "No trial of Glipizide on record."),
]


@pytest.mark.parametrize(("field", "op", "value", "met", "says"), CASES)
def test_a_criterion_is_judged_with_evidence(field: str, op: str, value: Any, met: bool, says: str) -> None:
    verdict = judged({"id": "X", "text": "t", "rule": {"field": field, "op": op, "value": value}}, PATIENT, ON)
    assert (verdict.met, says in " ".join(verdict.evidence)) == (met, True)


@pytest.mark.parametrize(("field", "op", "value", "met", "says"), CASES)
def test_a_record_that_is_silent_meets_only_what_forbids(field: str, op: str, value: Any, met: bool, says: str) -> None:
    verdict = judged({"id": "X", "text": "t", "rule": {"field": field, "op": op, "value": value}}, NOBODY, ON)
    assert verdict.met == (op == "includes_none")
    assert verdict.evidence


def test_values_of_the_future_are_not_recent() -> None:
    rule = {"field": "labs.collected_on", "op": "within_days", "value": 90}
    assert not judged({"id": "X", "text": "t", "rule": rule}, PATIENT, date(2025, 7, 1)).met


def test_a_rule_that_is_not_known_is_neither_met_nor_missing() -> None:
    with pytest.raises(UnknownRule, match="sounds_like"):
        judged({"id": "X", "text": "t", "rule": {"field": "labs.bmi", "op": "sounds_like", "value": 1}}, PATIENT, ON)


def test_paths_lead_through_lists() -> None:
    assert values_at(PATIENT, "diagnoses.icd10") == ["E11.65", "I10"]
    assert values_at(PATIENT, "labs.nothing") == values_at(PATIENT, "demographics.age.years") == []
