"""Rows of a describe are rows that a create takes, says a checker that knows the describe alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_svc.describe.compiling import described_recipe
from generator_svc.describe.documents import read_document
from generator_svc.describe.ids import with_checksum
from generator_svc.describe.json_schema import json_schema_of
from generator_svc.rows.json_text import json_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from shared.errors import Rejected

MIXED = "a0X"


def rows_of(describe: dict[str, Any], count: int = 500, seed: int = 42, **references: Path) -> list[dict[str, Any]]:
    recipe = described_recipe(describe, references)
    lines = json_lines(recipe.batch(seed, 0, count, recipe.as_of)).decode().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def thing(a_field: Callable[..., Any], choices: Callable[..., Any]) -> dict[str, Any]:
    """An object with a field of every kind."""
    regions = choices("Europe", "America", "Asia", "Nowhere", inactive=("Asia",))
    countries = choices("France", "Spain", "Peru", "Japan", France=[0], Spain=[0], Peru=[1], Japan=[2])
    cities = choices("Paris", "Lyon", "Lima", Paris=[0], Lyon=[0], Lima=[2])
    fields = [
        a_field("Id", "id", createable=False),
        a_field("Name", nillable=False),
        a_field("Code__c", unique=True, externalId=True, length=12),
        a_field("Short__c", length=2, nillable=False),
        a_field("Notes__c", "textarea", length=32_000),
        a_field("Email__c", "email", nillable=False),
        a_field("Phone__c", "phone"),
        a_field("Site__c", "url", length=30),
        a_field("Is_Open__c", "boolean", nillable=False),
        a_field("Count__c", "int", digits=3, nillable=False),
        a_field("Serial__c", "int", digits=8, unique=True),
        a_field("Amount__c", "currency", precision=6, scale=2),
        a_field("Ratio__c", "double", precision=3, scale=3),
        a_field("Share__c", "percent", precision=5, scale=1),
        a_field("Due__c", "date", nillable=False),
        a_field("At__c", "datetime"),
        a_field("Region__c", "picklist", restrictedPicklist=True, picklistValues=regions),
        a_field("Country__c", "picklist", restrictedPicklist=True, picklistValues=countries, dependentPicklist=True,
                controllerName="Region__c", nillable=False),
        a_field("City__c", "picklist", restrictedPicklist=True, picklistValues=cities, dependentPicklist=True,
                controllerName="Country__c"),
        a_field("Extra__c", "picklist", restrictedPicklist=True, dependentPicklist=True, controllerName="Is_Open__c",
                picklistValues=choices("yes", "no", "both", yes=[1], no=[0], both=[0, 1])),
        a_field("Tags__c", "multipicklist", restrictedPicklist=True, picklistValues=choices("a", "b (c)", "d/e", "f")),
        a_field("Parent__c", "reference", referenceTo=["Thing__c"]),
        a_field("Account__c", "reference", referenceTo=["Account"], nillable=False),
        a_field("Who__c", "reference", referenceTo=["Contact", "Lead"]),
        a_field("Other__c", "reference", referenceTo=["Custom__c"]),
        a_field("RecordTypeId", "reference", referenceTo=["RecordType"], nillable=False, defaultedOnCreate=True),
        a_field("OwnerId", "reference", referenceTo=["Group", "User"], nillable=False, defaultedOnCreate=True),
        a_field("Formula__c", "double", calculated=True, createable=False),
        a_field("Place__c", "location", createable=False),
    ]  # fmt: skip
    kinds = [
        {"recordTypeId": "0124x000000AbCdAAK", "active": True, "available": True, "master": False},
        {"recordTypeId": "0124x000000ZZZZAAA", "active": True, "available": False, "master": False},
        {"recordTypeId": "012000000000000AAA", "active": True, "available": True, "master": True},
    ]
    kinds[0]["recordTypeId"] = with_checksum("0124x000000AbCd")
    return {"name": "Thing__c", "label": "Thing", "keyPrefix": MIXED, "fields": fields, "recordTypeInfos": kinds}


def test_of_10_000_rows_none_is_refused(thing: dict[str, Any], violations: Callable[..., list[str]]) -> None:
    rows = rows_of(thing, 10_000)
    assert violations(rows, thing) == []
    assert "Other__c" not in rows[0]
    assert {row["RecordTypeId"] for row in rows} == {with_checksum("0124x000000AbCd")}
    assert {row["Region__c"] for row in rows} == {"Europe", "America"}
    assert {row["Country__c"] for row in rows} == {"France", "Spain", "Peru"}
    assert {row["City__c"] for row in rows} >= {"Paris", "Lyon", "Lima", None}


def test_the_checker_sees_what_is_wrong(thing: dict[str, Any], violations: Callable[..., list[str]]) -> None:
    (good,) = rows_of(thing, 1)
    for name, value in {
        "Name": None, "Short__c": "abc", "Count__c": 1_000, "Amount__c": 10_000.0, "Ratio__c": 0.0001,
        "Region__c": "Asia", "Country__c": "Japan", "Tags__c": "a;a", "Account__c": "001000000000001AAB",
        "Due__c": "2024-1-1", "Formula__c": 1, "Email__c": "x", "Extra__c": "no" if good["Is_Open__c"] else "yes",
    }.items():  # fmt: skip
        try:
            found = violations([{**good, name: value}], thing)
        except ValueError:
            continue
        assert found, name


def test_the_json_schema_takes_the_rows_and_refuses_others(thing: dict[str, Any]) -> None:
    schema = json_schema_of(read_document(thing))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    rows = rows_of(thing, 300)
    assert [error.message for row in rows for error in validator.iter_errors(row)] == []
    for wrong in ({"Name": None}, {"Count__c": "3"}, {"Region__c": "Asia"}, {"Nope__c": 1}, {"Tags__c": "a;z"},
                  {"Region__c": "America", "Country__c": "France"}, {"Short__c": "abc"}):  # fmt: skip
        assert not validator.is_valid({**rows[0], **wrong}), wrong
    assert not validator.is_valid({key: value for key, value in rows[0].items() if key != "Name"})


def test_the_same_rows_come_in_slices(thing: dict[str, Any]) -> None:
    recipe = described_recipe(thing, {})
    whole = recipe.batch(5, 0, 300, recipe.as_of)
    assert recipe.batch(5, 100, 50, recipe.as_of).equals(whole.slice(100, 50))


def test_references_come_from_a_file_where_one_is_given(thing: dict[str, Any], tmp_path: Path) -> None:
    ids = [f"a1B4x00000000{number:02}" for number in range(20)]
    file = tmp_path / "ids.csv"
    file.write_text("Name,Id\n" + "".join(f"x,{one}\n" for one in ids))
    found = {row["Other__c"] for row in rows_of(thing, 400, Custom__c=file)} - {None}
    assert found == {with_checksum(one) for one in ids}


@pytest.mark.parametrize("text", ["", "not an id\n", "Id\n0010000\n", "001000000000001AAB\n"])
def test_a_file_that_holds_no_ids_is_refused(thing: dict[str, Any], tmp_path: Path, text: str) -> None:
    file = tmp_path / "ids.txt"
    file.write_text(text)
    with pytest.raises(Rejected, match="no record id"):
        rows_of(thing, 1, Account=file)


def test_references_to_an_object_that_no_field_names_are_refused(thing: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="no field refers to Asset"):
        rows_of(thing, 1, Asset=tmp_path / "ids.txt")


def test_a_unique_field_takes_no_more_rows_than_it_has_values(a_field: Callable[..., Any]) -> None:
    describe = {"name": "X", "fields": [a_field("Code__c", unique=True, length=1)]}
    assert len({row["Code__c"] for row in rows_of(describe, 32)}) == 32
    with pytest.raises(Rejected, match="Code__c: the field takes only 32"):
        rows_of(describe, 33)


def test_values_go_with_the_names_of_fields(a_field: Callable[..., Any]) -> None:
    names = ["FirstName", "LastName", "BillingCity", "BillingState", "Fax", "Website", "Industry", "Birthdate"]
    kinds = {"Fax": "phone", "Website": "url", "Birthdate": "date"}
    fields = [a_field(name, kinds.get(name, "string"), nillable=False) for name in names]
    (row,) = rows_of({"name": "Contact", "fields": fields}, 1)
    assert row["Fax"].startswith("(")
    assert row["Website"].startswith("https://")
    assert row["Birthdate"] < "2008"
    assert row["FirstName"].isalpha()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "the describe is a list"),
        ("x", "no object"),
        ({}, "neither"),
        ({"fields": []}, "name"),
        ({"name": "X", "fields": []}, "no createable field"),
        ({"name": "X", "fields": [{"name": "A", "type": "string", "createable": False}]}, "no createable field"),
        ({"name": "X", "fields": [{"type": "string"}]}, "/fields/0/name"),
        ({"name": "X", "fields": [{"name": "A", "type": "hologram", "createable": True}]}, "hologram"),
        ({"name": "X", "fields": [{"name": "A", "type": "string", "createable": True, "length": 0}]}, "length 0"),
        (
            {"name": "X", "fields": [{"name": "A", "type": "double", "createable": True, "precision": 2, "scale": 3}]},
            "scale 3 is more than precision 2",
        ),
        (
            {"name": "X", "fields": [{"name": "A", "type": "picklist", "createable": True, "nillable": False,
             "restrictedPicklist": True, "picklistValues": [{"value": "a", "active": False}]}]},
            "no active value",
        ),
        (
            {"name": "X", "fields": [{"name": "A", "type": "reference", "createable": True, "nillable": False,
             "referenceTo": ["Y__c"]}]},
            "--references Y__c=FILE",
        ),
        ({"results": []}, "no property that can be written"),
        ({"results": [{"name": "a", "type": "hologram"}]}, "hologram"),
    ],
)  # fmt: skip
def test_what_no_row_can_satisfy_is_refused_with_the_cause(document: Any, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        described_recipe(document, {})


def test_a_required_field_that_no_controlling_value_leaves_a_value_is_a_contradiction(
    a_field: Callable[..., Any], choices: Callable[..., Any]
) -> None:
    fields = [
        a_field("A__c", "picklist", restrictedPicklist=True, picklistValues=choices("x", "y")),
        a_field("B__c", "picklist", restrictedPicklist=True, picklistValues=choices("p", p=[5]), nillable=False,
                dependentPicklist=True, controllerName="A__c"),
    ]  # fmt: skip
    with pytest.raises(Rejected, match="B__c is required, and no value of A__c"):
        described_recipe({"name": "X", "fields": fields}, {})


@settings(max_examples=20, deadline=None)
@given(precision=st.integers(1, 18), data=st.data(), digits=st.integers(1, 9), length=st.integers(1, 300))
def test_any_sizes_are_kept(precision: int, data: st.DataObject, digits: int, length: int) -> None:
    scale = data.draw(st.integers(0, precision))
    word = data.draw(st.sampled_from(["Amount", "Latitude", "Annual Revenue", "Age", "Zeta", "Name", "City", "Notes"]))
    fields = [
        {"name": "N", "label": word, "type": "double", "createable": True, "precision": precision, "scale": scale},
        {"name": "I", "label": word, "type": "int", "createable": True, "digits": digits},
        {"name": "T", "label": word, "type": "string", "createable": True, "length": length},
    ]
    describe = {"name": "X", "fields": fields}
    for row in rows_of(describe, 20):
        if row["N"] is not None:
            number = Decimal(str(row["N"]))
            assert -int(number.normalize().as_tuple().exponent) <= scale
            assert abs(number) < Decimal(10) ** (precision - scale)
        assert row["I"] is None or len(str(abs(row["I"]))) <= digits
        assert row["T"] is None or 1 <= len(row["T"]) <= length


def test_hubspot_properties_are_flat_texts_of_their_options() -> None:
    document = {
        "results": [
            {"name": "email", "label": "Email", "type": "string", "fieldType": "text", "hasUniqueValue": True},
            {"name": "firstname", "label": "First Name", "type": "string", "fieldType": "text"},
            {"name": "jobtitle", "label": "Job Title", "type": "string", "fieldType": "text"},
            {"name": "score", "label": "Score", "type": "number", "fieldType": "number"},
            {"name": "vip", "label": "VIP", "type": "bool", "fieldType": "booleancheckbox"},
            {"name": "birthday", "label": "Birthday", "type": "date", "fieldType": "date"},
            {"name": "seen_at", "label": "Seen At", "type": "datetime", "fieldType": "date"},
            {"name": "stage", "type": "enumeration", "fieldType": "select",
             "options": [{"value": "a"}, {"value": "b", "hidden": True}]},
            {"name": "tags", "type": "enumeration", "fieldType": "checkbox", "options": [{"value": v} for v in "xyz"]},
            {"name": "owner", "type": "enumeration", "fieldType": "select", "externalOptions": True},
            {"name": "hs_secret", "type": "string", "fieldType": "text"},
            {"name": "hs_lead_status", "type": "enumeration", "fieldType": "radio", "options": [{"value": "NEW"}]},
            {"name": "fixed", "type": "string", "modificationMetadata": {"readOnlyValue": True}},
            {"name": "sum", "type": "number", "fieldType": "calculation_rollup"},
        ]
    }  # fmt: skip
    rows = rows_of(document, 2_000)
    assert set(rows[0]) == {
        "email", "firstname", "jobtitle", "score", "vip", "birthday", "seen_at", "stage", "tags", "hs_lead_status",
    }  # fmt: skip
    assert all(value is None or isinstance(value, str) for row in rows for value in row.values())
    assert len({row["email"] for row in rows}) == 2_000
    assert {row["stage"] for row in rows} <= {"a", None}
    assert {part for row in rows for part in (row["tags"] or "").split(";") if part} == set("xyz")
    validator = Draft202012Validator(json_schema_of(read_document(document)))
    assert all(validator.is_valid({key: value for key, value in row.items() if value is not None}) for row in rows)


def test_a_number_of_employees_is_a_whole_one() -> None:
    names = {"numberofemployees": "Number of Employees", "annualrevenue": "Annual Revenue", "score": "Score"}
    document = {
        "results": [{"name": n, "label": label, "type": "number", "fieldType": "number"} for n, label in names.items()]
    }
    rows = rows_of(document, 200)
    assert all(value is None or value.isdigit() for row in rows for value in row.values())
