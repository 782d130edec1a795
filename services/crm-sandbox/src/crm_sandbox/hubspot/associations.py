"""Links between records, kept in both directions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crm_sandbox.foreign import Json
from crm_sandbox.hubspot.association_types import AssociationTypes, Kind
from crm_sandbox.hubspot.errors import HubSpotError, bad_json, required_fields
from crm_sandbox.hubspot.object_types import ObjectType, ObjectTypes
from crm_sandbox.hubspot.portal_settings import KeptSettings
from crm_sandbox.hubspot.records import Record, Records
from crm_sandbox.store import Store

MOST_OF_A_RECORD = 50_000
"""Records of one type that a record may be linked with (vendor limit of a Professional portal)."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A record at the other end, and the kinds of the links that lead there."""

    id: int
    kinds: tuple[Kind, ...]


Wish = tuple[Kind, int]

ROLLUPS = {
    ("0-2", "0-1"): "num_associated_contacts",
    ("0-2", "0-3"): "num_associated_deals",
    ("0-1", "0-3"): "num_associated_deals",
    ("0-3", "0-1"): "num_associated_contacts",
}
"""Properties that count the records at the other end, by both ends' types."""


class Associations:
    def __init__(
        self, store: Store, types: AssociationTypes, objects: ObjectTypes, records: Records, settings: KeptSettings
    ) -> None:
        self._db = store.writer
        self.types = types
        self._objects = objects
        self._records = records
        self._settings = settings

    def create_tables(self) -> None:
        columns = "source TEXT, source_id INTEGER, target TEXT, target_id INTEGER, kind INTEGER"
        key = "PRIMARY KEY (source_id, target, target_id, kind)"
        self._db.execute(f"CREATE TABLE IF NOT EXISTS hs_associations ({columns}, {key}) WITHOUT ROWID")

    def wanted(self, one: ObjectType, links: Json) -> Sequence[Wish]:
        """What a new record is to be linked with; refused as a whole, in wording that is assumed."""
        if links is None:
            return ()
        if not isinstance(links, list):
            raise bad_json("Cannot deserialize value of type `java.util.ArrayList`: associations")
        return [wish for link in links for wish in self._wishes(one, link)]

    def link_new(self, one: ObjectType, record_id: int, wishes: Iterable[Wish]) -> None:
        for kind, target_id in wishes:
            self.link(kind, record_id, target_id)

    def end(self, one: ObjectType, text: str) -> Record:
        """The record a link names; an id that is none is told as in the fixture err-contact-to-contact."""
        found = self._records.find(one, text)
        if found is None:
            sub_category = "crm.associations.INVALID_IDENTIFIER"
            raise HubSpotError(400, f"{text} is not a valid ID", sub_category=sub_category, context={"id": [text]})
        return found

    def link(self, kind: Kind, source_id: int, target_id: int) -> None:
        """Link two records, which may be linked already; a primary company takes the place of another."""
        if source_id == target_id:
            raise HubSpotError(400, f"Object {source_id} cannot be associated to itself ({target_id})")
        self._check_room(kind, source_id, target_id)
        if other := self._seen_from_the_other_end(kind):
            kind, source_id, target_id = other, target_id, source_id
        source, target = self._objects.of_id(kind.source), self._objects.of_id(kind.target)
        default = self.types.default(source, target)
        self._put(default, source_id, target_id)
        if kind.id != default.id:
            self._make_primary(kind, source_id, target_id)
        elif self._settings.now.first_company_is_primary:
            self._promote_first(source, target, source_id, target_id)
        self._count(source, source_id, target)
        self._count(target, target_id, source)

    def between(self, source: ObjectType, source_id: int, target: ObjectType) -> list[Linked]:
        """The other ends by id."""
        sql = "SELECT target_id, kind FROM hs_associations WHERE source_id = ? AND target = ? ORDER BY target_id, kind"
        known = {kind.id: kind for kind in self.types.between(source, target)}
        ends: dict[int, list[Kind]] = {}
        for target_id, number in self._db.execute(sql, (source_id, target.id)):
            if number in known:
                ends.setdefault(target_id, []).append(known[number])
        return [Linked(target_id, tuple(kinds)) for target_id, kinds in ends.items()]

    def linked_ids(self, target: ObjectType, source: ObjectType, source_ids: Sequence[int]) -> frozenset[int]:
        """All records of a type that are linked with one of these."""
        marks = ", ".join("?" * len(source_ids))
        sql = f"SELECT target_id FROM hs_associations WHERE source = ? AND target = ? AND source_id IN ({marks})"
        return frozenset(row[0] for row in self._db.execute(sql, (source.id, target.id, *source_ids)))

    def unlink(self, source: ObjectType, source_id: int, target: ObjectType, target_id: int) -> None:
        for kind in self.types.between(source, target):
            self.take(kind, source_id, target_id)
        self._count(source, source_id, target)
        self._count(target, target_id, source)

    def take(self, kind: Kind, source_id: int, target_id: int) -> None:
        """Remove a link of one kind, in both directions; what is not there is no error."""
        sql = "DELETE FROM hs_associations WHERE source_id = ? AND target = ? AND target_id = ? AND kind = ?"
        self._db.execute(sql, (source_id, kind.target, target_id, kind.id))
        self._db.execute(sql, (target_id, kind.source, source_id, kind.inverse))

    def move(self, one: ObjectType, old: int, new: int) -> None:
        """Give one record's links to another, as a merge does."""
        rows = self._db.execute("SELECT target, target_id, kind FROM hs_associations WHERE source_id = ?", (old,))
        for target, target_id, number in rows.fetchall():
            kinds = [kind for kind in self.types if (kind.source, kind.target, kind.id) == (one.id, target, number)]
            if kinds and target_id != new and not kinds[0].primary:
                self._put(kinds[0], new, target_id)
                self._count(one, new, self._objects.of_id(target))
        self.forget(one, old)

    def forget(self, one: ObjectType, record_id: int) -> None:
        ends = "SELECT DISTINCT target, target_id FROM hs_associations WHERE source_id = ?"
        others = self._db.execute(ends, (record_id,)).fetchall()
        self._db.execute("DELETE FROM hs_associations WHERE source_id = ?", (record_id,))
        self._db.execute("DELETE FROM hs_associations WHERE target_id = ? AND target = ?", (record_id, one.id))
        for other, other_id in others:
            self._count(self._objects.of_id(other), other_id, one)

    def _wishes(self, one: ObjectType, link: Json) -> list[Wish]:
        to = link.get("to") if isinstance(link, dict) else None
        types = link.get("types") if isinstance(link, dict) else None
        if not isinstance(to, dict) or not isinstance(types, list) or not types:
            raise required_fields("to", "types")
        wishes = []
        for given in types:
            named = given if isinstance(given, dict) else {}
            category, number = named.get("associationCategory"), named.get("associationTypeId")
            kind = self.types.reached_by(one, category, number)
            if kind is None:
                message = f"{category} association type {number} does not exist for {one.id}"
                raise HubSpotError(400, message, sub_category="crm.associations.INVALID_ASSOCIATION_TYPE")
            wishes.append((kind, self.end(self._objects.of_id(kind.target), str(to.get("id"))).id))
        return wishes

    def _seen_from_the_other_end(self, kind: Kind) -> Kind | None:
        """Company to contact, when it says of the company that it is the primary one."""
        ends = self._objects.of_id(kind.target), self._objects.of_id(kind.source)
        return next((one for one in self.types.between(*ends) if one.primary and one.inverse == kind.id), None)

    def _make_primary(self, kind: Kind, source_id: int, target_id: int) -> None:
        if kind.primary:
            sql = "SELECT target_id FROM hs_associations WHERE source_id = ? AND target = ? AND kind = ?"
            for (other,) in self._db.execute(sql, (source_id, kind.target, kind.id)).fetchall():
                self.take(kind, source_id, other)
        self._put(kind, source_id, target_id)

    def _promote_first(self, source: ObjectType, target: ObjectType, source_id: int, target_id: int) -> None:
        """From either end: what counts is whether the contact, deal or ticket has a primary company."""
        for kind in (*self.types.between(source, target), *self.types.between(target, source)):
            start, goal = (source_id, target_id) if kind.source == source.id else (target_id, source_id)
            if kind.primary and not self._has(kind, start):
                self._put(kind, start, goal)
                return

    def _has(self, kind: Kind, source_id: int) -> bool:
        sql = "SELECT 1 FROM hs_associations WHERE source_id = ? AND target = ? AND kind = ? LIMIT 1"
        return self._db.execute(sql, (source_id, kind.target, kind.id)).fetchone() is not None

    def _count(self, one: ObjectType, record_id: int, other: ObjectType) -> None:
        """Keep the number of records at the other end, where a property tells it."""
        if (name := ROLLUPS.get((one.id, other.id))) is None:
            return
        sql = "SELECT count(DISTINCT target_id) FROM hs_associations WHERE source_id = ? AND target = ?"
        (number,) = self._db.execute(sql, (record_id, other.id)).fetchone()
        self._records.keep_calculated(one, record_id, name, str(number))

    def _check_room(self, kind: Kind, source_id: int, target_id: int) -> None:
        for start, goal in ((source_id, kind.target), (target_id, kind.source)):
            sql = "SELECT count(*) FROM hs_associations WHERE source_id = ? AND target = ?"
            (held,) = self._db.execute(sql, (start, goal)).fetchone()
            if held > MOST_OF_A_RECORD * 2:
                raise HubSpotError(400, f"Object {start} has reached its limit of {MOST_OF_A_RECORD} associations")

    def _put(self, kind: Kind, source_id: int, target_id: int) -> None:
        rows = [
            (kind.source, source_id, kind.target, target_id, kind.id),
            (kind.target, target_id, kind.source, source_id, kind.inverse),
        ]
        self._db.executemany("INSERT OR IGNORE INTO hs_associations VALUES (?, ?, ?, ?, ?)", rows)
