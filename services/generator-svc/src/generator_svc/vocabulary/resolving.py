"""From a name and parameters that a person or a model wrote to a type with parameters that hold."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator_svc.vocabulary.faker_js import FAKER_JS, OLD_MODULES, PARAMETERS, SPELLINGS, Translation
from generator_svc.vocabulary.faker_locale import UnknownLocale, normal_locale
from generator_svc.vocabulary.field_slice import DEFAULT_LOCALE
from generator_svc.vocabulary.kinds import Kind, Parameter, Problem
from generator_svc.vocabulary.types import kind_of, names

LONGEST_NAME = 80
CLOSE = 0.75
"""Similarity from which on another name is suggested."""
_SOURCE = re.compile(r"^(?:(?:self\.)?fake(?:r)?\.|fake\.)", re.IGNORECASE)
_JS = {name.casefold().replace("_", ""): translation for name, translation in FAKER_JS.items()}


@dataclass(frozen=True)
class Chosen:
    """A type of the vocabulary with all its parameters."""

    kind: Kind
    parameters: Mapping[str, Any]
    locale: str = DEFAULT_LOCALE

    def __reduce__(self) -> tuple[Any, ...]:
        """Types are code: another process finds its own by the name."""
        return _found_again, (self.kind.name, dict(self.parameters), self.locale)


class Unusable(Exception):
    """The name or a parameter cannot be used; `problems` say which and what to do."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def translated(name: str) -> Translation | None:
    """Our name for a name of Python's Faker or of Faker.js, with the parameters that it stands for."""
    plain = re.sub(r"\(\s*\)$", "", _SOURCE.sub("", name.strip()))
    module, _, method = plain.partition(".")
    if method and (found := _JS.get(f"{OLD_MODULES.get(module, module)}.{method}".casefold().replace("_", ""))):
        return found
    if plain.casefold() in SPELLINGS:
        return SPELLINGS[plain.casefold()]
    last = plain.rsplit(".", 1)[-1] if "." in plain and not method.startswith("_") else plain
    for spelling in (plain, _snake(plain), last, _snake(last)):
        if spelling in SPELLINGS:
            return SPELLINGS[spelling]
        if kind_of(spelling) is not None:
            return spelling, {}
    return None


def resolved(name: str, given: Mapping[str, Any], path: str, locale: str = DEFAULT_LOCALE) -> Chosen:
    """The type of that name with its parameters. Raises `Unusable` with every problem there is."""
    parameters = dict(given)
    try:
        locale = normal_locale(parameters.pop("locale", None) or locale)
    except UnknownLocale as error:
        raise Unusable([Problem(f"{path}/locale", str(error))]) from None
    kind, implied = _kind(name, path, locale)
    problems: list[Problem] = []
    values = kind.values_of(implied)
    for key, value in parameters.items():
        parameter = _parameter(kind, key)
        if parameter is None:
            problems.append(_unknown_parameter(kind, key, f"{path}/{key}"))
        elif value is not None:
            try:
                values[parameter.name] = parameter.read(value)
            except ValueError as error:
                problems.append(Problem(f"{path}/{key}", str(error)))
    if not problems:
        problems = [Problem(f"{path}/{key}", what) for key, what in kind.check(values)]
    if problems:
        raise Unusable(problems)
    return Chosen(kind, values, locale)


def _found_again(name: str, parameters: Mapping[str, Any], locale: str) -> Chosen:
    kind = kind_of(name, locale)
    if kind is None:
        raise LookupError(name)
    return Chosen(kind, parameters, locale)


def nearest(name: str, count: int = 3) -> list[str]:
    """Types whose names are like it."""
    plain = _snake(name.rsplit(".", 1)[-1]) if isinstance(name, str) else ""
    known = [*names(), *FAKER_JS]
    return list(dict.fromkeys(difflib.get_close_matches(plain, known, count, CLOSE)))


def _kind(name: str, path: str, locale: str) -> tuple[Kind, Mapping[str, Any]]:
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or "__" in name:
        raise Unusable([Problem(path, "this is not the name of a type", "see docs/reference/types.md for all of them")])
    found = translated(name)
    kind = kind_of(found[0], locale) if found else kind_of(_snake(name.rsplit(".", 1)[-1]), locale)
    if kind is None and found and found[0] in names():
        raise Unusable([Problem(path, f"{found[0]} is not a type of the locale {locale}")])
    if kind is None:
        near = nearest(name)
        hint = f"did you mean {' or '.join(near)}?" if near else "see docs/reference/types.md for all of them"
        raise Unusable([Problem(path, f"{_quoted(name)} is no type", hint)])
    return kind, found[1] if found else {}


def _parameter(kind: Kind, key: str) -> Parameter | None:
    own = {parameter.name: parameter for parameter in kind.parameters}
    for spelling in _spellings(key):
        if spelling in own:
            return own[spelling]
    return None


def _spellings(key: str) -> Iterator[str]:
    yield key
    yield _snake(key)
    for start in (key, _snake(key)):
        if start in PARAMETERS:
            yield PARAMETERS[start]
    if key in ("precision", "right_digits", "fractionDigits", "decimals", "dec"):
        yield from ("dec", "right_digits", "fraction_digits")
    if key == "length":
        yield from ("max_nb_chars", "nb")


def _unknown_parameter(kind: Kind, key: str, path: str) -> Problem:
    known = [parameter.name for parameter in kind.parameters]
    hint = f"it takes {', '.join(known)}" if known else "it takes none"
    return Problem(path, f"{kind.name} has no parameter {_quoted(str(key))}", hint)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(" ", "_").lower()


def _quoted(name: str) -> str:
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…")
