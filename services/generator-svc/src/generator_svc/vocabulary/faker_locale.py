"""Faker in one locale: which of its methods may be asked for, and as what.

The names come from the provider classes' own declared methods, never from an attribute look-up by a name somebody
chose: `__class__`, `seed_instance` and `add_provider` are no provider's methods, so nothing reaches them.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

from faker import Faker
from faker.config import AVAILABLE_LOCALES
from faker.providers import BaseProvider

from generator_svc.vocabulary.field_slice import DEFAULT_LOCALE
from generator_svc.vocabulary.formulas import Formula, NotAFormula
from generator_svc.vocabulary.reader import Reader

UNFIT = {
    "binary", "zip", "tar", "image", "enum", "csv", "dsv", "tsv", "psv", "json", "json_bytes", "xml", "fixed_width",
    "pyobject", "pytuple", "pyset", "pylist", "pyiterable", "pydict", "pystruct", "pytimezone", "profile",
    "simple_profile", "time_series", "get_words_list", "randomize_nb_elements", "random_elements", "random_choices",
    "random_sample", "random_letters", "uuid1", "uuid7", "texts", "passport_dates", "passport_owner", "nic_handles",
    "dga", "numerify_words", "time_delta", "pystr_format", "passport_full", "credit_card_full", "image_url",
}  # fmt: skip
"""Bytes, files, structures, classes to instantiate, or a look at the clock."""

_IMPURE = re.compile(
    r"\b(now|today|utcnow|time)\(\)|datetime_now|getpass|\bos\.|(?<![.\w])(random|secrets|mod_random)\.\w"
)
"""A look at the clock, or randomness that no seed of ours reaches."""


class UnknownLocale(ValueError):
    """Faker has no such locale; the message names near ones."""


class FakerLocale:
    """One locale's providers."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._generator = Faker(locale)._factories[0]
        self._owners = dict(_declared(self._generator.get_providers()))
        self._reader = Reader(self._owner)

    @cached_property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """Every method that may be asked for, by name, with its signature."""
        return {
            name: getattr(type(owner), name)
            for name, owner in sorted(self._owners.items())
            if name not in UNFIT and _is_fit(type(owner), name)
        }

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words that its texts are made of."""
        owner = self._owners["word"]
        return tuple(getattr(owner, "word_list", ()))

    def formula(self, method: str) -> Formula:
        """The formula of an allowed method. Raises `NotAFormula`."""
        if method not in self.methods:
            raise NotAFormula(method)
        return self._reader.formula(method)

    def table(self, method: str) -> Formula | None:
        """The formula of a method, where there is one."""
        try:
            return self.formula(method)
        except NotAFormula:
            return None

    def _owner(self, method: str) -> Any:
        if method not in self._owners:
            raise NotAFormula(method)
        return self._owners[method]


@lru_cache(maxsize=16)
def faker_locale(locale: str = DEFAULT_LOCALE) -> FakerLocale:
    """Built once a process: it takes a third of a second."""
    return FakerLocale(normal_locale(locale))


def normal_locale(wanted: str) -> str:
    """`de-DE`, `de_de` and `de` are `de_DE`. Raises `UnknownLocale`."""
    plain = str(wanted).strip().replace("-", "_").casefold()
    known = {name.casefold(): name for name in sorted(AVAILABLE_LOCALES)}
    ours = {"en": DEFAULT_LOCALE, "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "pt": "pt_BR", "zh": "zh_CN"}
    if plain in ours or plain in known:
        return ours.get(plain) or known[plain]
    near = [name for key, name in known.items() if plain and key.startswith(plain.split("_")[0] + "_")]
    if near and "_" not in plain:
        return near[0]
    hint = f"; near ones are {', '.join(near[:5])}" if near else "; for example en_US, de_DE, ja_JP"
    raise UnknownLocale(f"Faker has no locale {str(wanted)[:20]!r}{hint}")


def _declared(providers: list[BaseProvider]) -> Iterator[tuple[str, BaseProvider]]:
    """Methods by name; of two providers with one name, the generator uses the one that it lists first."""
    for provider in reversed(providers):
        for owner in reversed(type(provider).__mro__):
            for name, member in vars(owner).items():
                if not name.startswith("_") and inspect.isfunction(member):
                    yield name, provider


def _is_fit(owner: type, name: str) -> bool:
    if owner.__module__.startswith("faker.providers.date_time"):
        return True  # `per_row.py` gives it a clock that stands still
    function = inspect.unwrap(getattr(owner, name))
    required = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.name != "self"
    ]
    try:
        return not required and not _IMPURE.search(inspect.getsource(function))
    except OSError:
        return False
