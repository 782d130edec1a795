"""Batches as people ask for them: one, a page of them, and the orders that take effect at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, and_, case, or_, select, update

from gateway.domain.account import Account
from gateway.domain.states import FINAL, BatchState
from gateway.store.accounts import account_of
from gateway.store.tables import batches


@dataclass(frozen=True)
class Batch:
    """A batch: its name and its totals."""

    name: str
    account: Account


def get(connection: Connection, batch_id: str) -> Batch | None:
    """One batch; None if nobody has submitted it."""
    c = batches.c
    row = connection.execute(select(batches).where(c.batch_id == batch_id, c.spec.is_not(None))).one_or_none()
    return None if row is None else _batch(row)


def page(
    connection: Connection, *, state: BatchState | None, limit: int, before: tuple[float, str] | None
) -> list[Batch]:
    """Batches, the newest first, that come after a given (created_at, batch_id)."""
    c = batches.c
    query = select(batches).where(c.spec.is_not(None)).order_by(c.created_at.desc(), c.batch_id.desc()).limit(limit)
    if before is not None:
        at, batch_id = before
        query = query.where(or_(c.created_at < at, and_(c.created_at == at, c.batch_id < batch_id)))
    if state is not None:
        held = and_(or_(c.paused, c.held), ~c.cancelling, c.stage.not_in(FINAL))
        query = query.where(case((held, "paused"), else_=c.stage) == state)
    return [_batch(row) for row in connection.execute(query)]


def moving(connection: Connection) -> list[Account]:
    """Planned batches that have not ended: their progress is announced again after a start."""
    c = batches.c
    query = select(batches).where(c.stage == "running", c.spec.is_not(None))
    return [account_of(row) for row in connection.execute(query)]


def totals(connection: Connection, batch_ids: set[str]) -> list[Account]:
    """The totals of some batches."""
    ids = sorted(batch_ids)
    return [
        account_of(row)
        for start in range(0, len(ids), 500)
        for row in connection.execute(select(batches).where(batches.c.batch_id.in_(ids[start : start + 500])))
    ]


def hold(connection: Connection, batch_id: str, *, paused: bool) -> None:
    """Show a pause or its end at once; the command on the bus says the same a moment later."""
    _order(connection, batch_id, {"paused": True} if paused else {"paused": False, "held": False})


def cancel(connection: Connection, batch_id: str) -> None:
    """Note at once that a batch is being cancelled; it ends when its last record has a verdict."""
    _order(connection, batch_id, {"cancelling": True})


def _order(connection: Connection, batch_id: str, flags: dict[str, bool]) -> None:
    c = batches.c
    connection.execute(update(batches).where(c.batch_id == batch_id, c.stage.not_in(FINAL)).values(flags))


def _batch(row: Row[tuple[object, ...]]) -> Batch:
    return Batch(row.name, account_of(row))
