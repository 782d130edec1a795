"""Delayed repetition: one topic per delay, so that the head of a partition is always the next one due."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

from shared.bus.codec import ATTEMPT, DUE_MS, ORIGIN_TOPIC, REASON, Message, Received, Record
from shared.bus.pauses import Pauses
from shared.bus.port import Partition
from shared.errors import Retryable
from shared.events import Event
from shared.topics import Topic

_OURS = frozenset((ATTEMPT, DUE_MS, ORIGIN_TOPIC, REASON))


def next_topic(retries: Sequence[Topic], current: str, error: Retryable) -> Topic | None:
    """The next retry topic after `current`, or a later one when the error asks for a longer wait; None at the end."""
    names = [topic.name for topic in retries]
    left = retries[names.index(current) + 1 :] if current in names else retries
    if not left:
        return None
    wanted_s = error.retry_after_s or 0.0
    return next((topic for topic in left if topic.delay_s >= wanted_s), left[-1])


def retry_message(record: Record, received: Received[Event], topic: Topic, error: Retryable, delay_s: float) -> Message:
    """The original bytes, addressed to a retry topic. The first reason is kept."""
    headers = [(name, value) for name, value in record.headers if name not in _OURS]
    first_reason = received.headers.get(REASON) or f"{error.category}: {error}"
    headers += [
        (ATTEMPT, str(received.attempt + 1).encode()),
        (DUE_MS, str(int((time.time() + delay_s) * 1000)).encode()),
        (ORIGIN_TOPIC, received.headers.get(ORIGIN_TOPIC, record.topic).encode()),
        (REASON, first_reason[:500].encode()),
    ]
    return Message(topic.name, record.key, record.value, headers)


class DueGate:
    """Lets records of retry topics through when they are due; until then their partition is paused."""

    def __init__(
        self, pauses: Pauses, delays_s: Mapping[str, float], forward: Callable[[Sequence[Record]], Awaitable[None]]
    ) -> None:
        self._pauses = pauses
        self._delays_s = delays_s
        self._forward = forward
        self._held: dict[Partition, deque[tuple[float, Record]]] = {}
        """Records with when they are due, by this process's monotonic clock."""
        self._waiting: dict[Partition, asyncio.Task[None]] = {}

    async def intake(self, records: Sequence[Record]) -> None:
        """Forward what is due; hold the rest, in order."""
        now = asyncio.get_running_loop().time()
        due: list[Record] = []
        for record in records:
            partition = (record.topic, record.partition)
            wait_s = self._wait_s(record)
            if partition in self._held:
                self._held[partition].append((now + wait_s, record))
            elif wait_s > 0:
                self._held[partition] = deque(((now + wait_s, record),))
                self._waiting[partition] = asyncio.create_task(self._let_through(partition))
            else:
                due.append(record)
        self._hold()
        await self._forward(due)

    def clear(self) -> None:
        """The partitions are revoked: what is held comes again elsewhere."""
        for task in self._waiting.values():
            task.cancel()
        self._waiting.clear()
        self._held.clear()
        self._hold()

    async def _let_through(self, partition: Partition) -> None:
        held = self._held[partition]
        loop = asyncio.get_running_loop()
        while held:
            await asyncio.sleep(held[0][0] - loop.time())
            due: list[Record] = []
            while held and held[0][0] <= loop.time():
                due.append(held.popleft()[1])
            await self._forward(due)
        del self._held[partition], self._waiting[partition]
        self._hold()

    def _hold(self) -> None:
        held = set(self._held)
        if held != self._pauses.held:
            self._pauses.held = held
            self._pauses.apply()

    def _wait_s(self, record: Record) -> float:
        due = next((value for name, value in record.headers if name == DUE_MS), None)
        if due is None or not due.isdigit():
            return 0.0
        # The due time comes from another machine's clock: never wait longer than the topic's delay.
        return min(max(int(due) / 1000 - time.time(), 0.0), self._delays_s[record.topic])
