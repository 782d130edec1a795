"""The designer that needs no LLM: a description's own words against the domains it knows (S2-06 for S3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.errors import Rejected

from generator_svc.design.domains import DOMAINS, Domain, Entry
from generator_svc.design.schema_map import SchemaMap, SchemaRefused, read_schema_map
from generator_svc.design.wording import Listed, Wording, read_wording
from generator_svc.vocabulary.guessing import Guess, guessed, spaced
from generator_svc.vocabulary.types import kind_of
from generator_svc.vocabulary.word_lists import WORD_LISTS

LONGEST_FIELD = 60
_HISTORY = ("total_orders", "total_spent", "last_purchase_date", "last_purchase_amount", "favorite_category")
_GROUPS = {
    "purchase history": _HISTORY,
    "order history": _HISTORY,
    "contact detail": ("email", "phone"),
    "contact": ("email", "phone"),
    "address": ("street_address", "city", "state", "postal_code"),
    "demographic": ("date_of_birth", "sex", "city", "state"),
    "vital": ("systolic_bp", "diastolic_bp"),
}
"""What people call several fields by one name."""

_WITHOUT_SINGULAR = frozenset({"species", "series", "analysis", "gps", "news", "sales"})


@dataclass(frozen=True)
class Design:
    """A schema map, and what a person should know about how it came about."""

    schema: SchemaMap
    notes: tuple[str, ...] = ()


def design_from_words(description: str) -> Design:
    """The best design that the description's words allow. Raises `Rejected` where they say nothing."""
    wording = read_wording(description)
    domain = _domain(wording, description)
    if domain is None and not wording.listed:
        raise Rejected(
            "the description names no kind of data that the built-in designer knows; say which fields you want "
            "(`books with title, author, price`) or configure an LLM provider",
            category="validation",
        )
    entries: dict[str, Entry] = {} if domain is None or wording.exact else dict(domain.fields)
    notes: list[str] = []
    for listed in wording.listed:
        entries |= _fields_of(listed, domain, entries, notes)
    try:
        schema = read_schema_map(entries, repair=True)
    except SchemaRefused as error:
        raise Rejected(f"no field can be made of the description: {error}", category="validation") from None
    return Design(schema, (*notes, *schema.repairs))


def _domain(wording: Wording, description: str) -> Domain | None:
    """By the subject first; what is listed decides between domains that the subject leaves open."""
    scores = {domain.name: _score(domain, wording.subject) * 3 + _score(domain, description) for domain in DOMAINS}
    best = max(DOMAINS, key=lambda domain: scores[domain.name])
    return best if scores[best.name] > 0 else None


def _score(domain: Domain, text: str) -> float:
    plain = f" {re.sub(r'[^a-z0-9]+', ' ', text.lower().replace('e-commerce', 'ecommerce'))} "
    weights = (1.0 - place / (2 * len(domain.words)) for place in range(len(domain.words)))
    return sum(weight for word, weight in zip(domain.words, weights, strict=True) if f" {word}" in plain)


def _fields_of(listed: Listed, domain: Domain | None, present: dict[str, Entry], notes: list[str]) -> dict[str, Entry]:
    """The fields that a listed item stands for."""
    known = dict(domain.fields) if domain else {}
    plain = _singular(listed.words)
    if domain and (group := [name for name in _GROUPS.get(plain, ()) if name in known]):
        return {name: known[name] for name in group}
    matching = next((name for name in known if _same(name, plain)), None)
    if matching is not None and not _says_more(listed):
        return {(matching if matching in present else _field_name(listed)): known[matching]}
    name = matching if matching in present else _field_name(listed)
    return {str(name): _entry(listed, plain, notes)}


def _entry(listed: Listed, plain: str, notes: list[str]) -> Entry:
    if listed.options:
        return list(listed.options)
    guess = _listed_type(plain) or guessed(plain) or _any_type(plain)
    if guess is None:
        kind, params = _by_form(listed)
        if not _says_more(listed):
            notes.append(f'did not understand "{listed.words}": {_field_name(listed)} holds {kind} values')
    else:
        kind, params = guess[0], dict(guess[1])
    if listed.low is not None and listed.high is not None:
        kind, params = _ranged(kind, params, min(listed.low, listed.high), max(listed.low, listed.high))
    unique = {"unique": True} if listed.unique and kind in ("random_int", "bothify", "sku", "uuid4", "email") else {}
    return {"type": kind, "params": params, **unique}


def _listed_type(plain: str) -> Guess | None:
    """`cuisine`, `pet name`, `blood type`: words that are types themselves."""
    name = plain.replace(" ", "_")
    return (name, {}) if any(name in types for types in WORD_LISTS.values()) else None


def _any_type(plain: str) -> Guess | None:
    name = plain.replace(" ", "_")
    return (name, {}) if kind_of(name) is not None else None


def _by_form(listed: Listed) -> tuple[str, dict[str, Any]]:
    return ("random_int", {}) if listed.low is not None else ("word", {})


def _ranged(kind: str, params: dict[str, Any], low: float, high: float) -> tuple[str, dict[str, Any]]:
    whole = low.is_integer() and high.is_integer()
    if kind == "date_of_birth":
        return kind, {"minimum_age": int(low), "maximum_age": int(high)}
    if kind in ("price", "random_float", "normal", "lognormal", "year"):
        fixed = {name: int(value) if kind == "year" else value for name, value in (("min", low), ("max", high))}
        if kind == "normal":
            fixed |= {"mean": (low + high) / 2, "sd": (high - low) / 6}
        if kind == "lognormal":
            return "random_float", {**fixed, "fraction_digits": 0 if whole else 2}
        return kind, {**params, **fixed}
    if kind.startswith("date"):
        return kind, {"start_date": f"{int(low)}-01-01", "end_date": f"{int(high)}-12-31"} if _years(
            low, high
        ) else params
    if whole:
        return "random_int", {"min": int(low), "max": int(high)}
    return "random_float", {"min": low, "max": high, "fraction_digits": 2}


def _years(low: float, high: float) -> bool:
    return 1900 <= low <= high <= 2100


def _says_more(listed: Listed) -> bool:
    return listed.low is not None or bool(listed.options) or listed.unique


def _same(field: str, plain: str) -> bool:
    """`stock levels` is `stock_level`, `SKUs` is `sku`, `names` is `name`."""
    return _singular(spaced(field)) == plain


def _singular(words: str) -> str:
    return " ".join(_singulars(spaced(words)))


def _singulars(plain: str) -> Iterator[str]:
    for word in plain.split():
        if word in _WITHOUT_SINGULAR:
            yield word
        elif word.endswith("ies") and len(word) > 5:
            yield f"{word[:-3]}y"
        elif word.endswith(("sses", "shes", "ches", "xes")):
            yield word[:-2]
        elif word in ("skus", "menus") or (
            word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2
        ):
            yield word[:-1]
        else:
            yield word


def _field_name(listed: Listed) -> str:
    return "_".join(_singular(listed.words).split())[:LONGEST_FIELD].strip("_") or "value"
