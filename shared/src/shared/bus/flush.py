"""What leaves together: the records of one flush, cut into batches of one partition each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.bus.codec import Message
from shared.errors import Rejected


class Flush:
    """The records that go out together, and what became of them."""

    __slots__ = ("_waiting", "errors", "messages")

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.errors: dict[int, Exception] = {}
        """By position in `messages`; empty when all went well."""
        self._waiting: list[asyncio.Future[None]] = []

    def finished(self) -> asyncio.Future[None]:
        """A future for each caller: one that is cancelled must not cancel the others' records."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return waiting

    def finish(self) -> None:
        """Every record has its answer."""
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)


def batches_of(
    producer: AIOKafkaProducer, messages: Sequence[Message], positions: Sequence[int]
) -> list[tuple[Any, list[int]]]:
    """Record batches for the messages at these positions, each with the positions that are in it."""
    batches: list[tuple[Any, list[int]]] = []
    builder, members = producer.create_batch(), list[int]()
    for position in positions:
        message = messages[position]
        if builder.append(timestamp=None, key=message.key, value=message.value, headers=message.headers) is None:
            batches.append((builder, members))
            builder, members = producer.create_batch(), list[int]()
            builder.append(timestamp=None, key=message.key, value=message.value, headers=message.headers)
        members.append(position)
    batches.append((builder, members))
    return batches


def header_bytes(message: Message) -> int:
    """What a record's envelope may take on the wire."""
    return 64 + sum(len(name) * 4 + len(value or b"") + 10 for name, value in message.headers)


def too_large(message: Message) -> Rejected:
    """The error of a record that no broker would take."""
    size = len(message.value or b"")
    return Rejected(f"a record of {size} bytes is larger than topic {message.topic} allows", category="unknown")
