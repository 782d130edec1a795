"""Runs a handler of single records: one record, one task."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable
from typing import Any

from opentelemetry import context as otel_context

from shared.bus.codec import Poison, Received, Unwanted
from shared.bus.engine import Claim
from shared.bus.outbox import Outgoing, outgoing_of
from shared.bus.parked import Parked
from shared.bus.settlement import Settlement
from shared.errors import Fatal, Retryable
from shared.events import Event
from shared.telemetry import traceparent_context

Handler = Callable[[Received[Any]], AsyncIterator[Event]]

OUTGOING_AT_ONCE = 500
"""Events that a handler may have yielded before they are published; most yield one or two."""


class SinglesRunner:
    """A task per record, in a context of its own."""

    def __init__(self, settlement: Settlement, handler: Handler) -> None:
        self._settlement = settlement
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._tasks: dict[Claim, asyncio.Task[None]] = {}

    def begin(self, claim: Claim) -> None:
        """Start the record's task."""
        # Not in the caller's context: that may be the handler of another record, with its span.
        self._tasks[claim] = self._loop.create_task(self._run(claim), context=self._context.copy())

    def flush(self) -> None:
        """Nothing is collected here."""

    def cancel(self, unwanted: Callable[[Claim], bool]) -> None:
        """Cancel the tasks of these claims."""
        for claim, task in list(self._tasks.items()):
            if unwanted(claim):
                task.cancel()

    async def _run(self, claim: Claim) -> None:
        try:
            await self._settle(claim)
        except Parked as parked:
            claim.park(parked.key, parked.timeout_s)
        except asyncio.CancelledError:
            claim.abandon()
        except Exception as error:
            # Fatal, or the bus itself is broken: in both cases nothing may be skipped.
            claim.halt(error)
        else:
            claim.done()
        finally:
            del self._tasks[claim]

    async def _settle(self, claim: Claim) -> None:
        settlement = self._settlement
        record = claim.record
        received = settlement.read(record)
        if isinstance(received, Poison):
            await settlement.bury(record, received.reason, received.error)
            return
        if isinstance(received, Unwanted):
            settlement.skip(record)
            return
        if received.traceparent is not None and (parent := traceparent_context(received.traceparent)) is not None:
            # Never detached: the context ends with the task.
            otel_context.attach(parent)
        try:
            if claim.expired:
                raise Retryable("what the record waited for did not come", category="timeout")
            await self._handle(received)
        except (Parked, Fatal):
            raise
        except Exception as error:
            await settlement.fail(record, received, error)
        else:
            settlement.count_done(record.topic)

    async def _handle(self, received: Received[Any]) -> None:
        outgoing: list[Outgoing] = []
        async for event in self._handler(received):
            outgoing.append(outgoing_of(event, received))
            if len(outgoing) >= OUTGOING_AT_ONCE:
                await self._settlement.publish(outgoing)
                outgoing = []
        if outgoing:
            await self._settlement.publish(outgoing)
