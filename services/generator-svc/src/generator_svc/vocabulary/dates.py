"""Dates and times. All count from the day that the recipe fixes, never from today."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from shared.errors import Rejected

from generator_svc.rows.texts import day_number, days, fixed_width, symbols
from generator_svc.vocabulary.days import NotADay, day_of, years_later
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.kinds import Kind, Parameter, Parameters

MOMENT = pa.timestamp("s", tz="UTC")
_DAY_S = 86_400
_ANY_DAY = date(2025, 1, 1)
Bounds = Callable[[FieldSlice], tuple[date, date]]


def dates(bounds: Bounds) -> Callable[[FieldSlice], pa.Array]:
    """A type of even days of a closed range."""

    def make(field: FieldSlice) -> pa.Array:
        first, last = _in_range(field, bounds)
        return days(day_number(first) + field.below("day", (last - first).days + 1))

    return make


def moments(bounds: Bounds) -> Callable[[FieldSlice], pa.Array]:
    """A type of even seconds from the first day's midnight to the last day's end."""

    def make(field: FieldSlice) -> pa.Array:
        return pa.array(_seconds(field, bounds)).view(MOMENT)

    return make


def between(field: FieldSlice) -> tuple[date, date]:
    """`start_date` … `end_date`."""
    return day_of(field["start_date"], field.as_of), day_of(field["end_date"], field.as_of)


def of_birth(field: FieldSlice) -> tuple[date, date]:
    """Days on which somebody of such an age was born."""
    youngest, oldest = field["minimum_age"], field["maximum_age"]
    return years_later(field.as_of, -oldest - 1) + timedelta(1), years_later(field.as_of, -youngest)


def this_year(field: FieldSlice) -> tuple[date, date]:
    """From New Year to today."""
    return date(field.as_of.year, 1, 1), field.as_of


def this_month(field: FieldSlice) -> tuple[date, date]:
    """From the first to today."""
    return field.as_of.replace(day=1), field.as_of


def this_decade(field: FieldSlice) -> tuple[date, date]:
    """From the decade's first day to today."""
    return date(field.as_of.year // 10 * 10, 1, 1), field.as_of


def times(field: FieldSlice) -> pa.Array:
    """HH:MM:SS."""
    second = field.below("time", _DAY_S).astype(np.uint64)
    out = np.full((field.count, 8), ord(":"), dtype=np.uint8)
    for place, value in ((0, second // np.uint64(3_600)), (3, second // np.uint64(60)), (6, second)):
        out[:, place : place + 2] = symbols(value % np.uint64(60), 2)
    return fixed_width(out)


def years(field: FieldSlice) -> pa.Array:
    """A year of the last so many."""
    return pa.array(field["min"] + field.below("year", field["max"] - field["min"] + 1))


def unix_times(field: FieldSlice) -> pa.Array:
    """Seconds since 1970."""
    return pa.array(_seconds(field, between))


def written(form: str) -> Callable[[FieldSlice], pa.Array]:
    """A part of a date as text, such as the month's name."""

    def make(field: FieldSlice) -> pa.Array:
        day = days(day_number(date(2024, 1, 1)) + field.below("day", 366))
        return pc.strftime(pc.cast(day, pa.timestamp("s")), form, locale="C")

    return make


def _seconds(field: FieldSlice, bounds: Bounds) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    first, last = _in_range(field, bounds)
    return day_number(first) * _DAY_S + field.below("second", ((last - first).days + 1) * _DAY_S)


def _in_range(field: FieldSlice, bounds: Bounds) -> tuple[date, date]:
    first, last = bounds(field)
    if first > last:  # a fixed date against a step from another day than the check assumed
        raise Rejected(f"{field.stream}: no day lies between {first} and {last}", category="validation")
    return first, last


def _in_order(parameters: Parameters) -> Iterator[tuple[str, str]]:
    try:
        first, last = day_of(parameters["start_date"], _ANY_DAY), day_of(parameters["end_date"], _ANY_DAY)
    except NotADay:
        return  # said by the parameter itself
    both_steps = not any(str(parameters[name])[:4].isdigit() for name in ("start_date", "end_date"))
    if first > last and (both_steps or last.isoformat() == str(parameters["end_date"])):
        yield "start_date", f"start_date {parameters['start_date']} is after end_date {parameters['end_date']}"


def _ages(parameters: Parameters) -> Iterator[tuple[str, str]]:
    if parameters["minimum_age"] > parameters["maximum_age"]:
        yield "minimum_age", "minimum_age is above maximum_age"


def _years(parameters: Parameters) -> Iterator[tuple[str, str]]:
    if parameters["min"] > parameters["max"]:
        yield "min", "min is above max"


def _span(start: str, end: str) -> tuple[Parameter, Parameter]:
    return Parameter("start_date", "day", start, summary="a date, or a step from today"), Parameter(
        "end_date", "day", end
    )


def _of_days(name: str, summary: str, start: str, end: str) -> Kind:
    return Kind(name, "dates", summary, dates(between), pa.date32(), _span(start, end), _in_order)


def _of_moments(name: str, summary: str, start: str, end: str) -> Kind:
    return Kind(name, "dates", summary, moments(between), MOMENT, _span(start, end), _in_order)


KINDS: tuple[Kind, ...] = (
    _of_days("date_between", "a date of a range", "-30y", "today"),
    _of_days("date", "a date since 1970", "1970-01-01", "today"),
    _of_days("past_date", "a date of the last 30 days", "-30d", "-1d"),
    _of_days("future_date", "a date of the next 30 days", "+1d", "+30d"),
    Kind("date_this_year", "dates", "a date from New Year to today", dates(this_year), pa.date32()),
    Kind("date_this_month", "dates", "a date from the first to today", dates(this_month), pa.date32()),
    Kind("date_this_decade", "dates", "a date of this decade to today", dates(this_decade), pa.date32()),
    Kind("date_of_birth", "person", "a date of birth", dates(of_birth), pa.date32(),
         (Parameter("minimum_age", "integer", 18, 0, 130), Parameter("maximum_age", "integer", 90, 0, 130)), _ages),
    _of_moments("date_time_between", "a moment of a range", "-30y", "today"),
    _of_moments("date_time", "a moment since 1970", "1970-01-01", "today"),
    _of_moments("past_datetime", "a moment of the last 30 days", "-30d", "-1d"),
    _of_moments("future_datetime", "a moment of the next 30 days", "+1d", "+30d"),
    Kind("date_time_this_year", "dates", "a moment from New Year to today", moments(this_year), MOMENT),
    Kind("unix_time", "dates", "seconds since 1970", unix_times, pa.int64(), _span("1970-01-01", "today"), _in_order),
    Kind("time", "dates", "a time of day", times, pa.string()),
    Kind("year", "dates", "a year", years, pa.int64(),
         (Parameter("min", "integer", 1970, 1, 9_999), Parameter("max", "integer", 2025, 1, 9_999)), _years),
    Kind("month_name", "dates", "a month's name", written("%B"), pa.string()),
    Kind("day_of_week", "dates", "a weekday's name", written("%A"), pa.string()),
)  # fmt: skip
