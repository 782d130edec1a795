"""How fast a batch moves and when it will be done, as an interval: one number would claim more than is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev

Point = tuple[float, int]
"""(seconds since 1970, records settled)"""

SPACING_S = 1.0
KEPT = 20
_NINETY_PERCENT = (
    1.645  # two-sided normal quantile: the interval holds in nine cases of ten, if the rate stays as it is
)


@dataclass(frozen=True)
class Eta:
    """Seconds until the last record is in."""

    low: float
    mid: float
    high: float


def observed(points: Sequence[Point], now: float, settled: int) -> list[Point]:
    """The history with what is seen now; a point a second, the last twenty. A retry starts a new history."""
    if not points or settled < points[-1][1]:
        return [(now, settled)]
    if now - points[-1][0] < SPACING_S:
        return list(points)
    return [*points, (now, settled)][-KEPT:]


def rate(points: Sequence[Point], now: float, settled: int) -> float | None:
    """Records a second over the kept history up to now; None before there is a history."""
    if not points or now - points[0][0] < SPACING_S / 2:
        return None
    return max(0.0, (settled - points[0][1]) / (now - points[0][0]))


def eta(points: Sequence[Point], now: float, settled: int, pending: int) -> Eta | None:
    """When the pending records will be done, from the mean rate and how much the rate varied; None when unknown."""
    mean = rate(points, now, settled)
    if not mean or pending <= 0:
        return None
    steps = [
        (after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(points) if after[0] > before[0]
    ]
    # With fewer than three steps the variation is not known: assume that the rate may be off by half.
    error = stdev(steps) / math.sqrt(len(steps)) if len(steps) >= 3 and fmean(steps) > 0 else mean / 2
    slowest = max(mean - _NINETY_PERCENT * error, mean / 10)
    return Eta(
        low=round(pending / (mean + _NINETY_PERCENT * error), 1),
        mid=round(pending / mean, 1),
        high=round(pending / slowest, 1),
    )
