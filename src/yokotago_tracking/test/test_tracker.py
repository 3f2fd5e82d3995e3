# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Following people made of points: coming, going, waiting, meeting, and sensors that fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy.typing as npt
import pytest
from worlds import body, cloud, sensor, store

from yokotago_model.events import TrackFrame, TrackState
from yokotago_tracking.tracker import Tracker, TrackerParams

EMPTY_S = 5
"""The store is empty so long, so that whoever comes then comes through the door."""


def run(seen: Callable[[int], list[npt.NDArray]], ticks: int) -> list[TrackFrame]:
    """The frames of a store in which `seen` gives the people of a tick."""
    stage = Tracker(store())
    clouds = [cloud(k) for k in range(10 * EMPTY_S)] + [cloud(10 * EMPTY_S + k, *seen(k)) for k in range(ticks)]
    frames = [f for c in clouds for f in stage.feed(c)] + stage.finish()
    return frames[10 * EMPTY_S :]


def sure(frame: TrackFrame) -> list[int]:
    """The believed tracks of a frame."""
    return [t.track_id for t in frame.tracks if t.state is not TrackState.TENTATIVE]


def test_one_person_in_and_out_is_one_track() -> None:
    way = [-0.4 + 0.1 * k for k in range(30)] + [2.5] * 20 + [2.5 - 0.1 * k for k in range(34)]
    frames = run(lambda k: [body(1.0, way[k])] if k < len(way) else [], len(way) + 15)
    assert {i for f in frames for i in sure(f)} == {1}
    (track,) = frames[40].tracks
    assert (track.position[0], track.position[1]) == pytest.approx((1.0, 2.5), abs=0.03)
    assert track.height == pytest.approx(1.7, abs=0.03)
    assert track.identity_confidence == 1.0
    assert frames[-1].tracks == ()


def test_who_is_not_seen_in_the_interior_is_parked_and_found_again() -> None:
    way = [-0.4 + 0.1 * k for k in range(25)]
    frames = run(lambda k: [body(1.0, way[min(k, 24)])] if k < 25 or k > 225 else [], 240)
    (parked,) = frames[200].tracks
    assert parked.state is TrackState.COASTING
    (again,) = frames[-1].tracks
    assert (again.track_id, again.state) == (parked.track_id, TrackState.CONFIRMED)


def test_nobody_begins_in_the_interior_because_a_thing_stands_there() -> None:
    assert all(not sure(f) for f in run(lambda k: [body(2.0, 2.0)], 80))


def test_two_who_pass_each_other_close_keep_their_tracks() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        if k < 25:
            return [body(0.8, -0.4 + 0.1 * k), body(3.2, -0.4 + 0.1 * k)]
        step = min(k - 25, 24) * 0.1
        return [body(0.8 + step, 2.0), body(3.2 - step, 2.3)]

    frames = run(seen, 60)
    at = {t.track_id: t.position[0] for t in frames[24].tracks}
    left, right = sorted(at, key=lambda i: at[i])
    after = {t.track_id: t.position[0] for t in frames[-1].tracks}
    assert after[left] > 3.0
    assert after[right] < 1.0


def test_two_who_become_one_blob_and_part_say_that_they_are_not_sure() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        if k < 25:
            return [body(1.5, -0.4 + 0.1 * k), body(2.5, -0.4 + 0.1 * k)]
        if k < 35:
            step = 0.05 * (k - 25)
            return [body(1.5 + step, 2.0), body(2.5 - step, 2.0)]
        if k < 70:
            return [body(2.0, 2.0)]
        step = min(0.05 * (k - 70), 0.5)
        return [body(2.0 + step, 2.0), body(2.0 - step, 2.0)]

    last = run(seen, 90)[-1]
    assert len(last.tracks) == 2
    for track in last.tracks:
        assert track.identity_confidence < 0.9
        assert track.identity_alternatives == tuple(t.track_id for t in last.tracks if t is not track)


@pytest.mark.parametrize("crossed", [False, True])
def test_who_was_who_shows_when_they_walk_again(crossed: bool) -> None:
    def seen(k: int) -> list[npt.NDArray]:
        if k < 25:
            return [body(1.5, -0.4 + 0.1 * k, 1.70), body(2.5, -0.4 + 0.1 * k, 1.78)]
        if k < 35:
            step = 0.05 * (k - 25)
            return [body(1.5 + step, 2.0, 1.70), body(2.5 - step, 2.0, 1.78)]
        if k < 70:
            return [body(2.0, 2.0, 1.78)]
        step = min(0.06 * (k - 70), 1.4) * (-1.0 if crossed else 1.0)
        return [body(2.0 - step, 2.0, 1.70), body(2.0 + step, 2.0, 1.78)]

    frames = run(seen, 110)
    at = {t.track_id: t.position[0] for t in frames[24].tracks}
    small, tall = sorted(at, key=lambda i: at[i])
    assert min(t.identity_confidence for t in frames[75].tracks) < 0.9
    after = {t.track_id: t for t in frames[-1].tracks}
    assert (after[small].position[0] > after[tall].position[0]) == crossed
    for here in after.values():
        assert here.identity_confidence == 1.0
    told = [f for f in frames if any(t.identity_confidence == 0.0 for t in f.tracks)]
    before = {t.track_id: t.position[0] for t in frames[75].tracks}
    was_swapped = (before[small] > before[tall]) != crossed
    assert len(told) == was_swapped
    assert all(t.identity_alternatives == (small + tall - t.track_id,) for f in told for t in f.tracks)


def test_a_second_sensor_carries_on_where_one_is_dark_for_20_s() -> None:
    stage = Tracker(store(sensor("a"), sensor("b")))
    frames = []
    for k in range(320):
        person = body(1.0, min(-0.4 + 0.1 * max(k - 50, 0), 2.5)) if k >= 50 else body(9.0, 9.0)
        frames += stage.feed(cloud(k, person, sensor_id="a"))
        if not 80 <= k < 280:
            frames += stage.feed(cloud(k, person, sensor_id="b"))
        if k == 270:
            assert stage.synchroniser.dark == ("b",)
    assert stage.synchroniser.dark == ()
    frames += stage.finish()
    assert len(frames) == 320
    assert {i for f in frames for i in sure(f)} == {1}
    assert frames[270].tracks[0].state is TrackState.CONFIRMED


def test_two_heads_that_touch_stay_two_where_they_are() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        apart = 1.0 if k < 25 else max(1.0 - 0.05 * (k - 25), 0.2)
        y = min(-0.4 + 0.1 * k, 2.0)
        return [body(2.0 - apart / 2.0, y), body(2.0 + apart / 2.0, y, 1.72)]

    frames = run(seen, 120)
    before = {t.track_id: t.position[0] for t in frames[24].tracks}
    for frame in frames[60:]:
        assert all(t.state is TrackState.CONFIRMED for t in frame.tracks)
        after = {t.track_id: t.position[0] for t in frame.tracks}
        left, right = sorted(before, key=lambda i: before[i])
        assert (after[left], after[right]) == pytest.approx((1.9, 2.1), abs=0.05)


def test_an_arm_that_is_stretched_out_takes_no_track_along() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        arm = (1.7, 2.5, 1.5) if k >= 30 else None
        return [body(1.0, min(-0.4 + 0.1 * k, 2.5), arm=arm)]

    frames = run(seen, 60)
    assert {i for f in frames for i in sure(f)} == {1}
    assert frames[-1].tracks[0].position[:2] == pytest.approx((1.0, 2.5), abs=0.05)


def test_what_somebody_carries_out_over_the_threshold_is_nobody() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        y = -0.4 + 0.1 * k if k < 25 else 2.0 - 0.05 * (k - 25)
        hand = body(3.1, y - 0.35, 1.05)
        return [body(3.0, y)] + ([hand] if k > 25 and y < 0.45 else [])

    assert {i for f in run(seen, 80) for i in sure(f)} == {1}


def test_what_somebody_carries_along_the_threshold_is_nobody() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        x, y = 3.0, min(-0.4 + 0.1 * k, 1.0)
        if k >= 20:
            x, y = 3.0 - 0.05 * min(k - 20, 20), max(1.0 - 0.1 * (k - 20), 0.4)
        hand = body(x, y - 0.35, 1.05)
        return [body(x, y)] + ([hand] if k >= 28 else [])

    assert {i for f in run(seen, 60) for i in sure(f)} == {1}


def test_a_child_who_comes_in_beside_somebody_is_a_person() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        y = min(-0.4 + 0.1 * k, 2.0)
        return [body(1.0, y), body(1.35, y + 0.1, 0.95)]

    frames = run(seen, 40)
    assert len(sure(frames[-1])) == 2
    assert min(t.height for t in frames[-1].tracks) == pytest.approx(0.95, abs=0.05)


def test_who_is_hidden_beside_somebody_stays_on_their_side() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        if k < 30:
            return [body(2.0, min(-0.4 + 0.1 * k, 2.0), 1.9)]
        hidden = 49 <= k < 80
        y = min(-0.4 + 0.1 * (k - 30), 1.5) if k < 80 else 1.55 - 0.05 * (k - 80)
        return [body(2.0, 2.0, 1.9)] + ([] if hidden else [body(2.0, y, 1.65)])

    frames = run(seen, 100)
    tall, small = sure(frames[48])
    for frame in frames[48:]:
        at = {t.track_id: t.position[:2] for t in frame.tracks}
        assert at[tall] == pytest.approx((2.0, 2.0), abs=0.05)
        assert at[small][1] < 1.85
    assert {i for f in frames for i in sure(f)} == {tall, small}


def test_a_child_who_leaves_an_adults_side_leaves_no_track_on_the_arm() -> None:
    way = [(3.0, min(-0.4 + 0.1 * k, 2.0)) for k in range(26)]
    way += [(3.0 - 0.08 * k, 2.0) for k in range(11)] + [(2.2, 2.0)] * 10
    away = [(2.2, 1.55 - 0.08 * k) for k in range(10)]

    def seen(k: int) -> list[npt.NDArray]:
        child = ([None] * 30 + way + [None] * 5 + away)[k]
        arm = (2.45, 2.0, 1.4) if k >= 30 + len(way) else None
        adult = body(2.0, min(-0.4 + 0.1 * k, 2.0), 1.7, arm)
        return [adult] + ([body(*child, 1.4)] if child else [])

    frames = run(seen, 30 + len(way) + 5 + len(away))
    adult, child = sure(frames[60])
    at = {t.track_id: t.position[:2] for t in frames[-1].tracks}
    assert at == {adult: pytest.approx((2.0, 2.0), abs=0.05), child: pytest.approx(away[-1], abs=0.1)}


def test_who_was_taken_for_something_lower_is_found_at_once() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        if k < 40:
            return [body(2.0, min(-0.4 + 0.1 * k, 2.5))]
        if k < 44:
            return [body(2.0 + 0.25 * (k - 39), 2.5, 1.15)]
        return [body(2.0, 2.5 - 0.1 * max(0, k - 52))] if 44 < k < 85 else []

    frames = run(seen, 100)
    assert {i for f in frames for i in sure(f)} == {1}
    assert frames[55].tracks[0].position[:2] == pytest.approx((2.0, 2.2), abs=0.1)
    assert not frames[-1].tracks


def test_a_track_that_stayed_with_something_as_tall_is_given_back_to_who_walks() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        if k < 30:
            return [body(2.0, min(-0.4 + 0.1 * k, 2.0), 1.5)]
        walked = 0.05 * (k - 30)
        return [body(2.0, 2.0, 1.41), body(2.45 + min(walked, 1.0), 2.0 - max(0.0, walked - 1.0), 1.5)]

    frames = run(seen, 85)
    assert sure(frames[40]) == [1]
    assert frames[40].tracks[0].position[:2] == pytest.approx((2.0, 2.0), abs=0.05)
    # Nobody came in at a door, so after seconds the one who walks is the one who had come in.
    (last,) = (t for t in frames[-1].tracks if t.state is not TrackState.TENTATIVE)
    assert last.track_id == 1
    assert last.position[0] > 2.8
    assert last.height == pytest.approx(1.5, abs=0.04)


def test_who_is_hidden_is_not_looked_for_at_a_shelfs_edge() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        if k < 40 or k >= 70:
            return [body(1.3, min(-0.4 + 0.1 * k, 3.0))]
        return [body(2.0, 3.47, 1.4)] if k > 48 else []

    frames = run(seen, 80)
    assert {i for f in frames for i in sure(f)} == {1}
    for frame in frames[40:]:
        assert frame.tracks[0].position[:2] == pytest.approx((1.3, 3.0), abs=0.1)


def test_nobody_waits_in_a_shelf_or_behind_a_wall() -> None:
    frames = run(lambda k: [body(2.0, -0.4 + 0.12 * k)] if k < 32 else [], 80)
    (shelf,) = store().shelves
    for frame in frames[32:]:
        (parked,) = frame.tracks
        assert parked.position[1] < shelf.origin[1] + 0.1
    frames = run(lambda k: [body(0.6 - 0.1 * max(0, k - 30), min(-0.4 + 0.12 * k, 2.0))] if k < 35 else [], 80)
    assert all(f.tracks[0].position[0] >= 0.0 for f in frames[36:])


def test_same_clouds_same_frames() -> None:
    def seen(k: int) -> list[npt.NDArray]:
        return [body(1.0, -0.4 + 0.05 * k, arm=(1.5, -0.4 + 0.05 * k, 1.2))]

    assert run(seen, 30) == run(seen, 30)


def test_track_ids_begin_where_the_parameter_says() -> None:
    stage = Tracker(store(), TrackerParams(first_track_id=1000))
    for k in range(10 * EMPTY_S):
        stage.feed(cloud(k))
    frames = [f for k in range(20) for f in stage.feed(cloud(10 * EMPTY_S + k, body(1.0, -0.4 + 0.1 * k)))]
    assert sure(frames[-1]) == [1000]


def test_warming_up_loads_every_kernel() -> None:
    # In a process of its own, in which no other test has loaded any.
    program = """
from worlds import store
from yokotago_tracking import hands, height_map, limbs, people
from yokotago_tracking.nodes.warm_up import warm_up_tracker
warm_up_tracker(store())
for module in (hands, height_map, limbs, people):
    for name, kernel in vars(module).items():
        if hasattr(kernel, "signatures"):
            print(name, len(kernel.signatures))
"""
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    loaded = {name: int(count) for name, count in (line.split() for line in made.stdout.splitlines())}
    assert len(loaded) > 5
    # These are called by other kernels only.
    assert {name for name, count in loaded.items() if count == 0} <= {"_root", "_longer"}
