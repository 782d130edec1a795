"""A batch that reads changes, and where it leaves the next one to begin."""

from __future__ import annotations

from typing import cast

from shared.events import BatchSpec, HubSpotSource, SalesforceSource

from schema_svc.domain.changes import Changes, changes_of, cursor_name
from schema_svc.domain.source import Snapshot


async def open_changes(spec: BatchSpec, snapshot: Snapshot) -> Changes | None:
    """What the batch reads of its source's changes; None where it reads everything.

    `Retryable` while an earlier batch that it continues has not ended. A test or a plan continues, but moves nothing:
    what it reads, the next batch reads again.
    """
    name, follows = cursor_name(spec), spec.mode == "run"
    cursor = await snapshot.cursor(name, hold=follows) if name else None
    return changes_of(cast(SalesforceSource | HubSpotSource, spec.source), cursor, follows=follows and name is not None)


async def close_changes(spec: BatchSpec, snapshot: Snapshot, changes: Changes | None, *, whole: bool) -> None:
    """Keep where the next batch begins, should this one finish."""
    name = cursor_name(spec)
    if changes is None or name is None or not changes.follows:
        return
    if (cursor := changes.cursor(whole=whole)) is not None:
        await snapshot.keep_cursor(name, cursor)
