"""What a new CRM record says of itself where no LLM answered: rows of the CRM tables, by property (S2-53 … S2-56)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from shared.crm.hubspot_paths import plural
from shared.crm.uniqueness import unique_domain, unique_email
from shared.events import HubSpotTarget

from generator_svc.domain.question import Question
from generator_svc.recipes.crm import AS_OF, CrmTable
from generator_svc.recipes.crm.pairs import Scene
from generator_svc.recipes.crm.words import INDUSTRIES

BLOCK = 64
"""Rows that are made together: a row alone takes as long as sixty."""

TABLES = frozenset({"contacts", "companies", "deals"})
"""Texts of the others quote people and companies, who would not be those that the record belongs to."""

_OF_THE_WRITER = frozenset({"simcrmexternalid", "contactexternalid", "companyexternalid", "simcrmsimulationid"})
_OWN_SOURCES = frozenset({"hubspot", "salesforce", "crm-analytics"})
"""Records of these are somebody already: what is made up would contradict what they say."""


def crm_fact(question: Question, values: Mapping[str, Any], owner: str, name: str) -> str | None:
    """A value for property `name` of `owner` (`contact`, `company`, `deal`; `answer` is the record itself).

    The same for the same record of a batch, and with its matched pair of contact and company (S2-49, S2-31). What the
    record's own row says goes first. None where the tables have no such property. E-mails and domains carry the batch:
    no other record has them (S2-68).
    """
    plan = question.work.plan
    table = _table_of(owner, plan.target)
    if table is None or plan.source_kind in _OWN_SOURCES:
        return None
    scenario = str(values.get("scenario") or "").upper()
    scene = scenario if scenario in INDUSTRIES else "B2B"
    block, place = divmod(question.number, BLOCK)
    row = _rows(table, scene, plan.seed, block)[place]
    key = _folded(name)
    if key in _OF_THE_WRITER:
        return None
    own = next((value for given, value in values.items() if _folded(given) == key), None)
    if isinstance(own, str) and own.strip() and (owner == "answer" or table != "companies"):
        return own
    if table != "deals" and key in ("email", "domain", "website"):
        contact = _rows("contacts", scene, plan.seed, block)[place]
        domain = unique_domain(contact["company"], question.work.batch_id, question.number)
        if key != "email":
            return domain
        first, last = contact["firstname"], contact["lastname"]
        return unique_email(first, last, question.work.batch_id, question.number, domain)
    return row.get(key)


def _table_of(owner: str, target: object) -> str | None:
    if owner == "answer":
        owner = target.object if isinstance(target, HubSpotTarget) else ""
    table = plural(owner)
    return table if table in TABLES else None


@lru_cache(maxsize=64)
def _rows(table: str, scenario: str, seed: int, block: int) -> list[dict[str, str]]:
    made = CrmTable(table, Scene(scenario)).batch(seed, block * BLOCK, BLOCK, AS_OF).to_pylist()
    return [{_folded(name): str(value) for name, value in row.items() if value is not None} for row in made]


def _folded(name: str) -> str:
    """`firstName`, `first_name` and `firstname` are one property."""
    return re.sub(r"[\W_]+", "", name).lower()
