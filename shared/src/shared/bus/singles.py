"""Runs a handler of single records, many at a time."""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from opentelemetry import context as otel_context

from shared.bus.claims import Claim, end_with
from shared.bus.codec import Poison, Received
from shared.bus.flush import Errors
from shared.bus.outbox import Outgoing, outgoing_of
from shared.bus.parked import Parked
from shared.bus.settlement import Settlement
from shared.bus.wholes import AtOnce, Wholes
from shared.errors import Fatal, Rejected, Retryable
from shared.events import Event, EventGroup
from shared.telemetry import is_sampled, traceparent_context

Handler = Callable[[Received[Any]], AsyncIterator[Event]]

OUTGOING_AT_ONCE = 500
"""Events that a handler may have yielded before they are published; most yield one or two."""


TURN = 50
"""Records a worker handles between two turns of the event loop: handlers that never wait must not starve heartbeats."""

RELIEFS = 16
"""Workers on their way to the queue at a time: what other records wait for must not wait for more beginners."""

RESTING = 64
"""Workers that are kept while nothing is to do."""

Begun = tuple[Claim, Received[Any]]
Handled = tuple[Claim, Received[Any], list[Outgoing]]


class SinglesRunner:
    """Workers that take records from a queue, each record in its handler until that ends.

    A handler that never waits must not cost a task, a future and two turns of the event loop: the worker goes on with
    the next record. As soon as a handler waits, a relief that is already scheduled takes over the queue.
    """

    def __init__(self, settlement: Settlement, handler: Handler, at_once: AtOnce | None = None) -> None:
        """`at_once` may handle the events of one record together."""
        self._settlement = settlement
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._queue: deque[Begun] = deque()
        self._handled: list[Handled] = []
        """Those whose events go to Kafka when this turn of the event loop is over."""
        self._idle: list[asyncio.Future[None]] = []
        self._reliefs = 0
        """Workers on their way to the queue."""
        self._at_work = 0
        """Records in their handler."""
        self._tasks: dict[Claim, asyncio.Task[None] | None] = {}
        """Records that were handed to a handler; no task: their events are on their way to Kafka."""
        self._wholes = Wholes(settlement, at_once, self._line_up)

    def begin(self, claim: Claim) -> None:
        """Queue the record for a worker."""
        settlement = self._settlement
        try:
            received = claim.received or settlement.read(claim.record)
        except Exception as error:
            claim.halt(error)
            return
        if type(received) is Received:
            if isinstance(received.event, EventGroup):
                self._wholes.begin(claim, received)
            else:
                self._line_up([(claim, received)])
        elif isinstance(received, Poison):
            self._start(claim, settlement.bury(claim.record, received.reason, received.error))
        else:
            settlement.skip(claim.record)
            claim.done()

    def flush(self) -> None:
        """Nothing is collected here."""

    def cancel(self, unwanted: Callable[[Claim], bool]) -> None:
        """Give these claims up: what waits is dropped, what runs is cancelled."""
        self._wholes.cancel(unwanted)
        for claim, _ in self._queue:
            if unwanted(claim):
                claim.abandon()
        self._queue = deque(begun for begun in self._queue if begun[0].held)
        for claim, task in list(self._tasks.items()):
            if unwanted(claim):
                if task is not None:
                    task.cancel()
                del self._tasks[claim]
                claim.abandon()

    def _line_up(self, begun: Sequence[Begun]) -> None:
        self._queue.extend(begun)
        self._call_reliefs()

    def _call_reliefs(self) -> None:
        # As many as wait in their handlers: one in each turn of the event loop would be slow where handlers do wait.
        for _ in range(min(max(1, self._at_work), len(self._queue), RELIEFS) - self._reliefs):
            self._call_relief()

    def _call_relief(self) -> None:
        self._reliefs += 1
        while self._idle:
            rest = self._idle.pop()
            if not rest.done():
                rest.set_result(None)
                return
        # Not in the caller's context: that may be the handler of another record, with its span.
        asyncio.Task(self._work(), loop=self._loop, context=self._context.copy())

    async def _work(self) -> None:
        """Handle record after record; rest while there is none. Ends when a record it had was given up."""
        task = asyncio.current_task()
        handled = 0
        while True:
            self._reliefs -= 1
            while self._queue:
                claim, received = self._queue.popleft()
                self._call_reliefs()
                self._tasks[claim] = task
                if not await self._run(claim, received):
                    return
                handled += 1
                if handled % TURN == 0:
                    await asyncio.sleep(0)
            if len(self._idle) >= RESTING:
                return
            rest: asyncio.Future[None] = self._loop.create_future()
            self._idle.append(rest)
            await rest

    async def _run(self, claim: Claim, received: Received[Any]) -> bool:
        """Handle one record; False when this worker was cancelled with it."""
        token = None
        self._at_work += 1
        if is_sampled(received.traceparent) and (parent := traceparent_context(received.traceparent)) is not None:
            token = otel_context.attach(parent)
        try:
            if claim.expired:
                raise Retryable("what the record waited for did not come", category="timeout")
            await self._handle(claim, received)
        except asyncio.CancelledError:
            self._tasks.pop(claim, None)
            claim.abandon()
            return False
        except Exception as error:
            self._tasks.pop(claim, None)
            self._end(claim, received, error)
        finally:
            self._at_work -= 1
            if token is not None:
                otel_context.detach(token)
        return True

    async def _handle(self, claim: Claim, received: Received[Any]) -> None:
        outgoing: list[Outgoing] = []
        async for event in self._handler(received):
            outgoing.append(outgoing_of(event, received))
            if len(outgoing) >= OUTGOING_AT_ONCE:
                await self._settlement.publish(outgoing)
                outgoing = []
        if not outgoing:
            return self._done([(claim, received, outgoing)])
        self._tasks[claim] = None
        self._handled.append((claim, received, outgoing))
        if len(self._handled) == 1:
            # Once for all that are handled in this turn of the event loop.
            self._loop.call_soon(self._post, context=self._context)

    def _post(self) -> None:
        handled, self._handled = self._handled, []
        try:
            events = [event for _, _, outgoing in handled for event in outgoing]
            self._settlement.post(events, partial(self._published, handled))
        except Exception as error:
            if len(handled) == 1:
                ((claim, received, _),) = handled
                if claim in self._tasks:
                    del self._tasks[claim]
                    self._end(claim, received, error)
                return
            for one in handled:
                # One that cannot be written must not take the others with it.
                self._handled = [one]
                self._post()
        else:
            if not (self._at_work or self._queue):
                self._settlement.hurry()

    def _published(self, handled: list[Handled], errors: Errors) -> None:
        if not errors:
            return self._done(handled)
        first = 0
        for claim, received, outgoing in handled:
            end = first + len(outgoing)
            if not any(first <= at < end for at in errors):
                self._done([(claim, received, outgoing)])
            elif claim in self._tasks:
                # Published once more in full: whoever reads it keeps the first of each.
                self._start(claim, self._publish_again(claim, received, outgoing))
            first = end

    async def _publish_again(self, claim: Claim, received: Received[Any], outgoing: list[Outgoing]) -> None:
        try:
            await self._settlement.publish(outgoing)
        except Rejected as error:
            await self._settlement.fail(claim.record, received, error)
        else:
            self._settlement.count_done(received.topic)

    def _done(self, handled: list[Handled]) -> None:
        """These have their results; those that were given up meanwhile are not asked."""
        tasks, counts = self._tasks, Counter[str]()
        for claim, received, _ in handled:
            if claim in tasks:
                del tasks[claim]
                counts[received.topic] += 1
                claim.done()
        for topic, count in counts.items():
            self._settlement.count_done(topic, count)

    def _end(self, claim: Claim, received: Received[Any], error: Exception) -> None:
        if isinstance(error, Parked):
            claim.park(error.key, error.timeout_s)
        elif isinstance(error, Fatal):
            claim.halt(error)
        else:
            self._start(claim, self._settlement.fail(claim.record, received, error), contextvars.copy_context())

    def _start(
        self, claim: Claim, settling: Coroutine[Any, Any, None], context: contextvars.Context | None = None
    ) -> None:
        """Settle a record in a task of its own, in a clean context unless the record's is given."""
        context = context or self._context.copy()
        self._tasks[claim] = asyncio.Task(self._settle(claim, settling), loop=self._loop, context=context)

    async def _settle(self, claim: Claim, settling: Coroutine[Any, Any, None]) -> None:
        await end_with(claim, settling)
        self._tasks.pop(claim, None)
