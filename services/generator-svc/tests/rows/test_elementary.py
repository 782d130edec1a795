"""Elementary functions made of exact operations, against the standard library."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from generator_svc.rows.elementary import exp, ln, normal_probability, normal_quantile, power
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(1e-300, 1e300))
def test_the_logarithm_is_right_to_the_last_digits(x: float) -> None:
    assert ln(np.array([x]))[0] == pytest.approx(math.log(x), rel=1e-15, abs=1e-15)


@given(st.floats(-690, 690))
def test_the_exponential_is_right_to_the_last_digits(x: float) -> None:
    assert exp(np.array([x]))[0] == pytest.approx(math.exp(x), rel=1e-15)


@given(st.floats(0.01, 100), st.floats(-5, 5))
def test_powers_are_those_of_the_standard_library(base: float, exponent: float) -> None:
    assert power(np.array([base]), exponent)[0] == pytest.approx(base**exponent, rel=1e-13)


@given(st.floats(1e-16, 1 - 1e-16))
def test_the_normal_quantile_is_exact_to_nine_digits(p: float) -> None:
    assert normal_quantile(np.array([p]))[0] == pytest.approx(NormalDist().inv_cdf(p), abs=1e-9, rel=1e-9)


@given(st.floats(-8, 8))
def test_the_normal_probability_is_exact_to_nine_digits(z: float) -> None:
    assert normal_probability(np.array([z]))[0] == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)), abs=1e-12)


def test_known_values_keep_their_last_bit() -> None:
    """The bytes of a data set hang on them: whoever changes one must raise the version of every recipe."""
    inputs = np.array([0.001, 0.3, 0.999])
    assert [value.hex() for value in ln(inputs)] == [
        "-0x1.ba18a998fffa0p+2", "-0x1.34378fcbda721p+0", "-0x1.064670d979b73p-10",
    ]  # fmt: skip
    assert [value.hex() for value in normal_quantile(inputs)] == [
        "-0x1.8b8cbb7204470p+1", "-0x1.0c7e39582c5fap-1", "0x1.8b8cbb7204470p+1",
    ]  # fmt: skip
