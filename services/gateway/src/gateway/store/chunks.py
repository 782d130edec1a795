"""Ledger rows in the database: load what a fetch touches, save it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from gateway.domain.chunk import SIZE, STATES, Chunk
from gateway.store.inserts import upsert
from gateway.store.tables import chunks

Key = tuple[str, int]
"""(batch_id, number of the chunk)"""

_EPOCH_BYTES = 4

_NAMED = select(chunks).where(
    chunks.c.batch_id == bindparam("batch_id"), chunks.c.chunk.in_(bindparam("numbers", expanding=True))
)
"""Put together once: that takes longer than to execute it."""


@dataclass
class Stored:
    """A chunk and how many segments of details it has."""

    chunk: Chunk
    segments: int = 0


def load(connection: Connection, keys: Iterable[Key]) -> dict[Key, Stored]:
    """These chunks; a new one where there is none yet."""
    keys = list(keys)
    numbers: dict[str, list[int]] = defaultdict(list)
    for batch_id, number in keys:
        numbers[batch_id].append(number)
    found: dict[Key, Stored] = {}
    for batch_id, wanted in numbers.items():
        for start in range(0, len(wanted), 500):
            named = {"batch_id": batch_id, "numbers": wanted[start : start + 500]}
            for row in connection.execute(_NAMED, named):
                found[batch_id, row.chunk] = _stored(row)
    return {key: found.get(key) or Stored(Chunk()) for key in keys}


def of_batch(connection: Connection, batch_id: str, *, first: int = 0) -> Iterator[tuple[int, Stored]]:
    """The chunks of a batch that exist, ascending, from a number on."""
    query = select(chunks).where(chunks.c.batch_id == batch_id, chunks.c.chunk >= first).order_by(chunks.c.chunk)
    for row in connection.execute(query):
        yield row.chunk, _stored(row)


def save(connection: Connection, changed: Mapping[Key, Stored]) -> None:
    """Write chunks back. An empty bitmap takes no space."""
    upsert(connection, chunks, [_row(key, stored) for key, stored in changed.items()])


def _stored(row: Row[Any]) -> Stored:
    retried = {}
    for at in range(0, len(row.retried), _EPOCH_BYTES + SIZE):
        bits = at + _EPOCH_BYTES
        retried[int.from_bytes(row.retried[at:bits], "big")] = row.retried[bits : bits + SIZE]
    states: dict[str, bytes] = {state: getattr(row, state) for state in STATES}
    return Stored(Chunk(states, row.fallback, retried), row.segments)


def _row(key: Key, stored: Stored) -> dict[str, Any]:
    chunk = stored.chunk
    return {
        "batch_id": key[0],
        "chunk": key[1],
        **{state: _compact(chunk.bitmap(state)) for state in STATES},
        "fallback": _compact(bytes(chunk.fallback)),
        "retried": b"".join(epoch.to_bytes(_EPOCH_BYTES, "big") + bytes(bits) for epoch, bits in chunk.retried.items()),
        "segments": stored.segments,
    }


def _compact(bitmap: bytes) -> bytes:
    return bitmap if any(bitmap) else b""
