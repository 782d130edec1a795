"""Every row recipe: any slice is the same slice of a sequential run, byte for byte."""

from __future__ import annotations

import csv
import io
from datetime import date
from functools import cache
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from generator_svc.recipes import RECIPES
from generator_svc.rows.csv_text import csv_rows
from generator_svc.rows.recipe import RowRecipe
from hypothesis import given, settings
from hypothesis import strategies as st

ROWS = 3_000
FLAT = [name for name in RECIPES if not name.startswith("crm")]
"""The CRM recipes have their own tests."""


def text_of(recipe: RowRecipe, seed: int, first: int, count: int) -> str:
    return csv_rows(recipe.batch(seed, first, count, recipe.as_of))


@cache
def whole(name: str, seed: int) -> pa.Table:
    return pa.Table.from_batches([RECIPES[name].batch(seed, 0, ROWS, RECIPES[name].as_of)])


def parsed(name: str, count: int, seed: int = 42, first: int = 0) -> list[dict[str, str]]:
    recipe = RECIPES[name]
    text = text_of(recipe, seed, first, count)
    return list(csv.DictReader(io.StringIO(text, newline=""), fieldnames=recipe.schema.names, strict=True))


@pytest.mark.parametrize("name", FLAT)
@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, ROWS), max_size=6), seed=st.sampled_from([0, 42, 2**63 - 1]))
def test_slices_put_together_are_the_whole(name: str, cuts: list[int], seed: int) -> None:
    recipe = RECIPES[name]
    bounds = sorted({0, ROWS, *cuts})
    slices = [recipe.batch(seed, first, end - first, recipe.as_of) for first, end in pairwise(bounds)]
    assert pa.Table.from_batches(slices).combine_chunks().equals(whole(name, seed))


@pytest.mark.parametrize("name", FLAT)
def test_another_seed_gives_other_rows(name: str) -> None:
    assert parsed(name, 50, seed=1) != parsed(name, 50, seed=2)


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("first", [0, 10**8 - 500])
def test_no_cell_is_empty_or_starts_like_a_formula(name: str, first: int) -> None:
    for row in parsed(name, 500, first=first):
        assert all(cell and cell[0] not in "=+-@" for cell in row.values())


def test_inventory_is_what_the_acceptance_case_asks_for() -> None:
    rows = parsed("inventory", ROWS)
    assert list(rows[0]) == [
        "product_id", "sku", "product_name", "category", "stock_level", "price", "warehouse_location",
    ]  # fmt: skip
    assert len({row["sku"] for row in rows}) == len({row["product_id"] for row in rows}) == ROWS
    assert all(0 <= int(row["stock_level"]) <= 500 for row in rows)
    assert all(float(row["price"]) > 0 and row["price"][-3] == "." for row in rows)


@pytest.mark.parametrize("name", FLAT)
def test_the_rules_of_a_recipe_hold_on_every_row(name: str) -> None:
    recipe = RECIPES[name]
    rows = recipe.batch(7, 0, ROWS, recipe.as_of)
    assert {rule.name: pc.all(rule.holds(rows)).as_py() for rule in recipe.rules} == {
        rule.name: True for rule in recipe.rules
    }


@pytest.mark.parametrize("name", FLAT)
def test_the_batch_has_exactly_the_schema(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.batch(42, 10, 5, recipe.as_of).schema.equals(recipe.schema)
    assert recipe.batch(42, 0, 0, recipe.as_of).num_rows == 0


def test_product_names_fit_their_category() -> None:
    names: dict[str, set[str]] = {}
    for row in parsed("inventory", ROWS):
        names.setdefault(row["category"], set()).add(row["product_name"])
    for category, of_it in names.items():
        others = set().union(*(other for key, other in names.items() if key != category))
        assert not of_it & others


def test_customers_bought_after_they_signed_up_and_before_the_fixed_day() -> None:
    rows = parsed("customers", ROWS)
    assert len({row["email"] for row in rows}) == len({row["customer_id"] for row in rows}) == ROWS
    for row in rows:
        signed_up, bought = date.fromisoformat(row["signup_date"]), date.fromisoformat(row["last_purchase_date"])
        assert signed_up <= bought <= RECIPES["customers"].as_of
        assert round(int(row["orders_count"]) * float(row["average_order"]), 2) == float(row["total_spent"])
