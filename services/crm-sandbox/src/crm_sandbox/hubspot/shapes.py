"""How the wire shows a record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_sandbox.foreign import Json
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal_settings import PORTAL_ID
from crm_sandbox.hubspot.records import Record, Records
from crm_sandbox.hubspot.stamps import stamp

PORTAL_URL = "https://app.hubspot.com/contacts"
# Values the vendor answers after every update, whichever were changed (fixture update/success).
_ALWAYS = ("createdate", "hs_object_id", "hs_object_source", "hs_object_source_id", "hs_object_source_label")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The properties to show, null where a record has none, and those to show with their history."""

    names: Sequence[str]
    history: Sequence[str] = ()

    @classmethod
    def of(cls, one: ObjectType, names: Sequence[str], history: Sequence[str] = ()) -> "Wanted":
        """The named ones and those that are always there; without names the type's own choice."""
        always = (one.created, one.modified, "hs_object_id")
        return cls(tuple(dict.fromkeys((*names, *always))) if names else one.shown, tuple(history))

    @classmethod
    def of_body(cls, one: ObjectType, body: Json) -> "Wanted":
        lists = [body.get(name) if isinstance(body, dict) else None for name in ("properties", "propertiesWithHistory")]
        names, history = ([str(name) for name in given] if isinstance(given, list) else [] for given in lists)
        return cls.of(one, names, history)


def shown(record: Record, wanted: Wanted | None, records: Records | None = None) -> dict[str, Any]:
    """A record with the properties wanted, or with all it has."""
    values: Mapping[str, str | None] = record.values
    if wanted is not None:
        values = {name: record.values.get(name) for name in wanted.names}
    body: dict[str, Any] = {"id": str(record.id), "properties": values}
    if wanted and wanted.history and records:
        body["propertiesWithHistory"] = {name: _history(records, record, name) for name in wanted.history}
    body.update(createdAt=stamp(record.created), updatedAt=stamp(record.updated), archived=record.archived)
    if record.archived_at is not None:
        body["archivedAt"] = stamp(record.archived_at)
    body["url"] = f"{PORTAL_URL}/{PORTAL_ID}/record/{record.type}/{record.id}"
    return body


def shown_after_update(one: ObjectType, record: Record, given: Json) -> dict[str, Any]:
    """What was changed, and what is always told."""
    changed = given if isinstance(given, dict) else {}
    names = [name for name in (*_ALWAYS, *changed, one.modified) if name in record.values or name in changed]
    return shown(record, Wanted(tuple(dict.fromkeys(names))))


def of_batch(
    started: str,
    ended: str,
    results: Sequence[Mapping[str, Any]],
    errors: Sequence[Mapping[str, Any]],
    status: int = 200,
) -> tuple[int, dict[str, Any]]:
    """The answer of a batch and its status: 207 with what was refused; a full success does not count errors."""
    body: dict[str, Any] = {"completedAt": ended, "status": "COMPLETE", "startedAt": started, "results": results}
    return (207, {**body, "errors": errors, "numErrors": len(errors)}) if errors else (status, body)


def _history(records: Records, record: Record, name: str) -> list[dict[str, Any]]:
    """The values a property had, newest first; a version that left it alone tells nothing."""
    told: list[dict[str, Any]] = []
    for version in reversed(records.versions(record)):
        value = version.values.get(name, "")
        if (told and told[-1]["value"] == value) or (not told and not value):
            continue
        source = {"sourceType": "INTEGRATION", "sourceId": "19083857"}
        told.append({"value": value, "timestamp": stamp(version.at), **source})
    return told[::-1]
