# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Assignments and motion against what can be computed by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yokotago_tracking.association import assign, mixed, swap_probability
from yokotago_tracking.motion import Motion


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_an_assignment_is_the_best_of_all(rows: int, columns: int, data: st.DataObject) -> None:
    cost = st.one_of(st.floats(0.0, 20.0), st.just(math.inf))
    costs = np.array(data.draw(st.lists(cost, min_size=rows * columns, max_size=rows * columns))).reshape(rows, columns)

    def gain(pairs: list[tuple[int, int]]) -> float:
        return sum(10.0 - costs[i, j] for i, j in pairs)

    best = 0.0
    for k in range(1, min(rows, columns) + 1):
        for some in itertools.combinations(range(rows), k):
            for others in itertools.permutations(range(columns), k):
                pairs = list(zip(some, others, strict=True))
                if all(costs[p] <= 10.0 for p in pairs):
                    best = max(best, gain(pairs))
    assert gain(assign(costs, 10.0)) == pytest.approx(best)


def test_two_ways_that_cost_the_same_are_equally_likely() -> None:
    assert swap_probability(3.0, 3.0) == 0.5
    assert swap_probability(0.0, 40.0) == pytest.approx(math.exp(-20.0), rel=1e-6)
    assert swap_probability(0.0, math.inf) == 0.0


def test_only_pairs_that_may_have_been_swapped_mix() -> None:
    costs = np.array([[1.0, 2.0, 90.0], [2.0, 1.0, 90.0], [90.0, 90.0, 1.0]])
    found = mixed([7, 8, 9], costs, [(0, 0), (1, 1), (2, 2)], 0.01)
    assert [(a, b) for a, b, _ in found] == [(7, 8)]
    assert found[0][2] == pytest.approx(1.0 / (1.0 + math.exp(1.0)))


def test_a_filter_follows_a_walk_and_knows_its_velocity() -> None:
    motion = Motion(0.0, 0.0)
    for k in range(1, 60):
        motion.predict(0.1, 1.0)
        motion.update(0.1 * k, 0.0, 0.05)
    assert motion.vx == pytest.approx(1.0, abs=0.02)
    assert motion.x == pytest.approx(5.9, abs=0.02)
    assert 0.0 < motion.pp < 0.05**2


def test_who_is_not_seen_comes_to_a_stand_and_gets_uncertain() -> None:
    motion = Motion(0.0, 0.0, 1.0, 0.0, pp=0.01)
    for _ in range(50):
        motion.stand(0.1, 1.5, 0.3)
    assert motion.speed < 1e-3
    assert motion.x < 0.4
    assert motion.pp > 0.5
