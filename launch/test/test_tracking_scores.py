# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking scores in worlds of a few frames."""

from __future__ import annotations

import pytest

from yokotago_bringup.tracking_scores import match_frames, tally_tracking
from yokotago_model.events import (
    SECOND,
    CrossingKind,
    HandReach,
    HandSample,
    Track,
    TrackFrame,
    TrackState,
    TrueReach,
    ZoneCrossing,
)
from yokotago_model.store import Facing, Scale, Shelf, Store, Zone, ZoneKind

FRAME = SECOND // 10

STORE = Store(
    store_id="s",
    name="s",
    currency="JPY",
    floor=((0.0, 0.0), (10.0, 0.0), (10.0, 4.0), (0.0, 4.0)),
    ceiling=3.0,
    sensors=(),
    zones=(
        Zone("in", ZoneKind.ENTRANCE, ((0.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0))),
        Zone("out", ZoneKind.EXIT, ((9.0, 1.0), (10.0, 1.0), (10.0, 3.0), (9.0, 3.0))),
    ),
    gates=(),
    shelves=(Shelf("A", "A", (4.0, 3.5, 0.0), 0.0, (2.0, 0.4, 1.5), (1.0,)),),
    scales=(Scale("A1", "A", 0.0, 1.0, 2.0, 0.4),),
    facings=(
        Facing("left", "A", "tea", 0.0, 1.0, 1.0, 0.4, ("A1",)),
        Facing("right", "A", "gum", 1.0, 1.0, 1.0, 0.4, ("A1",)),
    ),
    products=(),
)


def track(track_id: int, x: float, y: float, state: TrackState = TrackState.CONFIRMED) -> Track:
    return Track(track_id, state, (x, y, 0.0), (0.0, 0.0, 0.0), 1.7, (0.0, 0.0, 0.0, 0.0))


def walk(ids: list[int], *, y: float = 2.0, offset: float = 0.0) -> list[TrackFrame]:
    """One person from x = 0.1 to 9.9 in 99 frames, followed by the ids in equal parts of the way."""
    frames = []
    for i in range(99):
        track_id = ids[i * len(ids) // 99]
        frames.append(TrackFrame(i * FRAME, (track(track_id, 0.1 + 0.1 * i + offset, y),)))
    return frames


def figures(frames: list[TrackFrame]) -> dict[str, float | int | None]:
    matched = match_frames(STORE, walk([1]), frames)
    return tally_tracking(STORE, matched, [], [], [], []).figures


def test_a_track_on_the_spot_is_perfect() -> None:
    result = figures(walk([7]))
    assert result["hota"] == pytest.approx(1.0)
    assert result["idf1"] == 1.0
    assert result["mota"] == 1.0
    assert (result["id_switches"], result["lost_visits"]) == (0, 0)
    assert result["head_rmse_m"] == pytest.approx(0.0, abs=1e-6)


def test_an_offset_shows_in_the_error_and_not_in_the_identity() -> None:
    result = figures(walk([7], offset=0.2))
    assert result["idf1"] == 1.0
    assert result["head_rmse_m"] == pytest.approx(0.2)
    hota = result["hota"]
    assert hota is not None
    assert 0.7 < hota < 0.9


def test_a_new_id_on_the_way_is_a_switch_and_a_lost_visit() -> None:
    result = figures(walk([7, 8]))
    assert (result["id_switches"], result["lost_visits"]) == (1, 1)
    assert result["idf1"] == pytest.approx(0.5, abs=0.02)
    assert result["mota"] == pytest.approx(1.0 - 1 / 99)


def test_a_track_farther_than_the_gate_follows_nobody() -> None:
    result = figures(walk([7], offset=0.6))
    assert result["idf1"] == 0.0
    assert result["lost_visits"] == 1


def test_an_untracked_moment_in_the_doorway_does_not_count() -> None:
    late = [f if f.stamp >= 2 * FRAME else TrackFrame(f.stamp, ()) for f in walk([7])]
    assert figures(late)["mota"] == 1.0


def test_an_untracked_moment_in_the_interior_does_count() -> None:
    gap = [f if not 50 * FRAME <= f.stamp < 60 * FRAME else TrackFrame(f.stamp, ()) for f in walk([7])]
    result = figures(gap)
    assert result["mota"] == pytest.approx(1.0 - 10 / 99)
    assert result["lost_visits"] == 0


def test_truth_is_interpolated_between_its_frames() -> None:
    between = [TrackFrame(f.stamp + FRAME // 2, (track(7, 0.15 + 0.1 * i, 2.0),)) for i, f in enumerate(walk([7])[:-1])]
    assert figures(between)["head_rmse_m"] == pytest.approx(0.0, abs=1e-6)


def test_tentative_tracks_are_not_judged() -> None:
    ghost = [TrackFrame(f.stamp, (*f.tracks, track(99, 5.0, 1.0, TrackState.TENTATIVE))) for f in walk([7])]
    assert figures(ghost)["mota"] == 1.0


def test_crossings_need_the_right_person_zone_kind_and_time() -> None:
    matched = match_frames(STORE, walk([1]), walk([7]))
    true = [ZoneCrossing(0, 1, "in", CrossingKind.ENTER), ZoneCrossing(9 * FRAME, 1, "in", CrossingKind.EXIT)]
    made = [
        ZoneCrossing(3 * FRAME, 7, "in", CrossingKind.ENTER),
        ZoneCrossing(9 * FRAME, 7, "out", CrossingKind.EXIT),
        ZoneCrossing(60 * FRAME, 7, "in", CrossingKind.EXIT),
    ]
    result = tally_tracking(STORE, matched, true, made, [], []).figures
    assert result["crossing_precision"] == pytest.approx(1 / 3)
    assert result["crossing_recall"] == pytest.approx(1 / 2)


def reach(track_id: int, x: float, begin: int, end: int) -> HandReach:
    sample = HandSample(begin * FRAME, (x, 3.6, 1.1), 0.03)
    return HandReach(f"r{begin}", track_id, "A", True, begin * FRAME, end * FRAME, (sample,))


def test_reaches_are_matched_by_person_shelf_and_time_and_judged_by_column() -> None:
    matched = match_frames(STORE, walk([1]), walk([7]))
    true = [
        TrueReach(1, "A", "left", 40 * FRAME, 50 * FRAME, (4.4, 3.6, 1.1)),
        TrueReach(1, "A", "right", 60 * FRAME, 70 * FRAME, (5.5, 3.6, 1.1)),
    ]
    made = [reach(7, 4.5, 41, 49), reach(7, 4.9, 61, 69), reach(7, 4.5, 85, 90)]
    result = tally_tracking(STORE, matched, [], [], true, made).figures
    assert result["reach_recall"] == 1.0
    assert result["reach_precision"] == pytest.approx(2 / 3)
    assert result["reach_facing_accuracy"] == 0.5
    assert result["reach_position_error_m"] == pytest.approx((0.1 + 0.6) / 2)
