"""Records of a Salesforce object."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from typing import Any, cast
from urllib.parse import quote

from shared.crm.describe import FieldDescribe, ObjectDescribe, id18
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.crm.soql import quoted
from shared.errors import Retryable
from shared.events import BatchSpec, SalesforceSource

from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed, Refused, did_you_mean, refuse_unknown
from schema_svc.domain.source import Missing, Planned, Record, Snapshot

QUERY_CHARACTERS = 12_000
"""A query's share, URL-encoded, of the 16,384 bytes that Salesforce takes as URI and headers (else 414 or 431)."""

CURSORS = 5
"""So often a query is begun again whose cursor has died."""

_PLACE = re.compile(r"ERROR at Row:\d+:Column:\d+")


class Salesforce:
    """Ids are read once, ordered, when the batch is planned; fields are read just before they are needed.

    Whether a record still matches the condition is not asked again: the plan's count must hold.
    """

    def __init__(self, session: SalesforceSession | None) -> None:
        self._session = session

    async def plan(self, spec: BatchSpec, needed: Needed, snapshot: Snapshot) -> Planned:
        """Check every field, then keep the ids of all selected records."""
        source = _source(spec)
        described = await self._describe(source.object)
        await self._refuse_unknown(needed, described, source.object)
        await snapshot.clear_ids()
        requested = 0
        try:
            await self._try_fields(source.object, needed)
            async for ids in self._ids(source):
                await snapshot.add_ids(requested, ids)
                requested += len(ids)
        except SalesforceRefused as refused:
            raise Refused(f"Salesforce refuses the query ({refused.code}): {_first_line(refused.said)}") from refused
        return Planned(requested)

    async def records(
        self, spec: BatchSpec, needed: Needed, snapshot: Snapshot, ranges: Sequence[Range]
    ) -> list[Record | Missing]:
        """Fields of the records as they are now, in the snapshot's order."""
        numbered: list[tuple[int, str]] = []
        for first, count in ranges:
            numbered += enumerate(await snapshot.ids(first, count), start=first)
        queries = _queries(_source(spec).object, needed.fields, [record_id for _, record_id in numbered])
        answers = await asyncio.gather(*(self._rows(query) for query in queries))
        by_id: dict[str, dict[str, Any]] = {}
        for row in (row for rows in answers for row in rows):
            _fill(by_id.setdefault(id18(row["Id"]), {}), row)
        return [_record(index, record_id, by_id.get(record_id), needed) for index, record_id in numbered]

    async def _ids(self, source: SalesforceSource) -> AsyncIterator[list[str]]:
        last: str | None = None
        seen = restarts = 0
        while True:
            try:
                async for page in self._open().query(_selection(source, last, seen)):
                    ids = [id18(row["Id"]) for row in page]
                    yield ids
                    last, seen = ids[-1] if ids else last, seen + len(ids)
                return
            except Retryable as error:
                # The cursor of a long query has died: a new one begins after the last id that was read.
                if error.code != "INVALID_QUERY_LOCATOR" or restarts == CURSORS or seen == source.limit:
                    raise
                restarts += 1

    async def _rows(self, query: str) -> list[dict[str, Any]]:
        return [row async for page in self._open().query(query) for row in page]

    async def _describe(self, sobject: str) -> ObjectDescribe:
        try:
            return await self._open().describe(sobject)
        except SalesforceRefused as refused:
            if refused.status == 404 or refused.code in ("NOT_FOUND", "INVALID_TYPE"):
                raise Refused(f"The org has no object {sobject}, or this user may not read it.") from refused
            raise

    async def _refuse_unknown(self, needed: Needed, described: ObjectDescribe, sobject: str) -> None:
        plain = tuple(slot for slot in needed.slots if "." not in slot)
        known = {field["name"] for field in described["fields"]}
        refuse_unknown(Needed(plain, needed.external_id), known, sobject)
        for slot in needed.slots:
            if "." in slot:
                await self._refuse_unknown_path(slot, described)

    async def _refuse_unknown_path(self, slot: str, described: ObjectDescribe) -> None:
        """`Account.Owner.Name`: each step but the last is the name of a relationship."""
        *steps, last = slot.split(".")
        fields, where = described["fields"], described["name"]
        for step in steps:
            parents = {name: field.get("referenceTo") for field in fields if (name := field.get("relationshipName"))}
            if step not in parents:
                raise Refused(
                    f"The slot {{{{{slot}}}}} names no relationship {step} of {where}.{did_you_mean(step, parents)}"
                )
            fields, where = await self._fields_of(parents[step] or []), step
        known = [field["name"] for field in fields]
        if last not in known:
            raise Refused(f"The slot {{{{{slot}}}}} is not a field: {where} has no {last}.{did_you_mean(last, known)}")

    async def _fields_of(self, sobjects: Sequence[str]) -> list[FieldDescribe]:
        """Fields of any of the objects that a relationship may lead to; those this user cannot see have none."""
        fields: list[FieldDescribe] = []
        for sobject in sobjects:
            with suppress(Refused):
                fields += (await self._describe(sobject))["fields"]
        return fields

    async def _try_fields(self, sobject: str, needed: Needed) -> None:
        """Which fields of a relationship with several kinds of parent can be read, only the org knows."""
        if any("." in slot for slot in needed.slots):
            names = ",".join(dict.fromkeys(("Id", *needed.fields)))
            await self._rows(f"SELECT {names} FROM {sobject} LIMIT 1")  # noqa: S608 – names were just checked

    def _open(self) -> SalesforceSession:
        if self._session is None:
            raise Refused("Salesforce is not configured: set SF_CONSUMER_KEY, SF_USERNAME and SF_PRIVATE_KEY(_FILE).")
        return self._session


def _source(spec: BatchSpec) -> SalesforceSource:
    return cast(SalesforceSource, spec.source)


def _selection(source: SalesforceSource, after: str | None, seen: int) -> str:
    """The ids that are selected, in order, but for those that were seen."""
    # The condition is SOQL by contract: whoever may submit a batch may say it, in this user's rights.
    conditions = [f"({source.where})"] if source.where and source.where.strip() else []
    conditions += [f"Id > {quoted(after)}"] if after else []
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    limit = f" LIMIT {source.limit - seen}" if source.limit else ""
    return f"SELECT Id FROM {source.object}{where} ORDER BY Id{limit}"  # noqa: S608


def _queries(sobject: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[str]:
    """Queries for `ids`, none longer than a URI allows."""
    each = len(quote(",'" + "0" * 18 + "'"))
    for names in _field_lists(fields):
        head = f"SELECT {names} FROM {sobject} WHERE Id IN ("  # noqa: S608 – names are checked against describe, ids are quoted
        step = (QUERY_CHARACTERS - len(quote(head))) // each
        for start in range(0, len(ids), step):
            yield head + ",".join(quoted(record_id) for record_id in ids[start : start + step]) + ")"


def _field_lists(fields: Sequence[str]) -> Iterator[str]:
    """Field names of one query each: many long names would leave no room for ids."""
    names = ["Id"]
    for field in dict.fromkeys(fields):
        if field == "Id":
            continue
        if len(quote(",".join((*names, field)))) > QUERY_CHARACTERS // 2:
            yield ",".join(names)
            names = ["Id"]
        names.append(field)
    yield ",".join(names)


def _record(index: int, record_id: str, row: dict[str, Any] | None, needed: Needed) -> Record | Missing:
    if row is None:
        return Missing(index, record_id, "ENTITY_IS_DELETED", "The record was deleted after the batch was planned.")
    return Record(index, record_id, {field: _value(row, field) for field in needed.fields})


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
