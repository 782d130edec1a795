"""Every type by name: our own columns first, then what Faker's providers declare."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from types import NoneType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.vocabulary import choices, companies, dates, identifiers, numbers, people, places, products, prose
from generator_svc.vocabulary.faker_locale import faker_locale
from generator_svc.vocabulary.field_slice import DEFAULT_LOCALE, FieldSlice
from generator_svc.vocabulary.filling import filled
from generator_svc.vocabulary.formulas import NotAFormula
from generator_svc.vocabulary.kinds import Form, Kind, Parameter
from generator_svc.vocabulary.per_row import by_row, type_of
from generator_svc.vocabulary.word_lists import WORD_LISTS

LONGEST_BY_ROW = 500
"""Bound of lengths and counts that Faker's own parameters take."""

_SEX = Parameter("sex", "text", "", 0, 6, "male or female; else either")
_SAFE_DOMAIN = Parameter("domain", "text", "", 0, 100, "else example.com, .org, .net")


def _of(entity: str, group: str, *types: tuple[str, str, Callable[[FieldSlice], pa.Array]]) -> Iterator[Kind]:
    for name, summary, make in types:
        parameters = (_SEX,) if entity == people.ENTITY and "name" in name else ()
        yield Kind(name, group, summary, make, pa.string(), parameters, entity=entity)


OWN: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        *numbers.KINDS,
        *identifiers.KINDS,
        *choices.KINDS,
        *dates.KINDS,
        *prose.KINDS,
        *_of(
            people.ENTITY, "person",
            ("name", "first and family name", people.name), ("first_name", "a first name", people.first_name),
            ("last_name", "a family name", people.last_name), ("sex", "male or female", people.sex),
            ("prefix", "a title", people.prefix), ("user_name", "a user name, unique", people.user_name),
            ("phone_number", "a telephone number", people.phone_number),
        ),
        Kind("latitude", "location", "degrees north", numbers.degrees(90), pa.float64()),
        Kind("longitude", "location", "degrees east", numbers.degrees(180), pa.float64()),
        Kind("email", "internet", "the person's e-mail address, unique", people.email, pa.string(),
             (_SAFE_DOMAIN,), entity=people.ENTITY),
        *_of(
            places.ENTITY, "address",
            ("city", "a city", places.city), ("state", "a state or province", places.state),
            ("state_abbr", "its abbreviation", places.state_code), ("postcode", "a postal code", places.postcode),
            ("street_address", "house number and street", places.street_address),
            ("street_name", "a street", places.street_name), ("address", "a whole address", places.address),
            ("current_country", "the locale's country", places.current_country),
        ),
        *_of(
            companies.ENTITY, "company",
            ("company", "a company's name", companies.company),
            ("domain_name", "the company's domain, unique", companies.domain_name),
            ("url", "the company's web site, unique", companies.url),
            ("company_email", "the person's address at the company, unique", companies.company_email),
            ("industry", "an industry", companies.one_of(companies.INDUSTRIES, companies.ENTITY)),
        ),
        *_of(
            "", "company",
            ("company_department", "a department of a company", companies.one_of(companies.DEPARTMENTS)),
            ("job_title", "a job in an office", companies.one_of(companies.TITLES)),
        ),
        *_of(
            products.ENTITY, "commerce",
            ("product_name", "a product", products.product_name),
            ("product_category", "its department", products.department),
            ("product_adjective", "a property of it", products.adjective), ("product", "what it is", products.noun),
            ("product_description", "a sentence about it", products.description),
        ),
        *(
            Kind(name, group, f"one of {len(words.split('|'))} words", companies.one_of(tuple(words.split("|"))),
                 pa.string())
            for group, lists in WORD_LISTS.items()
            for name, words in lists.items()
        ),
        *_of(
            "", "internet",
            ("image_address", "an address of a picture", companies.image_address),
            ("internet_protocol", "http or https", companies.one_of(("http", "https"))),
        ),
        *_of(
            "", "commerce",
            ("product_material", "a material", companies.one_of(products.MATERIALS)),
            ("warehouse_location", "site, aisle and bay", products.warehouse),
        ),
    )
}  # fmt: skip
"""Types with a form of their own. A new one is a function in its module and one line here."""


def names(locale: str = DEFAULT_LOCALE) -> list[str]:
    """Every type of a locale."""
    return sorted({*OWN, *faker_locale(locale).methods})


@lru_cache(maxsize=4_096)
def kind_of(name: str, locale: str = DEFAULT_LOCALE) -> Kind | None:
    """The type of that name; None where there is none."""
    if name in OWN:
        return OWN[name]
    faker = faker_locale(locale)
    if name not in faker.methods:
        return None
    try:
        formula = faker.formula(name)
    except NotAFormula:
        return _by_row(name, locale)
    group = _group(faker.methods[name])
    return Kind(name, group, _summary(faker.methods[name], name), partial(_filled, formula), pa.string())


def _filled(formula: Any, field: FieldSlice) -> pa.Array:
    return plain(filled(formula, field))


def plain(texts: pa.Array) -> pa.Array:
    """No cell begins as a formula does: a leading + becomes 00, as telephones take it, other signs an x."""
    if not pa.types.is_string(texts.type):
        return texts
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, r"^\+", "00"), r"^[=@\t\r-]", "x")


def _by_row(name: str, locale: str) -> Kind:
    function = faker_locale(locale).methods[name]
    parameters = tuple(_parameters(function))

    def make(field: FieldSlice) -> pa.Array:
        return plain(by_row(field, name, _given(parameters, field)))

    def arrow_type(values: Mapping[str, Any]) -> pa.DataType:
        given = {parameter.name: values[parameter.name] for parameter in parameters if _differs(parameter, values)}
        return type_of(locale, name, tuple(sorted(given.items())))

    summary = _summary(function, name)
    return Kind(name, _group(function), summary, make, arrow_type, parameters, _tried(locale, name), by_row=True)


def _tried(locale: str, name: str) -> Callable[[Mapping[str, Any]], Iterator[tuple[str, str]]]:
    """Faker says whether it takes the parameters by being asked."""

    def check(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        known = tuple(_parameters(faker_locale(locale).methods[name]))
        given = {parameter.name: values[parameter.name] for parameter in known if _differs(parameter, values)}
        try:
            type_of(locale, name, tuple(sorted(given.items())))
        except ValueError as error:
            yield next(iter(given), "type"), str(error)

    return check


def _given(parameters: tuple[Parameter, ...], field: FieldSlice) -> dict[str, Any]:
    values = field.parameters or {}
    return {parameter.name: values[parameter.name] for parameter in parameters if _differs(parameter, values)}


def _differs(parameter: Parameter, values: Mapping[str, Any]) -> bool:
    return parameter.name in values and values[parameter.name] != parameter.default


_FORMS: Mapping[type, Form] = {bool: "flag", int: "integer", float: "number", str: "text"}


def _parameters(function: Callable[..., Any]) -> Iterator[Parameter]:
    """Those of Faker's parameters that a text, a number or a flag can be given for."""
    for parameter in inspect.signature(inspect.unwrap(function)).parameters.values():
        if parameter.name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = parameter.default
        if isinstance(default, bool | int | float | str):
            high = LONGEST_BY_ROW if isinstance(default, int) else 10**9
            yield Parameter(parameter.name, _FORMS[type(default)], default, -LONGEST_BY_ROW, high)
        elif isinstance(default, NoneType) and "str" in str(parameter.annotation):
            yield Parameter(parameter.name, "text", None, 0, 200)


def _summary(function: Callable[..., Any], name: str) -> str:
    lines = (inspect.getdoc(function) or "").strip().splitlines()
    first = lines[0].strip().rstrip(".") if lines else ""
    return first if first and not first.startswith((":", ">>>")) else name.replace("_", " ")


def _group(function: Callable[..., Any]) -> str:
    parts = inspect.unwrap(function).__module__.split(".")
    return parts[2] if len(parts) > 2 else "numbers"
