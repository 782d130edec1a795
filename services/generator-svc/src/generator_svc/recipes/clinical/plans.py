"""What plans cover and ask for: ten payers × ten drugs (S4-18 … S4-19), each pair by its own throw of the dice.

A rule is `{field, op, value}`: `field` is a path into a patient's record (through lists, to each entry), `op` one of

- `>=`, `<=`: the number there against `value`;
- `starts_with_any`: one of the texts there begins with one of `value`;
- `includes_none`: none of the texts there is in `value`;
- `within_days`: the day there is at most `value` days before the day of the request;
- `tried_any`: a treatment there with one of `value.medications`, for at least `value.min_weeks` weeks or broken off
  because it was not tolerated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator_svc.recipes.clinical.drugs import DIABETES, DRUGS, GLIPIZIDE, INVOKANA, JARDIANCE, METFORMIN, SGLT2, Drug
from generator_svc.recipes.clinical.payers import PAYERS, Payer
from generator_svc.rows.draws import Draws

COVERED, PA_REQUIRED = 0.85, 0.65
"""Share of the pairs, and of the covered ones (S4-29, S4-30; decision 4: a throw for each pair)."""
POLICY_DRUGS = ("Ozempic", "Trulicity")
POLICIES = 6
"""Texts, for pairs of those drugs (S4-22, S4-23)."""

LABEL = {
    "demographics.age": "Age in full years",
    "diagnoses.icd10": "Diagnoses (ICD-10-CM codes)",
    "labs.hba1c": "Most recent HbA1c (%)",
    "labs.bmi": "Body mass index (kg/m²)",
    "labs.egfr": "Estimated GFR (mL/min/1.73 m²)",
    "labs.collected_on": "Date the laboratory values were collected",
    "treatments": "Medications tried, with dates and outcomes",
    "allergies.substance": "Known allergies",
}
"""Every field that a criterion can ask for, as forms and policies call it."""

_STEP = 0.7
_THRESHOLDS = {"hba1c": (7.0, 7.0, 7.5, 8.0), "bmi": (27, 30, 30, 32), "lab_days": (90, 180), "weeks": (8, 12, 12)}
_COPAYS = {1: (5, 10), 2: (25, 30, 35, 40), 3: (45, 55, 65, 75), 4: (95, 120, 150)}
_AUTHORIZATION_MONTHS = (6, 12, 12)
_SECOND_LINES = (GLIPIZIDE, JARDIANCE, INVOKANA)


@dataclass(frozen=True)
class Criterion:
    """One condition of an approval."""

    id: str
    text: str
    field: str
    op: str
    value: Any

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "text": self.text, "rule": {"field": self.field, "op": self.op, "value": self.value}}


@dataclass(frozen=True)
class Pair:
    """A plan's decision about a drug."""

    payer: Payer
    drug: Drug
    covered: bool
    pa_required: bool
    criteria: tuple[Criterion, ...] = ()
    tier: int | None = None
    copay_usd: int | None = None
    step_drugs: tuple[str, ...] = ()
    quantity: int | None = None
    days: int | None = None
    authorization_months: int | None = None

    @property
    def has_policy_drug(self) -> bool:
        """Whether there may be a policy text about it."""
        return self.pa_required and self.drug.name in POLICY_DRUGS

    def as_json(self) -> dict[str, Any]:
        limit = {"quantity": self.quantity, "unit": self.drug.unit, "days": self.days} if self.covered else None
        return {
            "payer": self.payer.name,
            "plan_name": self.payer.plan,
            "drug": self.drug.name,
            "covered": self.covered,
            "pa_required": self.pa_required,
            "approval_criteria": [criterion.as_json() for criterion in self.criteria],
            "tier": self.tier,
            "copay_usd": self.copay_usd,
            "step_therapy": {"required": bool(self.step_drugs), "drugs": list(self.step_drugs)},
            "quantity_limit": limit,
            "authorization_months": self.authorization_months,
        }


def pairs(version: int, seed: int) -> list[Pair]:
    """All hundred decisions of a seed, payer by payer.

    About one seed in a hundred throws fewer than six pairs that a policy text could be about; it throws again.
    """
    for attempt in range(1_000):
        made = [_pair(_Lots(version, seed, attempt, place), *both) for place, both in enumerate(_combinations())]
        if sum(pair.has_policy_drug for pair in made) >= POLICIES:
            return made
    raise AssertionError("a thousand throws without six policies: the rates have changed")


def with_policy(made: list[Pair]) -> list[Pair]:
    """The six pairs that have a policy text: both drugs if possible, plans spread out."""
    by_drug = [[pair for pair in made if pair.has_policy_drug and pair.drug.name == name] for name in POLICY_DRUGS]
    half = POLICIES // 2
    taken = [min(half, len(found)) for found in by_drug]
    taken = [min(len(found), POLICIES - taken[1 - place]) for place, found in enumerate(by_drug)]
    taken[1] = POLICIES - taken[0] if len(by_drug[1]) >= POLICIES - taken[0] else len(by_drug[1])
    return [pair for found, count in zip(by_drug, taken, strict=True) for pair in found[:count]]


class _Lots:
    """The throws of one pair, by name, so that a new question changes none of the other answers."""

    def __init__(self, version: int, seed: int, attempt: int, place: int) -> None:
        self._draws = Draws(f"plans/{attempt}", version, seed, place, 1)

    def happens(self, name: str, share: float) -> bool:
        return bool(self._draws.uniform(name)[0] < share)

    def one_of(self, name: str, options: tuple[Any, ...]) -> Any:
        return options[int(self._draws.below(name, len(options))[0])]


def _combinations() -> Iterator[tuple[Payer, Drug]]:
    return ((payer, drug) for payer in PAYERS for drug in DRUGS)


def _pair(lots: _Lots, payer: Payer, drug: Drug) -> Pair:
    if not lots.happens("covered", COVERED):
        return Pair(payer, drug, covered=False, pa_required=False)
    tier = min(max(drug.tier + lots.one_of("tier", (-1, 0, 0, 0, 1)), 1), 4)
    packages = lots.one_of("packages", (1, 1, 1, 3))
    approved = lots.happens("pa", PA_REQUIRED)
    step_drugs = _step_drugs(lots, drug) if approved else ()
    return Pair(
        payer,
        drug,
        covered=True,
        pa_required=approved,
        criteria=tuple(_criteria(lots, drug, step_drugs)) if approved else (),
        tier=tier,
        copay_usd=lots.one_of("copay", _COPAYS[tier]),
        step_drugs=step_drugs,
        quantity=drug.quantity * packages,
        days=drug.days * packages,
        authorization_months=lots.one_of("months", _AUTHORIZATION_MONTHS) if approved else None,
    )


def _step_drugs(lots: _Lots, drug: Drug) -> tuple[str, ...]:
    """Any one of them must have been tried. Drugs against obesity have no cheaper step here."""
    if drug.indication != DIABETES or not lots.happens("step", _STEP):
        return ()
    others = tuple(name for name in _SECOND_LINES if name != drug.name and drug.group != SGLT2)
    return (METFORMIN, lots.one_of("second", others)) if others and lots.happens("wider", 0.3) else (METFORMIN,)


def _criteria(lots: _Lots, drug: Drug, step_drugs: tuple[str, ...]) -> Iterator[Criterion]:
    yield Criterion("AGE", "The patient is at least 18 years old.", "demographics.age", ">=", 18)
    if drug.indication == DIABETES:
        yield _diagnosis("a diagnosis of type 2 diabetes mellitus", ["E11"])
        least = lots.one_of("hba1c", _THRESHOLDS["hba1c"])
        yield Criterion("HBA1C", f"The most recent HbA1c is {least:.1f} % or higher.", "labs.hba1c", ">=", least)
    else:
        yield _diagnosis("a diagnosis of obesity", ["E66"])
    if drug.indication != DIABETES or lots.happens("asks bmi", 0.2):
        bmi = lots.one_of("bmi", _THRESHOLDS["bmi"])
        yield Criterion("BMI", f"The body mass index is {bmi} kg/m² or higher.", "labs.bmi", ">=", bmi)
    days = lots.one_of("lab_days", _THRESHOLDS["lab_days"])
    text = f"The laboratory values were collected within the {days} days before the request."
    yield Criterion("LABS", text, "labs.collected_on", "within_days", days)
    if drug.egfr_from is not None:
        text = f"The estimated GFR is {drug.egfr_from} mL/min/1.73 m² or higher."
        yield Criterion("EGFR", text, "labs.egfr", ">=", drug.egfr_from)
    if step_drugs:
        weeks, names = lots.one_of("weeks", _THRESHOLDS["weeks"]), " or ".join(step_drugs)
        text = f"{names} was tried for at least {weeks} weeks, or was not tolerated."
        yield Criterion("STEP", text, "treatments", "tried_any", {"medications": list(step_drugs), "min_weeks": weeks})
    text = f"The patient has no known allergy to {drug.ingredient.lower()} ({drug.name})."
    yield Criterion("ALLERGY", text, "allergies.substance", "includes_none", [drug.ingredient, drug.name])


def _diagnosis(what: str, codes: list[str]) -> Criterion:
    listed = ", ".join(f"{code}.-" for code in codes)
    return Criterion("DIAGNOSIS", f"The patient has {what} (ICD-10-CM {listed}).", "diagnoses.icd10", "starts_with_any",
                     codes)  # fmt: skip
