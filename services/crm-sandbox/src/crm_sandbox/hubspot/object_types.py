"""Which kinds of objects there are, and all the names a path may call one by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from crm_sandbox.hubspot.errors import HubSpotError

ENGAGEMENT = "engagement"


@dataclass(frozen=True, slots=True)
class ObjectType:
    """`shown` are the properties of a record when none are asked for, `keys` those it is found by beside its id."""

    id: str
    name: str
    plural: str
    label: str
    shown: tuple[str, ...]
    required: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    scope: str = "custom"
    kind: str = "object"
    defaults: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "ObjectType":
        given: dict[str, Any] = {"label": body["name"].upper()}
        for one in fields(cls):
            if one.name in body:
                value = body[one.name]
                given[one.name] = tuple(value) if isinstance(value, list) else value
        return cls(**given)


class ObjectTypes:
    """Found by plural, singular, `0-n` or fully qualified name, whatever the case."""

    def __init__(self) -> None:
        self._by_id: dict[str, ObjectType] = {}
        self._by_name: dict[str, ObjectType] = {}

    def __iter__(self) -> Iterator[ObjectType]:
        return iter(self._by_id.values())

    def add(self, one: ObjectType, *aliases: str) -> None:
        self._by_id[one.id] = one
        for name in (one.id, one.name, one.plural, *aliases):
            self._by_name[name.lower()] = one

    def clear(self) -> None:
        self._by_id.clear()
        self._by_name.clear()

    def find(self, name: str) -> ObjectType | None:
        return self._by_name.get(name.lower())

    def named(self, name: str) -> ObjectType:
        if found := self.find(name):
            return found
        raise HubSpotError(400, f"Unable to infer object type from: {name}", None)

    def of_id(self, type_id: str) -> ObjectType:
        return self._by_id[type_id]
