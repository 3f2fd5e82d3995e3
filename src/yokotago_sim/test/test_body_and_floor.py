# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Joints keep their distances; ways keep to the floor."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yokotago_model.store import Store
from yokotago_sim import body
from yokotago_sim.floor import BODY_RADIUS_M, CELL_M, Floor, door_of

places = st.tuples(*[st.floats(-0.5, 0.5)] * 3)


@given(height=st.floats(0.9, 2.1), offset=places)
def test_the_elbow_keeps_both_lengths(height: float, offset: tuple[float, float, float]) -> None:
    build = body.Build(height)
    shoulder = (1.0, 1.0, 1.4)
    hand = tuple(a + b for a, b in zip(shoulder, offset, strict=True))
    upper, fore = 0.186 * height, build.arm - 0.186 * height
    elbow = body.elbow(build, shoulder, hand)  # type: ignore[arg-type]
    d = math.dist(shoulder, hand)
    if upper - fore + 0.01 < d <= build.arm and d > abs(upper - fore) + 0.01:
        assert math.dist(shoulder, elbow) == pytest.approx(upper, abs=1e-6)
        assert math.dist(elbow, hand) == pytest.approx(fore, abs=1e-6)
        along = sum((e - a) * (b - a) for e, a, b in zip(elbow, shoulder, hand, strict=True)) / d**2
        assert elbow[2] <= shoulder[2] + along * (hand[2] - shoulder[2]) + 1e-6  # it hangs


@given(height=st.floats(0.9, 2.1), lean=st.floats(0.0, 0.8), crouch=st.floats(0.0, 1.0))
def test_leaning_and_crouching_lower_the_head(height: float, lean: float, crouch: float) -> None:
    build = body.Build(height)
    upright = body.Pose(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    bent = replace(upright, lean=lean, crouch=crouch)
    assert body.head_top(build, bent) <= body.head_top(build, upright) + 1e-9
    assert body.head_top(build, upright) == pytest.approx(height, rel=0.01)
    assert body.head(build, bent)[0] >= body.head(build, upright)[0]


def test_ways_keep_clear_of_shelves_and_end_at_their_goal(demo: Store) -> None:
    floor = Floor(demo)
    starts = [(1.0, 0.4), (5.3, 1.0), (3.0, 4.2), (0.7, 4.6)]
    for start in starts:
        for goal in starts:
            way = floor.way(start, goal)
            assert way[-1] == goal
            at = start
            for corner in way:
                n = max(1, int(math.dist(at, corner) / 0.05))
                for k in range(n + 1):
                    x, y = (a + (b - a) * k / n for a, b in zip(at, corner, strict=True))
                    assert floor.clearance(x, y) >= BODY_RADIUS_M - 2 * CELL_M
                at = corner


def test_nobody_fits_into_a_shelf(demo: Store) -> None:
    floor = Floor(demo)
    assert not floor.is_free(0.2, 2.0)
    x, y = floor.nearest_free(0.2, 2.0)
    assert floor.is_free(x, y)
    assert 0.45 < x < 0.9


def test_doors_lie_in_the_wall_that_the_zone_touches(demo: Store) -> None:
    door = door_of(demo, demo.zone["entrance"])
    assert door.middle == pytest.approx((1.5, 0.0))
    assert door.out == pytest.approx((0.0, -1.0))
    assert door.half_width == pytest.approx(0.9)
    assert door.depth == pytest.approx(0.8)
    assert door.at(0.2, 0.5) == pytest.approx((1.7, 0.5))
    assert door.along((1.7, 0.3)) == pytest.approx(0.2)
    assert door.along((9.0, 0.3)) == pytest.approx(0.9 - BODY_RADIUS_M - 0.05)
