"""Sends rows by sObject Collections: 200 records a call, a verdict for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from shared.crm.describe import SaveResult, id18
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.errors import Retryable
from shared.events import SalesforceTarget

from writer_svc.domain.rows import Row
from writer_svc.domain.verdicts import DRIFT, LOCKED, ORPHANED, Verdict, failed, refused

COLLECTION = 200
LOCK_TRIES = 5
LOCK_BACK_OFF_S = 0.2
PARENT_TRIES = 3
"""A parent may be written a moment after its child, by another batch or another system."""
PARENT_BACK_OFF_S = 2.0

Told = list[tuple[Row, Verdict]]


class Collections:
    """One org's Collections calls. Rows of a call have different keys."""

    def __init__(
        self,
        session: SalesforceSession,
        *,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
        parent_tries: int = PARENT_TRIES,
    ) -> None:
        """`parent_tries=1` where the caller itself brings rows again whose parent is not there yet."""
        self._session = session
        self._sleep = sleep
        self._jitter = jitter
        self._parent_tries = parent_tries

    async def save(self, target: SalesforceTarget, rows: Sequence[Row]) -> Told:
        """Send `rows`; those alone again that were locked, or whose parent is not there yet, a few times."""
        told: Told = []
        attempt = 1
        while True:
            verdicts = await self._send(target, rows)
            again = [row for row, verdict in verdicts if attempt < self._tries(row, verdict)]
            waiting = {id(row) for row in again}
            told += [one for one in verdicts if id(one[0]) not in waiting]
            if not again:
                return told
            locked = any(verdict.code == LOCKED for row, verdict in verdicts if id(row) in waiting)
            back_off_s = LOCK_BACK_OFF_S if locked else PARENT_BACK_OFF_S
            await self._sleep(back_off_s * 2**attempt * (0.5 + self._jitter()))
            rows, attempt = again, attempt + 1

    def _tries(self, row: Row, verdict: Verdict) -> int:
        if verdict.code == LOCKED:
            return LOCK_TRIES
        return self._parent_tries if verdict.code == ORPHANED and row.parent else 0

    async def _send(self, target: SalesforceTarget, rows: Sequence[Row]) -> Told:
        bodies = [row.body for row in rows]
        try:
            if target.external_id is None:
                results = await self._session.collections_update(bodies)
            else:
                results = await self._session.collections_upsert(target.object, target.external_id, bodies)
        except SalesforceRefused as error:
            if error.status == 400 and error.code not in DRIFT and len(rows) > 1:
                # A record that Salesforce cannot even read refuses its whole call: halves find it.
                middle = len(rows) // 2
                return [*await self._send(target, rows[:middle]), *await self._send(target, rows[middle:])]
            return [(row, _request_refused(row, error)) for row in rows]
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


def _request_refused(row: Row, error: SalesforceRefused) -> Verdict:
    return refused(error.code or "REFUSED", error.said, [], row.values)
