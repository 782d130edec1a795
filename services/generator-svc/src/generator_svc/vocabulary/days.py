"""Days as Faker's parameters name them: `2024-05-01`, `-30y`, `+3w`, `today` – the day that dates count from."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

_STEP = re.compile(r"([+-]?\d{1,4})\s*(years?|y|months?|M|weeks?|w|days?|d|hours?|h|minutes?|m|seconds?|s)")
_SMALL = ("h", "m", "s")


class NotADay(ValueError):
    """Neither a date nor a step from today."""


def day_of(value: Any, as_of: date) -> date:
    """The day that a parameter names. Raises `NotADay`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 200_000:
        return as_of + timedelta(days=value)
    text = str(value).strip()
    if text.lower() in ("today", "now"):
        return as_of
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).date()
    except ValueError:
        pass
    steps = list(_STEP.finditer(text.replace(" ", "")))
    if not steps or "".join(step.group(0) for step in steps) != text.replace(" ", ""):
        raise NotADay("a date such as 2024-05-01, `today`, or a step such as -2y or +30d is needed")
    try:
        for step in steps:
            as_of = _stepped(as_of, int(step.group(1)), step.group(2))
    except (ValueError, OverflowError):
        raise NotADay("the date lies outside of the years 1 to 9999") from None
    return as_of


def years_later(day: date, years: int) -> date:
    """The same day of another year; 29 February becomes the 28th where there is none."""
    year = day.year + years
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))


def _stepped(day: date, count: int, unit: str) -> date:
    if unit.startswith("y"):
        return years_later(day, count)
    if unit == "M" or unit.startswith("mo"):
        months = day.year * 12 + day.month - 1 + count
        year, month = divmod(months, 12)
        return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
    if unit.startswith("w"):
        return day + timedelta(weeks=count)
    if unit[0] in _SMALL:
        return day
    return day + timedelta(days=count)
