"""Schema maps: all forms, refusals with paths, repairs with reasons."""

from __future__ import annotations

from typing import Any

import pytest
from generator_svc.design.compiling import AS_OF, compiled, fingerprint
from generator_svc.design.schema_map import SchemaRefused, read_schema_map
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shared.errors import Rejected


def test_the_reference_schema_is_accepted_with_flat_parameters() -> None:
    schema = read_schema_map(
        {
            "name": "person.fullName",
            "email": "internet.email",
            "purchase_amount": "commerce.price",
            "age": {"type": "number.int", "min": 25, "max": 65},
        }
    )
    recipe = compiled(schema)
    rows = recipe.batch(42, 0, 500, AS_OF)
    assert rows.schema.names == ["name", "email", "purchase_amount", "age"]
    assert {25, 65} <= set(rows["age"].to_pylist()) <= set(range(25, 66))


def test_a_list_is_a_choice_and_params_may_be_nested() -> None:
    schema = read_schema_map(
        {
            "diagnosis": ["Hypertension", "Diabetes", "Asthma"],
            "n": {"type": "random_int", "params": {"min": 1, "max": 1}},
        }
    )
    rows = compiled(schema).batch(1, 0, 100, AS_OF)
    assert set(rows["diagnosis"].to_pylist()) == {"Hypertension", "Diabetes", "Asthma"}
    assert set(rows["n"].to_pylist()) == {1}


def test_what_is_printed_is_read_again_as_the_same() -> None:
    schema = read_schema_map(
        {
            "a": {"type": "name", "params": {"locale": "de-DE"}},
            "b": {"type": "bothify", "text": "??-###", "unique": True},
            "c": {"type": "random_element", "elements": ["x", 1, None], "weights": [1, 2, 3], "null_rate": 0.25},
        }
    )
    again = read_schema_map(schema.as_map())
    assert again == schema
    assert fingerprint(again) == fingerprint(schema)


def test_an_edit_of_one_field_leaves_the_others_as_they_were() -> None:
    before = compiled(read_schema_map({"a": "random_int", "b": "company"})).batch(7, 0, 50, AS_OF)
    after = compiled(read_schema_map({"b": "company", "c": "name"})).batch(7, 0, 50, AS_OF)
    assert before["b"].equals(after["b"])


@settings(max_examples=10, deadline=None)
@given(first=st.integers(0, 400), count=st.integers(0, 300))
def test_any_slice_is_the_slice_of_the_whole(first: int, count: int) -> None:
    recipe = compiled(
        read_schema_map(
            {
                "id": {"type": "random_int", "min": 1, "max": 5_000, "unique": True},
                "billing_city": "city",
                "billing_state": "state",
                "shipping_city": "city",
                "iban": {"type": "iban", "null_rate": 0.5},
            }
        )
    )
    assert recipe.batch(3, first, count, AS_OF).equals(recipe.batch(3, 0, 700, AS_OF).slice(first, count))


def test_two_places_of_a_row_are_two_places_and_each_is_one() -> None:
    fields = {f"{place}_{what}": what for place in ("billing", "shipping") for what in ("city", "state_abbr")}
    rows = compiled(read_schema_map(fields)).batch(1, 0, 400, AS_OF).to_pylist()
    states: dict[str, set[str]] = {}
    for row in rows:
        for place in ("billing", "shipping"):
            states.setdefault(row[f"{place}_city"], set()).add(row[f"{place}_state_abbr"])
    assert len(states) > 30
    assert max(map(len, states.values())) <= 2  # Portland and Charleston are in two states
    assert any(row["billing_city"] != row["shipping_city"] for row in rows)


def test_unique_values_are_unique_and_too_many_rows_are_refused() -> None:
    recipe = compiled(read_schema_map({"a": {"type": "random_int", "min": 1, "max": 900, "unique": True}}))
    assert len(set(recipe.batch(1, 0, 900, AS_OF)["a"].to_pylist())) == 900
    with pytest.raises(Rejected, match="only 900 different values"):
        recipe.batch(1, 0, 901, AS_OF)


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({}, [""]),
        ([], [""]),
        ("name", [""]),
        ({"a": "__class__", "b": "seed_instance", "ok": "name"}, ["/a", "/b"]),
        ({"a": {"type": "random_int", "min": 9, "max": 1}}, ["/a/min"]),
        ({"a": {"type": "name", "unique": True}}, ["/a/unique"]),
        ({"a": {"type": "name", "null_rate": 2}}, ["/a/null_rate"]),
        ({"a": {"type": "name", "params": 3}}, ["/a/params"]),
        ({"a": 3, "b/c": None}, ["/a", "/b~1c"]),
        ({"": "name"}, ["/"]),
        ({"a": []}, ["/a/elements"]),
        ({"__proto__": "name"}, ["/__proto__"]),
    ],
)
def test_a_map_with_mistakes_is_refused_with_every_path(document: Any, paths: list[str]) -> None:
    with pytest.raises(SchemaRefused) as refused:
        read_schema_map(document)
    assert [problem.path for problem in refused.value.problems] == paths


def test_a_models_map_is_repaired_field_by_field_with_reasons() -> None:
    schema = read_schema_map(
        {
            "schema": {
                "email": "internet.emailAdress",
                "age": {"type": "random_int", "params": {"min": 65, "max": 18}},
                "evil": "add_provider",
                "price": {"type": "commerce.price", "params": {"symbol": "$", "max": 20}},
            }
        },
        repair=True,
    )
    assert [field.chosen.kind.name for field in schema.fields] == ["email", "random_int", "word", "price"]
    assert schema.as_map()["age"]["params"] == {"min": 18, "max": 65}
    assert schema.as_map()["price"]["params"]["max"] == 20
    assert [repair.split(":")[0] for repair in schema.repairs] == ["/email", "/age/min", "/evil", "/price/symbol"]


@pytest.mark.parametrize(
    "document",
    [
        {"fields": [{"name": "a", "type": "name"}, {"name": "b", "type": "city"}]},
        [{"name": "a", "type": "name"}, {"name": "b", "type": "city"}],
        {"properties": {"a": "name", "b": "city"}},
    ],
)
def test_envelopes_that_models_put_around_a_map_are_taken_off(document: Any) -> None:
    assert list(read_schema_map(document).as_map()) == ["a", "b"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(document=st.dictionaries(st.text(min_size=1, max_size=8), json_values, max_size=4))
@example(document={"0": [2**53 + 1, 0.0]})
def test_whatever_a_model_writes_becomes_rows_or_is_refused(document: Any) -> None:
    try:
        schema = read_schema_map(document, repair=True)
    except SchemaRefused:
        return
    assert compiled(schema).batch(1, 0, 3, AS_OF).num_rows == 3
