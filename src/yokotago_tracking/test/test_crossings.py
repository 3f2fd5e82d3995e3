# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Entering and leaving zones: through, along, to and fro, and into nothing."""

from __future__ import annotations

from worlds import PERIOD, START, frame, store, track

from yokotago_model.events import CrossingKind, ZoneCrossing
from yokotago_tracking.crossings import CrossingParams, Crossings

ENTER, EXIT = CrossingKind.ENTER, CrossingKind.EXIT


def walk(*ys: float | None) -> list[ZoneCrossing]:
    """The crossings of somebody at x = 1 whose y is given tick by tick; None: no track."""
    stage = Crossings(store())
    return [
        c for k, y in enumerate(ys) for c in stage.feed(frame(k, *([] if y is None else [track(1, 1.0, y)])))
    ] + stage.finish()


def test_who_walks_in_enters_and_leaves_the_zone_when_they_cross_its_border() -> None:
    made = walk(-0.3, -0.1, 0.05, 0.3, 0.6, 0.85, 1.1)
    assert [(c.zone_id, c.kind, (c.stamp - START) // PERIOD) for c in made] == [("in", ENTER, 2), ("in", EXIT, 5)]


def test_a_track_that_begins_in_a_zone_enters_it_and_one_that_ends_there_leaves_it() -> None:
    made = walk(0.4, 0.4, 0.3, None)
    assert [(c.kind, (c.stamp - START) // PERIOD) for c in made] == [(ENTER, 0), (EXIT, 2)]


def test_who_lingers_on_the_border_does_not_cross_it_again_and_again() -> None:
    made = walk(0.4, *[0.75, 0.85] * 20, 0.4)
    assert [c.kind for c in made] == [ENTER]


def test_who_stands_just_outside_has_left_after_a_while_at_the_time_of_the_border() -> None:
    made = walk(0.4, *[0.83] * 15)
    assert [(c.kind, (c.stamp - START) // PERIOD) for c in made] == [(ENTER, 0), (EXIT, 1)]


def test_what_is_settled_never_changes() -> None:
    stage = Crossings(store(), CrossingParams())
    settled = 0
    for k, y in enumerate([-0.3, 0.05, 0.3, 0.75, 0.85, 0.78, 0.83, 0.86, 0.9, 1.2, 0.5]):
        made = stage.feed(frame(k, track(1, 1.0, y)))
        assert all(c.stamp > settled for c in made)
        settled = stage.settled


def test_two_abreast_enter_both() -> None:
    stage = Crossings(store())
    made = [c for k, y in enumerate([-0.2, 0.2]) for c in stage.feed(frame(k, track(1, 0.7, y), track(2, 1.2, y)))]
    assert [(c.track_id, c.kind) for c in made] == [(1, ENTER), (2, ENTER)]
