"""A bulk job: what it was asked for, how far it is, and what a client is shown of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from crm_sandbox.clock import stamp

INGEST = "V2Ingest"
QUERY = "V2Query"
OPERATIONS = {
    INGEST: ("insert", "update", "upsert", "delete", "hardDelete"),
    QUERY: ("query", "queryAll"),
}


class State(StrEnum):
    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    ABORTED = "Aborted"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"


FINAL = frozenset({State.ABORTED, State.JOB_COMPLETE, State.FAILED})


@dataclass(slots=True)
class Job:
    """`*_bytes` say how much of each result file belongs to rows that are committed; a restart cuts the rest off."""

    id: str
    kind: str
    operation: str
    object: str
    api_version: float
    user_id: str
    created_at: float
    modified_at: float
    line_ending: str = "LF"
    column_delimiter: str = "COMMA"
    external_id_field: str | None = None
    query: str | None = None
    state: State = State.OPEN
    uploaded: bool = False
    processed: int = 0
    failed: int = 0
    error: str | None = None
    total_ms: int = 0
    active_ms: int = 0
    # Where the first row that is not committed begins in the upload.
    offset: int = 0
    successful_bytes: int = 0
    failed_bytes: int = 0
    # From a fault on the upload: rows, both ends included, and the code they fail with.
    doomed_rows: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/services/data/v{self.api_version}/jobs/{'ingest' if self.kind == INGEST else 'query'}/{self.id}"

    def brief(self) -> dict[str, Any]:
        """What the list of jobs and a change of state answer."""
        body: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user_id,
            "createdDate": _stamp(self.created_at),
            "systemModstamp": _stamp(self.modified_at),
            "state": str(self.state),
        }
        if self.external_id_field:
            body["externalIdFieldName"] = self.external_id_field
        return body | {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": self.api_version}

    def created(self) -> dict[str, Any]:
        """The answer to the creation; the address of the upload has no slash before it."""
        body = self.brief()
        if self.kind == INGEST and self.state is State.OPEN:
            body["contentUrl"] = f"{self.path[1:]}/batches"
        return body | self._format()

    def listed(self) -> dict[str, Any]:
        body = self.created()
        return {**body, "jobType": self.kind}

    def full(self) -> dict[str, Any]:
        """The answer to a poll."""
        body = self.brief() | {"jobType": self.kind} | self._format()
        if self.kind == INGEST and self.state is State.OPEN:
            body["contentUrl"] = f"{self.path[1:]}/batches"
        body["numberRecordsProcessed"] = self.processed
        if self.kind == INGEST:
            body["numberRecordsFailed"] = self.failed
        body |= {"retries": 0, "totalProcessingTime": self.total_ms}
        if self.kind == INGEST:
            body |= {"apiActiveProcessingTime": self.active_ms, "apexProcessingTime": 0}
        if self.error:
            body["errorMessage"] = self.error
        return body

    def _format(self) -> dict[str, str]:
        return {"lineEnding": self.line_ending, "columnDelimiter": self.column_delimiter}


def _stamp(seconds: float) -> str:
    """Jobs show no milliseconds: they are always zero."""
    return stamp(datetime.fromtimestamp(int(seconds), UTC))
