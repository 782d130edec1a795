"""The work on an upload: batches of 10,000 rows one after the other, 200 rows at a time."""

import time
from collections.abc import Sequence
from itertools import chain, islice
from random import Random
from typing import BinaryIO

from crm_sandbox.faults import Fault
from crm_sandbox.salesforce.bulk.chunk import Chunk, Fate
from crm_sandbox.salesforce.bulk.columns import LONGEST_ROW, Columns, Row
from crm_sandbox.salesforce.bulk.contention import Contention
from crm_sandbox.salesforce.bulk.dialect import DialectError, Quoting, Upload, result_header
from crm_sandbox.salesforce.bulk.files import append
from crm_sandbox.salesforce.bulk.job import Job, State
from crm_sandbox.salesforce.bulk.pace import begin_batch, give_way
from crm_sandbox.salesforce.bulk.workshop import Workshop
from crm_sandbox.salesforce.errors import RecordError, RequestError
from crm_sandbox.salesforce.locks import locked
from crm_sandbox.salesforce.schema import Field, SObject

ROWS_OF_A_BATCH = 10_000
ROWS_OF_A_CHUNK = 200

Raw = tuple[list[str], int]


async def ingest(job: Job, shop: Workshop) -> None:
    """Work until the job has a final state; what is committed stays, whatever comes after it."""
    job.state = State.IN_PROGRESS
    shop.save(job)
    with shop.files(job).upload.open("rb") as file:
        try:
            await _Ingest(job, shop, file).run()
        except DialectError as error:
            job.state, job.error = State.FAILED, str(error)
        finally:
            shop.records.locks.release(job.id)
    if job.state is State.IN_PROGRESS:
        job.state = State.JOB_COMPLETE
    job.modified_at = shop.clock.now()
    shop.save(job)


class _Ingest:
    def __init__(self, job: Job, shop: Workshop, file: BinaryIO) -> None:
        self._job = job
        self._shop = shop
        refuse_mark = shop.switches.of("bulk_byte_order_mark") == "refuse"
        self._upload = Upload(
            file, delimiter=job.column_delimiter, line_ending=job.line_ending, refuse_mark=refuse_mark
        )
        longest = int(shop.switches.number("bulk_cell_characters"))
        self._columns = Columns(job, shop.schema, self._upload.header, longest_cell=longest)
        self._object: SObject = self._columns.object
        self._key: Field = self._object.fields["id"]
        if job.operation == "upsert" and (named := self._object.field(job.external_id_field or "Id")):
            self._key = named
        self._quoting = Quoting(delimiter=job.column_delimiter, line_ending=job.line_ending)
        self._files = shop.files(job)
        self._begin_results()
        self._contention = self._foreseen() if shop.switches.on("row_locks") else None

    async def run(self) -> None:
        rows = self._upload.rows(self._job.offset)
        batch = self._job.processed // ROWS_OF_A_BATCH + 1
        while not self._ended and (first := next(rows, None)):
            doomed = await self._begin_batch(batch)
            # A job that was interrupted goes on in the middle of a batch.
            left = ROWS_OF_A_BATCH - self._job.processed % ROWS_OF_A_BATCH
            batch_rows = islice(chain([first], rows), left)
            while not self._ended and (chunk := list(islice(batch_rows, ROWS_OF_A_CHUNK))):
                self._write(chunk, doomed)
                await give_way()
            batch += 1

    def _foreseen(self) -> Contention:
        rows = (cells for cells, _ in self._upload.rows())
        return Contention(self._columns, rows, batch=ROWS_OF_A_BATCH, chunk=ROWS_OF_A_CHUNK)

    @property
    def _ended(self) -> bool:
        return self._job.state is not State.IN_PROGRESS

    async def _begin_batch(self, batch: int) -> Sequence[Fault]:
        """Wait as long as a batch takes; DialectError where it is not to be processed."""
        allowances, switches = self._shop.allowances, self._shop.switches
        if allowances.used("bulk_batches_a_day") >= switches.number("bulk_batches_a_day"):
            raise DialectError("ExceededQuota : ApiBatchItems Limit exceeded.")
        allowances.spend("bulk_batches_a_day")
        faults = await begin_batch(self._job, self._shop, batch)
        for fault in faults:
            if fault.status is not None or fault.drop:
                raise DialectError(f"{fault.code or 'InternalServerError'} : The batch could not be processed")
        return [fault for fault in faults if fault.code]

    def _write(self, raw: Sequence[Raw], doomed: Sequence[Fault]) -> None:
        began, job = time.perf_counter(), self._job
        rows = [self._row(cells, number, doomed) for number, (cells, _) in enumerate(raw, start=job.processed + 1)]
        second_only = self._shop.switches.of("duplicate_external_ids") == "second"
        with self._shop.store.transaction() as db:
            chunk = Chunk(db, self._shop.records, self._object, job, self._key)
            fates = chunk.write(rows, second_only=second_only)
            if self._contention:
                self._shop.records.locks.hold(job.id, chunk.parents)
            self._report(raw, fates)
            job.processed += len(raw)
            job.failed += sum(isinstance(fate, RecordError) for fate in fates)
            job.offset = raw[-1][1]
            job.modified_at = self._shop.clock.now()
            job.active_ms += (spent := int((time.perf_counter() - began) * 1000))
            job.total_ms += spent
            self._shop.save(job)

    def _row(self, cells: Sequence[str], number: int, doomed: Sequence[Fault]) -> Row | RecordError:
        if len(cells) != len(self._upload.header):
            message = f"Line {number + 1} has {len(cells)} cells, the header has {len(self._upload.header)}"
            raise DialectError(f"InvalidBatch : Failed to parse CSV. {message}")
        if code := self._doom(number, doomed):
            return RecordError(code)
        if self._contention and (parent := self._contention.loses(number, cells)):
            return locked(parent)
        if sum(map(len, cells)) > LONGEST_ROW:
            return RecordError("EXCEEDED_MAX_SIZE_REQUEST", f"a row has at most {LONGEST_ROW} characters")
        try:
            return self._columns.read(cells)
        except RecordError as error:
            return error
        except RequestError as error:
            return RecordError(error.code, error.message)

    def _doom(self, number: int, doomed: Sequence[Fault]) -> str | None:
        """The code that a fault ordered for this row: of the upload, or within its batch."""
        for first, last, code in self._job.doomed_rows:
            if first <= number <= last:
                return code
        within = (number - 1) % ROWS_OF_A_BATCH + 1
        for fault in doomed:
            if any(first <= within <= last for first, last in fault.rows or ((1, 1),)):
                return fault.code
        return None

    def _begin_results(self) -> None:
        """Write the headers, or cut the files back to what was committed before an interruption."""
        job, files = self._job, self._files
        for path, own, size in (
            (files.successful, ("sf__Id", "sf__Created"), "successful_bytes"),
            (files.failed, ("sf__Id", "sf__Error"), "failed_bytes"),
        ):
            if getattr(job, size):
                files.cut(path, getattr(job, size))
                continue
            header = result_header(
                own, self._upload.header_text, delimiter=job.column_delimiter, line_ending=job.line_ending
            )
            path.unlink(missing_ok=True)
            setattr(job, size, append(path, [header]))

    def _report(self, raw: Sequence[Raw], fates: Sequence[Fate]) -> None:
        good: list[bytes] = []
        bad: list[bytes] = []
        for (cells, _), fate in zip(raw, fates, strict=True):
            if isinstance(fate, RecordError):
                bad.append(self._quoting.line(["", error_text(fate), *cells]))
            else:
                good.append(self._quoting.line([fate.id, "true" if fate.created else "false", *cells]))
        if self._shop.switches.on("bulk_shuffle_results"):
            # Another order each time, and the same again for the same job.
            order = Random(self._job.offset)  # noqa: S311 - mixes lines, keeps no secret
            order.shuffle(good)
            order.shuffle(bad)
        if good:
            self._job.successful_bytes = append(self._files.successful, good)
        if bad:
            self._job.failed_bytes = append(self._files.failed, bad)


def error_text(error: RecordError) -> str:
    """CODE:message:fields --, as the column sf__Error has it."""
    return f"{error.code}:{error.message}:{' '.join([*error.fields, '--'])}"
