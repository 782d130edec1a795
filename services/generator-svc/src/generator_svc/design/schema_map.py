"""Schema maps (S3-15): read, validated field by field, repaired where a model wrote them, refused with reasons.

`{"field": "method"}`, `{"field": {"type": "method", "params": {…}}}`, parameters also flat beside `type` (S3-08), or
`{"field": ["a", "b", "c"]}` (S3-11).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import orjson

from generator_svc.vocabulary.guessing import guessed
from generator_svc.vocabulary.identifiers import UNIQUE
from generator_svc.vocabulary.kinds import Problem
from generator_svc.vocabulary.resolving import Chosen, Unusable, resolved
from generator_svc.vocabulary.types import OWN
from generator_svc.vocabulary.values import space_of

MOST_FIELDS = 500
LONGEST_FIELD_NAME = 128
ENVELOPES = ("schema", "fields", "columns", "properties", "schema_map")
_OPTIONS = frozenset({"type", "params", "parameters", "unique", "null_rate", "nullable", "description", "label"})


class SchemaRefused(Exception):
    """The map cannot be used; `problems` say where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Field:
    """One field of a schema map, checked."""

    name: str
    chosen: Chosen
    unique: bool = False
    null_rate: float = 0.0

    def as_map(self) -> Any:
        """As a schema map writes it, the shortest way."""
        kind = self.chosen.kind
        params = {key: _plain(value) for key, value in self.chosen.parameters.items() if value != _default(kind, key)}
        if self.chosen.locale != "en_US":
            params["locale"] = self.chosen.locale
        options = ({"unique": True} if self.unique else {}) | ({"null_rate": self.null_rate} if self.null_rate else {})
        if kind.name == "random_element" and set(params) == {"elements"} and not options:
            return params["elements"]
        if not params and not options:
            return kind.name
        return {"type": kind.name, **({"params": params} if params else {}), **options}


@dataclass(frozen=True)
class SchemaMap:
    """The fields, and what was changed to make the map usable."""

    fields: tuple[Field, ...]
    repairs: tuple[str, ...] = field(default=())

    def as_map(self) -> dict[str, Any]:
        """What `design` prints, the cache stores and `--schema` reads."""
        return {one.name: one.as_map() for one in self.fields}


def read_schema_map(document: Any, *, repair: bool = False) -> SchemaMap:
    """A checked map. Raises `SchemaRefused`; with `repair`, only where no field can be used."""
    entries = dict(_entries(document))
    if not entries:
        raise SchemaRefused([Problem("", "this is no schema map", 'write {"field": "type", …}')])
    if len(entries) > MOST_FIELDS:
        raise SchemaRefused([Problem("", f"{len(entries):,} fields are more than {MOST_FIELDS}")])
    fields: list[Field] = []
    problems: list[Problem] = []
    repairs: list[str] = []
    for name, entry in entries.items():
        try:
            fields.append(_read(name, entry))
        except Unusable as error:
            problems += error.problems
            if repair and (repaired := _repaired(name, entry, error)) is not None:
                fields.append(repaired)
                repairs += [f"{problem} – it became {_shown(repaired)}" for problem in error.problems]
    if (problems and not repair) or not fields:
        raise SchemaRefused(problems)
    return SchemaMap(tuple(fields), tuple(repairs))


def _entries(document: Any) -> Iterator[tuple[str, Any]]:
    """Fields and what is said of them, out of the forms and envelopes that people and models use."""
    if isinstance(document, Mapping):
        for envelope in ENVELOPES:
            inner = document.get(envelope)
            if isinstance(inner, Mapping | list) and len(document) <= 3 and not _is_entry(document[envelope]):
                yield from _entries(inner)
                return
        yield from ((str(name), entry) for name, entry in document.items())
    elif isinstance(document, list) and all(isinstance(entry, Mapping) and "name" in entry for entry in document):
        for entry in document:
            yield str(entry["name"]), {key: value for key, value in entry.items() if key != "name"}


def _is_entry(value: Any) -> bool:
    """Whether this is a field called `schema` or `fields`, not an envelope."""
    if isinstance(value, Mapping):
        return isinstance(value.get("type"), str)
    return isinstance(value, list) and not any(isinstance(entry, Mapping) for entry in value)


def _read(name: str, entry: Any) -> Field:
    path = f"/{name.replace('~', '~0').replace('/', '~1')[:LONGEST_FIELD_NAME]}"
    if not name.strip() or len(name) > LONGEST_FIELD_NAME or not name.isprintable() or name.startswith("__"):
        raise Unusable([Problem(path, f"a field's name has 1 to {LONGEST_FIELD_NAME} printable characters")])
    match entry:
        case str():
            return Field(name, resolved(entry, {}, path))
        case list() | tuple():
            return Field(name, resolved("random_element", {"elements": entry}, path))
        case Mapping() if isinstance(entry.get("type") or entry.get("method"), str):
            return _from_object(name, entry, path)
        case Mapping() if isinstance(entry.get("values") or entry.get("enum") or entry.get("choices"), list):
            values = entry.get("values") or entry.get("enum") or entry.get("choices")
            given = {"elements": values} | ({"weights": entry["weights"]} if "weights" in entry else {})
            return Field(name, resolved("random_element", given, path))
    raise Unusable([Problem(path, "a field is a type's name, a list of values, or an object with `type`")])


def _from_object(name: str, entry: Mapping[str, Any], path: str) -> Field:
    params = entry.get("params", entry.get("parameters", {}))
    if isinstance(params, list):
        params = {"elements": params}
    if not isinstance(params or {}, Mapping):
        raise Unusable([Problem(f"{path}/params", "parameters are an object")])
    flat = {key: value for key, value in entry.items() if key not in _OPTIONS and key != "method"}
    chosen = resolved(str(entry.get("type") or entry.get("method")), {**flat, **(params or {})}, path)
    return _with_options(Field(name, chosen), entry, path)


def _with_options(plain: Field, entry: Mapping[str, Any], path: str) -> Field:
    unique, rate = entry.get("unique", False), entry.get("null_rate", 0.1 if entry.get("nullable") is True else 0.0)
    if not isinstance(unique, bool):
        raise Unusable([Problem(f"{path}/unique", "true or false is needed")])
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1 or math.isnan(rate):
        raise Unusable([Problem(f"{path}/null_rate", "a share from 0 to 1 is needed")])
    kind = plain.chosen.kind.name
    if unique and kind not in UNIQUE and space_of(plain.chosen) is None:
        hint = f"these can: {', '.join(sorted(UNIQUE))}, random_int, random_element, bothify"
        raise Unusable([Problem(f"{path}/unique", f"{kind} cannot be made unique", hint)])
    return replace(plain, unique=unique, null_rate=float(rate))


def _repaired(name: str, entry: Any, error: Unusable) -> Field | None:
    """The nearest usable field: without the parameters that do not hold, else by the field's name, else words."""
    path = f"/{name}"
    attempts: list[tuple[Any, Any]] = []
    if isinstance(entry, Mapping):
        attempts.append((entry.get("type"), _swapped(entry)))
        bad = {problem.path.rsplit("/", 1)[-1] for problem in error.problems if problem.path != path}
        attempts.append((entry.get("type"), {key: value for key, value in _all(entry).items() if key not in bad}))
        attempts.append((entry.get("type"), {}))
    if guess := guessed(name):
        attempts.append(guess)
    attempts.append(("word", {}))
    for kind, parameters in attempts:
        try:
            return _read(name, {"type": kind, "params": dict(parameters)}) if isinstance(kind, str) else None
        except Unusable:
            continue
    return None


def _all(entry: Mapping[str, Any]) -> dict[str, Any]:
    inner = entry.get("params", entry.get("parameters"))
    flat = {key: value for key, value in entry.items() if key not in _OPTIONS}
    return {**flat, **(inner if isinstance(inner, Mapping) else {})}


def _swapped(entry: Mapping[str, Any]) -> dict[str, Any]:
    values = _all(entry)
    for low, high in (("min", "max"), ("min_value", "max_value"), ("start_date", "end_date")):
        if low in values and high in values:
            values[low], values[high] = values[high], values[low]
    return values


def _shown(field: Field) -> str:
    return orjson.dumps(field.as_map()).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return float(value) if isinstance(value, Decimal) else value


def _default(kind: Any, key: str) -> Any:
    own = OWN.get(kind.name, kind)
    return next(parameter.default for parameter in own.parameters if parameter.name == key)
