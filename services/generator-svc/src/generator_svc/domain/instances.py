"""Makes a value that a JSON Schema accepts, from choices alone. What it returns must still be validated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import ceil, floor, isfinite
from typing import Any

from generator_svc.domain.dice import Dice
from generator_svc.domain.formats import formatted

DEEP = 6
"""Levels below which optional properties and items are left out, so that recursive schemas end."""

DEEPEST = 24

Say = Callable[[str], str]
"""Free text for a property of that name."""

Known = Callable[[str, str], "str | None"]
"""What a property is known to be, by the name of its owner and its own; None where nothing is."""

_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


class NoInstance(Exception):
    """No value for this schema was found."""


class InstanceMaker:
    """One attempt at one schema. `sparse` leaves out everything optional."""

    def __init__(
        self, root: Mapping[str, Any], dice: Dice, say: Say, *, known: Known | None = None, sparse: bool = False
    ) -> None:
        self._root = root
        self._dice = dice
        self._say = say
        self._known: Known = known or (lambda owner, name: None)
        self._sparse = sparse

    def make(self, schema: Any, name: str = "answer", depth: int = 0) -> Any:
        """A value for a part of the schema; `name` is the property it is for."""
        if depth > DEEPEST:
            raise NoInstance
        if not isinstance(schema, Mapping):
            return self._say(name) if schema is not False else None
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._dice.pick(schema["enum"])
        for choice in ("oneOf", "anyOf"):
            if schema.get(choice):
                rest = {key: value for key, value in schema.items() if key != choice}
                return self.make(_merged(rest, self._resolved(self._option(schema[choice], depth))), name, depth + 1)
        return self._typed(_type_of(schema, self._dice), schema, name, depth)

    def _option(self, options: list[Any], depth: int) -> Any:
        return options[-1] if depth > DEEP else self._dice.pick(options)

    def _resolved(self, schema: Any) -> Any:
        for _ in range(DEEPEST):
            if not isinstance(schema, Mapping):
                return schema
            if "$ref" in schema:
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = _merged(self._at(schema["$ref"]), rest)
            elif schema.get("allOf"):
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                for part in schema["allOf"]:
                    rest = _merged(rest, self._resolved(part))
                schema = rest
            else:
                return schema
        raise NoInstance

    def _at(self, reference: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if step:
                found = found.get(step) if isinstance(found, Mapping) else None
        if found is None or not reference.startswith("#"):
            raise NoInstance
        return found

    def _typed(self, type_: str, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        if type_ == "object":
            return self._object(schema, name, depth)
        if type_ == "array":
            return self._array(schema, name, depth)
        if type_ == "string":
            return self._string(schema, name)
        if type_ in ("number", "integer"):
            return _number(schema, self._dice, whole=type_ == "integer")
        return self._dice.below(2) == 1 if type_ == "boolean" else None

    def _object(self, schema: Mapping[str, Any], name: str, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = list(schema.get("required") or ())
        optional = [] if self._sparse or depth >= DEEP else [key for key in properties if key not in required]
        wanted = list(dict.fromkeys([*(key for key in properties if key in required or key in optional), *required]))
        wanted = wanted[: schema.get("maxProperties", len(wanted))]
        wanted += [key for key in properties if key not in wanted][
            : max(0, schema.get("minProperties", 0) - len(wanted))
        ]
        made = {key: self._property(properties.get(key, self._other(schema)), name, key, depth + 1) for key in wanted}
        while len(made) < schema.get("minProperties", 0):
            made[f"field_{len(made) + 1}"] = self.make(self._other(schema), "field", depth + 1)
        return made

    def _property(self, schema: Any, owner: str, name: str, depth: int) -> Any:
        known = self._known(owner, name)
        if known is not None and (fitted := _as_schema(known, self._resolved(schema))) is not None:
            return fitted
        return self.make(schema, name, depth)

    def _other(self, schema: Mapping[str, Any]) -> Any:
        other = schema.get("additionalProperties", {})
        return {"type": "string"} if other in (True, {}, False) else other

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 5)
        count = least if self._sparse or depth >= DEEP else min(max(least, 1 + self._dice.below(2)), max(most, least))
        count = max(count, schema.get("minContains", 1) if "contains" in schema else 0)
        prefix = schema.get("prefixItems") or []
        made = [self.make(part, name, depth + 1) for part in prefix[:count]]
        items = schema.get("contains") if "contains" in schema else schema.get("items", {"type": "string"})
        tries = 0
        while len(made) < count and tries < 20 * count + 20:
            tries += 1
            item = self.make(items, name, depth + 1)
            if not (schema.get("uniqueItems") and item in made):
                made.append(item)
        return made

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        if (found := formatted(schema.get("format"), self._dice)) is not None:
            return found
        least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
        text = self._say(name)
        while len(text) < least:
            text = f"{text} {self._say(name)}"
        return text if most is None or len(text) <= most else _cut(text, int(most), least)


def _as_schema(text: str, schema: Any) -> Any:
    """What is known, as the schema has it; None where it is not of its kind."""
    if not isinstance(schema, Mapping) or "const" in schema:
        return None
    if "enum" in schema:
        return next((one for one in schema["enum"] if str(one).casefold() == text.casefold()), None)
    types = schema.get("type", "string")
    for type_ in types if isinstance(types, list) else [types]:
        if type_ == "string":
            longest = schema.get("maxLength")
            return text if longest is None or len(text) <= longest else None
        if type_ in ("integer", "number", "array"):
            try:
                found = json.loads(text)
            except ValueError:
                return None
            is_list, is_number = isinstance(found, list), isinstance(found, int | float)
            fits = is_list if type_ == "array" else is_number and (type_ == "number" or isinstance(found, int))
            return found if fits else None
    return None


def _cut(text: str, most: int, least: int) -> str:
    words = text[: most + 1].rsplit(" ", 1)[0].rstrip(" ,;:.")
    return words if words and least <= len(words) <= most else text[:most]


def _type_of(schema: Mapping[str, Any], dice: Dice) -> str:
    type_ = schema.get("type")
    if isinstance(type_, list):
        options = [option for option in type_ if option != "null"] or type_
        return str(dice.pick(options))
    if isinstance(type_, str):
        return type_
    hints = {"object": ("properties", "required", "minProperties"), "array": ("items", "prefixItems", "minItems"),
             "number": ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")}  # fmt: skip
    return next((name for name, keys in hints.items() if any(key in schema for key in keys)), "string")


def _number(schema: Mapping[str, Any], dice: Dice, *, whole: bool) -> int | float:
    step = schema.get("multipleOf") or (1 if whole else 0.01)
    low, high = schema.get("minimum"), schema.get("maximum")
    over, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    # Counted in steps, so that any multipleOf fits by construction; the 1e-9 forgives binary fractions.
    least = max(ceil(low / step - 1e-9) if low is not None else -(1 << 53),
                floor(over / step + 1e-9) + 1 if over is not None else -(1 << 53))  # fmt: skip
    most = min(floor(high / step + 1e-9) if high is not None else 1 << 53,
               ceil(under / step - 1e-9) - 1 if under is not None else 1 << 53)  # fmt: skip
    if least == -(1 << 53):
        least = min(0, most - 100) if most != 1 << 53 else 0
    most = min(most, least + round(100 / step) if step <= 100 else least + 10)
    if most < least:
        return _between(low if low is not None else over, high if high is not None else under)
    value = dice.between(least, most) * step
    if whole:
        return int(value)
    return round(value, 10) if isfinite(value) else 0


def _between(low: float | None, high: float | None) -> float:
    if low is None or high is None:
        raise NoInstance
    return (low + high) / 2


def _merged(first: Any, second: Any) -> Any:
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return second if isinstance(second, Mapping) or first is True else first
    merged = dict(first)
    for key, value in second.items():
        if key == "properties" and isinstance(merged.get(key), Mapping):
            both = {name: _merged(merged[key][name], value[name]) for name in merged[key].keys() & value.keys()}
            merged[key] = {**merged[key], **value, **both}
        elif key == "required" and isinstance(merged.get(key), list):
            merged[key] = list(dict.fromkeys([*merged[key], *value]))
        elif key in ("minimum", "exclusiveMinimum", "minLength", "minItems") and key in merged:
            merged[key] = max(merged[key], value)
        elif key in ("maximum", "exclusiveMaximum", "maxLength", "maxItems") and key in merged:
            merged[key] = min(merged[key], value)
        else:
            merged[key] = value
    return merged
