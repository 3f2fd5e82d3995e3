# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Who bends down away from the shelves is noticed; who bends to a shelf is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fusion_world import at, frames, reach, small_store

from yokotago_fusion.floor_watch import FloorWatch
from yokotago_model.events import Hand, HandReach, TrackFrame

STORE = small_store()


def bends(y: float, begin: float, end: float, to: float = 1.2) -> list[TrackFrame]:
    """Ten seconds of a person of 1.7 m whose head goes down to `to` from begin to end."""
    return [
        replace(f, tracks=tuple(replace(t, height=to) for t in f.tracks)) if at(begin) <= f.stamp < at(end) else f
        for f in frames(0.0, 10.0, {1: (2.0, y)})
    ]


def told(made: list[TrackFrame], reaches: list[HandReach] | None = None) -> list[int]:
    watch = FloorWatch(STORE)
    out = []
    waiting = list(reaches or [])
    for frame in made:
        while waiting and (waiting[0].end if waiting[0].complete else waiting[0].begin) <= frame.stamp:
            watch.reach(waiting.pop(0))
        out += watch.feed(frame)
    return out


def test_who_bends_down_in_the_middle_of_the_store_is_told_once() -> None:
    assert told(bends(2.0, 5.0, 6.0)) == [1]


@pytest.mark.parametrize(
    ("y", "end", "to"),
    [
        (3.3, 6.0, 1.2),  # close before the shelf's front
        (2.0, 5.2, 1.2),  # a nod
        (2.0, 6.0, 1.5),  # a stoop
    ],
)
def test_what_is_no_bending_to_the_floor_is_not_told(y: float, end: float, to: float) -> None:
    assert told(bends(y, 5.0, end, to)) == []


def test_who_reached_meanwhile_bent_to_the_shelf() -> None:
    assert told(bends(2.9, 5.0, 6.0)) == [1]
    assert told(bends(2.9, 5.0, 6.0), reach(1, 1, 1.0, 5.2, 5.8)) == []
    assert told(bends(2.9, 5.0, 6.0), reach(1, 1, 1.0, 1.0, 2.0)) == [1]


def test_who_has_a_hand_at_a_front_bent_to_the_shelf() -> None:
    def seen(x: float, y: float) -> list[TrackFrame]:
        hand = Hand((x, y, 0.9), 0.03, 0.9)
        made = bends(2.9, 5.0, 6.0)
        return [replace(f, tracks=tuple(replace(t, hands=(hand,)) for t in f.tracks)) for f in made]

    assert told(seen(2.0, 3.4)) == []
    assert told(seen(2.0, 3.2)) == [1]
    assert told(seen(0.9, 3.4)) == [1]  # beside its end


def test_an_arm_that_swings_low_while_walking_sets_nothing_down() -> None:
    hand = Hand((2.0, 2.4, 0.2), 0.03, 0.9)
    made = frames(0.0, 2.0, {1: (2.0, 2.0)})
    walking = [
        replace(f, tracks=tuple(replace(t, hands=(hand,), velocity=(0.9, 0.0, 0.0)) for t in f.tracks)) for f in made
    ]
    assert told(walking) == []


def test_a_hand_at_the_floor_is_told_once_and_one_at_a_low_board_is_not() -> None:
    def low(y: float) -> list[TrackFrame]:
        hand = Hand((2.0, y, 0.2), 0.03, 0.9)
        made = frames(0.0, 2.0, {1: (2.0, 2.0)})
        return [replace(f, tracks=tuple(replace(t, hands=(hand,)) for t in f.tracks)) for f in made]

    assert told(low(2.4)) == [1]
    assert told(low(3.6)) == []
