"""Logarithm, exponential and the normal distribution from IEEE 754 basic operations alone.

NumPy's own `log` and `exp` differ in the last bit between processors (their SIMD variants are chosen at run time), and
one bit is enough for a different rounded cent. Additions, multiplications, divisions, square roots, `frexp`, `ldexp`
and rounding are exact by the standard, so everything here gives the same bytes on every platform.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts, the first short enough that a whole multiple of it is exact."""
_SQRT_HALF = 0.7071067811865476
_LN = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip
_EXP = (
    1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05, -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
)  # fmt: skip


def ln(x: Floats) -> Floats:
    """Natural logarithm of positive numbers, within one unit in the last place (Sun's fdlibm, e_log.c)."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < _SQRT_HALF
    f = np.where(small, mantissa + mantissa, mantissa) - 1.0
    k = (exponent - small).astype(np.float64)
    s = f / (2.0 + f)
    z = s * s
    rest = z * _polynomial(_LN, z)
    half = 0.5 * f * f
    return np.asarray(k * LN2_HIGH - ((half - (s * (half + rest) + k * LN2_LOW)) - f), dtype=np.float64)


def exp(x: Floats) -> Floats:
    """e to the power of x for |x| < 700, within one unit in the last place (Sun's fdlibm, e_exp.c)."""
    k = np.rint(x * 1.4426950408889634)
    high, low = x - k * LN2_HIGH, k * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * _polynomial(_EXP, t)
    return np.ldexp(1.0 - ((low - (r * c) / (2.0 - c)) - high), k.astype(np.int32))


def power(base: Floats, exponent: Floats | float) -> Floats:
    """A positive base to any power."""
    return exp(exponent * ln(base))


def normal_quantile(p: Floats) -> Floats:
    """The standard normal deviate of a probability in (0, 1): Wichura's AS 241, about 16 digits."""
    q = p - 0.5
    r = 0.180625 - q * q
    value = q * _polynomial(_A, r) / _polynomial(_B, r)
    tail = np.flatnonzero(np.abs(q) > 0.425)
    if tail.size:
        value[tail] = _tail_quantile(p[tail], q[tail])
    return np.asarray(value, dtype=np.float64)


def normal_probability(z: Floats) -> Floats:
    """The share of a standard normal distribution below z: Hart's algorithm 5666 as given by West, 15 digits."""
    size = np.abs(z)
    inside = np.minimum(size, 37.0)
    bell = exp(-0.5 * inside * inside)
    near = bell * _polynomial(_HART_OVER, inside) / _polynomial(_HART_UNDER, inside)
    fraction = inside + 0.65
    for step in (4.0, 3.0, 2.0, 1.0):
        fraction = inside + step / fraction
    far = bell / (fraction * 2.506628274631000502)
    below = np.where(inside < 7.07106781186547, near, far)
    return np.asarray(np.where(z > 0, 1.0 - below, below), dtype=np.float64)


def _tail_quantile(p: Floats, q: Floats) -> Floats:
    r = np.sqrt(-ln(np.minimum(p, 1.0 - p)))
    middle, far = r - 1.6, r - 5.0
    value = np.where(
        r <= 5.0, _polynomial(_C, middle) / _polynomial(_D, middle), _polynomial(_E, far) / _polynomial(_F, far)
    )
    return np.where(q < 0, -value, value)


def _polynomial(coefficients: Sequence[float], x: Floats) -> Floats:
    """Horner's rule, the constant first; written out because `np.polyval` may change its order of operations."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value *= x
        value += coefficient
    return value


_A = (
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
    4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
)  # fmt: skip
_B = (
    1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
    3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
)  # fmt: skip
_C = (
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
    1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
)  # fmt: skip
_D = (
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
    1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
)  # fmt: skip
_E = (
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
)  # fmt: skip
_F = (
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
    1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
)  # fmt: skip
_HART_OVER = (
    220.206867912376, 221.213596169931, 112.079291497871, 33.912866078383, 6.37396220353165, 0.700383064443688,
    3.52624965998911e-02,
)  # fmt: skip
_HART_UNDER = (
    440.413735824752, 793.826512519948, 637.333633378831, 296.564248779674, 86.7807322029461, 16.064177579207,
    1.75566716318264, 8.83883476483184e-02,
)  # fmt: skip
