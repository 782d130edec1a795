"""Writes results of one object: rows, companies, records, associations – and once more where the portal has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.bus import Parked
from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_paths import plural
from shared.crm.hubspot_refusals import NO_PROPERTY
from shared.errors import Rejected, Retryable
from shared.events import BatchPlan, RecordGenerated
from shared.telemetry import get_logger, names

from writer_svc.domain.coercion import Unfit
from writer_svc.domain.holds import Holds
from writer_svc.domain.hubspot_answers import DRIFT, TRANSIENT, Outcome, Refusal, Written
from writer_svc.domain.hubspot_rows import HubSpotRecord, HubSpotRow, Schemas, UnknownOptions, hubspot_target, row_of
from writer_svc.domain.plans import plan_key
from writer_svc.domain.rows import waves
from writer_svc.domain.target import Planned
from writer_svc.domain.turns import Turns
from writer_svc.domain.verdicts import Verdict, failed
from writer_svc.targets.hubspot.linking import Resolved, associate_all, resolved
from writer_svc.targets.hubspot.portal import Portal
from writer_svc.targets.hubspot.sending import Drifted, Sending

ATTEMPTS = 3
"""With definitions as known, with definitions read anew, and once more after options were added."""

Told = tuple[RecordGenerated, Verdict]


@dataclass
class _Again:
    """Results that another attempt may write."""

    planned: list[Planned] = field(default_factory=list)
    later: Retryable | None = None
    """Why some of them wait for better times."""
    held: list[tuple[RecordGenerated, str]] = field(default_factory=list)
    """Results whose whole batch cannot be written any more, and why."""


class Writing:
    """One portal and what is known of it."""

    def __init__(
        self, session: HubSpotSession, holds: Holds, clock: Callable[[], float], turns: Turns | None = None
    ) -> None:
        self._session = session
        self._holds = holds
        self._portal = Portal(session, turns)
        self._clock = clock

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[Told]:
        """A verdict per result. Raises `Retryable` for those that wait for a record which is not there yet.

        Raises `Parked` where a property that the batch writes is gone for good: then every record would fail.
        """
        later: Retryable | None = None
        held: list[tuple[RecordGenerated, str]] = []
        left: Sequence[Planned] = results
        for attempt in range(1, ATTEMPTS + 1):
            again = _Again()
            async for told in self._attempt(left, again, attempt):
                yield told
            later, left = later or again.later, again.planned
            held += again.held
            if not left:
                break
        for result, reason in held:
            remedy = "Restore the property and resume the batch, or cancel it; its results wait."
            await self._holds.pause(result.batch_id, f"{reason} {remedy}")
        if held:
            raise Parked(plan_key(held[0][0].batch_id))
        if later is not None:
            raise later

    async def _attempt(self, planned: Sequence[Planned], again: _Again, attempt: int) -> AsyncIterator[Told]:
        try:
            schemas = await self._schemas(planned, refresh=attempt > 1)
        except Rejected as refused:
            for result, _ in planned:
                yield result, failed(refused.code or "REFUSED", str(refused))
            return
        rows, told = await self._rows(planned, schemas, again, attempt)
        for one in told:
            yield one
        plans = {id(result): plan for result, plan in planned}
        links = await resolved(self._session, [link for row in rows for link in row.links])
        sending = Sending(self._session, drift_is_final=attempt > 1)
        for call in waves([row for row in rows if _can_be_linked(row, links, again)], BATCH):
            async for row, verdict in self._save(sending, call, links):
                if verdict.code in DRIFT and attempt == 1:
                    again.planned.append((row.result, plans[id(row.result)]))
                elif verdict.code in TRANSIENT:
                    again.later = Retryable("HubSpot asks to wait with a record", category="crm", code=verdict.code)
                else:
                    _log_merges(row)
                    yield row.told(), verdict
        for row in rows:
            if missing := links.missing_ids(row.links):
                yield row.result, failed("ASSOCIATED_RECORD_NOT_FOUND", f"There is no such record of {missing}.")

    async def _schemas(self, planned: Sequence[Planned], *, refresh: bool) -> Schemas:
        object_type = plural(hubspot_target(planned[0][1]).object)
        wanted = [object_type]
        if object_type == "contacts" and any("company" in (result.values or {}) for result, _ in planned):
            wanted.append("companies")
        return {name: await self._portal.schema(name, refresh=refresh) for name in wanted}

    async def _rows(
        self, planned: Sequence[Planned], schemas: Schemas, again: _Again, attempt: int
    ) -> tuple[list[HubSpotRow], list[Told]]:
        rows: list[HubSpotRow] = []
        told: list[Told] = []
        wanted: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        now = datetime.fromtimestamp(self._clock(), UTC)
        for result, plan in planned:
            try:
                rows.append(row_of(result, plan, schemas, now))
            except Unfit as unfit:
                if isinstance(unfit, UnknownOptions) and hubspot_target(plan).add_options and attempt < ATTEMPTS:
                    for one in unfit.unknown:
                        wanted[unfit.object_type, one.name].append(one.label)
                    again.planned.append((result, plan))
                elif unfit.code in DRIFT and attempt == 1:
                    again.planned.append((result, plan))
                elif unfit.code == NO_PROPERTY and _is_named(plan):
                    again.held.append((result, str(unfit)))
                else:
                    told.append((result, failed(unfit.code or "UNFIT", str(unfit))))
        for (object_type, name), labels in wanted.items():
            await self._portal.add_options(object_type, name, labels)
        return rows, told

    async def _save(
        self, sending: Sending, rows: Sequence[HubSpotRow], links: Resolved
    ) -> AsyncIterator[tuple[HubSpotRow, Verdict]]:
        """Companies, then the records, then their associations."""
        try:
            companies = await _sent(sending, [row.company for row in rows if row.company is not None])
            ready = [row for row in rows if not isinstance(_company_of(row, companies), Refusal)]
            outcomes = await _sent(sending, [row.record for row in ready])
        except Drifted:
            for row in rows:
                yield row, Refusal("PROPERTY_DOESNT_EXIST").verdict()
            return
        written = [(row, done.crm_id) for row in ready if isinstance(done := outcomes[row.key], Written)]
        company_ids = {
            row.key: found.crm_id for row in ready if isinstance(found := _company_of(row, companies), Written)
        }
        unlinked = await associate_all(self._session, written, company_ids, links)
        for row in rows:
            company, outcome = _company_of(row, companies), outcomes.get(row.key)
            if isinstance(company, Refusal):
                yield row, company.verdict("The contact's company was refused. ")
            elif isinstance(outcome, Written):
                yield row, unlinked.get(row.key) or Verdict("written", crm_id=outcome.crm_id)
            elif outcome is not None:
                yield row, outcome.verdict()


async def _sent(sending: Sending, records: Sequence[HubSpotRecord]) -> dict[str, Outcome]:
    """Outcomes by folded key; of several records with one key (one company of many contacts) the last is sent."""
    distinct = list({record.folded: record for record in records}.values())
    outcomes: dict[str, Outcome] = {}
    for start in range(0, len(distinct), BATCH):
        part = distinct[start : start + BATCH]
        outcomes |= {one.folded: told for one, told in zip(part, await sending.send(part), strict=True)}
    return outcomes


def _is_named(plan: BatchPlan) -> bool:
    """Whether the batch itself names the properties, so that all of its records need them."""
    target = hubspot_target(plan)
    return bool(target.field or target.fields)


def _company_of(row: HubSpotRow, companies: dict[str, Outcome]) -> Outcome | None:
    return companies[row.company.folded] if row.company is not None else None


def _can_be_linked(row: HubSpotRow, links: Resolved, again: _Again) -> bool:
    if links.missing_ids(row.links):
        return False
    # By a key of ours, the record may be on its way: parents and children travel on different partitions.
    late = any(link not in links.ids for link in row.links)
    if late:
        said = "A record to associate with is not there yet"
        again.later = Retryable(said, category="crm", code="ASSOCIATED_RECORD_LATE")
    return not late


def _log_merges(row: HubSpotRow) -> None:
    for name, match in row.merges:
        get_logger().info(
            names.LOG_OPTION_MERGED,
            batch_id=row.result.batch_id,
            index=row.result.index,
            property=name,
            score=round(match.score, 1),
            trace_id=row.result.trace_id(),
        )
