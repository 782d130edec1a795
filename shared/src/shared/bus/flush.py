"""What leaves together: the records of one flush, cut into batches of one partition each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.bus.codec import Message
from shared.bus.packing import packed
from shared.errors import Rejected

Errors = Mapping[int, Exception]
"""What could not be published, by position; empty when all went well."""

Told = Callable[[Errors], None]

_NONE: Errors = {}


class Flush:
    """The records that go out together, and what became of them."""

    __slots__ = ("_told", "errors", "events", "messages")

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.events = 0
        self.errors: dict[int, Exception] = {}
        """By position in `messages`."""
        self._told: list[tuple[int, int, Told]] = []

    def add(self, messages: Sequence[Message], told: Told) -> None:
        """Take a caller's records along; it is told about these alone."""
        first = len(self.messages)
        self.messages.extend(messages)
        self.events += sum([message.events for message in messages])
        self._told.append((first, len(self.messages), told))

    def finish(self) -> None:
        """Every record has its answer."""
        errors = self.errors
        for first, end, told in self._told:
            told(_NONE if not errors else {at - first: error for at, error in errors.items() if first <= at < end})


def batches_of(
    producer: AIOKafkaProducer, messages: Sequence[Message], positions: Sequence[int]
) -> list[tuple[Any, list[int]]]:
    """Record batches for the messages at these positions, each with the positions that are in it."""
    batches: list[tuple[Any, list[int]]] = []
    builder, members = producer.create_batch(), list[int]()
    for message, inside in packed(messages, positions):
        headers = list(message.headers)
        if builder.append(timestamp=None, key=message.key, value=message.value, headers=headers) is None:
            batches.append((builder, members))
            builder, members = producer.create_batch(), list[int]()
            builder.append(timestamp=None, key=message.key, value=message.value, headers=headers)
        members += inside
    batches.append((builder, members))
    return batches


def header_bytes(message: Message) -> int:
    """What a record's envelope may take on the wire."""
    return 64 + sum(len(name) * 4 + len(value or b"") + 10 for name, value in message.headers)


def too_large(message: Message) -> Rejected:
    """The error of a record that no broker would take."""
    size = len(message.value or b"")
    return Rejected(f"a record of {size} bytes is larger than topic {message.topic} allows", category="unknown")
