"""CRM records that belong together: matched, unique, in business time, in their language, true to their facts."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from generator_svc.recipes import RECIPES
from generator_svc.recipes.crm import AS_OF, Crm, CrmTable
from generator_svc.recipes.crm.schedule import CURVES, business_later
from generator_svc.recipes.crm.tables import TABLES
from generator_svc.rows.recipe import DataSet, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.crm.simcrm import properties_of
from shared.crm.uniqueness import unique_domain, unique_email
from shared.errors import Rejected

PAIRS = 600


def rows_of(table: str, count: int = PAIRS, seed: int = 42, options: str = "") -> list[dict[str, Any]]:
    recipe = chosen(RECIPES, f"crm-{table}{options}")
    return recipe.batch(seed, 0, count, AS_OF).to_pylist()


@pytest.fixture(scope="module")
def world() -> dict[str, list[dict[str, Any]]]:
    return {table: rows_of(table, PAIRS * rows // pairs) for table, (_, rows, pairs) in TABLES.items()}


World = dict[str, list[dict[str, Any]]]


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=5, deadline=None)
@given(first=st.integers(0, 90), count=st.integers(1, 60))
def test_any_slice_is_the_slice_of_the_whole(table: str, first: int, count: int) -> None:
    recipe = CrmTable(table)
    assert recipe.batch(7, first, count, AS_OF).equals(recipe.batch(7, 0, 150, AS_OF).slice(first, count))


@pytest.mark.parametrize("table", TABLES)
def test_rows_have_the_schema_that_is_announced(table: str) -> None:
    recipe = CrmTable(table)
    batch = recipe.batch(1, 5, 20, AS_OF)
    assert isinstance(batch, pa.RecordBatch)
    assert batch.schema == recipe.schema
    assert batch.num_rows == 20


def test_contact_and_company_match(world: World) -> None:
    for contact, company in zip(world["contacts"], world["companies"], strict=True):
        assert contact["email"].split("@")[1] == company["domain"]
        assert contact["company"] == company["name"]
        for same in ("simcrm_original_source", "city", "country", "simcrm_external_id"):
            assert contact[same] == company[same]


def test_domains_and_emails_are_unique_as_the_shared_rule_has_them(world: World) -> None:
    for index, (contact, company) in enumerate(zip(world["contacts"], world["companies"], strict=True)):
        run = contact["simcrm_simulation_id"]
        assert company["domain"] == unique_domain(company["name"], run, index)
        assert contact["email"] == unique_email(
            contact["firstname"], contact["lastname"], run, index, company["domain"]
        )
    other = {row["domain"] for row in rows_of("companies", seed=43)}
    domains = {row["domain"] for row in world["companies"]}
    assert len(domains) == PAIRS
    assert not domains & other


@pytest.mark.parametrize("table", TABLES)
def test_every_simcrm_property_is_filled(table: str, world: World) -> None:
    wanted = {one.name for one in properties_of(table)} - {"simcrm_answer"}
    for row in world[table]:
        assert wanted <= set(row)
        assert all(row[name] for name in wanted)
        assert json.loads(row["simcrm_generation_metadata"]) == {"method": "fallback"}


def test_values_are_of_the_kinds_that_the_properties_have(world: World) -> None:
    for row in world["contacts"]:
        assert re.fullmatch(r"\+1-\d{3}-555-01\d\d", row["phone"])
        assert row["simcrm_buyer_role"] in ("Decision Maker", "Influencer", "End User", "Champion")
        score = int(row["simcrm_engagement_score"])
        heat = "hot" if score >= 70 else "warm" if score >= 40 else "cold"
        assert (0 <= score <= 100, row["simcrm_lead_temperature"]) == (True, heat)
    for row in world["companies"]:
        interests = json.loads(row["simcrm_product_interest"])
        assert 1 <= len(interests) == len(set(interests)) <= 3
        assert int(row["numberofemployees"]) > 0
    for row, company in zip(world["deals"], world["companies"], strict=True):
        assert set(json.loads(row["simcrm_product_interest"])) <= set(json.loads(company["simcrm_product_interest"]))
        assert int(row["amount"]) > 0


def test_texts_quote_the_records_own_facts(world: World) -> None:
    contacts = {row["simcrm_external_id"]: row for row in world["contacts"]}
    deals = {row["simcrm_external_id"]: row for row in world["deals"]}
    for note in world["notes"]:
        contact, deal = contacts[note["contact_external_id"]], deals[note["contact_external_id"]]
        product = json.loads(deal["simcrm_product_interest"])[0]
        assert contact["firstname"] in note["hs_note_body"]
        assert contact["company"] in note["hs_note_body"]
        assert product in note["hs_note_body"]
        for number in re.findall(r"(\d{3,}) (?:USD|EUR|GBP)", note["hs_note_body"]):
            assert number == deal["amount"]
    for ticket in world["tickets"]:
        contact = contacts[ticket["contact_external_id"]]
        assert contact["email"] in ticket["content"]
        assert contact["phone"] in ticket["content"]
    assert not [row for rows in world.values() for row in rows if "{" in str(row.get("hs_note_body"))]


def test_texts_are_in_the_language_of_the_country(world: World) -> None:
    marks = {"Germany": "für", "France": "pour", "Spain": "para", "United States": "for", "Mexico": "para"}
    countries = {row["simcrm_external_id"]: row["country"] for row in world["contacts"]}
    seen = Counter(countries.values())
    assert set(marks) <= set(seen)
    for task in world["tasks"]:
        if mark := marks.get(countries[task["contact_external_id"]]):
            assert f" {mark} " in task["hs_task_subject"]


def test_activities_lie_in_business_time_after_the_arrival_and_follow_the_stage(world: World) -> None:
    consent = {
        row["simcrm_external_id"]: date.fromisoformat(
            re.findall(r"\d{4}-\d\d-\d\d", row["simcrm_marketing_consent_detail"])[0]
        )
        for row in world["contacts"]
    }
    last: dict[str, datetime] = {}
    for table in ("notes", "calls", "tasks"):
        for row in world[table]:
            when = row["hs_timestamp"]
            assert when.weekday() < 5
            assert 9 <= when.hour < 17
            assert when.date() > consent[row["contact_external_id"]]
            if table == "notes":
                assert when.date() < AS_OF
                assert when >= last.get(row["contact_external_id"], when)
                last[row["contact_external_id"]] = when
    notes = Counter(row["hs_timestamp"] for row in world["notes"] if row["contact_external_id"] == "crm-b2b-42-0")
    assert sum(notes.values()) == 2
    for task in world["tasks"]:
        assert task["hs_task_status"] == ("COMPLETED" if task["hs_timestamp"].date() < AS_OF else "NOT_STARTED")
        assert task["hs_timestamp"] > last[task["contact_external_id"]]


def test_who_did_not_answer_did_not_talk(world: World) -> None:
    statuses = Counter(row["hs_call_status"] for row in world["calls"])
    assert set(statuses) == {"COMPLETED", "NO_ANSWER", "BUSY"}
    for row in world["calls"]:
        talked = row["hs_call_status"] == "COMPLETED"
        assert (int(row["hs_call_duration"]) > 0) == talked == (row["hs_call_body"] is not None)


def test_hot_leads_are_further_on(world: World) -> None:
    heat = {row["simcrm_external_id"]: row["simcrm_lead_temperature"] for row in world["contacts"]}
    first = {"hot": [], "cold": []}  # type: ignore[var-annotated]
    for deal in world["deals"]:
        if (kind := heat[deal["simcrm_external_id"]]) in first:
            first[kind].append(deal["dealstage"] in ("contractsent", "closedwon"))
    assert sum(first["hot"]) / len(first["hot"]) > 5 * sum(first["cold"]) / len(first["cold"])


def test_curves_shape_the_arrivals() -> None:
    def share_in_middle(curve: str) -> float:
        rows = rows_of("contacts", 600, options=f":curve={curve}")
        days = [re.findall(r"\d{4}-\d\d-\d\d", row["simcrm_marketing_consent_detail"])[0] for row in rows]
        return sum("2025-04-29" <= day <= "2025-05-28" for day in days) / len(days)

    assert share_in_middle("SURGE") > 0.6
    assert 0.1 < share_in_middle("EVEN") < 0.35
    assert {"EVEN", "SURGE"} < set(CURVES)


def test_scenarios_differ() -> None:
    business, private = rows_of("companies", 300), rows_of("companies", 300, options=":scenario=b2c")
    assert not {row["industry"] for row in business} & {row["industry"] for row in private}
    assert not {row["domain"] for row in business} & {row["domain"] for row in private}


@pytest.mark.parametrize("options", ["x=1", "scenario=B2X", "scenario", "", "curve="])
def test_options_that_are_not_there_are_refused(options: str) -> None:
    with pytest.raises(Rejected):
        chosen(RECIPES, f"crm:{options}")


def test_the_data_set_has_all_tables_with_their_shares() -> None:
    crm = chosen(RECIPES, "crm:scenario=B2C")
    assert isinstance(crm, DataSet)
    assert {name: table.rows(1, 100) for name, table in crm.tables.items()} == {
        "contacts": 100, "companies": 100, "deals": 100, "notes": 200, "calls": 200, "tasks": 100, "tickets": 25,
    }  # fmt: skip
    assert {table.recipe.scene.scenario for table in crm.tables.values()} == {"B2C"}  # type: ignore[attr-defined]
    assert isinstance(Crm(), CrmTable)


@settings(max_examples=100, deadline=None)
@given(start=st.integers(10_000 * 1_440, 25_000 * 1_440), worked=st.integers(0, 20_000))
def test_business_time_adds_up(start: int, worked: int) -> None:
    import numpy as np

    def later(moment: int, minutes: int) -> int:
        return int(business_later(np.array([moment]), np.array([minutes]))[0])

    assert later(later(start, worked), 77) == later(start, worked + 77)
    assert later(start, worked) < later(start, worked + 1)
