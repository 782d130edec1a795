"""Writes to Salesforce: small batches by sObject Collections as they come, large ones by Bulk API 2.0 jobs."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence, Set

from shared.bus import Parked
from shared.crm.budget import DailyLimit
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.events import RecordGenerated, SalesforceTarget

from writer_svc.domain.bulk_csv import line_of
from writer_svc.domain.coercion import Unfit
from writer_svc.domain.holds import Holds, NoHolds, drift_reason
from writer_svc.domain.plans import plan_key
from writer_svc.domain.rows import Row, fields_of, row_of, salesforce_target
from writer_svc.domain.staging import Staged, Staging, columns_of
from writer_svc.domain.target import Planned
from writer_svc.domain.verdicts import DRIFT, FULL, ORPHANED, RECORDS_OWN, Verdict, failed
from writer_svc.targets.salesforce.collections import Collections
from writer_svc.targets.salesforce.gathering import Company, Gathering
from writer_svc.targets.salesforce.removing import Removing

BULK_FROM = 2_000
"""A batch of more records is written by Bulk API 2.0 (Salesforce's own advice)."""

COUNTED_BATCHES = 1_000

Told = tuple[RecordGenerated, Verdict]


class Salesforce:
    """Updates by record id, or upserts by external id; never creates where it was told to update."""

    does_io = True

    def __init__(
        self,
        session: SalesforceSession | None,
        *,
        staging: Staging | None = None,
        holds: Holds | None = None,
        company: Company | None = None,
        bulk_from: int = BULK_FROM,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._session = session
        self._staging = staging
        self._holds: Holds = holds or NoHolds()
        self._company = company or Company()
        self._bulk_from = bulk_from
        self._sleep = sleep
        self._jitter = jitter
        self._gatherings: dict[tuple[str, str | None], Gathering] = {}
        self._seen: OrderedDict[str, set[int]] = OrderedDict()

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[Told]:
        """Results of one object and one external id field; those of large batches are kept and told later.

        Raises `Parked` where the batch has to wait, and `Retryable` for what could not be sent at all.
        """
        if self._session is None:
            for result, _ in results:
                yield result, failed("NOT_CONFIGURED", "Salesforce is not configured for the writer.", category="auth")
            return
        target, at_once = salesforce_target(results[0][1]), self._is_whole(results)
        # Before the others: where a deleted record and a new one have the same key, the new one stays.
        for result, verdict in await self._removed(self._session, target, results):
            yield result, verdict
        results = [planned for planned in results if not planned[0].deleted]
        if not results:
            return
        drifted: list[tuple[Planned, Verdict]] = []
        for refresh in (False, True):
            drifted = []
            async for planned, verdict, drift in self._attempt(self._session, target, results, refresh, at_once):
                if verdict.code in drift:
                    drifted.append((planned, verdict))
                else:
                    yield planned[0], verdict
            # The org's schema may have changed since it was described: it is looked at once more.
            results = [planned for planned, _ in drifted]
            if not drifted:
                return
        await self._hold_drifted(target, drifted)

    async def _removed(
        self, session: SalesforceSession, target: SalesforceTarget, results: Sequence[Planned]
    ) -> list[Told]:
        deleted = [planned for planned in results if planned[0].deleted]
        if not deleted:
            return []
        removing = Removing(session, sleep=self._sleep, jitter=self._jitter)
        try:
            return await removing.remove(target, [result for result, _ in deleted])
        except DailyLimit as error:
            await self._wait_for_room(deleted, error)
        return []

    async def _attempt(
        self, session: SalesforceSession, target: SalesforceTarget, results: Sequence[Planned], refresh: bool, now: bool
    ) -> AsyncIterator[tuple[Planned, Verdict, Set[str]]]:
        """Verdicts, each with the codes that mean there that the org's schema has changed."""
        try:
            described = await session.describe(target.object, refresh=refresh)
        except SalesforceRefused as error:
            for planned in results:
                yield planned, failed(error.code or "REFUSED", f"The org has no {target.object} for this user."), DRIFT
            return
        except DailyLimit as error:
            await self._wait_for_room(results, error)
        fields, small = fields_of(described), dict[int, tuple[Planned, Row]]()
        large: dict[str, list[tuple[Row, SalesforceTarget]]] = {}
        for planned in results:
            result, plan = planned
            try:
                row = row_of(result, salesforce_target(plan), fields)
            except Unfit as unfit:
                yield planned, failed(unfit.code or "UNFIT", str(unfit)), DRIFT
                continue
            if self._staging is not None and plan.requested > self._bulk_from:
                large.setdefault(result.batch_id, []).append((row, salesforce_target(plan)))
            else:
                small[id(row)] = planned, row
        for batch_id, rows in large.items():
            await self._keep(batch_id, rows)
        if small:
            # What a describe of this moment allows, the org refuses to the record and not to the batch.
            drift = DRIFT - RECORDS_OWN if refresh else DRIFT
            async for planned, verdict in self._send(session, target, small, at_once=now):
                yield planned, verdict, drift

    async def _keep(self, batch_id: str, rows: Sequence[tuple[Row, SalesforceTarget]]) -> None:
        assert self._staging is not None  # noqa: S101 – for the type checker: only asked where there is one
        columns = columns_of(rows[0][1])
        staged = [Staged(row.result, row.key, row.parent, line_of(row.cells, columns)) for row, _ in rows]
        await self._staging.keep(batch_id, rows[0][1], staged)

    async def _send(
        self,
        session: SalesforceSession,
        target: SalesforceTarget,
        rows: dict[int, tuple[Planned, Row]],
        *,
        at_once: bool,
    ) -> AsyncIterator[tuple[Planned, Verdict]]:
        gathering = self._gathering(session, target)
        error: BaseException | None = None
        for row, verdict in await gathering.send([row for _, row in rows.values()], at_once=at_once):
            planned = rows[id(row)][0]
            if isinstance(verdict, BaseException):
                error = verdict
                continue
            if verdict.code == FULL:
                await self._holds.cancel(planned[0].batch_id, f"{verdict.reason} The rest of the batch is not written.")
            orphaned = verdict.code == ORPHANED and bool(row.parent)
            yield planned, verdict._replace(later=True) if orphaned else verdict
        if isinstance(error, DailyLimit):
            await self._wait_for_room([planned for planned, _ in rows.values()], error)
        if error is not None:
            raise error

    def _gathering(self, session: SalesforceSession, target: SalesforceTarget) -> Gathering:
        place = target.object, target.external_id
        if place not in self._gatherings:
            # Rows without their parent wait in the retry topics, where they hold no call.
            collections = Collections(session, sleep=self._sleep, jitter=self._jitter, parent_tries=1)
            self._gatherings[place] = Gathering(lambda rows: collections.save(target, rows), self._company)
        return self._gatherings[place]

    def _is_whole(self, results: Sequence[Planned]) -> bool:
        """Whether all results of a batch have come: then nothing is waited for."""
        whole = False
        for result, plan in results:
            if result.epoch == 0 and 0 < plan.requested <= self._bulk_from:
                seen = self._seen.setdefault(result.batch_id, set())
                seen.add(result.index)
                whole = whole or len(seen) == plan.requested
        while len(self._seen) > COUNTED_BATCHES:
            self._seen.popitem(last=False)
        return whole

    async def _wait_for_room(self, results: Sequence[Planned], error: DailyLimit) -> None:
        batches = list(dict.fromkeys(result.batch_id for result, _ in results))
        await self._holds.wait_for_room(batches, f"{error}. The batch goes on by itself when there is room again.")
        raise Parked(plan_key(batches[0])) from error

    async def _hold_drifted(self, target: SalesforceTarget, drifted: Sequence[tuple[Planned, Verdict]]) -> None:
        for (result, _), verdict in drifted:
            reason = drift_reason(target.object, verdict.code or "", verdict.reason)
            await self._holds.pause(result.batch_id, reason)
        raise Parked(plan_key(drifted[0][0][0].batch_id))
