"""Patients from one cause model (S4): body → illness → treatment and outcome → allergies; and what plans ask about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import orjson
import pyarrow as pa
from shared.errors import Rejected

from generator_svc.recipes.clinical import identity, record
from generator_svc.recipes.clinical.allergies import allergies
from generator_svc.recipes.clinical.body import bodies
from generator_svc.recipes.clinical.diagnoses import diagnoses
from generator_svc.recipes.clinical.forms import form_of
from generator_svc.recipes.clinical.illness import illnesses, mean_glucose
from generator_svc.recipes.clinical.payers import PAYERS
from generator_svc.recipes.clinical.plans import pairs, with_policy
from generator_svc.recipes.clinical.policies import policy_path, policy_text
from generator_svc.recipes.clinical.profile import CLINICAL, SEED, Profile
from generator_svc.recipes.clinical.rules import rules_of
from generator_svc.recipes.clinical.treatments import histories
from generator_svc.rows import texts
from generator_svc.rows.draws import Draws
from generator_svc.rows.recipe import Companion, Rule, Table

STREAM = "patients"
"""Name that both profiles draw under: the same seed is the same people, judged by other rules."""

MOST_PATIENTS = 100_000_000
"""A third of the United States; more is a mistake in the command."""


@dataclass(frozen=True)
class Patients:
    """A patient a row, with labs, treatments and allergies that explain each other."""

    profile: Profile = SEED
    version: int = 1
    as_of: date = date(2025, 10, 1)

    @property
    def name(self) -> str:
        return STREAM if self.profile is SEED else f"{STREAM}-{self.profile.name}"

    @property
    def schema(self) -> pa.Schema:
        return record.SCHEMA

    @property
    def rules(self) -> Sequence[Rule]:
        return rules_of(self.profile)

    @property
    def tables(self) -> Mapping[str, Table]:
        """One, whose file has the same name in both profiles."""
        return {STREAM: Table(self)}

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        """Patients `first` … `first + count - 1`. Raises `Rejected` beyond `MOST_PATIENTS`."""
        if first + count > MOST_PATIENTS:
            raise Rejected(f"a seed has at most {MOST_PATIENTS:,} patients", category="validation")
        draws = Draws(STREAM, self.version, seed, first, count)
        body = bodies(draws)
        illness = illnesses(draws, body, self.profile)
        history = histories(draws, body, illness, self.profile)
        today = texts.day_number(as_of)
        return pa.record_batch(
            [
                identity.patient_ids(draws),
                record.demographics_of(identity.demographics(draws, body, as_of)),
                record.struct(record.INSURANCE, identity.insurance(draws, as_of)),
                record.diagnoses_of(diagnoses(draws, body, illness, history), today),
                record.labs_of(body, illness, history, mean_glucose(draws, history.hba1c), today),
                record.treatments_of(history, today),
                record.allergies_of(allergies(draws, history)),
            ],
            schema=self.schema,
        )

    def companions(self, seed: int, as_of: date) -> Iterator[Companion]:
        """plans.json, forms.json and the policy texts; they agree with each other to the number."""
        made = pairs(self.version, seed)
        yield Companion("plans.json", _json([pair.as_json() for pair in made]))
        yield Companion("forms.json", _json([form_of(payer, made) for payer in PAYERS]))
        for pair in with_policy(made):
            yield Companion(policy_path(pair), policy_text(pair).encode())

    def fits(self, description: str) -> float:
        """Never: who describes rows wants a flat table of the columns named, not a folder of records."""
        return 0.0


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


PATIENTS = Patients(SEED)
PATIENTS_CLINICAL = Patients(CLINICAL)
