"""aiokafka behind the engine's port, and FastStream's rebalance listener in front of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, IllegalStateError, OffsetMetadataTooLargeError

from shared.bus.port import CommitRefused, MetadataTooLarge, Partition

Rebalanced = Callable[[frozenset[Partition]], Awaitable[None]]


class KafkaConsumer:
    """One member of a group; the consumer itself is made by FastStream at start."""

    def __init__(self, group_id: str) -> None:
        self.group_id = group_id
        self.client: Callable[[], AIOKafkaConsumer | None] = lambda: None
        """The client library's consumer, while there is one."""
        self.admin: AIOKafkaAdminClient | None = None
        """Set before the first assignment."""
        self.fetches = 0
        """How many fetches brought records."""
        self._resting: set[TopicPartition] = set()

    async def commit(self, positions: Mapping[Partition, tuple[int, str]]) -> None:
        """Commit next offsets with metadata."""
        try:
            await self._required().commit({TopicPartition(*at): position for at, position in positions.items()})
        except (CommitFailedError, IllegalStateError) as error:
            raise CommitRefused from error
        except OffsetMetadataTooLargeError as error:
            raise MetadataTooLarge from error

    async def committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, tuple[int, str]]:
        """Committed offsets with metadata, by the public admin client: the consumer's own method drops the metadata."""
        if self.admin is None:
            raise RuntimeError("the admin client is started before the consumers")
        asked = [TopicPartition(*at) for at in partitions]
        stored = await self.admin.list_consumer_group_offsets(self.group_id, partitions=asked)
        found = {at: (stored[at].offset, stored[at].metadata or "") for at in asked if at in stored}
        found = {at: position for at, position in found.items() if position[0] >= 0}
        if unknown := [at for at in asked if at not in found]:
            beginnings = await self._required().beginning_offsets(unknown)
            found |= {at: (beginnings[at], "") for at in unknown}
        return {(at.topic, at.partition): position for at, position in found.items()}

    async def beginnings(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """The first offset that each partition still has."""
        found = await self._required().beginning_offsets([TopicPartition(*at) for at in partitions])
        return {(at.topic, at.partition): offset for at, offset in found.items()}

    def seek(self, partition: Partition, offset: int) -> None:
        """Fetch from here."""
        self._required().seek(TopicPartition(*partition), offset)

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch nothing from these."""
        wanted = [TopicPartition(*at) for at in partitions]
        self._resting.difference_update(wanted)  # the end of a rest must not resume them
        self._required().pause(*wanted)

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch from these again."""
        self._required().resume(*(TopicPartition(*at) for at in partitions))

    async def is_behind(self) -> bool:
        """Whether the broker had more than was consumed when it answered last, where that may be fetched."""
        consumer = self.client()
        if consumer is None:
            return False
        for at in consumer.assignment() - consumer.paused():
            end = consumer.highwater(at)
            if end is not None and end > await consumer.position(at):
                return True
        return False

    def rest(self) -> None:
        """Fetch nothing for a while; what is paused for other reasons stays so afterwards."""
        if (consumer := self.client()) is not None:
            self._resting = set(consumer.assignment() - consumer.paused())
            consumer.pause(*self._resting)

    def wake(self) -> None:
        """The end of a rest."""
        if (consumer := self.client()) is not None:
            consumer.resume(*(self._resting & consumer.assignment()))
        self._resting = set()

    def assignment(self) -> frozenset[Partition]:
        """What the group gave to this member."""
        consumer = self.client()
        return frozenset() if consumer is None else frozenset((at.topic, at.partition) for at in consumer.assignment())

    def _required(self) -> AIOKafkaConsumer:
        consumer = self.client()
        if consumer is None:
            raise CommitRefused("the consumer is stopped")
        return consumer


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    """Hands assignments over as plain tuples."""

    def __init__(self, assigned: Rebalanced, revoked: Rebalanced) -> None:
        self.assigned = assigned
        self._revoked = revoked

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """After a rebalance."""
        await self.assigned(frozenset((at.topic, at.partition) for at in assigned))

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Before a rebalance."""
        await self._revoked(frozenset((at.topic, at.partition) for at in revoked))
