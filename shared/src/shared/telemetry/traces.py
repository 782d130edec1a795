"""OpenTelemetry tracing: one trace per batch for its control steps, one per record whose id is known beforehand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, TraceFlags, TraceState
from opentelemetry.util.types import Attributes

RECORD_RATIO = 0.01
"""Share of record traces kept by default: all of 1,000,000 would cost more than the work (20 µs a span)."""

UNSAMPLED = ""
"""In place of a W3C header: the record's own trace, which nobody keeps. Its id follows from the record, so it need not
travel, and is only worked out where somebody reads it.
"""

_exports = False
"""Whether spans leave the process at all."""

_record_trace: ContextVar[int | None] = ContextVar("record_trace", default=None)


def start_traces(service: str) -> None:
    """Install the tracer provider. Spans leave the process only where `OTEL_EXPORTER_OTLP_*ENDPOINT` says so."""
    global _exports
    environment = os.environ
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=None if environment.get("OTEL_TRACES_SAMPLER") else _DefaultSampler(),
        id_generator=_RecordTraceIds(),
    )
    if environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        _exports = True
    trace.set_tracer_provider(provider)


def stop_traces() -> None:
    """Export what is buffered."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    traceparent: str | None = None,
    links: Sequence[Link] = (),
    attributes: Attributes = None,
) -> Iterator[Span]:
    """A span under `traceparent` (else under the current span). Exceptions leave their type only, never their text."""
    context = traceparent_context(traceparent)
    with _tracer().start_as_current_span(
        name, context=context, kind=kind, links=links, attributes=attributes, record_exception=False,
        set_status_on_exception=False,
    ) as started:  # fmt: skip
        try:
            yield started
        except Exception as error:
            started.set_attribute("error.type", type(error).__name__)
            started.set_status(trace.Status(trace.StatusCode.ERROR))
            raise


@contextmanager
def record_span(
    name: str, trace_id: str, *, links: Sequence[Link] = (), attributes: Attributes = None
) -> Iterator[Span]:
    """The root span of a record's own trace, whose id is given."""
    token = _record_trace.set(int(trace_id, 16))
    try:
        with _tracer().start_as_current_span(
            name, context=Context(), kind=SpanKind.PRODUCER, links=links, attributes=attributes
        ) as started:
            yield started
    finally:
        _record_trace.reset(token)


def open_record_trace(name: str, trace_id: str, *, links: Sequence[Link] = (), attributes: Attributes = None) -> str:
    """Begin a record's own trace and return the W3C header that continues it.

    The sampler is asked first, because a span that nobody keeps costs 40 µs all the same.
    """
    if not _record_is_sampled(name, trace_id):
        return unsampled_traceparent(trace_id)
    with record_span(name, trace_id, links=links, attributes=attributes) as started:
        return traceparent_of(started.get_span_context()) or unsampled_traceparent(trace_id)


def record_traces_are_kept() -> bool:
    """Whether there is any use in asking for each record: without it, a record's trace id is never worked out."""
    return _exports


def unsampled_traceparent(trace_id: str) -> str:
    """W3C header of a record's trace that nobody keeps."""
    return f"00-{trace_id}-{trace_id[16:]}-00"


def _record_is_sampled(name: str, trace_id: str) -> bool:
    # Asked for every record: looking the provider up costs more than all the rest.
    if not _exports or not isinstance(provider := trace.get_tracer_provider(), TracerProvider):
        return False
    token = _record_trace.set(int(trace_id, 16))
    try:
        decision = provider.sampler.should_sample(None, int(trace_id, 16), name).decision
        return decision is Decision.RECORD_AND_SAMPLE
    finally:
        _record_trace.reset(token)


def current_trace_id() -> str | None:
    """Trace id of the current span as 32 hex digits."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def current_traceparent() -> str | None:
    """W3C header that continues the current span."""
    return traceparent_of(trace.get_current_span().get_span_context())


def traceparent_of(context: SpanContext) -> str | None:
    """W3C header of a span context."""
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"


def is_sampled(traceparent: str | None) -> bool:
    """Whether a W3C header asks for spans. Cheap: the hot paths open none where it does not."""
    return traceparent is not None and traceparent[-1:] in "13579bdf" and len(traceparent) == 55


def span_context(traceparent: str | None) -> SpanContext | None:
    """What a W3C header says; None when it says nothing valid."""
    parts = traceparent.split("-") if traceparent else []
    if len(parts) < 4 or len(parts[0]) != 2 or len(parts[1]) != 32 or len(parts[2]) != 16:
        return None
    try:
        found = SpanContext(
            int(parts[1], 16), int(parts[2], 16), True, TraceFlags(int(parts[3][:2], 16) & 1), TraceState()
        )
    except ValueError:
        return None
    return found if found.is_valid else None


def traceparent_context(traceparent: str | None) -> Context | None:
    """A context to start spans in, or None for the current one."""
    found = span_context(traceparent)
    return None if found is None else trace.set_span_in_context(trace.NonRecordingSpan(found), Context())


def _tracer() -> trace.Tracer:
    return trace.get_tracer("recordsmith")


class _RecordTraceIds(RandomIdGenerator):
    """Random ids, except for the root of a record's trace."""

    def generate_trace_id(self) -> int:
        return _record_trace.get() or super().generate_trace_id()


class _DefaultSampler(Sampler):
    """Every control step; of the records, one in a hundred by the hash that their trace id is."""

    def __init__(self) -> None:
        self._control = ParentBased(ALWAYS_ON)
        self._records = TraceIdRatioBased(RECORD_RATIO)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        chosen = self._records if _record_trace.get() is not None else self._control
        return chosen.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"RecordsmithDefault({RECORD_RATIO})"
