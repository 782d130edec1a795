"""Verdicts on their way out of the writer: the event, the record's trace, and a log line for a failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.events import RecordGenerated, RecordSettled
from shared.telemetry import UNSAMPLED, get_logger, names, open_record_trace, record_traces_are_kept

from writer_svc.domain.staging import Waiting
from writer_svc.domain.verdicts import Verdict, settled, settled_kept

Told = list[tuple[RecordSettled, str | None]]
"""Events with the traceparent of each."""


def verdict_events(told: Sequence[tuple[RecordGenerated, Verdict]]) -> Told:
    """Events of results that were kept: the span they came with is over, so each goes on in its record's own trace."""
    return _traced((settled(result, verdict), verdict) for result, verdict in told)


def kept_verdict_events(told: Sequence[tuple[Waiting, Verdict]]) -> Told:
    """`verdict_events` of results that are kept as text."""
    events = settled_kept((waiting.text, verdict) for waiting, verdict in told)
    return _traced(zip(events, (verdict for _, verdict in told), strict=True))


def _traced(told: Iterable[tuple[RecordSettled, Verdict]]) -> Told:
    events: Told = []
    kept = record_traces_are_kept()
    for event, verdict in told:
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
