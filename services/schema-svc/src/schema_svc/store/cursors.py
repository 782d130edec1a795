"""How far the changes of sources are read: one row for all batches that continue each other."""

from __future__ import annotations

from sqlalchemy import Connection, null, or_, select, update

from schema_svc.domain.changes import Cursor
from schema_svc.store.tables import BATCHES, CURSORS, insert_new, packed, unpacked


def read(connection: Connection, name: str) -> Cursor | None:
    """Where the last finished batch ended."""
    blob = connection.execute(select(CURSORS.c.cursor).where(CURSORS.c.name == name)).scalar_one_or_none()
    return None if blob is None else Cursor.of_json(unpacked(blob))


def hold(connection: Connection, name: str, batch_id: str) -> bool:
    """Whether `batch_id` may continue now: not while another batch does, which has not ended."""
    insert_new(connection, CURSORS, name=name)
    at_work = select(BATCHES.c.batch_id).where(BATCHES.c.phase.in_(["planning", "ready"]))
    free = or_(CURSORS.c.holder.is_(None), CURSORS.c.holder == batch_id, CURSORS.c.holder.not_in(at_work))
    change = update(CURSORS).where(CURSORS.c.name == name, free).values(holder=batch_id, next=null())
    return connection.execute(change).rowcount == 1


def keep(connection: Connection, name: str, batch_id: str, cursor: Cursor) -> None:
    """Where the next batch begins, should `batch_id` finish."""
    mine = update(CURSORS).where(CURSORS.c.name == name, CURSORS.c.holder == batch_id)
    connection.execute(mine.values(next=packed(cursor.to_json())))


def finish(connection: Connection, batch_id: str) -> None:
    """`batch_id` has finished: the next begins where it ended."""
    mine = update(CURSORS).where(CURSORS.c.holder == batch_id, CURSORS.c.next.is_not(None))
    connection.execute(mine.values(cursor=CURSORS.c.next, next=null(), holder=null()))
