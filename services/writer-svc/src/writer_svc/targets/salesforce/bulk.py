"""Brings one job from "due" to a verdict for each of its records; every step may be repeated after a crash."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter
from shared.crm.describe import FieldDescribe, ObjectDescribe, id18
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.telemetry import get_logger, names

from writer_svc.domain import bulk_results
from writer_svc.domain.bulk_csv import merged
from writer_svc.domain.coercion import Unfit
from writer_svc.domain.holds import Holds, drift_reason
from writer_svc.domain.polling import Polling
from writer_svc.domain.rows import fields_of, folded, row_of, waves
from writer_svc.domain.staging import Job, Jobs, Waiting
from writer_svc.domain.verdicts import CANCELLED, DRIFT, FULL, LOCKED, ORPHANED, RECORDS_OWN, Verdict, failed
from writer_svc.targets.salesforce.collections import COLLECTION, Collections
from writer_svc.targets.salesforce.ingest import FINAL, Ingest, ResultFile

ATTEMPTS = 2
"""Jobs for the same records: the second takes what the first left unprocessed."""

PAGES_AT_ONCE = 2
"""Of results that are told."""

_ALARMS = Counter(names.METRIC_CRM_ALARMS, "Large writes whose results do not add up", ["crm"])

Told = Sequence[tuple[Waiting, Verdict]]


@dataclass(frozen=True)
class Means:
    """What a run needs besides the org."""

    jobs: Jobs
    tell: Callable[[Job, Told], Awaitable[None]]
    """Publish verdicts, then settle them in the store."""
    holds: Holds
    is_cancelled: Callable[[str], bool]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    bulk_from: int = 2_000
    deadline_s: float = 6 * 3_600.0
    """A job that is still at work then is aborted: what it has written counts, the rest is sent again."""


class BulkRun:
    """Runs jobs of one org. Raises `Retryable`, `DailyLimit` and `Fatal` with nothing lost."""

    def __init__(self, session: SalesforceSession, collections: Collections, means: Means) -> None:
        self._session = session
        self._collections = collections
        self._ingest = Ingest(session)
        self._means = means

    async def run(self, job: Job, fence: int) -> None:
        """To its end, or to where it has to wait for somebody."""
        while job.phase != "ended":
            before = job
            job = await self._step(job, fence)
            get_logger().info(names.LOG_BULK_JOB, batch_id=job.batch_id, job=job.number, phase=job.phase, rows=job.rows)
            if job == before:
                return

    async def _step(self, job: Job, fence: int) -> Job:
        jobs = self._means.jobs
        if job.phase == "uploading":
            return await self._find_out(job, fence)
        if job.phase == "uploaded":
            return await self._finish(job, fence)
        if self._means.is_cancelled(job.batch_id):
            await self._tell_rest(job, CANCELLED)
        else:
            described = await self._described(job)
            if described is None:
                return job
            lines = await jobs.unsettled(job, lines=True)
            if lines > self._means.bulk_from and job.attempt < ATTEMPTS:
                return await self._upload(job, fence, lines)
            if lines > self._means.bulk_from:
                await self._tell_rest(job, failed("UNPROCESSED", "Salesforce left the record unprocessed, twice."))
            elif not await self._by_collections(job, described):
                return job
        return await jobs.move(job, fence, phase="ended")

    async def _upload(self, job: Job, fence: int, lines: int) -> Job:
        crm_id = await self._ingest.create(job)
        job = await self._means.jobs.move(job, fence, phase="uploading", crm_id=crm_id)
        await self._ingest.upload(crm_id, lambda: self._csv(job))
        await self._ingest.close(crm_id)
        return await self._means.jobs.move(job, fence, phase="uploaded")

    async def _find_out(self, job: Job, fence: int) -> Job:
        """Whether the data of a job came through before the crash. An open one has written nothing: it is given up."""
        crm_id = job.crm_id or ""
        try:
            state = (await self._ingest.state(crm_id)).get("state")
        except SalesforceRefused:
            state = "Open"
        if state == "Open":
            await self._ingest.abort(crm_id)
            return await self._means.jobs.move(job, fence, phase="due", crm_id=None)
        return await self._means.jobs.move(job, fence, phase="uploaded")

    async def _finish(self, job: Job, fence: int) -> Job:
        """Wait for the job, then tell its results; what has none is due again."""
        sent = await self._means.jobs.unsettled(job, lines=True)
        told = await self._ended(job, sent)
        counts, again = {}, 0
        for file in ("successfulResults", "failedResults", "unprocessedrecords"):
            counts[file], mended = await self._tell_file(job, file)
            again += mended
        left = await self._means.jobs.unsettled(job, lines=True)
        state = told.get("state")
        if left > again + counts["unprocessedrecords"]:
            _ALARMS.labels("salesforce").inc()
            get_logger().error(
                names.LOG_BULK_ALARM, batch_id=job.batch_id, job=job.number, crm_id=job.crm_id, state=state,
                sent=sent, without_result=left - again, **counts,
            )  # fmt: skip
        attempt = job.attempt + 1
        if state == "Failed" and left and await self._has_drifted(job):
            attempt = job.attempt
        return await self._means.jobs.move(job, fence, phase="due", crm_id=None, attempt=attempt)

    async def _ended(self, job: Job, rows: int) -> dict[str, Any]:
        crm_id, polling, aborted = job.crm_id or "", Polling(rows), False
        while True:
            try:
                told = await self._ingest.state(crm_id)
            except SalesforceRefused as error:
                # Ended jobs are kept for seven days: whatever it wrote is written again, and changes nothing.
                return {"state": "Gone", "errorMessage": error.code}
            if told.get("state") in FINAL:
                return told
            late = polling.waited_s >= self._means.deadline_s
            if (late or self._means.is_cancelled(job.batch_id)) and not aborted:
                await self._ingest.abort(crm_id)
                aborted = True
            await self._means.sleep(polling.pause_s(int(told.get("numberRecordsProcessed") or 0)))

    async def _tell_file(self, job: Job, file: ResultFile) -> tuple[int, int]:
        """Lines of the file, and how many of them are to be sent again: locked ones, and once those of no parent."""
        lines = again = 0
        key, mended = await self._key_of(job), await self._mended(job)
        telling: deque[asyncio.Task[None]] = deque()
        try:
            async for page in self._ingest.results(job.crm_id or "", file):
                lines += len(page)
                if file == "unprocessedrecords":
                    continue
                verdicts = {key(row): _verdict(job, file, row) for row in page}
                again += sum(verdict.code in mended for verdict in verdicts.values())
                found = await self._means.jobs.find(job, list(verdicts))
                told = [(one, verdicts[one.key]) for one in found if verdicts[one.key].code not in mended]
                # One page is settled and one is told while the next is read.
                if len(telling) == PAGES_AT_ONCE:
                    await telling.popleft()
                telling.append(asyncio.create_task(self._tell(job, told)))
        except SalesforceRefused as error:
            if error.status != 404:
                raise
        finally:
            # All end before the job goes on, or is given to others.
            for ended in await asyncio.gather(*telling, return_exceptions=True):
                if isinstance(ended, BaseException):
                    raise ended
        return lines, again

    async def _mended(self, job: Job) -> frozenset[str | None]:
        """Codes of rows that a later call may write. A parent may come meanwhile, but not for ever."""
        described = await self._session.describe(job.target.object)
        refers = {field["name"] for field in described["fields"] if field.get("type") == "reference"}
        orphans = job.attempt == 0 and not refers.isdisjoint(job.columns)
        return frozenset({LOCKED, ORPHANED} if orphans else {LOCKED})

    async def _key_of(self, job: Job) -> Callable[[dict[str, str]], str]:
        described = await self._session.describe(job.target.object)
        column = job.key_column
        if column == "Id":
            return lambda row: id18(row.get(bulk_results.ID) or row.get(column, ""))
        field: FieldDescribe = {"name": column}
        field = next((known for known in described["fields"] if known["name"] == column), field)
        return lambda row: folded(row.get(column, ""), field)

    async def _csv(self, job: Job) -> AsyncIterator[bytes]:
        """The data, page by page; of two results of one record one line."""
        yield (",".join(job.columns) + "\n").encode()
        last: tuple[str, str] | None = None
        async for page in self._means.jobs.lines(job):
            ready: list[str] = []
            for key, line in page:
                if last is not None and last[0] == key:
                    line = merged(last[1], line)
                elif last is not None:
                    ready.append(last[1])
                last = key, line
            if ready:
                yield ("\n".join(ready) + "\n").encode()
        if last is not None:
            yield (last[1] + "\n").encode()

    async def _by_collections(self, job: Job, described: ObjectDescribe) -> bool:
        """Few records, or such as CSV cannot say. False where the batch is held now."""
        fields = fields_of(described)
        async for page in self._means.jobs.results(job, page=COLLECTION):
            rows, told, of = [], [], {}
            for waiting in page:
                try:
                    row = row_of(waiting.result(), job.target, fields)
                except Unfit as unfit:
                    told.append((waiting, failed(unfit.code or "UNFIT", str(unfit))))
                else:
                    rows.append(row)
                    of[id(row)] = waiting
            for call in waves(rows, COLLECTION):
                told += [(of[id(row)], verdict) for row, verdict in await self._collections.save(job.target, call)]
            # The job's columns were looked at when it began.
            drift = DRIFT - RECORDS_OWN
            drifted = [verdict for _, verdict in told if verdict.code in drift]
            await self._tell(job, [one for one in told if one[1].code not in drift])
            if drifted:
                reason = drift_reason(job.target.object, drifted[0].code or "", drifted[0].reason)
                await self._means.holds.pause(job.batch_id, reason)
                return False
        return True

    async def _described(self, job: Job) -> ObjectDescribe | None:
        """The object, if it still has all columns; else the batch is held."""
        return None if await self._has_drifted(job, refresh=False) else await self._session.describe(job.target.object)

    async def _has_drifted(self, job: Job, *, refresh: bool = True) -> bool:
        try:
            described = await self._session.describe(job.target.object, refresh=refresh)
        except SalesforceRefused as error:
            reason = f"The org has no {job.target.object} for this user."
            await self._means.holds.pause(job.batch_id, drift_reason(job.target.object, error.code or "", reason))
            return True
        known = {field["name"] for field in described["fields"] if field.get("updateable")} | {job.key_column}
        missing = [name for name in job.columns if name not in known]
        if not missing:
            return False
        if not refresh:
            return await self._has_drifted(job)
        reason = f"This user cannot write {', '.join(missing)}."
        await self._means.holds.pause(job.batch_id, drift_reason(job.target.object, "INVALID_FIELD", reason))
        return True

    async def _tell_rest(self, job: Job, verdict: Verdict) -> None:
        async for page in self._means.jobs.results(job, page=1_000):
            await self._tell(job, [(waiting, verdict) for waiting in page])

    async def _tell(self, job: Job, told: Told) -> None:
        full = next((verdict for _, verdict in told if verdict.code == FULL), None)
        if full is not None:
            reason = f"{full.reason} The rest of the batch is not written."
            await self._means.holds.cancel(job.batch_id, reason)
        if told:
            await self._means.tell(job, told)


def _verdict(job: Job, file: ResultFile, row: dict[str, str]) -> Verdict:
    if file == "successfulResults":
        return bulk_results.written(row)
    return bulk_results.not_written(row, job.columns)
