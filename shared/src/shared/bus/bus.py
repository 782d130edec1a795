"""The bus as services see it: register handlers, start, publish, stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from shared.bus.codec import Received
from shared.bus.connection import connection
from shared.bus.dead_letters import record_limits
from shared.bus.follow import Follower, FollowHandler
from shared.bus.front import make_broker
from shared.bus.grouping import Collect, GroupsRunner
from shared.bus.metrics import IN_FLIGHT, PARKED
from shared.bus.outbox import Outbox, Outgoing
from shared.bus.pacing import pace
from shared.bus.projection import LoadOffsets, ProjectionHandler, Urgent
from shared.bus.publisher import Publisher
from shared.bus.settlement import Failed, Settlement
from shared.bus.singles import SinglesRunner
from shared.bus.subscription import Subscription, Wiring
from shared.bus.wholes import AtOnce
from shared.events import Event
from shared.settings import KafkaSettings
from shared.telemetry import current_traceparent
from shared.topics import Topic

CONNECT_S = 60.0
"""How long a service waits for its broker at start; in a fresh deployment both start together."""

ASSIGN_S = 10.0
PUBLISH_AT_ONCE = 4_000


class Bus:
    """All of one service's traffic with Kafka."""

    def __init__(self, settings: KafkaSettings, service: str) -> None:
        self.broker: KafkaBroker = make_broker(settings, service)
        """FastStream's broker: the front of the consumers."""
        self._settings = settings
        self._publisher = Publisher(settings, record_limits())
        self._outbox = Outbox(self._publisher, service)
        self._wiring = Wiring(settings, service, self.broker, self._outbox)
        self._subscriptions: list[Subscription] = []
        self._followers: list[Follower] = []
        self._admin: AIOKafkaAdminClient | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._state = "not started"

    def on(
        self,
        topic: Topic,
        *more: Topic,
        handler: Callable[..., AsyncIterator[Event]],
        failed: Failed | None = None,
        events: Sequence[type[Event]] | None = None,
        max_in_flight: int = 512,
        at_once: AtOnce | None = None,
        **deps: Any,
    ) -> None:
        """Call `handler(received, **deps)` for each record, many at a time, and publish what it yields.

        `at_once` is asked first where a record carries several events.
        """
        bound: Callable[[Received[Any]], AsyncIterator[Event]] = partial(handler, **deps)
        self._add(
            (topic, *more), events, failed, max_in_flight, lambda settlement: SinglesRunner(settlement, bound, at_once)
        )

    def on_many(
        self,
        topic: Topic,
        *more: Topic,
        handler: Callable[..., AsyncIterator[Event]],
        collect: Collect[Any],
        failed: Failed | None = None,
        events: Sequence[type[Event]] | None = None,
        max_in_flight: int = 2_048,
        at_once: AtOnce | None = None,
        **deps: Any,
    ) -> None:
        """Call `handler([received, …], **deps)` for groups of records of one key, and publish what it yields.

        `at_once` is asked first where a record carries several events.
        """
        bound: Callable[[list[Received[Any]]], AsyncIterator[Event]] = partial(handler, **deps)

        def make_runner(settlement: Settlement) -> GroupsRunner:
            return GroupsRunner(settlement, bound, collect, at_once)

        self._add((topic, *more), events, failed, max_in_flight, make_runner)

    def on_projection(
        self,
        topic: Topic,
        *more: Topic,
        handler: ProjectionHandler,
        load_offsets: LoadOffsets,
        events: Sequence[type[Event]] | None = None,
        urgent: Urgent = lambda: False,
    ) -> None:
        """Call `handler([received, …], positions)` fetch by fetch; its own transaction keeps the positions.

        Fetches gather between two transactions, but only shortly while it is `urgent`.
        """
        projection = (handler, load_offsets, urgent)
        self._subscriptions.append(Subscription(self._wiring, (topic, *more), events=events, projection=projection))

    def follow(self, topic: Topic, handler: FollowHandler) -> None:
        """Call `handler(key, event)` with a whole compacted topic and what is added to it; None deletes a key."""
        self._followers.append(Follower(self._settings, topic, handler, self._wiring.tally))

    async def publish(self, event: Event, traceparent: str | None = None, *, topic: Topic | None = None) -> None:
        """Publish one event; returns when it is acknowledged. Raises `Rejected` when it is too large."""
        await self.publish_many([(event, traceparent)], topic=topic)

    async def publish_many(
        self, events: Iterable[Event | Outgoing], *, topic: Topic | None = None, together: bool | None = None
    ) -> None:
        """Publish at once; returns when all are acknowledged. `topic` for events that may go to several; `together`:
        whether those of one batch and partition may share a record, if their kind does not decide that.
        """
        current = current_traceparent()
        caused = (one if isinstance(one, tuple) else (one, None) for one in events)
        outgoing = [(event, current if parent is None else parent) for event, parent in caused]
        for first in range(0, len(outgoing), PUBLISH_AT_ONCE):
            await self._outbox.publish(outgoing[first : first + PUBLISH_AT_ONCE], topic, together=together)

    def release(self, key: object) -> None:
        """Hand the records parked under `key` to their handlers again."""
        for subscription in self._subscriptions:
            for engine in subscription.engines:
                engine.release(key)

    async def start(self) -> None:
        """Connect, catch up with what is followed, then consume."""
        self._state = "starting"
        self._admin = admin = await self._connected()
        await asyncio.gather(*(follower.start() for follower in self._followers))
        for subscription in self._subscriptions:
            subscription.start(admin)
        await self.broker.start()
        await asyncio.gather(*(subscription.take_all() for subscription in self._subscriptions))
        await self._assignment()
        self._beside.append(asyncio.create_task(self._report()))
        if self._settings.idle_fetch_pause_s:
            consumers = [consumer for subscription in self._subscriptions for consumer in subscription.consumers]
            self._beside.append(asyncio.create_task(pace(consumers, self._settings.idle_fetch_pause_s)))
        self._state = "ok"

    async def stop(self) -> None:
        """Close intake, finish what runs, commit; then the publisher, and the consumers last."""
        self._state = "stopping"
        await asyncio.gather(*(lane.stop() for subscription in self._subscriptions for lane in subscription.lanes))
        await self._publisher.stop()
        await asyncio.gather(*(follower.stop() for follower in self._followers))
        await self.broker.stop()
        if self._admin is not None:
            await self._admin.close()
        for task in self._beside:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._wiring.tally.hand_over()
        self._state = "stopped"

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether the service can do its work, and the state of each part."""
        troubles: dict[str, str | None] = {"bus": None if self._state == "ok" else self._state}
        states: dict[str, str] = {}
        troubles["publisher"] = self._publisher.trouble
        for subscription in self._subscriptions:
            troubles[subscription.group_id] = subscription.trouble
            states[subscription.group_id] = subscription.state
        for follower in self._followers:
            troubles[f"follow {follower.topic.name}"] = follower.trouble
        reasons = {part: trouble or states.get(part, "ok") for part, trouble in troubles.items()}
        return not any(troubles.values()), reasons

    @property
    def assigned(self) -> Mapping[str, int]:
        """How many partitions of each topic this replica has; its share of what replicas divide among themselves."""
        counts: dict[str, int] = {}
        for subscription in self._subscriptions:
            for lane in subscription.lanes:
                for topic, _ in lane.assigned_partitions or ():
                    counts[topic] = counts.get(topic, 0) + 1
        return counts

    def _add(
        self,
        topics: Sequence[Topic],
        events: Sequence[type[Event]] | None,
        failed: Failed | None,
        max_in_flight: int,
        make_runner: Callable[[Settlement], SinglesRunner | GroupsRunner],
    ) -> None:
        self._subscriptions.append(
            Subscription(
                self._wiring, topics, events=events, failed=failed, max_in_flight=max_in_flight, make_runner=make_runner
            )
        )

    async def _connected(self) -> AIOKafkaAdminClient:
        deadline = asyncio.get_running_loop().time() + CONNECT_S
        while True:
            admin = AIOKafkaAdminClient(**connection(self._settings))
            try:
                await admin.start()
                await self._publisher.start()
                return admin
            except KafkaError:
                await admin.close()
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.5)

    async def _assignment(self) -> None:
        """Wait for the groups to form, but not for ever: a rebalance of others may take as long as their drain."""
        deadline = asyncio.get_running_loop().time() + ASSIGN_S
        while asyncio.get_running_loop().time() < deadline:
            if all(lane.assigned_partitions is not None for one in self._subscriptions for lane in one.lanes):
                return
            await asyncio.sleep(0.01)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._wiring.tally.hand_over()
            for subscription in self._subscriptions:
                for engine in subscription.engines:
                    IN_FLIGHT.labels(engine.name).set(engine.in_flight)
                    PARKED.labels(engine.name).set(engine.parked)
