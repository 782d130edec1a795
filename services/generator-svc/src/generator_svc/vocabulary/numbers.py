"""Numbers: whole ones, decimals, prices, flags, and distributions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from generator_svc.rows.elementary import exp
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.kinds import Kind, Parameter, Parameters

_MOST = 10**15
_LOW = Parameter("min", "number", 0, -_MOST, _MOST, "smallest value")
_PLACES = Parameter("fraction_digits", "integer", 2, 0, 6, "decimal places")


def decimals(scaled: NDArray[Any], precision: int, places: int) -> pa.Array:
    """Whole numbers of the last place as decimals."""
    words = np.zeros((len(scaled), 2), dtype=np.int64)
    words[:, 0] = scaled
    words[:, 1] = np.where(words[:, 0] < 0, -1, 0)
    return pa.Array.from_buffers(pa.decimal128(precision, places), len(scaled), [None, pa.py_buffer(words)])


def integers(field: FieldSlice) -> pa.Array:
    """Even whole numbers of the closed range, in steps."""
    low, step = field["min"], field["step"]
    return pa.array(low + step * field.below("integer", (field["max"] - low) // step + 1))


def reals(field: FieldSlice) -> pa.Array:
    """Even numbers with so many decimal places."""
    low, high, places = field["min"], field["max"], field["fraction_digits"]
    scale = 10**places
    return _in_form(_rounded(low + (high - low) * field.uniform("real"), scale, low, high), places)


def prices(field: FieldSlice) -> pa.Array:
    """Amounts of money, more small ones than large ones, most ending in 99 where they have cents."""
    places = field["dec"]
    scale = 10**places
    low, high = int(np.ceil(field["min"] * scale)), int(np.floor(field["max"] * scale))
    share = field.uniform("price")
    amounts = low + np.floor(share * share * (high - low + 1)).astype(np.int64)
    if places == 2 and high - low > 1_000:
        charming = (amounts // 100) * 100 + np.array([99, 99, 95, 49, 0, 50])[field.below("ending", 6)]
        amounts = np.where((charming >= low) & (charming <= high), charming, amounts)
    return decimals(amounts, 18, places)


def amounts(field: FieldSlice) -> pa.Array:
    """Even amounts of money."""
    scale = 10 ** field["right_digits"]
    low, high = int(np.ceil(field["min"] * scale)), int(np.floor(field["max"] * scale))
    return decimals(low + field.below("amount", high - low + 1), 18, field["right_digits"])


def normals(field: FieldSlice) -> pa.Array:
    """Bell-shaped around the mean, kept inside of min … max."""
    values = field.draws.normal(f"{field.stream}/normal", field["mean"], field["sd"])
    return _clipped(values, field)


def lognormals(field: FieldSlice) -> pa.Array:
    """Skewed around the median, as incomes and order values are."""
    deviates = field.draws.normal(f"{field.stream}/lognormal", 0.0, field["sigma"])
    return _clipped(field["median"] * exp(np.clip(deviates, -600, 600)), field)


def flags(field: FieldSlice) -> pa.Array:
    """True with a chance in per cent."""
    return pa.array(field.uniform("flag") * 100 < field["chance_of_getting_true"])


def digit_numbers(field: FieldSlice) -> pa.Array:
    """Whole numbers of so many digits."""
    digits = field["digits"]
    low = 10 ** (digits - 1) if field["fix_len"] else 0
    return pa.array(low + field.below("digits", 10**digits - low))


def degrees(most: int) -> Callable[[FieldSlice], pa.Array]:
    """A type of even degrees from -most to most, to about a tenth of a metre."""

    def make(field: FieldSlice) -> pa.Array:
        return pa.array((field.below("degrees", 2 * most * 1_000_000 + 1) - most * 1_000_000) / 1_000_000)

    return make


def _clipped(values: NDArray[np.float64], field: FieldSlice) -> pa.Array:
    places = field["fraction_digits"]
    return _in_form(_rounded(values, 10**places, field["min"], field["max"]), places)


def _in_form(values: NDArray[np.float64], places: int) -> pa.Array:
    return pa.array(values if places else values.astype(np.int64))


def _real_type(parameters: Parameters) -> pa.DataType:
    """Whole numbers are integers: 62000, not 62000.0."""
    return pa.float64() if parameters["fraction_digits"] else pa.int64()


def _rounded(values: NDArray[np.float64], scale: int, low: float, high: float) -> NDArray[np.float64]:
    inside = np.clip(np.rint(values * scale), np.ceil(low * scale), np.floor(high * scale))
    return np.asarray(inside / scale, dtype=np.float64)


def _ordered(parameters: Parameters) -> Iterator[tuple[str, str]]:
    if parameters["min"] > parameters["max"]:
        yield "min", f"min {parameters['min']:g} is above max {parameters['max']:g}"


def _some_between(parameters: Parameters) -> Iterator[tuple[str, str]]:
    yield from _ordered(parameters)
    places = next(parameters[name] for name in ("dec", "right_digits", "fraction_digits") if name in parameters)
    scale = 10**places
    if parameters["min"] <= parameters["max"] and np.ceil(parameters["min"] * scale) > np.floor(
        parameters["max"] * scale
    ):
        yield "max", f"no number with {places} decimal places lies between min and max"


KINDS: tuple[Kind, ...] = (
    Kind(
        "random_int", "numbers", "a whole number", integers, pa.int64(),
        (Parameter("min", "integer", 0), Parameter("max", "integer", 9_999), Parameter("step", "integer", 1, 1)),
        _ordered,
    ),
    Kind(
        "random_float", "numbers", "a number with decimals", reals, _real_type,
        (_LOW, Parameter("max", "number", 1, -_MOST, _MOST), _PLACES), _some_between,
    ),
    Kind(
        "pydecimal", "numbers", "an exact decimal", amounts,
        lambda parameters: pa.decimal128(18, parameters["right_digits"]),
        (Parameter("min", "number", 0, -(10**11), 10**11), Parameter("max", "number", 1_000, -(10**11), 10**11),
         Parameter("right_digits", "integer", 2, 0, 4)), _some_between,
    ),
    Kind(
        "price", "commerce", "an amount of money, small ones more often", prices,
        lambda parameters: pa.decimal128(18, parameters["dec"]),
        (Parameter("min", "number", 1, 0, 10**11), Parameter("max", "number", 1_000, 0, 10**11),
         Parameter("dec", "integer", 2, 0, 4, "decimal places")), _some_between,
    ),
    Kind(
        "normal", "numbers", "a bell-shaped number", normals, _real_type,
        (Parameter("mean", "number", 0), Parameter("sd", "number", 1, 0), Parameter("min", "number", -_MOST),
         Parameter("max", "number", _MOST), _PLACES), _some_between,
    ),
    Kind(
        "lognormal", "numbers", "a skewed positive number", lognormals, _real_type,
        (Parameter("median", "number", 1, 0), Parameter("sigma", "number", 1, 0, 50), _LOW,
         Parameter("max", "number", _MOST), _PLACES), _some_between,
    ),
    Kind(
        "boolean", "numbers", "true or false", flags, pa.bool_(),
        (Parameter("chance_of_getting_true", "number", 50, 0, 100, "per cent"),),
    ),
    Kind(
        "random_number", "numbers", "a whole number of so many digits", digit_numbers, pa.int64(),
        (Parameter("digits", "integer", 6, 1, 15), Parameter("fix_len", "flag", False)),
    ),
)  # fmt: skip
