"""Formulas are what the methods do."""

from __future__ import annotations

from datetime import date

import pytest
from faker import Faker
from generator_svc.rows.draws import Draws
from generator_svc.vocabulary.faker_locale import FakerLocale, UnknownLocale, faker_locale, normal_locale
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.filling import filled
from generator_svc.vocabulary.formulas import NotAFormula, pattern
from generator_svc.vocabulary.reader import Reader


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "ja_JP"])
@pytest.mark.parametrize("method", ["state", "prefix_male", "company_suffix", "color_name", "tld"])
def test_a_table_gives_what_faker_gives(locale: str, method: str) -> None:
    table = faker_locale(locale).table(method)
    if table is None:
        pytest.skip("no table in this locale")
    fake = Faker(locale)
    field = FieldSlice(Draws("t", 1, 1, 0, 3_000), "f", date(2025, 1, 1))
    ours, theirs = set(filled(table, field).to_pylist()), {getattr(fake, method)() for _ in range(3_000)}
    assert len(ours & theirs) >= 0.8 * max(len(ours), len(theirs))


def test_patterns_are_filled_with_their_alphabets() -> None:
    field = FieldSlice(Draws("t", 1, 1, 0, 500), "f", date(2025, 1, 1))
    for text in filled(pattern("ü-#%$?", "bothify"), field).to_pylist():
        assert text.startswith("ü-")
        assert text[2].isdigit()
        assert text[3] in "123456789"
        assert text[4] in "23456789"
        assert text[5].isalpha()


def test_a_method_that_does_more_is_no_formula() -> None:
    with pytest.raises(NotAFormula):
        faker_locale().formula("iban")
    with pytest.raises(NotAFormula):
        Reader(lambda _: Recursive()).formula("again")


class Recursive:
    def again(self) -> str:
        return self.again()


def test_only_what_providers_declare_can_be_asked_for() -> None:
    methods = FakerLocale("en_US").methods
    assert not {"add_provider", "seed_instance", "seed", "parse", "format", "binary", "zip", "image"} & set(methods)
    assert not [name for name in methods if name.startswith("_")]


@pytest.mark.parametrize(("wanted", "locale"), [("de", "de_DE"), ("PT-br", "pt_BR"), ("ja", "ja_JP")])
def test_locales_are_found_however_they_are_spelled(wanted: str, locale: str) -> None:
    assert normal_locale(wanted) == locale


@pytest.mark.parametrize("wanted", ["", "klingon", "xx_YY", "../etc"])
def test_other_locales_are_refused(wanted: str) -> None:
    with pytest.raises(UnknownLocale):
        normal_locale(wanted)
