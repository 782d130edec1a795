"""Answers that wait for an upload, and when an upload is closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.events import RecordGenerated

from writer_svc.domain.verdicts import Verdict, failed, without_values

Phase = Literal["sending", "processing", "ended"]
"""sending: parts are on their way, and nothing is loaded. processing: the order was given, no part can be added."""

LOADED = "Completed"
WARNED = "CompletedWithWarnings"
DELETED = "Deleted"
"""Not a status of the org's: somebody deleted the upload before its end was seen."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer that waits."""

    result: RecordGenerated
    batch_name: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of one batch waits for an upload."""

    batch_id: str
    records: int
    unsettled: int
    """With those that are in an upload already and have no verdict yet."""
    since: float
    pending: int | None
    """Records of the batch without a verdict, as the gateway told last; None before it told anything."""


@dataclass(frozen=True, slots=True)
class DatasetUpload:
    """Answers that are loaded together."""

    id: str
    dataset: str
    phase: Phase
    crm_id: str | None
    """Of the InsightsExternalData record, once it is known to be there."""
    edition: str | None
    """Of which content the parts are that were sent to it, and which try of it."""
    records: int


@dataclass(frozen=True, slots=True)
class Closing:
    """When what waits becomes an upload."""

    records: int = 50_000
    """One upload holds no more, for it is made in memory."""
    longest_s: float = 1_800.0

    def is_due(self, waiting: Waiting, requested: int, now: float) -> bool:
        """All that can still come of the batch is here, or there is enough, or it has waited long enough.

        A record of the batch that has no verdict is either here or may still come. The gateway's number may be old,
        but it only falls: where it equals ours, nothing can come any more. Were it ever wrong, the batch would be
        loaded in two uploads instead of one, and no row be lost or doubled.
        """
        pending = requested if waiting.pending is None else waiting.pending
        complete = waiting.unsettled == pending
        return complete or waiting.records >= self.records or now - waiting.since >= self.longest_s


def verdict_of(status: str, message: str | None, upload_id: str) -> Verdict:
    """What the end of an upload means for each of its records. Warnings are no success."""
    if status == LOADED:
        return Verdict("written", crm_id=upload_id)
    said = f" CRM Analytics says: {message}" if message else ""
    if status == WARNED:
        reason = (
            "CRM Analytics loaded the upload with warnings: some of its rows are missing in the dataset. See its job "
            "in Data Manager before a retry, which would add the other rows a second time."
        )
    elif status == DELETED:
        reason = "The upload was deleted in the org before its end was seen: look whether its rows are in the dataset."
    else:
        reason = f"CRM Analytics did not load the upload ({status}): none of its rows is in the dataset."
    return failed(status, reason + said)


def quotable(message: str | None, results: Sequence[RecordGenerated]) -> str | None:
    """The org's own words, unless they hold a part of a value."""
    for result in results:
        if not message:
            return None
        message = without_values(message, [*(result.values or {}).values(), result.answer or ""])
    return message or None


class Keeping(Protocol):
    """What a target needs of the store."""

    async def keep(self, dataset: str, kept: Sequence[Kept]) -> None:
        """Durable when it returns. An answer that is there already is not kept again: the first one wins."""


class Uploads(Keeping, Protocol):
    """What whoever sends the uploads needs of the store."""

    async def waiting(self, dataset: str) -> list[Waiting]: ...
    async def begun(self, dataset: str, since: float) -> list[float]: ...
    async def unfinished(self, dataset: str) -> DatasetUpload | None: ...
    async def take(self, dataset: str) -> int | None: ...
    async def give_back(self, dataset: str) -> None: ...
    async def open(self, dataset: str, fence: int, batch_ids: Sequence[str], limit: int) -> DatasetUpload: ...
    async def move(self, upload: DatasetUpload, fence: int, **values: object) -> DatasetUpload: ...
    def answers(self, upload: DatasetUpload) -> AsyncIterator[list[Kept]]: ...
    def unclaimed(self, batch_id: str) -> AsyncIterator[list[Kept]]: ...
    async def settle(self, results: Sequence[RecordGenerated]) -> None: ...
    async def note_pending(self, batch_id: str, pending: int, *, if_known: bool = False) -> None: ...
    async def forget_settled(self, before: float) -> None: ...
