"""Faker row by row, for methods that no formula describes: each row's generator starts from the row's own draw."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
import pyarrow as pa
from faker import Faker
from faker.generator import Generator
from faker.providers import BaseProvider, date_time

from generator_svc.vocabulary.faker_locale import faker_locale, normal_locale
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.kinds import Parameters

PROBES = 40
"""Values looked at to find a method's type; what does not fit it later becomes text or null."""
_PROBED_ON = date(2025, 1, 1)


def by_row(field: FieldSlice, method: str, parameters: Parameters | None = None) -> pa.Array:
    """A column of an allowed method. Raises `ValueError` where Faker refuses the parameters."""
    given = dict(parameters or {})
    kind = type_of(field.locale, method, tuple(sorted(given.items())))
    seeds = field.bits(method).tolist()
    values = _values(_generator(normal_locale(field.locale), field.as_of), field.locale, method, given, seeds)
    return pa.array([_fitting(value, kind) for value in values], kind)


@lru_cache(maxsize=1_024)
def type_of(locale: str, method: str, given: tuple[tuple[str, Any], ...] = ()) -> pa.DataType:
    """The Arrow type of a method's values. Raises `ValueError` where Faker refuses the parameters."""
    generator = _generator(normal_locale(locale), _PROBED_ON)
    once, again = (list(_values(generator, locale, method, dict(given), range(PROBES))) for _ in range(2))
    if once != again:
        raise ValueError(f"{method} is not the same twice from one seed, so it cannot be made reproducibly")
    seen = [value for value in once if value is not None]
    found = {next(kind for python, kind in _TYPES if isinstance(value, python)) for value in seen}
    if found == {pa.int64(), pa.float64()}:
        return pa.float64()
    return found.pop() if len(found) == 1 else pa.string()


def _values(generator: Generator, locale: str, method: str, given: Mapping[str, Any], seeds: Any) -> Iterator[Any]:
    if method not in faker_locale(locale).methods:
        raise ValueError(f"{method} is not a type of this locale")
    call: Callable[..., Any] = generator.get_formatter(method)
    for seed in seeds:
        generator.random.seed(seed)
        try:
            yield call(**given)
        except Exception as error:
            # Faker checks some parameters by failing in whatever way: it is the parameters that are wrong.
            raise ValueError(f"Faker cannot make {method} with these parameters ({type(error).__name__})") from error


@lru_cache(maxsize=32)
def _generator(locale: str, as_of: date) -> Generator:
    faker_locale(locale)  # warnings of old locales are silenced there
    generator: Generator = Faker(locale)._factories[0]
    generator.seed_instance(0)  # a random source of its own
    for provider in generator.get_providers():
        if isinstance(provider, date_time.Provider):
            generator.add_provider(_standing_still(type(provider), as_of)(generator))
            break
    return generator


def _standing_still(provider: type[BaseProvider], as_of: date) -> type[BaseProvider]:
    """The provider with a clock that shows `as_of` for ever: output never depends on today."""
    moment = datetime.combine(as_of, time())

    class Day(date, metaclass=_DateType):
        @classmethod
        def today(cls) -> date:  # type: ignore[override]
            return as_of

    class Moment(datetime, metaclass=_DateType):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return moment.replace(tzinfo=tz)

    names = {"datetime": Moment, "dtdate": Day, "_get_local_timezone": lambda: UTC}
    members: dict[str, Any] = {}
    for owner in reversed(provider.__mro__):
        if owner.__module__.startswith("faker.providers.date_time"):
            members |= {name: _with_globals(value, names) for name, value in vars(owner).items() if _is_code(value)}
    return type("StandingStill", (provider,), members)


class _DateType(type):
    """Makes `isinstance(plain_date, Day)` true: Faker's code asks that."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.__mro__[1])


def _is_code(value: Any) -> bool:
    return isinstance(value, types.FunctionType | classmethod)


def _with_globals(member: Any, names: Mapping[str, Any]) -> Any:
    function = member.__func__ if isinstance(member, classmethod) else member
    if function.__closure__:
        return member
    known = {**function.__globals__, **names}
    known |= {
        name: types.FunctionType(value.__code__, known, name, value.__defaults__)
        for name, value in function.__globals__.items()
        if isinstance(value, types.FunctionType) and value.__module__ == function.__module__ and name not in names
    }
    copy = types.FunctionType(function.__code__, known, function.__name__, function.__defaults__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return classmethod(copy) if isinstance(member, classmethod) else copy


_TYPES: tuple[tuple[type, pa.DataType], ...] = (
    (bool, pa.bool_()),
    (int, pa.int64()),
    (float, pa.float64()),
    (Decimal, pa.float64()),
    (datetime, pa.timestamp("s", tz="UTC")),
    (date, pa.date32()),
    (object, pa.string()),
)


def _fitting(value: Any, kind: pa.DataType) -> Any:
    if value is None or pa.types.is_string(kind):
        return None if value is None else _text(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC)
    return value


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal() | int() | float():
            return str(value)
        case list() | tuple() if all(isinstance(entry, str) for entry in value):
            return " ".join(value)
        case list() | tuple() | dict():
            return orjson.dumps(value, default=str).decode()
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)
