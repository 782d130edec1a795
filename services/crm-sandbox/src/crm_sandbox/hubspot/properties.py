"""The portal's properties and their groups: known in memory, kept in the store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from crm_sandbox.hubspot.definitions import Body
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.store import Store


@dataclass(frozen=True, eq=False)
class Property:
    """A property as the rules of values need it; `key` tells that records are found by it."""

    body: Body = field(repr=False)
    name: str
    type: str
    field_type: str
    read_only: bool
    external_options: bool
    key: bool
    options: Mapping[str, str]
    archived: bool

    @classmethod
    def of(cls, body: Body, *, key: bool = False) -> "Property":
        metadata = body["modificationMetadata"]
        return cls(
            body=body,
            name=body["name"],
            type=body["type"],
            field_type=body["fieldType"],
            read_only=bool(metadata["readOnlyValue"] or body["calculated"]),
            external_options=body["externalOptions"],
            key=key or body["hasUniqueValue"],
            options={one["value"]: one["label"] for one in body["options"]},
            archived=body["archived"],
        )


class Properties:
    """By object type and name; an archived property stays under its name until it is purged."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, dict[str, Property]] = {}
        self._living: dict[str, dict[str, Property]] = {}
        self._keys: dict[str, tuple[Property, ...]] = {}
        self._groups: dict[str, dict[str, Body]] = {}

    def create_tables(self) -> None:
        for table in ("hs_properties", "hs_groups"):
            columns = "type TEXT, name TEXT, body BLOB NOT NULL, PRIMARY KEY (type, name)"
            self._store.writer.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")

    def load(self, one: ObjectType) -> None:
        """Know again what the store kept of an object type."""
        self._known[one.id] = {}
        for body in self._kept("hs_properties", one):
            self._known[one.id][body["name"]] = Property.of(body, key=body["name"] in one.keys)
        self._groups[one.id] = {body["name"]: body for body in self._kept("hs_groups", one)}
        self._look_up_again(one)

    def fill(self, one: ObjectType, groups: Iterable[Body], properties: Iterable[Body]) -> None:
        self._known[one.id] = {body["name"]: Property.of(body, key=body["name"] in one.keys) for body in properties}
        self._groups[one.id] = {body["name"]: body for body in groups}
        self._look_up_again(one)
        for body in self._groups[one.id].values():
            self._keep("hs_groups", one, body)
        for known in self._known[one.id].values():
            self._keep("hs_properties", one, known.body)

    def of(self, one: ObjectType) -> Mapping[str, Property]:
        """The living properties of an object type."""
        return self._living[one.id]

    def keys(self, one: ObjectType) -> Sequence[Property]:
        """Those whose values no two records share."""
        return self._keys[one.id]

    def listed(self, one: ObjectType, *, archived: bool = False) -> list[Body]:
        return [known.body for known in self._known[one.id].values() if known.archived is archived]

    def find(self, one: ObjectType, name: str, *, archived: bool = False) -> Property | None:
        known = self._known[one.id].get(name)
        return known if known and known.archived is archived else None

    def named(self, one: ObjectType, name: str, *, archived: bool = False) -> Property:
        if found := self.find(one, name, archived=archived):
            return found
        raise not_found(f'Property "{name}" does not exist')

    def put(self, one: ObjectType, body: Body) -> Property:
        """Keep a property, new or changed."""
        made = Property.of(body, key=body["name"] in one.keys)
        self._known[one.id][made.name] = made
        self._look_up_again(one)
        self._keep("hs_properties", one, body)
        return made

    def groups(self, one: ObjectType) -> Mapping[str, Body]:
        return self._groups[one.id]

    def group(self, one: ObjectType, name: str) -> Body:
        body = self._groups[one.id].get(name)
        if body is None or body["archived"]:
            raise not_found(f'Property group "{name}" does not exist')
        return body

    def put_group(self, one: ObjectType, body: Body) -> Body:
        self._groups[one.id][body["name"]] = body
        self._keep("hs_groups", one, body)
        return body

    def by_key(self, one: ObjectType, name: str) -> Property:
        """The property a batch finds its records by; the wording is observed in a public issue of real calls."""
        found = self.find(one, name)
        if found is None:
            raise HubSpotError(400, f'Property "{name}" does not exist', context={"propertyName": [name]})
        if not found.key and name != "hs_object_id":
            raise HubSpotError(400, f"Unable to perform update/upsert by non-unique {one.id} property: {name}")
        return found

    def _look_up_again(self, one: ObjectType) -> None:
        living = {name: known for name, known in self._known[one.id].items() if not known.archived}
        self._living[one.id] = living
        self._keys[one.id] = tuple(known for known in living.values() if known.key)

    def _kept(self, table: str, one: ObjectType) -> list[Any]:
        sql = f"SELECT body FROM {table} WHERE type = ? ORDER BY rowid"
        return [orjson.loads(body) for (body,) in self._store.writer.execute(sql, (one.id,))]

    def _keep(self, table: str, one: ObjectType, body: Body) -> None:
        sql = f"INSERT INTO {table} VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"
        self._store.writer.execute(sql, (one.id, body["name"], orjson.dumps(body)))
