"""Diagnoses in ICD-10-CM, every code valid and billable in each fiscal year since 2021, and since when.

Coding rules kept: a complication replaces E11.9; diabetes with kidney disease is E11.22 plus the stage (N18.-);
hypertension with kidney disease is presumed to be I12.9, not I10; Z68.- stands only beside obesity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator_svc.recipes.clinical.body import Body, Bools, Ints
from generator_svc.recipes.clinical.illness import Illness
from generator_svc.recipes.clinical.treatments import History
from generator_svc.rows.draws import Draws

ICD10: dict[str, str] = {
    "E11.22": "Type 2 diabetes mellitus with diabetic chronic kidney disease",
    "E11.65": "Type 2 diabetes mellitus with hyperglycemia",
    "E11.9": "Type 2 diabetes mellitus without complications",
    "N18.31": "Chronic kidney disease, stage 3a",
    "N18.32": "Chronic kidney disease, stage 3b",
    "N18.4": "Chronic kidney disease, stage 4 (severe)",
    "E66.9": "Obesity, unspecified",
    "E66.01": "Morbid (severe) obesity due to excess calories",
    **{f"Z68.{bmi}": f"Body mass index [BMI] {bmi}.0-{bmi}.9, adult" for bmi in range(30, 40)},
    "Z68.41": "Body mass index [BMI] 40.0-44.9, adult",
    "I10": "Essential (primary) hypertension",
    "I12.9": (
        "Hypertensive chronic kidney disease with stage 1 through stage 4 chronic kidney disease, or unspecified "
        "chronic kidney disease"
    ),
    "K75.81": "Nonalcoholic steatohepatitis (NASH)",
    "R73.03": "Prediabetes",
}
"""Code → official description."""

_PLACES = {code: place for place, code in enumerate(ICD10)}
HYPERGLYCEMIA_FROM = 90
"""HbA1c in tenths from which the diabetes is out of control."""
_SEVERE_OBESITY_FROM = 400

Diagnoses = tuple[NDArray[np.int64], Ints, Bools]
"""Codes, days before `as_of`, and whether the patient has it: a column per possible diagnosis."""


def diagnoses(draws: Draws, body: Body, illness: Illness, history: History) -> Diagnoses:
    """What is diagnosed; codes are positions in `ICD10`."""
    kidney, diabetic = illness.kidney_disease, illness.diabetic
    hyperglycemia = diabetic & (history.hba1c >= HYPERGLYCEMIA_FROM)
    plain = diabetic & ~kidney & ~hyperglycemia
    bmi = body.bmi // 10
    stage = np.select([illness.egfr >= 45, illness.egfr >= 30], [_code("N18.31"), _code("N18.32")], _code("N18.4"))
    lot = draws.uniform("diagnosed", 5)
    measured = history.collected
    diabetes_since = history.lines[0].started + _share(lot[:, 0], 30)
    kidney_since = measured + _share(lot[:, 1], np.where(diabetic, diabetes_since - measured, 1_400))
    pressure_since = _pressure_since(body, illness, kidney_since, measured, lot[:, 3])
    columns: list[tuple[int | Ints, Ints, Bools]] = [
        (_code("E11.22"), kidney_since, diabetic & kidney),
        (_code("E11.65"), measured, hyperglycemia),
        (_code("E11.9"), diabetes_since, plain),
        (stage, kidney_since, kidney),
        (_obesity(body), measured + 30 + _share(lot[:, 2], 3_600), illness.obese),
        (np.where(bmi < 40, _code("Z68.30") + bmi - 30, _code("Z68.41")), measured, illness.obese),
        (np.where(kidney, _code("I12.9"), _code("I10")), pressure_since, illness.hypertensive),
        (_code("K75.81"), measured + _share(lot[:, 4], 1_500), illness.nash),
        (_code("R73.03"), measured, ~diabetic),
    ]  # fmt: skip
    shape = (draws.count, len(columns))
    codes, since, has = np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape, np.bool_)
    for place, (code, days, mask) in enumerate(columns):
        codes[:, place], since[:, place], has[:, place] = code, days, mask
    return codes, since, has


def _obesity(body: Body) -> Ints:
    return np.where(body.bmi >= _SEVERE_OBESITY_FROM, _code("E66.01"), _code("E66.9"))


def _pressure_since(body: Body, illness: Illness, kidney_since: Ints, measured: Ints, lot: NDArray[np.float64]) -> Ints:
    """I12.9 is coded with the kidney disease; I10 since any day after the fiftieth birthday (S4-15)."""
    since_fifty = np.maximum((body.age - 50) * 365 + body.since_birthday - measured, 1)
    return np.where(illness.kidney_disease, kidney_since, measured + _share(lot, np.minimum(since_fifty, 4_000)))


def _share(lot: NDArray[np.float64], days: int | Ints) -> Ints:
    return np.floor(lot * days).astype(np.int64)


def _code(name: str) -> int:
    return _PLACES[name]
