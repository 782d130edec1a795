"""A job's end is noticed soon, and looking for it costs few calls."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from writer_svc.domain.polling import FIRST_S, LONGEST_S, SHORTEST_S, Polling

ROWS = 100_000


def looks(done_at: Callable[[float], int], ends_s: float) -> list[float]:
    """When the job is looked at, up to its end."""
    polling, at = Polling(ROWS), [0.0]
    while at[-1] < ends_s:
        at.append(at[-1] + polling.pause_s(done_at(at[-1])))
    return at


@settings(deadline=None)
@given(st.floats(1.0, 20_000.0))
def test_a_job_that_says_nothing_is_noticed_an_eighth_of_its_time_late_at_most(ends_s: float) -> None:
    at = looks(lambda _: 0, ends_s)
    assert at[-1] - ends_s <= min(LONGEST_S, FIRST_S + ends_s / 8)
    assert len(at) <= 27 + ends_s / LONGEST_S


@settings(deadline=None)
@given(st.floats(1.0, 20_000.0))
def test_one_that_counts_evenly_is_noticed_at_once(ends_s: float) -> None:
    at = looks(lambda now: int(ROWS * now / ends_s), ends_s)
    # The first pause is made before anything is known.
    assert at[-1] - ends_s <= max(FIRST_S if ends_s < 2 * FIRST_S else SHORTEST_S, ends_s / 25)
    assert len(at) <= 35 + ends_s / LONGEST_S


@settings(deadline=None)
@given(st.floats(1.0, 20_000.0), st.integers(1, 50))
def test_one_that_counts_by_steps_or_is_long_in_ending_is_not_asked_all_the_time(ends_s: float, steps: int) -> None:
    at = looks(lambda now: ROWS * min(steps, int(now * 2 / ends_s * steps)) // steps, ends_s)
    assert at[-1] - ends_s <= min(LONGEST_S, FIRST_S + ends_s / 8)
    assert len(at) <= 100 + ends_s / LONGEST_S
