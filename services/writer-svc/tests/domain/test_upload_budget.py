"""Uploads over a day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from writer_svc.domain.upload_budget import DAY_S, UploadBudget


def test_the_first_ones_go_at_once_and_the_others_an_hour_apart() -> None:
    budget, begun = UploadBudget(), [float(number) for number in range(24)]
    assert budget.next_at(begun[:23], 100.0) == 100.0
    assert budget.next_at(begun, 100.0) == 23.0 + 3_600.0
    assert budget.is_ample(begun[:23], 100.0)
    assert not budget.is_ample(begun, 100.0)
    assert budget.left(begun, 100.0) == 24


def test_after_a_day_all_are_there_again() -> None:
    begun = [float(number) for number in range(48)]
    assert UploadBudget().next_at(begun, DAY_S + 100.0) == DAY_S + 100.0
    assert UploadBudget().left(begun, DAY_S + 100.0) == 48


def test_a_budget_without_a_start_is_an_interval() -> None:
    budget = UploadBudget(a_day=48, at_once=0)
    assert budget.next_at([], 5.0) == 5.0
    assert budget.next_at([5.0], 6.0) == 5.0 + 1_800.0


@pytest.mark.parametrize("at_once", [0, 5, 10, 50])
@given(waits=st.lists(st.floats(0.0, 20_000.0), min_size=1, max_size=60))
def test_no_day_has_more_than_its_uploads(at_once: int, waits: list[float]) -> None:
    budget, now, begun = UploadBudget(a_day=10, at_once=at_once), 0.0, list[float]()
    for wait in waits:
        now = budget.next_at(begun, now + wait)
        begun.append(now)
    assert all(sum(other <= moment < other + DAY_S for other in begun) <= 10 for moment in begun)
