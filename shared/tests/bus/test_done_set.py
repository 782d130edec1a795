"""The finished offsets above the committed one travel in commit metadata."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from shared.bus.done_set import METADATA_LIMIT, Run, decode, encode


@st.composite
def finished(draw: st.DrawFn) -> tuple[int, list[Run]]:
    position = draw(st.integers(0, 2**40))
    lengths = draw(st.lists(st.tuples(st.integers(1, 2**20), st.integers(1, 2**20)), max_size=400))
    runs, at = [], position
    for gap, length in lengths:
        runs.append((at + gap, at + gap + length))
        at += gap + length
    return position, runs


@given(finished())
def test_what_is_written_fits_and_reads_back_as_a_prefix(case: tuple[int, list[Run]]) -> None:
    position, runs = case
    metadata = encode(position, runs)
    assert len(metadata.encode()) <= METADATA_LIMIT
    read = decode(position, metadata)
    assert read == runs[: len(read)]
    if len(encode(position, runs, 1 << 30)) <= METADATA_LIMIT:
        assert read == runs


@given(finished(), st.integers(0, 300))
def test_a_smaller_limit_keeps_a_shorter_prefix(case: tuple[int, list[Run]], limit: int) -> None:
    position, runs = case
    metadata = encode(position, runs, limit)
    assert len(metadata) <= limit
    read = decode(position, metadata)
    assert read == runs[: len(read)]


def test_hundreds_of_scattered_records_in_flight_fit() -> None:
    runs = [(offset, offset + 1) for offset in range(1, 1_024, 2)]
    assert decode(0, encode(0, runs)) == runs


@given(finished(), st.integers(1, 1_000))
def test_metadata_of_another_position_means_nothing(case: tuple[int, list[Run]], moved: int) -> None:
    position, runs = case
    assert decode(position + moved, encode(position, runs)) == []


@given(st.one_of(st.none(), st.text(max_size=200), st.text("rs1:abc0", max_size=60), st.binary(max_size=80).map(str)))
def test_foreign_metadata_is_no_error(metadata: str | None) -> None:
    assert isinstance(decode(5, metadata), list)


def test_damaged_metadata_is_no_error() -> None:
    metadata = encode(10, [(12, 20), (30, 31)])
    for position in range(4, len(metadata)):
        assert isinstance(decode(10, metadata[:position]), list)
        assert isinstance(decode(10, metadata[:position] + "~" + metadata[position + 1 :]), list)
