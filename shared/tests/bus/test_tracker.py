"""What of one partition is finished, and what may be committed."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from shared.bus.done_set import decode
from shared.bus.tracker import PartitionTracker


def finished_of(position: int, metadata: str) -> set[int]:
    return set(range(position)) | {offset for run in decode(position, metadata) for offset in range(*run)}


@given(st.integers(0, 60), st.randoms(use_true_random=False), st.integers(0, 60))
def test_a_commit_says_exactly_what_is_finished(count: int, order: random.Random, finishing: int) -> None:
    tracker = PartitionTracker(0)
    assert all(tracker.receive(offset) for offset in range(count))
    done = order.sample(range(count), min(finishing, count))
    for offset in done:
        tracker.complete(offset)
    position, metadata = tracker.commit() or (0, "")
    assert finished_of(position, metadata) == set(done)
    assert position not in done
    assert tracker.unfinished == count - len(done)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=40))
def test_offsets_that_kafka_passes_over_do_not_hold_the_commit_back(deliveries: list[tuple[int, bool]]) -> None:
    tracker = PartitionTracker(0)
    offset, unfinished = 0, []
    for gap, finish in deliveries:
        offset += gap
        assert tracker.receive(offset)
        if finish:
            tracker.complete(offset)
        else:
            unfinished.append(offset)
        offset += 1
    position, metadata = tracker.commit() or (0, "")
    assert position == (unfinished[0] if unfinished else offset)
    assert not finished_of(position, metadata) & set(unfinished)


@given(st.integers(1, 60), st.randoms(use_true_random=False), st.data())
def test_after_a_restart_only_the_unfinished_run_again(count: int, order: random.Random, data: st.DataObject) -> None:
    first = PartitionTracker(0)
    for offset in range(count):
        first.receive(offset)
    done = set(order.sample(range(count), data.draw(st.integers(0, count))))
    for offset in done:
        first.complete(offset)
    position, metadata = first.commit() or (0, "")
    second = PartitionTracker(position, decode(position, metadata))
    rerun = {offset for offset in range(position, count) if second.receive(offset)}
    assert rerun == set(range(count)) - done
    # What was restored and not delivered yet must survive the next commit as well.
    third_position, third_metadata = second.commit() or (0, "")
    assert finished_of(third_position, third_metadata) >= done


def test_what_is_restored_but_not_delivered_yet_stays_in_the_next_commit() -> None:
    tracker = PartitionTracker(100, [(200, 301)])
    for offset in range(100, 151):
        tracker.receive(offset)
    for offset in range(100, 120):
        tracker.complete(offset)
    assert tracker.commit() is not None
    position, metadata = tracker.commit() or (0, "")
    assert (position, decode(position, metadata)) == (120, [(200, 301)])


def test_a_record_that_is_delivered_again_is_not_handled_again() -> None:
    tracker = PartitionTracker(0)
    assert tracker.receive(0)
    assert not tracker.receive(0)


def test_a_completion_after_the_end_changes_nothing() -> None:
    tracker = PartitionTracker(0)
    tracker.receive(0)
    tracker.end()
    assert not tracker.complete(0)
    assert not tracker.changed


def test_memory_stays_flat_behind_a_stuck_head() -> None:
    tracker = PartitionTracker(0)
    for offset in range(20_000):
        tracker.receive(offset)
        if offset:
            tracker.complete(offset)
        if offset % 500 == 0:
            tracker.commit()
    assert tracker.commit() == (0, tracker.commit()[1])  # type: ignore[index]
    assert len(tracker._runs) == 1
    assert tracker.window == 20_000


def test_a_commit_that_must_be_short_repeats_only_the_tail() -> None:
    tracker = PartitionTracker(0)
    for offset in range(1_000):
        tracker.receive(offset)
    for offset in range(1, 1_000, 2):
        tracker.complete(offset)
    position, metadata = tracker.commit(64) or (0, "")
    assert position == 0
    assert len(metadata) <= 64
    kept = {offset for run in decode(position, metadata) for offset in range(*run)}
    assert kept == set(range(1, 2 * len(kept), 2))
