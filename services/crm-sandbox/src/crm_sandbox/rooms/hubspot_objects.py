"""Records: one by one, in batches, in lists, by search."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot.batches import folded
from crm_sandbox.hubspot.errors import HubSpotError, not_found, ordered, required_fields
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.records import Record
from crm_sandbox.hubspot.search import parse, run
from crm_sandbox.hubspot.shapes import Wanted, shown, shown_after_update
from crm_sandbox.rooms.hubspot_bodies import after_of, body_of, count_of
from crm_sandbox.rooms.hubspot_routes import versioned

MOST_LISTED = 100
MOST_LISTED_WITH_HISTORY = 50


class ObjectCalls:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> Iterator[Route]:
        for method, rest, respond, writes in (
            ("POST", "/{type}/batch/create", self._create_many, True),
            ("POST", "/{type}/batch/update", self._update_many, True),
            ("POST", "/{type}/batch/upsert", self._upsert_many, True),
            ("POST", "/{type}/batch/archive", self._archive_many, True),
            ("POST", "/{type}/batch/read", self._read_many, False),
            ("POST", "/{type}/merge", self._merge, True),
            ("POST", "/{type}/gdpr-delete", self._purge, True),
            ("POST", "/{type}", self._create, True),
            ("GET", "/{type}/{id}", self._read, False),
            ("PATCH", "/{type}/{id}", self._update, True),
            ("DELETE", "/{type}/{id}", self._archive, True),
        ):
            yield from versioned(method, "objects", rest, respond, writes=writes)
        yield from versioned("POST", "objects", "/{type}/search", self._search, reads_long=True)
        yield from versioned("GET", "objects", "/{type}", self._list, reads_long=True)

    def _create_many(self, call: Call) -> Answer:
        status, body = self._portal.batches.create(self._type(call), body_of(call), call.fails_first)
        return Answer.json(body, status)

    def _update_many(self, call: Call) -> Answer:
        status, body = self._portal.batches.update(self._type(call), body_of(call), call.fails_first)
        return Answer.json(body, status)

    def _upsert_many(self, call: Call) -> Answer:
        status, body = self._portal.batches.upsert(self._type(call), body_of(call), call.fails_first)
        return Answer.json(body, status)

    def _read_many(self, call: Call) -> Answer:
        archived = call.says("archived")
        status, body = self._portal.batches.read(self._type(call), body_of(call), archived=archived)
        return Answer.json(body, status)

    def _archive_many(self, call: Call) -> Answer:
        self._portal.batches.archive(self._type(call), body_of(call), call.fails_first)
        return Answer(204)

    def _create(self, call: Call) -> Answer:
        one, body = self._type(call), _record(call)
        with self._portal.store.transaction():
            record = self._portal.writes.create(one, body.get("properties"), body.get("associations"))
        return Answer.json(shown(record, None), 201)

    def _read(self, call: Call) -> Answer:
        one = self._type(call)
        record = self._addressed(one, call, archived=call.says("archived"))
        wanted = Wanted.of(one, call.named("properties"), call.named("propertiesWithHistory"))
        return Answer.json(self._linked(call, one, record, shown(record, wanted, self._portal.records)))

    def _update(self, call: Call) -> Answer:
        one, body = self._type(call), _record(call)
        record = self._addressed(one, call)
        with self._portal.store.transaction():
            changed = self._portal.writes.update(one, record, body.get("properties"))
        return Answer.json(shown_after_update(one, changed, body.get("properties")))

    def _archive(self, call: Call) -> Answer:
        """Gone already is gone: the vendor answers 204 as well."""
        if call.fails_first:
            raise ordered(call.fails_first)
        one = self._type(call)
        if record := self._portal.records.find(one, call.words["id"]):
            with self._portal.store.transaction():
                self._portal.writes.archive(one, record)
        return Answer(204)

    def _merge(self, call: Call) -> Answer:
        one, body = self._type(call), _record(call)
        missing = [name for name in ("primaryObjectId", "objectIdToMerge") if not body.get(name)]
        if missing:
            raise required_fields(*missing)
        ends = [self._portal.records.find(one, str(body[name])) for name in ("primaryObjectId", "objectIdToMerge")]
        primary, other = ends
        if primary is None or other is None:
            raise not_found()
        if primary.id == other.id:
            raise HubSpotError(400, f"Object {primary.id} cannot be merged with itself")
        with self._portal.store.transaction():
            merged = self._portal.writes.merge(one, primary, other)
        return Answer.json(shown(merged, None))

    def _purge(self, call: Call) -> Answer:
        one, body = self._type(call), _record(call)
        key, value = body.get("idProperty"), str(body.get("objectId") or "")
        record = self._found(one, key, value) or self._portal.records.find(one, value, archived=True)
        if record is None:
            raise not_found()
        with self._portal.store.transaction():
            self._portal.associations.forget(one, record.id)
            self._portal.records.purge(record)
        return Answer(204)

    def _list(self, call: Call) -> Answer:
        one = self._type(call)
        history = call.named("propertiesWithHistory")
        limit = count_of(call, "limit", 10, MOST_LISTED_WITH_HISTORY if history else MOST_LISTED)
        after, archived = after_of(call.query.get("after")), call.says("archived")
        found = self._portal.records.page(one, after, limit + 1, archived=archived)
        wanted = Wanted.of(one, call.named("properties"), history)
        results = [
            self._linked(call, one, record, shown(record, wanted, self._portal.records)) for record in found[:limit]
        ]
        body: dict[str, Any] = {"results": results}
        if len(found) > limit:
            place = str(found[limit - 1].id)
            body["paging"] = {"next": {"after": place, "link": _link(call, place)}}
        return Answer.json(body)

    def _search(self, call: Call) -> Answer:
        one = self._type(call)
        return Answer.json(run(self._portal, one, parse(self._portal, one, body_of(call))))

    def _linked(self, call: Call, one: ObjectType, record: Record, body: dict[str, Any]) -> dict[str, Any]:
        """With the ids of the records it is associated with, of the types asked for."""
        names = call.named("associations")
        if not names:
            return body
        told = {}
        for target in (self._portal.types.named(name) for name in names):
            ends = self._portal.associations.between(one, record.id, target)
            if ends:
                links = [{"id": str(end.id), "type": kind.name} for end in ends for kind in end.kinds]
                told[target.plural] = {"results": links}
        return {**body, "associations": told} if told else body

    def _addressed(self, one: ObjectType, call: Call, *, archived: bool = False) -> Record:
        found = self._found(one, call.query.get("idProperty"), call.words["id"], archived=archived)
        if found is None:
            raise not_found()
        return found

    def _found(self, one: ObjectType, key: Any, value: str, *, archived: bool = False) -> Record | None:
        if not key or key == "hs_object_id":
            return self._portal.records.find(one, value, archived=archived)
        self._portal.properties.by_key(one, str(key))
        return self._portal.records.find_by(one, str(key), folded(str(key), value))

    def _type(self, call: Call) -> ObjectType:
        return self._portal.types.named(call.words["type"])


def _record(call: Call) -> dict[str, Any]:
    body = body_of(call)
    if not isinstance(body, dict):
        raise required_fields("properties")
    if call.fails_first:
        properties: Sequence[str] = list(body.get("properties") or ())
        raise ordered(call.fails_first, properties)
    return body


def _link(call: Call, after: str) -> str:
    """The next page on the host the client itself used: some clients follow it as it stands."""
    words = [(name, text) for name, text in call.pairs if name != "after"]
    return f"{call.base_url}{call.path}?{urlencode([*words, ('after', after)])}"
