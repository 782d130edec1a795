"""A contact and its company, matched (S2-28 … S2-31): every fact that deals and activities refer to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from shared.crm.uniqueness import slug, unique_domain

from generator_svc.recipes.crm import words
from generator_svc.recipes.crm.schedule import arrivals, days_of
from generator_svc.rows.draws import Draws
from generator_svc.rows.texts import joined, take
from generator_svc.vocabulary import companies, people, places
from generator_svc.vocabulary.field_slice import FieldSlice

NAME, VERSION = "crm", 1
_LOCALES = tuple(words.LOCALES)
_LANGUAGES = pa.array([language for _, language, _, _ in words.LOCALES.values()])
_COUNTRIES = pa.array([country for _, _, country, _ in words.LOCALES.values()])
_CURRENCIES = pa.array([currency for _, _, _, currency in words.LOCALES.values()])
_NPA = ("212", "213", "214", "312", "404", "415", "503", "602", "617", "713", "206", "303")
FALLBACK = '{"method":"fallback"}'
"""S2-18: a recipe made it, no model."""


@dataclass(frozen=True)
class Scene:
    """What a simulation is about (S2-29)."""

    scenario: str = "B2B"
    curve: str = "EVEN"


class Pairs:
    """The pairs of a row range."""

    def __init__(self, seed: int, first: int, count: int, as_of: date, scene: Scene) -> None:
        self.draws = Draws(f"{NAME}/{scene.scenario}", VERSION, seed, first, count)
        self.run_id = f"{NAME}-{scene.scenario.lower()}-{seed}"
        self.as_of = as_of
        self.scene = scene
        self.count = count

    @cached_property
    def numbers(self) -> pa.Array:
        """The pair's index, as text."""
        return pc.cast(pa.array(self.draws.indices), pa.string())

    @cached_property
    def external_id(self) -> pa.Array:
        return joined([self.run_id, self.numbers], "-")

    @cached_property
    def where(self) -> NDArray[np.int64]:
        """Which of the locales."""
        return self.draws.choice("locale", [weight for weight, *_ in words.LOCALES.values()])

    @cached_property
    def language(self) -> pa.Array:
        return take(_LANGUAGES, self.where)

    @cached_property
    def country(self) -> pa.Array:
        return take(_COUNTRIES, self.where)

    @cached_property
    def currency(self) -> pa.Array:
        return take(_CURRENCIES, self.where)

    @cached_property
    def firstname(self) -> pa.Array:
        return self._local(people.first_name)

    @cached_property
    def lastname(self) -> pa.Array:
        return self._local(people.last_name)

    @cached_property
    def company(self) -> pa.Array:
        return self._local(companies.company)

    @cached_property
    def city(self) -> pa.Array:
        return self._local(places.city)

    @cached_property
    def state(self) -> pa.Array:
        return self._local(places.state)

    @cached_property
    def domain(self) -> pa.Array:
        """As `shared.crm.uniqueness.unique_domain` has it: no two records share one, in any run (S2-54, S2-68)."""
        encoded = self.company.dictionary_encode()
        starts = [unique_domain(name, self.run_id, 0).removesuffix("0.com") for name in encoded.dictionary.to_pylist()]
        return joined([pa.array(starts, pa.string()).take(encoded.indices), self.numbers, ".com"], "")

    @cached_property
    def email(self) -> pa.Array:
        """`firstname.lastname{index}@company.com` (S2-53), the domain being the company's (S2-31)."""
        box = joined([_mailbox(self.firstname), ".", _mailbox(self.lastname), self.numbers], "")
        return joined([box, self.domain], "@")

    @cached_property
    def phone(self) -> pa.Array:
        """`+1-NPA-555-01XX`, kept for fiction and taken by validators (S2-55, decision 6)."""
        area = take(pa.array(_NPA), self._below("npa", len(_NPA)))
        line = pc.utf8_lpad(pc.cast(pa.array(self._below("line", 100)), pa.string()), 2, "0")
        return joined(["+1-", area, "-555-01", line], "")

    @cached_property
    def role_place(self) -> NDArray[np.int64]:
        return self.draws.choice("role", words.ROLE_WEIGHTS)

    @cached_property
    def role(self) -> pa.Array:
        return take(pa.array(words.ROLES), self.role_place)

    @cached_property
    def jobtitle(self) -> pa.Array:
        """In the language of the company's country, as the buyer role has it."""
        titles = pa.array([title for tables in words.TITLES.values() for row in tables for title in row])
        languages = list(words.TITLES)
        language = np.array([languages.index(words.LOCALES[name][1]) for name in _LOCALES])[self.where]
        return take(titles, (language * 4 + self.role_place) * 4 + self._below("title", 4))

    @cached_property
    def score(self) -> NDArray[np.int64]:
        """0 … 100 (S2-11): decision makers and champions somewhat higher."""
        base = self.draws.normal("score", 52.0, 22.0) + np.array([8, -2, -8, 10])[self.role_place]
        return np.asarray(np.clip(np.rint(base), 0, 100), dtype=np.int64)

    @cached_property
    def temperature(self) -> pa.Array:
        """Follows from the score (S2-12)."""
        return take(pa.array(["cold", "warm", "hot"]), (self.score >= 40).astype(np.int64) + (self.score >= 70))

    @cached_property
    def industry_place(self) -> NDArray[np.int64]:
        return self._below("industry", len(words.INDUSTRIES[self.scene.scenario]))

    @cached_property
    def industry(self) -> pa.Array:
        return take(pa.array([name for name, _ in words.INDUSTRIES[self.scene.scenario]]), self.industry_place)

    def product(self, more: int = 0) -> pa.Array:
        """What the company is interested in, most of all; `more`: the next in its list."""
        products = pa.array([name for _, names in words.INDUSTRIES[self.scene.scenario] for name in names])
        return take(products, self.industry_place * 4 + (self._below("product", 4) + more) % 4)

    @cached_property
    def interests(self) -> pa.Array:
        """A JSON array of one to three products (S2-15)."""
        made = joined(['["', self.product(), '"'], "")
        counts = self._below("interests", 3)
        for more in (1, 2):
            longer = joined([made, ',"', self.product(more), '"'], "")
            made = pc.if_else(pa.array(counts >= more), longer, made)
        return joined([made, "]"], "")

    @cached_property
    def employees(self) -> NDArray[np.int64]:
        shape = self.draws.uniform("employees")
        most = 20_000 if self.scene.scenario == "B2B" else 400
        return 3 + np.floor(shape * shape * shape * most).astype(np.int64)

    @cached_property
    def source(self) -> pa.Array:
        """The same for the contact and its company (S2-09, S2-14)."""
        sources = words.SOURCES[self.scene.scenario]
        return take(pa.array(sources), self._below("source", len(sources)))

    @cached_property
    def arrived(self) -> NDArray[np.int64]:
        """Minutes since 1970, along the curve."""
        return arrivals(self.draws.uniform("arrival"), self.scene.curve, self.as_of)

    @cached_property
    def consent(self) -> pa.Array:
        """When, how and to what (S2-13)."""
        topics = pa.array(["newsletter", "product updates", "newsletter and events", "product updates and surveys"])
        day = pc.cast(days_of(self.arrived), pa.string())
        topic = take(topics, self._below("consent", 4))
        return joined(["Opted in to ", topic, " on ", day, " (", self.source, "), double opt-in confirmed"], "")

    def _below(self, stream: str, bound: int) -> NDArray[np.int64]:
        return self.draws.below(stream, bound).astype(np.int64)

    def _local(self, make: Callable[[FieldSlice], pa.Array]) -> pa.Array:
        """Made in each row's own locale."""
        made = [make(FieldSlice(self.draws, f"field/{locale}", self.as_of, locale, {}, locale)) for locale in _LOCALES]
        return pc.choose(pa.array(self.where), *made)


def _mailbox(texts: pa.Array) -> pa.Array:
    encoded = texts.dictionary_encode()
    plain = [slug(text).replace("-", "") or "x" for text in encoded.dictionary.to_pylist()]
    return pa.array(plain, pa.string()).take(encoded.indices)
