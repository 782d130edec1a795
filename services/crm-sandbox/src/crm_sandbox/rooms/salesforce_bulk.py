"""Bulk API 2.0 over HTTP: jobs, uploads, results."""

import base64
import binascii
import zlib
from array import array
from collections.abc import Iterator
from itertools import chain, islice

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.org import Org
from crm_sandbox.rooms.salesforce_bodies import object_of
from crm_sandbox.salesforce.bulk.files import part_of
from crm_sandbox.salesforce.bulk.job import FINAL, INGEST, QUERY, Job, State
from crm_sandbox.salesforce.bulk.multipart import split_job_and_content
from crm_sandbox.salesforce.errors import RequestError

JOBS_IN_A_PAGE = 1000
MOST_ROWS_IN_A_PAGE = 50_000
# A job made in one request carries no more than this.
MOST_INLINE = 100_000


class BulkCalls:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs = org.jobs

    def create_ingest(self, call: Call) -> Answer:
        if call.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            return self._create_whole(call)
        return Answer.json(self._jobs.create_ingest(object_of(call), call.words["version"]).created())

    def create_query(self, call: Call) -> Answer:
        return Answer.json(self._jobs.create_query(object_of(call), call.words["version"]).created())

    def upload(self, call: Call) -> Answer:
        job = self._jobs.find(INGEST, call.words["id"])
        if not call.headers.get("content-type", "").lower().startswith("text/csv"):
            raise RequestError("INVALIDBATCH", "Content-Type must be text/csv", status=415)
        if call.upload is None:
            raise RequestError("UNKNOWN_EXCEPTION")
        self._jobs.upload(job, call.upload)
        if call.fails_first:
            job.doomed_rows = [(first, last, call.fails_first) for first, last in call.fails_rows or ((1, 1),)]
            self._jobs.shop.save(job)
        return Answer(201)

    def change_ingest(self, call: Call) -> Answer:
        job = self._jobs.find(INGEST, call.words["id"])
        self._change(call, job, {"UploadComplete", "Aborted"})
        return Answer.json(job.brief())

    def change_query(self, call: Call) -> Answer:
        job = self._jobs.find(QUERY, call.words["id"])
        self._change(call, job, {"Aborted"})
        return Answer.json(job.created())

    def delete(self, call: Call) -> Answer:
        self._jobs.delete(self._jobs.find(_kind(call), call.words["id"]))
        return Answer(204)

    def info(self, call: Call) -> Answer:
        return Answer.json(self._jobs.find(_kind(call), call.words["id"]).full())

    def list(self, call: Call) -> Answer:
        kind = _kind(call)
        start = _place(call.query.get("queryLocator", ""), "queryLocator")
        wanted = call.query.get("jobType")
        page = list(islice(self._jobs.of_kind(kind), start, start + JOBS_IN_A_PAGE + 1))
        more = len(page) > JOBS_IN_A_PAGE
        url = f"{call.path}?queryLocator={_locator(start + JOBS_IN_A_PAGE)}"
        shown = [job.listed() for job in page[:JOBS_IN_A_PAGE] if wanted in (None, "", "All", job.kind)]
        return Answer.json({"done": not more, "records": shown, "nextRecordsUrl": url if more else None})

    def successful(self, call: Call) -> Answer:
        job = self._ended(call)
        return self._file(call, self._parts(job, "successful", job.successful_bytes))

    def failed(self, call: Call) -> Answer:
        job = self._ended(call)
        return self._file(call, self._parts(job, "failed", job.failed_bytes))

    def unprocessed(self, call: Call) -> Answer:
        """The client's own lines, from the first row that is not committed on."""
        job = self._ended(call)
        files = self._jobs.shop.files(job)
        if not files.upload.exists():
            return self._file(call, iter(()))
        with files.upload.open("rb") as file:
            first = len(file.readline())
        return self._file(call, chain(part_of(files.upload, 0, first), part_of(files.upload, max(job.offset, first))))

    def query_results(self, call: Call) -> Answer:
        job = self._jobs.find(QUERY, call.words["id"])
        if job.state is not State.JOB_COMPLETE:
            raise RequestError("INVALIDJOBSTATE", f"The job is {job.state}; results are there when it is JobComplete")
        files = self._jobs.shop.files(job)
        places = array("q", files.places.read_bytes())
        start = _place(call.query.get("locator", ""), "locator")
        if start > len(places) - 1 or (start and start == len(places) - 1):
            raise RequestError("INVALID_QUERY_LOCATOR", "invalid query locator")
        end = min(start + _most_rows(call), len(places) - 1)
        parts = chain(part_of(files.result, 0, places[0]), part_of(files.result, places[start], places[end]))
        done = end == len(places) - 1
        headers = (
            ("sforce-locator", "null" if done else _locator(end)),
            ("sforce-numberofrecords", str(end - start)),
        )
        return self._file(call, parts, *headers)

    def _create_whole(self, call: Call) -> Answer:
        order, content = split_job_and_content(call.headers["content-type"], call.body)
        if len(content) > MOST_INLINE:
            message = f"a job in one request takes up to {MOST_INLINE} characters"
            raise RequestError("REQUEST_ENTITY_TOO_LARGE", message, status=413)
        job = self._jobs.create_ingest(order, call.words["version"])
        self._jobs.shop.files(job).put(content)
        job.uploaded = True
        if call.fails_first:
            job.doomed_rows = [(first, last, call.fails_first) for first, last in call.fails_rows or ((1, 1),)]
        self._jobs.close_upload(job)
        return Answer.json(job.created())

    def _change(self, call: Call, job: Job, allowed: set[str]) -> None:
        state = object_of(call).get("state")
        if state not in allowed:
            raise RequestError("INVALIDJOBSTATE", f"state: {state} is not one of {', '.join(sorted(allowed))}")
        if state == "Aborted":
            self._jobs.abort(job)
        else:
            self._jobs.close_upload(job)

    def _ended(self, call: Call) -> Job:
        job = self._jobs.find(INGEST, call.words["id"])
        if job.state not in FINAL:
            raise RequestError("INVALIDJOBSTATE", f"The job is {job.state}; results are there when it has ended")
        return job

    def _parts(self, job: Job, name: str, size: int) -> Iterator[bytes]:
        """A result file; a job that never looked at its upload has the header alone, or nothing."""
        path = getattr(self._jobs.shop.files(job), name)
        return part_of(path, 0, size) if path.exists() else iter(())

    def _file(self, call: Call, parts: Iterator[bytes], *headers: tuple[str, str]) -> Answer:
        packs = self._org.switches.on("bulk_gzip_results") and "gzip" in call.headers.get("accept-encoding", "")
        if packs:
            parts, headers = _packed(parts), (*headers, ("content-encoding", "gzip"))
        return Answer(200, headers=(("content-type", "text/csv"), *headers), parts=parts)


def _kind(call: Call) -> str:
    return INGEST if "/jobs/ingest" in call.path else QUERY


def _most_rows(call: Call) -> int:
    text = call.query.get("maxRecords", "")
    if not text:
        return MOST_ROWS_IN_A_PAGE
    if not text.isdecimal() or int(text) < 1:
        raise RequestError("INVALID_QUERY_LOCATOR", "maxRecords: a number from 1 is needed")
    return int(text)


def _locator(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def _place(locator: str, name: str) -> int:
    if not locator or locator == "null":
        return 0
    try:
        return int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except (ValueError, binascii.Error) as error:
        raise RequestError("INVALID_QUERY_LOCATOR", f"{name}: invalid locator") from error


def _packed(parts: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    for part in parts:
        yield packer.compress(part)
    yield packer.flush()
