"""Who waits for a batch to change: streams and answers that would otherwise ask the database again and again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Changes:
    """Tells waiting requests of this process that a batch moved.

    A change that another replica folded is not told: whoever waits looks again after its time-out.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)

    def tell(self, batch_ids: Iterable[str]) -> None:
        """These batches changed."""
        for batch_id in batch_ids:
            for listener in self._listeners.get(batch_id, ()):
                listener.set()

    @contextmanager
    def of(self, batch_id: str) -> Iterator[asyncio.Event]:
        """An event that is set when the batch changes; clear it before looking."""
        listener = asyncio.Event()
        self._listeners[batch_id].add(listener)
        try:
            yield listener
        finally:
            self._listeners[batch_id].discard(listener)
            if not self._listeners[batch_id]:
                del self._listeners[batch_id]


async def within(listener: asyncio.Event, seconds: float) -> None:
    """Wait for a change, but not longer than this."""
    try:
        await asyncio.wait_for(listener.wait(), seconds)
    except TimeoutError:
        return
