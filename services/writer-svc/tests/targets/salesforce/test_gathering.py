"""Full calls, no record under way twice, nobody forgotten."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.errors import Retryable
from writer_svc.domain.rows import Row
from writer_svc.domain.verdicts import Verdict
from writer_svc.targets.salesforce.gathering import Company, Gathering

WRITTEN = Verdict("written")


class Calls:
    """Notes calls, and that no key is in two of them at once."""

    def __init__(self) -> None:
        self.made: list[list[Row]] = []
        self.under_way: set[str] = set()
        self.most = 0
        self.running = 0

    async def save(self, rows: Sequence[Row]) -> list[tuple[Row, Verdict]]:
        self.made.append(list(rows))
        keys = {row.key for row in rows}
        assert len(keys) == len(rows)
        assert not keys & self.under_way
        self.under_way |= keys
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.001)
        self.running -= 1
        self.under_way -= keys
        return [(row, WRITTEN) for row in rows]


@pytest.fixture
def calls() -> Calls:
    return Calls()


async def test_groups_of_a_few_become_calls_of_two_hundred(calls: Calls, make_result: Any) -> None:
    gathering = Gathering(calls.save, Company(quiet_s=5.0))
    groups = [[Row(make_result(i), f"k{i}", {}) for i in range(start, start + 7)] for start in range(0, 1_001, 7)]
    told = await asyncio.gather(*(gathering.send(group, at_once=group is groups[-1]) for group in groups))
    assert sum(len(one) for one in told) == 1_001
    assert [len(call) for call in calls.made] == [200, 200, 200, 200, 200, 1]
    assert calls.most <= 4


async def test_what_is_alone_goes_when_it_is_quiet(calls: Calls, make_result: Any) -> None:
    gathering = Gathering(calls.save, Company(quiet_s=0.01))
    ((_, verdict),) = await gathering.send([Row(make_result(0), "k", {})], at_once=False)
    assert verdict == WRITTEN


async def test_a_call_that_fails_is_told_to_its_rows_only(make_result: Any) -> None:
    async def save(rows: Sequence[Row]) -> list[tuple[Row, Verdict]]:
        if rows[0].key == "bad":
            raise Retryable("away")
        return [(row, WRITTEN) for row in rows]

    gathering = Gathering(save, Company(size=1, quiet_s=0.0))
    told = await gathering.send([Row(make_result(0), "bad", {}), Row(make_result(1), "good", {})], at_once=True)
    assert isinstance(told[0][1], Retryable)
    assert told[1][1] == WRITTEN


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), max_size=8), st.integers(1, 4))
def test_every_row_gets_its_verdict_and_rows_of_one_record_keep_their_order(
    make_result: Any, groups: list[list[int]], size: int
) -> None:
    async def scene() -> Calls:
        calls, numbers = Calls(), iter(range(1_000))
        gathering = Gathering(calls.save, Company(size=size, quiet_s=0.002, longest_s=0.01, parallel=2))
        rows = [[Row(make_result(next(numbers)), str(key), {}) for key in group] for group in groups]
        told = await asyncio.gather(*(gathering.send(group, at_once=False) for group in rows))
        assert [len(one) for one in told] == [len(group) for group in groups]
        return calls

    calls = asyncio.run(scene())
    for key in {str(key) for group in groups for key in group}:
        order = [row.result.index for call in calls.made for row in call if row.key == key]
        assert order == sorted(order)
