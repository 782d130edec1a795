"""Commands and news of batches are remembered here; planning and expanding have their own time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from shared.bus import Received
from shared.events import (
    BatchCancelled,
    BatchCompleted,
    BatchPaused,
    BatchProgressed,
    BatchReopened,
    BatchResumed,
    BatchStaged,
    BatchSubmitted,
    Event,
    RowsAttached,
)
from shared.telemetry import current_traceparent, get_logger, names, span
from sqlalchemy.exc import InterfaceError, OperationalError

from schema_svc.store import BatchStore


class Wake(Protocol):
    """Tells the loop that a batch has changed."""

    def __call__(self, batch_id: str) -> None: ...


Clock = Callable[[], float]
_NOTHING: tuple[Event, ...] = ()
Remember = Callable[[BatchStore, Any, float], Awaitable[object]]


async def take_command(received: Received[Any], *, store: BatchStore, wake: Wake, clock: Clock) -> AsyncIterator[Event]:
    """Remember what was ordered; a command that came before changes nothing."""
    command: Any = received.event
    with span(names.SPAN_ACCEPT, attributes={names.BATCH_ID: command.batch_id}):
        if (remember := _COMMANDS.get(type(command))) is not None:
            await _insist(lambda: remember(store, command, clock()))
            wake(command.batch_id)
    for event in _NOTHING:
        yield event


async def follow_batch(received: Received[Any], *, store: BatchStore, wake: Wake) -> AsyncIterator[Event]:
    """Learn how many records have their verdict, or are kept for a large write: that is what opens the window."""
    news: Any = received.event
    if (remember := _NEWS.get(type(news))) is not None:
        await _insist(lambda: remember(store, news, 0.0))
        wake(news.batch_id)
    for event in _NOTHING:
        yield event


async def _insist(work: Callable[[], Awaitable[object]]) -> None:
    """Commands of a batch keep their order: one that cannot be stored is not overtaken, it waits for the database."""
    wait_s = 0.1
    while True:
        try:
            await work()
            return
        except (OperationalError, InterfaceError) as error:
            get_logger().warning("database_waited_for", error=type(error).__name__)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, 5.0)


async def _submit(store: BatchStore, command: BatchSubmitted, now: float) -> None:
    await store.submit(command.batch_id, command.batch, current_traceparent(), now)


_COMMANDS: dict[type[Event], Remember] = {
    BatchSubmitted: _submit,
    RowsAttached: lambda store, command, _: store.attach(command.batch_id, command.part, command.rows),
    BatchPaused: lambda store, command, _: store.order(command.batch_id, "pause", by_writer=command.by_writer),
    BatchResumed: lambda store, command, _: store.order(command.batch_id, "resume", by_writer=command.by_writer),
    BatchCancelled: lambda store, command, _: store.order(command.batch_id, "cancel"),
}
"""A retry is the gateway's business first: it answers with the records to reopen."""

_NEWS: dict[type[Event], Remember] = {
    BatchProgressed: lambda store, news, _: store.progressed(
        news.batch_id, news.requested - news.counts.get("pending", news.requested)
    ),
    BatchStaged: lambda store, news, _: store.staged(news.batch_id, news.staged),
    BatchCompleted: lambda store, news, _: store.completed(
        news.batch_id, news.epoch, in_full=news.state == "completed"
    ),
    BatchReopened: lambda store, news, _: store.reopen(news.batch_id, news.epoch, news.ranges),
}
