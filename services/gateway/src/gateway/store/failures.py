"""Failed records in rows of their own: what people group by, and what a retry of one category needs."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from shared.events import CHUNK, RangeSettled, RecordSettled
from sqlalchemy import Connection, delete, func, insert, select

from gateway.domain.chunk import SIZE, bits_of, runs
from gateway.store.tables import failures

_REASON_CHARS = 1_000
Row = dict[str, Any]


def row_of(verdict: RecordSettled) -> Row:
    """A failed record."""
    return _row(verdict, verdict.index, 1) | {"code": clean_text(verdict.code, 200), "attempts": verdict.attempts}


def rows_of_range(verdict: RangeSettled, chunk: int, accepted: int) -> list[Row]:
    """The parts of a failed range that were taken: a row for each run, not for each record."""
    base = chunk * CHUNK
    return [_row(verdict, base + first, count) | {"code": None, "attempts": 0} for first, count in runs(accepted)]


def add(connection: Connection, rows: list[Row]) -> None:
    """Insert failures."""
    if rows:
        connection.execute(insert(failures), rows)


def bits_by_chunk(connection: Connection, batch_id: str, category: str | None) -> dict[int, int]:
    """Which records failed (with this category), as bits per chunk."""
    c = failures.c
    query = select(c.first, c.count).where(c.batch_id == batch_id)
    if category is not None:
        query = query.where(c.category == category)
    bitmaps: dict[int, bytearray] = defaultdict(lambda: bytearray(SIZE))
    for first, count in connection.execute(query):
        bitmap = bitmaps[first // CHUNK]
        for offset in range(first % CHUNK, first % CHUNK + count):
            bitmap[offset >> 3] |= 1 << (offset & 7)
    return {chunk: bits_of(bitmap) for chunk, bitmap in bitmaps.items()}


def forget(connection: Connection, batch_id: str, *, category: str | None = None, beyond: int = 0) -> None:
    """Delete the failures of a batch (of one category), from an index on."""
    c = failures.c
    statement = delete(failures).where(c.batch_id == batch_id, c.first >= beyond)
    connection.execute(statement if category is None else statement.where(c.category == category))


def grouped(connection: Connection, batch_id: str) -> list[Row]:
    """Failed records by category, code and reason, the most frequent first."""
    c = failures.c
    records = func.sum(c.count).label("records")
    query = select(c.category, c.code, c.reason, records).where(c.batch_id == batch_id)
    query = query.group_by(c.category, c.code, c.reason).order_by(records.desc(), c.category).limit(200)
    return [row._asdict() | {"records": int(row.records)} for row in connection.execute(query)]


def _row(verdict: RecordSettled | RangeSettled, first: int, count: int) -> Row:
    return {
        "batch_id": verdict.batch_id,
        "first": first,
        "epoch": verdict.epoch,
        "count": count,
        "category": verdict.category or "unknown",
        "reason": clean_text(verdict.reason, _REASON_CHARS),
    }


def clean_text(text: str | None, limit: int) -> str | None:
    """PostgreSQL text holds no NUL: one foreign event must not stop the projection."""
    return None if text is None else text.replace("\0", "")[:limit]
