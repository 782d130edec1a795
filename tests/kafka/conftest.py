"""One Apache Kafka for all tests marked `kafka`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shared.settings import KafkaSettings

from tests.kafka.apache_kafka import ApacheKafka, KafkaUnavailable


@pytest.fixture(scope="session")
def apache_kafka() -> Iterator[ApacheKafka]:
    """A broker that does real group membership."""
    try:
        broker = ApacheKafka.start()
    except KafkaUnavailable as reason:
        pytest.skip(str(reason))
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def kafka(apache_kafka: ApacheKafka) -> KafkaSettings:
    """How to reach it."""
    return KafkaSettings(bootstrap_servers=apache_kafka.bootstrap_servers)
