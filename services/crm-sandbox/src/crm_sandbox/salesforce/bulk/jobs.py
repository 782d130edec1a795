"""All bulk jobs of the org: created, uploaded to, closed, aborted, deleted, and resumed after a restart."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import orjson

from crm_sandbox.foreign import Json
from crm_sandbox.salesforce.bulk.dialect import DELIMITERS, LINE_ENDS
from crm_sandbox.salesforce.bulk.export import checked, export
from crm_sandbox.salesforce.bulk.ingest import ingest
from crm_sandbox.salesforce.bulk.job import FINAL, INGEST, OPERATIONS, QUERY, Job, State
from crm_sandbox.salesforce.bulk.workshop import Workshop
from crm_sandbox.salesforce.errors import RequestError, no_such_resource
from crm_sandbox.salesforce.ids import make_id
from crm_sandbox.salesforce.upserts import key_field
from crm_sandbox.store import Store

# After that a job and its results are gone.
KEPT_S = 7 * 24 * 3600
NO_HARD_DELETE = (
    "hardDelete operation requires special user profile permission, please contact your system administrator"
)

log = logging.getLogger(__name__)
_WORK: Mapping[str, Callable[[Job, Workshop], Awaitable[None]]] = {INGEST: ingest, QUERY: export}


class Jobs:
    def __init__(self, shop: Workshop, user_id: str) -> None:
        self.shop = shop
        self._user_id = user_id
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def load(self) -> None:
        """Know the jobs of an earlier run; `resume` goes on with them."""
        db = self.shop.store.writer
        db.execute("CREATE TABLE IF NOT EXISTS bulk_jobs (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
        saved = (orjson.loads(body) for (body,) in db.execute("SELECT body FROM bulk_jobs ORDER BY rowid"))
        self._jobs = {body["id"]: Job(**{**body, "state": State(body["state"])}) for body in saved}

    def resume(self) -> None:
        """Go on with what the last process left undone; needs a running loop."""
        for job in self._jobs.values():
            if job.state in (State.UPLOAD_COMPLETE, State.IN_PROGRESS):
                self._start(job)

    def clear(self) -> None:
        """Forget all jobs and stop the work on them."""
        for task in self._tasks.values():
            task.cancel()
        for job in self._jobs.values():
            self.shop.files(job).remove()
        self._tasks.clear()
        self._jobs.clear()

    def close(self) -> None:
        """Stop the work; the next process resumes it."""
        for task in self._tasks.values():
            task.cancel()

    def create_ingest(self, order: Mapping[str, Json], version: str) -> Job:
        self._refuse_beyond("bulk_batches_a_day", "ApiBatchItems Limit exceeded.")
        operation = _one_of(order, "operation", OPERATIONS[INGEST])
        if operation == "hardDelete" and not self.shop.switches.on("hard_delete"):
            raise RequestError("FEATURENOTENABLED", NO_HARD_DELETE)
        one = self.shop.schema.find(str(order.get("object")))
        if one is None or not one.allows("queryable"):
            raise RequestError("INVALIDENTITY", f"Entity '{order.get('object')}' is not supported by the Bulk API.")
        job = self._new(INGEST, operation, one.name, order, version)
        if operation == "upsert":
            name = order.get("externalIdFieldName")
            if not isinstance(name, str) or not name:
                raise RequestError("INVALIDJOB", "InvalidJob : External ID was blank for " + one.name)
            try:
                job.external_id_field = key_field(one, name).name
            except RequestError as error:
                text = f"InvalidJob : Field name provided, {name} does not match an External ID for {one.name}"
                raise RequestError("INVALIDJOB", text) from error
        return self._keep(job)

    def create_query(self, order: Mapping[str, Json], version: str) -> Job:
        self._refuse_beyond("bulk_queries_a_day", "Max query jobs limit exceeded.")
        operation = _one_of(order, "operation", OPERATIONS[QUERY])
        soql = order.get("query")
        if not isinstance(soql, str) or not soql.strip():
            raise RequestError("MALFORMED_QUERY", "A query string has to be specified")
        query = checked(soql, self.shop.schema, self.shop, deleted_too=operation == "queryAll")
        job = self._new(QUERY, operation, query.object.name, order, version)
        job.query, job.state = soql, State.UPLOAD_COMPLETE
        self.shop.allowances.spend("bulk_queries_a_day")
        self._start(self._keep(job))
        return job

    def find(self, kind: str, job_id: str) -> Job:
        """The job; one whose results have expired is gone."""
        job = self._jobs.get(job_id) or next((one for one in self._jobs.values() if one.id[:15] == job_id), None)
        if job is None or job.kind != kind:
            raise no_such_resource()
        if job.state in FINAL and job.modified_at + KEPT_S < self.shop.clock.now():
            self._drop(job)
            raise no_such_resource()
        return job

    def of_kind(self, kind: str) -> Iterator[Job]:
        """The jobs that are still there, the latest first."""
        for job in reversed(list(self._jobs.values())):
            if job.kind == kind and not (job.state in FINAL and job.modified_at + KEPT_S < self.shop.clock.now()):
                yield job

    def upload(self, job: Job, path: Path) -> None:
        """Take the one upload of a job."""
        if job.state is not State.OPEN:
            raise _wrong_state(f"The job is {job.state}; only an Open job takes data")
        if job.uploaded:
            raise RequestError(
                "CLIENTINPUTERROR",
                f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job "
                "then create a new Job and make sure you only do 'PUT' once on a given Job.",
            )
        most = self.shop.switches.number("bulk_upload_bytes")
        if path.stat().st_size > most:
            message = f"The uploaded data exceeds the maximum of {int(most)} bytes for a job"
            raise RequestError("REQUEST_ENTITY_TOO_LARGE", message, status=413)
        self.shop.files(job).take(path)
        job.uploaded = True
        self._touch(job)

    def close_upload(self, job: Job) -> None:
        if job.state is not State.OPEN:
            raise _wrong_state(f"The job is {job.state}; only an Open job can be closed")
        if not job.uploaded:
            raise _wrong_state("The job has no data; upload it before closing the job")
        job.state = State.UPLOAD_COMPLETE
        self._touch(job)
        self._start(job)

    def abort(self, job: Job) -> None:
        if job.state in FINAL:
            raise _wrong_state(f"The job is {job.state} and cannot be aborted")
        job.state = State.ABORTED
        self._touch(job)

    def delete(self, job: Job) -> None:
        allowed = FINAL | ({State.UPLOAD_COMPLETE} if job.kind == INGEST else set())
        if job.state not in allowed or job.id in self._tasks:
            raise _wrong_state(f"The job is {job.state}; only a job that has ended can be deleted")
        self._drop(job)

    def _new(self, kind: str, operation: str, name: str, order: Mapping[str, Json], version: str) -> Job:
        if order.get("contentType", "CSV") != "CSV":
            raise RequestError("INVALIDJOB", "InvalidJob : contentType must be CSV")
        now = self.shop.clock.now()
        number = int(self.shop.store.fact("bulk_jobs") or 0) + 1
        self.shop.store.remember("bulk_jobs", str(number))
        job_id = make_id("750", number)
        line_ending = _one_of(order, "lineEnding", LINE_ENDS, "LF")
        delimiter = _one_of(order, "columnDelimiter", DELIMITERS, "COMMA")
        job = Job(job_id, kind, operation, name, float(version), self._user_id, now, now, line_ending, delimiter)
        return job

    def _refuse_beyond(self, name: str, message: str) -> None:
        if self.shop.allowances.used(name) >= self.shop.switches.number(name):
            raise RequestError("LIMIT_EXCEEDED", message)

    def _keep(self, job: Job) -> Job:
        self._jobs[job.id] = job
        self.shop.save(job)
        return job

    def _touch(self, job: Job) -> None:
        job.modified_at = self.shop.clock.now()
        self.shop.save(job)

    def _drop(self, job: Job) -> None:
        self._jobs.pop(job.id, None)
        self.shop.files(job).remove()
        self.shop.store.writer.execute("DELETE FROM bulk_jobs WHERE id = ?", (job.id,))

    def _start(self, job: Job) -> None:
        self._tasks[job.id] = asyncio.get_running_loop().create_task(self._work(job))

    async def _work(self, job: Job) -> None:
        try:
            await _WORK[job.kind](job, self.shop)
        except Exception:
            # The type and the place help; the message could quote a record.
            log.exception("job %s failed in the sandbox itself", job.id)
            job.state, job.error = State.FAILED, "InternalServerError : An unexpected error occurred."
            self._touch(job)
        finally:
            self._tasks.pop(job.id, None)


def save(store: Store) -> Callable[[Job], None]:
    """Writes a job into this store."""

    def write(job: Job) -> None:
        store.writer.execute("INSERT OR REPLACE INTO bulk_jobs VALUES (?, ?)", (job.id, orjson.dumps(asdict(job))))

    return write


def _one_of(order: Mapping[str, Json], name: str, known: Collection[str], default: str | None = None) -> str:
    value = order.get(name, default)
    if isinstance(value, str) and value in known:
        return value
    raise RequestError("INVALIDJOB", f"InvalidJob : {name}: {value} is not one of {', '.join(known)}")


def _wrong_state(message: str) -> RequestError:
    return RequestError("INVALIDJOBSTATE", message)
