"""The roots of the cause model: sex, age, height, weight and, from them, BMI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator_svc.rows.draws import Draws
from generator_svc.rows.elementary import normal_quantile

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

YOUNGEST, OLDEST = 35, 75
"""Years (S4-10)."""
BMI_LEAST, BMI_MOST = 230, 420
"""Tenths of kg/m² (S4-11)."""

_LONGEST_SINCE_BIRTHDAY = 363
"""Days. Two short of a year, so that a leap day in between never makes anybody a year older."""

_BMI_MEAN, _BMI_SD = 31.6, 4.7
_TAILS = 0.0349, 0.9861
"""Shares of that normal distribution below 23.1 and below 41.95: what lies between is drawn."""


@dataclass(frozen=True)
class Body:
    """A column per trait, a row per patient."""

    female: Bools
    age: Ints
    """Full years on the day `as_of`."""
    since_birthday: Ints
    """Days from the last birthday to `as_of`."""
    height_cm: Ints
    weight: Ints
    """Tenths of a kilogram."""
    bmi: Ints
    """Tenths; weight ÷ height² as these two are written down, rounded half up."""


def bodies(draws: Draws) -> Body:
    """The bodies of a row range."""
    female = draws.uniform("sex") < 0.52
    age = YOUNGEST + np.minimum(_whole(_bump(draws, "age") * (OLDEST + 1 - YOUNGEST)), OLDEST - YOUNGEST)
    since_birthday = draws.below("birthday", _LONGEST_SINCE_BIRTHDAY + 1).astype(np.int64)
    stature = draws.normal("height", np.where(female, 162.0, 176.0), np.where(female, 6.3, 7.0))
    height = np.clip(_whole(np.rint(stature)), 145, 203)
    low, high = _TAILS
    deviate = normal_quantile(low + draws.uniform("bmi") * (high - low))
    weight = _weight(_BMI_MEAN + _BMI_SD * deviate, height)
    return Body(female, age, since_birthday, height, weight, bmi_of(weight, height))


def bmi_of(weight: Ints, height_cm: Ints) -> Ints:
    """BMI in tenths from tenths of kilograms and centimetres, in whole numbers, so that no rounding is in doubt."""
    square = height_cm * height_cm
    tenths: Ints = (weight * 20_000 + square) // (2 * square)
    return tenths


def _weight(bmi: NDArray[np.float64], height: Ints) -> Ints:
    """Tenths of kilograms that give about this BMI, never one that rounds beyond the bounds or lies on a tie."""
    square = height * height
    weight = _whole(np.rint(bmi * square / 1_000.0))
    weight = np.clip(weight, -(-BMI_LEAST * square // 10_000), BMI_MOST * square // 10_000)
    on_a_tie = (weight * 20_000 + square) % (2 * square) == 0
    return np.where(on_a_tie, weight + 1, weight)


def _bump(draws: Draws, column: str) -> NDArray[np.float64]:
    """[0, 1) with more in the middle and to the right: people with these conditions are older than the population."""
    pair = draws.uniform(column, 2)
    return np.where(pair[:, 0] < 0.4, pair[:, 1], np.sqrt(pair[:, 0] * 0.5 + pair[:, 1] * 0.5))


def _whole(numbers: NDArray[Any]) -> Ints:
    return numbers.astype(np.int64)
