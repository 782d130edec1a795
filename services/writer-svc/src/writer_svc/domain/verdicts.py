"""What became of a record in the CRM, in words that hold no record contents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter
from shared.errors import Category
from shared.events import Change, RecordGenerated, RecordSettled

LOCKED = "UNABLE_TO_LOCK_ROW"

FULL = "STORAGE_LIMIT_EXCEEDED"
ORPHANED = "INVALID_CROSS_REFERENCE_KEY"

FIXED = "INVALID_FIELD_FOR_INSERT_UPDATE"

DRIFT = frozenset({"INVALID_FIELD", "INVALID_TYPE", "NOT_FOUND", FIXED})
"""The org's schema is not what the describe said."""

RECORDS_OWN = frozenset({FIXED})
"""Of these, what Salesforce also says of single records, such as new ones with a field that only updates may set."""

_SENTENCES = {
    "STRING_TOO_LONG": "The answer is longer than the field allows: ask for less, or choose a longer field.",
    "REQUIRED_FIELD_MISSING": "A required field has no value: add it to the target's fields.",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "The answer is not one of the field's choices: name them in the prompt.",
    "INVALID_EMAIL_ADDRESS": "The answer is no e-mail address.",
    "INVALID_TYPE_ON_FIELD_IN_RECORD": "The answer is not of the field's type.",
    "FIELD_INTEGRITY_EXCEPTION": "The value does not fit the field, or refers to a record of another object.",
    "NUMBER_OUTSIDE_VALID_RANGE": "The number is outside the field's range.",
    "ENTITY_IS_DELETED": "The record was deleted: restore it from the recycle bin and retry, or leave it.",
    ORPHANED: "The record, or one it refers to, does not exist: create that one first, then retry.",
    "MALFORMED_ID": "A value is not a Salesforce id.",
    "DUPLICATE_VALUE": "Another record has this unique value.",
    "DUPLICATES_DETECTED": "A duplicate rule of the org stopped the record.",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of the org refuses the record.",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "A trigger of the org refuses the record.",
    "INSUFFICIENT_ACCESS_OR_READONLY": "The user may not change this record: give it edit access, then retry.",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "The user may not use the record that this one refers to.",
    "MISSING_ARGUMENT": "The record's id is missing.",
    "JSON_PARSER_ERROR": "Salesforce cannot read a value: its type is not the field's.",
    "NOT_CREATEABLE": "The record is not there, and this user may not create it with these fields.",
    FULL: "The org's storage is full.",
    FIXED: "A field cannot be set here: it is read-only, or fixed when the record is created.",
    LOCKED: "The record stayed locked by others: retry later.",
}
_QUOTING = (
    (re.compile(r"(data value too large: ).*(\(max length=\d+\))", re.DOTALL), r"\1… \2"),
    (
        re.compile(r"((?:bad value for restricted picklist field|Duplicate external id specified): ).*", re.DOTALL),
        r"\1…",
    ),
)
_SHORTEST = 4
"""Shorter values turn up in any sentence."""


class Verdict(NamedTuple):
    """On one record: made for each, and a frozen dataclass takes four times as long to make."""

    state: Literal["written", "generated", "failed", "skipped", "cancelled"]
    crm_id: str | None = None
    code: str | None = None
    reason: str | None = None
    category: Category | None = None
    change: Change | None = None
    later: bool = False
    """It may go well after a while: only when that is over, too, is this the verdict."""


_VERDICTS = TypeAdapter(list[RecordSettled])

GENERATED = Verdict("generated")
CANCELLED = Verdict("cancelled")
OVERTAKEN = Verdict(
    "skipped", code="OVERTAKEN", reason="A later answer for the same record was written while this one waited."
)
DELETED = Verdict("written", code="DELETED", reason="The source record is deleted, and so is the target's.")
NOTHING_TO_DELETE = Verdict(
    "skipped",
    code="NOTHING_TO_DELETE",
    reason="The source record is deleted, and the target has no record with its key.",
)
DELETES_IGNORED = Verdict(
    "skipped",
    code="DELETES_IGNORED",
    reason="The source record is deleted, and the batch does not delete at its target.",
)


def failed(code: str, reason: str | None = None, *, category: Category = "crm") -> Verdict:
    """A failure that no repetition will mend."""
    return Verdict("failed", code=code, reason=reason or _sentence(code), category=category)


def refused(code: str, said: str, fields: Iterable[str], values: Iterable[object]) -> Verdict:
    """The CRM's own refusal: our sentence, the fields, and its message where that quotes none of the sent `values`."""
    named = [name for name in fields if name]
    about = f"{', '.join(named)}: " if named else ""
    message = without_values(said, values)
    return failed(code, f"{about}{_sentence(code)}{' Salesforce says: ' + message if message else ''}")


def without_values(said: str, values: Iterable[object]) -> str:
    """The CRM's message with known quotations cut out; nothing at all if it still holds a part of a value."""
    for pattern, instead in _QUOTING:
        said = pattern.sub(instead, said)
    said = said.replace("\0", "").strip()[:300]
    folded = said.casefold()
    for value in values:
        text = str(value).strip().casefold()
        # Long values are quoted from their beginning.
        if len(text) >= _SHORTEST and text[:12] in folded:
            return ""
    return said


def settled(result: RecordGenerated, verdict: Verdict) -> RecordSettled:
    """The event that tells it, with everything the result says about its answer."""
    return RecordSettled.model_validate(_settled(result, verdict))


def settled_alike(results: Iterable[RecordGenerated], verdict: Verdict) -> list[RecordSettled]:
    """The same verdict on many: made in one go, which takes a third of the time."""
    return _VERDICTS.validate_python([_settled(result, verdict) for result in results])


def _settled(result: RecordGenerated, verdict: Verdict) -> dict[str, Any]:
    # What is the result's alone, its object and key, a verdict does not take.
    return {
        **vars(result),
        "category": verdict.category if verdict.state == "failed" else result.category,
        "reason": verdict.reason or result.reason,
        "state": verdict.state,
        "code": verdict.code,
        "crm_id": verdict.crm_id,
        "change": verdict.change,
    }


def settled_kept(told: Iterable[tuple[bytes, Verdict]]) -> list[RecordSettled]:
    """`settled` for results that are JSON still: of one that did not fail the text is completed, not read and written.

    All are then read as verdicts at once, which takes a quarter of the time.
    """
    return _VERDICTS.validate_json(b"[" + b",".join(_settled_text(text, verdict) for text, verdict in told) + b"]")


def _settled_text(text: bytes, verdict: Verdict) -> bytes:
    if verdict.state == "failed" or verdict.code or verdict.reason or verdict.change is not None:
        return settled(RecordGenerated.model_validate_json(text), verdict).model_dump_json().encode()
    known = "" if verdict.crm_id is None else f',"crm_id":{json.dumps(verdict.crm_id)}'
    return text[:-1] + f',"state":"{verdict.state}"{known}}}'.encode()


def _sentence(code: str) -> str:
    return _SENTENCES.get(code, f"Salesforce refused the record ({code}).")
