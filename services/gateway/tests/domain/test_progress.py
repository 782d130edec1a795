"""Rate and time to go."""

from __future__ import annotations

from gateway.domain.progress import KEPT, Point, eta, observed, rate


def history(*steps: int) -> list[Point]:
    points: list[Point] = []
    settled = 0
    for second, step in enumerate(steps):
        settled += step
        points = observed(points, float(second), settled)
    return points


def test_a_steady_batch_has_a_narrow_interval() -> None:
    points = history(*[10] * 12)
    found = eta(points, 11.0, 120, 100)
    assert found is not None
    assert (found.low, found.mid, found.high) == (10.0, 10.0, 10.0)


def test_a_varying_batch_has_a_wide_one_around_the_mean() -> None:
    points = history(*[1, 30, 2, 25, 1, 28, 3])
    found = eta(points, 6.0, 90, 100)
    assert found is not None
    assert found.low < found.mid < found.high


def test_nothing_is_promised_before_there_is_a_history() -> None:
    assert rate([], 5.0, 10) is None
    assert eta(history(5), 0.1, 5, 100) is None
    assert eta(history(5, 0, 0), 2.0, 5, 100) is None
    assert eta(history(5, 5, 5), 2.0, 15, 0) is None


def test_a_silent_batch_slows_down_and_a_retry_starts_anew() -> None:
    points = history(*[10] * 5)
    assert (rate(points, 4.0, 50), rate(points, 8.0, 50)) == (10.0, 5.0)
    assert observed(points, 9.0, 20) == [(9.0, 20)]
    assert len(history(*[1] * 100)) == KEPT
