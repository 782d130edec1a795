"""Deterministic generators: rows without an LLM, and the answer that stands in for one."""

from __future__ import annotations

from collections.abc import Mapping

from generator_svc.recipes.answer import Fact
from generator_svc.recipes.clinical import PATIENTS, PATIENTS_CLINICAL
from generator_svc.recipes.crm import Crm, CrmTable
from generator_svc.recipes.crm.facts import crm_fact
from generator_svc.recipes.crm.tables import TABLES
from generator_svc.recipes.customers import Customers
from generator_svc.recipes.inventory import Inventory
from generator_svc.rows.recipe import RowRecipe

RECIPES: Mapping[str, RowRecipe] = {
    "inventory": Inventory(),
    "customers": Customers(),
    "patients": PATIENTS,
    "patients-clinical": PATIENTS_CLINICAL,
    "crm": Crm(),
    **{f"crm-{table}": CrmTable(table) for table in TABLES},
}
"""A new recipe is one package and one line here."""

FACTS: Fact = crm_fact
"""What new records say about themselves in an answer that stands in for an LLM's."""
