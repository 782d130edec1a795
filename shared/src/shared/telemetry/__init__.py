"""Traces, metrics and logs: set up once per process, names in one place."""

from shared.telemetry.logs import get_logger, start_logs
from shared.telemetry.traces import (
    UNSAMPLED,
    current_trace_id,
    current_traceparent,
    is_sampled,
    open_record_trace,
    record_span,
    record_traces_are_kept,
    span,
    span_context,
    start_traces,
    stop_traces,
    traceparent_context,
    unsampled_traceparent,
)

__all__ = [
    "UNSAMPLED",
    "current_trace_id",
    "current_traceparent",
    "get_logger",
    "is_sampled",
    "open_record_trace",
    "record_span",
    "record_traces_are_kept",
    "span",
    "span_context",
    "start_logs",
    "start_traces",
    "stop_traces",
    "traceparent_context",
    "unsampled_traceparent",
]
