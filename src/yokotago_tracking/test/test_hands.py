# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Hands of people as points, before a shelf and elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import body, store

from yokotago_model.events import Hand
from yokotago_tracking.camera import Floats
from yokotago_tracking.hands import Body, HandFinder, under_boards
from yokotago_tracking.height_map import Grid, HeightMap


def found(arm: tuple[float, float, float] | None, y: float = 3.0, looks: int = 3) -> tuple[Hand, ...]:
    """The hands of one person at x = 2 who stands for some looks."""
    finder = HandFinder(store())
    height_map = HeightMap(Grid.over((-0.6, -0.6), (4.6, 4.6), 0.04))
    hands: list[tuple[Hand, ...]] = []
    for _ in range(looks):
        height_map.set(body(2.0, y, 1.7, arm))
        height_map.share(np.array([height_map.grid.cell_of(2.0, y)]), np.zeros(1, np.int64), np.array([1.3]), 0.3)
        hands = finder.hands(height_map, [Body(1, 2.0, y, 1.7, 0.0, 1.7)], ["a"])
    return hands[0]


def test_a_hand_in_the_shelf_is_found_there() -> None:
    hand = found((2.2, 3.6, 1.3))[0]
    assert hand.position[0] == pytest.approx(2.2, abs=0.06)
    assert hand.position[1] > 3.5
    assert 0.0 < hand.position_stddev < 0.12


def test_an_arm_that_ends_at_the_front_is_prolonged_with_a_larger_deviation() -> None:
    at_front = found((2.2, 3.5, 1.2))[0]
    before = found((2.2, 3.38, 1.2), y=2.8)[0]
    assert at_front.position[1] > 3.52
    assert at_front.position_stddev > before.position_stddev


def test_somebody_without_an_arm_stretched_out_has_no_hand_in_the_shelf() -> None:
    assert all(hand.position[1] < 3.45 for hand in found(None))


def test_an_arm_in_the_open_is_found_too() -> None:
    hands = found((2.6, 1.5, 1.1), y=1.5)
    assert len(hands) == 1
    assert np.hypot(hands[0].position[0] - 2.55, hands[0].position[1] - 1.5) < 0.1


def test_a_board_hides_what_is_deep_below_it() -> None:
    (shelf,) = store().shelves
    eye = (1.0, -1.5, 3.0)
    # The line of sight from 0.2 m deep rises by (3 - 0.8) / 1.7 per metre and crosses the front at 0.8 + 0.26 > 0.98.
    assert under_boards(shelf, (1.0, 0.2, 0.8), eye, 0.02)
    assert not under_boards(shelf, (1.0, 0.1, 0.8), eye, 0.02)
    assert not under_boards(shelf, (1.0, 0.3, 1.2), eye, 0.02)
    assert not under_boards(shelf, (1.0, -0.1, 0.8), eye, 0.02)


def test_what_lies_on_the_shelfs_top_is_no_hand_in_it() -> None:
    assert all(hand.position[1] < 3.5 for hand in found((2.2, 3.7, 1.8)))


def test_the_hand_that_waits_before_the_front_is_no_second_hand() -> None:
    one = body(2.0, 3.0, 1.7, (2.3, 3.65, 1.3))
    both = np.concatenate([one, body(2.0, 3.0, 1.7, (1.7, 3.4, 1.0))])
    finder = HandFinder(store())
    height_map = HeightMap(Grid.over((-0.6, -0.6), (4.6, 4.6), 0.04))
    for _ in range(3):
        height_map.set(both)
        height_map.share(np.array([height_map.grid.cell_of(2.0, 3.0)]), np.zeros(1, np.int64), np.array([1.3]), 0.3)
        (hands,) = finder.hands(height_map, [Body(1, 2.0, 3.0, 1.7, 0.0, 1.7)], ["a"])
    assert len([h for h in hands if h.position[1] > 3.4]) == 1
    assert hands[0].position[0] == pytest.approx(2.3, abs=0.06)


def arm_into(shelf_x: float, board_z: float, slope: tuple[float, float]) -> Floats:
    """The upper side of an arm, 7 cm thick, that is seen up to the front only: its axis reaches the front (y = 3.5)
    at shelf_x and board_z + 0.12 and goes on sideways and up by slope per metre of depth.
    """
    v, side = np.meshgrid(np.arange(-0.4, 0.0, 0.02), np.array([-0.03, -0.015, 0.0, 0.015, 0.03]))
    up = np.sqrt(0.035**2 - side**2) * np.hypot(1.0, slope[1])
    x, z = shelf_x + slope[0] * v + side, board_z + 0.12 + slope[1] * v + up
    return np.stack([x, 3.5 + v, z], axis=-1).reshape(-1, 3).astype(np.float32)


def hand_of(arm: Floats) -> Hand:
    """The hand of one person at x = 2 with such an arm, whose body is the rest."""
    finder = HandFinder(store())
    height_map = HeightMap(Grid.over((-0.6, -0.6), (4.6, 4.6), 0.04))
    for _ in range(3):
        height_map.set(np.concatenate([body(2.0, 3.0, 1.7, None), arm]))
        height_map.share(np.array([height_map.grid.cell_of(2.0, 3.0)]), np.zeros(1, np.int64), np.array([1.3]), 0.3)
        (hands,) = finder.hands(height_map, [Body(1, 2.0, 3.0, 1.7, 0.0, 1.7)], ["a"])
    return hands[0]


@pytest.mark.parametrize("slope", [(0.0, 0.0), (-0.5, -0.6), (0.4, 0.3)])
def test_a_hidden_hand_lies_on_the_axis_of_its_arm(slope: tuple[float, float]) -> None:
    hand = hand_of(arm_into(2.1, 1.0, slope))
    deep = hand.position[1] - 3.5
    assert 0.05 < deep < 0.16
    assert hand.position[0] == pytest.approx(2.1 + slope[0] * deep, abs=0.015)
    assert hand.position[2] == pytest.approx(1.12 + slope[1] * deep, abs=0.015)


def test_a_hidden_hand_stays_above_the_board_that_its_arm_passes() -> None:
    hand = hand_of(arm_into(2.1, 0.94, (0.0, -1.0)))
    assert hand.position[2] == pytest.approx(1.035, abs=0.005)
