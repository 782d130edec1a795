"""Rests between the fetches of an idle consumer.

A broker should hold an empty fetch open for half a second. The embedded one answers at once, and aiokafka asks again at
once: an idle service would take a whole core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.bus.consumer import KafkaConsumer

OPEN_S = 0.004
"""Long enough for a fetch to go out."""


async def pace(consumers: Sequence[KafkaConsumer], rest_s: float) -> None:
    """Let consumers that fetch nothing rest for `rest_s` at a time; for ever."""
    while True:
        before = [consumer.fetches for consumer in consumers]
        await asyncio.sleep(OPEN_S)
        quiet = [consumer for consumer, fetches in zip(consumers, before, strict=True) if consumer.fetches == fetches]
        # An answer that comes during a rest is thrown away by the client library. A large one takes longer than the
        # open time, so without asking it would be fetched and thrown away for ever.
        idle = [consumer for consumer in quiet if not await consumer.is_behind()]
        for consumer in idle:
            consumer.rest()
        await asyncio.sleep(rest_s)
        for consumer in idle:
            consumer.wake()
