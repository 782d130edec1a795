"""One job of Bulk API 2.0 Ingest, call by call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Literal

from shared.crm.csv_records import CsvRows
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession

from writer_svc.domain.staging import Job

FINAL = frozenset({"JobComplete", "Failed", "Aborted"})

ResultFile = Literal["successfulResults", "failedResults", "unprocessedrecords"]

PAGE, PAGE_CHARACTERS = 5_000, 4_000_000
"""Of a result file, whichever is reached first: a page costs two transactions, and lies in memory."""


class Ingest:
    """Jobs of one org."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    async def create(self, job: Job) -> str:
        """The id of a new, open job. One whose answer was lost stays open and empty: it writes nothing."""
        body: dict[str, Any] = {
            "object": job.target.object,
            "operation": "upsert" if job.target.external_id else "update",
            "contentType": "CSV",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }
        if job.target.external_id:
            body["externalIdFieldName"] = job.target.external_id
        created = await self._session.post("jobs/ingest", body, repeat=True, operation="bulk create")
        return str(created["id"])

    async def upload(self, crm_id: str, chunks: Callable[[], AsyncIterator[bytes]]) -> None:
        """Send the data, once. `Retryable` where it is not known whether Salesforce has it."""
        await self._session.put_stream(
            f"jobs/ingest/{crm_id}/batches", chunks, content_type="text/csv", operation="bulk upload"
        )

    async def close(self, crm_id: str) -> None:
        """Let Salesforce begin. A job that has begun already, because the answer was lost, is as good."""
        try:
            await self._session.patch(f"jobs/ingest/{crm_id}", {"state": "UploadComplete"}, operation="bulk close")
        except SalesforceRefused:
            if (await self.state(crm_id)).get("state") == "Open":
                raise

    async def abort(self, crm_id: str) -> None:
        """Stop it; what is written stays written. One that has ended stays as it is."""
        with suppress(SalesforceRefused):
            await self._session.patch(f"jobs/ingest/{crm_id}", {"state": "Aborted"}, operation="bulk abort")

    async def state(self, crm_id: str) -> dict[str, Any]:
        """How it stands, as Salesforce tells it."""
        told: dict[str, Any] = await self._session.get(f"jobs/ingest/{crm_id}", operation="bulk poll")
        return told

    async def results(self, crm_id: str, file: ResultFile) -> AsyncIterator[list[dict[str, str]]]:
        """Pages of one result file, read while it comes; rows by column name."""
        page: list[dict[str, str]] = []
        size = 0
        rows = CsvRows()
        async with self._session.get_stream(f"jobs/ingest/{crm_id}/{file}/", operation="bulk results") as pieces:
            async for piece in pieces:
                size += len(piece)
                page += rows.feed(piece)
                if len(page) >= PAGE or size >= PAGE_CHARACTERS:
                    yield page
                    page, size = [], 0
            page += rows.end()
        if page:
            yield page
