"""The record's span in its own trace, where that trace is sampled."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from opentelemetry.trace import Span, Status, StatusCode
from shared.bus import Received
from shared.events import RecordGenerated, RecordSettled
from shared.telemetry import names, span

_SAMPLED = frozenset("13579bdf")
"""Last hexadecimal digit of a traceparent whose sampled flag is set."""

_UNSAMPLED: AbstractContextManager[None] = nullcontext()


def sampled_span(name: str, received: Received[Any]) -> AbstractContextManager[Span | None]:
    """A span under the record's trace; nothing where nobody would keep it: a span costs as much as the record."""
    traceparent = received.traceparent
    if not traceparent or traceparent[-1] not in _SAMPLED:
        return _UNSAMPLED
    return span(name, traceparent=traceparent, attributes={names.BATCH_ID: received.event.batch_id})


def describe(current: Span, verdict: RecordGenerated | RecordSettled, operation: str) -> None:
    """What happened to the record, without its contents."""
    found = {
        names.RECORD_INDEX: verdict.index,
        names.ANSWER_SOURCE: verdict.source,
        names.GEN_AI_OPERATION: operation,
        names.GEN_AI_PROVIDER: verdict.provider,
        names.GEN_AI_MODEL: verdict.model,
        names.GEN_AI_INPUT_TOKENS: verdict.usage.input_tokens,
        names.GEN_AI_OUTPUT_TOKENS: verdict.usage.output_tokens,
        names.FAILURE_CATEGORY: verdict.category,
    }
    current.set_attributes({name: value for name, value in found.items() if value is not None})
    if isinstance(verdict, RecordSettled):
        current.set_attribute(names.RECORD_STATE, verdict.state)
        if verdict.state == "failed":
            current.set_status(Status(StatusCode.ERROR))
