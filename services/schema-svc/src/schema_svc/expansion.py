"""One prompt per record, or its verdict where there is nothing to ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.trace import Link, Span
from opentelemetry.util.types import AttributeValue
from pydantic import TypeAdapter
from shared.errors import Category
from shared.events import (
    BatchSpec,
    Event,
    PromptPrepared,
    RangeSettled,
    RecordGenerated,
    RecordSettled,
    SlicePrepared,
)
from shared.events.spec import object_key
from shared.telemetry import UNSAMPLED, names, open_record_trace, record_traces_are_kept
from shared.topics import Topic

from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed, empty_slot, filled, is_empty
from schema_svc.domain.source import Missing, Record, Snapshot, Source
from shared import topics

LARGEST_VALUES = 512 * 1024
"""Characters of one prompt's values as JSON: the broker takes 1 MB, and a character may be several bytes."""

_PROMPTS = TypeAdapter(list[PromptPrepared])

Traced = tuple[Event, str | None]
"""An event and the traceparent it travels with."""


@dataclass(frozen=True)
class OpenBatch:
    """A batch with what is needed to expand it."""

    batch_id: str
    spec: BatchSpec
    traceparent: str | None
    needed: Needed
    source: Source
    snapshot: Snapshot

    @property
    def lane(self) -> Topic:
        """Where its prompts go."""
        return topics.PROMPTS_INTERACTIVE if self.spec.lane == "interactive" else topics.PROMPTS_BULK


@dataclass
class Expanded:
    """Events of one chunk."""

    prompts: list[Traced] = field(default_factory=list)
    verdicts: list[Traced] = field(default_factory=list)
    """With results that say a record is deleted: both need no LLM."""


def expand(batch: OpenBatch, epoch: int, records: Sequence[Record | Missing], chunk: Span) -> Expanded:
    """Every record becomes one event: its prompt, or the verdict that there will be none."""
    verdicts: list[RecordGenerated | RecordSettled] = []
    asked: list[Record] = []
    for record in records:
        missing = record if isinstance(record, Missing) else _nothing_to_ask(record, batch.needed)
        if missing is None and isinstance(record, Record):
            asked.append(record)
        elif missing is not None and missing.deleted_key is not None:
            verdicts.append(_deletion(batch, epoch, missing, missing.deleted_key))
        elif missing is not None:
            verdicts.append(_verdict(batch.batch_id, epoch, missing))
    context = chunk.get_span_context()
    links = [Link(context)] if context.is_valid else []
    return Expanded(_traced(_prompts(batch, epoch, asked), links), _traced(verdicts, links))


def _prompts(batch: OpenBatch, epoch: int, records: Sequence[Record]) -> list[PromptPrepared]:
    """All made in one go, which takes half the time."""
    as_read = batch.spec.source.kind == "recipe"
    return _PROMPTS.validate_python(
        [
            {
                "batch_id": batch.batch_id,
                "index": record.index,
                "epoch": epoch,
                "record_id": record.record_id,
                "values": record.values if as_read else filled(record.values, batch.needed),
            }
            for record in records
        ]
    )


def all_failed(ranges: Sequence[Range], code: str, category: Category) -> list[Missing]:
    """A chunk that can never be read: each of its records has failed, the batch goes on."""
    reason = f"The record could not be read from its source ({code})."
    return [
        Missing(index, str(index), code, reason, category, "failed")
        for first, count in ranges
        for index in range(first, first + count)
    ]


def slice_event(batch: OpenBatch, epoch: int, rows: Range) -> SlicePrepared:
    """A row range of a recipe."""
    source: Any = batch.spec.source
    first, count = rows
    return SlicePrepared(
        batch_id=batch.batch_id, first=first, count=count, epoch=epoch, recipe=source.recipe, seed=source.seed
    )


def cancelled_event(batch_id: str, epoch: int, records: Range) -> RangeSettled:
    """Records that a cancelled batch never expanded."""
    first, count = records
    return RangeSettled(batch_id=batch_id, first=first, count=count, epoch=epoch, state="cancelled")


def _nothing_to_ask(record: Record, needed: Needed) -> Missing | None:
    index, record_id = record.index, record.record_id
    if needed.external_id and is_empty(record.values.get(needed.external_id)):
        # Salesforce would create a new record at every upsert without a key; better before the LLM is paid.
        reason = f"The external id {needed.external_id} of the record is empty, so there is nothing to upsert by."
        return Missing(index, record_id, "REQUIRED_FIELD_MISSING", reason, "validation", "failed")
    if (slot := empty_slot(record.values, needed)) is not None:
        return Missing(index, record_id, "EMPTY_SLOT", f"The field {slot} is empty.", "validation")
    if _too_large(record.values):
        reason = "The record's fields are larger than one prompt may be."
        return Missing(index, record_id, "PROMPT_TOO_LARGE", reason, "validation", "failed")
    return None


def _too_large(values: dict[str, Any]) -> bool:
    rough = 0
    for value in values.values():
        if isinstance(value, str):
            rough += len(value)
        elif value is not None and not isinstance(value, int | float):
            rough += 99_999
    return rough > LARGEST_VALUES // 6 and len(json.dumps(values, default=str)) > LARGEST_VALUES


def _verdict(batch_id: str, epoch: int, missing: Missing) -> RecordSettled:
    return RecordSettled(
        batch_id=batch_id,
        index=missing.index,
        epoch=epoch,
        record_id=missing.record_id,
        state=missing.state,
        category=missing.category,
        code=missing.code,
        reason=missing.reason,
    )


def _deletion(batch: OpenBatch, epoch: int, missing: Missing, key: str) -> RecordGenerated:
    """Nothing is asked about a deleted record: the writer deletes by its key, and tells the verdict."""
    return RecordGenerated(
        batch_id=batch.batch_id,
        index=missing.index,
        epoch=epoch,
        record_id=missing.record_id,
        object=object_key(batch.spec.target),
        external_id=key,
        deleted=True,
    )


def _traced(events: Sequence[PromptPrepared | RecordGenerated | RecordSettled], links: Sequence[Link]) -> list[Traced]:
    if not record_traces_are_kept():
        return [(event, UNSAMPLED) for event in events]
    return [(event, _trace_of(event, links)) for event in events]


def _trace_of(event: PromptPrepared | RecordGenerated | RecordSettled, links: Sequence[Link]) -> str:
    attributes: dict[str, AttributeValue] = {names.BATCH_ID: event.batch_id, names.RECORD_INDEX: event.index}
    return open_record_trace(names.SPAN_EXPAND_RECORD, event.trace_id(), links=links, attributes=attributes)
