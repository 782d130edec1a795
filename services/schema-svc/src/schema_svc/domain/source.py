"""What a record source is to the rest of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from shared.errors import Category
from shared.events import BatchSpec

from schema_svc.domain.changes import Cursor
from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a source, with the fields that the batch reads."""

    index: int
    record_id: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Missing:
    """A record that gets a verdict instead of a prompt."""

    index: int
    record_id: str
    code: str
    reason: str
    category: Category = "crm"
    state: Literal["skipped", "failed"] = "skipped"
    deleted_key: str | None = None
    """Of a deleted record: its value of the target's external id field, where the batch deletes by it."""


def with_key(missing: Missing, keys: Mapping[str, Any], living: Set[str]) -> Missing:
    """A deleted record with its key, by record id, unless a living one of the source has it (folded)."""
    key = keys.get(missing.record_id)
    if key is not None and str(key).casefold() in living:
        reason = f"{missing.reason} Another record of the source has its key, so nothing is deleted at the target."
        return replace(missing, code="KEY_IN_USE", reason=reason)
    return replace(missing, deleted_key=None if key is None else str(key))


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning found out."""

    requested: int


class Snapshot(Protocol):
    """What a source keeps of a batch from planning on, so that an index means the same record for good."""

    async def clear_ids(self) -> None:
        """Forget ids of a planning that did not end."""

    async def add_ids(self, first: int, ids: Sequence[str]) -> None:
        """Keep the ids of records `first` and following."""

    async def ids(self, first: int, count: int) -> list[str]:
        """Ids of records `first` to `first + count`."""

    def row_parts(self) -> AsyncIterator[list[dict[str, Any]]]:
        """The inline rows in order, part by part."""

    async def number_rows(self) -> int:
        """Give each part of the inline rows its first index; how many rows there are."""

    async def clear_rows(self) -> None:
        """Forget rows of a planning that did not end."""

    async def add_rows(self, first: int, rows: Sequence[dict[str, Any]]) -> None:
        """Keep the rows of records `first` and following."""

    async def rows(self, first: int, count: int) -> list[dict[str, Any]]:
        """Rows `first` to `first + count`."""

    async def note(self, note: dict[str, Any]) -> None:
        """Keep what the source itself wants to know of the batch later, in place of an earlier note."""

    async def noted(self) -> dict[str, Any]:
        """The note; empty where there is none."""

    async def cursor(self, name: str, *, hold: bool) -> Cursor | None:
        """Where the last finished batch of this `cursor_name` ended.

        With `hold` no other may continue until this one has ended: `Retryable` while another does.
        """

    async def keep_cursor(self, name: str, cursor: Cursor) -> None:
        """Where the next batch begins, should this one, which holds the cursor, finish."""


class Source(Protocol):
    """Where records come from. One file each in `sources/`, one line in its registry."""

    async def plan(self, spec: BatchSpec, needed: Needed, snapshot: Snapshot) -> Planned:
        """Count the records and fix their order.

        Raises `Rejected` when the batch cannot run, `Retryable` when the source is away, `Fatal` for credentials.
        """

    async def records(
        self, spec: BatchSpec, needed: Needed, snapshot: Snapshot, ranges: Sequence[Range]
    ) -> list[Record | Missing]:
        """One entry per index of `ranges`, in that order."""
