"""Results come into jobs: each once, and no job fuller than it may be."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, compress
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from writer_svc.domain.staging import Staged
from writer_svc.store import kept
from writer_svc.store.bulk_tables import JOBS, WAITING
from writer_svc.store.metadata import insert_all


class Packed(NamedTuple):
    """A row of the table, but for its job."""

    key: bytes
    position: int
    epoch: int
    parent: bytes | None
    line: bytes | None
    result: bytes


def packed(row: Staged) -> Packed:
    """As it is stored."""
    result = row.result
    return Packed(
        row.key.encode(),
        result.index,
        result.epoch,
        row.parent.encode() or None,
        None if row.line is None else row.line.encode(),
        result.__pydantic_serializer__.to_json(result, exclude_defaults=True),
    )


def keep(
    connection: Connection, batch_id: str, target: str, rows: Sequence[Packed], now: float, most: tuple[int, int]
) -> None:
    """Add what is new to the batch's job; where that has as many rows or bytes as it may have, to the next."""
    new = kept.note(connection, batch_id, [(row.epoch, row.position) for row in rows])
    fresh = list(compress(rows, new))
    while fresh:
        number, room = _collecting(connection, batch_id, target, now, most)
        sizes = list(accumulate(len(row.line or b"") + 1 for row in fresh))
        # One row at least: a job that is empty takes any.
        count = min(room[0], bisect_right(sizes, room[1])) or (1 if room == most else 0)
        _grow(connection, number, count, sizes[count - 1] if count else 0, now, is_full=count < len(fresh))
        insert_all(connection, WAITING, ("job", *Packed._fields), [(number, *row) for row in fresh[:count]])
        fresh = fresh[count:]


def _collecting(
    connection: Connection, batch_id: str, target: str, now: float, most: tuple[int, int]
) -> tuple[int, tuple[int, int]]:
    """The job that takes rows now, and for how many rows and bytes it has room."""
    query = select(JOBS.c.number, JOBS.c.rows, JOBS.c.bytes).where(
        JOBS.c.batch_id == batch_id, JOBS.c.phase == "collecting"
    )
    found = connection.execute(query.with_for_update()).first()
    if found is not None:
        return found.number, (most[0] - found.rows, most[1] - found.bytes)
    new = JOBS.insert().values(
        batch_id=batch_id, target=target, phase="collecting", rows=0, bytes=0, first_at=now, last_at=now
    )
    return int(connection.execute(new.returning(JOBS.c.number)).scalar_one()), most


def _grow(connection: Connection, number: int, rows: int, size: int, now: float, *, is_full: bool) -> None:
    grown = {"rows": JOBS.c.rows + rows, "bytes": JOBS.c.bytes + size, "last_at": now}
    change = update(JOBS).where(JOBS.c.number == number)
    connection.execute(change.values(grown | {"phase": "due"} if is_full else grown))
