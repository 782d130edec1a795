"""The window follows the rate, between its bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from schema_svc.domain.window import HORIZON_S, Window


def after_steady(rate: int, seconds: float, window: Window) -> int:
    size = 0
    for step in range(int(seconds / 0.2) + 1):
        size = window.size(int(rate * step * 0.2), step * 0.2)
    return size


def test_a_batch_begins_with_what_the_workers_hold_in_flight() -> None:
    assert Window(1_000, 32_000).size(0, 5.0) == 1_000


def test_a_slow_batch_never_queues_more_than_the_least() -> None:
    assert after_steady(100, 10, Window(1_000, 32_000)) == 1_000


def test_a_fast_batch_has_two_seconds_of_work_under_way() -> None:
    assert abs(after_steady(10_000, 5, Window(1_000, 32_000)) - HORIZON_S * 10_000) < 1_000


def test_a_batch_that_stops_moving_shrinks_to_the_least() -> None:
    window = Window(1_000, 32_000)
    after_steady(10_000, 5, window)
    assert window.size(50_000, 60.0) == 1_000


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 100_000)), max_size=50))
def test_the_window_keeps_its_bounds_whatever_is_reported(steps: list[tuple[float, int]]) -> None:
    window, now, settled = Window(1_000, 32_000), 0.0, 0
    for waited, more in steps:
        now, settled = now + waited, settled + more
        assert 1_000 <= window.size(settled, now) <= 32_000
