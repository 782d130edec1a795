"""FastStream as the front of all consumers: whole fetches of raw bytes, and nothing acknowledged by itself."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, TopicPartition
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.bus.codec import Record
from shared.bus.connection import ssl_context
from shared.bus.consumer import Listener
from shared.bus.port import Partition
from shared.settings import KafkaSettings
from shared.topics import Topic

FETCH_RECORDS = 500
POLL_MS = 500
"""An idle consumer looks up so often; records are handed over as soon as they are there."""

Intake = Callable[[Sequence[Record]], Awaitable[None]]


def make_broker(settings: KafkaSettings, service: str) -> KafkaBroker:
    """A broker that only consumes: publishing has its own, faster producer."""
    logger = logging.getLogger("shared.bus.front")
    # Its warnings tell that topics are not created automatically, once per subscriber: that is on purpose.
    logger.setLevel(logging.ERROR)
    return KafkaBroker(
        [server.strip() for server in settings.bootstrap_servers.split(",")],
        client_id=service,
        security=security(settings),
        allow_auto_create_topics=False,
        consumer_only=True,
        apply_types=False,
        ack_policy=AckPolicy.MANUAL,
        logger=logger,
    )


def security(settings: KafkaSettings) -> BaseSecurity | None:
    """The same connection settings in FastStream's words."""
    if settings.security_protocol == "PLAINTEXT":
        return None
    tls = ssl_context(settings) if settings.security_protocol.endswith("SSL") else None
    if settings.security_protocol == "SSL":
        return BaseSecurity(ssl_context=tls, use_ssl=True)
    kinds = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    password = settings.sasl_password.get_secret_value() if settings.sasl_password else ""
    return kinds[settings.sasl_mechanism](
        settings.sasl_username or "", password, ssl_context=tls, use_ssl=tls is not None
    )


def subscribe(
    broker: KafkaBroker,
    topics: Sequence[Topic],
    group_id: str,
    intake: Intake,
    listener: Listener,
    settings: KafkaSettings,
) -> Callable[[], AIOKafkaConsumer | None]:
    """Add a consumer; returns how to get at the client's own one once it is started."""
    joins = settings.group_membership
    subscriber = broker.subscriber(
        *([topic.name for topic in topics] if joins else ()),
        **(_membership(listener, group_id, settings) if joins else _everything(topics)),
        group_id=group_id,
        batch=True,
        auto_offset_reset="earliest",
        include_in_schema=False,
    )
    subscriber(_forwarding(intake), parser=_parse, decoder=_decode)
    # FastStream rests after an empty poll for as long as the poll was: long ones would make records late, and short
    # ones cost an idle service 5 % of a core.
    subscriber.get_msg = _next_fetch
    return lambda: subscriber.consumer


def all_partitions(topics: Sequence[Topic]) -> frozenset[Partition]:
    """Every partition of these topics, as the topic table has them."""
    return frozenset((topic.name, number) for topic in topics for number in range(topic.partitions))


def _everything(topics: Sequence[Topic]) -> dict[str, Any]:
    return {"partitions": [TopicPartition(*at) for at in sorted(all_partitions(topics))]}


def _membership(listener: Listener, group_id: str, settings: KafkaSettings) -> dict[str, Any]:
    return {
        "listener": listener,
        "session_timeout_ms": int(settings.session_timeout_s * 1_000),
        "heartbeat_interval_ms": int(settings.session_timeout_s * 1_000 / 9),
        "rebalance_timeout_ms": 60_000,
        "partition_assignment_strategy": (_sticky(group_id),),
    }


def _forwarding(intake: Intake) -> Callable[[Any], Awaitable[None]]:
    async def forward(records: Any) -> None:
        await intake(records)

    return forward


async def _next_fetch(consumer: AIOKafkaConsumer) -> tuple[Any, ...]:
    fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=FETCH_RECORDS)
    return tuple(chain.from_iterable(fetched.values()))


async def _parse(records: Any) -> KafkaMessage:
    # FastStream's own parser decodes every header of every record, and gives up the fetch on one that is not UTF-8.
    return KafkaMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER)


async def _decode(message: Any) -> Any:
    return message.raw_message


def _sticky(group_id: str) -> type[StickyPartitionAssignor]:
    """An assignor class of its own: the library keeps the last assignment on the class, for all groups of a process."""
    return type(f"Sticky_{group_id}", (StickyPartitionAssignor,), {})
