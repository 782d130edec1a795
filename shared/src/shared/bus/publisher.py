"""Publishes for everyone in the process: records of many callers in one idempotent batch per partition.

The client library's own batching costs 12 µs a record and a future each; this costs a third, and one future a flush.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    RecordTooLargeError,
)

from shared.bus import metrics
from shared.bus.codec import Message
from shared.bus.flush import Errors, Flush, Told, batches_of, header_bytes, too_large
from shared.bus.murmur2 import partition_of, partitions_of
from shared.bus.packing import packed
from shared.bus.producer import connected_producer
from shared.errors import Rejected
from shared.settings import KafkaSettings
from shared.telemetry import get_logger

LINGER_S = 0.025
"""How long a record waits for company: hundreds of records a second must not be hundreds of requests a second."""

AT_ONCE, LATELY_S = 3, 0.05
"""So many flushes within this time do not wait: a person, or the start of a batch, needs a few records in a row."""

FLUSHES_UNDER_WAY = 2
"""While so many are with the broker, records gather for the next: the busier, the larger the batches. One record in
each of 24 partitions costs the client and the broker ten times what 24 in one do."""

FLUSH_COUNT = 5_000
MAX_RECORD_BYTES = 1_000_000
"""A broker accepts 1,048,588 bytes by default, framing included; a topic may have its own `max.message.bytes`."""

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError, RecordTooLargeError)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0

Target = tuple[str, int]


class Publisher:
    """An idempotent producer with `acks=all`, and the batching in front of it."""

    def __init__(self, settings: KafkaSettings, max_record_bytes: Mapping[str, int] | None = None) -> None:
        self._settings = settings
        self._max_record_bytes = max_record_bytes or {}
        self._producer: AIOKafkaProducer | None = None
        self._current: Flush | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._lately: deque[float] = deque([float("-inf")] * AT_ONCE, maxlen=AT_ONCE)
        """When the last flushes were."""
        self._running: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._renewing = asyncio.Lock()
        self.trouble: str | None = "not started"
        """Why nothing can be published right now."""

    async def start(self) -> None:
        """Connect. Raises the client's error when no broker answers."""
        self._producer = await connected_producer(self._settings)
        self.trouble = None

    async def stop(self) -> None:
        """Send what is waiting, then disconnect."""
        self._flush_now()
        while self._running:
            _, late = await asyncio.wait(self._running, timeout=10.0)
            if late:
                break
        if self._producer is not None:
            with suppress(KafkaError):
                await self._producer.stop()
        self._producer = None
        self.trouble = "stopped"

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when all are acknowledged. Raises `Rejected` for one that is too large; the others are published.

        A broker that does not answer is waited for, however long that takes: `trouble` says so meanwhile.
        """
        rejected: Rejected | None = None
        wait_s = _FIRST_WAIT_S
        while messages:
            again: list[Message] = []
            for position, error in (await self._attempt(messages)).items():
                if isinstance(error, Rejected):
                    rejected = error
                else:
                    again.append(messages[position])
            if again:
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311  # spreads retries, keeps no secret
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            messages = again
        if rejected is not None:
            raise rejected

    def post(self, messages: Sequence[Message], told: Told) -> None:
        """One attempt without waiting: `told` is called with the errors by position in `messages`, mostly none."""
        flush = self._current
        if flush is None:
            flush = self._current = Flush()
            if len(self._running) < FLUSHES_UNDER_WAY:
                loop = asyncio.get_running_loop()
                many_lately = loop.time() - self._lately[0] < LATELY_S
                self._timer = loop.call_later(LINGER_S if many_lately else 0.0, self._flush_now)
        flush.add(messages, told)
        if flush.events >= FLUSH_COUNT:
            self._flush_now()

    def hurry(self) -> None:
        """Nobody who posts here is at work on more: what waits for company goes out with the end of this turn."""
        if self._timer is not None and self._timer.when() > (now := asyncio.get_running_loop().time()):
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_at(now, self._flush_now)

    def partitions_of(self, topic: str) -> int | None:
        """How many partitions the topic has; None where that is not known yet."""
        if self._producer is None:
            return None
        known = self._producer.client.cluster.partitions_for_topic(topic)
        return len(known) if known else None

    async def _attempt(self, messages: Sequence[Message]) -> Errors:
        # A future for each caller: one that is cancelled must not cancel the others' records.
        answer: asyncio.Future[Errors] = asyncio.get_running_loop().create_future()
        self.post(messages, lambda errors: None if answer.done() else answer.set_result(errors))
        return await answer

    def _flush_now(self) -> None:
        flush, self._current = self._current, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if flush is not None:
            self._lately.append(asyncio.get_running_loop().time())
            task = asyncio.create_task(self._send(flush))
            self._running.add(task)
            task.add_done_callback(self._flushed)

    def _flushed(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if self._timer is None:
            self._flush_now()

    async def _send(self, flush: Flush) -> None:
        started = time.perf_counter()
        try:
            await self._deliver(flush)
        except Exception as error:
            for position in range(len(flush.messages)):
                flush.errors.setdefault(position, error)
        failed = next((error for error in flush.errors.values() if not isinstance(error, Rejected)), None)
        self.trouble = None if failed is None else f"cannot publish: {type(failed).__name__}"
        if failed is not None:
            get_logger().warning("publish_failed", error=type(failed).__name__, records=len(flush.messages))
            await self._renew()
        metrics.PUBLISH_SECONDS.observe(time.perf_counter() - started)
        flush.finish()

    async def _deliver(self, flush: Flush) -> None:
        producer = self._producer
        if producer is None:
            raise ConnectionError("the publisher is not connected")
        deliveries: list[tuple[list[int], asyncio.Future[Any]]] = []
        # In turn, so that records of one partition keep the order of their flushes; the waiting is done together.
        async with self._turn:
            for (topic, partition), positions in (await self._by_partition(producer, flush)).items():
                for builder, members in batches_of(producer, flush.messages, positions):
                    future = await producer.send_batch(builder, topic, partition=partition)
                    deliveries.append((members, future))
        published = Counter[str]()
        for members, future in deliveries:
            try:
                await future
            except _TOO_LARGE:
                await self._one_by_one(producer, flush, members)
            except KafkaError as error:
                flush.errors.update(dict.fromkeys(members, error))
            else:
                published[flush.messages[members[0]].topic] += sum([flush.messages[at].events for at in members])
        for topic, events in published.items():
            metrics.PUBLISHED.labels(topic).inc(events)

    async def _by_partition(self, producer: AIOKafkaProducer, flush: Flush) -> dict[Target, list[int]]:
        by_topic: dict[str, list[int]] = {}
        for position, message in enumerate(flush.messages):
            by_topic.setdefault(message.topic, []).append(position)
        grouped: dict[Target, list[int]] = {}
        for topic, positions in by_topic.items():
            count = await _partitions(producer, topic)
            if not isinstance(count, int):
                flush.errors.update(dict.fromkeys(positions, count))
                continue
            fitting = [position for position in positions if self._fits(flush, position)]
            # Keyless records spread over the partitions, flush by flush.
            keyless = random.randrange(count)  # noqa: S311  # keeps no secret
            keyed = [position for position in fitting if flush.messages[position].key is not None]
            chosen = partitions_of([flush.messages[position].key or b"" for position in keyed], count)
            partition_at = dict(zip(keyed, chosen, strict=True))
            for position in fitting:
                grouped.setdefault((topic, partition_at.get(position, keyless)), []).append(position)
        return grouped

    def _fits(self, flush: Flush, position: int) -> bool:
        message = flush.messages[position]
        if self._is_too_large(message):
            flush.errors[position] = too_large(message)
            return False
        return True

    def _is_too_large(self, message: Message) -> bool:
        size = len(message.value or b"") + len(message.key or b"")
        limit = self._max_record_bytes.get(message.topic, MAX_RECORD_BYTES)
        return size > limit - 4_096 and size + header_bytes(message) > limit

    async def _one_by_one(self, producer: AIOKafkaProducer, flush: Flush, members: Sequence[int]) -> None:
        """The broker found a batch too large: all but the culprits can still go."""
        for position in members:
            message = flush.messages[position]
            if len(members) == 1:
                flush.errors[position] = too_large(message)
                continue
            try:
                ((alone, _),) = packed([message], [0])
                await producer.send_and_wait(
                    alone.topic,
                    alone.value,
                    alone.key,
                    partition=partition_of(alone.key or b"", len(await producer.partitions_for(alone.topic))),
                    headers=list(alone.headers),
                )
            except _TOO_LARGE:
                flush.errors[position] = too_large(message)
            except KafkaError as failed:
                flush.errors[position] = failed

    async def _renew(self) -> None:
        """A failed batch leaves a gap in the idempotent producer's sequence, so begin a new one."""
        if self._renewing.locked():
            return
        async with self._renewing:
            old, self._producer = self._producer, None
            if old is not None:
                with suppress(Exception):
                    await asyncio.wait_for(old.stop(), 5.0)
            with suppress(KafkaError, OSError):
                self._producer = await connected_producer(self._settings)


async def _partitions(producer: AIOKafkaProducer, topic: str) -> int | Exception:
    try:
        return len(await producer.partitions_for(topic))
    except KafkaError as error:
        # Only this topic's records wait.
        unknown: Exception = error
        return unknown
