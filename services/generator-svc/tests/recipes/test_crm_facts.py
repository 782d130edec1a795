"""Where no LLM answers, new CRM records are whole people and companies all the same (S2-06, S2-08, S2-53 … S2-56)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from generator_svc.domain.question import Question
from generator_svc.recipes import FACTS
from generator_svc.recipes.answer import answer_of
from shared.crm.uniqueness import unique_domain, unique_email
from shared.events import HubSpotTarget, NoTarget

TEXT = {"type": "string"}
CONTACT = {
    "firstname": TEXT, "lastname": TEXT, "email": {"type": "string", "format": "email"}, "jobTitle": TEXT,
    "phone": TEXT, "simcrm_buyer_role": {"enum": ["decision maker", "influencer", "end user", "champion"]},
    "simcrm_engagement_score": {"type": "integer", "minimum": 0, "maximum": 100},
    "simcrm_lead_temperature": {"enum": ["hot", "warm", "cold"]}, "simcrm_original_source": TEXT,
}  # fmt: skip
COMPANY = {
    "name": TEXT, "domain": TEXT, "industry": TEXT, "city": TEXT, "state": TEXT, "country": TEXT,
    "numberofemployees": TEXT, "simcrm_original_source": TEXT, "simcrm_product_interest": {"type": "array"},
}  # fmt: skip
CONTACTS = HubSpotTarget(kind="hubspot", object="contacts")


def whole(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties), "additionalProperties": False}


PAIR = whole({"contact": whole(CONTACT), "company": whole(COMPANY)})


@pytest.fixture
def make_answer(new_generator: Callable[..., Any], a_prompt: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    def make(schema: dict[str, Any], index: int = 3, *, values: Any = None, **plan: Any) -> dict[str, Any]:
        generator = new_generator()
        generator.control(**{"schema": schema, "target": CONTACTS, "source_kind": "rows", **plan})
        question = Question.of(a_prompt(index).event, generator.plans.find("b"))
        answered: dict[str, Any] = answer_of(question, values or {}, FACTS)[1] or {}
        return answered

    return make


def test_a_pair_is_matched_and_unique_and_nothing_in_it_is_a_placeholder(
    make_answer: Callable[..., dict[str, Any]],
) -> None:
    pairs = [make_answer(PAIR, index) for index in range(150)]
    for index, pair in enumerate(pairs):
        contact, company = pair["contact"], pair["company"]
        assert company["domain"] == unique_domain(company["name"], "b", index)
        assert contact["email"] == unique_email(
            contact["firstname"], contact["lastname"], "b", index, company["domain"]
        )
        assert contact["simcrm_original_source"] == company["simcrm_original_source"]
        assert re.fullmatch(r"\+1-\d{3}-555-01\d\d", contact["phone"])
        score = contact["simcrm_engagement_score"]
        assert contact["simcrm_lead_temperature"] == ("hot" if score >= 70 else "warm" if score >= 40 else "cold")
        assert company["numberofemployees"].isdigit()
        assert company["simcrm_product_interest"]
    assert len({pair["contact"]["email"] for pair in pairs}) == 150
    assert len({pair["contact"]["simcrm_buyer_role"] for pair in pairs}) == 4


def test_the_same_record_is_the_same_person_every_time(make_answer: Callable[..., dict[str, Any]]) -> None:
    assert make_answer(PAIR, 7) == make_answer(PAIR, 7)
    assert make_answer(PAIR, 7) != make_answer(PAIR, 8)


def test_the_record_itself_is_one_of_its_target(make_answer: Callable[..., dict[str, Any]]) -> None:
    flat = make_answer(whole(CONTACT))
    assert flat == make_answer(PAIR)["contact"]
    deal = make_answer(
        whole({"dealname": TEXT, "amount": {"type": "number"}}),
        target=HubSpotTarget(kind="hubspot", object="deal"),
    )
    assert " - " in deal["dealname"]
    assert deal["amount"] > 0
    elsewhere = make_answer(whole({"firstname": TEXT}), target=NoTarget(kind="none"))
    assert elsewhere["firstname"] != flat["firstname"], "nobody says that it is a contact"


def test_consumers_are_other_people_than_businesses(make_answer: Callable[..., dict[str, Any]]) -> None:
    b2b, b2c = (make_answer(PAIR, values={"scenario": name}) for name in ("B2B", "b2c"))
    assert b2b["company"]["industry"] != b2c["company"]["industry"]


def test_what_the_row_says_of_its_record_stays(make_answer: Callable[..., dict[str, Any]]) -> None:
    said = make_answer(whole(CONTACT), values={"firstname": "Zoe", "job_title": "Chief Juggler"})
    assert (said["firstname"], said["jobTitle"]) == ("Zoe", "Chief Juggler")


def test_nothing_is_made_up_about_records_of_a_crm(make_answer: Callable[..., dict[str, Any]]) -> None:
    made_up = make_answer(whole(CONTACT))
    said = make_answer(whole(CONTACT), source_kind="hubspot")
    assert said["firstname"] != made_up["firstname"]
    assert said["simcrm_buyer_role"] in ("decision maker", "influencer", "end user", "champion")


def test_a_schema_that_the_facts_do_not_fit_is_answered_without_them(
    make_answer: Callable[..., dict[str, Any]],
) -> None:
    odd = make_answer(
        whole({"firstname": {"type": "string", "minLength": 40}, "phone": {"type": "string", "maxLength": 5}})
    )
    assert len(odd["firstname"]) >= 40
    assert len(odd["phone"]) <= 5
