"""Verdicts on their way out of the writer: the event, the record's trace, and a log line for a failure."""

from __future__ import annotations

from collections.abc import Sequence

from shared.events import Event, RecordGenerated, RecordSettled
from shared.telemetry import UNSAMPLED, get_logger, names, open_record_trace, record_traces_are_kept

from writer_svc.domain.staging import Waiting
from writer_svc.domain.verdicts import Verdict, settled, settled_kept


def verdict_events(told: Sequence[tuple[RecordGenerated, Verdict]]) -> list[tuple[Event, str | None]]:
    """Events of results that were kept: the span they came with is over, so each goes on in its record's own trace."""
    events: list[tuple[Event, str | None]] = []
    for result, verdict in told:
        if verdict.state == "failed":
            log_failure(result, verdict)
        events.append((settled(result, verdict), open_record_trace(names.SPAN_WRITE_RECORD, result.trace_id())))
    return events


def kept_verdict_events(told: Sequence[tuple[Waiting, Verdict]]) -> list[tuple[Event, str | None]]:
    """`verdict_events` of results that are kept as text."""
    events: list[tuple[Event, str | None]] = []
    kept = record_traces_are_kept()
    verdicts = settled_kept((waiting.text, verdict) for waiting, verdict in told)
    for event, (_, verdict) in zip(verdicts, told, strict=True):
        if verdict.state == "failed":
            log_failure(event, verdict)
        parent = open_record_trace(names.SPAN_WRITE_RECORD, event.trace_id()) if kept else UNSAMPLED
        events.append((event, parent))
    return events


def log_failure(result: RecordGenerated | RecordSettled, verdict: Verdict) -> None:
    """A record failed; without its contents."""
    get_logger().warning(
        names.LOG_RECORD_FAILED,
        batch_id=result.batch_id,
        index=result.index,
        category=verdict.category,
        code=verdict.code,
        trace_id=result.trace_id(),
    )
