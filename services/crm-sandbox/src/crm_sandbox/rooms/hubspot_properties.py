"""Properties and their groups, one by one and in batches."""

from collections.abc import Iterator
from typing import Any

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot.batches import inputs_of
from crm_sandbox.hubspot.definitions import Body, group_body
from crm_sandbox.hubspot.errors import HubSpotError, ordered, required_fields
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.property_rules import archived_property, changed_property, new_property
from crm_sandbox.rooms.hubspot_batches import each, now_of
from crm_sandbox.rooms.hubspot_bodies import body_of
from crm_sandbox.rooms.hubspot_routes import versioned


class PropertyCalls:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._properties = portal.properties

    def routes(self) -> Iterator[Route]:
        for method, rest, respond, writes in (
            ("GET", "/{type}/groups", self._groups, False),
            ("POST", "/{type}/groups", self._create_group, True),
            ("GET", "/{type}/groups/{name}", self._group, False),
            ("PATCH", "/{type}/groups/{name}", self._update_group, True),
            ("DELETE", "/{type}/groups/{name}", self._archive_group, True),
            ("POST", "/{type}/batch/create", self._create_many, True),
            ("POST", "/{type}/batch/read", self._read_many, False),
            ("POST", "/{type}/batch/archive", self._archive_many, True),
            ("GET", "/{type}", self._list, False),
            ("POST", "/{type}", self._create, True),
            ("GET", "/{type}/{name}", self._read, False),
            ("PATCH", "/{type}/{name}", self._update, True),
            ("DELETE", "/{type}/{name}", self._archive, True),
        ):
            yield from versioned(method, "properties", rest, respond, part="schemas", writes=writes)

    def _list(self, call: Call) -> Answer:
        return Answer.json({"results": self._properties.listed(self._type(call), archived=call.says("archived"))})

    def _read(self, call: Call) -> Answer:
        archived = call.says("archived")
        return Answer.json(self._properties.named(self._type(call), call.words["name"], archived=archived).body)

    def _create(self, call: Call) -> Answer:
        body = _body(call)
        return Answer.json(self._made(self._type(call), body), 201)

    def _update(self, call: Call) -> Answer:
        one, body = self._type(call), _body(call)
        known = self._properties.named(one, call.words["name"])
        changed = changed_property(self._properties, one, known, body, now_of(self._portal))
        return Answer.json(self._properties.put(one, changed).body)

    def _archive(self, call: Call) -> Answer:
        if call.fails_first:
            raise ordered(call.fails_first)
        one = self._type(call)
        known = self._properties.named(one, call.words["name"])
        self._properties.put(one, archived_property(known, now_of(self._portal)))
        return Answer(204)

    def _create_many(self, call: Call) -> Answer:
        """201; those that cannot be created are told in a 207 (fixture 3-response-batch-create)."""
        one, inputs = self._type(call), inputs_of(body_of(call))
        return each(self._portal, inputs, lambda given: self._made(one, given), 201, call.fails_first)

    def _read_many(self, call: Call) -> Answer:
        one, body = self._type(call), body_of(call)
        archived = bool(body.get("archived")) if isinstance(body, dict) else False

        def read(given: Body) -> Body:
            return self._properties.named(one, str(given["name"]), archived=archived).body

        return each(self._portal, inputs_of(body, "name"), read, 200)

    def _archive_many(self, call: Call) -> Answer:
        if call.fails_first:
            raise ordered(call.fails_first)
        one, inputs = self._type(call), inputs_of(body_of(call), "name")
        found = [known for given in inputs if (known := self._properties.find(one, str(given["name"])))]
        bodies = [archived_property(known, now_of(self._portal)) for known in found]
        with self._portal.store.transaction():
            for body in bodies:
                self._properties.put(one, body)
        return Answer(204)

    def _groups(self, call: Call) -> Answer:
        groups = self._properties.groups(self._type(call)).values()
        return Answer.json({"results": [group for group in groups if not group["archived"]]})

    def _group(self, call: Call) -> Answer:
        return Answer.json(self._properties.group(self._type(call), call.words["name"]))

    def _create_group(self, call: Call) -> Answer:
        one, body = self._type(call), _body(call)
        if not isinstance(body, dict) or not body.get("name") or not body.get("label"):
            raise required_fields("name", "label")
        groups, name = self._properties.groups(one), str(body["name"])
        if name != name.lower():
            raise HubSpotError(400, f"Property group {name}: the name must be lower-case", context={"name": [name]})
        if name in groups and not groups[name]["archived"]:
            # The sub-category is assumed after that of properties.
            raise HubSpotError(
                409,
                f"A property group named '{name}' already exists.",
                "OBJECT_ALREADY_EXISTS",
                sub_category="Properties.PROPERTY_GROUP_WITH_NAME_EXISTS",
                context={"name": [name]},
            )
        order = body.get("displayOrder")
        place = order if isinstance(order, int) and order >= 0 else len(groups)
        return Answer.json(self._properties.put_group(one, group_body(name, str(body["label"]), place)), 201)

    def _update_group(self, call: Call) -> Answer:
        one, body = self._type(call), _body(call)
        known = self._properties.group(one, call.words["name"])
        wanted = {key: body[key] for key in ("label", "displayOrder") if isinstance(body, dict) and key in body}
        return Answer.json(self._properties.put_group(one, {**known, **wanted}))

    def _archive_group(self, call: Call) -> Answer:
        one = self._type(call)
        known = self._properties.group(one, call.words["name"])
        if any(each.body["groupName"] == known["name"] for each in self._properties.of(one).values()):
            raise HubSpotError(400, f"Property group {known['name']} still has properties")
        self._properties.put_group(one, {**known, "archived": True})
        return Answer(204)

    def _made(self, one: ObjectType, given: Any) -> Body:
        body = new_property(self._properties, one, given, now_of(self._portal), self._portal.settings.now)
        made = self._properties.put(one, body)
        if made.key:
            # Records may hold values from a property of the same name that was archived.
            self._portal.records.index_key(one, made.name)
        return made.body

    def _type(self, call: Call) -> ObjectType:
        return self._portal.types.named(call.words["type"])


def _body(call: Call) -> Any:
    body = body_of(call)
    if call.fails_first:
        raise ordered(call.fails_first)
    return body
