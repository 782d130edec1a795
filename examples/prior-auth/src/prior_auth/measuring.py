"""Query times against the guide's table (S4-26, S4-37), and how well the policy search finds."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, TextIO

from sqlalchemy import Engine, func, select

from prior_auth.orchestrator import Orchestrator
from prior_auth.policy_index import PolicyIndex
from prior_auth.policy_text import HEADINGS
from prior_auth.tables import PASSAGES, PATIENTS

LIMITS_MS = {20: 5, 100: 10, 500: 20, 1_000: 50, 5_000: 100, 10_000: 200, 200_000: 500}
"""Patients → milliseconds a query may take (S4-26; beyond its table S4-37's 500)."""

QUESTIONS = {
    "Coverage Criteria": "Which conditions must be met before {drug} is covered?",
    "Clinical Documentation Requirements": "What records have to be sent along with a request for {drug}?",
    "Quantity Limits": "How many pens of {drug} may be dispensed per month?",
    "Authorization Period": "For how long is an approval of {drug} valid?",
    "Renewal Criteria": "How can the approval for {drug} be extended when it runs out?",
    "Exclusions": "When is {drug} never paid for?",
    "Appeal Process": "The request for {drug} was denied, what can the patient do?",
}
"""In other words than the policies', one per section: finding them is what a semantic index is for."""

EMBEDDING_MS = 500.0
"""A question in new words is embedded first, whatever the number of patients."""


def limit_of(count: int) -> float:
    """Milliseconds that a query may take over so many patients."""
    return next((ms for size, ms in LIMITS_MS.items() if count <= size), LIMITS_MS[200_000])


def report(engine: Engine, index: PolicyIndex, out: TextIO, *, runs: int = 40, limit: float | None = None) -> bool:
    """Print a table; False where a limit is exceeded in more than one run of twenty."""
    count = _count(engine)
    limit, searching = (limit_of(count), EMBEDDING_MS) if limit is None else (limit, limit)
    out.write(f"{count:,} patients; a query may take {limit} ms\n")
    all_is_well = True
    queries = _queries(engine, index, count)
    searched = queries["passages for a new question"]
    for name, query in queries.items():
        query(0)
        times = [_timed(query, run) for run in range(runs)]
        worst = sorted(times)[int(runs * 0.95)]
        all_is_well &= worst <= (searching if query is searched else limit)
        out.write(f"  {name:<34} median {median(times):8.2f} ms   95 % {worst:8.2f} ms\n")
    found, asked = findings(engine, index)
    out.write(f"  index finds {index.recall(questions(engine), 5):.1%} of the 5 truly nearest passages\n")
    out.write(f"  the right section is among the first 3 for {found} of {asked} questions\n")
    return all_is_well


def questions(engine: Engine) -> list[str]:
    """Each question about each drug that has a policy."""
    with engine.connect() as connection:
        drugs = connection.scalars(select(PASSAGES.c.drug).distinct().order_by(PASSAGES.c.drug)).all()
    return [question.format(drug=drug) for drug in drugs for question in QUESTIONS.values()]


def findings(engine: Engine, index: PolicyIndex) -> tuple[int, int]:
    """For how many questions the section that answers them is among the first three of its policy, and of how many."""
    with engine.connect() as connection:
        pairs = connection.execute(select(PASSAGES.c.payer, PASSAGES.c.drug).distinct()).all()
    found = 0
    for payer, drug in pairs:
        for heading, question in QUESTIONS.items():
            passages = index.find_in(payer, drug, [question.format(drug=drug)], 3)
            found += heading in {passage.heading for passage in passages}
    return found, len(pairs) * len(HEADINGS)


def _queries(engine: Engine, index: PolicyIndex, count: int) -> dict[str, Callable[[int], Any]]:
    orchestrator = Orchestrator(engine, index)
    orchestrator.warm_up()
    drugs = ("Ozempic", "Trulicity", "Mounjaro", "Jardiance")
    return {
        "a patient by id": lambda run: _one(engine, PATIENTS.c.patient_id == _id(run, count)),
        "patients by last name": lambda run: _one(engine, PATIENTS.c.last_name == ("Garcia", "Kim", "Singh")[run % 3]),
        "patients of a payer, counted": lambda run: _payer_count(engine),
        "process, the whole answer": lambda run: orchestrator.process(_id(run, count), drugs[run % 4]),
        "passages for a new question": lambda run: index.find(f"limit of pens in case {run}", 5),
    }


def _id(run: int, count: int) -> str:
    return f"P{1 + run * 7_919 % count:03}"


def _one(engine: Engine, condition: Any) -> object:
    with engine.connect() as connection:
        return connection.execute(select(PATIENTS.c.record).where(condition).limit(20)).all()


def _payer_count(engine: Engine) -> object:
    with engine.connect() as connection:
        return connection.execute(select(PATIENTS.c.payer, func.count()).group_by(PATIENTS.c.payer)).all()


def _count(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(PATIENTS)) or 0


def _timed(query: Callable[[int], Any], run: int) -> float:
    began = time.perf_counter()
    query(run)
    return (time.perf_counter() - began) * 1_000
