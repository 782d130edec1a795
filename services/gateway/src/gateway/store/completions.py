"""The end of a batch, announced once per (batch, epoch)."""

from __future__ import annotations

from shared.events import BatchCompleted, Event
from sqlalchemy import Connection

from gateway.domain.account import Account
from gateway.domain.states import FINAL
from gateway.store.inserts import insert_missing
from gateway.store.tables import completions


def announce(connection: Connection, account: Account, now: float) -> list[tuple[Event, str | None]]:
    """End the batch if its last record is in, and say so unless it was said."""
    account.finish(now)
    if account.stage not in FINAL:
        return []
    row = {"batch_id": account.batch_id, "epoch": account.epoch, "completed_at": now}
    if not insert_missing(connection, completions, [row]):
        return []
    return [(_completed(account), account.traceparent)]


def _completed(account: Account) -> BatchCompleted:
    return BatchCompleted(
        batch_id=account.batch_id,
        epoch=account.epoch,
        state=account.stage,
        requested=account.requested or 0,
        counts=account.counts(),
        fallback=account.totals["fallback"],
        reason=account.reason,
    )
