"""Verdicts on their way out of the writer: the event, the record's trace, and a log line for a failure."""

from __future__ import annotations

from collections.abc import Sequence

from shared.events import Event, RecordGenerated
from shared.telemetry import get_logger, names, open_record_trace

from writer_svc.domain.verdicts import Verdict, settled


def verdict_events(told: Sequence[tuple[RecordGenerated, Verdict]]) -> list[tuple[Event, str | None]]:
    """Events of results that were kept: the span they came with is over, so each goes on in its record's own trace."""
    events: list[tuple[Event, str | None]] = []
    for result, verdict in told:
        if verdict.state == "failed":
            log_failure(result, verdict)
        events.append((settled(result, verdict), open_record_trace(names.SPAN_WRITE_RECORD, result.trace_id())))
    return events


def log_failure(result: RecordGenerated, verdict: Verdict) -> None:
    """A record failed; without its contents."""
    get_logger().warning(
        names.LOG_RECORD_FAILED,
        batch_id=result.batch_id,
        index=result.index,
        category=verdict.category,
        code=verdict.code,
        trace_id=result.trace_id(),
    )
