"""Many records, read whole by one query job when the batch is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.crm.bulk_queries import BulkQueries, BulkReadFailed
from shared.crm.describe import id18
from shared.crm.refusals import SalesforceRefused
from shared.errors import Retryable
from shared.telemetry import get_logger, names

from schema_svc.domain.bulk_values import rest_value, rest_values
from schema_svc.domain.changes import Changes, moment_of
from schema_svc.domain.salesforce_queries import Selection
from schema_svc.domain.source import Snapshot

JOB, UNTIL, ROWS = "job", "until", "rows"
"""What is noted of a batch: the job's id, up to which change it reads, and in the end that its rows are kept."""

_DELETED = "IsDeleted"


class Export:
    """The rows of one batch. After a crash the same job is read again from its first row, and nothing is doubled."""

    def __init__(self, queries: BulkQueries, snapshot: Snapshot) -> None:
        self._queries = queries
        self._snapshot = snapshot

    async def begin(self, selection: Selection, fields: Sequence[str], *, deleted: bool, must: bool) -> bool:
        """Whether there is a job for the records now; Salesforce may have none left today, or not for such fields.

        `must`: there is no other way, so that its refusal counts.
        """
        soql = selection.rows([*fields, *([_DELETED] if deleted else [])])
        try:
            job_id = await self._queries.create(soql, deleted=deleted)
        except (SalesforceRefused, Retryable) as error:
            if must or (isinstance(error, Retryable) and error.code != "LIMIT_EXCEEDED"):
                raise
            get_logger().info(names.LOG_READ_JOB, state="refused", code=error.code)
            return False
        until = selection.until.isoformat() if selection.until else None
        await self._snapshot.note({JOB: job_id, UNTIL: until})
        return True

    async def keep(self, selection: Selection, types: Mapping[str, str], changes: Changes | None) -> int | None:
        """Keep the rows of the job that was begun; how many, or None where it fails and has to be done without."""
        job_id = (await self._snapshot.noted())[JOB]
        await self._snapshot.clear_rows()
        try:
            kept = await self._kept(job_id, selection, types, changes)
        except (BulkReadFailed, SalesforceRefused) as error:
            # Refused: the job is gone, for results are kept for seven days.
            get_logger().warning(names.LOG_READ_JOB, state="given up", job=job_id, code=error.code)
            await self._snapshot.note({})
            await self._snapshot.clear_rows()
            kept = None
        else:
            await self._snapshot.note({ROWS: True})
            get_logger().info(names.LOG_READ_JOB, state="read", job=job_id, rows=kept)
        await self._queries.delete(job_id)
        return kept

    async def _kept(self, job_id: str, selection: Selection, types: Mapping[str, str], changes: Changes | None) -> int:
        kept = 0
        total = await self._queries.ended(job_id)
        async for portion in self._queries.rows(job_id, total):
            rows: list[dict[str, Any]] = []
            for cells in portion:
                if kept + len(rows) == selection.limit:
                    break
                if changes is None or changes.is_new(id18(cells["Id"]), moment_of(cells[selection.stamp or ""])):
                    rows.append(_row(cells, types))
            await self._snapshot.add_rows(kept, rows)
            kept += len(rows)
            if kept == selection.limit:
                break
        return kept


def _row(cells: Mapping[str, str], types: Mapping[str, str]) -> dict[str, Any]:
    if rest_value(cells.get(_DELETED, ""), "boolean"):
        return {"record_id": id18(cells["Id"]), "gone": True}
    return {"record_id": id18(cells["Id"]), "values": rest_values(cells, types)}
