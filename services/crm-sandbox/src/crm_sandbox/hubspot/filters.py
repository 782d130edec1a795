"""A filter of a search as a test of records; values are compared as their property's type has it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.properties import Property
from crm_sandbox.hubspot.records import Record
from crm_sandbox.hubspot.stamps import moment_ms
from crm_sandbox.hubspot.values import as_text

Test = Callable[[Record], bool]
# Numbers and moments among themselves, or texts: what one property holds is of one kind.
Comparable = Any

_KNOWN = {"propertyName", "operator", "value", "values", "highValue"}
_LINKS = "associations."


def condition(portal: Portal, one: ObjectType, given: Any) -> Test:
    """The test a filter stands for; HubSpotError where it cannot be read."""
    if not isinstance(given, dict) or given.keys() - _KNOWN:
        raise HubSpotError(400, f"filters: only {', '.join(sorted(_KNOWN))} are known")
    name, operator = given.get("propertyName"), given.get("operator")
    if not isinstance(name, str) or not isinstance(operator, str) or operator not in _OPERATORS:
        raise HubSpotError(400, f"filters: a propertyName and one of {', '.join(_OPERATORS)} are needed")
    if name.startswith(_LINKS):
        return _linked(portal, one, name.removeprefix(_LINKS), operator, given)
    return _OPERATORS[operator](_property(portal, one, name), given)


def ordered_by(portal: Portal, one: ObjectType, name: Any) -> Callable[[Record], tuple[bool, Any]]:
    """Sorts by a property; records without it come last, or first when the order is turned round."""
    known = _property(portal, one, name)

    def place(record: Record) -> tuple[bool, Any]:
        value = _value(known, record)
        return (value is None, 0 if value is None else value)

    return place


def _property(portal: Portal, one: ObjectType, name: Any) -> Property:
    found = portal.properties.find(one, str(name))
    if found is None:
        detail = {"message": f"Property '{name}' does not exist", "context": {"propertyName": [str(name)]}}
        raise HubSpotError(400, "There was a problem with the request.", errors=[detail])
    return found


def _comparable(known: Property, text: str) -> Comparable:
    """ValueError where the text is no value of the property's type."""
    if known.type == "number":
        return float(text)
    if known.type in ("date", "datetime"):
        return moment_ms(text)
    return text.casefold()


def _value(known: Property, record: Record) -> Comparable | None:
    text = record.values.get(known.name)
    return _comparable(known, text) if text else None


def _wanted(known: Property, raw: Any) -> Comparable:
    text = "" if isinstance(raw, list | dict) else as_text(raw)
    if not text:
        raise HubSpotError(400, f"filters: {known.name} needs a value")
    try:
        return _comparable(known, text)
    except (ValueError, OverflowError) as error:
        raise HubSpotError(400, f"filters: {text} is no value of the {known.type} {known.name}") from error


def _compares(holds: Callable[[Any, Any], bool]) -> Callable[[Property, Mapping[str, Any]], Test]:
    def build(known: Property, given: Mapping[str, Any]) -> Test:
        _only(given, "value")
        wanted = _wanted(known, given.get("value"))

        def test(record: Record) -> bool:
            value = _value(known, record)
            return value is not None and holds(value, wanted)

        return test

    return build


def _differs(known: Property, given: Mapping[str, Any]) -> Test:
    _only(given, "value")
    wanted = _wanted(known, given.get("value"))
    return lambda record: _value(known, record) != wanted


def _between(known: Property, given: Mapping[str, Any]) -> Test:
    _only(given, "value", "highValue")
    low, high = _wanted(known, given.get("value")), _wanted(known, given.get("highValue"))

    def test(record: Record) -> bool:
        value = _value(known, record)
        return value is not None and low <= value <= high

    return test


def _among(known: Property, given: Mapping[str, Any]) -> Test:
    wanted = _several(known, given)
    return lambda record: _value(known, record) in wanted


def _not_among(known: Property, given: Mapping[str, Any]) -> Test:
    wanted = _several(known, given)
    return lambda record: (value := _value(known, record)) is not None and value not in wanted


def _several(known: Property, given: Mapping[str, Any]) -> frozenset[Comparable]:
    _only(given, "values")
    values = given.get("values")
    if not isinstance(values, list) or not values:
        raise HubSpotError(400, f"filters: {known.name} needs a list of values")
    return frozenset(_wanted(known, value) for value in values)


def _has(known: Property, given: Mapping[str, Any]) -> Test:
    _only(given)
    return lambda record: bool(record.values.get(known.name))


def _has_not(known: Property, given: Mapping[str, Any]) -> Test:
    _only(given)
    return lambda record: not record.values.get(known.name)


def _contains(known: Property, given: Mapping[str, Any]) -> Test:
    """A word of the value, where `*` stands for any letters."""
    _only(given, "value")
    word = as_text(given.get("value")).strip().casefold()
    if not word:
        raise HubSpotError(400, f"filters: {known.name} needs a value")
    pattern = re.compile(".*".join(re.escape(part) for part in word.split("*")) + r"\Z", re.DOTALL)

    def test(record: Record) -> bool:
        text = record.values.get(known.name, "").casefold()
        return any(pattern.match(token) for token in (text, *re.split(r"[^\w]+", text), *text.split()))

    return test


def _contains_not(known: Property, given: Mapping[str, Any]) -> Test:
    contains = _contains(known, given)
    return lambda record: not contains(record)


def _only(given: Mapping[str, Any], *names: str) -> None:
    """What an operator does not look at must not be there: it would be ignored."""
    if unread := [
        name for name in ("value", "values", "highValue") if given.get(name) is not None and name not in names
    ]:
        raise HubSpotError(400, f"filters: {given['operator']} takes no {', '.join(unread)}")


def _linked(portal: Portal, one: ObjectType, name: str, operator: str, given: Mapping[str, Any]) -> Test:
    """Records associated with another, by its id."""
    target = portal.types.named(name)
    ids = given.get("values") if operator == "IN" else [given.get("value")] if operator == "EQ" else None
    texts = [as_text(each) for each in ids] if isinstance(ids, list) and ids else []
    if not texts or not all(text.isdecimal() for text in texts):
        raise HubSpotError(400, "filters: associations are found by EQ or IN and ids")
    found = portal.associations.linked_ids(one, target, [int(text) for text in texts])
    return lambda record: record.id in found


_OPERATORS: Mapping[str, Callable[[Property, Mapping[str, Any]], Test]] = {
    "EQ": _compares(lambda value, wanted: value == wanted),
    "NEQ": _differs,
    "LT": _compares(lambda value, wanted: value < wanted),
    "LTE": _compares(lambda value, wanted: value <= wanted),
    "GT": _compares(lambda value, wanted: value > wanted),
    "GTE": _compares(lambda value, wanted: value >= wanted),
    "BETWEEN": _between,
    "IN": _among,
    "NOT_IN": _not_among,
    "HAS_PROPERTY": _has,
    "NOT_HAS_PROPERTY": _has_not,
    "CONTAINS_TOKEN": _contains,
    "NOT_CONTAINS_TOKEN": _contains_not,
}
