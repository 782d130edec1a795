"""Whose result is whose in the answer of a batch call, and what a refusal means in words without record contents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.crm.hubspot_shapes import BatchAnswer, CrmObject, code_of, context_of, properties_of

from writer_svc.domain.hubspot_rows import HubSpotRecord, folded_key
from writer_svc.domain.verdicts import Verdict, failed

DRIFT = frozenset({"PROPERTY_DOESNT_EXIST", "INVALID_OPTION"})
"""The portal's properties are not what their definitions said."""

CONFLICT = "CONFLICT"
TRANSIENT = frozenset({"RATE_LIMITS", "RATE_LIMIT", "INTERNAL_ERROR", "TIMEOUT", "LOCKED"})
"""A single record's error inside of a 207 that may be gone in a while."""
_EXISTING = re.compile(r"Existing ID: (\d+)")
_SENTENCES = {
    CONFLICT: "Another record has this unique value.",
    "OBJECT_NOT_FOUND": "The record was deleted or archived, or never existed.",
    "PROPERTY_DOESNT_EXIST": "The object has no such property.",
    "INVALID_OPTION": "The answer is not one of the options.",
    "INVALID_EMAIL": "The answer is no e-mail address that HubSpot takes.",
    "INVALID_DATE": "The answer is no date.",
    "INVALID_INTEGER": "The answer is not a whole number.",
    "INVALID_NUMBER": "The answer is not a number.",
    "INVALID_FORMAT": "A validation rule of the portal refuses the form of the value.",
    "INVALID_OWNER_ID": "The portal has no such owner.",
    "READ_ONLY_VALUE": "The property cannot be written.",
    "REQUIRED_FIELD": "A required property has no value.",
    "PROPERTY_REQUIRED": "A required property has no value.",
    "VALIDATION_ERROR": "HubSpot, or a validation rule of the portal, refuses the record.",
    "MISSING_SCOPES": "The HubSpot token lacks a scope for this object.",
}


@dataclass(frozen=True, slots=True)
class Written:
    """HubSpot has the record."""

    crm_id: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """HubSpot does not take the record."""

    code: str
    properties: tuple[str, ...] = ()
    existing_id: str | None = None
    """The record that has the unique value already."""

    def verdict(self, about: str = "") -> Verdict:
        """Our sentence, with the properties that HubSpot names. Its own message may quote values and is not told."""
        named = f" ({', '.join(self.properties)})" if self.properties else ""
        sentence = _SENTENCES.get(self.code, f"HubSpot refused the record ({self.code}).")
        return failed(self.code, f"{about}{sentence}{named}")


Outcome = Written | Refusal


@dataclass(frozen=True)
class Correlated:
    """Outcomes by position in the call; `unknown` are the positions that the answer says nothing certain about."""

    outcomes: Mapping[int, Outcome]
    unknown: Sequence[int]
    has_stray_errors: bool


def correlated(records: Sequence[HubSpotRecord], answer: BatchAnswer) -> Correlated:
    """Match results and errors with inputs: by trace id, else by key; never by position.

    HubSpot sorts results differently and answers e-mails in lower case; the id of a merged record is its survivor's.
    """
    by_key = {record.folded: at for at, record in enumerate(records)}
    outcomes: dict[int, Outcome] = {}
    strays: list[CrmObject] = []
    for result in answer.results:
        at = _position_of(result, records, by_key)
        if at is None or at in outcomes:
            strays.append(result)
        else:
            outcomes[at] = Written(str(result["id"]), bool(result.get("new")))
    stray_errors = False
    for error in answer.errors:
        places = list(_places_of(error, by_key, len(records)))
        stray_errors = stray_errors or not places
        for at in places:
            outcomes.setdefault(at, refusal_of(error))
    unknown = [at for at in range(len(records)) if at not in outcomes]
    if len(unknown) == len(strays) == 1 and not stray_errors:
        outcomes[unknown.pop()] = Written(str(strays[0]["id"]), bool(strays[0].get("new")))
    return Correlated(outcomes, unknown, stray_errors)


def refusal_of(error: Mapping[str, Any]) -> Refusal:
    """From an element of a 207, or from the body of a whole refusal."""
    existing = next(iter(context_of(error, "existingId", "existingIds")), None)
    if existing is None and (found := _EXISTING.search(str(error.get("message") or ""))):
        existing = found[1]
    return Refusal(code_of(error) or "REFUSED", properties_of(error), existing)


def _position_of(result: CrmObject, records: Sequence[HubSpotRecord], by_key: Mapping[str, int]) -> int | None:
    trace_id = result.get("objectWriteTraceId")
    if trace_id is not None:
        return _position(trace_id, len(records))
    id_property = records[0].id_property
    value = result.get("properties", {}).get(id_property) if id_property else result.get("id")
    return by_key.get(folded_key(value)) if value else None


def _places_of(error: Mapping[str, Any], by_key: Mapping[str, int], count: int) -> Iterable[int]:
    traced = [_position(trace_id, count) for trace_id in context_of(error, "objectWriteTraceId")]
    keyed = [by_key.get(folded_key(key)) for key in context_of(error, "ids", "id")]
    return (at for at in (traced or keyed) if at is not None)


def _position(trace_id: object, count: int) -> int | None:
    text = str(trace_id)
    return int(text) if text.isdigit() and int(text) < count else None
