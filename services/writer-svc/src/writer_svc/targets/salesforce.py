"""Writes to Salesforce by sObject Collections: 200 records a call, a verdict for each."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from shared.crm.describe import SaveResult, id18
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.errors import Retryable
from shared.events import RecordGenerated, SalesforceTarget

from writer_svc.domain.coercion import Unfit
from writer_svc.domain.rows import Row, row_of, salesforce_target, waves
from writer_svc.domain.target import Planned
from writer_svc.domain.verdicts import DRIFT, LOCKED, Verdict, failed, refused

COLLECTION = 200
LOCK_TRIES = 5
LOCK_BACK_OFF_S = 0.2

Told = tuple[RecordGenerated, Verdict]


class Salesforce:
    """Updates by record id, or upserts by external id; never creates where it was told to update."""

    does_io = True

    def __init__(
        self,
        session: SalesforceSession | None,
        *,
        parallel: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._session = session
        self._sleep = sleep
        self._jitter = jitter
        # Calls at once for one object: more of them only lock each other's parent rows.
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(parallel))

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[Told]:
        """Results of one object and one external id field. Raises `Retryable` for what could not be sent at all."""
        target = salesforce_target(results[0][1])
        if self._session is None:
            for result, _ in results:
                yield result, failed("NOT_CONFIGURED", "Salesforce is not configured for the writer.", category="auth")
            return
        async with self._places[target.object]:
            drifted: list[Planned] = []
            async for told, again in self._attempt(self._session, target, results, refresh=False):
                if again:
                    drifted += [planned for planned in results if planned[0] is told[0]]
                else:
                    yield told
            if drifted:
                # The org's schema has changed since it was described: looked at once more, then the records fail.
                async for told, _ in self._attempt(self._session, target, drifted, refresh=True):
                    yield told

    async def _attempt(
        self, session: SalesforceSession, target: SalesforceTarget, results: Sequence[Planned], *, refresh: bool
    ) -> AsyncIterator[tuple[Told, bool]]:
        try:
            described = await session.describe(target.object, refresh=refresh)
        except SalesforceRefused as error:
            for result, _ in results:
                yield (result, _request_refused(error)), error.code in DRIFT and not refresh
            return
        rows: list[Row] = []
        for result, plan in results:
            try:
                rows.append(row_of(result, salesforce_target(plan), described))
            except Unfit as unfit:
                code = unfit.code or "UNFIT"
                yield (result, failed(code, str(unfit))), code in DRIFT and not refresh
        for call in waves(rows, COLLECTION):
            for row, verdict in await self._save(session, target, call):
                yield (row.result, verdict), verdict.code in DRIFT and not refresh

    async def _save(
        self, session: SalesforceSession, target: SalesforceTarget, rows: list[Row]
    ) -> list[tuple[Row, Verdict]]:
        """Send `rows`, and those that were locked again, at most `LOCK_TRIES` times."""
        told: list[tuple[Row, Verdict]] = []
        for attempt in range(1, LOCK_TRIES + 1):
            verdicts = await _send(session, target, rows)
            locked = [row for row, verdict in verdicts if verdict.code == LOCKED]
            told += [one for one in verdicts if one[1].code != LOCKED]
            if not locked or attempt == LOCK_TRIES:
                break
            await self._sleep(LOCK_BACK_OFF_S * 2**attempt * (0.5 + self._jitter()))
            rows = locked
        return told + [(row, failed(LOCKED)) for row in locked]


async def _send(session: SalesforceSession, target: SalesforceTarget, rows: list[Row]) -> list[tuple[Row, Verdict]]:
    bodies = [row.body for row in rows]
    try:
        if target.external_id is None:
            results = await session.collections_update(bodies)
        else:
            results = await session.collections_upsert(target.object, target.external_id, bodies)
    except SalesforceRefused as error:
        return [(row, _request_refused(error)) for row in rows]
    except Retryable as error:
        if error.code != LOCKED:
            raise
        return [(row, failed(LOCKED)) for row in rows]
    return [(row, _verdict(row, result)) for row, result in zip(rows, results, strict=True)]


def _verdict(row: Row, result: SaveResult) -> Verdict:
    if result.get("success"):
        return Verdict("written", crm_id=id18(str(result.get("id") or row.body.get("id") or "")) or None)
    error = (result.get("errors") or [{}])[0]
    code, said = error.get("statusCode") or "UNKNOWN_EXCEPTION", error.get("message") or ""
    # A trigger of the org wraps a lock into its own error.
    return refused(LOCKED if LOCKED in said else code, said, error.get("fields") or [], row.values)


def _request_refused(error: SalesforceRefused) -> Verdict:
    return failed(error.code or "REFUSED", f"Salesforce refused the whole call ({error.code}).")
