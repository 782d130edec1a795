"""Keys meet the partition that every other Kafka client would choose."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st
from shared.bus.murmur2 import murmur2, partition_of


@given(st.binary(max_size=300))
def test_the_hash_is_the_client_library_s(data: bytes) -> None:
    assert murmur2(data) == reference(data)


@given(st.binary(max_size=60), st.integers(1, 100))
def test_the_partition_is_the_client_library_s(key: bytes, partitions: int) -> None:
    every = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, every, every)


@pytest.mark.parametrize(
    ("key", "expected"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536), (b"abc", 479470107)],
)
def test_the_hash_is_the_one_of_kafka_s_own_tests(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected & 0xFFFFFFFF
