"""One ledger row: verdicts as bits."""

from __future__ import annotations

from itertools import pairwise

from gateway.domain.chunk import Chunk, offsets, range_bits, runs, size_of
from hypothesis import given
from hypothesis import strategies as st
from shared.events import CHUNK

some_bits = st.sets(st.integers(0, CHUNK - 1), max_size=40).map(lambda found: sum(1 << bit for bit in found))


@given(some_bits)
def test_runs_and_offsets_name_exactly_the_set_bits(bits: int) -> None:
    assert sum(range_bits(first, count) for first, count in runs(bits)) == bits
    assert sum(1 << offset for offset in offsets(bits)) == bits
    ends = [(first, first + count) for first, count in runs(bits)]
    assert all(before[1] < after[0] for before, after in pairwise(ends))


def test_the_first_verdict_counts() -> None:
    chunk = Chunk()
    assert chunk.settle(8_191, 0, "written", fallback=True)
    assert not chunk.settle(8_191, 0, "failed")
    assert chunk.settle_range(8_190, 2, 0, "cancelled") == 1 << 8_190
    assert chunk.counts() == {"written": 1, "generated": 0, "failed": 0, "skipped": 0, "cancelled": 1, "fallback": 1}


def test_a_verdict_of_an_earlier_epoch_comes_too_late() -> None:
    chunk = Chunk()
    chunk.settle(5, 0, "failed")
    chunk.settle(6, 0, "written")
    assert chunk.reopen(range_bits(0, 10), 1) == 1 << 5
    assert not chunk.settle(5, 0, "written")
    assert chunk.settle_range(0, 10, 0, "skipped") == range_bits(0, 10) & ~(3 << 5)
    assert (chunk.state_of(5), chunk.epoch_of(5), chunk.epoch_of(6)) == ("pending", 1, 0)
    assert chunk.settle(5, 1, "written")


def test_trimming_forgets_what_lies_beyond() -> None:
    chunk = Chunk()
    chunk.settle_range(0, CHUNK, 0, "generated")
    chunk.trim(3)
    assert (chunk.counts()["generated"], chunk.pending(3)) == (3, 0)
    assert (size_of(0, 3), size_of(1, 3), size_of(1, CHUNK + 1), size_of(9, None)) == (3, 0, 1, CHUNK)
