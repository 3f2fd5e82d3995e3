# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The compiled arithmetic of limbs against numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yokotago_tracking.limbs import halves, quantile


@settings(deadline=None)
@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=60), st.floats(0.0, 1.0))
def test_a_quantile_is_numpys_to_the_bit(values: list[float], share: float) -> None:
    column = np.column_stack([np.zeros(len(values)), values])[:, 1]
    assert quantile(column, share) == np.quantile(column, share)


def strip(middle: float, slope: float, width: float, rng: np.random.Generator) -> np.ndarray:
    """40 points evenly over a strip that ends at v = 0, u = middle, seen from above, (40, 3)."""
    v = rng.uniform(-0.25, 0.0, 40)
    return np.column_stack([middle + slope * v + rng.uniform(-width / 2, width / 2, 40), v, np.full(40, 1.0)])


@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.8, -0.8), (0.5, 0.5), (0.3, -0.6)])
def test_two_arms_that_nearly_touch_are_told_apart(slopes: tuple[float, float]) -> None:
    rng = np.random.default_rng(1)
    arms = [strip(at, slope, 0.08, rng) for at, slope in zip((0.5, 0.64), slopes, strict=True)]
    points = np.concatenate(arms)
    line, apart = halves(points, 0.0, 1e-3)
    assert np.count_nonzero(line[:40] == 1) + np.count_nonzero(line[40:] == 0) <= 6
    assert apart == pytest.approx(arms[1][:, 0].mean() - arms[0][:, 0].mean(), abs=0.025)


def test_the_halves_of_one_arm_are_half_its_width_apart() -> None:
    points = np.concatenate([strip(0.5, 0.4, 0.08, np.random.default_rng(seed)) for seed in range(5)])
    line, apart = halves(points, 0.0, 1e-3)
    assert apart == pytest.approx(0.04, abs=0.008)
    assert 0.3 < line.mean() < 0.7


def test_points_at_one_place_are_one_arm() -> None:
    line, apart = halves(np.tile([0.5, -0.1, 1.0], (6, 1)), 0.0, 1e-3)
    assert apart == 0.0
    assert line.tolist() == [0] * 6
