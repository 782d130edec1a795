"""Details of settled records in the database, one row per write and chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select

from gateway.domain.segment import pack, unpack
from gateway.store.chunks import Key, Stored
from gateway.store.tables import segments

MERGE_AT = 64
"""So many segments of a chunk become one: a slow batch writes a few records at a time, and a page reads them all."""


def append(connection: Connection, lines: Mapping[Key, Sequence[bytes]], chunks: Mapping[Key, Stored]) -> None:
    """Add a segment to each of these chunks; their numbers grow with it."""
    rows = []
    for key, some in lines.items():
        stored = chunks[key]
        stored.segments += 1
        rows.append({"batch_id": key[0], "chunk": key[1], "sequence": stored.segments, "lines": pack(some)})
    if rows:
        connection.execute(insert(segments), rows)
    for key in lines:
        if chunks[key].segments % MERGE_AT == 0:
            _merge(connection, key, chunks[key].segments)


def read(connection: Connection, batch_id: str, chunk: int, *, after: int = 0) -> list[tuple[int, bytes]]:
    """(sequence, segment) of a chunk, in the order they were written."""
    c = segments.c
    query = select(c.sequence, c.lines).where(c.batch_id == batch_id, c.chunk == chunk, c.sequence > after)
    return [(row.sequence, row.lines) for row in connection.execute(query.order_by(c.sequence))]


def _merge(connection: Connection, key: Key, last: int) -> None:
    """Turn the latest `MERGE_AT` segments into one, under the last one's number."""
    rows = read(connection, *key, after=last - MERGE_AT)
    merged = pack(line for _, segment in rows for line in unpack(segment))
    c = segments.c
    mine = (c.batch_id == key[0], c.chunk == key[1], c.sequence > last - MERGE_AT)
    connection.execute(delete(segments).where(*mine))
    connection.execute(insert(segments).values(batch_id=key[0], chunk=key[1], sequence=last, lines=merged))
