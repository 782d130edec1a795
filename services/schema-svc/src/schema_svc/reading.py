"""Reads a batch's records one chunk ahead of what is published."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from schema_svc.domain.batch import Share
from schema_svc.domain.source import Missing, Record

Entry = Record | Missing
Read = Callable[[Share, int, int], Awaitable[list[Entry]]]
"""(share, position, count) -> that many records of the share, or fewer at its end."""


class Reader:
    """What is read is always a whole chunk, however little the window lets out: few, large queries."""

    def __init__(self, read: Read, chunk: int) -> None:
        self._read = read
        self._chunk = chunk
        self._at: tuple[int, int, int] | None = None
        self._buffer: list[Entry] = []
        self._ahead: asyncio.Task[list[Entry]] | None = None

    def ahead(self, share: Share) -> None:
        """Begin to read what is taken next."""
        self._go_to(share)
        if not self._buffer and self._ahead is None:
            self._ahead = self._start(share, share.cursor)

    async def take(self, share: Share, count: int) -> list[Entry]:
        """At most `count` records at the cursor of `share`. The same again until `advance` is called."""
        self._go_to(share)
        while len(self._buffer) < count and (position := share.cursor + len(self._buffer)) < share.total:
            task, self._ahead = self._ahead or self._start(share, position), None
            try:
                read = await task
            except Exception:
                if self._buffer:
                    break  # what is there goes out first; it is asked for again then
                raise
            if not read:
                break
            self._buffer += read
            position += len(read)
            if position < share.total:
                self._ahead = self._start(share, position)
        return self._buffer[:count]

    def advance(self, count: int) -> None:
        """The first `count` records are published."""
        if self._at is not None:
            self._at = (*self._at[:2], self._at[2] + count)
        del self._buffer[:count]

    def forget(self) -> None:
        """Drop everything that was read."""
        self._at, self._buffer = None, []
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead = None

    def _go_to(self, share: Share) -> None:
        at = (share.epoch, share.first, share.cursor)
        if self._at != at:
            self.forget()
            self._at = at

    def _start(self, share: Share, position: int) -> asyncio.Task[list[Entry]]:
        task = asyncio.ensure_future(self._read(share, position, self._chunk))
        task.add_done_callback(_retrieve)
        return task


def _retrieve(task: asyncio.Task[list[Entry]]) -> None:
    # Whoever takes the records gets the error too; a task that nobody asks must not complain at exit.
    if not task.cancelled():
        task.exception()
