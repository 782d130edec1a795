"""Places: real American cities with their state, ZIP prefix and area code; other countries by Faker's formulas."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.texts import fixed_width, symbols, take
from generator_svc.vocabulary.faker_locale import faker_locale
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.filling import filled
from generator_svc.vocabulary.per_row import by_row
from generator_svc.vocabulary.us_cities import US_CITIES

ENTITY = "place"
_CITIES, _STATES, _CODES, _ZIPS, _AREAS = (
    pa.array([city[place] for city in US_CITIES], pa.string()) for place in range(5)
)
_COUNTRIES = {"en_US": "United States", "en_GB": "United Kingdom", "en_CA": "Canada", "en_AU": "Australia"}


def city(field: FieldSlice) -> pa.Array:
    """A city."""
    place = field.of_entity(ENTITY)
    return take(_CITIES, where(place)) if is_american(field) else first_of(place, "city")


def state(field: FieldSlice) -> pa.Array:
    """A state or province in full."""
    place = field.of_entity(ENTITY)
    if is_american(field):
        return take(_STATES, where(place))
    return first_of(place, "administrative_unit", "state", "province", "region", "city")


def state_code(field: FieldSlice) -> pa.Array:
    """Two letters in America; elsewhere the locale's abbreviation."""
    place = field.of_entity(ENTITY)
    if is_american(field):
        return take(_CODES, where(place))
    return first_of(place, "state_abbr", "province_abbr", "administrative_unit", "state", "city")


def postcode(field: FieldSlice) -> pa.Array:
    """A postal code; in America one that begins as those of the city do."""
    place = field.of_entity(ENTITY)
    if not is_american(field):
        return first_of(place, "postcode")
    ending = fixed_width(symbols(place.below("zip", 100).astype(np.uint64), 2))
    return pc.binary_join_element_wise(take(_ZIPS, where(place)), ending, "")


def street_address(field: FieldSlice) -> pa.Array:
    """House number and street."""
    return _one_line(first_of(field.of_entity(ENTITY), "street_address"))


def street_name(field: FieldSlice) -> pa.Array:
    """A street."""
    return first_of(field.of_entity(ENTITY), "street_name", "street_address")


def address(field: FieldSlice) -> pa.Array:
    """Street, city and postal code on one line."""
    if is_american(field):
        end = pc.binary_join_element_wise(state_code(field), postcode(field), " ")
        return pc.binary_join_element_wise(street_address(field), city(field), end, ", ")
    end = pc.binary_join_element_wise(postcode(field), city(field), " ")
    return pc.binary_join_element_wise(street_address(field), end, ", ")


def current_country(field: FieldSlice) -> pa.Array:
    """The locale's own country."""
    return pa.repeat(pa.scalar(country_of(field.locale)), field.count)


def area_code(field: FieldSlice) -> pa.Array:
    """The three digits that American numbers of the place begin with."""
    return take(_AREAS, where(field.of_entity(ENTITY)))


def is_american(field: FieldSlice) -> bool:
    """Whether the places of the field are the cities of our own table."""
    return field.locale in ("en_US", "es_US")


def where(place: FieldSlice) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Positions in the table of cities."""
    return place.choice("city", [float(city[5]) for city in US_CITIES])


def first_of(place: FieldSlice, *methods: str) -> pa.Array:
    """The first of the methods that the locale has."""
    faker = faker_locale(place.locale)
    for method in methods:
        if (formula := faker.table(method)) is not None:
            return filled(formula, place)
    for method in methods:
        if method in faker.methods:
            return by_row(place, method)
    return filled(faker_locale().formula(methods[-1]), place)


@lru_cache
def country_of(locale: str) -> str:
    """A locale's country in English."""
    from faker.providers.address import Provider

    if locale in _COUNTRIES:
        return _COUNTRIES[locale]
    codes = dict(zip(Provider.alpha_2_country_codes, Provider.countries, strict=False))
    return codes.get(locale.rpartition("_")[2], "United States")


def _one_line(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, r"\s*[\r\n]+\s*", ", ")
