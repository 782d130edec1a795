"""What the tests on Apache Kafka have in common: topics, workers that can be killed, and what came out."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from shared.bus import Bus
from shared.bus.connection import connection
from shared.bus.packing import events_in
from shared.bus.topic_admin import ensure_topics
from shared.events import PromptPrepared, PromptsPrepared, RecordGenerated
from shared.settings import KafkaSettings
from shared.topics import DEAD_LETTERS, RESULTS, Topic

ROOT = Path(__file__).parents[2]


async def a_topic(settings: KafkaSettings, partitions: int, config: dict[str, str] | None = None) -> Topic:
    """A new topic of prompts, created together with those that every service writes to."""
    topic = Topic(
        f"test-{uuid4().hex[:10]}", (PromptPrepared, PromptsPrepared), "event_id", (), (), partitions, config or {}
    )
    await ensure_topics(settings, [topic, RESULTS, DEAD_LETTERS])
    return topic


async def publish_prompts(settings: KafkaSettings, topic: Topic, seconds: Sequence[float]) -> str:
    """One prompt for each duration; returns the batch."""
    batch = uuid4().hex
    bus = Bus(settings, "kafka-test")
    await bus.start()
    try:
        await bus.publish_many(
            [
                PromptPrepared(batch_id=batch, index=n, record_id=f"r{n}", values={"seconds": duration})
                for n, duration in enumerate(seconds)
            ],
            topic=topic,
        )
    finally:
        await bus.stop()
    return batch


@dataclass
class Worker:
    """A running worker process."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        """SIGTERM, and return when it is gone."""
        self.process.terminate()
        self.process.wait(60)


@dataclass
class Workers:
    """All workers of a test, on one topic."""

    settings: KafkaSettings
    topic: Topic
    folder: Path
    all: list[Worker] = field(default_factory=list)

    def start(self, *, in_flight: int = 32, drain_s: float = 25.0) -> Worker:
        """One more member of the group."""
        log = self.folder / f"worker-{len(self.all)}.log"
        with (self.folder / f"worker-{len(self.all)}.out").open("wb") as out:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.kafka.worker", "--bootstrap", self.settings.bootstrap_servers),
                    *("--topic", self.topic.name, "--log", str(log)),
                    *("--in-flight", str(in_flight), "--drain", str(drain_s)),
                ],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        log.touch()
        worker = Worker(process, log)
        self.all.append(worker)
        return worker

    def stop(self) -> None:
        """SIGTERM to all that still run: results are acknowledged before a worker is gone."""
        for worker in self.all:
            if worker.process.poll() is None:
                worker.process.terminate()
        for worker in self.all:
            worker.process.wait(60)

    def noted(self, what: str, *, by: Worker | None = None) -> list[str]:
        """What the workers wrote down."""
        logs = [by.log] if by else [worker.log for worker in self.all]
        lines = [line.split() for log in logs for line in log.read_text().splitlines()]
        return [words[1] for words in lines if len(words) == 2 and words[0] == what]


@contextmanager
def workers(settings: KafkaSettings, topic: Topic, folder: Path) -> Iterator[Workers]:
    """Workers that do not outlive their test."""
    crew = Workers(settings, topic, folder)
    try:
        yield crew
    finally:
        for worker in crew.all:
            if worker.process.poll() is None:
                worker.kill()


async def results_of(settings: KafkaSettings, batch: str) -> Counter[int]:
    """How often each record of the batch got a result."""
    found: Counter[int] = Counter()
    for record in await everything_in(settings, RESULTS.name):
        for event in events_in(record, RESULTS):
            if isinstance(event, RecordGenerated) and event.batch_id == batch:
                found[event.index] += 1
    return found


async def everything_in(settings: KafkaSettings, topic: str) -> list[ConsumerRecord]:
    """All records of a topic as they are now."""
    consumer = AIOKafkaConsumer(topic, **connection(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = sorted(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        for partition, beginning in (await consumer.beginning_offsets(partitions)).items():
            consumer.seek(partition, beginning)
        records: list[ConsumerRecord] = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for found in (await consumer.getmany(timeout_ms=200)).values():
                    records += found
        return records
    finally:
        await consumer.stop()


async def committed_of(settings: KafkaSettings, group_id: str) -> dict[int, tuple[int, str]]:
    """Committed offset and metadata by partition."""
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        stored = await admin.list_consumer_group_offsets(group_id)
        return {at.partition: (found.offset, found.metadata) for at, found in stored.items()}
    finally:
        await admin.close()


async def eventually(condition: Callable[[], object], seconds: float, why: str) -> float:
    """Return when it holds, with how long that took."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"not within {seconds:.0f} s: {why}")
        await asyncio.sleep(0.05)
    return time.monotonic() - started
