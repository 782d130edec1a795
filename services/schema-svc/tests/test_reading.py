"""Records are read ahead in chunks, whatever is published of them at a time."""

from __future__ import annotations

import asyncio

import pytest
from schema_svc.domain.batch import Share
from schema_svc.domain.source import Record
from schema_svc.reading import Entry, Reader


class Source:
    """Gives numbers, and fails once at a position."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.asked: list[tuple[int, int]] = []
        self.fails_at = fails_at

    async def read(self, share: Share, position: int, count: int) -> list[Entry]:
        self.asked.append((position, count))
        if position == self.fails_at:
            self.fails_at = None
            raise ConnectionError("away")
        return [Record(at, str(at), {}) for at in range(position, min(position + count, share.total))]


def share(cursor: int, total: int = 250) -> Share:
    return Share(epoch=0, first=0, cursor=cursor, total=total)


def numbers(entries: list[Entry]) -> list[int]:
    return [entry.index for entry in entries]


async def test_more_than_a_chunk_is_put_together_from_chunks() -> None:
    source = Source()
    reader = Reader(source.read, 100)
    assert numbers(await reader.take(share(0), 230)) == list(range(230))
    reader.advance(230)
    assert numbers(await reader.take(share(230), 230)) == list(range(230, 250))
    assert source.asked == [(0, 100), (100, 100), (200, 100)]


async def test_less_than_a_chunk_leaves_the_rest_for_the_next() -> None:
    source = Source()
    reader = Reader(source.read, 100)
    for cursor in (0, 30, 60):
        assert numbers(await reader.take(share(cursor), 30)) == list(range(cursor, cursor + 30))
        reader.advance(30)
    await asyncio.sleep(0)
    assert source.asked == [(0, 100), (100, 100)], "the second is read ahead"


async def test_reading_ahead_is_the_reading_that_is_taken() -> None:
    source = Source()
    reader = Reader(source.read, 100)
    reader.ahead(share(0))
    reader.ahead(share(0))
    assert numbers(await reader.take(share(0), 30)) == list(range(30))
    reader.ahead(share(0))
    assert source.asked == [(0, 100)]


async def test_what_was_read_ahead_elsewhere_is_dropped() -> None:
    source = Source()
    reader = Reader(source.read, 100)
    reader.ahead(share(0))
    assert numbers(await reader.take(share(200), 100)) == list(range(200, 250))


async def test_what_was_read_before_a_failure_goes_out_first() -> None:
    source = Source(fails_at=100)
    reader = Reader(source.read, 100)
    assert numbers(await reader.take(share(0), 200)) == list(range(100))
    reader.advance(100)
    assert numbers(await reader.take(share(100), 150)) == list(range(100, 250))


async def test_a_failure_at_the_cursor_is_told_and_tried_again() -> None:
    reader = Reader(Source(fails_at=0).read, 100)
    with pytest.raises(ConnectionError):
        await reader.take(share(0), 10)
    assert numbers(await reader.take(share(0), 10)) == list(range(10))
