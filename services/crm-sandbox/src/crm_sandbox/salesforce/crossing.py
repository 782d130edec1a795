"""Rules over several fields of one record: picklists that depend on another field, and an org's own rules."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.errors import RecordError

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left is not None and left < right,
    "<=": lambda left, right: left is not None and left <= right,
    ">": lambda left, right: left is not None and left > right,
    ">=": lambda left, right: left is not None and left >= right,
    "blank": lambda left, right: (left is None) is right,
}
OPERATORS = tuple(_COMPARED)


@dataclass(frozen=True, slots=True)
class Dependent:
    """For each value of a picklist, the values of the other field under which it may be chosen."""

    name: str
    label: str
    controller: str
    allowed: Mapping[str, frozenset[Scalar]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A record for which all of `when` is true is refused; each is a field, an operator and a value."""

    when: tuple[tuple[str, str, Any], ...]
    message: str
    field: str | None


@dataclass(frozen=True)
class Crossing:
    dependents: tuple[Dependent, ...]
    rules: tuple[Rule, ...]

    @cached_property
    def names(self) -> Sequence[str]:
        """All fields that the rules look at."""
        names = [name for one in self.dependents for name in (one.name, one.controller)]
        return list(dict.fromkeys([*names, *(name for rule in self.rules for name, _, _ in rule.when)]))


def crossing_of(describe: Mapping[str, Any]) -> Crossing | None:
    """What a definition says of such rules; None where it says nothing."""
    fields = {body["name"]: body for body in describe["fields"]}
    dependents = tuple(
        _dependent(body, fields[body["controllerName"]])
        for body in fields.values()
        if body.get("dependentPicklist") and body.get("controllerName") in fields
    )
    rules = tuple(
        Rule(tuple((name, operator, value) for name, operator, value in one["when"]), one["message"], one.get("field"))
        for one in describe.get("validationRules") or ()
    )
    return Crossing(dependents, rules) if dependents or rules else None


class Crossed(Protocol):
    """An object as far as these rules need it."""

    @property
    def crossing(self) -> Crossing | None: ...


def check_crossing(one: Crossed, values: Mapping[str, Scalar], *, dependent: bool) -> None:
    """Refuse a record whose values do not go together; `dependent` says whether picklists count."""
    crossing = one.crossing
    if crossing is None:
        return
    for picklist in crossing.dependents if dependent else ():
        for value in str(values.get(picklist.name) or "").split(";"):
            allowed = picklist.allowed.get(value)
            if allowed is not None and values.get(picklist.controller) not in allowed:
                message = f"{picklist.label}: bad value for restricted picklist field: {value}"
                raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [picklist.name])
    for rule in crossing.rules:
        if all(_COMPARED[operator](values.get(name), value) for name, operator, value in rule.when):
            raise RecordError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, [rule.field] if rule.field else [])


def bitmap(places: Sequence[int]) -> str:
    """validFor of a describe: bit n, counted from the highest of the first byte, is the controlling value n."""
    bits = bytearray(max(places, default=0) // 8 + 1)
    for place in places:
        bits[place // 8] |= 0x80 >> place % 8
    return base64.b64encode(bytes(bits)).decode()


def places_in(valid_for: str) -> list[int]:
    """The controlling values that a bitmap names."""
    bits = base64.b64decode(valid_for)
    return [place for place in range(len(bits) * 8) if bits[place // 8] & 0x80 >> place % 8]


def controlling_values(controller: Mapping[str, Any]) -> list[Scalar]:
    """What the places of a bitmap stand for: false and true, or the values of a picklist in their order."""
    if controller["type"] == "boolean":
        return [0, 1]
    return [choice["value"] for choice in controller["picklistValues"]]


def _dependent(body: Mapping[str, Any], controller: Mapping[str, Any]) -> Dependent:
    values = controlling_values(controller)
    allowed = {
        choice["value"]: frozenset(values[place] for place in places_in(choice["validFor"]) if place < len(values))
        for choice in body["picklistValues"]
        if choice["validFor"]
    }
    return Dependent(body["name"], body["label"], controller["name"], allowed if body["restrictedPicklist"] else {})
