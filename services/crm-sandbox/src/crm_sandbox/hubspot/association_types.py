"""The kinds of links between objects: the vendor's own, and labels that a portal adds."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import orjson

from crm_sandbox.hubspot.errors import HubSpotError, not_found, required_fields
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.store import Store

OURS, THEIRS = "USER_DEFINED", "HUBSPOT_DEFINED"
FIRST_OWN_ID = 1001
PRIMARY = "Primary"


@dataclass(frozen=True, slots=True)
class Kind:
    """One direction of a link; `inverse` is the type id of the other."""

    source: str
    target: str
    id: int
    inverse: int
    name: str
    label: str | None
    category: str = THEIRS

    @property
    def primary(self) -> bool:
        return self.label == PRIMARY and self.target == "0-2" and self.category == THEIRS

    @property
    def default(self) -> bool:
        return self.label is None

    def spec(self) -> dict[str, Any]:
        return {"associationCategory": self.category, "associationTypeId": self.id}

    def told(self) -> dict[str, Any]:
        return {"category": self.category, "typeId": self.id, "label": self.label}


class AssociationTypes:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], list[Kind]] = {}

    def create_tables(self) -> None:
        columns = "source TEXT, target TEXT, id INTEGER, inverse INTEGER, name TEXT, label TEXT"
        self._store.writer.execute(
            f"CREATE TABLE IF NOT EXISTS hs_labels ({columns}, PRIMARY KEY (source, target, id))"
        )

    def load(self) -> None:
        """The shipped kinds, and the labels kept in the store."""
        self._known.clear()
        for source, target, one, other, name, label in orjson.loads(_SHIPPED.read_bytes()):
            self._add(Kind(source, target, one, other, name, label))
            if (source, target, one) != (target, source, other):
                back = "_to_".join(reversed(name.removesuffix("_unlabeled").split("_to_")))
                end = "_unlabeled" if name.endswith("_unlabeled") else ""
                self._add(Kind(target, source, other, one, back + end, label))
        for row in self._store.writer.execute("SELECT source, target, id, inverse, name, label FROM hs_labels"):
            source, target, one, other, name, label = row
            self._add(Kind(source, target, one, other, name, label, OURS))

    def between(self, source: ObjectType, target: ObjectType) -> list[Kind]:
        """All kinds of a direction; two custom objects, or a custom one and another, are linked on first use."""
        there = self._known.get((source.id, target.id))
        if there is None and (source.id.startswith("2-") or target.id.startswith("2-")):
            self._create(source, target, f"{source.name}_to_{target.name}", (None, None))
            there = self._known[source.id, target.id]
        return there or []

    def default(self, source: ObjectType, target: ObjectType) -> Kind:
        for kind in self.between(source, target):
            if kind.default:
                return kind
        raise HubSpotError(400, f"No association type exists between {source.id} and {target.id}")

    def find(self, source: ObjectType, target: ObjectType, category: Any, type_id: Any) -> Kind:
        """The kind a client names; the wording of the refusal is assumed."""
        for kind in self.between(source, target):
            if kind.category == category and str(kind.id) == str(type_id):
                return kind
        message = f"{category} association type {type_id} does not exist between {source.id} and {target.id}"
        raise HubSpotError(400, message, sub_category="crm.associations.INVALID_ASSOCIATION_TYPE")

    def named(self, source: ObjectType, target: ObjectType, name: str) -> Kind:
        """By the name of the older API, or by its number."""
        for kind in self.between(source, target):
            if name.lower() in (kind.name, str(kind.id)):
                return kind
        raise HubSpotError(400, f"{name} is not a valid association type between {source.id} and {target.id}")

    def reached_by(self, source: ObjectType, category: Any, type_id: Any) -> Kind | None:
        """The kind that leads from an object type under this number, whatever it leads to."""
        for (start, _), kinds in self._known.items():
            for kind in kinds:
                if start == source.id and kind.category == category and str(kind.id) == str(type_id):
                    return kind
        return None

    def add_label(self, source: ObjectType, target: ObjectType, given: Any) -> list[Kind]:
        """A label of the portal's own, in both directions when it has a word for each."""
        if not isinstance(given, dict) or not given.get("name") or not given.get("label"):
            raise required_fields("name", "label")
        taken = [kind for kind in self.between(source, target) if kind.name == given["name"]]
        if taken:
            raise HubSpotError(409, f"An association label named {given['name']} already exists", "CONFLICT")
        self._create(source, target, str(given["name"]), (given["label"], given.get("inverseLabel") or given["label"]))
        directions = [(source, target), (target, source)] if given.get("inverseLabel") else [(source, target)]
        return [kind for one in directions for kind in self.between(*one) if kind.name == given["name"]]

    def own(self, source: ObjectType, target: ObjectType, type_id: Any) -> Kind:
        for kind in self.between(source, target):
            if kind.category == OURS and str(kind.id) == str(type_id):
                return kind
        raise not_found(f"Association label {type_id} does not exist")

    def rename(self, kind: Kind, label: str) -> None:
        self._change("UPDATE hs_labels SET label = ? WHERE source = ? AND target = ? AND id = ?", label, kind)

    def remove(self, kind: Kind) -> None:
        for source, target, one in ((kind.source, kind.target, kind.id), (kind.target, kind.source, kind.inverse)):
            sql = "DELETE FROM hs_labels WHERE source = ? AND target = ? AND id = ?"
            self._store.writer.execute(sql, (source, target, one))
        self.load()

    def _change(self, sql: str, value: str, kind: Kind) -> None:
        self._store.writer.execute(sql, (value, kind.source, kind.target, kind.id))
        self.load()

    def _create(self, source: ObjectType, target: ObjectType, name: str, labels: tuple[str | None, str | None]) -> None:
        (last,) = self._store.writer.execute("SELECT max(id) FROM hs_labels").fetchone()
        one = FIRST_OWN_ID if last is None else last + 1
        other = one if source.id == target.id else one + 1
        pair = [Kind(source.id, target.id, one, other, name, labels[0], OURS)]
        if other != one:
            pair.append(Kind(target.id, source.id, other, one, name, labels[1], OURS))
        for kind in pair:
            row = (kind.source, kind.target, kind.id, kind.inverse, kind.name, kind.label)
            self._store.writer.execute("INSERT INTO hs_labels VALUES (?, ?, ?, ?, ?, ?)", row)
            self._add(kind)

    def _add(self, kind: Kind) -> None:
        self._known.setdefault((kind.source, kind.target), []).append(kind)

    def __iter__(self) -> Iterator[Kind]:
        return (kind for kinds in self._known.values() for kind in kinds)


_SHIPPED = files(__package__).joinpath("association_types.json")
