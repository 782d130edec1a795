"""A result becomes a record with its company and its associations."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from shared.crm import simcrm
from shared.crm.uniqueness import run_tag
from writer_svc.domain.coercion import Unfit
from writer_svc.domain.hubspot_links import Link
from writer_svc.domain.hubspot_rows import HubSpotRow, Schema, UnknownOptions, row_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = {
    "contacts": ("email", "firstname", "lastname", "company", "phone"),
    "companies": ("name", "domain"),
    "notes": ("hs_note_body",),
    "deals": ("dealname", "amount"),
}


def schema_of(object_type: str, wrong: dict[str, str] | None = None) -> Schema:
    definitions: dict[str, Any] = {name: {"name": name, "type": "string"} for name in OWN[object_type]}
    definitions["hs_timestamp"] = {"name": "hs_timestamp", "type": "datetime"}
    for one in simcrm.properties_of(object_type):
        definitions[one.name] = one.definition()
    return Schema(object_type, definitions, wrong or {})


SCHEMAS = {name: schema_of(name) for name in OWN}


@pytest.fixture
def make_row(make_result: Any, make_plan: Any) -> Any:
    def make(target: dict[str, Any], *, source: tuple[str, str | None] = ("rows", None), **result: Any) -> HubSpotRow:
        plan = make_plan({"kind": "hubspot", **target}, source_kind=source[0], source_object=source[1])
        return row_of(make_result(3, **result), plan, SCHEMAS, NOW)

    return make


def test_a_record_that_was_read_is_updated_by_its_id_and_nothing_else_is_written(make_row: Any) -> None:
    row = make_row(
        {"object": "contacts", "field": "phone"}, source=("hubspot", "contact"), record_id="151", answer="555"
    )
    assert row.record.input("0") == {"id": "151", "properties": {"phone": "555"}, "objectWriteTraceId": "0"}


def test_a_new_record_is_upserted_by_a_key_of_its_batch_and_says_how_it_was_made(make_row: Any) -> None:
    values = {"email": "a@b.c", "simcrm_generation_metadata": '{"method": "human", "seed": 7}'}
    row = make_row({"object": "contacts"}, answer=None, values=values, provider="anthropic", model="haiku")
    body = row.record.input("0")
    assert (body["id"], body["idProperty"]) == ("b-3", "simcrm_external_id")
    assert body["properties"]["simcrm_external_id"] == "b-3"
    assert body["properties"]["simcrm_simulation_id"] == "b"
    metadata = json.loads(body["properties"]["simcrm_generation_metadata"])
    assert metadata == {"method": "ai", "seed": 7, "provider": "anthropic", "model": "haiku"}


def test_a_recipe_that_stood_in_is_said_to_be_a_fallback(make_result: Any, make_plan: Any) -> None:
    plan = make_plan({"kind": "hubspot", "object": "contacts"}, source_kind="rows")
    row = row_of(make_result(0, answer=None, source="fallback", values={"phone": "1"}), plan, SCHEMAS, NOW)
    assert json.loads(row.record.properties["simcrm_generation_metadata"]) == {"method": "fallback"}


def test_an_answer_without_a_property_has_one_of_its_own(make_row: Any) -> None:
    assert make_row({"object": "contacts"}, answer="text").record.properties["simcrm_answer"] == "text"


def test_an_external_id_of_the_batchs_choice_is_the_key(make_row: Any) -> None:
    row = make_row({"object": "contacts", "external_id": "email"}, external_id="A@b.c", values={"phone": "1"})
    assert (row.record.id_property, row.record.key, row.key) == ("email", "A@b.c", "a@b.c")
    by_id = make_row({"object": "contacts", "external_id": "hs_object_id"}, external_id="77", values={"phone": "1"})
    assert (by_id.record.id_property, by_id.record.key) == (None, "77")


def test_a_matched_pair_is_a_contact_and_its_company(make_row: Any) -> None:
    values = {
        "contact": {"firstname": "Ann", "simcrm_original_source": "Trade Show - TechExpo"},
        "company": {"name": "Acme", "domain": "https://www.ACME.com/"},
    }
    row = make_row({"object": "contacts"}, answer=None, values=values)
    assert row.record.properties["firstname"] == "Ann"
    assert row.company is not None
    assert (row.company.object_type, row.company.key) == ("companies", "domain:acme.com")
    assert row.company.properties["domain"] == "acme.com"
    assert row.company.properties["simcrm_original_source"] == "Trade Show - TechExpo"


def test_a_contacts_own_property_company_is_a_text(make_row: Any) -> None:
    row = make_row({"object": "contacts"}, answer=None, values={"company": "Acme"})
    assert row.company is None
    assert row.record.properties["company"] == "Acme"


def test_unique_addresses_are_made_of_the_batch_and_the_index(make_row: Any) -> None:
    values = {
        "firstname": "Ann", "lastname": "Lee", "email": "ann.lee@acme.com",
        "company": {"name": "Acme", "domain": "acme.com"},
    }  # fmt: skip
    row = make_row({"object": "contacts", "unique": True}, answer=None, values=values)
    domain = f"acme-{run_tag('b')}3.com"
    assert row.record.properties["email"] == f"ann.lee3@{domain}"
    assert (row.company.properties["domain"], row.company.key) == (domain, f"domain:{domain}")
    alone = make_row({"object": "contacts", "unique": True}, answer=None, values={"email": "jo.doe@x.org"})
    assert alone.record.properties["email"] == f"jo.doe.{run_tag('b')}3@x.org"


def test_a_company_is_known_by_its_domain_whoever_writes_it(make_row: Any) -> None:
    row = make_row({"object": "companies"}, answer=None, values={"name": "Acme", "domain": "Acme.com"})
    assert row.record.key == "domain:acme.com"


def test_a_note_has_a_time_and_belongs_to_the_record_it_was_made_of(make_row: Any) -> None:
    row = make_row(
        {"object": "notes", "field": "hs_note_body"}, source=("hubspot", "contacts"), record_id="151", answer="Met."
    )
    assert row.record.properties["hs_timestamp"] == "2026-11-21T12:00:00.000Z"
    assert row.links == (Link("contacts", "151"),)
    assert row.record.id_property == "simcrm_external_id"


def test_associations_are_said_by_object_or_by_a_key_of_their_own(make_row: Any) -> None:
    values = {
        "hs_note_body": "x", "contactId": 7, "company_id": "batch-1",
        "associations": {"contact": ["8", {"id": "9"}, "a@b.c", {"external_id": "other-2"}], "deals": None},
    }  # fmt: skip
    row = make_row({"object": "notes"}, answer=None, values=values)
    assert set(row.links) == {
        Link("contacts", "7"),
        Link("companies", "batch-1", "simcrm_external_id"),
        Link("contacts", "8"),
        Link("contacts", "9"),
        Link("contacts", "a@b.c", "email"),
        Link("contacts", "other-2", "simcrm_external_id"),
    }
    assert "contactId" not in row.record.properties


@pytest.mark.parametrize(
    ("said", "temperature", "reason"),
    [
        ("warm", "warm", None),
        ("Hot – opened every mail", "hot", "opened every mail"),
        ({"value": "cold", "reasoning": "no answer"}, "cold", "no answer"),
    ],
)
def test_a_temperature_with_its_reasoning_is_two_properties(
    make_row: Any, said: object, temperature: str, reason: str | None
) -> None:
    properties = make_row({"object": "contacts"}, answer=None, values={simcrm.TEMPERATURE: said}).record.properties
    assert properties[simcrm.TEMPERATURE] == temperature
    assert properties.get(simcrm.TEMPERATURE_REASON) == reason


@pytest.mark.parametrize(
    ("target", "result", "code"),
    [
        ({"object": "contacts"}, {"values": {"nope": 1}}, "PROPERTY_DOESNT_EXIST"),
        ({"object": "contacts", "fields": {"phone": "tel"}}, {"values": {"x": 1}}, "NO_ANSWER"),
        ({"object": "contacts"}, {"answer": None}, "NO_ANSWER"),
        ({"object": "contacts", "external_id": "email"}, {"values": {"phone": "1"}}, "REQUIRED_FIELD_MISSING"),
        ({"object": "contacts", "external_id": "hs_object_id"}, {"external_id": "x", "values": {}}, "MALFORMED_ID"),
        ({"object": "notes"}, {"values": {"associations": ["7"]}}, "INVALID_ASSOCIATION"),
        ({"object": "notes"}, {"values": {"associations": {"spaceships": ["7"]}}}, "INVALID_ASSOCIATION"),
        ({"object": "contacts"}, {"values": {"contactId": "7"}}, "INVALID_ASSOCIATION"),
        ({"object": "deals"}, {"values": {"contactId": {}}}, "INVALID_ASSOCIATION"),
        ({"object": "contacts"}, {"values": {"company": {"domain": f"{'x' * 250}.com"}}}, "INVALID_DOMAIN"),
    ],
)
def test_what_cannot_be_written_fails_before_the_call(
    make_row: Any, target: dict[str, Any], result: dict[str, Any], code: str
) -> None:
    with pytest.raises(Unfit) as caught:
        make_row(target, **{"answer": "{}", **result})
    assert caught.value.code == code


def test_every_unknown_option_of_a_row_is_told_at_once(make_row: Any) -> None:
    values = {"simcrm_buyer_role": "Janitor", simcrm.TEMPERATURE: "lukewarm"}
    with pytest.raises(UnknownOptions) as caught:
        make_row({"object": "contacts"}, answer=None, values=values)
    assert [(one.name, one.label) for one in caught.value.unknown] == [
        ("simcrm_buyer_role", "Janitor"),
        (simcrm.TEMPERATURE, "lukewarm"),
    ]


def test_a_merge_is_an_audit_entry_of_the_record_and_its_reason_quotes_nothing(make_row: Any) -> None:
    row = make_row({"object": "contacts"}, answer=None, values={"simcrm_buyer_role": "decision makers"})
    told = row.told()
    assert told.values["matched_options"] == [
        {"property": "simcrm_buyer_role", "answer": "decision makers", "option": "Decision Maker", "score": 96.6}
    ]
    assert told.reason == "Taken for an existing option: simcrm_buyer_role (97 % alike)."


def test_a_property_of_ours_with_another_type_is_named(make_result: Any, make_plan: Any) -> None:
    schemas = {"contacts": schema_of("contacts", {simcrm.EXTERNAL_ID: "It is a number."})}
    plan = make_plan({"kind": "hubspot", "object": "contacts"}, source_kind="rows")
    with pytest.raises(Unfit, match="It is a number"):
        row_of(make_result(0, values={"phone": "1"}), plan, schemas, NOW)
