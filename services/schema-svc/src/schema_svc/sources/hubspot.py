"""Records of a HubSpot object."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence, Set
from datetime import datetime
from typing import cast

from shared.crm.deletions import deletes
from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.crm.hubspot_shapes import CrmObject
from shared.events import BatchSpec, HubSpotSource

from schema_svc.domain.changes import Changes, moment_of
from schema_svc.domain.following import close_changes, open_changes
from schema_svc.domain.hubspot_filter import Filter, filter_groups, property_names
from schema_svc.domain.hubspot_searches import SEARCH_PAGE, between, modified_property, newest, window
from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed, Refused, did_you_mean, is_empty, refuse_unknown
from schema_svc.domain.source import Missing, Planned, Record, Snapshot, with_key

PAGE = 100
MERGED = "hs_merged_object_ids"
ARCHIVED = "OBJECT_NOT_FOUND"
"""The code of a record that is archived or deleted; one that was merged lives on in another."""
NEVER = "1970-01-01T00:00:00Z"
"""For a record whose moment nobody asked for, or that has none."""

Groups = Sequence[Sequence[Filter]]
Place = tuple[str, datetime]
"""Id of a record, and when it was changed or archived."""


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
        given = bool(source.where and source.where.strip())
        if given and source.deleted == "forward":
            raise Refused("HubSpot does not search archived records: leave the condition out, or `deleted`.")
        groups = filter_groups(source.where or "", ours=2 if source.changed_since else 1) if given else []
        known = await self._checked(source, needed, property_names(groups))
        changes = await open_changes(spec, snapshot)
        await snapshot.clear_ids()
        requested = 0
        try:
            async for ids in self._selected(source, groups, changes, known):
                part = ids if source.limit is None else ids[: source.limit - requested]
                await snapshot.add_ids(requested, part)
                requested += len(part)
                if source.limit is not None and requested >= source.limit:
                    break
        except HubSpotRefused as refused:
            raise Refused(f"HubSpot refuses to list {source.object}: {refused}") from refused
        await close_changes(spec, snapshot, changes, whole=requested != source.limit)
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
        entries = [_record(index, record_id, by_id, survivors, needed) for index, record_id in numbered]
        return await self._with_keys(spec, needed, entries)

    async def _with_keys(
        self, spec: BatchSpec, needed: Needed, found: list[Record | Missing]
    ) -> list[Record | Missing]:
        """Archived records with the key by which the target has them, where it is to delete them, too."""
        gone = [one.record_id for one in found if isinstance(one, Missing) and one.code == ARCHIVED]
        key = needed.external_id
        if not gone or key is None or not deletes(spec):
            return found
        keys: dict[str, str] = {}
        for at in range(0, len(gone), BATCH):
            for record in await self._open().read(_source(spec).object, gone[at : at + BATCH], [key], archived=True):
                if not is_empty(value := (record.get("properties") or {}).get(key)):
                    keys[str(record["id"])] = str(value)
        return [with_key(one, keys, frozenset()) if isinstance(one, Missing) else one for one in found]

    async def _known(self, object_type: str, wanted: Set[str]) -> Collection[str]:
        """The object's properties; looked at anew before one is said not to be there."""
        try:
            known = {definition["name"] for definition in await self._open().definitions(object_type)}
            if not wanted <= known:
                definitions = await self._open().definitions(object_type, refresh=True)
                known = {definition["name"] for definition in definitions}
        except HubSpotRefused as refused:
            if refused.status in (400, 404):
                raise Refused(f"HubSpot has no object {object_type}, or this token may not read it.") from refused
            raise Refused(str(refused)) from refused
        return known

    async def _checked(self, source: HubSpotSource, needed: Needed, conditions: Sequence[str]) -> Collection[str]:
        known = await self._known(source.object, {*needed.fields, *conditions})
        where = f"HubSpot's {source.object}"
        refuse_unknown(needed, known, where)
        for name in conditions:
            if name not in known:
                raise Refused(
                    f"The condition names {name}, which is no property of {where}.{did_you_mean(name, known)}"
                )
        return known

    async def _selected(
        self, source: HubSpotSource, groups: Groups, changes: Changes | None, known: Collection[str]
    ) -> AsyncIterator[list[str]]:
        """Ids of the records that the batch is about, those in the recycling bin at the end."""
        if changes is None:
            async for places in self._found(source, groups) if groups else self._listed(source):
                yield [record_id for record_id, _ in places]
            if source.deleted == "forward":
                async for places in self._listed(source, archived=True):
                    yield [record_id for record_id, _ in places]
        elif source.limit is None:
            async for places in self._changed(source, groups, changes, known):
                yield [record_id for record_id, at in places if changes.is_new(record_id, at)]
        else:
            # The oldest first, so that the next batch begins where this one ends.
            every = [place async for places in self._changed(source, groups, changes, known) for place in places]
            ids: list[str] = []
            for record_id, at in sorted(every, key=lambda place: (place[1], int(place[0]))):
                if len(ids) < source.limit and changes.is_new(record_id, at):
                    ids.append(record_id)
            yield ids

    async def _changed(
        self, source: HubSpotSource, groups: Groups, changes: Changes, known: Collection[str]
    ) -> AsyncIterator[list[Place]]:
        modified = modified_property(source.object, known)
        latest = await self._open().search(source.object, newest(modified, changes.since))
        changes.begin(_moment(latest[0], modified) if latest else None)
        if changes.until is not None:
            also = between(modified, changes.since, changes.until)
            async for places in self._found(source, groups, also, modified):
                yield places
        if source.deleted == "forward":
            async for places in self._listed(source, archived=True):
                yield [place for place in places if changes.since is None or place[1] >= changes.since]

    async def _listed(self, source: HubSpotSource, *, archived: bool = False) -> AsyncIterator[list[Place]]:
        after: str | None = None
        while True:
            records, after = await self._open().page(source.object, after=after, limit=PAGE, archived=archived)
            yield [(str(one["id"]), moment_of(str(one.get("archivedAt") or NEVER))) for one in records]
            if after is None:
                return

    async def _found(
        self, source: HubSpotSource, groups: Groups, also: Sequence[Filter] = (), modified: str = ""
    ) -> AsyncIterator[list[Place]]:
        last = 0
        while True:
            body = window(groups, last, also, [modified] if modified else [])
            records = await self._open().search(source.object, body)
            # Numbers, not texts: "99" comes before "100".
            found = {int(one["id"]): _moment(one, modified) for one in records}
            ids = sorted(found)
            yield [(str(one), found[one]) for one in ids if one > last]
            if len(ids) < SEARCH_PAGE or ids[-1] <= last:
                return
            last = ids[-1]

    def _open(self) -> HubSpotSession:
        if self._session is None:
            raise Refused("HubSpot is not configured: set HUBSPOT_ACCESS_TOKEN.")
        return self._session


def _source(spec: BatchSpec) -> HubSpotSource:
    return cast(HubSpotSource, spec.source)


def _moment(record: CrmObject, modified: str) -> datetime:
    return moment_of((record.get("properties") or {}).get(modified) or NEVER)


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
        reason = "The record is deleted or archived in HubSpot."
        return Missing(index, record_id, ARCHIVED, reason)
    properties = record.get("properties") or {}
    return Record(index, record_id, {name: properties.get(name) for name in needed.fields})
