"""From body to blood: who is diabetic, hypertensive or has a fatty liver, and what the laboratory finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator_svc.recipes.clinical.body import Body, Bools, Ints
from generator_svc.recipes.clinical.kidney import CKD_BELOW, kidneys
from generator_svc.recipes.clinical.profile import Profile
from generator_svc.rows.draws import Draws

HBA1C_LEAST, HBA1C_MOST = 58, 110
"""Tenths of a percent (S4-12)."""
UNTREATED_FROM = 72
"""Tenths: HbA1c of the mildest diabetic before any treatment."""

HYPERTENSIVE_ABOVE = 50
"""Years (S4-15)."""
NASH_ABOVE = 350
"""BMI in tenths (S4-16)."""


@dataclass(frozen=True)
class Illness:
    """What a patient has before anything is done about it."""

    diabetic: Bools
    untreated_hba1c: Ints
    """Tenths: before the first treatment; of those without diabetes what they have today."""
    obese: Bools
    hypertensive: Bools
    nash: Bools
    creatinine: Ints
    """Hundredths of mg/dL."""
    egfr: Ints
    alt: Ints
    ast: Ints
    """Units a litre."""

    @property
    def kidney_disease(self) -> Bools:
        """Stage 3 or worse: an eGFR below 60."""
        return self.egfr < CKD_BELOW


def illnesses(draws: Draws, body: Body, profile: Profile) -> Illness:
    """What follows from the body, and from luck."""
    bmi = body.bmi / 10.0
    risk = 0.34 + 0.009 * (body.age - 35) + 0.022 * (bmi - 27.0)
    diabetic = draws.uniform("diabetes") < np.clip(risk, 0.1, 0.95)
    pressure = 0.48 + 0.008 * (bmi - 30.0) + 0.004 * (body.age - 50)
    hypertensive = (body.age > HYPERTENSIVE_ABOVE) & (draws.uniform("hypertension") < pressure)
    nash = (body.bmi > NASH_ABOVE) & (draws.uniform("nash") < 0.42)
    creatinine, egfr = kidneys(draws, body, diabetic=diabetic, hypertensive=hypertensive)
    alt, ast = _liver(draws, body, nash)
    return Illness(
        diabetic=diabetic,
        untreated_hba1c=_hba1c(draws, body, diabetic, profile),
        obese=body.bmi >= profile.obese_from,
        hypertensive=hypertensive,
        nash=nash,
        creatinine=creatinine,
        egfr=egfr,
        alt=alt,
        ast=ast,
    )


def mean_glucose(draws: Draws, hba1c: Ints) -> Ints:
    """Mean glucose in mg/dL by the ADAG regression, eAG = 28.7 × HbA1c − 46.7, with the scatter of a home meter."""
    expected = (2.87 * hba1c - 46.7).astype(np.float64)
    return np.rint(draws.normal("glucose", expected, 7.0)).astype(np.int64)


def _hba1c(draws: Draws, body: Body, diabetic: Bools, profile: Profile) -> Ints:
    lot = draws.uniform("hba1c")
    heavier = 0.85 + 0.3 * (body.bmi - 230) / 190.0
    # The square root makes high values rarer, in a straight line down to none at 11.0.
    progress = np.minimum((1.0 - np.sqrt(1.0 - lot)) * heavier, 1.0)
    diabetes = UNTREATED_FROM + np.rint(progress * (HBA1C_MOST - UNTREATED_FROM))
    healthy = HBA1C_LEAST + np.floor(lot * (profile.diabetic_from - HBA1C_LEAST))
    return np.where(diabetic, diabetes, healthy).astype(np.int64)


def _liver(draws: Draws, body: Body, nash: Bools) -> tuple[Ints, Ints]:
    """ALT and AST. In NASH both are raised, ALT more; never three times the norm, which would rule out drugs."""
    lot = draws.uniform("liver", 3)
    middle = (lot[:, 0] + lot[:, 1]) / 2.0
    well = 11.0 + 30.0 * middle + 0.5 * (body.bmi - 230) / 10.0
    alt = np.rint(np.where(nash, 56.0 + 60.0 * middle, well))
    ast = np.rint(alt * np.where(nash, 0.62 + 0.3 * lot[:, 2], 0.75 + 0.4 * lot[:, 2]))
    return alt.astype(np.int64), ast.astype(np.int64)
