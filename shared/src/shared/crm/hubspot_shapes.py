"""The parts of HubSpot's JSON that the product reads. Every key may be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict


class PropertyOption(TypedDict, total=False):
    """One choice of an enumeration."""

    label: str
    value: str
    hidden: bool
    displayOrder: int
    description: str


class ModificationMetadata(TypedDict, total=False):
    """What may be changed about a property."""

    readOnlyValue: bool


class PropertyDefinition(TypedDict, total=False):
    """One property of an object (CRM properties API)."""

    name: str
    label: str
    description: str
    groupName: str
    type: str
    fieldType: str
    options: list[PropertyOption]
    hasUniqueValue: bool
    calculated: bool
    externalOptions: bool
    archived: bool
    modificationMetadata: ModificationMetadata


class CrmObject(TypedDict, total=False):
    """One record as batch and list answers show it."""

    id: str
    properties: dict[str, str | None]
    new: bool
    archived: bool
    objectWriteTraceId: str


class BatchError(TypedDict, total=False):
    """What a 207 says about some records: by trace id, by id, or not at all."""

    status: str
    category: str
    subCategory: str
    message: str
    context: dict[str, list[str]]
    errors: list[dict[str, Any]]


@dataclass(frozen=True)
class BatchAnswer:
    """A batch call's results and errors, in no particular order."""

    results: Sequence[CrmObject] = ()
    errors: Sequence[BatchError] = field(default_factory=tuple)


def is_read_only(definition: PropertyDefinition) -> bool:
    """Whether the portal computes the value itself."""
    return bool(definition.get("calculated") or definition.get("modificationMetadata", {}).get("readOnlyValue"))


def code_of(error: Mapping[str, Any]) -> str | None:
    """The most telling code of an error: of its first detail, else its category."""
    details = error.get("errors")
    first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    found = first.get("code") or error.get("subCategory") or error.get("category") or error.get("status")
    return str(found) if found and found != "error" else None


def properties_of(error: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the properties that an error is about."""
    details = [detail for detail in error.get("errors") or [] if isinstance(detail, dict)]
    named = (name for one in (error, *details) for name in context_of(one, "propertyName", "properties"))
    return tuple(dict.fromkeys(named))


def context_of(error: Mapping[str, Any], *keys: str) -> Iterable[str]:
    """Values of an error's context, which is a list of texts by key – or a text, where an API forgot the list."""
    context = error.get("context")
    if not isinstance(context, Mapping):
        return ()
    found: list[str] = []
    for key in keys:
        value = context.get(key)
        found += [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []
    return found
