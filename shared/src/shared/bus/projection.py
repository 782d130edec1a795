"""Feeds a database that keeps its own offsets: fetch by fetch, in order, and never past an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from shared.bus.codec import Poison, Received, Record, Unwanted
from shared.bus.consumer import KafkaConsumer
from shared.bus.pauses import Pauses
from shared.bus.port import Partition
from shared.bus.settlement import Settlement
from shared.errors import Fatal
from shared.events import Event
from shared.telemetry import get_logger

Positions = dict[Partition, int]
ProjectionHandler = Callable[[list[Received[Event]], Positions], AsyncIterator[Event]]
LoadOffsets = Callable[[list[Partition]], Awaitable[Mapping[Partition, int]]]
Urgent = Callable[[], bool]
"""Whether somebody waits for what the next fetch may bring."""

_QUEUED_FETCHES = 4
_PATIENT_TRIES = 3
"""Failures in a row before the service counts as not ready."""

_LONGEST_WAIT_S = 5.0

_REST = 4
"""Times as long as the last transaction took."""

_LONGEST_GATHER_S = 0.2
_SHORT_GATHER_S = 0.005
"""Where somebody waits for the next fetch."""


class Projection:
    """One fetch after the other to the handler, whose transaction stores rows and offsets together."""

    def __init__(
        self,
        name: str,
        consumer: KafkaConsumer,
        settlement: Settlement,
        handler: ProjectionHandler,
        load_offsets: LoadOffsets,
        drain_s: float,
        commit_interval_s: float,
        urgent: Urgent = lambda: False,
    ) -> None:
        self.name = name
        self.halted: BaseException | None = None
        self.assigned_partitions: frozenset[Partition] | None = None
        self.trouble: str | None = None
        self.gather_s = 0.0
        """How long the next fetch may gather: a transaction costs the same for one record as for hundreds."""
        self._consumer = consumer
        self._pauses = Pauses(consumer)
        self._settlement = settlement
        self._handler = handler
        self._load_offsets = load_offsets
        self._drain_s = drain_s
        self._commit_interval_s = commit_interval_s
        self._urgent = urgent
        self._fetches: asyncio.Queue[Sequence[Record]] = asyncio.Queue()
        self._busy = asyncio.Lock()
        self._epoch = 0
        self._reached: Positions = {}
        """Stored by the database, not yet committed."""
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work through fetches."""
        self._tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._commit_forever())]

    async def intake(self, records: Sequence[Record]) -> None:
        """Queue a fetch. When too many wait, partitions are paused, and polling goes on."""
        if self.halted is None and self.assigned_partitions is not None:
            self._fetches.put_nowait(records)
            self._pause(self._fetches.qsize() >= _QUEUED_FETCHES)

    async def assigned(self, partitions: Iterable[Partition]) -> None:
        """Go to where the database is."""
        owned = frozenset(partitions)
        self._pauses.forget()
        wait_s = 0.1
        while owned:
            try:
                stored = await self._load_offsets(sorted(owned))
                missing = await self._consumer.beginnings(at for at in owned if at not in stored)
                break
            except Exception as error:
                self.trouble = f"cannot load offsets: {type(error).__name__}"
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        self._forget_fetches()
        self._reached = {}
        for partition in owned:
            self._consumer.seek(partition, stored[partition] if partition in stored else missing[partition])
        self.trouble = None
        self.assigned_partitions = owned

    async def revoked(self, _: Iterable[Partition]) -> None:
        """Let the fetch at hand finish; the others are for the next owner."""
        self.assigned_partitions = None
        self._forget_fetches()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain_s), self._busy:
                await self._commit()

    async def stop(self) -> None:
        """Finish the fetch at hand, then stop."""
        await self.revoked(())
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _work(self) -> None:
        while True:
            records = list(await self._fetches.get())
            async with self._busy:
                epoch = self._epoch
                # What has come meanwhile shares the transaction: the busier, the fewer of them.
                while not self._fetches.empty():
                    records += self._fetches.get_nowait()
                try:
                    await self._until_it_works(records, epoch)
                except Exception as error:
                    self.halted = error
                    get_logger().error("subscription_stopped", subscription=self.name, error=type(error).__name__)
                    self._pause(True)
                    return
            self._pause(self._fetches.qsize() >= _QUEUED_FETCHES)

    async def _until_it_works(self, records: Sequence[Record], epoch: int) -> None:
        began = asyncio.get_running_loop().time()
        events, positions = await self._read(records)
        tries = 0
        while epoch == self._epoch:
            try:
                outgoing = [(event, None) async for event in self._handler(events, dict(positions))]
                await self._settlement.publish(outgoing)
                break
            except Fatal:
                raise
            except Exception as error:
                # It is the database that is down: skipping would lose what nothing else knows.
                tries += 1
                get_logger().warning(
                    "projection_failed", subscription=self.name, error=type(error).__name__, tries=tries
                )
                if tries >= _PATIENT_TRIES:
                    self.trouble = f"handler fails: {type(error).__name__}"
                await asyncio.sleep(min(0.05 * 2**tries, _LONGEST_WAIT_S))
        else:
            return
        self.trouble = None
        longest_s = _SHORT_GATHER_S if self._urgent() else _LONGEST_GATHER_S
        self.gather_s = min(_REST * (asyncio.get_running_loop().time() - began), longest_s)
        for received in events:
            self._settlement.count_done(received.topic)
        self._reached |= positions

    async def _commit_forever(self) -> None:
        while True:
            await asyncio.sleep(self._commit_interval_s)
            await self._commit()

    async def _commit(self) -> None:
        """Only so that the lag can be seen: the database knows better."""
        reached, self._reached = self._reached, {}
        if reached:
            with suppress(Exception):
                await self._consumer.commit({at: (offset, "") for at, offset in reached.items()})

    async def _read(self, records: Sequence[Record]) -> tuple[list[Received[Event]], Positions]:
        events: list[Received[Any]] = []
        positions: Positions = {}
        for record in records:
            found = self._settlement.read(record)
            if isinstance(found, Poison):
                await self._settlement.bury(record, found.reason, found.error)
            elif isinstance(found, Unwanted):
                self._settlement.skip(record)
            else:
                events.append(found)
            positions[(record.topic, record.partition)] = record.offset + 1
        return events, positions

    def _pause(self, everything: bool) -> None:
        if everything != self._pauses.everything:
            self._pauses.everything = everything
            self._pauses.apply()

    def _forget_fetches(self) -> None:
        self._epoch += 1
        while not self._fetches.empty():
            self._fetches.get_nowait()
        self._pause(self.halted is not None)
