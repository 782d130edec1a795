"""What is true of every patient, as the report checks it on the rows themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.recipes.clinical.kidney import ckd_epi_2021
from generator_svc.recipes.clinical.profile import Profile
from generator_svc.recipes.clinical.treatments import METFORMIN_EGFR_FROM, SGLT2_EGFR_FROM
from generator_svc.rows.recipe import Rule

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
_Test = Callable[[pa.StructArray], Bools]


def rules_of(profile: Profile) -> Sequence[Rule]:
    """The rules of a profile."""
    hba1c, bmi = profile.diabetic_from / 10, profile.obese_from / 10
    common = (
        Rule("age is 35 … 75 (S4-10)", lambda rows: _within(_of(rows, "demographics", "age"), 35, 75)),
        Rule("BMI is 23 … 42 (S4-11)", lambda rows: _within(_lab(rows, "bmi"), 23, 42)),
        Rule("HbA1c is 5.8 … 11.0 (S4-12)", lambda rows: _within(_lab(rows, "hba1c"), 5.8, 11.0)),
        Rule("BMI is weight ÷ height², rounded", _bmi_follows),
        Rule("eGFR is CKD-EPI 2021 of creatinine, age and sex", _egfr_follows),
        Rule(f"obesity is diagnosed exactly from BMI {bmi}",
             lambda rows: _same(_has(rows, "E66"), _lab(rows, "bmi") >= bmi)),
        Rule(f"type 2 diabetes is diagnosed exactly from HbA1c {hba1c}",
             lambda rows: _same(_has(rows, "E11"), _lab(rows, "hba1c") >= hba1c)),
        Rule("hypertension only above 50 years (S4-15)",
             lambda rows: _if(_has(rows, "I1"), _of(rows, "demographics", "age") > 50)),
        Rule("NASH only above BMI 35 (S4-16)", lambda rows: _if(_has(rows, "K75.81"), _lab(rows, "bmi") > 35)),
        Rule("every diabetic is treated, nobody else (S4-31)",
             lambda rows: _same(_has(rows, "E11"), _any(rows, "treatments", _there))),
        Rule("a treatment does not end before it starts", lambda rows: _none(rows, "treatments", _ends_early)),
        Rule("HbA1c falls with a partial response", lambda rows: _none(rows, "treatments", _no_fall)),
    )  # fmt: skip
    return (*common, *(_safe() if profile.contraindications else (_metformin(),)))


def _metformin() -> Rule:
    return Rule("every diabetic has had Metformin (S4-31)",
                lambda rows: _if(_has(rows, "E11"), _took(rows, "Metformin")))  # fmt: skip


def _safe() -> Sequence[Rule]:
    return (
        Rule(f"a diabetic has had Metformin, or eGFR is below {METFORMIN_EGFR_FROM}",
             lambda rows: _same(_took(rows, "Metformin"),
                                _has(rows, "E11") & (_lab(rows, "egfr") >= METFORMIN_EGFR_FROM))),
        Rule(f"no Jardiance or Invokana at an eGFR below {SGLT2_EGFR_FROM}",
             lambda rows: _if(_took(rows, "Jardiance", "Invokana"), _lab(rows, "egfr") >= SGLT2_EGFR_FROM)),
        Rule("no Glipizide with an allergy to sulfonamides",
             lambda rows: _if(_took(rows, "Glipizide"), ~_any(rows, "allergies", _sulfonamides))),
    )  # fmt: skip


def _of(rows: pa.RecordBatch, struct: str, name: str) -> Floats:
    values: Floats = rows[struct].field(name).to_numpy(zero_copy_only=False)
    return values


def _lab(rows: pa.RecordBatch, name: str) -> Floats:
    return _of(rows, "labs", name)


def _bmi_follows(rows: pa.RecordBatch) -> pa.Array:
    exact = _lab(rows, "weight_kg") / (_lab(rows, "height_cm") / 100) ** 2
    return pa.array(np.abs(exact - _lab(rows, "bmi")) < 0.05 + 1e-9)


def _egfr_follows(rows: pa.RecordBatch) -> pa.Array:
    women = rows["demographics"].field("sex").to_pylist()
    ages, creatinine, egfr = _of(rows, "demographics", "age"), _lab(rows, "creatinine_mg_dl"), _lab(rows, "egfr")
    return pa.array(
        abs(ckd_epi_2021(c, int(age), female=sex == "female") - found) <= 0.5
        for sex, age, c, found in zip(women, ages, creatinine, egfr, strict=True)
    )


def _has(rows: pa.RecordBatch, code: str) -> Bools:
    return _any(rows, "diagnoses", lambda of: pc.starts_with(of.field("icd10"), code).to_numpy(zero_copy_only=False))


def _took(rows: pa.RecordBatch, *medications: str) -> Bools:
    return _any(rows, "treatments", lambda of: _is_one(of, "medication", *medications))


def _is_one(entries: pa.StructArray, name: str, *texts: str) -> Bools:
    found: Bools = pc.is_in(entries.field(name), pa.array(texts, pa.string())).to_numpy(zero_copy_only=False)
    return found


def _sulfonamides(allergies: pa.StructArray) -> Bools:
    return _is_one(allergies, "substance", "Sulfonamides")


def _there(entries: pa.StructArray) -> Bools:
    return np.ones(len(entries), dtype=np.bool_)


def _ends_early(entries: pa.StructArray) -> Bools:
    early = pc.less(entries.field("ended_on"), entries.field("started_on"))
    found: Bools = pc.fill_null(early, False).to_numpy(zero_copy_only=False)
    return found


def _no_fall(entries: pa.StructArray) -> Bools:
    before, after = (entries.field(name).to_numpy() for name in ("hba1c_before", "hba1c_after"))
    risen: Bools = after >= before
    return _is_one(entries, "outcome", "Partial response") & risen


def _any(rows: pa.RecordBatch, column: str, holds: _Test) -> Bools:
    """Whether an entry of the list fulfils a test."""
    lists = rows[column]
    found = np.zeros(len(lists), dtype=np.bool_)
    entries = lists.flatten()
    if len(entries):
        found[pc.list_parent_indices(lists).to_numpy()[holds(entries)]] = True
    return found


def _none(rows: pa.RecordBatch, column: str, fails: _Test) -> pa.Array:
    return pa.array(~_any(rows, column, fails))


def _same(one: Bools, other: Bools) -> pa.Array:
    return pa.array(one == other)


def _if(condition: Bools, then: Bools) -> pa.Array:
    return pa.array(~condition | then)


def _within(values: Floats, low: float, high: float) -> pa.Array:
    return pa.array((values >= low) & (values <= high))
