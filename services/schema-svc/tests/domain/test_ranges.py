"""Cutting runs of indices loses none and repeats none."""

from hypothesis import given
from hypothesis import strategies as st
from schema_svc.domain.ranges import SLICE, Ranges, cut, length
from shared.events import CHUNK


@st.composite
def ascending(draw: st.DrawFn) -> list[tuple[int, int]]:
    found, at = [], 0
    for gap, count in draw(st.lists(st.tuples(st.integers(0, 9_000), st.integers(1, 9_000)), max_size=6)):
        found.append((at + gap, count))
        at += gap + count
    return found


def indices(ranges: list[tuple[int, int]]) -> list[int]:
    return [index for first, count in ranges for index in range(first, first + count)]


@given(ascending(), st.integers(0, 30_000), st.integers(0, 10_000))
def test_a_part_is_what_a_list_would_give(ranges: list[tuple[int, int]], position: int, count: int) -> None:
    assert indices(Ranges(ranges).part(position, count)) == indices(ranges)[position : position + count]


@given(ascending(), st.sampled_from([SLICE, CHUNK]))
def test_cut_ranges_hold_the_same_records_and_cross_no_ledger_row(ranges: list[tuple[int, int]], every: int) -> None:
    pieces = list(cut(ranges, every))
    assert indices(pieces) == indices(ranges)
    assert length(pieces) == length(ranges)
    assert all(first // CHUNK == (first + count - 1) // CHUNK for first, count in pieces)
    assert all(1 <= count <= every for _, count in pieces)


@given(ascending(), st.integers(0, 20_000))
def test_slices_are_the_same_wherever_cutting_begins_anew(ranges: list[tuple[int, int]], done: int) -> None:
    pieces = list(cut(ranges, SLICE))
    starts = [length(pieces[:number]) for number in range(len(pieces) + 1)]
    position = max(start for start in starts if start <= done)
    again = list(cut(Ranges(ranges).part(position, length(ranges)), SLICE))
    assert again == pieces[starts.index(position) :]
