# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Whose hand it is: shoulders and arms that can be computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import body, frame, store, track

from yokotago_model.events import Hand, HandOwner, HandReach
from yokotago_tracking.hands import Body, HandFinder
from yokotago_tracking.height_map import Grid, HeightMap
from yokotago_tracking.owners import ArmAxis, OwnerParams, Standing, other_half, other_owners, pooled
from yokotago_tracking.reaches import Reaches

PARAMS = OwnerParams()
SHOULDER = PARAMS.shoulder_share * 1.7
LEFT, RIGHT = Standing(1, 0.0, -0.4, 1.7, 1.7), Standing(2, 0.5, -0.4, 1.7, 1.7)


def shares(along: float, shoulder: float) -> dict[int, float]:
    """Probabilities of the two for a hand at the front, told of the left one, whose arm points from a shoulder."""
    axis = ArmAxis(along, 0.0, (along - shoulder) / 0.4, 0.1)
    others = other_owners((along, 0.1, 1.1), axis, 1, (LEFT, RIGHT), PARAMS)
    found = {o.track_id: o.probability for o in others}
    return {1: 1.0 - math.fsum(found.values()), **found}


def test_a_hand_straight_before_somebody_is_theirs() -> None:
    assert shares(-SHOULDER, -SHOULDER)[1] > 0.99
    assert shares(0.5 + SHOULDER, 0.5 + SHOULDER)[2] == pytest.approx(1.0 - PARAMS.over_body, abs=0.01)


def test_an_arm_that_comes_from_the_other_s_shoulder_is_probably_theirs_although_the_hand_is_nearer() -> None:
    across, straight = shares(0.15, 0.5 - SHOULDER), shares(0.15, SHOULDER)
    assert across[2] > 0.5 > straight[2]


def test_nothing_tells_arms_from_one_place_apart() -> None:
    """Their inner shoulders touch; the way over the bodies, by which it is told of the first one, says little."""
    right = RIGHT._replace(along=2.0 * SHOULDER)
    (other,) = other_owners((SHOULDER, 0.1, 1.1), ArmAxis(SHOULDER, 0.0, 0.0, 0.1), 1, (LEFT, right), PARAMS)
    assert other.track_id == 2
    assert other.probability == pytest.approx(0.5 * (1.0 - PARAMS.over_body), abs=1e-6)


def half(along: float, shoulder: float) -> tuple[tuple[float, float, float], ArmAxis]:
    """An arm that ends at the front and points from a shoulder."""
    return (along, 0.1, 1.1), ArmAxis(along, 0.0, (along - shoulder) / 0.4, 0.1)


def test_two_arms_that_touch_are_each_of_whom_it_fits_better() -> None:
    left, right = half(0.2, SHOULDER), half(0.3, 0.5 - SHOULDER)
    assert other_half([left, right], 1, (LEFT, RIGHT), PARAMS) == (1, 2)
    assert other_half([left, right], 2, (LEFT, RIGHT), PARAMS) == (0, 1)
    assert other_half([right, left], 1, (LEFT, RIGHT), PARAMS) == (0, 2)


def test_halves_that_both_fit_one_person_better_are_one_arm() -> None:
    one = [half(0.2, SHOULDER), half(0.24, SHOULDER)]
    assert other_half(one, 1, (LEFT, RIGHT), PARAMS) is None
    assert other_half(one, 2, (LEFT, RIGHT), PARAMS) is None
    assert other_half(one, 1, (LEFT,), PARAMS) is None


def test_nobody_s_arm_is_longer_than_it_is() -> None:
    """Both shoulders are as far beside the hand; the one stands too far before the front."""
    far = RIGHT._replace(along=2.0 * SHOULDER, into=-0.8)
    others = other_owners((SHOULDER, 0.1, 0.9), ArmAxis(SHOULDER, 0.0, 0.0, 0.1), 1, (LEFT, far), PARAMS)
    assert others == ()


def test_an_upright_person_does_not_reach_what_a_bent_one_does() -> None:
    """Both shoulders are as far beside the hand, which is near the floor."""
    right = RIGHT._replace(along=2.0 * SHOULDER)
    axis = ArmAxis(SHOULDER, 0.0, 0.0, 0.1)
    (other,) = other_owners((SHOULDER, 0.1, 0.5), axis, 1, (LEFT, right._replace(top=1.2)), PARAMS)
    assert other.track_id == 2
    assert other.probability == pytest.approx(1.0 - PARAMS.over_body, abs=0.01)


@given(st.lists(st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 0.0), st.floats(1.0, 2.0)), min_size=1, max_size=8))
def test_what_is_told_are_probabilities(people: list[tuple[float, float, float]]) -> None:
    standing = [Standing(n + 1, along, into, top, 1.8) for n, (along, into, top) in enumerate(people)]
    told = other_owners((0.1, 0.1, 1.0), ArmAxis(0.1, 0.0, 0.2, 0.3), 1, standing, PARAMS)
    assert len(told) <= 3
    assert 1 not in {o.track_id for o in told}
    assert 0.0 <= math.fsum(o.probability for o in told) <= 1.0 + 1e-6
    assert [o.probability for o in told] == sorted((o.probability for o in told), reverse=True)


def test_many_looks_that_say_the_same_count_as_one() -> None:
    look = (HandOwner(2, 0.3), HandOwner(3, 0.1))
    for count in (1, 10):
        assert [(o.track_id, o.probability) for o in pooled([look] * count, 0.005, 0.01)] == [
            (2, pytest.approx(0.3)),
            (3, pytest.approx(0.1)),
        ]


def test_looks_that_contradict_each_other_leave_it_open() -> None:
    """Geometric means: (0.2 x 0.8)^(1/2) for either one."""
    (other,) = pooled([(HandOwner(2, 0.2),), (HandOwner(2, 0.8),)], 0.005, 0.01)
    assert other.probability == pytest.approx(0.5)


def test_who_is_named_in_few_looks_is_not_told_of_the_reach() -> None:
    assert pooled([(HandOwner(2, 0.1),), *[()] * 30], 0.005, 0.01) == ()
    assert pooled([], 0.005, 0.01) == ()


def test_a_reach_tells_whose_else_it_may_be() -> None:
    one = track(1, 2.0, 3.0, (2.0, 3.6, 0.9))
    hands = tuple(Hand(h.position, 0.03, 0.9, (HandOwner(2, 0.25),)) for h in one.hands)
    stage = Reaches(store())
    made: list[HandReach] = []
    for k in range(30):
        told = type(one)(*(getattr(one, f) for f in one.__slots__[:-1]), hands if k < 10 else ())
        made += stage.feed(frame(k, told))
    assert [r.complete for r in made] == [False, True]
    for reach in made:
        assert [(o.track_id, o.probability) for o in reach.other_owners] == [(2, pytest.approx(0.25))]


def test_a_seen_arm_beside_somebody_is_told_with_their_share() -> None:
    """The first one's arm, straight ahead; the second one stands 0.45 m or 1.2 m to the right."""
    grid = Grid.over((-0.6, -0.6), (4.6, 4.6), 0.04)
    found = {}
    for apart in (0.45, 1.2):
        people = [Body(1, 2.0, 3.0, 1.7, 0.0, 1.7), Body(2, 2.0 + apart, 3.0, 1.7, 0.0, 1.7)]
        points = np.concatenate([body(2.0, 3.0, 1.7, (2.15, 3.65, 1.2)), body(2.0 + apart, 3.0)])
        finder, height_map = HandFinder(store()), HeightMap(grid)
        for _ in range(3):
            height_map.set(points)
            cells = np.array([grid.cell_of(p.x, p.y) for p in people])
            height_map.share(cells, np.arange(2), np.array([1.3, 1.3]), 0.3)
            hands, others = finder.hands(height_map, people, ["a"])
        assert others == ()
        found[apart] = math.fsum(o.probability for o in hands[0].other_owners)
    assert 0.01 < found[0.45] < 0.5
    assert found[1.2] == 0.0


def test_two_arms_that_meet_at_one_place_are_two_hands() -> None:
    """Two people reach for one thing: the cells of both arms are the first one's, over whom the way is shorter."""
    grid = Grid.over((-0.6, -0.6), (4.6, 4.6), 0.04)
    people = [Body(1, 2.0, 3.1, 1.7, 0.0, 1.7), Body(2, 2.5, 3.1, 1.7, 0.0, 1.7)]
    arms = [body(2.0, 3.1, 1.7, (2.2, 3.62, 1.2)), body(2.5, 3.1, 1.7, (2.3, 3.62, 1.2))]
    for points, hands_at_shelf in ((np.concatenate(arms), [1, 1]), (np.concatenate([arms[0], body(2.5, 3.1)]), [1, 0])):
        finder, height_map = HandFinder(store()), HeightMap(grid)
        for _ in range(3):
            height_map.set(points)
            cells = np.array([grid.cell_of(p.x, p.y) for p in people])
            height_map.share(cells, np.arange(2), np.array([1.3, 1.3]), 0.3)
            # As where the arms touch: all before the front is the first one's.
            height_map.owner[(height_map.owner == 1) & (np.arange(grid.cells) // grid.nx > (3.22 + 0.6) / 0.04)] = 0
            hands = finder.hands(height_map, people, ["a"])
        assert [sum(h.position[1] > 3.45 for h in of) for of in hands] == hands_at_shelf
    assert hands[0][0].position[0] == pytest.approx(2.2, abs=0.04)
