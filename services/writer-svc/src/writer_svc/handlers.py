"""The writer service upserts to Salesforce/HubSpot and CRM Analytics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Any

from opentelemetry.trace import Link, SpanKind
from opentelemetry.util.types import AttributeValue
from shared.bus import Parked, Postponed, Received
from shared.crm.deletions import deletes
from shared.errors import RecordsmithError, Retryable
from shared.events import BatchPlan, Event, RecordGenerated, RecordSettled, RecordsGenerated
from shared.telemetry import is_sampled, names, span, span_context

from writer_svc.domain.memory import Written
from writer_svc.domain.plans import PlanBook, plan_key, stays_here, target_of
from writer_svc.domain.target import Planned, Target
from writer_svc.domain.verdicts import (
    CANCELLED,
    DELETES_IGNORED,
    GENERATED,
    OVERTAKEN,
    Verdict,
    failed,
    settled,
    settled_alike,
)
from writer_svc.telling import log_failure

PLAN_S = 60.0
"""How long a result waits for its batch's plan: it was published before any prompt, so it is only late."""

PARENT_RETRIES = 1
"""How often a record whose parent is not there yet goes through the retry topics: 30 s, then 5 min, then 30 min."""

TIME = "ce_time"

LINKS = 128
"""Links that a span keeps (OpenTelemetry's default limit)."""

Group = list[Received[RecordGenerated]]

_UNSAMPLED: AbstractContextManager[None] = nullcontext()


async def write_records(
    received: Group,
    *,
    plans: PlanBook,
    targets: Mapping[str, Target],
    written: Written,
    parent_retries: int = PARENT_RETRIES,
) -> AsyncIterator[Event]:
    """Write what was generated, grouped by target; report each record's fate.

    Raises `Postponed` with those whose time may still come.
    """
    # All of a batch is asked once: a group is hundreds of records of one batch or two.
    batches = {batch_id: plans.plan(batch_id) for batch_id in {one.event.batch_id for one in received}}
    _refuse_unplanned(batches, plans)
    cancelled = {batch_id for batch_id in batches if plans.is_cancelled(batch_id)}
    once: dict[str, Received[RecordGenerated]] = {}
    for one in received:
        once.setdefault(one.event.event_id(), one)
    wanted: dict[tuple[str, ...], list[Planned]] = {}
    for event_id, one in once.items():
        result = one.event
        plan = batches[result.batch_id]
        if plan is None:
            # The batch is finished, so this record has its verdict already.
            continue
        known = CANCELLED if result.batch_id in cancelled else written.verdict(event_id)
        if known is None and result.deleted and not deletes(plan):
            # Whoever published it: nothing is deleted that the batch did not ask for.
            known = DELETES_IGNORED
        if known is None and one.attempt > 1 and written.is_overtaken(_place(one, plan), _told_at(one)):
            known = OVERTAKEN
        if known is not None:
            with _record(one, known):
                yield settled(result, known)
        else:
            wanted.setdefault(target_of(plan), []).append((result, plan))
    later: list[tuple[Received[RecordGenerated], Retryable]] = []
    for (kind, *_), results in wanted.items():
        async for result, verdict in _write(targets.get(kind), kind, results, once):
            event_id = result.event_id()
            if verdict.later and once[event_id].attempt <= parent_retries:
                later.append((once[event_id], Retryable(verdict.reason or "", category="crm", code=verdict.code)))
                continue
            if verdict.state == "written":
                written.note(event_id, verdict)
                if (plan := batches[result.batch_id]) is not None:
                    written.note_latest(_place(once[event_id], plan), _told_at(once[event_id]))
            with _record(once[event_id], verdict):
                yield settled(result, verdict)
    if later:
        raise Postponed(later)


def keep_at_once(received: Received[RecordsGenerated], *, plans: PlanBook) -> Sequence[RecordSettled] | None:
    """Results that are written nowhere have their verdicts together; None: each has to be looked at by itself."""
    batch_id, results = received.event.batch_id, received.event.results
    plan = plans.plan(batch_id)
    if plan is None or plans.is_held(batch_id) or plans.is_cancelled(batch_id) or not stays_here(target_of(plan)):
        return None
    return None if any(result.deleted for result in results) else settled_alike(results, GENERATED)


def failed_record(received: Received[Any], error: RecordsmithError, attempts: int) -> Event | None:
    """The verdict on a result that could not be written for good."""
    verdict = failed(error.code or "NOT_WRITTEN", str(error), category=error.category)
    log_failure(received.event, verdict)
    return settled(received.event, verdict)


def _place(received: Received[RecordGenerated], plan: BatchPlan) -> Hashable:
    """The fields of the CRM record that a result writes: results for others do not overwrite each other."""
    fields = getattr(plan.target, "fields", None) or {}
    return plan.target.kind, received.event.key(), getattr(plan.target, "field", None), *sorted(fields)


def _told_at(received: Received[RecordGenerated]) -> str:
    """When it was generated; the header stays the same in the retry topics."""
    return received.headers.get(TIME, "")


def _refuse_unplanned(batch_ids: Iterable[str], plans: PlanBook) -> None:
    for batch_id in batch_ids:
        if not plans.knows(batch_id):
            raise Parked(plan_key(batch_id), PLAN_S)
        if plans.is_held(batch_id):
            raise Parked(plan_key(batch_id))


async def _write(
    target: Target | None, kind: str, results: Sequence[Planned], received: Mapping[str, Received[RecordGenerated]]
) -> AsyncIterator[tuple[RecordGenerated, Verdict]]:
    if target is None:
        for result, _ in results:
            yield result, failed("UNSUPPORTED_TARGET", f"Targets of kind {kind} are not supported yet.")
        return
    if not target.does_io:
        async for told in target.write(results):
            yield told
        return
    verdicts: list[tuple[RecordGenerated, Verdict]] = []
    failure: RecordsmithError | Parked | None = None
    try:
        with span(names.SPAN_WRITE, kind=SpanKind.CLIENT, links=_links(received), attributes=_about(results)):
            # One by one: what was told before a failure must not be lost with it.
            async for told in target.write(results):
                verdicts.append(told)  # noqa: PERF401
    except (RecordsmithError, Parked) as error:
        failure = error
    # Told outside of the call's span: what follows from a record belongs to the record's own trace.
    for told in verdicts:
        yield told
    if failure is not None:
        raise failure


def _record(received: Received[RecordGenerated], verdict: Verdict) -> AbstractContextManager[object]:
    """The record's own share of the write, where its trace is kept."""
    result = received.event
    if verdict.state == "failed":
        log_failure(result, verdict)
    if not is_sampled(received.traceparent):
        return _UNSAMPLED
    attributes: dict[str, AttributeValue] = {
        names.BATCH_ID: result.batch_id,
        names.RECORD_INDEX: result.index,
        names.RECORD_STATE: verdict.state,
    }
    if verdict.code:
        attributes[names.CRM_CODE] = verdict.code
    return span(names.SPAN_WRITE_RECORD, traceparent=received.traceparent, attributes=attributes)


def _links(received: Mapping[str, Received[RecordGenerated]]) -> list[Link]:
    sampled = (span_context(one.traceparent) for one in received.values() if is_sampled(one.traceparent))
    return [Link(context) for context in islice(sampled, LINKS) if context is not None]


def _about(results: Sequence[Planned]) -> dict[str, AttributeValue]:
    return {names.CHUNK_SIZE: len(results)}
