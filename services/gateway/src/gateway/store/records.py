"""Records of a batch by index: pages by chunk, so that page N of a million records reads one chunk and not all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.events import CHUNK
from shared.row_blocks import BLOCK
from sqlalchemy import Connection

from gateway.domain.account import Account
from gateway.domain.chunk import Chunk, offsets, range_bits, size_of
from gateway.domain.listing import item
from gateway.domain.row_hashes import block_hashes
from gateway.domain.segment import row_parts, row_ranges, verdicts
from gateway.store import chunks, segments

Item = dict[str, Any]


def page(connection: Connection, account: Account, *, state: str | None, first: int, limit: int) -> list[Item]:
    """Up to `limit` records from index `first` on, ascending, of one state or of all."""
    items: list[Item] = []
    for number, chunk in _from(connection, account, first // CHUNK):
        bits = _selected(account, number, chunk, state)
        if number == first // CHUNK:
            bits &= ~range_bits(0, first % CHUNK)
        if bits:
            items += _items(connection, account, number, chunk, _lowest(bits, limit - len(items)))
        if len(items) >= limit:
            break
    return items


def of_chunk(connection: Connection, account: Account, number: int) -> list[Item]:
    """The records of one chunk that are listed: all once the size is known, else those with a verdict."""
    chunk = chunks.load(connection, [(account.batch_id, number)])[account.batch_id, number].chunk
    return _items(connection, account, number, chunk, _selected(account, number, chunk, None))


def numbers(connection: Connection, account: Account) -> list[int]:
    """The chunks of a batch."""
    if account.requested is not None:
        return list(range(-(-account.requested // CHUNK)))
    return [number for number, _ in chunks.of_batch(connection, account.batch_id)]


def rows_of_chunk(connection: Connection, batch_id: str, number: int) -> list[str]:
    """The generated rows of one chunk as CSV, in order of their indices."""
    read = segments.read(connection, batch_id, number)
    told = row_ranges(lines for _, lines in read)
    parts = [part for verdict in told if verdict["state"] == "generated" for part in row_parts(verdict)]
    return [text for _, _, text in sorted(parts)]


def leaves_of_chunk(connection: Connection, account: Account, number: int) -> list[bytes]:
    """The hashes of a chunk's blocks: as they were told, else from the rows themselves (a retry may cut them anew)."""
    read = segments.read(connection, account.batch_id, number)
    made = [verdict for verdict in row_ranges(lines for _, lines in read) if verdict["state"] == "generated"]
    made.sort(key=lambda verdict: int(verdict["first"]))
    if all(_has_leaves(verdict, account.requested) for verdict in made):
        return [bytes.fromhex(one) for verdict in made for one in verdict["leaves"]]
    parts = sorted(part for verdict in made for part in row_parts(verdict))
    return block_hashes("".join(text for _, _, text in parts))


def _has_leaves(verdict: dict[str, Any], requested: int | None) -> bool:
    first, count = verdict["first"], verdict["count"]
    ends_well = count % BLOCK == 0 or first + count == requested
    return bool(verdict.get("leaves")) and "accepted" not in verdict and first % BLOCK == 0 and ends_well


def origin(connection: Connection, account: Account) -> tuple[list[str], dict[str, Any]]:
    """Column names of a recipe's rows, and what the rows follow from: every range of a batch has the same."""
    for number in numbers(connection, account):
        read = segments.read(connection, account.batch_id, number)
        for verdict in row_ranges(lines for _, lines in read):
            if verdict.get("columns"):
                return list(verdict["columns"]), dict(verdict.get("origin") or {})
    return [], {}


def _from(connection: Connection, account: Account, start: int) -> Iterator[tuple[int, Chunk]]:
    """Chunks from a number on; an empty one where no verdict has come and the batch is known to reach there."""
    stored = chunks.of_batch(connection, account.batch_id, first=start)
    if account.requested is None:
        for number, found in stored:
            yield number, found.chunk
        return
    upcoming = next(stored, None)
    for number in range(start, -(-account.requested // CHUNK)):
        if upcoming is not None and upcoming[0] == number:
            yield number, upcoming[1].chunk
            upcoming = next(stored, None)
        else:
            yield number, Chunk()


def _selected(account: Account, number: int, chunk: Chunk, state: str | None) -> int:
    if state is not None and state != "pending":
        return chunk.bits(state)
    pending = 0 if account.requested is None else chunk.pending(size_of(number, account.requested))
    return pending if state == "pending" else pending | chunk.settled()


def _lowest(bits: int, count: int) -> int:
    chosen = 0
    for taken, offset in enumerate(offsets(bits)):
        if taken == count:
            break
        chosen |= 1 << offset
    return chosen


def _items(connection: Connection, account: Account, number: int, chunk: Chunk, bits: int) -> list[Item]:
    wanted = set(offsets(bits & chunk.settled()))
    read = segments.read(connection, account.batch_id, number) if wanted else []
    told = verdicts((lines for _, lines in read), wanted)
    base = number * CHUNK
    return [
        item(account.batch_id, base + offset, chunk.state_of(offset), chunk.epoch_of(offset), told.get(offset))
        for offset in offsets(bits)
    ]
