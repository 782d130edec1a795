"""Answers for a dataset are kept, and those that it would not take fail at once."""

from collections.abc import Sequence
from typing import Any

from writer_svc.domain.uploads import Kept
from writer_svc.targets.crm_analytics import CrmAnalytics

TARGET = {"kind": "crm-analytics"}


class Noted:
    """What was kept."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []

    async def keep(self, dataset: str, kept: Sequence[Kept]) -> None:
        assert dataset == "Structured_Response"
        self.kept += kept


async def test_what_fits_is_kept_without_a_verdict(session: Any, make_result: Any, make_plan: Any) -> None:
    keeping, plan = Noted(), make_plan(TARGET, name="My batch")
    results = [make_result(0, "a summary"), make_result(1, None, values={"a": "x" * 32_001}), make_result(2, None)]
    told = [one async for one in CrmAnalytics(session, keeping).write([(result, plan) for result in results])]
    assert [(result.index, verdict.code) for result, verdict in told] == [(1, "STRING_TOO_LONG"), (2, "NO_ANSWER")]
    assert [(kept.result.index, kept.batch_name) for kept in keeping.kept] == [(0, "My batch")]


async def test_without_an_org_every_record_fails(make_result: Any, make_plan: Any) -> None:
    written = CrmAnalytics(None, Noted()).write([(make_result(0), make_plan(TARGET))])
    assert [verdict.code async for _, verdict in written] == ["NOT_CONFIGURED"]
