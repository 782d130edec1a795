"""Lets batches publish in turn, so that a large one never stands before a small one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schema_svc.domain.turns import Turns


class Turnstile:
    """So many chunks are published at once; who is next is decided by `Turns`."""

    def __init__(self, places: int, quantum: int) -> None:
        self._free = places
        self._turns = Turns(quantum)
        self._waiting: dict[str, asyncio.Future[None]] = {}

    @asynccontextmanager
    async def turn(self, key: str, cost: int) -> AsyncIterator[None]:
        """Wait for the turn of `key`, and hold a place until the block ends. One chunk of a key at a time."""
        admitted = self._waiting[key] = asyncio.get_running_loop().create_future()
        self._turns.join(key, cost)
        self._admit()
        try:
            await admitted
            yield
        finally:
            # A task that is cancelled just after it was admitted holds a place all the same.
            if admitted.done() and not admitted.cancelled():
                self._free += 1
            else:
                self._waiting.pop(key, None)
                self._turns.leave(key)
            self._admit()

    def leave(self, key: str) -> None:
        """`key` is idle: its credit is forgotten."""
        if key not in self._waiting:
            self._turns.leave(key)

    def _admit(self) -> None:
        while self._free and (key := self._turns.next()) is not None:
            admitted = self._waiting.pop(key)
            if not admitted.done():
                self._free -= 1
                admitted.set_result(None)
