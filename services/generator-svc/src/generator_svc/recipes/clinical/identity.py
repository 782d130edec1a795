"""Who a patient is on paper: name, address, telephone, e-mail, insurance. Nobody real can be reached by it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.recipes.clinical.body import OLDEST, YOUNGEST, Body
from generator_svc.recipes.clinical.payers import PAYERS
from generator_svc.recipes.clinical.places import PLACES
from generator_svc.recipes.clinical.words import (
    EMAIL_DOMAINS,
    FEMALE_NAMES,
    LAST_NAMES,
    MALE_NAMES,
    STREET_KINDS,
    STREETS,
)
from generator_svc.rows import texts
from generator_svc.rows.cells import EMPTY, constant
from generator_svc.rows.draws import Draws, scaled, scaled_low

_FIRST = pa.array([*FEMALE_NAMES, *MALE_NAMES])
_LAST = pa.array(LAST_NAMES)
_MAILBOX = pc.ascii_lower(pc.replace_substring_regex(_FIRST, "[^A-Za-z]", ""))
_MAILBOX_LAST = pc.ascii_lower(pc.replace_substring_regex(_LAST, "[^A-Za-z]", ""))
_STREETS = pa.array([f"{name} {kind}" for name in STREETS for kind in STREET_KINDS])
_DOMAINS = pa.array(EMAIL_DOMAINS)
_SEXES = pa.array(["male", "female"])
_PAYERS, _PLANS = pa.array([of.name for of in PAYERS]), pa.array([of.plan for of in PAYERS])

_AREAS = [(place, code) for place in PLACES for code in place.area_codes.split()]
"""A telephone number decides its city, so that the two agree; large cities have more codes and more patients."""
_CITY = pa.array([place.city for place, _ in _AREAS])
_STATE = pa.array([place.state for place, _ in _AREAS])
_ZIP_FIRST = np.cumsum([0, *(len(place.zips.split()) for place, _ in _AREAS)])
_ZIPS = pa.array([code for place, _ in _AREAS for code in place.zips.split()])
_FICTIONAL = 100
"""555-0100 … 555-0199 are never given to anybody."""
NUMBERS = len(_AREAS) * _FICTIONAL
"""Telephone numbers there are; patients beyond have an extension, so that no two share one."""
_PHONES = pa.array([f"({code}) 555-01{line:02}" for _, code in _AREAS for line in range(_FICTIONAL)])

MEMBERS = 10**9
"""Member numbers there are, and so the most patients that one seed can have."""
_GROUPS = 40
_PLAN_MONTHS = 36


def patient_ids(draws: Draws) -> pa.Array:
    """P001, …, P999, P1000, … (S4-36)."""
    number = (draws.indices + np.uint64(1)).astype(np.int64)
    text = pc.cast(pa.array(number), pa.string())
    padded = pc.utf8_lpad(text, 3, "0") if draws.first < 100 else text
    return pc.binary_join_element_wise(constant("P"), padded, EMPTY)


def demographics(draws: Draws, body: Body, as_of: date) -> list[pa.Array]:
    """First and last name, sex, age, date of birth, address (street, city, state, ZIP), telephone and e-mail."""
    first, last = _names(draws, body)
    number = (draws.indices + np.uint64(1)).astype(np.int64)
    at = draws.bits("email")
    box = pc.binary_join_element_wise(
        texts.take(_MAILBOX, first), constant("."), texts.take(_MAILBOX_LAST, last), EMPTY
    )
    domain = texts.take(_DOMAINS, scaled(at, len(EMAIL_DOMAINS)))
    email = pc.binary_join_element_wise(box, pc.cast(pa.array(number), pa.string()), constant("@"), domain, EMPTY)
    phone, area = _phones(draws)
    return [
        texts.take(_FIRST, first),
        texts.take(_LAST, last),
        texts.take(_SEXES, body.female),
        pa.array(body.age.astype(np.int32)),
        births(body, as_of),
        *_address(draws, area),
        phone,
        email,
    ]


def births(body: Body, as_of: date) -> pa.Array:
    """Dates of birth that make everybody exactly as old as the record says."""
    birthdays = np.array([texts.day_number(_years_before(as_of, age)) for age in range(YOUNGEST, OLDEST + 1)])
    return texts.days(birthdays[body.age - YOUNGEST] - body.since_birthday)


def insurance(draws: Draws, as_of: date) -> list[pa.Array]:
    """Payer, plan, member id, group number, effective date; the payer at random (S4-28)."""
    payer = draws.below("payer", len(PAYERS)).astype(np.int64)
    bits = draws.bits("group")
    group = payer * 1_000 + scaled(bits, _GROUPS).astype(np.int64) + 10_001
    member = texts.symbols(draws.unique("member", MEMBERS), 9)
    prefix = np.frombuffer("".join(of.prefix for of in PAYERS).encode(), dtype=np.uint8).reshape(len(PAYERS), 3)
    month = np.datetime64(as_of, "M").astype(np.int64) - scaled_low(bits, _PLAN_MONTHS).astype(np.int64)
    return [
        texts.take(_PAYERS, payer),
        texts.take(_PLANS, payer),
        texts.fixed_width(np.hstack([prefix[payer], member])),
        texts.numbered("G", group.astype(np.uint64), 5),
        texts.days(month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)),
    ]


def _names(draws: Draws, body: Body) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    bits = draws.bits("name")
    first = np.where(body.female, scaled(bits, len(FEMALE_NAMES)), len(FEMALE_NAMES) + scaled(bits, len(MALE_NAMES)))
    return first.astype(np.int64), scaled_low(bits, len(LAST_NAMES))


def _phones(draws: Draws) -> tuple[pa.Array, NDArray[np.int64]]:
    """Numbers, unique by construction, and the positions of their area codes."""
    wrap = draws.indices // np.uint64(NUMBERS)
    number = _wrapped(draws, "phone", NUMBERS)
    phone = texts.take(_PHONES, number)
    if wrap.any():
        number_text = pc.cast(pa.array(wrap.astype(np.int64)), pa.string())
        extension = pc.binary_join_element_wise(constant(" x"), number_text, EMPTY)
        phone = pc.binary_join_element_wise(phone, pc.if_else(pa.array(wrap > 0), extension, EMPTY), EMPTY)
    return phone, number // _FICTIONAL


def _wrapped(draws: Draws, column: str, space: int) -> NDArray[np.int64]:
    """The bijection of `Draws.unique`, over and over: row `space` has the value of row 0."""
    parts, first, left = [np.empty(0, dtype=np.uint64)], draws.first % space, draws.count
    while left > 0:
        count = min(left, space - first)
        parts.append(draws.at(first, count).unique(column, space))
        first, left = 0, left - count
    return np.concatenate(parts).astype(np.int64)


def _address(draws: Draws, area: NDArray[np.int64]) -> list[Any]:
    bits = draws.bits("street")
    house = pc.cast(pa.array((1 + scaled_low(bits, 9_900)).astype(np.int64)), pa.string())
    first, following = _ZIP_FIRST[area], _ZIP_FIRST[area + 1]
    code = first + scaled(draws.bits("zip"), (following - first).astype(np.uint64)).astype(np.int64)
    street = pc.binary_join_element_wise(house, constant(" "), texts.take(_STREETS, scaled(bits, len(_STREETS))), EMPTY)
    return [street, texts.take(_CITY, area), texts.take(_STATE, area), texts.take(_ZIPS, code)]


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
