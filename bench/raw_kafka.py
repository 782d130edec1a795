"""The ceiling: three hops of nothing but aiokafka, batched by hand, with one process per hop as the product has."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import time
import uuid
from itertools import pairwise

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS = 6
PER_BATCH = 500
BATCH_BYTES = 262_144


def three_hops(bootstrap_servers: str, records: int, size: int) -> float:
    """Records per second through topic → copy → copy → read, each hop in its own process, values of `size` bytes."""
    topics = [f"raw-{uuid.uuid4().hex[:8]}-{hop}" for hop in range(3)]
    asyncio.run(_create(bootstrap_servers, topics))
    copies = [
        multiprocessing.get_context("spawn").Process(target=_copy, args=(bootstrap_servers, *pair, records))
        for pair in pairwise(topics)
    ]
    for process in copies:
        process.start()
    reader = multiprocessing.get_context("spawn").Process(
        target=_copy, args=(bootstrap_servers, topics[-1], None, records)
    )
    reader.start()
    time.sleep(3)  # the copies' consumers are up
    began = time.perf_counter()
    asyncio.run(_fill(bootstrap_servers, topics[0], records, size))
    for process in (*copies, reader):
        process.join()
    return records / (time.perf_counter() - began)


async def _create(bootstrap_servers: str, topics: list[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in topics])
    await admin.close()


def _producer(bootstrap_servers: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
    )


async def _fill(bootstrap_servers: str, topic: str, records: int, size: int) -> None:
    producer = _producer(bootstrap_servers)
    await producer.start()
    value = b"x" * size
    for first in range(0, records, PER_BATCH * PARTITIONS):
        count = min(PER_BATCH * PARTITIONS, records - first)
        shares = [[value] * len(range(partition, count, PARTITIONS)) for partition in range(PARTITIONS)]
        await _send(producer, topic, shares)
    await producer.stop()


async def _send(producer: AIOKafkaProducer, topic: str, shares: list[list[bytes]]) -> None:
    acks = []
    for partition, values in enumerate(shares):
        batch = producer.create_batch()
        for value in values:
            if batch.append(key=None, value=value, timestamp=None) is None:
                acks.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                batch.append(key=None, value=value, timestamp=None)
        if batch.record_count():
            acks.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*acks)


def _copy(bootstrap_servers: str, source: str, target: str | None, records: int) -> None:
    asyncio.run(_copying(bootstrap_servers, source, target, records))


async def _copying(bootstrap_servers: str, source: str, target: str | None, records: int) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = _producer(bootstrap_servers)
    await consumer.start()
    await producer.start()
    consumer.assign([TopicPartition(source, partition) for partition in range(PARTITIONS)])
    await consumer.seek_to_beginning()
    seen = 0
    while seen < records:
        fetched = await consumer.getmany(timeout_ms=200, max_records=PER_BATCH * PARTITIONS)
        shares: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
        for partition, messages in fetched.items():
            seen += len(messages)
            shares[partition.partition] = [message.value or b"" for message in messages]
        if target is not None:
            await _send(producer, target, shares)
    await consumer.stop()
    await producer.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=300)
    options = parser.parse_args()
    print(f"{three_hops(options.bootstrap_servers, options.records, options.size):,.0f} records/s", file=sys.stderr)
