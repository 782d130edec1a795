"""Keys meet the partition that every other Kafka client would choose."""

from __future__ import annotations

from random import Random

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st
from shared.bus.murmur2 import murmur2, partition_of, partitions_of


@given(st.binary(max_size=300))
def test_the_hash_is_the_client_library_s(data: bytes) -> None:
    assert murmur2(data) == reference(data)


@given(st.binary(max_size=60), st.integers(1, 100))
def test_the_partition_is_the_client_library_s(key: bytes, partitions: int) -> None:
    every = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, every, every)


@given(st.lists(st.binary(max_size=40), max_size=40), st.integers(1, 100))
def test_many_keys_together_meet_the_partitions_they_meet_alone(keys: list[bytes], partitions: int) -> None:
    assert partitions_of(keys, partitions) == [partition_of(key, partitions) for key in keys]


@given(st.integers(1, 600), st.integers(0, 40), st.randoms(use_true_random=False))
def test_so_do_hundreds_of_one_length(count: int, length: int, random: Random) -> None:
    keys = [random.randbytes(length) for _ in range(count)]
    assert partitions_of(keys, 24) == [partition_of(key, 24) for key in keys]


@pytest.mark.parametrize(
    ("key", "expected"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536), (b"abc", 479470107)],
)
def test_the_hash_is_the_one_of_kafka_s_own_tests(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected & 0xFFFFFFFF
