"""A template becomes the prompt of one record."""

from __future__ import annotations

from typing import Any

import pytest
from generator_svc.domain.rendering import Template


@pytest.mark.parametrize(
    ("value", "shown"),
    [("text", "text"), (None, ""), (5, "5"), (1.5, "1.5"), (True, "true"), (False, "false"), (["a", 1], '["a",1]')],
)
def test_a_value_is_shown_as_a_person_would_write_it(value: Any, shown: str) -> None:
    assert Template("<{{ Field__c }}>").render({"Field__c": value}) == f"<{shown}>"


def test_a_slot_inside_a_value_is_only_text() -> None:
    assert Template("{{a}} {{b}}").render({"a": "{{b}}", "b": "x"}) == "{{b}} x"


def test_a_dotted_slot_leads_into_a_related_object() -> None:
    assert Template("{{Account.Name}}").render({"Account": {"Name": "Acme"}}) == "Acme"
    assert Template("{{Account.Name}}").render({"Account.Name": "Flat"}) == "Flat"


def test_an_empty_field_has_what_the_batch_says() -> None:
    assert Template("{{a}}/{{b}}", empty="not specified").render({"a": "", "b": None}) == "not specified/not specified"


def test_what_is_no_slot_stays() -> None:
    assert Template("{ {a}} {{1a}} {{a b}}").render({"a": "x"}) == "{ {a}} {{1a}} {{a b}}"
