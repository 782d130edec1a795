"""Applying and undoing a planned batch: its records are pending once more, and the writer is told."""

from __future__ import annotations

from shared.events import CHUNK, BatchApproved, Event
from sqlalchemy import Connection

from gateway.domain.account import Account
from gateway.domain.chunk import range_bits
from gateway.domain.states import Standing
from gateway.store import chunks, submissions
from gateway.store.chunks import Key, Stored

NO_PLAN = "The batch has no plan: submit it with mode plan."


def is_planned(connection: Connection, batch_id: str) -> bool:
    """Whether the batch was submitted to be planned first."""
    spec = submissions.spec_of(connection, batch_id)
    return spec is not None and spec.get("mode") == "plan"


def objection(connection: Connection, batch_id: str, standing: Standing, *, undo: bool) -> str | None:
    """Why the plan cannot be applied, or undone, now; None if it can."""
    if not is_planned(connection, batch_id):
        return NO_PLAN
    if standing.stage != "completed":
        return f"The batch is {standing.shown()}: wait for its end."
    state = "written" if undo else "generated"
    if any(stored.chunk.bits(state) for _, stored in chunks.of_batch(connection, batch_id)):
        return None
    return (
        "Nothing of the plan is written: there is nothing to undo." if undo else "The plan has nothing left to apply."
    )


def approve(connection: Connection, account: Account, *, undo: bool) -> list[tuple[Event, str | None]]:
    """Open the planned (or the written) records again under a new epoch. An order that makes no sense is ignored."""
    if objection(connection, account.batch_id, account.standing(), undo=undo):
        return []
    stored: dict[Key, Stored] = {
        (account.batch_id, number): one for number, one in chunks.of_batch(connection, account.batch_id)
    }
    epoch = account.reopen()
    for one in stored.values():
        before = one.chunk.counts()
        one.chunk.reopen(range_bits(0, CHUNK), epoch, "written" if undo else "generated")
        account.count(before, one.chunk.counts())
    chunks.save(connection, stored)
    return [(BatchApproved(batch_id=account.batch_id, epoch=epoch, undo=undo), account.traceparent)]
