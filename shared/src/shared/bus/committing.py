"""Tells Kafka what is finished: several times a second, for all partitions at once, never twice at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from shared.bus import metrics
from shared.bus.done_set import METADATA_LIMIT
from shared.bus.port import CommitRefused, ConsumerPort, MetadataTooLarge, Partition
from shared.bus.tracker import PartitionTracker
from shared.telemetry import get_logger

_TIMEOUT_S = 10.0
_LONGEST_WAIT_S = 2.0


class Committer:
    """Commits the trackers' positions, with what is finished above them as metadata."""

    def __init__(
        self,
        name: str,
        port: ConsumerPort,
        trackers: Mapping[Partition, PartitionTracker],
        interval_s: float,
        after: Callable[[], None],
    ) -> None:
        self._name = name
        self._port = port
        self._trackers = trackers
        self._interval_s = interval_s
        self._after = after
        self.trouble: str | None = None
        self.closing = False
        self._metadata_limit = METADATA_LIMIT
        self._busy = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Commit from now on."""
        self._task = asyncio.create_task(self._commit_forever())

    async def stop(self) -> None:
        """Commit nothing more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def committed(self, partitions: frozenset[Partition]) -> Mapping[Partition, tuple[int, str]]:
        """Ask until there is an answer: an error here would leave the partitions assigned and silent."""
        wait_s = 0.1
        while not self.closing:
            try:
                found = await self._port.committed(partitions)
            except Exception as error:
                self.trouble = f"cannot read committed offsets: {type(error).__name__}"
                get_logger().warning("committed_offsets_unknown", subscription=self._name, error=type(error).__name__)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            else:
                self.trouble = None
                return found
        return {}

    async def commit(self) -> None:
        """Commit what has changed. A failure leaves it to the next time."""
        # A revocation waits for its turn here: a commit that spans a rebalance could go backwards.
        async with self._busy:
            positions: dict[Partition, tuple[int, str]] = {}
            for partition, tracker in self._trackers.items():
                if tracker.changed:
                    tracker.changed = False
                    position = tracker.commit(self._metadata_limit)
                    if position is not None and position != tracker.committed:
                        positions[partition] = position
            if positions:
                await self._send(positions)

    async def _send(self, positions: Mapping[Partition, tuple[int, str]]) -> None:
        trackers = {partition: self._trackers[partition] for partition in positions}
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                with metrics.COMMIT_SECONDS.labels(self._name).time():
                    await self._port.commit(positions)
        except Exception as error:
            if isinstance(error, MetadataTooLarge):
                self._metadata_limit //= 2
            elif not isinstance(error, CommitRefused):
                get_logger().warning("commit_failed", subscription=self._name, error=type(error).__name__)
            for tracker in trackers.values():
                tracker.changed = True
        else:
            for partition, tracker in trackers.items():
                tracker.committed = positions[partition]

    async def _commit_forever(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            await self.commit()
            self._after()
