"""Commands and plans in the ledger: what each event about a whole batch does to its totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.bus import Received
from shared.events import (
    CHUNK,
    BatchApplied,
    BatchCancelled,
    BatchPaused,
    BatchPlanned,
    BatchRefused,
    BatchReopened,
    BatchResumed,
    BatchRetried,
    BatchReverted,
    BatchSubmitted,
    Event,
)
from sqlalchemy import Connection, delete

from gateway.domain.account import Account
from gateway.domain.chunk import runs, size_of
from gateway.store import approvals, chunks, failures, submissions
from gateway.store.chunks import Key, Stored
from gateway.store.tables import segments

RANGES_PER_EVENT = 5_000
"""About 100 KB of JSON, a tenth of what the broker takes."""

Announced = list[tuple[Event, str | None]]


def apply(connection: Connection, touched: Mapping[str, Account], item: Received[Event], now: float) -> Announced:
    """Fold one command or plan; what is to be announced because of it."""
    event = item.event
    account = touched.get(getattr(event, "batch_id", ""))
    if account is None:
        return []
    match event:
        case BatchSubmitted():
            _submitted(connection, account, event, item.traceparent, now)
        case BatchPaused():
            account.hold(event.reason, by_writer=event.by_writer)
        case BatchResumed():
            account.go_on(by_writer=event.by_writer)
        case BatchCancelled():
            account.cancel(event.reason)
        case BatchRetried() if account.standing().objection("retry") is None:
            return reopen(connection, account, event.category)
        case BatchApplied() | BatchReverted():
            return approvals.approve(connection, account, undo=isinstance(event, BatchReverted))
        case BatchPlanned() if account.plan(event.requested, now):
            _trim(connection, account)
        case BatchRefused():
            account.refuse(failures.clean_text(event.reason, 2_000) or "The batch was refused.", now)
    return []


def reopen(connection: Connection, account: Account, category: str | None) -> Announced:
    """Make failed records pending again under a new epoch, and ask for exactly these."""
    wanted = failures.bits_by_chunk(connection, account.batch_id, category)
    if not wanted:
        return []
    epoch = account.reopen()
    stored = chunks.load(connection, [(account.batch_id, number) for number in sorted(wanted)])
    ranges: list[tuple[int, int]] = []
    for key, item in stored.items():
        before = item.chunk.counts()
        cleared = item.chunk.reopen(wanted[key[1]], epoch)
        account.count(before, item.chunk.counts())
        ranges += [(key[1] * CHUNK + first, count) for first, count in runs(cleared)]
    chunks.save(connection, stored)
    failures.forget(connection, account.batch_id, category=category)
    return [(event, account.traceparent) for event in _reopened(account.batch_id, epoch, ranges)]


def _submitted(
    connection: Connection, account: Account, event: BatchSubmitted, traceparent: str | None, now: float
) -> None:
    """A batch of another system is learnt here; one of our own is there already, and is on its way now."""
    submissions.record(connection, event, traceparent=traceparent, body_hash=None, now=now)
    account.known = True
    account.traceparent = account.traceparent or traceparent
    account.begin(now)


def _trim(connection: Connection, account: Account) -> None:
    """The size is known: verdicts on records that the batch does not have are forgotten."""
    size = account.requested or 0
    changed: dict[Key, Stored] = {}
    for number, stored in chunks.of_batch(connection, account.batch_id, first=size // CHUNK):
        before = stored.chunk.counts()
        stored.chunk.trim(size_of(number, size))
        account.count(before, stored.chunk.counts())
        changed[account.batch_id, number] = stored
    chunks.save(connection, changed)
    failures.forget(connection, account.batch_id, beyond=size)
    beyond = segments.c.chunk >= -(-size // CHUNK)
    connection.execute(delete(segments).where(segments.c.batch_id == account.batch_id, beyond))


def _reopened(batch_id: str, epoch: int, ranges: list[tuple[int, int]]) -> Iterator[BatchReopened]:
    for start in range(0, len(ranges), RANGES_PER_EVENT):
        yield BatchReopened(batch_id=batch_id, epoch=epoch, ranges=ranges[start : start + RANGES_PER_EVENT])
