"""When an upload is closed, and what its end means."""

from typing import Any

import pytest
from writer_svc.domain.uploads import Closing, Waiting, quotable, verdict_of

CLOSING = Closing(records=100, longest_s=60.0)


def waiting(records: int, unsettled: int | None = None, pending: int | None = None, since: float = 0.0) -> Waiting:
    return Waiting("b", records, records if unsettled is None else unsettled, since, pending)


@pytest.mark.parametrize(
    ("case", "requested", "now", "due"),
    [
        (waiting(5), 5, 1.0, True),
        (waiting(4), 5, 1.0, False),
        (waiting(4, pending=4), 5, 1.0, True),
        (waiting(4, pending=5), 5, 1.0, False),
        (waiting(2, unsettled=4, pending=4), 9, 1.0, True),
        (waiting(2, unsettled=2, pending=4), 9, 1.0, False),
        (waiting(100), 1_000, 1.0, True),
        (waiting(1), 5, 60.0, True),
        (waiting(1), 0, 59.0, False),
    ],
    ids=[
        "all of the batch", "one may still come", "the others failed", "nothing is told yet", "some are in an upload",
        "some are with the workers", "enough for an upload", "waited long enough", "the plan is not known",
    ],
)  # fmt: skip
def test_an_upload_is_closed_when_nothing_more_comes(case: Waiting, requested: int, now: float, due: bool) -> None:
    assert CLOSING.is_due(case, requested, now) is due


@pytest.mark.parametrize("status", ["CompletedWithWarnings", "Failed", "NotProcessed", "Aborted", "Deleted"])
def test_only_completed_is_a_success(status: str) -> None:
    verdict = verdict_of(status, "row 3 was rejected", "06V")
    assert (verdict.state, verdict.code, verdict.crm_id) == ("failed", status, None)
    assert "row 3 was rejected" in str(verdict.reason)
    assert verdict_of("Completed", None, "06V").state == "written"


def test_the_orgs_words_are_not_told_where_they_hold_a_value(make_result: Any) -> None:
    results = [make_result(0, "fine"), make_result(1, None, values={"a": "Type 2 diabetes"})]
    assert quotable("2 rows were rejected", results) == "2 rows were rejected"
    assert quotable("Value 'Type 2 diabetes' is too long", results) is None
    assert quotable(None, results) is None
