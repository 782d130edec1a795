"""Plans, forms and policy texts: the guide's rates, and that the three say the same."""

from __future__ import annotations

import json
import re
from functools import cache
from math import sqrt
from typing import Any

import pytest
from generator_svc.recipes.clinical import PATIENTS, PATIENTS_CLINICAL
from generator_svc.recipes.clinical.policies import HEADINGS

SEEDS = pytest.mark.parametrize("seed", [42, 1, 7, 2**40])
FIELDS = {
    "demographics.age", "diagnoses.icd10", "labs.hba1c", "labs.bmi", "labs.egfr", "labs.collected_on", "treatments",
    "allergies.substance",
}  # fmt: skip


@cache
def files(seed: int) -> dict[str, str]:
    return {one.path: one.content.decode() for one in PATIENTS.companions(seed, PATIENTS.as_of)}


def plans(seed: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(files(seed)["plans.json"])
    return made


def forms(seed: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(files(seed)["forms.json"])
    return made


def policies(seed: int) -> dict[str, str]:
    return {path: text for path, text in files(seed).items() if path.startswith("policies/")}


def pair_of(seed: int, text: str) -> dict[str, Any]:
    """The pair that a policy names in its first lines."""
    first = "\n".join(text.splitlines()[:3])
    (pair,) = [pair for pair in plans(seed) if pair["payer"] in first and f"Drug: {pair['drug']} " in first]
    return pair


def section(text: str, heading: str) -> str:
    lines = text.splitlines()
    begin = lines.index(heading)
    end = next((place for place in range(begin + 1, len(lines)) if lines[place] in HEADINGS), len(lines))
    return " ".join(" ".join(lines[begin + 1 : end]).split())


@SEEDS
def test_there_are_ten_payers_with_one_plan_and_ten_drugs(seed: int) -> None:
    made = plans(seed)
    assert len({(pair["payer"], pair["drug"]) for pair in made}) == len(made) == 100
    assert len({pair["payer"] for pair in made}) == len({(pair["payer"], pair["plan_name"]) for pair in made}) == 10
    assert {"Ozempic", "Trulicity"} <= {pair["drug"] for pair in made}


def test_coverage_and_approval_are_thrown_for_each_pair() -> None:
    thrown = [plans(seed) for seed in range(25)]
    counts = [(sum(pair["covered"] for pair in made), sum(pair["pa_required"] for pair in made)) for made in thrown]
    covered, asked = sum(c for c, _ in counts), sum(a for _, a in counts)
    assert abs(covered / 2_500 - 0.85) < 3.3 * sqrt(0.85 * 0.15 / 2_500)
    assert abs(asked / covered - 0.65) < 3.3 * sqrt(0.65 * 0.35 / covered)
    assert len({c for c, _ in counts}) > 5, "a throw, not a quota"


@SEEDS
def test_a_pair_that_is_not_covered_has_nothing_else(seed: int) -> None:
    assert any(not pair["covered"] for pair in plans(seed))
    for pair in plans(seed):
        if pair["covered"]:
            assert pair["tier"] in {1, 2, 3, 4}
            assert pair["copay_usd"] > 0
            assert set(pair["quantity_limit"]) == {"quantity", "unit", "days"}
        else:
            assert pair["tier"] is pair["copay_usd"] is pair["quantity_limit"] is None
            assert (pair["approval_criteria"], pair["pa_required"]) == ([], False)
            assert pair["step_therapy"] == {"required": False, "drugs": []}
        assert bool(pair["approval_criteria"]) == pair["pa_required"]


@SEEDS
def test_the_number_in_a_criterion_is_the_number_in_its_rule(seed: int) -> None:
    for pair in plans(seed):
        assert len({one["id"] for one in pair["approval_criteria"]}) == len(pair["approval_criteria"])
        for one in pair["approval_criteria"]:
            rule = one["rule"]
            assert rule["field"] in FIELDS
            numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", one["text"])]
            if rule["op"] in (">=", "within_days"):
                assert rule["value"] in numbers
            if rule["op"] == "tried_any":
                assert rule["value"]["min_weeks"] in numbers
                assert rule["value"]["medications"] == pair["step_therapy"]["drugs"]
                assert all(name in one["text"] for name in pair["step_therapy"]["drugs"])
        steps = [one for one in pair["approval_criteria"] if one["id"] == "STEP"]
        assert bool(steps) == pair["step_therapy"]["required"]
        assert pair["drug"] not in pair["step_therapy"]["drugs"]


@SEEDS
def test_a_form_asks_for_exactly_what_the_payers_criteria_need(seed: int) -> None:
    assert len({form["form_id"] for form in forms(seed)}) == 10
    for form in forms(seed):
        asking = [pair for pair in plans(seed) if pair["payer"] == form["payer"] and pair["pa_required"]]
        demanded = [{one["rule"]["field"] for one in pair["approval_criteria"]} for pair in asking]
        fields = form["sections"]["clinical_information"]
        assert {field["name"] for field in fields} == set().union(*demanded)
        for field in fields:
            assert field["required"] == all(field["name"] in one for one in demanded)
            assert field["demanded_for"] == [
                pair["drug"] for pair, one in zip(asking, demanded, strict=True) if field["name"] in one
            ]
        names = [field["name"] for part in form["sections"].values() for field in part]
        assert len(set(names)) == len(names)
        assert set(form["submission"]["methods"]) <= {"phone", "fax", "portal", "mail"}
        assert "555-01" in form["submission"]["phone"]


@pytest.mark.parametrize("seed", range(12))
def test_there_are_six_policies_for_pairs_that_need_them(seed: int) -> None:
    texts = policies(seed)
    assert len(texts) == 6
    for path, text in texts.items():
        pair = pair_of(seed, text)
        assert pair["covered"]
        assert pair["pa_required"]
        assert pair["drug"] in {"Ozempic", "Trulicity"}
        assert path == f"policies/{pair['payer']}_{pair['drug']}.txt".lower().replace(" ", "_")


@SEEDS
def test_a_policy_says_what_the_plan_and_the_form_say(seed: int) -> None:
    reach = {form["payer"]: form for form in forms(seed)}
    for text in policies(seed).values():
        pair = pair_of(seed, text)
        lines = text.splitlines()
        assert [line for line in lines if line in HEADINGS] == list(HEADINGS)
        criteria = section(text, "Coverage Criteria")
        for place, one in enumerate(pair["approval_criteria"], start=1):
            assert f"{place}. {one['text']}" in criteria
        assert len(re.findall(r"\b\d\. [A-Z]", criteria)) == len(pair["approval_criteria"])
        steps = " or ".join(pair["step_therapy"]["drugs"])
        assert (f"required: {steps} comes first" if steps else "not required") in criteria
        limit = pair["quantity_limit"]
        unit = limit["unit"] + ("s" if limit["quantity"] > 1 else "")
        assert f"{limit['quantity']} {unit} per {limit['days']} days" in section(text, "Quantity Limits")
        assert f"{pair['authorization_months']} months" in section(text, "Authorization Period")
        form = reach[pair["payer"]]
        asked = {one["rule"]["field"] for one in pair["approval_criteria"]}
        labels = [f["label"] for f in form["sections"]["clinical_information"] if f["name"] in asked]
        assert re.findall(r"^- (.+)$", text.partition("\nQuantity Limits\n")[0], re.MULTILINE) == labels
        assert form["submission"]["fax"] in section(text, "Appeal Process")


def test_both_profiles_have_the_same_plans() -> None:
    assert list(PATIENTS.companions(42, PATIENTS.as_of)) == list(PATIENTS_CLINICAL.companions(42, PATIENTS.as_of))
