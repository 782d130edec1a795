"""Recipe documents: what they make, and how the wrong ones are refused."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from generator_svc.rows.column import Columns
from generator_svc.rows.csv_text import csv_rows
from generator_svc.rows.language.data_set import TablesRecipe, recipe_of
from generator_svc.rows.language.refusals import RecipeRefused
from generator_svc.rows.recipe import DataSet
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.errors import Rejected

ROWS = 3_000
SHOP: dict[str, Any] = {
    "name": "shop",
    "tables": {
        "customers": {
            "columns": {
                "id": {"type": "sequence", "prefix": "C", "width": 6},
                "code": {"type": "pattern", "pattern": "??-####", "unique": True},
                "first": {"type": "choice", "values": ["Ann", "Bo"], "weights": [3, 1], "hidden": True},
                "mail": {"type": "text", "template": "{first}{row}@example.com"},
                "age": {"type": "normal", "mean": 40, "sd": 12, "min": 18, "max": 90, "decimals": 0},
                "income": {"type": "lognormal", "median": 40_000, "sigma": 0.4},
                "tier": {"type": "formula", "formula": "'gold' if income > 50000 else 'base'"},
                "gift": {"type": "case", "on": "tier", "of": {"gold": ["watch"]}, "else": ["card", "pen"]},
                "since": {"type": "date", "from": "2020-01-01", "to": "as_of - 1"},
                "referrer": {"type": "reference", "table": "customers", "column": "id", "null_rate": 0.3},
            },
            "correlations": [{"columns": ["age", "income"], "r": 0.7}],
            "rules": {"grown up": "age >= 18"},
        },
        "products": {
            "rows": 20,
            "columns": {"sku": {"type": "pattern", "pattern": "P-##", "unique": True}, "price": "number"},
        },
        "orders": {
            "parent": {"table": "customers", "per_row": {"min": 0, "max": 9, "mean": 2.5}},
            "columns": {
                "order": {"type": "sequence"},
                "customer": {"type": "parent", "column": "id"},
                "number": "position",
                "since": {"type": "parent", "column": "since", "hidden": True},
                "on": {"type": "date", "from": "since", "to": "as_of"},
                "at": {"type": "datetime", "from": "on + 1", "to": "on + 2", "from_hour": 9, "to_hour": 17},
                "sku": {"type": "reference", "table": "products", "column": "sku", "distinct": "per parent"},
                "popular": {"type": "reference", "table": "products", "column": "sku", "zipf": 1.2},
            },
        },
    },
}


def made(name: str, first: int = 0, count: int = ROWS) -> pa.RecordBatch:
    recipe = recipe_of(SHOP)
    assert isinstance(recipe, DataSet)
    table = recipe.tables[name].recipe
    return table.batch(42, first, count, table.as_of)


@pytest.mark.parametrize("table", ["customers", "products", "orders"])
@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 20), max_size=4), seed=st.integers(0, 2**63 - 1))
def test_slices_of_every_table_put_together_are_the_whole(table: str, cuts: list[int], seed: int) -> None:
    recipe = recipe_of(SHOP)
    assert isinstance(recipe, TablesRecipe)
    one = recipe.tables[table].recipe
    rows = 20 if table == "products" else 700
    bounds = sorted({0, rows, *(cut * rows // 20 for cut in cuts)})
    texts = [csv_rows(one.batch(seed, first, end - first, one.as_of)) for first, end in pairwise(bounds)]
    assert "".join(texts) == csv_rows(one.batch(seed, 0, rows, one.as_of))


def test_columns_are_what_the_document_says() -> None:
    rows = made("customers")
    assert rows.schema.names == [
        "id", "code", "mail", "age", "income", "tier", "gift", "since", "referrer",
    ]  # fmt: skip
    assert rows["id"][41].as_py() == "C000042"
    assert pc.count_distinct(rows["code"]).as_py() == ROWS
    assert {mail[:3] for mail in rows["mail"].to_pylist()} == {"Ann", "Bo1", *(f"Bo{n}" for n in range(2, 10))}
    tiers = zip(rows["income"].to_pylist(), rows["tier"].to_pylist(), rows["gift"].to_pylist(), strict=True)
    for income, tier, gift in tiers:
        assert tier == ("gold" if income > 50_000 else "base")
        assert gift in (["watch"] if tier == "gold" else ["card", "pen"])
    age, income = rows["age"].to_numpy(), np.log(rows["income"].cast(pa.float64()).to_numpy())
    assert np.corrcoef(age, income)[0, 1] == pytest.approx(0.7, abs=0.05)
    assert rows["referrer"].null_count == pytest.approx(0.3 * ROWS, rel=0.15)
    assert all(
        other is None or other < own
        for own, other in zip(*(rows[n].to_pylist() for n in ("id", "referrer")), strict=True)
    )


def test_children_follow_their_parents() -> None:
    recipe = recipe_of(SHOP)
    assert isinstance(recipe, TablesRecipe)
    count = recipe.tables["orders"].rows(42, ROWS)
    customers, orders = made("customers"), made("orders", 0, count)
    since = dict(zip(customers["id"].to_pylist(), customers["since"].to_pylist(), strict=True))
    per_parent = Counter(orders["customer"].to_pylist())
    assert set(per_parent) <= set(since)
    assert count / ROWS == pytest.approx(2.5, rel=0.03)
    assert max(per_parent.values()) <= 9
    for customer, on, at in zip(*(orders[name].to_pylist() for name in ("customer", "on", "at")), strict=True):
        assert since[customer] <= on < at.date()
        assert 9 <= at.hour < 17
    assert pc.count_distinct(orders["order"]).as_py() == count
    pairs = list(zip(orders["customer"].to_pylist(), orders["sku"].to_pylist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert set(orders["popular"].to_pylist()) <= set(made("products", 0, 20)["sku"].to_pylist())


def test_rules_are_checked_on_rows() -> None:
    recipe = recipe_of(SHOP)
    (rule,) = recipe.rules
    assert (rule.name, pc.all(rule.holds(made("customers"))).as_py()) == ("grown up", True)


def test_an_edit_of_one_column_leaves_the_others_as_they_are() -> None:
    def one(**changes: object) -> Columns:
        columns = {"a": "integer", "b": {"type": "normal", "mean": 1, "sd": 1}, **changes}
        recipe = recipe_of({"name": "r", "columns": columns})
        assert isinstance(recipe, Columns)
        return recipe

    before, after = one(), one(a=["x", "y"], c="uuid")
    assert before.batch(1, 0, 50, before.as_of)["b"].equals(after.batch(1, 0, 50, after.as_of)["b"])


def column(spec: object) -> dict[str, Any]:
    return {"name": "r", "columns": {"x": "integer", "on": "date", "c": spec}}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "a recipe is an object"),
        ({"name": "r"}, "tables: is required"),
        ({"name": "../x", "columns": {"a": "integer"}}, "name: String should match"),
        ({"name": "r", "columns": {}}, "at least 1 item"),
        ({"name": "r", "columns": {"__class__": "integer"}}, "cannot be the name of a column"),
        ({"name": "r", "colums": {"a": "integer"}}, "did you mean columns"),
        (column("integr"), "tables.r.columns.c.type: integr is no type of columns; did you mean integer"),
        (column("__class__"), "is no type of columns"),
        (column(7), "must be the name of a type"),
        (column({"type": "integer", "min": 9, "max": 3}), "tables.r.columns.c.min: 9 is above max 3"),
        (column({"type": "number", "min": 9, "max": 3}), "min 9 is above max 3; exchange them"),
        (column({"type": "integer", "mni": 9}), "tables.r.columns.c.mni: is not known here; did you mean min"),
        (column({"type": "normal", "mean": 1, "sd": 0}), "c.sd: Input should be greater than 0"),
        (column({"type": "normal", "mean": float("nan"), "sd": 1}), "c.mean: Input should be a finite number"),
        (column({"type": "normal", "mean": 0, "sd": 1, "min": 50}), "8 standard deviations above"),
        (column({"type": "choice", "values": []}), "c.values: List should have at least 1"),
        (column({"type": "choice", "values": ["a"], "weights": [1, 2]}), "there are 2 for 1 values"),
        (column({"type": "constant", "value": 1, "null_rate": 1.5}), "c.null_rate"),
        (column({"type": "formula", "formula": "x + y"}), "there is no column y"),
        (column({"type": "formula", "formula": "c + 1"}), "in a circle: c → c"),
        (column({"type": "text", "template": "{z}"}), "there is no column z"),
        (column({"type": "date", "from": "2024-02-30"}), "no day of the calendar"),
        (column({"type": "date", "from": "2024-02-02", "to": "2023-01-01"}), "exchange them"),
        (column({"type": "date", "from": "x"}), "column x holds no days"),
        (column({"type": "parent", "column": "x"}), "has no parent"),
        (column({"type": "reference", "table": "s", "column": "x"}), "there is no table s"),
        (column({"type": "reference", "table": "r", "column": "x"}), "referred to by a sequence"),
        (column({"type": "case", "on": "x", "of": {"1": ["a"], "2": [3]}}), "values of one type"),
        (column({"type": "zipf", "n": 10**9}), "c.n: Input should be less than or equal to 1000000"),
        (
            {"name": "r", "tables": {"a": {"parent": {"table": "b"}, "columns": {"x": "uuid"}},
                                     "b": {"parent": {"table": "a"}, "columns": {"x": "uuid"}}}},
            "tables need each other in a circle",
        ),
        ({"name": "r", "tables": {"a": {"parent": {"table": "z"}, "columns": {"x": "uuid"}}}}, "there is no table z"),
        (
            {"name": "r", "tables": {"a": {"columns": {"x": "uuid"}}, "b": {
                "parent": {"table": "a", "per_row": {"min": 3, "max": 1}}, "columns": {"x": "uuid"}}}},
            "min 3 is above max 1",
        ),
        (
            {"name": "r", "columns": {"a": "number", "b": "number", "c": "number"}, "correlations": [
                {"columns": ["a", "b"], "r": 0.9}, {"columns": ["b", "c"], "r": 0.9},
                {"columns": ["a", "c"], "r": -0.9}]},
            "contradict each other",
        ),
        ({"name": "r", "columns": {"a": "uuid"}, "rules": {"x": "a + 'y'"}}, "a rule is true or false"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_refused_with_path_and_suggestion(document: object, says: str) -> None:
    with pytest.raises(RecipeRefused) as refused:
        recipe_of(document)
    assert says in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(RecipeRefused) as refused:
        recipe_of({"name": "r", "columns": {"a": "integr", "b": {"type": "integer", "min": 2, "max": 1}, "c": "uuid"}})
    assert [refusal.path for refusal in refused.value.refusals] == ["tables.r.columns.a.type", "tables.r.columns.b.min"]


def test_unique_values_that_run_out_name_their_column() -> None:
    recipe = recipe_of({"name": "r", "columns": {"sku": {"type": "pattern", "pattern": "##", "unique": True}}})
    with pytest.raises(Rejected, match=r"columns.sku: 100 different values are too few for row 101; widen it"):
        recipe.batch(42, 0, 101, recipe.as_of)
