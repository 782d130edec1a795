"""Whether a patient's record meets a criterion `{field, op, value}`, and what in the record says so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Record = Mapping[str, Any]

NOT_TOLERATED = "Intolerance"
"""Beginning of the outcome that counts as a trial however short it was."""


class UnknownRule(Exception):
    """A criterion whose rule this application does not know: it must not be taken for met or missing."""


@dataclass(frozen=True)
class Verdict:
    """A criterion with what was found."""

    id: str
    text: str
    met: bool
    evidence: tuple[str, ...]
    """Sentences out of the record; where it is silent, one that says so."""


def judged(criterion: Record, patient: Record, on: date) -> Verdict:
    """One criterion on the day of the request. Raises `UnknownRule`."""
    rule = criterion["rule"]
    check = _CHECKS.get(rule["op"])
    if check is None:
        raise UnknownRule(f"criterion {criterion['id']}: the operation {rule['op']} is not known")
    found = values_at(patient, rule["field"])
    met, evidence = check(_Question(rule["field"], rule["value"], found, patient, on))
    return Verdict(criterion["id"], criterion["text"], met, tuple(evidence))


def values_at(record: Record, path: str) -> list[Any]:
    """What stands at `a.b` of a record; through lists, of each entry. Nothing there: an empty list."""
    found: list[Any] = [record]
    for name in path.split("."):
        found = [one[name] for one in found if isinstance(one, Mapping) and one.get(name) is not None]
        found = [entry for one in found for entry in (one if isinstance(one, list) else [one])]
    return found


@dataclass(frozen=True)
class _Question:
    field: str
    value: Any
    found: list[Any]
    patient: Record
    on: date

    @property
    def name(self) -> str:
        return _NAMES.get(self.field, self.field)


_Answer = tuple[bool, list[str]]
_NAMES = {"demographics.age": "Age", "labs.hba1c": "HbA1c", "labs.bmi": "BMI", "labs.egfr": "eGFR"}


def _at_least(question: _Question) -> _Answer:
    return _compared(question, lambda found: bool(found >= question.value))


def _at_most(question: _Question) -> _Answer:
    return _compared(question, lambda found: bool(found <= question.value))


def _compared(question: _Question, holds: Callable[[Any], bool]) -> _Answer:
    if not question.found:
        return False, [f"No {question.name} on record."]
    measured = values_at(question.patient, "labs.collected_on") if question.field.startswith("labs.") else []
    when = f" on {measured[0]}" if measured else ""
    found = question.found[-1]
    return holds(found), [f"{question.name} {found}{when}."]


def _starts_with_any(question: _Question) -> _Answer:
    diagnoses = values_at(question.patient, question.field.rpartition(".")[0])
    matching = [one for one in diagnoses if str(one.get("icd10", "")).startswith(tuple(question.value))]
    said = [f"{one['icd10']} {one['description']}, diagnosed {one['diagnosed_on']}." for one in matching]
    return bool(matching), said or [f"No diagnosis beginning with {' or '.join(question.value)}."]


def _includes_none(question: _Question) -> _Answer:
    wrong = [str(found) for found in question.found if found in question.value]
    if wrong:
        return False, [f"Allergy to {name} on record." for name in wrong]
    listed = ", ".join(map(str, question.found)) or "none"
    return True, [f"Allergies on record: {listed}."]


def _within_days(question: _Question) -> _Answer:
    if not question.found:
        return False, ["No laboratory values on record."]
    day = date.fromisoformat(str(question.found[-1]))
    age = (question.on - day).days
    return 0 <= age <= question.value, [f"Laboratory values collected {day}, {age} days before {question.on}."]


def _tried_any(question: _Question) -> _Answer:
    tried = [one for one in question.found if one["medication"] in question.value["medications"]]
    enough = [one for one in tried if _is_trial(one, question.value["min_weeks"])]
    names = " or ".join(question.value["medications"])
    return bool(enough), [_told(one) for one in enough or tried] or [f"No trial of {names} on record."]


def _is_trial(treatment: Record, min_weeks: int) -> bool:
    return str(treatment["outcome"]).startswith(NOT_TOLERATED) or int(treatment["duration_weeks"]) >= min_weeks


def _told(treatment: Record) -> str:
    until = treatment["ended_on"] or "today"
    return (
        f"{treatment['medication']} from {treatment['started_on']} to {until} ({treatment['duration_weeks']} weeks): "
        f"{treatment['outcome']}; HbA1c {treatment['hba1c_before']} to {treatment['hba1c_after']}."
    )


_CHECKS: Mapping[str, Callable[[_Question], _Answer]] = {
    ">=": _at_least,
    "<=": _at_most,
    "starts_with_any": _starts_with_any,
    "includes_none": _includes_none,
    "within_days": _within_days,
    "tried_any": _tried_any,
}
