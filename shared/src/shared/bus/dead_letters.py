"""What nobody could handle: kept with its original bytes and the reason, listed, and sent back when that helps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.codec import Message, RawHeaders, Record, TextHeaders
from shared.bus.connection import connection
from shared.bus.outbox import Outbox
from shared.bus.publisher import Publisher
from shared.errors import Rejected
from shared.settings import KafkaSettings
from shared.topics import DEAD_LETTERS, TOPICS

MAX_BYTES = int(DEAD_LETTERS.config.get("max.message.bytes", "1000000"))
_TRUNCATED_BYTES = 64 * 1024
_MARK = "dl_"
_WINDOW = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record of the dead letters topic."""

    partition: int
    offset: int
    """With the partition: where the dead letter is, which is how `replay` is told about it."""
    reason: str
    error: str
    service: str
    topic: str
    """Where it came from, with the next two."""
    origin_partition: int
    origin_offset: int
    timestamp: int
    """When it was published first, in milliseconds."""
    buried_at: int
    key: bytes | None
    value: bytes | None
    headers: RawHeaders
    """The original ones."""
    truncated_from: int | None
    """Original length, when the value did not fit."""


def dead_letter(record: Record, reason: str, error: str, service: str, *, limit: int = MAX_BYTES) -> Message:
    """The original key, value and headers, and why. What does not fit is cut, with its length and hash."""
    value = record.value
    headers: list[tuple[str, bytes | None]] = [
        *((name, kept) for name, kept in record.headers if not name.startswith(_MARK)),
        ("dl_reason", reason.encode()),
        ("dl_error", error[:1_000].encode(errors="replace")),
        ("dl_topic", record.topic.encode()),
        ("dl_partition", str(record.partition).encode()),
        ("dl_offset", str(record.offset).encode()),
        ("dl_timestamp", str(record.timestamp).encode()),
        ("dl_service", service.encode()),
    ]
    room = limit - 4_096 - len(record.key or b"") - sum(len(name) * 4 + len(kept or b"") for name, kept in headers)
    if value is not None and len(value) > room:
        headers.append(("dl_truncated", str(len(value)).encode()))
        headers.append(("dl_sha256", hashlib.sha256(value).hexdigest().encode()))
        value = value[: max(room, 0)]
    return Message(DEAD_LETTERS.name, record.key, value, headers)


async def bury(outbox: Outbox, record: Record, reason: str, error: str, service: str) -> None:
    """Publish a dead letter and return when it is acknowledged; only then its offset counts as done."""
    try:
        await outbox.send_on(dead_letter(record, reason, error, service))
    except Rejected:
        # The broker's own limit is lower than the topic's.
        await outbox.send_on(dead_letter(record, reason, error, service, limit=_TRUNCATED_BYTES))


async def read(settings: KafkaSettings, *, limit: int, topic: str | None = None) -> list[DeadLetter]:
    """The newest dead letters, or the newest that came from `topic`; newest first."""
    async with _reader(settings) as consumer:
        partitions = sorted(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        beginnings = await consumer.beginning_offsets(partitions)
        found: list[DeadLetter] = []
        for partition in partitions:
            found += await _newest(consumer, partition, beginnings[partition], ends[partition], limit, topic)
    return sorted(found, key=lambda letter: letter.buried_at, reverse=True)[:limit]


async def replay(settings: KafkaSettings, positions: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Publish the original records of these dead letters again; returns the positions that were.

    A truncated one cannot be, and one whose retention is over is gone.
    """
    replayed: list[tuple[int, int]] = []
    messages: list[Message] = []
    async with _reader(settings) as consumer:
        for partition, offset in positions:
            at = TopicPartition(DEAD_LETTERS.name, partition)
            letters = [letter for letter in await _between(consumer, at, offset, offset + 1) if letter.offset == offset]
            if letters and letters[0].truncated_from is None:
                letter = letters[0]
                messages.append(Message(letter.topic, letter.key, letter.value, letter.headers))
                replayed.append((partition, offset))
    publisher = Publisher(settings, record_limits())
    await publisher.start()
    try:
        await publisher.publish(messages)
    finally:
        await publisher.stop()
    return replayed


def record_limits() -> dict[str, int]:
    """Topics whose largest record differs from the broker's default."""
    return {
        topic.name: int(topic.config["max.message.bytes"]) for topic in TOPICS if "max.message.bytes" in topic.config
    }


@asynccontextmanager
async def _reader(settings: KafkaSettings) -> Any:
    consumer = AIOKafkaConsumer(
        DEAD_LETTERS.name,
        **connection(settings),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 << 20,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _newest(
    consumer: AIOKafkaConsumer, partition: TopicPartition, beginning: int, end: int, limit: int, topic: str | None
) -> list[DeadLetter]:
    found: list[DeadLetter] = []
    while end > beginning and len(found) < limit:
        start = max(beginning, end - _WINDOW)
        letters = await _between(consumer, partition, start, end)
        found = [letter for letter in letters if topic is None or letter.topic == topic] + found
        end = start
    return found[-limit:]


async def _between(consumer: AIOKafkaConsumer, partition: TopicPartition, start: int, end: int) -> list[DeadLetter]:
    letters: list[DeadLetter] = []
    consumer.seek(partition, start)
    idle = 0
    while idle < 5 and await consumer.position(partition) < end:
        fetched = (await consumer.getmany(partition, timeout_ms=500, max_records=_WINDOW)).get(partition, [])
        idle = 0 if fetched else idle + 1
        letters += [_letter_of(record) for record in fetched if record.offset < end]
    return letters


def _letter_of(record: Record) -> DeadLetter:
    headers = TextHeaders({name: value for name, value in record.headers if name.startswith(_MARK)})
    return DeadLetter(
        partition=record.partition,
        offset=record.offset,
        reason=headers.get("dl_reason", "unknown"),
        error=headers.get("dl_error", ""),
        service=headers.get("dl_service", ""),
        topic=headers.get("dl_topic", ""),
        origin_partition=_number(headers.get("dl_partition")),
        origin_offset=_number(headers.get("dl_offset")),
        timestamp=_number(headers.get("dl_timestamp")),
        buried_at=record.timestamp,
        key=record.key,
        value=record.value,
        headers=_original(record.headers),
        truncated_from=_number(headers["dl_truncated"]) if "dl_truncated" in headers else None,
    )


def _original(headers: RawHeaders) -> Sequence[tuple[str, bytes | None]]:
    return [(name, value) for name, value in headers if not name.startswith(_MARK)]


def _number(text: str | None) -> int:
    return int(text) if text and text.lstrip("-").isdecimal() else -1
