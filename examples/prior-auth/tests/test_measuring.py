"""Measuring: what is reported, and that a limit which is exceeded is noticed."""

from __future__ import annotations

import io
import re

import pytest
from prior_auth.measuring import LIMITS_MS, limit_of, report
from prior_auth.policy_index import PolicyIndex
from sqlalchemy import Engine


def test_every_query_is_reported_beside_its_limit(engine: Engine, index: PolicyIndex) -> None:
    out = io.StringIO()
    report(engine, index, out, runs=3)
    text = out.getvalue()
    assert "600 patients; a query may take 50 ms" in text
    assert len(re.findall(r"median +[\d.]+ ms   95 % +[\d.]+ ms", text)) == 5
    assert "of 42 questions" in text


def test_a_limit_that_is_exceeded_fails_the_report(engine: Engine, index: PolicyIndex) -> None:
    assert not report(engine, index, io.StringIO(), runs=1, limit=0)
    assert report(engine, index, io.StringIO(), runs=1, limit=60_000)


@pytest.mark.parametrize(("count", "limit"), [(1, 5), (20, 5), (21, 10), (10_000, 200), (200_000, 500), (900_000, 500)])
def test_limits_are_the_guides(count: int, limit: float) -> None:
    assert limit_of(count) == limit
    assert LIMITS_MS[1_000] == 50
