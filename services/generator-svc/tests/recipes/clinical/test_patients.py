"""Patients: each rule of the guide, and that every part of a record explains the others."""

from __future__ import annotations

import itertools
import re
from datetime import date
from math import sqrt
from typing import Any

import numpy as np
import pytest
from generator_svc.recipes.clinical import PATIENTS, PATIENTS_CLINICAL, Patients
from generator_svc.recipes.clinical.diagnoses import ICD10
from generator_svc.recipes.clinical.identity import NUMBERS
from generator_svc.recipes.clinical.kidney import ckd_epi_2021
from generator_svc.recipes.clinical.places import PLACES
from generator_svc.rows.recipe import chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.errors import Rejected

Patient = dict[str, Any]

BOTH = pytest.mark.parametrize("recipe", [PATIENTS, PATIENTS_CLINICAL], ids=lambda recipe: recipe.profile.name)
MANY = 2_500


def made(
    recipe: Patients, count: int = 1_500, seed: int = 42, first: int = 0, as_of: date | None = None
) -> list[Patient]:
    rows: list[Patient] = recipe.batch(seed, first, count, as_of or recipe.as_of).to_pylist()
    return rows


def codes(patient: Patient) -> set[str]:
    return {diagnosis["icd10"] for diagnosis in patient["diagnoses"]}


def has(patient: Patient, prefix: str) -> bool:
    return any(code.startswith(prefix) for code in codes(patient))


def medications(patient: Patient) -> set[str]:
    return {treatment["medication"] for treatment in patient["treatments"]}


def age_on(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def about(share: float, count: int) -> float:
    """Half the width of a band that one run in a hundred thousand leaves."""
    return 4.4 * sqrt(share * (1 - share) / count)


@BOTH
def test_every_rule_of_the_report_holds(recipe: Patients) -> None:
    rows = recipe.batch(7, 0, MANY, recipe.as_of)
    assert len(recipe.rules) >= 13
    assert {rule.name: rule.holds(rows).false_count for rule in recipe.rules if rule.holds(rows).false_count} == {}


def test_the_rules_of_one_profile_do_not_hold_in_the_other() -> None:
    rows = PATIENTS.batch(42, 0, 8_000, PATIENTS.as_of)
    broken = {rule.name for rule in PATIENTS_CLINICAL.rules if rule.holds(rows).false_count}
    assert {
        "obesity is diagnosed exactly from BMI 30.0",
        "type 2 diabetes is diagnosed exactly from HbA1c 6.5",
    } <= broken
    assert "no Jardiance or Invokana at an eGFR below 45" in broken


@BOTH
def test_a_record_has_the_fields_of_the_interface(recipe: Patients) -> None:
    patient = next(one for one in made(recipe) if one["treatments"] and one["allergies"])
    assert list(patient) == [
        "patient_id", "demographics", "insurance", "diagnoses", "labs", "treatments", "allergies",
    ]  # fmt: skip
    assert list(patient["treatments"][0]) == [
        "medication", "line", "started_on", "ended_on", "duration_weeks", "outcome", "hba1c_before", "hba1c_after",
    ]  # fmt: skip
    assert list(patient["allergies"][0]) == ["substance", "reaction", "severity"]


@pytest.mark.parametrize(("recipe", "hba1c", "bmi"), [(PATIENTS, 6.5, 30), (PATIENTS_CLINICAL, 6.4, 29.9)])
def test_diagnoses_follow_the_values_in_the_record(recipe: Patients, hba1c: float, bmi: float) -> None:
    for patient in made(recipe, MANY):
        labs, age = patient["labs"], patient["demographics"]["age"]
        assert has(patient, "E11") == (labs["hba1c"] > hba1c)
        assert has(patient, "E66") == (labs["bmi"] > bmi)
        assert has(patient, "N18") == (labs["egfr"] < 60)
        assert not has(patient, "I1") or age > 50
        assert not has(patient, "K75.81") or labs["bmi"] > 35
        assert not has(patient, "K75.81") or labs["alt_u_l"] > 50


@BOTH
def test_codes_keep_the_coding_rules(recipe: Patients) -> None:
    for patient in made(recipe, MANY):
        held = codes(patient)
        assert held, "nobody comes without a reason"
        assert held <= set(ICD10)
        assert not ("E11.9" in held and held & {"E11.22", "E11.65"})
        assert ("E11.22" in held) == (has(patient, "E11") and has(patient, "N18"))
        assert not ("I10" in held and has(patient, "N18"))
        assert sum(code.startswith("Z68") for code in held) == has(patient, "E66")
        if bmi := next((code for code in held if code.startswith("Z68.3")), None):
            assert int(bmi[4:]) == int(patient["labs"]["bmi"])


def test_shares_are_those_of_the_guide() -> None:
    everyone = made(PATIENTS, 8_000, seed=5)
    diabetics = [patient for patient in everyone if has(patient, "E11")]
    assert all("Metformin" in medications(patient) for patient in diabetics)
    second = sum(len(patient["treatments"]) == 2 for patient in diabetics) / len(diabetics)
    assert abs(second - 0.60) < about(0.60, len(diabetics))
    for place in range(10):
        payer = sorted({patient["insurance"]["payer"] for patient in everyone})[place]
        share = sum(patient["insurance"]["payer"] == payer for patient in everyone) / len(everyone)
        assert abs(share - 0.1) < about(0.1, len(everyone))


def test_values_spread_over_the_whole_range() -> None:
    labs = PATIENTS.batch(1, 0, 50_000, PATIENTS.as_of)["labs"]
    for name, low, high in (("bmi", 23.0, 42.0), ("hba1c", 5.8, 11.0)):
        values = labs.field(name).to_numpy()
        assert low <= values.min() < low + 0.3
        assert high - 0.3 < values.max() <= high
        at_the_ends = ((values == low) | (values == high)).mean()
        assert at_the_ends < 0.06


@BOTH
def test_mean_glucose_correlates_with_hba1c(recipe: Patients) -> None:
    labs = recipe.batch(3, 0, MANY, recipe.as_of)["labs"]
    hba1c, glucose = labs.field("hba1c").to_numpy(), labs.field("mean_glucose_mg_dl").to_numpy()
    assert np.corrcoef(hba1c, glucose)[0, 1] >= 0.9
    assert abs((glucose - (28.7 * hba1c - 46.7)).mean()) < 1


@BOTH
def test_bmi_and_egfr_can_be_recomputed(recipe: Patients) -> None:
    for patient in made(recipe, MANY):
        labs, person = patient["labs"], patient["demographics"]
        assert labs["bmi"] == round(labs["weight_kg"] / (labs["height_cm"] / 100) ** 2 + 1e-12, 1)
        exact = ckd_epi_2021(labs["creatinine_mg_dl"], person["age"], female=person["sex"] == "female")
        assert labs["egfr"] == round(exact)
        assert age_on(person["date_of_birth"], labs["collected_on"]) == person["age"]


def test_ckd_epi_gives_the_published_values() -> None:
    # National Kidney Foundation's calculator: creatinine 1.0 mg/dL at 50 years, and 2.0 at 70.
    assert round(ckd_epi_2021(1.0, 50, female=False)) == 92
    assert round(ckd_epi_2021(1.0, 50, female=True)) == 69
    assert round(ckd_epi_2021(2.0, 70, female=False)) == 35


@BOTH
def test_treatments_stand_in_the_order_of_time_and_explain_todays_hba1c(recipe: Patients) -> None:
    for patient in made(recipe, MANY):
        treatments, labs = patient["treatments"], patient["labs"]
        assert bool(treatments) == has(patient, "E11")
        assert [treatment["line"] for treatment in treatments] == list(range(1, len(treatments) + 1))
        for treatment in treatments:
            end = treatment["ended_on"] or recipe.as_of
            assert treatment["started_on"] < end <= recipe.as_of
            assert treatment["duration_weeks"] == (end - treatment["started_on"]).days // 7
            fall = treatment["hba1c_before"] - treatment["hba1c_after"]
            assert (fall >= 0.15) if treatment["outcome"] == "Partial response" else (-0.35 <= fall <= 0.35)
            assert max(treatment["hba1c_before"], treatment["hba1c_after"]) <= 11.0
        for earlier, later in itertools.pairwise(treatments):
            assert earlier["ended_on"] is not None
            assert earlier["ended_on"] <= later["started_on"]
            assert abs(later["hba1c_before"] - earlier["hba1c_after"]) <= 0.45
            assert earlier["medication"] != later["medication"]
        if treatments:
            assert labs["hba1c"] == treatments[-1]["hba1c_after"]
            assert treatments[-1]["started_on"] < labs["collected_on"]
            assert treatments[-1]["ended_on"] is None or treatments[-1]["ended_on"] <= labs["collected_on"]


@BOTH
def test_no_day_is_before_its_cause_or_after_the_record(recipe: Patients) -> None:
    for patient in made(recipe, MANY):
        born = patient["demographics"]["date_of_birth"]
        assert age_on(born, recipe.as_of) == patient["demographics"]["age"]
        assert patient["insurance"]["effective_date"] <= recipe.as_of
        for diagnosis in patient["diagnoses"]:
            assert born < diagnosis["diagnosed_on"] <= recipe.as_of
            if diagnosis["icd10"] == "E11.9":
                assert diagnosis["diagnosed_on"] <= patient["treatments"][0]["started_on"]
            if diagnosis["icd10"] == "I10":
                assert age_on(born, diagnosis["diagnosed_on"]) >= 50


def test_clinical_patients_have_nothing_that_is_contraindicated_or_that_they_are_allergic_to() -> None:
    rules_out = {"Sulfonamides": "Glipizide", "Empagliflozin": "Jardiance", "Canagliflozin": "Invokana"}
    excused = 0
    for patient in made(PATIENTS_CLINICAL, 8_000):
        taken, egfr = medications(patient), patient["labs"]["egfr"]
        assert not ("Metformin" in taken and egfr < 30)
        assert not (taken & {"Jardiance", "Invokana"} and egfr < 45)
        assert not {rules_out.get(allergy["substance"]) for allergy in patient["allergies"]} & taken
        if has(patient, "E11") and "Metformin" not in taken:
            excused += 1
            assert egfr < 30
            assert taken
    assert excused > 20, "the rule was tried"


@BOTH
def test_allergies_are_not_listed_twice(recipe: Patients) -> None:
    for patient in made(recipe, MANY):
        substances = [allergy["substance"] for allergy in patient["allergies"]]
        assert len(set(substances)) == len(substances) <= 2


def test_nobody_real_can_be_reached_and_nobody_shares_a_number() -> None:
    people = made(PATIENTS, NUMBERS + 500)
    phones = [patient["demographics"]["phone"] for patient in people]
    emails = [patient["demographics"]["email"] for patient in people]
    members = [patient["insurance"]["member_id"] for patient in people]
    assert all(len(set(values)) == len(people) for values in (phones, emails, members))
    assert all(re.fullmatch(r"\(\d{3}\) 555-01\d{2}", phone) for phone in phones[:NUMBERS])
    assert all(re.fullmatch(r"\(\d{3}\) 555-01\d{2} x1", phone) for phone in phones[NUMBERS:])
    assert all(re.fullmatch(r"[a-z.]+\d+@example\.(com|org|net)", email) for email in emails)


def test_an_address_agrees_with_itself_and_with_the_telephone() -> None:
    places = {(place.city, place.state): place for place in PLACES}
    for patient in made(PATIENTS):
        address, phone = patient["demographics"]["address"], patient["demographics"]["phone"]
        place = places[address["city"], address["state"]]
        assert address["zip"] in place.zips.split()
        assert phone[1:4] in place.area_codes.split()


def test_ids_count_on() -> None:
    assert [one["patient_id"] for one in made(PATIENTS, 3, first=98)] == ["P099", "P100", "P101"]
    assert [one["patient_id"] for one in made(PATIENTS, 2, first=998)] == ["P999", "P1000"]


def test_the_profiles_judge_the_same_people() -> None:
    for one, other in zip(made(PATIENTS, 300), made(PATIENTS_CLINICAL, 300), strict=True):
        assert one["demographics"] == other["demographics"]


@settings(max_examples=25, deadline=None)
@given(day=st.dates(date(2021, 1, 1), date(2060, 12, 31)) | st.sampled_from([date(2024, 2, 29), date(2023, 2, 28)]))
def test_ages_are_right_on_any_day(day: date) -> None:
    for patient in made(PATIENTS, 60, as_of=day):
        person, labs = patient["demographics"], patient["labs"]
        assert age_on(person["date_of_birth"], day) == person["age"]
        assert age_on(person["date_of_birth"], labs["collected_on"]) == person["age"]


def test_a_description_of_patients_is_not_answered_with_nested_records() -> None:
    with pytest.raises(Rejected, match="no recipe fits"):
        chosen({"patients": PATIENTS}, "describe:diabetic patients with their medication")
    assert chosen({"patients": PATIENTS}, "patients") is PATIENTS


def test_more_patients_than_there_are_people_are_refused() -> None:
    with pytest.raises(Rejected, match="at most 100,000,000"):
        PATIENTS.batch(42, 10**9 - 1, 1, PATIENTS.as_of)
