"""Wires one registered handler to its consumers: one for its topics, and one for the retry topics of these."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol

from aiokafka.admin import AIOKafkaAdminClient
from faststream.kafka import KafkaBroker

from shared.bus.codec import Codec, Record
from shared.bus.consumer import KafkaConsumer, Listener, Rebalanced
from shared.bus.engine import InFlightEngine
from shared.bus.front import FETCH_RECORDS, Intake, all_partitions, subscribe
from shared.bus.metrics import Tally
from shared.bus.outbox import Outbox
from shared.bus.port import Partition, Runner
from shared.bus.projection import LoadOffsets, Projection, ProjectionHandler, Urgent
from shared.bus.retries import DueGate
from shared.bus.settlement import Failed, Settlement
from shared.events import Event
from shared.settings import KafkaSettings
from shared.topics import Topic

GATHER_S = 0.01
"""Between two fetches that were not full. Nothing waits longer for it when little happens: it comes after a fetch."""

MakeRunner = Callable[[Settlement], Runner]


class Lane(Protocol):
    """What handles the fetches of one group member."""

    name: str
    halted: BaseException | None
    assigned_partitions: frozenset[Partition] | None

    @property
    def trouble(self) -> str | None: ...

    def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def intake(self, records: Sequence[Record]) -> None: ...
    async def assigned(self, partitions: Iterable[Partition]) -> None: ...
    async def revoked(self, partitions: Iterable[Partition]) -> None: ...


@dataclass
class Wiring:
    """What all subscriptions of a bus share."""

    settings: KafkaSettings
    service: str
    broker: KafkaBroker
    outbox: Outbox
    tally: Tally = field(default_factory=Tally)


@dataclass
class Subscription:
    """One registered handler: what it takes, and once the bus starts, what consumes for it."""

    wiring: Wiring
    topics: Sequence[Topic]
    events: Sequence[type[Event]] | None = None
    failed: Failed | None = None
    max_in_flight: int = 512
    make_runner: MakeRunner | None = None
    projection: tuple[ProjectionHandler, LoadOffsets, Urgent] | None = None
    lanes: list[Lane] = field(default_factory=list)
    engines: list[InFlightEngine] = field(default_factory=list)
    consumers: list[KafkaConsumer] = field(default_factory=list)
    _given: list[tuple[Rebalanced, frozenset[Partition]]] = field(default_factory=list)

    @property
    def group_id(self) -> str:
        """Every subscription is a group of its own: the embedded broker knows groups of one member only."""
        return f"{self.wiring.service}.{self.topics[0].name}"

    @property
    def trouble(self) -> str | None:
        """Why it does not consume; None when it does, or has nothing to do in its group."""
        for lane in self.lanes:
            if lane.halted is not None:
                return f"stopped: {type(lane.halted).__name__}: {lane.halted}"
            if lane.assigned_partitions is None:
                return "no assignment yet"
            if lane.trouble is not None:
                return lane.trouble
        return None if self.lanes else "not started"

    @property
    def state(self) -> str:
        """What it has, in words."""
        count = len(self.lanes[0].assigned_partitions or ()) if self.lanes else 0
        return f"{count} partitions" if count else "idle member of its group"

    def start(self, admin: AIOKafkaAdminClient) -> None:
        """Declare the consumers; FastStream starts them."""
        if self.projection is not None:
            self._add_projection(*self.projection)
        elif self.make_runner is not None:
            self._add_engines(self.make_runner)
        for consumer in self.consumers:
            consumer.admin = admin
        for lane in self.lanes:
            lane.start()

    async def take_all(self) -> None:
        """Without a group nobody hands partitions out: all of them are this process's from the start."""
        for assigned, partitions in self._given:
            await assigned(partitions)

    def _add_engines(self, make_runner: MakeRunner) -> None:
        runner = make_runner(self._settlement(Codec(self.topics, self.events)))
        engine, consumer = self._engine(self.group_id, runner, self.max_in_flight)
        self._consume(consumer, self.topics, engine.intake, Listener(engine.assigned, engine.revoked))
        retry_topics = self._retry_topics()
        if retry_topics:
            # A quarter of the slots: what failed before must not crowd out what is new.
            runner = make_runner(self._settlement(Codec(self.topics, self.events, origins=self.topics)))
            engine, consumer = self._engine(f"{self.group_id}.retry", runner, max(1, self.max_in_flight // 4))
            self._consume_when_due(consumer, retry_topics, engine)

    def _engine(self, group_id: str, runner: Runner, max_in_flight: int) -> tuple[InFlightEngine, KafkaConsumer]:
        settings = self.wiring.settings
        consumer = KafkaConsumer(group_id)
        engine = InFlightEngine(
            group_id,
            consumer,
            runner,
            max_in_flight=max_in_flight,
            commit_interval_s=settings.commit_interval_s,
            drain_s=settings.drain_s,
        )
        self.engines.append(engine)
        self.lanes.append(engine)
        return engine, consumer

    def _consume_when_due(self, consumer: KafkaConsumer, topics: Sequence[Topic], engine: InFlightEngine) -> None:
        factor = self.wiring.settings.retry_delay_factor
        gate = DueGate(engine.pauses, {topic.name: topic.delay_s * factor for topic in topics}, engine.intake)

        async def revoked(partitions: Iterable[Partition]) -> None:
            gate.clear()
            await engine.revoked(partitions)

        self._consume(consumer, topics, gate.intake, Listener(engine.assigned, revoked))

    def _add_projection(self, handler: ProjectionHandler, load_offsets: LoadOffsets, urgent: Urgent) -> None:
        consumer = KafkaConsumer(self.group_id)
        settlement = self._settlement(Codec(self.topics, self.events))
        drain_s, commit_interval_s = self.wiring.settings.drain_s, self.wiring.settings.commit_interval_s
        lane = Projection(
            self.group_id, consumer, settlement, handler, load_offsets, drain_s, commit_interval_s, urgent
        )
        self.lanes.append(lane)
        listener = Listener(lane.assigned, lane.revoked)
        self._consume(consumer, self.topics, lane.intake, listener, gather_s=lambda: lane.gather_s)

    def _consume(
        self,
        consumer: KafkaConsumer,
        topics: Sequence[Topic],
        intake: Intake,
        listener: Listener,
        gather_s: Callable[[], float] = lambda: GATHER_S,
    ) -> None:
        tally = self.wiring.tally

        async def counted(records: Sequence[Record]) -> None:
            consumer.fetches += 1
            for topic, count in Counter(map(attrgetter("topic"), records)).items():
                tally.add(topic, "consumed", count)
            await intake(records)
            if len(records) < FETCH_RECORDS:
                # What comes next may gather: a fetch costs the same for one record as for hundreds.
                await asyncio.sleep(gather_s())

        wiring = self.wiring
        consumer.client = subscribe(wiring.broker, topics, consumer.group_id, counted, listener, wiring.settings)
        if not wiring.settings.group_membership:
            self._given.append((listener.assigned, all_partitions(topics)))
        self.consumers.append(consumer)

    def _settlement(self, codec: Codec) -> Settlement:
        wiring = self.wiring
        return Settlement(
            codec,
            wiring.outbox,
            wiring.tally,
            service=wiring.service,
            failed=self.failed,
            retry_topics=self._retry_topics(),
            retry_delay_factor=wiring.settings.retry_delay_factor,
            undecodable_limit=wiring.settings.undecodable_limit,
        )

    def _retry_topics(self) -> list[Topic]:
        return list({retry.name: retry for topic in self.topics for retry in topic.retry}.values())
