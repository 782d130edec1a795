"""Turns that replicas take by leases: whoever dies in its turn loses it when the lease ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from shared.database import Database
from shared.errors import Retryable

from writer_svc.store import leases

LEASE_S = 30.0
"""Longer than a few calls to a CRM that answers slowly."""

WAIT_S = 0.1
PATIENCE_S = 60.0


class StoredTurns:
    """Also between two tasks of one process: each turn has an owner of its own."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._clock = clock
        self._sleep = sleep

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn; `Retryable` after a minute without it."""
        owner, until = uuid4().hex, self._clock() + PATIENCE_S
        while await self._take(name, owner) is None:
            if self._clock() >= until:
                raise Retryable("Other writers keep changing the same in the CRM", category="crm", code="NO_TURN")
            await self._sleep(WAIT_S)
        try:
            yield
        finally:
            await self._database.write(lambda connection: leases.give_back(connection, name, owner))

    async def _take(self, name: str, owner: str) -> int | None:
        now = self._clock()
        return await self._database.write(lambda connection: leases.take(connection, name, owner, now, LEASE_S))
