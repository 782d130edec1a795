"""Queries by Bulk API 2.0: one job for millions of records, read as CSV while it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from shared.crm.csv_records import CsvRows
from shared.crm.meters import READ_ALARMS
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import Download, SalesforceSession
from shared.errors import RecordsmithError, Retryable
from shared.telemetry import get_logger, names

PAGE_ROWS = 25_000
"""Of one download: what is read again after a broken connection."""

PORTION = 1_000
"""Rows that are handed on together."""

TRIES = 3
FIRST_POLL_S, LONGEST_POLL_S, SLOWER = 0.5, 10.0, 1.12
DEADLINE_S = 2 * 3_600.0

END = "null"
"""The locator after the last page, literally (crm-contracts 1.8)."""

_FINAL = frozenset({"JobComplete", "Failed", "Aborted"})


class BulkReadFailed(RecordsmithError):
    """The job has not given all rows, and will not: the records must be read another way."""


@dataclass
class _Page:
    locator: str | None
    taken: int = 0
    """Rows of it that need not come again."""
    ready: list[dict[str, str]] = field(default_factory=list)
    """Those of them that were not handed on yet: they outlive a download that breaks off."""
    seen: int = 0
    """Rows of the latest download."""
    told: int | None = None
    next: str = END

    def begin(self, download: Download) -> None:
        told = download.headers.get("sforce-numberofrecords")
        self.next = download.headers.get("sforce-locator") or END
        self.told = int(told) if told and told.isdecimal() else None
        self.seen = 0

    def take(self, rows: Iterable[dict[str, str]]) -> None:
        """Keep the rows, but for what an earlier download brought already."""
        for row in rows:
            self.seen += 1
            if self.seen > self.taken:
                self.taken = self.seen
                self.ready.append(row)

    def portions(self, least: int = PORTION) -> Iterator[list[dict[str, str]]]:
        """Hand on what is ready, if there are so many."""
        while len(self.ready) >= least:
            portion, self.ready = self.ready[:PORTION], self.ready[PORTION:]
            yield portion


class BulkQueries:
    """Query jobs of one org. Raises what its session does, and `BulkReadFailed`."""

    def __init__(
        self,
        session: SalesforceSession,
        *,
        page_rows: int = PAGE_ROWS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._page_rows = page_rows
        self._sleep = sleep

    async def create(self, soql: str, *, deleted: bool = False) -> str:
        """The id of a new job. One whose answer was lost reads for nobody, and ends by itself."""
        body = {"operation": "queryAll" if deleted else "query", "query": soql}
        created = await self._session.post("jobs/query", body, repeat=True, operation="bulk query")
        return str(created["id"])

    async def ended(self, job_id: str) -> int:
        """Wait for the end; how many rows there are."""
        waited_s, pause_s = 0.0, FIRST_POLL_S
        while True:
            told: dict[str, Any] = await self._session.get(f"jobs/query/{job_id}", operation="bulk poll")
            state = str(told.get("state"))
            if state == "JobComplete":
                return int(told.get("numberRecordsProcessed") or 0)
            if state in _FINAL or waited_s >= DEADLINE_S:
                await self._abort(job_id, state)
                raise BulkReadFailed(f"Salesforce's query job ended as {state}", category="crm", code="BULK_QUERY")
            await self._sleep(pause_s)
            waited_s, pause_s = waited_s + pause_s, min(LONGEST_POLL_S, pause_s * SLOWER)

    async def rows(self, job_id: str, total: int) -> AsyncIterator[list[dict[str, str]]]:
        """All rows in portions, each row once, however often a download breaks off; cells by their column's name."""
        locator: str | None = None
        rows = 0
        while locator != END:
            page = _Page(locator)
            async for portion in self._whole(job_id, page):
                yield portion
            rows, locator = rows + page.taken, page.next
        if rows != total:
            _alarm(job_id, told=total, rows=rows)
            raise BulkReadFailed("Salesforce's query job has other rows than it counted", code="BULK_QUERY")

    async def delete(self, job_id: str) -> None:
        """Forget the job; one that is gone, or still at work, is left alone."""
        with suppress(SalesforceRefused, Retryable):
            await self._session.delete(f"jobs/query/{job_id}")

    async def _abort(self, job_id: str, state: str) -> None:
        if state not in _FINAL:
            with suppress(SalesforceRefused, Retryable):
                await self._session.patch(f"jobs/query/{job_id}", {"state": "Aborted"}, operation="bulk abort")

    async def _whole(self, job_id: str, page: _Page) -> AsyncIterator[list[dict[str, str]]]:
        """One page to its end, begun again where it breaks off or lacks rows."""
        for attempt in range(1, TRIES + 1):
            try:
                async for portion in self._once(job_id, page):
                    yield portion
            except Retryable:
                if attempt == TRIES:
                    raise
            else:
                if page.told is None or page.told == page.taken == page.seen:
                    for portion in page.portions(1):
                        yield portion
                    return
                _alarm(job_id, told=page.told, rows=page.seen)
            await self._sleep(FIRST_POLL_S * attempt)
        raise BulkReadFailed("A page of Salesforce's query job has other rows than it says", code="BULK_QUERY")

    async def _once(self, job_id: str, page: _Page) -> AsyncIterator[list[dict[str, str]]]:
        beginning = f"&locator={quote(page.locator)}" if page.locator else ""
        path = f"jobs/query/{job_id}/results?maxRecords={self._page_rows}{beginning}"
        rows = CsvRows()
        async with self._session.download(path, operation="bulk results") as download:
            page.begin(download)
            async for piece in download.pieces:
                page.take(rows.feed(piece))
                for portion in page.portions():
                    yield portion
            page.take(rows.end())


def _alarm(job_id: str, *, told: int, rows: int) -> None:
    READ_ALARMS.labels("salesforce").inc()
    get_logger().error(names.LOG_READ_ALARM, job=job_id, told=told, rows=rows)
