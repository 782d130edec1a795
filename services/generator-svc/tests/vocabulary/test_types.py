"""Every type: of its Arrow type, never like a formula, and any slice on its own."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from generator_svc.rows.draws import Draws
from generator_svc.vocabulary.faker_js import FAKER_JS, SPELLINGS
from generator_svc.vocabulary.faker_locale import faker_locale
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.types import OWN, kind_of, names
from hypothesis import given, settings
from hypothesis import strategies as st

AS_OF = date(2025, 1, 31)
NEEDED = {"bothify": {"text": "??-####"}, "random_element": {"elements": ("a", "b", None)}}


def column(
    name: str, first: int = 0, count: int = 60, locale: str = "en_US", as_of: date = AS_OF, **given: object
) -> pa.Array:
    kind = kind_of(name, locale)
    assert kind is not None
    values = kind.values_of({**NEEDED.get(name, {}), **given})
    assert list(kind.check(values)) == []
    made = kind.make(FieldSlice(Draws("test", 1, 42, first, count), "field", AS_OF, locale, values))
    assert made.type == kind.arrow_type(values)
    return made


@pytest.mark.parametrize("name", names())
def test_a_slice_of_a_type_is_the_same_slice_of_the_whole_and_no_text_is_like_a_formula(name: str) -> None:
    whole = column(name)
    assert column(name, 17, 23).equals(whole.slice(17, 23))
    if pa.types.is_string(whole.type) and name not in ("bothify", "random_element"):
        assert all(text is None or text[:1] not in tuple("=+-@\t\r") for text in whole.to_pylist())


@pytest.mark.parametrize("locale", ["de_DE", "ja_JP", "pl_PL", "ar_SA", "pt_BR", "en_PH"])
@pytest.mark.parametrize("name", ["name", "first_name", "email", "phone_number", "address", "state", "company", "text"])
def test_common_types_are_there_in_other_locales(locale: str, name: str) -> None:
    texts = column(name, locale=locale).to_pylist()
    assert all(isinstance(text, str) and text for text in texts)
    assert len(set(texts)) > 3


@pytest.mark.parametrize("name", [kind for kind in names() if (found := kind_of(kind)) and found.group == "date_time"])
def test_what_faker_counts_from_today_counts_from_the_given_day(name: str) -> None:
    assert column(name).equals(column(name))
    made = [value for value in column(name).to_pylist() if isinstance(value, date)]
    assert all(value.year <= AS_OF.year for value in made)


@pytest.mark.parametrize(
    ("elements", "values"),
    [
        ((1, 0.5), {1.0, 0.5}),
        ((2**53 + 1, 0.5), {"9007199254740993", "0.5"}),
        ((2**63, 1), {"9223372036854775808", "1"}),
        ((10**400, 0.5), {"1" + "0" * 400, "0.5"}),
    ],
)
def test_numbers_to_choose_from_are_texts_where_a_column_of_numbers_would_change_them(
    elements: tuple[float, ...], values: set[object]
) -> None:
    assert set(column("random_element", elements=elements).to_pylist()) == values


def test_of_all_names_of_fakerjs_each_is_a_type() -> None:
    assert {ours for ours, _ in {**FAKER_JS, **SPELLINGS}.values() if kind_of(ours) is None} == set()


def test_one_person_has_one_name() -> None:
    first, last, whole, mail = (column(kind).to_pylist() for kind in ("first_name", "last_name", "name", "email"))
    assert whole == [f"{one} {other}" for one, other in zip(first, last, strict=True)]
    assert all(box.startswith(f"{one.lower()}.") for one, box in zip(first, mail, strict=True))


def test_a_first_name_goes_with_the_sex() -> None:
    male = faker_locale().table("first_name_male")
    female = faker_locale().table("first_name_female")
    for sex, name in zip(column("sex").to_pylist(), column("first_name").to_pylist(), strict=True):
        assert name in (female if sex == "female" else male).values  # type: ignore[union-attr]


def test_a_place_is_one_place() -> None:
    from generator_svc.vocabulary.us_cities import US_CITIES

    known = {(city, state, code, start) for city, state, code, start, _, _ in US_CITIES}
    places = zip(*(column(kind).to_pylist() for kind in ("city", "state", "state_abbr", "postcode")), strict=True)
    assert all((city, state, code, zip_code[:3]) in known for city, state, code, zip_code in places)


def test_telephones_are_of_the_block_kept_for_fiction() -> None:
    assert all(pa.compute.match_substring_regex(column("phone_number"), r"^\(\d{3}\) 555-01\d\d$").to_pylist())


@pytest.mark.parametrize("name", ["email", "company_email", "user_name", "sku", "uuid4", "sequence", "domain_name"])
def test_types_that_are_called_unique_are(name: str) -> None:
    made = column(name, count=20_000).to_pylist()
    assert len(set(made)) == len(made)


def test_names_are_as_frequent_as_faker_says() -> None:
    entries = faker_locale().table("last_name")
    shares = dict(zip(entries.values, np.array(entries.weights) / sum(entries.weights), strict=True))  # type: ignore[union-attr]
    made = column("last_name", count=40_000).to_pylist()
    common = max(shares, key=lambda one: shares[one])
    assert abs(made.count(common) / 40_000 - shares[common]) < 4 * (shares[common] / 40_000) ** 0.5


@settings(max_examples=25, deadline=None)
@given(low=st.integers(-(10**12), 10**12), span=st.integers(0, 10**6), step=st.integers(1, 1_000))
def test_whole_numbers_stay_in_their_range_and_on_their_steps(low: int, span: int, step: int) -> None:
    made = column("random_int", min=low, max=low + span, step=step).to_pylist()
    assert all(low <= value <= low + span and (value - low) % step == 0 for value in made)


@settings(max_examples=25, deadline=None)
@given(low=st.floats(0, 10**6), span=st.floats(0.01, 10**6), digits=st.integers(2, 4))
def test_prices_and_reals_stay_in_their_range(low: float, span: float, digits: int) -> None:
    for price in column("price", min=low, max=low + span, dec=digits).to_pylist():
        assert low - 1e-9 <= float(price) <= low + span + 1e-9
    for real in column("random_float", min=low, max=low + span, fraction_digits=digits).to_pylist():
        assert low - 1e-6 <= real <= low + span + 1e-6


@settings(max_examples=8, deadline=None)
@given(most=st.integers(5, 400))
def test_texts_are_not_longer_than_they_may_be(most: int) -> None:
    assert all(0 < len(text) <= most for text in column("text", count=8, max_nb_chars=most).to_pylist())


def test_ages_are_what_the_day_of_birth_says() -> None:
    for born in column("date_of_birth", count=2_000, minimum_age=18, maximum_age=18).to_pylist():
        assert AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day)) == 18


def test_own_types_are_not_made_row_by_row() -> None:
    assert not [kind.name for kind in OWN.values() if kind.by_row]


def test_what_no_seed_of_ours_reaches_is_refused() -> None:
    kind = kind_of("ssn", "uk_UA")
    assert kind is None or "not the same twice" in dict(kind.check(kind.values_of({})))["type"]
