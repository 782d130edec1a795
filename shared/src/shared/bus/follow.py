"""Every replica reads a whole compacted topic, without a group, before anything else starts."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from shared.bus.codec import Codec, Received, Record
from shared.bus.connection import connection
from shared.bus.metrics import Tally
from shared.events import Event
from shared.settings import KafkaSettings
from shared.telemetry import get_logger
from shared.topics import Topic

FollowHandler = Callable[[str, Event | None], Awaitable[None] | None]


class Follower:
    """Calls the handler with each key's events in order; None when the key is deleted."""

    def __init__(self, settings: KafkaSettings, topic: Topic, handler: FollowHandler, tally: Tally) -> None:
        self.topic = topic
        self.trouble: str | None = "not caught up"
        self._settings = settings
        self._handler = handler
        self._tally = tally
        self._codec = Codec([topic])
        # Waiting longer would be polling without a break, where the broker does not hold empty fetches open.
        self._wait_ms = 4 if settings.idle_fetch_pause_s else 200
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when everything that is in the topic now has been handled."""
        # Without a group the client takes all partitions, and later ones too.
        self._consumer = consumer = AIOKafkaConsumer(
            self.topic.name, **connection(self._settings), auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        partitions = sorted(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        beginnings = await consumer.beginning_offsets(partitions)
        for partition, beginning in beginnings.items():
            consumer.seek(partition, beginning)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            await self._read_on(consumer)
        self.trouble = None
        self._task = asyncio.create_task(self._follow(consumer))

    async def stop(self) -> None:
        """Stop reading."""
        self.trouble = "stopped"
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._consumer is not None:
            await self._consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            try:
                await self._read_on(consumer)
                self.trouble = None
            except KafkaError as error:
                self.trouble = f"cannot read: {type(error).__name__}"
                await asyncio.sleep(1.0)
            except Exception as error:
                # What this replica knows is wrong from here on: a restart reads everything again.
                self.trouble = f"handler failed: {type(error).__name__}"
                get_logger().error("subscription_stopped", subscription=self.topic.name, error=type(error).__name__)
                return

    async def _read_on(self, consumer: AIOKafkaConsumer) -> None:
        fetched = await consumer.getmany(timeout_ms=self._wait_ms, max_records=500)
        for records in fetched.values():
            for record in records:
                await self._hand_over(record)
            await asyncio.sleep(0)
        if not fetched and self.trouble is None and (rest_s := self._settings.idle_fetch_pause_s):
            await self._rest(consumer, rest_s)

    async def _rest(self, consumer: AIOKafkaConsumer, rest_s: float) -> None:
        partitions = consumer.assignment()
        consumer.pause(*partitions)
        await asyncio.sleep(rest_s)
        consumer.resume(*partitions)

    async def _hand_over(self, record: Record) -> None:
        key = (record.key or b"").decode(errors="replace")
        if record.value is None:
            result = self._handler(key, None)
        else:
            found = self._codec.decode(record)
            if not isinstance(found, Received):
                # No dead letter: every replica would write one at every start.
                get_logger().warning(
                    "undecodable", topic=record.topic, partition=record.partition, offset=record.offset
                )
                self._tally.add(record.topic, "dead")
                return
            result = self._handler(key, found.event)
        if inspect.isawaitable(result):
            await result
        self._tally.add(record.topic, "done")
