"""Work in a CRM that two writers must not do at the same time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class Turns(Protocol):
    """One at a time for each name, in all replicas together."""

    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        """Wait for the turn. Raises `Retryable` where it does not come."""


class NoTurns:
    """Where there is one writer alone, as in a test of it."""

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """It is always its turn."""
        yield
