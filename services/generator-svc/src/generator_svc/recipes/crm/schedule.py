"""When things happen: arrivals along a curve, activities in business time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from generator_svc.rows.texts import day_number

Minutes = NDArray[np.int64]

WINDOW_DAYS = 140
LAST_ARRIVAL_DAYS_AGO = 70
"""Ten weeks before `as_of`: what follows an arrival has happened by then."""

OPENS, CLOSES = 9 * 60, 17 * 60
_OPEN = CLOSES - OPENS
_WEEK = 5 * _OPEN
_DAY = 24 * 60
_MONDAY = 4
"""1970-01-05 was one."""

CURVES: Mapping[str, tuple[float, ...]] = {
    "EVEN": (1,) * 10,
    "SURGE": (1, 1, 1, 2, 14, 9, 3, 1, 1, 1),
    "RAMP": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    "DECAY": (10, 8, 6, 5, 4, 3, 2, 2, 1, 1),
    "WAVES": (6, 1, 6, 1, 6, 1, 6, 1, 6, 1),
    "BELL": (1, 2, 4, 7, 9, 9, 7, 4, 2, 1),
}
"""How many arrive in each tenth of the window (S2-29). A new curve is one line here."""


def arrivals(share: NDArray[np.float64], curve: str, as_of: date) -> Minutes:
    """Minutes since 1970 of business hours, for even shares of [0, 1): where the curve has come to that share."""
    weights = np.array(CURVES[curve], dtype=np.float64)
    reached = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
    tenth = np.clip(np.searchsorted(reached, share, side="right") - 1, 0, len(weights) - 1)
    within = (share - reached[tenth]) / (reached[tenth + 1] - reached[tenth])
    begins = day_number(as_of) - LAST_ARRIVAL_DAYS_AGO - WINDOW_DAYS
    minute = begins * _DAY + np.floor((tenth + within) / len(weights) * WINDOW_DAYS * _DAY).astype(np.int64)
    return business_later(minute, np.zeros(len(share), dtype=np.int64))


def business_later(start: Minutes, worked: Minutes) -> Minutes:
    """So many business minutes after a moment: Monday to Friday, 9 to 17."""
    days, minute = start // _DAY - _MONDAY, start % _DAY
    week, weekday = days // 7, days % 7
    today = np.where(weekday < 5, np.minimum(weekday, 5) * _OPEN + np.clip(minute - OPENS, 0, _OPEN), _WEEK)
    done = week * _WEEK + today + worked
    week, rest = done // _WEEK, done % _WEEK
    return np.asarray((week * 7 + rest // _OPEN + _MONDAY) * _DAY + OPENS + rest % _OPEN, dtype=np.int64)


def moments(minutes: Minutes) -> pa.Array:
    """As moments in UTC."""
    return pa.array(minutes * 60).view(pa.timestamp("s", tz="UTC"))


def days_of(minutes: Minutes) -> pa.Array:
    """As dates."""
    return pa.array((minutes // _DAY).astype(np.int32)).view(pa.date32())
