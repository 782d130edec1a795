"""Records of a Salesforce object."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from shared.crm.bulk_queries import PAGE_ROWS, BulkQueries
from shared.crm.deletions import deletes
from shared.crm.describe import ObjectDescribe, id18
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.crm.soql import QUERY_CHARACTERS
from shared.errors import Retryable
from shared.events import BatchSpec, SalesforceSource

from schema_svc.domain.bulk_values import COMPOUND
from schema_svc.domain.changes import Changes, moment_of
from schema_svc.domain.following import close_changes, open_changes
from schema_svc.domain.ranges import Range
from schema_svc.domain.salesforce_queries import Place, Selection, fields_of_ids, living_keys, trials
from schema_svc.domain.slots import Needed, Refused, is_empty
from schema_svc.domain.source import Missing, Planned, Record, Snapshot, with_key
from schema_svc.sources.salesforce.export import JOB, ROWS, UNTIL, Export
from schema_svc.sources.salesforce.fields import Fields, stamp_of

CURSORS = 5
"""So often a query is begun again whose cursor has died."""

BULK_FROM = 50_000
"""From so many records on a query job costs less of the org's calls and time than queries for each page."""

_PLACE = re.compile(r"ERROR at Row:\d+:Column:\d+")

STAMP_S = 1.05
"""Moments of changes have whole seconds. What is changed once more within the newest one would have the same moment as
the change that was read, and never be read: so that second is over before its records are read.
"""


class Salesforce:
    """Ids are read once, ordered, when the batch is planned; fields are read just before they are needed.

    From `bulk_from` records on they are read whole, by one query job, when the batch is planned. Whether a record still
    matches the condition is not asked again: the plan's count must hold.
    """

    def __init__(
        self,
        session: SalesforceSession | None,
        *,
        bulk_from: int = BULK_FROM,
        page_rows: int = PAGE_ROWS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._bulk_from = bulk_from
        self._page_rows = page_rows
        self._sleep = sleep
        self._fields = Fields(self._describe)

    async def plan(self, spec: BatchSpec, needed: Needed, snapshot: Snapshot) -> Planned:
        """Check every field, then keep the ids of all selected records, or the records themselves."""
        source = _source(spec)
        described = await self._describe(source.object)
        types = await self._fields.types(needed, described)
        if deletes(spec) and types.get(needed.external_id or "") == "textarea":
            # Salesforce refuses conditions on it, and a key must be looked for.
            raise Refused(f"{needed.external_id} of {source.object} is a text area: a key must be a Text field.")
        changes = await open_changes(spec, snapshot)
        try:
            await self._try_fields(source.object, needed)
            selection = await self._selection(source, described, changes, await snapshot.noted())
            requested = await self._keep(source, selection, types, changes, snapshot)
        except SalesforceRefused as refused:
            raise Refused(f"Salesforce refuses the query ({refused.code}): {_first_line(refused.said)}") from refused
        await close_changes(spec, snapshot, changes, whole=requested != source.limit)
        return Planned(requested)

    async def records(
        self, spec: BatchSpec, needed: Needed, snapshot: Snapshot, ranges: Sequence[Range]
    ) -> list[Record | Missing]:
        """Fields of the records as they are now, or as they were when they were read whole; in the snapshot's order."""
        if (await snapshot.noted()).get(ROWS):
            kept = [_kept(at + i, row) for at, n in ranges for i, row in enumerate(await snapshot.rows(at, n))]
            return await self._with_keys(spec, needed, kept)
        numbered: list[tuple[int, str]] = []
        for first, count in ranges:
            numbered += enumerate(await snapshot.ids(first, count), start=first)
        queries = fields_of_ids(_source(spec).object, needed.fields, [record_id for _, record_id in numbered])
        answers = await asyncio.gather(*(self._rows(query) for query in queries))
        by_id: dict[str, dict[str, Any]] = {}
        for row in (row for rows in answers for row in rows):
            _fill(by_id.setdefault(id18(row["Id"]), {}), row)
        found = [_record(index, record_id, by_id.get(record_id), needed) for index, record_id in numbered]
        return await self._with_keys(spec, needed, found)

    async def _with_keys(
        self, spec: BatchSpec, needed: Needed, found: list[Record | Missing]
    ) -> list[Record | Missing]:
        """Deleted records with the key by which the target has them, where it is to delete them, too."""
        gone = [one.record_id for one in found if isinstance(one, Missing)]
        key = needed.external_id
        if not gone or key is None or not deletes(spec):
            return found
        sobject, keys = _source(spec).object, dict[str, Any]()
        for query in fields_of_ids(sobject, [key], gone):
            async for page in self._open().query(query, deleted=True):
                keys |= {id18(row["Id"]): row[key] for row in page if not is_empty(row.get(key))}
        # What was deleted and made anew is written, not deleted: whose turn came first would decide.
        queries = living_keys(sobject, key, list(dict.fromkeys(keys.values())))
        living = {str(row[key]).casefold() for query in queries for row in await self._rows(query)}
        return [with_key(one, keys, living) if isinstance(one, Missing) else one for one in found]

    async def _selection(
        self, source: SalesforceSource, described: ObjectDescribe, changes: Changes | None, noted: Mapping[str, Any]
    ) -> Selection:
        selection = Selection(source.object, source.where, source.limit)
        if changes is None:
            return selection
        stamp = stamp_of(described)
        selection = Selection(source.object, source.where, source.limit, stamp, changes.since)
        if JOB in noted:
            changes.begin(moment_of(noted[UNTIL]))
        else:
            newest = [row[stamp] async for page in self._query(selection.newest(), source) for row in page]
            changes.begin(moment_of(newest[0]) if newest and newest[0] else None)
            if changes.until is not None and changes.follows:
                await self._sleep(STAMP_S)
        return Selection(source.object, source.where, source.limit, stamp, changes.since, changes.until)

    async def _keep(
        self,
        source: SalesforceSource,
        selection: Selection,
        types: Mapping[str, str],
        changes: Changes | None,
        snapshot: Snapshot,
    ) -> int:
        if changes is not None and changes.until is None:
            return 0
        export = Export(BulkQueries(self._open(), page_rows=self._page_rows), snapshot)
        deleted = source.deleted == "forward"
        begun = JOB in await snapshot.noted()
        # Only a job takes its query in a body; everything else has it in the URI.
        must = len(quote(selection.ids())) > QUERY_CHARACTERS
        if not begun and (must or await self._is_large(source, selection, types)):
            begun = await export.begin(selection, list(types), deleted=deleted, must=must)
        if begun and (kept := await export.keep(selection, types, changes)) is not None:
            return kept
        if must:
            raise Refused("The condition is too long for a query of its own, and Salesforce's query job failed.")
        await snapshot.note({})
        await snapshot.clear_ids()
        requested = 0
        async for ids in self._ids(source, selection, changes):
            await snapshot.add_ids(requested, ids)
            requested += len(ids)
        return requested

    async def _is_large(self, source: SalesforceSource, selection: Selection, types: Mapping[str, str]) -> bool:
        if COMPOUND & set(types.values()):
            return False
        if selection.limit is not None and selection.limit < self._bulk_from:
            return False
        count = await self._open().count(selection.count(), deleted=source.deleted == "forward")
        return count >= self._bulk_from

    async def _ids(
        self, source: SalesforceSource, selection: Selection, changes: Changes | None
    ) -> AsyncIterator[list[str]]:
        after: Place | None = None
        seen = restarts = 0
        while True:
            try:
                async for page in self._query(selection.ids(after, seen), source):
                    ids, after = _taken(page, selection, changes, after, seen)
                    yield ids
                    seen += len(ids)
                    if changes is not None and seen == source.limit:
                        return
                return
            except Retryable as error:
                # The cursor of a long query has died: a new one begins after the last id that was read.
                if error.code != "INVALID_QUERY_LOCATOR" or restarts == CURSORS or seen == source.limit:
                    raise
                restarts += 1

    def _query(self, soql: str, source: SalesforceSource) -> AsyncIterator[list[dict[str, Any]]]:
        return self._open().query(soql, deleted=source.deleted == "forward")

    async def _rows(self, query: str) -> list[dict[str, Any]]:
        return [row async for page in self._open().query(query) for row in page]

    async def _describe(self, sobject: str) -> ObjectDescribe:
        try:
            return await self._open().describe(sobject)
        except SalesforceRefused as refused:
            if refused.status == 404 or refused.code in ("NOT_FOUND", "INVALID_TYPE"):
                raise Refused(f"The org has no object {sobject}, or this user may not read it.") from refused
            raise

    async def _try_fields(self, sobject: str, needed: Needed) -> None:
        """Which fields of a relationship with several kinds of parent can be read, only the org knows."""
        if any("." in slot for slot in needed.slots):
            await asyncio.gather(*(self._rows(query) for query in trials(sobject, needed.fields)))

    def _open(self) -> SalesforceSession:
        if self._session is None:
            raise Refused("Salesforce is not configured: set SF_CONSUMER_KEY, SF_USERNAME and SF_PRIVATE_KEY(_FILE).")
        return self._session


def _source(spec: BatchSpec) -> SalesforceSource:
    return cast(SalesforceSource, spec.source)


def _taken(
    page: Sequence[Mapping[str, Any]], selection: Selection, changes: Changes | None, after: Place | None, seen: int
) -> tuple[list[str], Place | None]:
    """The ids of a page that are to be read, as far as the limit goes, and the place of the last row looked at."""
    ids: list[str] = []
    for row in page:
        record_id = id18(row["Id"])
        if changes is None:
            ids.append(record_id)
            after = record_id, None
            continue
        if seen + len(ids) == selection.limit:
            break
        after = record_id, moment_of(row[selection.stamp or ""])
        if changes.is_new(*after):
            ids.append(record_id)
    return ids, after


def _record(index: int, record_id: str, row: dict[str, Any] | None, needed: Needed) -> Record | Missing:
    if row is None:
        return _deleted(index, record_id)
    return Record(index, record_id, {field: _value(row, field) for field in needed.fields})


def _kept(index: int, row: Mapping[str, Any]) -> Record | Missing:
    record_id = row["record_id"]
    return _deleted(index, record_id) if row.get("gone") else Record(index, record_id, row["values"])


def _deleted(index: int, record_id: str) -> Missing:
    return Missing(index, record_id, "ENTITY_IS_DELETED", "The record is deleted in Salesforce.")


def _fill(known: dict[str, Any], row: dict[str, Any]) -> None:
    """Add what another query says of the same record; a parent's fields may be in several."""
    for name, value in row.items():
        if isinstance(value, dict) and isinstance(known.get(name), dict):
            _fill(known[name], value)
        else:
            known[name] = value


def _value(row: dict[str, Any], path: str) -> Any:
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _first_line(said: str) -> str:
    """Salesforce quotes the query first and says what is wrong in the line after `ERROR at Row…`."""
    lines = [line.strip() for line in _PLACE.split(said)[-1].splitlines() if line.strip()]
    return lines[0][:300] if lines else "no reason given"
