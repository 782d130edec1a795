"""Associations: v4 and the dated versions with kinds and labels, v3 with names."""

from collections.abc import Iterator
from typing import Any

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot.association_types import Kind
from crm_sandbox.hubspot.associations import Linked
from crm_sandbox.hubspot.batches import inputs_of
from crm_sandbox.hubspot.errors import HubSpotError, bad_json, not_found, ordered, required_fields
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.records import Record
from crm_sandbox.rooms.hubspot_associations_v3 import OlderAssociationCalls
from crm_sandbox.rooms.hubspot_batches import each, now_of, told
from crm_sandbox.rooms.hubspot_bodies import after_of, body_of, count_of, end_id
from crm_sandbox.rooms.hubspot_routes import versioned

MOST_CREATED = 2000
MOST_READ = 1000
MOST_LISTED = 500
"""Inputs of a batch, and links of a page (vendor limits of v4)."""


class AssociationCalls:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._links = portal.associations

    def routes(self) -> Iterator[Route]:
        yield from OlderAssociationCalls(self._portal).routes()
        for method, rest, respond, writes in (
            ("POST", "/{type}/{target}/batch/create", self._create_many, True),
            ("POST", "/{type}/{target}/batch/associate/default", self._default_many, True),
            ("POST", "/{type}/{target}/batch/read", self._read_many, False),
            ("POST", "/{type}/{target}/batch/archive", self._archive_many, True),
            ("POST", "/{type}/{target}/batch/labels/archive", self._archive_labels, True),
            ("GET", "/{type}/{target}/labels", self._labels, False),
            ("POST", "/{type}/{target}/labels", self._create_label, True),
            ("PUT", "/{type}/{target}/labels", self._rename_label, True),
            ("DELETE", "/{type}/{target}/labels/{value}", self._remove_label, True),
        ):
            yield from versioned(method, "associations", rest, respond, writes=writes)
        for method, rest, respond, writes in (
            ("PUT", "/{type}/{id}/associations/default/{target}/{value}", self._default, True),
            ("GET", "/{type}/{id}/associations/{target}", self._list, False),
            ("PUT", "/{type}/{id}/associations/{target}/{value}", self._create, True),
            ("DELETE", "/{type}/{id}/associations/{target}/{value}", self._archive, True),
        ):
            yield from versioned(method, "objects", rest, respond, writes=writes)

    def _create_many(self, call: Call) -> Answer:
        def link(given: dict[str, Any]) -> dict[str, Any]:
            source, target = self._ends(call, given)
            return self._labelled(call, source, target, given.get("types"))

        return each(
            self._portal,
            inputs_of(body_of(call), "from", "to", "types", most=MOST_CREATED),
            link,
            201,
            call.fails_first,
        )

    def _default_many(self, call: Call) -> Answer:
        def link(given: dict[str, Any]) -> dict[str, Any]:
            source, target = self._ends(call, given)
            return self._defaulted(call, source, target)

        return each(
            self._portal, inputs_of(body_of(call), "from", "to", most=MOST_CREATED), link, 200, call.fails_first
        )

    def _create(self, call: Call) -> Answer:
        source, target, kinds = *self._addressed(call), body_of(call)
        self._fail_first(call)
        with self._portal.store.transaction():
            return Answer.json(self._labelled(call, source, target, kinds), 201)

    def _default(self, call: Call) -> Answer:
        source, target = self._addressed(call)
        self._fail_first(call)
        started = now_of(self._portal)
        with self._portal.store.transaction():
            results = [self._defaulted(call, source, target)]
        return told(self._portal, started, results, [])

    def _read_many(self, call: Call) -> Answer:
        """Records without links are told as errors that are none (fixture contacts-to-companies)."""
        one, other = self._types(call)
        started, results, errors = now_of(self._portal), [], []
        for given in inputs_of(body_of(call), "id", most=MOST_READ):
            found = self._portal.records.find(one, str(given["id"]))
            if found is None:
                errors.append(self._invalid(str(given["id"])))
            elif ends := self._links.between(one, found.id, other):
                results.append(_page({"from": {"id": str(found.id)}}, "to", ends, after_of(given.get("after"))))
            else:
                errors.append(_childless(one, found, other))
        return told(self._portal, started, results, errors)

    def _list(self, call: Call) -> Answer:
        one, other = self._types(call)
        found = self._portal.records.find(one, call.words["id"])
        if found is None:
            raise not_found()
        limit, after = count_of(call, "limit", MOST_LISTED, MOST_LISTED), after_of(call.query.get("after"))
        return Answer.json(_page({}, "results", self._links.between(one, found.id, other), after, limit))

    def _archive(self, call: Call) -> Answer:
        self._fail_first(call)
        one, other = self._types(call)
        source, target = call.words["id"], call.words["value"]
        if source.isdecimal() and target.isdecimal():
            self._links.unlink(one, int(source), other, int(target))
        return Answer(204)

    def _archive_many(self, call: Call) -> Answer:
        self._fail_first(call)
        one, other = self._types(call)
        for given in inputs_of(body_of(call), "from", "to", most=MOST_CREATED):
            ends = given["to"] if isinstance(given["to"], list) else [given["to"]]
            for end in ends:
                self._links.unlink(one, _number(given["from"]), other, _number(end))
        return Answer(204)

    def _archive_labels(self, call: Call) -> Answer:
        self._fail_first(call)
        for given in inputs_of(body_of(call), "from", "to", "types", most=MOST_CREATED):
            for kind in self._kinds(call, given["types"]):
                self._links.take(kind, _number(given["from"]), _number(given["to"]))
        return Answer(204)

    def _labels(self, call: Call) -> Answer:
        return Answer.json({"results": [kind.told() for kind in self._links.types.between(*self._types(call))]})

    def _create_label(self, call: Call) -> Answer:
        kinds = self._links.types.add_label(*self._types(call), body_of(call))
        return Answer.json({"results": [kind.told() for kind in kinds]})

    def _rename_label(self, call: Call) -> Answer:
        body = body_of(call)
        if not isinstance(body, dict) or not body.get("associationTypeId") or not body.get("label"):
            raise required_fields("associationTypeId", "label")
        kind = self._links.types.own(*self._types(call), body["associationTypeId"])
        self._links.types.rename(kind, str(body["label"]))
        return Answer(204)

    def _remove_label(self, call: Call) -> Answer:
        self._links.types.remove(self._links.types.own(*self._types(call), call.words["value"]))
        return Answer(204)

    def _labelled(self, call: Call, source: Record, target: Record, types: Any) -> dict[str, Any]:
        one, other = self._types(call)
        kinds = self._kinds(call, types)
        for kind in kinds:
            self._links.link(kind, source.id, target.id)
        told = {"fromObjectTypeId": one.id, "fromObjectId": source.id, "toObjectTypeId": other.id}
        return {**told, "toObjectId": target.id, "labels": [kind.label for kind in kinds if kind.label]}

    def _defaulted(self, call: Call, source: Record, target: Record) -> dict[str, Any]:
        kind = self._links.types.default(*self._types(call))
        self._links.link(kind, source.id, target.id)
        ends = {"from": {"id": str(source.id)}, "to": {"id": str(target.id)}}
        return {**ends, "associationSpec": kind.spec()}

    def _kinds(self, call: Call, types: Any) -> list[Kind]:
        if not isinstance(types, list) or not types:
            raise required_fields("types")
        if not all(isinstance(given, dict) for given in types):
            raise bad_json("types: a list of association types is needed")
        pair = self._types(call)
        return [
            self._links.types.find(*pair, given.get("associationCategory"), given.get("associationTypeId"))
            for given in types
        ]

    def _ends(self, call: Call, given: dict[str, Any]) -> tuple[Record, Record]:
        one, other = self._types(call)
        return self._links.end(one, end_id(given["from"])), self._links.end(other, end_id(given["to"]))

    def _addressed(self, call: Call) -> tuple[Record, Record]:
        one, other = self._types(call)
        return self._links.end(one, call.words["id"]), self._links.end(other, call.words["value"])

    def _types(self, call: Call) -> tuple[ObjectType, ObjectType]:
        return self._portal.types.named(call.words["type"]), self._portal.types.named(call.words["target"])

    def _fail_first(self, call: Call) -> None:
        if call.fails_first:
            raise ordered(call.fails_first)

    def _invalid(self, text: str) -> dict[str, Any]:
        sub_category = "crm.associations.INVALID_IDENTIFIER"
        return HubSpotError(400, f"{text} is not a valid ID", sub_category=sub_category, context={"id": [text]}).item()


def _page(body: dict[str, Any], name: str, ends: list[Linked], after: int, limit: int = MOST_LISTED) -> dict[str, Any]:
    left = [end for end in ends if end.id > after]
    told = [{"toObjectId": end.id, "associationTypes": [kind.told() for kind in end.kinds]} for end in left[:limit]]
    page = {**body, name: told}
    return {**page, "paging": {"next": {"after": str(left[limit - 1].id)}}} if len(left) > limit else page


def _childless(one: ObjectType, found: Record, other: ObjectType) -> dict[str, Any]:
    context = {"fromObjectId": [str(found.id)], "fromObjectType": [one.name], "toObjectType": [other.name]}
    sub_category, message = "crm.associations.NO_ASSOCIATIONS_FOUND", f"No {other.name} is associated with {one.name}"
    error = HubSpotError(404, f"{message} {found.id}.", "OBJECT_NOT_FOUND", sub_category=sub_category, context=context)
    return error.item()


def _number(end: Any) -> int:
    text = end_id(end)
    return int(text) if text.isascii() and text.isdecimal() else 0
