"""Rules of the portal's own for what records must hold; since version 2026-09 they bind the API, too.

The vendor's changelog shows a property that becomes required by another's value, and those that the form for new
records requires. Rules for the form of a value are the contract's (crm-contracts 3.1). The codes are assumed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

from crm_sandbox.hubspot.errors import PropertyError
from crm_sandbox.hubspot.object_types import ObjectType

BINDING = ("2026-09",)
"""Versions of the API that the rules bind."""

_KNOWN = {"object", "property", "when", "pattern"}
_binds: ContextVar[bool] = ContextVar("hubspot_rules_bind", default=False)


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """Without a pattern the property is required: of new records, or while other properties have the values of `when`.

    With one, a value that is set must match all of it.
    """

    object: str
    property: str
    when: Mapping[str, str]
    pattern: str | None = None

    def objection(self, values: Mapping[str, str], changes: Mapping[str, str] | None) -> PropertyError | None:
        """Against a record that will hold `values`; `changes` are None for a new one."""
        value = values.get(self.property)
        if not all(values.get(name) == wanted for name, wanted in self.when.items()):
            return None
        if self.pattern is not None:
            touched = changes is None or self.property in changes
            if not value or not touched or re.fullmatch(self.pattern, value):
                return None
            return PropertyError(self.property, "INVALID_FORMAT", f"{self.property} breaks a validation rule")
        if value or not (self.when or changes is None):
            return None
        return PropertyError(self.property, "REQUIRED_FIELD", f"{self.property} is required by a validation rule")


@contextmanager
def binding(version: str | None) -> Iterator[None]:
    """For a call to this version of the API."""
    token = _binds.set(version in BINDING)
    try:
        yield
    finally:
        _binds.reset(token)


def objections(
    rules: Sequence[ValidationRule], one: ObjectType, values: Mapping[str, str], changes: Mapping[str, str] | None
) -> list[PropertyError]:
    """What the rules of an object have against a record, if they bind the call."""
    mine = [rule for rule in rules if rule.object == one.plural] if _binds.get() else []
    return [told for rule in mine if (told := rule.objection(values, changes)) is not None]


def rules_of(given: Any) -> tuple[ValidationRule, ...]:
    """The rules that an administrator gives; ValueError says what is wrong."""
    if not isinstance(given, list | tuple):
        raise ValueError("validation_rules: a list of rules")
    return tuple(_rule(one) for one in given)


def kept(rules: Sequence[ValidationRule]) -> list[dict[str, Any]]:
    """The rules as they are stored."""
    return [asdict(rule) for rule in rules]


def _rule(given: Any) -> ValidationRule:
    if not isinstance(given, dict) or given.keys() - _KNOWN:
        raise ValueError(f"validation_rules: only {', '.join(sorted(_KNOWN))} are known")
    when, pattern = given.get("when") or {}, given.get("pattern")
    names = [given.get("object"), given.get("property")]
    if not all(isinstance(one, str) and one for one in names):
        raise ValueError("validation_rules: an object, by its plural, and a property are needed")
    if not isinstance(when, dict) or not all(isinstance(one, str) for one in when.values()):
        raise ValueError("validation_rules: when: an object of properties and their values")
    try:
        re.compile(pattern or "")
    except (re.error, TypeError) as error:
        raise ValueError(f"validation_rules: pattern: {error}") from error
    return ValidationRule(str(names[0]), str(names[1]), when, pattern)
