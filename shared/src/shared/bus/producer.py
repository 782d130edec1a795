"""The client library's producer as the publisher needs it."""

from __future__ import annotations

from aiokafka import AIOKafkaProducer

from shared.bus.connection import connection
from shared.settings import KafkaSettings

BATCH_BYTES = 512 * 1024


async def connected_producer(settings: KafkaSettings) -> AIOKafkaProducer:
    """Idempotent, with `acks=all`. Raises the client's error when no broker answers."""
    producer = AIOKafkaProducer(
        **connection(settings),
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
        max_request_size=4 * 1024 * 1024,
        request_timeout_ms=20_000,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer
