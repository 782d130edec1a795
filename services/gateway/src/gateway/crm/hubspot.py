"""Records of a HubSpot portal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_paths import ENGAGEMENTS, plural
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.crm.hubspot_shapes import (
    BatchAnswer,
    CrmObject,
    PropertyDefinition,
    code_of,
    context_of,
    is_read_only,
    properties_of,
)
from shared.errors import Fatal, Retryable

from gateway.domain.crm_records import Change, Field, Page, Refused, Row

_OBJECT = re.compile(r"[A-Za-z0-9][\w-]{0,49}")
"""`contacts`, `0-1`, `2-1234567`, `p1234567_pets`; nothing else is put into a path."""
_ID = re.compile(r"\d{1,13}")
_OF_A_RECORD = frozenset({400, 409})
"""A whole refusal with one of these may be a single record's fault."""

_GONE = "There is no such record: it was deleted, was merged into another, or never existed."
_LOST = "The records may have been made nevertheless: list them before you create them again."

Numbered = tuple[int, dict[str, str]]


class HubSpot:
    """By the CRM objects API: property definitions, lists by cursor, batches of 100."""

    def __init__(self, session: HubSpotSession) -> None:
        self._session = session

    def key(self, object_name: str, record_id: str) -> str:
        """With the object: a contact and a company may have the same id."""
        return f"{plural(object_name)}:{record_id}"

    async def fields(self, object_name: str) -> list[Field]:
        """The properties of an object, those of the portal among them."""
        object_type = _object(object_name)
        return [_field(one, object_type) for one in (await self._definitions(object_type)).values()]

    async def page(self, object_name: str, fields: Sequence[str], *, limit: int, cursor: str | None) -> Page:
        """Records in the order of HubSpot's list, whose cursor is handed through as it is."""
        object_type = _object(object_name)
        await self._check_names(object_type, fields)
        records: list[tuple[str, Row]] = []
        with _told(object_type):
            while True:
                wanted = min(BATCH, limit - len(records))
                listed, cursor = await self._session.page(object_type, after=cursor, limit=wanted)
                records += await self._values(object_type, [str(one["id"]) for one in listed], fields)
                if cursor is None or not listed or len(records) >= limit:
                    return Page(records, cursor if listed else None)

    async def create(self, object_name: str, rows: Sequence[Row]) -> list[Change]:
        """New records; a call whose answer is lost is not repeated, for it may have made them."""
        object_type = _object(object_name)
        await self._definitions(object_type)
        numbered = [(index, _texts(row)) for index, row in enumerate(rows)]
        told: dict[int, Change] = {}
        try:
            for first in range(0, len(numbered), BATCH):
                with _told(object_type):
                    await self._create(object_type, numbered[first : first + BATCH], told)
        except (Retryable, Fatal, Refused) as error:
            stopped = _stopped(error)
            if not told:
                raise stopped from error
            # Those that were made must be told, or nobody would know their ids.
            _fill(told, len(rows), stopped)
        return [told[index] for index in range(len(rows))]

    async def delete(self, object_name: str, ids: Sequence[str]) -> list[Change]:
        """Archived: restored in HubSpot within 90 days, gone then."""
        object_type = _object(object_name)
        await self._definitions(object_type)
        told: dict[int, Change] = {}
        try:
            for first in range(0, len(ids), BATCH):
                with _told(object_type):
                    await self._archive(object_type, list(enumerate(ids))[first : first + BATCH], told)
        except (Retryable, Fatal, Refused) as error:
            if not told:
                raise
            _fill(told, len(ids), error, ids)
        return [told[index] for index in range(len(ids))]

    async def _definitions(self, object_type: str, *, refresh: bool = False) -> dict[str, PropertyDefinition]:
        try:
            definitions = await self._session.definitions(object_type, refresh=refresh)
        except HubSpotRefused as refused:
            if refused.status in (400, 404):
                raise Refused(f"The portal has no object {object_type}.", found=False) from refused
            raise _refused(refused, object_type) from refused
        return {one["name"]: one for one in definitions}

    async def _check_names(self, object_type: str, names: Sequence[str]) -> None:
        """HubSpot itself shows a property that does not exist as empty."""
        known = await self._definitions(object_type)
        if unknown := [name for name in names if name not in known]:
            known = await self._definitions(object_type, refresh=True)
            unknown = [name for name in unknown if name not in known]
        if unknown:
            named = ", ".join(name[:80] for name in unknown[:3])
            meant = get_close_matches(unknown[0], known, n=1)
            hint = f" Did you mean {meant[0]}?" if meant else ""
            raise Refused(f"HubSpot's {object_type} have no property {named}.{hint}")

    async def _values(self, object_type: str, ids: Sequence[str], names: Sequence[str]) -> list[tuple[str, Row]]:
        """By a batch read: hundreds of names would not fit into the list's address."""
        found = {str(one["id"]): one for one in await self._session.read(object_type, ids, names)}
        shown = [(one, found[one].get("properties") or {}) for one in ids if one in found]
        return [(one, {name: values.get(name) for name in names}) for one, values in shown]

    async def _create(self, object_type: str, rows: Sequence[Numbered], told: dict[int, Change]) -> None:
        inputs = [{"properties": values, "objectWriteTraceId": str(index)} for index, values in rows]
        try:
            answer = await self._session.batch(object_type, "create", inputs, repeat=False)
        except HubSpotRefused as refused:
            if refused.status not in _OF_A_RECORD:
                raise
            if len(rows) == 1:
                told[rows[0][0]] = _failed(rows[0][0], refused.body)
                return
            # It took none of them: the halves tell which it would take.
            middle = len(rows) // 2
            await self._create(object_type, rows[:middle], told)
            await self._create(object_type, rows[middle:], told)
        else:
            told |= _created([index for index, _ in rows], answer)

    async def _archive(self, object_type: str, ids: Sequence[tuple[int, str]], told: dict[int, Change]) -> None:
        numbers = [one for _, one in ids if _ID.fullmatch(one)]
        # HubSpot says nothing of ids it does not know, and would archive the survivor for a merged record's id.
        there = {str(one["id"]) for one in await self._session.read(object_type, numbers, ["hs_object_id"])}
        gone = [(index, one) for index, one in ids if one in there]
        if gone:
            body = {"inputs": [{"id": one} for _, one in gone]}
            path = self._session.paths.objects(object_type, "batch", "archive")
            await self._session.call("POST", path, body, operation="archive")
        told |= {index: Change(index, one, "failed", "OBJECT_NOT_FOUND", _GONE) for index, one in ids}
        told |= {index: Change(index, one, "deleted") for index, one in gone}


def _field(one: PropertyDefinition, object_type: str) -> Field:
    writable = not is_read_only(one)
    return Field(
        name=one["name"],
        label=one.get("label", one["name"]),
        type=one.get("type", "string"),
        length=None,
        createable=writable,
        updateable=writable,
        # HubSpot's definitions do not say it; of notes, calls and tasks it is known (contract 3.9).
        required=one["name"] == "hs_timestamp" and object_type in ENGAGEMENTS,
    )


def _texts(row: Row) -> dict[str, str]:
    """HubSpot stores every value as text; several choices are joined by semicolons."""
    return {name: _text(value) for name, value in row.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ";".join(value)
    return json.dumps(value, ensure_ascii=False)


def _created(indices: Sequence[int], answer: BatchAnswer) -> dict[int, Change]:
    """Changes by index: HubSpot sorts its answer differently, only the trace ids tell whose is whose."""
    told: dict[int, Change] = {}
    strays: list[CrmObject] = []
    for result in answer.results:
        index = _index(result.get("objectWriteTraceId"), indices)
        if index is None:
            strays.append(result)
        else:
            told[index] = Change(index, str(result["id"]), "created")
    untraced: Mapping[str, Any] = {"category": "RESULT_MISSING"}
    for error in answer.errors:
        named = [_index(trace, indices) for trace in context_of(error, "objectWriteTraceId")]
        told |= {index: _failed(index, error) for index in named if index is not None}
        untraced = untraced if named else error
    for index in (one for one in indices if one not in told):
        # Made all the same, and somebody must be able to find it.
        known = strays.pop(0) if strays else None
        told[index] = Change(index, str(known["id"]), "created") if known else _failed(index, untraced)
    return told


def _index(trace_id: object, indices: Sequence[int]) -> int | None:
    text = str(trace_id)
    return int(text) if text.isdigit() and int(text) in indices else None


def _failed(index: int, error: Mapping[str, Any]) -> Change:
    code = code_of(error) or "REFUSED"
    details = [one for one in error.get("errors") or [] if isinstance(one, dict)]
    said = str((details[0] if details else error).get("message") or f"HubSpot refuses the record ({code}).")[:300]
    named = ", ".join(properties_of(error))
    return Change(index, None, "failed", code, f"{named}: {said}" if named and named not in said else said)


def _fill(told: dict[int, Change], count: int, error: Exception, ids: Sequence[str] | None = None) -> None:
    code = getattr(error, "code", None) or "NOT_DONE"
    for index in range(count):
        told.setdefault(index, Change(index, ids[index] if ids else None, "failed", code, str(error)))


def _stopped(error: Retryable | Fatal | Refused) -> Retryable | Fatal | Refused:
    """The same, with a warning where the answer may have been lost after the records were made."""
    if not isinstance(error, Retryable) or error.category not in ("network", "timeout"):
        return error
    return Retryable(f"{error}. {_LOST.rstrip('.')}", category=error.category, code="ANSWER_LOST")


def _object(name: str) -> str:
    if not _OBJECT.fullmatch(name):
        raise Refused(f"{name[:80]!r} is not the name of an object.", found=False)
    return plural(name)


@contextmanager
def _told(object_type: str) -> Iterator[None]:
    try:
        yield
    except HubSpotRefused as refused:
        raise _refused(refused, object_type) from refused


def _refused(refused: HubSpotRefused, object_type: str) -> Refused:
    said = str(refused.body.get("message") or "")[:300]
    if refused.status == 403:
        return Refused(f"{object_type}: {refused}")
    return Refused(f"HubSpot refuses this ({refused.code}): {said}")
