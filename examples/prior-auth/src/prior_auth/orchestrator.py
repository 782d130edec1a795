"""May this patient have this drug? The record, the plan's rules, the form and the policy, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Engine, select

from prior_auth.criteria import Verdict, judged
from prior_auth.embedding import embed_query
from prior_auth.filling import filled
from prior_auth.policy_index import PolicyIndex
from prior_auth.tables import DATA_SETS, FORMS, PATIENTS, PLANS

Record = Mapping[str, Any]

_PASSAGES = 3


class NotFound(Exception):
    """No such patient, or no such drug in the plan; says what there is."""


class NotReady(Exception):
    """Nothing is imported yet."""


class Orchestrator:
    """Answers requests; keeps nothing between them."""

    def __init__(self, engine: Engine, index: PolicyIndex) -> None:
        self._engine = engine
        self._index = index

    def warm_up(self) -> None:
        """Embed what every answer asks the policies, so that no question waits for it."""
        with self._engine.connect() as connection:
            decisions = connection.scalars(select(PLANS.c.decision)).all()
        for text in sorted({one["text"] for decision in decisions for one in decision["approval_criteria"]}):
            embed_query(text)

    def process(self, patient_id: str, drug: str, on: date | None = None) -> dict[str, Any]:
        """The whole answer. `on`: day of the request, by default the day that the data counts from.

        Raises `NotFound` and `NotReady`.
        """
        day, patient = self._patient(patient_id, on)
        payer = patient["insurance"]["payer"]
        decision, form = self._plan(payer, drug)
        drug = decision["drug"]
        verdicts = [judged(criterion, patient, day) for criterion in decision["approval_criteria"]]
        result = _result(decision, verdicts)
        return {
            "patient_id": patient_id,
            "drug": drug,
            "payer": payer,
            "plan_name": decision["plan_name"],
            "requested_on": day.isoformat(),
            "result": result,
            "summary": _summary(decision, verdicts, result),
            "coverage": {name: decision[name] for name in ("covered", "tier", "copay_usd", "quantity_limit")},
            "pa_required": decision["pa_required"],
            "criteria": [asdict(verdict) for verdict in verdicts],
            "step_therapy": _step_therapy(decision, verdicts),
            "form": filled(form, patient, drug, decision) if decision["pa_required"] else None,
            "passages": self._passages(payer, drug, verdicts) if decision["pa_required"] else [],
        }

    def _patient(self, patient_id: str, on: date | None) -> tuple[date, Record]:
        with self._engine.connect() as connection:
            as_of = connection.scalar(select(DATA_SETS.c.as_of))
            record = connection.scalar(select(PATIENTS.c.record).where(PATIENTS.c.patient_id == patient_id))
        if as_of is None:
            raise NotReady("no data set is imported, or an import is under way; run: prior-auth import DIR")
        if record is None:
            raise NotFound(f"there is no patient {patient_id}")
        return on or as_of, record

    def _plan(self, payer: str, drug: str) -> tuple[Record, Record]:
        with self._engine.connect() as connection:
            plans = {row.drug.lower(): row.decision
                     for row in connection.execute(select(PLANS).where(PLANS.c.payer == payer))}  # fmt: skip
            form = connection.scalar(select(FORMS.c.form).where(FORMS.c.payer == payer))
        decision = plans.get(drug.strip().lower())
        if decision is None or form is None:
            known = ", ".join(sorted(one["drug"] for one in plans.values()))
            raise NotFound(f"{payer} decides about no drug {drug!r}; it does about {known}")
        return decision, form

    def _passages(self, payer: str, drug: str, verdicts: list[Verdict]) -> list[dict[str, Any]]:
        """The sections that the answer rests on: what is nearest to the criteria that matter."""
        missing = [verdict.text for verdict in verdicts if not verdict.met]
        reasons = missing or [verdict.text for verdict in verdicts]
        return [asdict(passage) for passage in self._index.find_in(payer, drug, reasons, _PASSAGES)]


def _result(decision: Record, verdicts: list[Verdict]) -> str:
    if not decision["covered"]:
        return "not_covered"
    if not decision["pa_required"]:
        return "covered_without_approval"
    return "criteria_met" if all(verdict.met for verdict in verdicts) else "criteria_missing"


def _summary(decision: Record, verdicts: list[Verdict], result: str) -> str:
    plan, drug = decision["plan_name"], decision["drug"]
    if result == "not_covered":
        return f"{plan} does not cover {drug}."
    if result == "covered_without_approval":
        return f"{plan} covers {drug} without prior authorization (tier {decision['tier']}, ${decision['copay_usd']})."
    missing = [verdict for verdict in verdicts if not verdict.met]
    if not missing:
        return f"{plan} needs prior authorization for {drug}; all {len(verdicts)} criteria are met."
    reasons = " ".join(f"{verdict.text} {verdict.evidence[0]}" for verdict in missing)
    lacking = f"{len(missing)} of {len(verdicts)} criteria are missing"
    return f"{plan} needs prior authorization for {drug}; {lacking}. {reasons}"


def _step_therapy(decision: Record, verdicts: list[Verdict]) -> dict[str, Any]:
    step = next((verdict for verdict in verdicts if verdict.id == "STEP"), None)
    return dict(decision["step_therapy"]) | {
        "satisfied": step.met if step else None,
        "evidence": list(step.evidence) if step else [],
    }
