from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sandbox.hubspot.definitions import property_body
from crm_sandbox.hubspot.errors import HubSpotError, PropertyError
from crm_sandbox.hubspot.properties import Property
from crm_sandbox.hubspot.values import LONGEST_TEXT, stored


def of_type(kind: str, **rest: Any) -> Property:
    return Property.of(property_body({"name": "p", "label": "P", "type": kind, **rest}))


TEXT, NUMBER = of_type("string"), of_type("number")
EMAIL = Property.of(property_body({"name": "email", "label": "Email"}))
CHOICE = of_type("enumeration", options=[{"label": "A", "value": "a"}, {"label": "B", "value": "b"}])
SEVERAL = of_type("enumeration", fieldType="checkbox", options=CHOICE.body["options"])


def kept_or_refused(one: Property, text: str) -> str:
    try:
        return stored(one, text)
    except PropertyError as error:
        return error.code


@given(st.text(max_size=200).filter(str.strip))
def test_text_is_kept_but_for_nul(text: str) -> None:
    assert stored(TEXT, text) == text.replace("\x00", "")


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_every_finite_number_is_one(number: float) -> None:
    assert float(stored(NUMBER, number)) == number


@given(st.text(max_size=20))
def test_a_text_is_a_number_or_refused(text: str) -> None:
    kept = kept_or_refused(NUMBER, text)
    assert kept in ("INVALID_INTEGER", "") or float(kept) is not None


@given(st.one_of(st.none(), st.text(), st.integers(), st.booleans(), st.floats()))
def test_whatever_is_kept_of_a_value_is_kept_again(raw: Any) -> None:
    for one in (TEXT, NUMBER, EMAIL, CHOICE, SEVERAL, of_type("bool"), of_type("date"), of_type("datetime")):
        try:
            kept = stored(one, raw)
        except PropertyError:
            continue
        assert stored(one, kept) == kept


@given(st.emails())
def test_an_email_is_kept_in_lower_case_or_refused(email: str) -> None:
    assert kept_or_refused(EMAIL, f" {email} ") in (email.lower(), "INVALID_EMAIL")


@given(st.lists(st.sampled_from("ab"), min_size=1), st.lists(st.sampled_from("ab"), min_size=1))
def test_choices_are_never_doubled(before: list[str], added: list[str]) -> None:
    kept = stored(SEVERAL, ";" + ";".join(added), ";".join(dict.fromkeys(before)))
    assert sorted(kept.split(";")) == sorted({*before, *added})


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_blanks_clear(blank: str | None) -> None:
    assert [stored(one, blank) for one in (TEXT, NUMBER, EMAIL, CHOICE)] == [""] * 4


@pytest.mark.parametrize("raw", [{}, [], {"a": 1}])
def test_what_is_no_scalar_is_no_value(raw: Any) -> None:
    with pytest.raises(HubSpotError):
        stored(TEXT, raw)


def test_options_that_live_elsewhere_are_not_checked() -> None:
    assert stored(of_type("enumeration", externalOptions=True), "anything") == "anything"


def test_text_has_a_length() -> None:
    assert stored(TEXT, "é" * LONGEST_TEXT)
    with pytest.raises(PropertyError):
        stored(TEXT, "é" * (LONGEST_TEXT + 1))
