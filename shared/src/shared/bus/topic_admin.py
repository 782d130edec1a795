"""Creates the topics of the map. Safe to run again, and at the same time as another one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import InvalidConfigurationError, KafkaError, TopicAlreadyExistsError, for_code

from shared.bus.connection import connection
from shared.settings import KafkaSettings
from shared.telemetry import get_logger
from shared.topics import TOPICS, Topic

_WAIT_S = 30.0


async def ensure_topics(settings: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Create what is missing and wait until it can be used; returns the names of the created ones."""
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        created = [topic.name for topic in missing if await _create(admin, topic, settings.replication_factor)]
        await _until_known(admin, {topic.name for topic in topics})
        return created
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topic: Topic, replication: int) -> bool:
    try:
        await _request(admin, topic, replication, dict(topic.config))
    except TopicAlreadyExistsError:
        return False
    except InvalidConfigurationError:
        # A small broker may not know this setting; the topic is more important than its retention.
        get_logger().warning("topic_config_unsupported", topic=topic.name, config=dict(topic.config))
        await _request(admin, topic, replication, {})
    return True


async def _request(admin: AIOKafkaAdminClient, topic: Topic, replication: int, config: dict[str, str]) -> None:
    new = NewTopic(
        name=topic.name, num_partitions=topic.partitions, replication_factor=replication, topic_configs=config
    )
    response = await admin.create_topics([new])
    for _, code, *_ in response.topic_errors:
        if code:
            raise for_code(code)(topic.name)


async def _until_known(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    deadline = asyncio.get_running_loop().time() + _WAIT_S
    while True:
        described = await admin.describe_topics(sorted(names))
        waiting = [topic["topic"] for topic in described if topic["error_code"] or _leaderless(topic)]
        if not waiting:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise KafkaError(f"topics without a leader after {_WAIT_S:.0f} s: {', '.join(waiting)}")
        await asyncio.sleep(0.1)


def _leaderless(topic: dict[str, Any]) -> bool:
    return any(partition["leader"] < 0 for partition in topic["partitions"])
