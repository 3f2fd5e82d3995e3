# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The few densities that the fusion scores with, as natural logarithms.

Weights are scored as densities per gram; times and places as ratios to "anywhere", which have no unit, so that an
explanation with a hand and one without can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
_SQRT2 = math.sqrt(2.0)


def log_normal(difference: float, variance: float) -> float:
    """Log density of the normal distribution at `difference` from its mean."""
    return -0.5 * difference * difference / variance - 0.5 * math.log(variance) - _LOG_SQRT_2PI


def log_laplace(difference: float, scale: float) -> float:
    """Log density of the Laplace distribution at `difference` from its mean."""
    return -abs(difference) / scale - math.log(2 * scale)


def log_sum(terms: Iterable[float]) -> float:
    """log(sum(exp(terms))); minus infinity for no terms."""
    values = list(terms)
    peak = max(values, default=-math.inf)
    if peak == -math.inf:
        return -math.inf
    return peak + math.log(math.fsum(math.exp(v - peak) for v in values))


def within(value: float, low: float, high: float, stddev: float) -> float:
    """Density at `value` of a uniform variable on [low, high] seen with a normal error of `stddev`."""
    upper = math.erf((high - value) / (stddev * _SQRT2))
    lower = math.erf((low - value) / (stddev * _SQRT2))
    return 0.5 * (upper - lower) / (high - low)


def bell(value: float, mean: float, stddev: float) -> float:
    """Normal density."""
    z = (value - mean) / stddev
    return math.exp(-0.5 * z * z) / (stddev * 2.5066282746310002)


def normal_share(value: float, mean: float, stddev: float) -> float:
    """Probability that a normal variable lies below `value`."""
    return 0.5 * (1.0 + math.erf((value - mean) / (stddev * _SQRT2)))
