"""How batches stand, read together with their unfinished shares."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, select

from schema_svc.domain.batch import LeaseLost, Share, Standing
from schema_svc.store.tables import BATCHES, SHARES

_NAMES = ("batch_id", "fence", "phase", "wanted", "announced", "reason", "requested", "settled", "staged")


def _batches(condition: ColumnElement[bool]) -> Select[Any]:
    return select(*(BATCHES.c[name] for name in _NAMES)).where(condition)


def _shares(condition: ColumnElement[bool]) -> Select[Any]:
    unfinished = select(SHARES.c.batch_id, SHARES.c.epoch, SHARES.c.first, SHARES.c.cursor, SHARES.c.total)
    return (
        unfinished.join(BATCHES, BATCHES.c.batch_id == SHARES.c.batch_id)
        .where(condition, SHARES.c.cursor < SHARES.c.total)
        .order_by(SHARES.c.epoch, SHARES.c.first)
    )


# Put together once: that takes longer than to execute them.
_ONE = and_(BATCHES.c.batch_id == bindparam("batch_id"), BATCHES.c.fence == bindparam("fence"))
_ONE_BATCH, _ITS_SHARES = _batches(_ONE), _shares(_ONE)
_OWNED = and_(BATCHES.c.open, BATCHES.c.lease_owner == bindparam("owner"))
_OWNED_BATCHES, _THEIR_SHARES = _batches(_OWNED), _shares(_OWNED)


def one(connection: Connection, batch_id: str, fence: int) -> Standing:
    """How this batch stands. Raises `LeaseLost` when its fence is another one."""
    found = _read(connection, _ONE_BATCH, _ITS_SHARES, {"batch_id": batch_id, "fence": fence})
    if not found:
        raise LeaseLost(batch_id)
    return found[0]


def of_owner(connection: Connection, owner: str) -> list[Standing]:
    """How the open batches stand that `owner` has a lease on."""
    return _read(connection, _OWNED_BATCHES, _THEIR_SHARES, {"owner": owner})


def _read(connection: Connection, batches: Select[Any], shares: Select[Any], whose: dict[str, Any]) -> list[Standing]:
    rows = connection.execute(batches, whose).all()
    by_batch: dict[str, list[Share]] = {row.batch_id: [] for row in rows}
    for share in connection.execute(shares, whose) if rows else ():
        if share.batch_id in by_batch:
            by_batch[share.batch_id].append(Share(share.epoch, share.first, share.cursor, share.total))
    return [Standing(**row._mapping, shares=tuple(by_batch[row.batch_id])) for row in rows]
