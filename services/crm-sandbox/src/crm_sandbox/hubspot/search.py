"""Search: what a body asks for, read strictly, and run over the records as the index knows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_sandbox.foreign import Json
from crm_sandbox.hubspot.errors import HubSpotError, bad_json
from crm_sandbox.hubspot.filters import Test, condition, ordered_by
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.records import Record
from crm_sandbox.hubspot.shapes import Wanted, shown

MOST_GROUPS = 5
MOST_FILTERS = 6
MOST_FILTERS_IN_ALL = 18
MOST_RESULTS = 200
MOST_FOUND = 10_000
LONGEST_QUERY = 3000
"""Limits of the vendor's search (crm-contracts 3.7)."""

_KNOWN = {"filterGroups", "filters", "sorts", "query", "properties", "limit", "after"}

Order = Callable[[Record], tuple[bool, Any]]


@dataclass(frozen=True, slots=True)
class Search:
    """Any of the groups, all tests of a group."""

    groups: tuple[tuple[Test, ...], ...]
    words: str
    order: Order | None
    descending: bool
    wanted: Wanted
    limit: int
    after: int

    def finds(self, one: ObjectType, record: Record) -> bool:
        if self.words and not _mentions(one, record, self.words):
            return False
        return not self.groups or any(all(test(record) for test in group) for group in self.groups)


def parse(portal: Portal, one: ObjectType, body: Json) -> Search:
    """The search a body asks for; what cannot be read is refused, never left out."""
    if not isinstance(body, dict):
        raise bad_json("an object is needed")
    if unknown := body.keys() - _KNOWN:
        raise bad_json(f"Unrecognized field: {', '.join(sorted(unknown))}")
    order, descending = _order(portal, one, _list(body, "sorts"))
    words = body.get("query") or ""
    if not isinstance(words, str) or len(words) > LONGEST_QUERY:
        raise HubSpotError(400, f"query: a text of up to {LONGEST_QUERY} characters is needed")
    limit, after = _number(body, "limit", 10), _number(body, "after", 0)
    if not 1 <= limit <= MOST_RESULTS:
        raise HubSpotError(400, f"limit: {limit} is not a number from 1 to {MOST_RESULTS}")
    if after + limit > MOST_FOUND:
        raise HubSpotError(400, f"after: the first {MOST_FOUND} results are all that a search pages through")
    groups = _groups(portal, one, body)
    return Search(groups, words.casefold(), order, descending, Wanted.of_body(one, body), limit, after)


def run(portal: Portal, one: ObjectType, search: Search) -> dict[str, Any]:
    """The page of results; records younger than the index lag are not among them."""
    until = portal.records.now() - int(portal.settings.now.index_lag_s * 1000)
    found = [record for record in portal.records.as_indexed(one, until) if search.finds(one, record)]
    if search.order:
        found.sort(key=search.order, reverse=search.descending)
    page = found[search.after : search.after + search.limit]
    body: dict[str, Any] = {"total": len(found), "results": [shown(record, search.wanted) for record in page]}
    place = search.after + len(page)
    if page and place < len(found):
        body["paging"] = {"next": {"after": str(place)}}
    return body


def _groups(portal: Portal, one: ObjectType, body: Mapping[str, Any]) -> tuple[tuple[Test, ...], ...]:
    given = _list(body, "filterGroups")
    if body.get("filters"):
        # One group may stand without its braces.
        given = [*given, {"filters": body["filters"]}]
    if not all(isinstance(group, dict) and not group.keys() - {"filters"} for group in given):
        raise bad_json("filterGroups: a list of groups with filters is needed")
    listed = [_list(group, "filters") for group in given]
    if len(listed) > MOST_GROUPS:
        raise HubSpotError(400, f"filterGroups: no more than {MOST_GROUPS}")
    if any(len(filters) > MOST_FILTERS for filters in listed) or sum(map(len, listed)) > MOST_FILTERS_IN_ALL:
        raise HubSpotError(400, f"filters: no more than {MOST_FILTERS} in a group and {MOST_FILTERS_IN_ALL} in all")
    return tuple(tuple(condition(portal, one, each) for each in filters) for filters in listed)


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise HubSpotError(400, f"{name}: a list is needed")
    return value


def _order(portal: Portal, one: ObjectType, sorts: list[Any]) -> tuple[Order | None, bool]:
    if not sorts:
        return None, False
    if len(sorts) > 1:
        raise HubSpotError(400, "sorts: one at most")
    sort = sorts[0]
    if isinstance(sort, str):
        sort = {"propertyName": sort.lstrip("-"), "direction": "DESCENDING" if sort.startswith("-") else "ASCENDING"}
    direction = sort.get("direction", "ASCENDING") if isinstance(sort, dict) else None
    if direction not in ("ASCENDING", "DESCENDING"):
        raise HubSpotError(400, "sorts: a propertyName and a direction of ASCENDING or DESCENDING are needed")
    return ordered_by(portal, one, sort.get("propertyName")), direction == "DESCENDING"


def _number(body: Mapping[str, Any], name: str, usual: int) -> int:
    value = body.get(name)
    if value in (None, ""):
        return usual
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()):
        raise HubSpotError(400, f"{name}: {text} is not a number")
    return int(text)


def _mentions(one: ObjectType, record: Record, words: str) -> bool:
    """Every word is the beginning of one in the values that are searched."""
    text = " ".join(record.values.get(name, "") for name in one.searched).casefold()
    tokens = [*text.split(), *text.replace("@", " ").replace(".", " ").split()]
    return all(any(token.startswith(word) for token in tokens) for word in words.split())
