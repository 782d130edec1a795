"""Kidney function: eGFR by CKD-EPI 2021 (creatinine, without race), in tables, because both sides are written rounded.

Inker et al., N Engl J Med 2021;385:1737: 142 × min(Scr/κ, 1)^α × max(Scr/κ, 1)^−1.200 × 0.9938^age × 1.012 [if female],
κ 0.7 and α −0.241 for women, κ 0.9 and α −0.302 for men.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from generator_svc.recipes.clinical.body import OLDEST, YOUNGEST, Body, Bools, Ints
from generator_svc.rows.draws import Draws

LEAST, MOST = 16, 120
"""mL/min/1.73 m²; nobody here is in kidney failure (stage 5), for which other rules hold."""
CKD_BELOW = 60

_HIGHEST_CREATININE = 700
"""Hundredths of mg/dL; more than anybody with an eGFR of 15 has."""


def ckd_epi_2021(creatinine_mg_dl: float, age: int, *, female: bool) -> float:
    """eGFR in mL/min/1.73 m²."""
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    share = creatinine_mg_dl / kappa
    sexed = 1.012 if female else 1.0
    return float(142 * min(share, 1) ** alpha * max(share, 1) ** -1.2 * 0.9938**age * sexed)


def kidneys(draws: Draws, body: Body, *, diabetic: Bools, hypertensive: Bools) -> tuple[Ints, Ints]:
    """Creatinine in hundredths of mg/dL, and the whole eGFR that it means for that age and sex."""
    expected = 108.0 - 0.75 * (body.age - YOUNGEST) - 2.0 * hypertensive
    lot = draws.uniform("kidney", 2)
    harmed = lot[:, 0] < np.where(diabetic, 0.11, 0.02) + 0.04 * hypertensive
    # At the far end stands the one diabetic in a hundred who must not have Metformin.
    loss = np.where(harmed, 10.0 + 42.0 * lot[:, 1], 0.0)
    normal = np.rint(draws.normal("egfr", expected, 11.0) - loss)
    wanted = np.clip(MOST - np.abs(MOST - normal), LEAST, MOST).astype(np.int64)
    creatinine_table, egfr_table = _tables()
    sex, year = body.female.astype(np.int64), body.age - YOUNGEST
    creatinine = creatinine_table[sex, year, wanted - LEAST]
    return creatinine, egfr_table[sex, year, creatinine]


@cache
def _tables() -> tuple[Ints, Ints]:
    """Creatinine by (sex, age, eGFR), and eGFR by (sex, age, creatinine)."""
    ages = range(YOUNGEST, OLDEST + 1)
    egfr = np.zeros((2, len(ages), _HIGHEST_CREATININE), dtype=np.int64)
    for sex in (0, 1):
        for place, age in enumerate(ages):
            values = [ckd_epi_2021(cents / 100, age, female=bool(sex)) for cents in range(30, _HIGHEST_CREATININE)]
            egfr[sex, place, 30:] = [round(value) for value in values]
    wanted = np.arange(LEAST, MOST + 1)
    creatinine = np.empty((2, len(ages), len(wanted)), dtype=np.int64)
    for sex in (0, 1):
        for place in range(len(ages)):
            # The function falls: the first creatinine that is not above what is wanted.
            falling = -egfr[sex, place, 30:]
            creatinine[sex, place] = 30 + np.searchsorted(falling, -wanted)
    return creatinine, egfr
