"""Records of a HubSpot object."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, cast

from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.crm.hubspot_shapes import CrmObject
from shared.events import BatchSpec, HubSpotSource

from schema_svc.domain.hubspot_filter import filter_groups, property_names
from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed, Refused, did_you_mean, refuse_unknown
from schema_svc.domain.source import Missing, Planned, Record, Snapshot

PAGE = 100
SEARCH_PAGE = 200
MERGED = "hs_merged_object_ids"
_ID = "hs_object_id"


class HubSpot:
    """Ids are read once, when the batch is planned; properties are read just before they are needed.

    Without a condition the list is read page by page. With one, search is read in windows of ascending ids: its own
    paging ends at 10,000. What was created or changed within the last seconds, search may not see yet.
    """

    def __init__(self, session: HubSpotSession | None) -> None:
        self._session = session

    async def plan(self, spec: BatchSpec, needed: Needed, snapshot: Snapshot) -> Planned:
        """Check every property, then keep the ids of all selected records."""
        source = _source(spec)
        groups = filter_groups(source.where) if source.where and source.where.strip() else []
        known = await self._known(source.object)
        where = f"HubSpot's {source.object}"
        refuse_unknown(needed, known, where)
        for name in property_names(groups):
            if name not in known:
                raise Refused(
                    f"The condition names {name}, which is no property of {where}.{did_you_mean(name, known)}"
                )
        await snapshot.clear_ids()
        requested = 0
        pages = self._found(source, groups) if groups else self._listed(source)
        try:
            async for ids in pages:
                part = ids if source.limit is None else ids[: source.limit - requested]
                await snapshot.add_ids(requested, part)
                requested += len(part)
                if source.limit is not None and requested >= source.limit:
                    break
        except HubSpotRefused as refused:
            raise Refused(f"HubSpot refuses to list {source.object}: {refused}") from refused
        return Planned(requested)

    async def records(
        self, spec: BatchSpec, needed: Needed, snapshot: Snapshot, ranges: Sequence[Range]
    ) -> list[Record | Missing]:
        """Properties of the records as they are now, in the snapshot's order."""
        numbered: list[tuple[int, str]] = []
        for first, count in ranges:
            numbered += enumerate(await snapshot.ids(first, count), start=first)
        ids = [record_id for _, record_id in numbered]
        properties = list(dict.fromkeys((*needed.fields, MERGED)))
        session, object_type = self._open(), _source(spec).object
        reads = (session.read(object_type, ids[at : at + BATCH], properties) for at in range(0, len(ids), BATCH))
        found = [record for page in await asyncio.gather(*reads) for record in page]
        by_id = {str(record["id"]): record for record in found}
        survivors = {gone: str(record["id"]) for record in found for gone in _merged(record)}
        return [_record(index, record_id, by_id, survivors, needed) for index, record_id in numbered]

    async def _known(self, object_type: str) -> Collection[str]:
        try:
            definitions = await self._open().definitions(object_type)
        except HubSpotRefused as refused:
            if refused.status in (400, 404):
                raise Refused(f"HubSpot has no object {object_type}, or this token may not read it.") from refused
            raise Refused(str(refused)) from refused
        return {definition["name"] for definition in definitions}

    async def _listed(self, source: HubSpotSource) -> AsyncIterator[list[str]]:
        after: str | None = None
        while True:
            records, after = await self._open().page(source.object, after=after, limit=PAGE)
            yield [str(record["id"]) for record in records]
            if after is None:
                return

    async def _found(self, source: HubSpotSource, groups: list[list[dict[str, Any]]]) -> AsyncIterator[list[str]]:
        last = 0
        while True:
            beyond = {"propertyName": _ID, "operator": "GT", "value": str(last)}
            body = {
                "filterGroups": [{"filters": [*group, beyond]} for group in groups],
                "sorts": [{"propertyName": _ID, "direction": "ASCENDING"}],
                "properties": [_ID],
                "limit": SEARCH_PAGE,
            }
            # Numbers, not texts: "99" comes before "100".
            ids = sorted(int(record["id"]) for record in await self._open().search(source.object, body))
            yield [str(one) for one in ids if one > last]
            if len(ids) < SEARCH_PAGE or ids[-1] <= last:
                return
            last = ids[-1]

    def _open(self) -> HubSpotSession:
        if self._session is None:
            raise Refused("HubSpot is not configured: set HUBSPOT_ACCESS_TOKEN.")
        return self._session


def _source(spec: BatchSpec) -> HubSpotSource:
    return cast(HubSpotSource, spec.source)


def _merged(record: CrmObject) -> list[str]:
    text = (record.get("properties") or {}).get(MERGED) or ""
    return [part.strip() for part in text.split(";") if part.strip()]


def _record(
    index: int, record_id: str, by_id: dict[str, CrmObject], survivors: dict[str, str], needed: Needed
) -> Record | Missing:
    record = by_id.get(record_id)
    if record is None and record_id in survivors:
        # Its survivor is read by its own id; twice would be two prompts about one record.
        reason = "The record was merged into another one after the batch was planned."
        return Missing(index, record_id, "MERGED", reason)
    if record is None:
        reason = "The record was deleted or archived after the batch was planned."
        return Missing(index, record_id, "OBJECT_NOT_FOUND", reason)
    properties = record.get("properties") or {}
    return Record(index, record_id, {name: properties.get(name) for name in needed.fields})
