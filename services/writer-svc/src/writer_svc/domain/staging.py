"""Results that wait for a large write, and the jobs that they become."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from shared.events import RecordGenerated, SalesforceTarget

JOB_BYTES = 90_000_000
"""Of CSV. Salesforce takes 150 MB after base64, which is 100 MB of text (Bulk API 2.0 limits)."""

JOB_ROWS = 500_000

Phase = Literal["collecting", "due", "uploading", "uploaded", "ended"]
"""due: closed, nothing sent. uploading: the job is known to Salesforce, its data perhaps. uploaded: it is at work."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One result that waits."""

    result: RecordGenerated
    key: str
    """Equal for results that write the same CRM record."""
    parent: str
    """Records of one parent lie together, so that fewer internal batches lock the same one."""
    line: str | None
    """As CSV; None where only the REST API can say it."""


class Waiting(NamedTuple):
    """A result that waits for its verdict, as it is kept. Made for every record, hence a tuple."""

    number: int
    """Its place in the store."""
    key: str
    text: bytes
    """The result as JSON: most verdicts are told without anybody reading it."""

    def result(self) -> RecordGenerated:
        """The result itself."""
        return RecordGenerated.model_validate_json(self.text)


@dataclass(frozen=True, slots=True)
class Job:
    """A part of a batch that is written at once."""

    number: int
    batch_id: str
    target: SalesforceTarget
    phase: Phase
    crm_id: str | None
    attempt: int
    rows: int
    first_at: float
    last_at: float
    not_before: float = 0.0

    @property
    def name(self) -> str:
        """What its lease is called."""
        return f"bulk job {self.number}"

    @property
    def key_column(self) -> str:
        """By which results are told apart: their order is not promised."""
        return key_column(self.target)

    @property
    def columns(self) -> list[str]:
        """Of the CSV, the key first."""
        return columns_of(self.target)


def key_column(target: SalesforceTarget) -> str:
    """The column that says which record a line is about."""
    return target.external_id or "Id"


def columns_of(target: SalesforceTarget) -> list[str]:
    """Of the CSV, the key first."""
    names = [target.field] if target.field else list(target.fields or {})
    return [key_column(target), *(name for name in names if name != key_column(target))]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a job is collected."""

    quiet_s: float = 5.0
    """Without a further result."""
    longest_s: float = 3_600.0

    def is_over(self, job: Job, *, staged: int, requested: int, now: float) -> bool:
        """Whether to write what there is: all of the batch, or nothing more comes, or it has waited long enough."""
        complete = 0 < requested <= staged
        return complete or now - job.last_at >= self.quiet_s or now - job.first_at >= self.longest_s


class Staging(Protocol):
    """What a target needs of the store."""

    async def keep(self, batch_id: str, target: SalesforceTarget, rows: Sequence[Staged]) -> None:
        """Durable when it returns. A result that is there already is not kept again: the first text wins."""


class Jobs(Staging, Protocol):
    """What whoever runs the jobs needs of the store."""

    async def open_jobs(self) -> list[Job]: ...
    async def take(self, job: Job) -> int | None: ...
    async def give_back(self, job: Job) -> None: ...
    async def move(self, job: Job, fence: int, **values: object) -> Job: ...
    async def staged(self) -> dict[str, int]: ...
    async def kept(self, batch_id: str) -> int: ...
    async def unsettled(self, job: Job, *, lines: bool | None = None) -> int: ...
    def lines(self, job: Job) -> AsyncIterator[list[tuple[str, str]]]: ...
    def results(self, job: Job, *, page: int) -> AsyncIterator[list[Waiting]]: ...
    async def find(self, job: Job, keys: Sequence[str]) -> list[Waiting]: ...
    async def settle(self, job: Job, waiting: Sequence[Waiting]) -> None: ...
    async def forget(self, batch_id: str) -> None: ...
