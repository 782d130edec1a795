"""Runs a handler of single records: one record, one task."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from opentelemetry import context as otel_context

from shared.bus.claims import Claim, end_with
from shared.bus.codec import Poison, Received
from shared.bus.outbox import Outgoing, outgoing_of
from shared.bus.parked import Parked
from shared.bus.settlement import Settlement
from shared.errors import Fatal, Retryable
from shared.events import Event
from shared.telemetry import is_sampled, traceparent_context

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
        """Start the record's task; a record that the handler does not take needs none."""
        settlement = self._settlement
        try:
            received = settlement.read(claim.record)
        except Exception as error:
            claim.halt(error)
            return
        if isinstance(received, Received):
            self._start(claim, self._run(claim, received))
        elif isinstance(received, Poison):
            self._start(claim, self._bury(claim, received))
        else:
            settlement.skip(claim.record)
            claim.done()

    def flush(self) -> None:
        """Nothing is collected here."""

    def cancel(self, unwanted: Callable[[Claim], bool]) -> None:
        """Cancel the tasks of these claims."""
        for claim, task in list(self._tasks.items()):
            if unwanted(claim):
                task.cancel()
                # A task that has not begun yet is cancelled without running at all.
                del self._tasks[claim]
                claim.abandon()

    def _start(self, claim: Claim, work: Coroutine[Any, Any, None]) -> None:
        # Not in the caller's context: that may be the handler of another record, with its span.
        task = asyncio.Task(work, loop=self._loop, context=self._context.copy())
        self._tasks[claim] = task

    async def _bury(self, claim: Claim, poison: Poison) -> None:
        await end_with(claim, self._settlement.bury(claim.record, poison.reason, poison.error))
        self._tasks.pop(claim, None)

    async def _run(self, claim: Claim, received: Received[Any]) -> None:
        if is_sampled(received.traceparent) and (parent := traceparent_context(received.traceparent)) is not None:
            # Never detached: the context ends with the task.
            otel_context.attach(parent)
        try:
            if claim.expired:
                raise Retryable("what the record waited for did not come", category="timeout")
            await self._handle(received)
        except Parked as parked:
            claim.park(parked.key, parked.timeout_s)
        except asyncio.CancelledError:
            claim.abandon()
        except Fatal as error:
            claim.halt(error)
        except Exception as error:
            await end_with(claim, self._settlement.fail(claim.record, received, error))
        else:
            self._settlement.count_done(received.topic)
            claim.done()
        finally:
            self._tasks.pop(claim, None)

    async def _handle(self, received: Received[Any]) -> None:
        outgoing: list[Outgoing] = []
        async for event in self._handler(received):
            outgoing.append(outgoing_of(event, received))
            if len(outgoing) >= OUTGOING_AT_ONCE:
                await self._settlement.publish(outgoing)
                outgoing = []
        if outgoing:
            await self._settlement.publish(outgoing)
