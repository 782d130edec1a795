"""The designer that needs no LLM."""

from __future__ import annotations

import pytest
from generator_svc.design.builtin import design_from_words
from generator_svc.design.compiling import AS_OF, compiled
from generator_svc.design.domains import DOMAINS
from generator_svc.design.schema_map import read_schema_map
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.errors import Rejected


def fields(description: str) -> dict[str, object]:
    return design_from_words(description).schema.as_map()


def test_the_inventory_case_has_its_fields() -> None:
    assert list(fields("Generate product inventory with SKUs and stock levels")) == [
        "product_id", "sku", "product_name", "category", "stock_level", "price", "warehouse_location",
    ]  # fmt: skip


def test_a_list_of_three_is_all_there_is() -> None:
    assert fields("Generate customer data with names, emails, purchase amounts") == {
        "name": "name",
        "email": "email",
        "purchase_amount": "price",
    }


def test_customers_with_purchase_history_have_one() -> None:
    assert {"name", "email", "total_orders", "total_spent", "last_purchase_date"} <= set(
        fields("Generate e-commerce customer data with purchase history")
    )


@pytest.mark.parametrize(
    ("description", "field"),
    [
        ("100 rows of employees", "salary"),
        ("students of a university", "gpa"),
        ("hospital patients", "diagnosis"),
        ("IoT sensor readings", "battery_percent"),
        ("credit card transactions", "is_fraud"),
        ("real estate listings in the US", "square_feet"),
        ("conference events", "venue"),
        ("product reviews", "rating"),
        ("support tickets", "priority"),
        ("sales leads for a CRM", "score"),
        ("a fleet of vehicles", "vin"),
        ("books of a library", "isbn"),
        ("insurance claims", "policy_number"),
        ("orders of an online shop", "quantity"),
    ],
)
def test_common_domains_are_known(description: str, field: str) -> None:
    assert field in fields(description)


def test_ranges_options_and_uniqueness_are_taken_from_the_words() -> None:
    design = fields(
        "pets: name, species (dog, cat, rabbit), age from 1 to 15, price between 10.5 and 99.5, unique tag codes, "
        "joined between 2019 and 2021"
    )
    assert design["species"] == ["dog", "cat", "rabbit"]
    assert design["age"] == {"type": "random_int", "params": {"min": 1, "max": 15}}
    assert design["price"] == {"type": "price", "params": {"min": 10.5, "max": 99.5}}
    assert design["tag_code"] == {"type": "bothify", "params": {"text": "??-####"}, "unique": True}


def test_what_was_not_understood_is_said() -> None:
    design = design_from_words("machines with name, flux capacitance, price")
    assert list(design.schema.as_map()) == ["name", "flux_capacitance", "price"]
    assert [note for note in design.notes if "flux capacitance" in note]


def test_words_that_say_nothing_are_refused() -> None:
    with pytest.raises(Rejected, match="say which fields you want"):
        design_from_words("zebra stripes")


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_every_domain_makes_rows_without_a_repair(domain: object) -> None:
    schema = read_schema_map(domain.fields)  # type: ignore[attr-defined]
    rows = compiled(schema).batch(42, 0, 40, AS_OF)
    assert rows.num_rows == 40
    assert len(rows.schema.names) >= 7


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from(["customers", "with", ",", "and", "(", ")", "between", "1", "2", ":", "name;", "fields"])
    ).map(" ".join)
)
def test_any_words_become_a_design_or_are_refused(description: str) -> None:
    try:
        design = design_from_words(description)
    except Rejected:
        return
    assert compiled(design.schema).batch(1, 0, 2, AS_OF).num_rows == 2
