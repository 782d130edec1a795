"""The searches that a HubSpot source asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.crm.hubspot_paths import plural

from schema_svc.domain.hubspot_filter import Filter
from schema_svc.domain.slots import Refused

SEARCH_PAGE = 200
ID = "hs_object_id"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def modified_property(object_type: str, known: Collection[str]) -> str:
    """The property that says when a record was changed: contacts have a name of their own for it."""
    name = "lastmodifieddate" if plural(object_type) == "contacts" else "hs_lastmodifieddate"
    if name not in known:
        raise Refused(f"Changes of HubSpot's {object_type} cannot be read: they have no {name}.")
    return name


def window(groups: Sequence[Sequence[Filter]], last: int, also: Sequence[Filter], properties: Sequence[str]) -> Any:
    """The next page in ascending order of ids; `also` is asked of every group."""
    beyond = {"propertyName": ID, "operator": "GT", "value": str(last)}
    return {
        "filterGroups": [{"filters": [*group, *also, beyond]} for group in groups or [[]]],
        "sorts": [{"propertyName": ID, "direction": "ASCENDING"}],
        "properties": [ID, *properties],
        "limit": SEARCH_PAGE,
    }


def newest(modified: str, since: datetime | None) -> Any:
    """The one record that was changed last."""
    return {
        "filterGroups": [{"filters": between(modified, since, None)}] if since else [],
        "sorts": [{"propertyName": modified, "direction": "DESCENDING"}],
        "properties": [modified],
        "limit": 1,
    }


def between(modified: str, since: datetime | None, until: datetime | None) -> list[Filter]:
    """One filter for both ends, for there are few in a group."""
    if since is not None and until is not None:
        return [_filter(modified, "BETWEEN", value=_ms(since), highValue=_ms(until))]
    if since is not None:
        return [_filter(modified, "GTE", value=_ms(since))]
    return [] if until is None else [_filter(modified, "LTE", value=_ms(until))]


def _filter(name: str, operator: str, **values: str) -> Filter:
    return {"propertyName": name, "operator": operator, **values}


def _ms(moment: datetime) -> str:
    return str((moment - _EPOCH) // timedelta(milliseconds=1))
