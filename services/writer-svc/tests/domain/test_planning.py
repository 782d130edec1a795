"""What counts as a change."""

from typing import Any

import pytest
from writer_svc.domain.planning import agrees, plan_row, same


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (None, "", True),
        ("a", "a", True),
        ("a", "A", False),
        (12, 12.0, True),
        (True, 1, False),
        (None, 0, False),
        ("2026-11-21T10:00:00.000+0000", "2026-11-21T12:00:00.000+02:00", True),
        ("2026-11-21T10:00:00.000+0000", "2026-11-21T10:00:01.000Z", False),
        ("2026-11-21", "2026-11-22", False),
    ],
)
def test_values_are_compared_as_the_crm_keeps_them(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal
    assert same(other, one) is equal


def test_a_diff_holds_what_changes_and_nothing_else(make_result: Any) -> None:
    row = plan_row(make_result(0), "k", {"A": "new", "B": 2, "C": ""}, {"A": "old", "B": 2.0, "C": None}, "001")
    assert (row.action, row.change().fields) == ("update", {"A": {"before": "old", "after": "new"}})
    same_row = plan_row(make_result(0), "k", {"B": 2}, {"B": 2.0}, "001")
    assert (same_row.action, same_row.change().fields) == ("unchanged", {})
    new = plan_row(make_result(0), "k", {"A": "new"}, None, None)
    assert (new.action, new.change().fields) == ("create", {"A": {"before": None, "after": "new"}})


def test_a_record_that_is_not_there_agrees_with_none_only() -> None:
    assert agrees(None, None)
    assert not agrees(None, {"A": None})
    assert not agrees({"A": None}, None)
    assert agrees({"A": "x", "B": "other"}, {"A": "x"})
