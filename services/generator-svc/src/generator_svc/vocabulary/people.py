"""People: names, and what follows from them. All fields of one person agree with each other."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from faker.decode import unidecode

from generator_svc.rows.texts import fixed_width, joined, symbols, take
from generator_svc.vocabulary.faker_locale import faker_locale
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.filling import filled
from generator_svc.vocabulary.formulas import pattern
from generator_svc.vocabulary.per_row import by_row
from generator_svc.vocabulary.places import area_code, is_american

ENTITY = "person"
SAFE_DOMAINS = pa.array(["example.com", "example.org", "example.net"])
"""Reserved by RFC 2606: no mail to them reaches anybody (S2-83)."""

_FAMILY_FIRST = ("zh", "ja", "ko", "hu", "vi")
_WITHOUT_SPACE = ("zh", "ko")
_NOT_IN_A_MAILBOX = re.compile(r"[^a-z0-9]+")
_ANY_NUMBER = "0### ### ####"
"""Where a locale's own numbers cannot be made reproducibly."""
_SEXES = pa.array(["male", "female"])


def sex(field: FieldSlice) -> pa.Array:
    """`male` or `female`, the sex that the person's first name goes with."""
    return take(_SEXES, _is_female(field.of_entity(ENTITY)))


def first_name(field: FieldSlice) -> pa.Array:
    """A first name."""
    return _by_sex(field.of_entity(ENTITY), "first_name")


def last_name(field: FieldSlice) -> pa.Array:
    """A family name, in the form of the person's sex where a language has forms."""
    return _by_sex(field.of_entity(ENTITY), "last_name")


def name(field: FieldSlice) -> pa.Array:
    """First and family name in the order of the language, without titles."""
    language = field.locale.split("_")[0]
    parts = [first_name(field), last_name(field)]
    if language in _FAMILY_FIRST:
        parts.reverse()
    return joined(parts, "" if language in _WITHOUT_SPACE else " ")


def prefix(field: FieldSlice) -> pa.Array:
    """A title that goes with the person's sex."""
    return _by_sex(field.of_entity(ENTITY), "prefix")


def email(field: FieldSlice) -> pa.Array:
    """The person's mailbox with the row number in it, and so a different one in every row (S2-53)."""
    number = pc.cast(pa.array(field.draws.indices + np.uint64(1)), pa.string())
    return joined([joined([mailbox(field), number], ""), _domain(field)], "@")


def mailbox(field: FieldSlice) -> pa.Array:
    """`firstname.lastname` in ASCII."""
    return joined([ascii_word(first_name(field)), ascii_word(last_name(field))], ".")


def user_name(field: FieldSlice) -> pa.Array:
    """Initial, family name and row number."""
    initial = pc.utf8_slice_codeunits(ascii_word(first_name(field)), 0, 1)
    number = pc.cast(pa.array(field.draws.indices + np.uint64(1)), pa.string())
    return joined([initial, ascii_word(last_name(field)), number], "")


def phone_number(field: FieldSlice) -> pa.Array:
    """American numbers are of the block 555-0100 … 0199, kept for fiction; a leading + becomes 00 (never a formula)."""
    if is_american(field):
        line = fixed_width(symbols(field.below("line", 100).astype(np.uint64), 2))
        return joined(["(", area_code(field), ") 555-01", line], "")
    faker = faker_locale(field.locale)
    formula = faker.table("phone_number")
    if formula is None and "phone_number" not in faker.methods:
        formula = pattern(_ANY_NUMBER, "numerify")
    made = by_row(field, "phone_number") if formula is None else filled(formula, field)
    return pc.replace_substring_regex(made, r"^\+", "00")


def ascii_word(texts: pa.Array) -> pa.Array:
    """Lower-case ASCII letters and digits of each text, nothing else."""
    encoded = texts.dictionary_encode()
    plain = [_NOT_IN_A_MAILBOX.sub("", unidecode(text).lower()) or "x" for text in encoded.dictionary.to_pylist()]
    return pa.array(plain, pa.string()).take(encoded.indices)


def _domain(field: FieldSlice) -> pa.Array:
    if field["domain"]:
        return pa.repeat(pa.scalar(field["domain"], pa.string()), field.count)
    return take(SAFE_DOMAINS, field.of_entity(ENTITY).below("domain", len(SAFE_DOMAINS)))


def _is_female(person: FieldSlice) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return person.below("sex", 2)


def _by_sex(person: FieldSlice, method: str) -> pa.Array:
    wanted = (person["sex"] or "").lower()[:1]
    male, female = _made(person, f"{method}_male", method), _made(person, f"{method}_female", method)
    if wanted in ("m", "f"):
        return male if wanted == "m" else female
    return pc.if_else(pa.array(_is_female(person).astype(bool)), female, male)


def _made(person: FieldSlice, *methods: str) -> pa.Array:
    faker = faker_locale(person.locale)
    part = person.part(methods[-1])
    for method in methods:
        if (formula := faker.table(method)) is not None:
            return filled(formula, part)
    known = next((method for method in methods if method in faker.methods), None)
    return by_row(part, known) if known else filled(faker_locale().formula(methods[-1]), part)
