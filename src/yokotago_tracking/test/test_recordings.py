# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The chain on real recordings: overhead, alone and composed of two shifted copies of itself, and from the side."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from worlds import START, recording

from yokotago_model.events import Cloud, DepthImage, TrackFrame, TrackState
from yokotago_model.store import Sensor, Store, Zone, ZoneKind
from yokotago_tracking.camera import Camera
from yokotago_tracking.foreground import Foreground
from yokotago_tracking.height_map import Grid, HeightMap
from yokotago_tracking.people import HeadParams, heads
from yokotago_tracking.tracker import Tracker

Images = npt.NDArray[np.uint16]

PERIOD = 33_333_333
FOCAL, CX, CY, HEIGHT = 365.0, 256.0, 212.0, 3.371
"""The recording gives no intrinsics: those of a Kinect v2 [pixel], and the sensor's height above the floor [m]."""


@cache
def images(folder: Path) -> Images:
    """All frames [mm]."""
    read = [np.array(Image.open(path), dtype=np.float64) for path in sorted((folder / "depth").glob("*.png"))]
    return np.rint(np.stack(read) * 4500.0 / 65535.0).astype(np.uint16)


@cache
def true_heads(folder: Path) -> dict[int, tuple[float, float]]:
    """Head of every labelled frame (counted from 0): its pixel at the distance that is measured there, x, y [m]."""
    made = {}
    with (folder / "heads.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            frame, u, v = int(row["frame"]) - 1, float(row["u_px"]), float(row["v_px"])
            if not (20.0 <= u <= 492.0 and 20.0 <= v <= 404.0):
                continue
            around = images(folder)[frame, int(v) - 3 : int(v) + 4, int(u) - 3 : int(u) + 4]
            z = float(np.median(around[around > 0])) / 1000.0
            made[frame] = (3.0 + (u - CX) * z / FOCAL, 2.5 - (v - CY) * z / FOCAL)
    return made


def big_floor() -> Store:
    """One sensor over 6 x 5 m with doors all around."""
    camera = Sensor(
        "ceiling", (3.0, 2.5, HEIGHT), (math.pi, 0.0, 0.0), 512, 424, FOCAL, FOCAL, CX, CY, rate_hz=30.0, range_max=4.5
    )
    doors = (
        Zone("west", ZoneKind.ENTRANCE, ((0.0, 0.0), (1.6, 0.0), (1.6, 5.0), (0.0, 5.0))),
        Zone("east", ZoneKind.EXIT, ((4.4, 0.0), (6.0, 0.0), (6.0, 5.0), (4.4, 5.0))),
        Zone("south", ZoneKind.EXIT, ((0.0, 0.0), (6.0, 0.0), (6.0, 1.2), (0.0, 1.2))),
        Zone("north", ZoneKind.EXIT, ((0.0, 3.8), (6.0, 3.8), (6.0, 5.0), (0.0, 5.0))),
    )
    floor = ((0.0, 0.0), (6.0, 0.0), (6.0, 5.0), (0.0, 5.0))
    return Store("overhead", "Overhead", "EUR", floor, 3.4, (camera,), doors, (), (), (), (), ())


def follow(frames: Images) -> list[TrackFrame]:
    """The tracks of some frames, one for each."""
    store = big_floor()
    foreground, tracker = Foreground(store.sensors[0], store=store), Tracker(store)
    made = []
    for k, depth in enumerate(frames):
        for cloud in foreground.feed(DepthImage(START + k * PERIOD, "ceiling", depth)):
            made += tracker.feed(cloud)
    return made + tracker.finish()


def believed(frame: TrackFrame) -> dict[int, tuple[float, float]]:
    """Where the believed tracks of a frame are."""
    return {t.track_id: (t.position[0], t.position[1]) for t in frame.tracks if t.state is not TrackState.TENTATIVE}


def shifted(frames: Images, right: int, down: int) -> Images:
    """The frames moved over the image; floor where nothing was."""
    made = np.full_like(frames, round(1000 * HEIGHT))
    height, width = frames.shape[1:]
    made[:, max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = frames[
        :, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
    ]
    return made


def composed(a: Images, b: Images) -> Images:
    """Both at once: the nearer depth wins, what one did not see the other may have."""
    return np.where(a == 0, b, np.where(b == 0, a, np.minimum(a, b))).astype(np.uint16)


def test_the_person_is_one_track_in_every_labelled_frame_and_nobody_else_is() -> None:
    folder = recording("overhead_tof")
    frames, labels = follow(images(folder)), true_heads(folder)
    assert len(frames) == len(images(folder))
    assert len({i for f in frames for i in believed(f)}) == 1
    errors = []
    for k, head in labels.items():
        (place,) = believed(frames[k]).values()
        errors.append(math.dist(place, head))
    assert len(errors) == 180
    assert np.median(errors) <= 0.05
    assert np.quantile(errors, 0.95) <= 0.10


def test_two_copies_side_by_side_are_two_tracks_at_half_a_metre_and_touching() -> None:
    folder = recording("overhead_tof")
    for metres in (0.5, 0.4):
        pixels = round(metres * FOCAL / (HEIGHT - 1.74))
        frames = follow(composed(images(folder), shifted(images(folder), 0, pixels)))
        ids = {frozenset(believed(frames[k])) for k in true_heads(folder)}
        assert len(ids) == 1
        assert len(next(iter(ids))) == 2


def test_two_copies_that_walk_through_each_other_keep_their_tracks() -> None:
    folder = recording("overhead_tof")
    there = images(folder)[40:]
    back = shifted(there[::-1], 0, 20)
    frames, labels = follow(composed(there, back)), true_heads(folder)
    last = len(there) - 1
    down = 20 * (HEIGHT - 1.74) / FOCAL

    def sides(k: int) -> tuple[int, int]:
        """Tracks of the one who walks there and of the one who walks back."""
        places = believed(frames[k])
        assert len(places) == 2
        x, y = labels[40 + last - k]
        one, other = labels[40 + k], (x, y - down)
        return (
            min(places, key=lambda i: math.dist(places[i], one)),
            min(places, key=lambda i: math.dist(places[i], other)),
        )

    before, after = sides(60), sides(last - 5)
    assert len(set(before)) == 2
    assert before == after


def test_five_people_seen_from_the_side_are_five_heads_of_the_right_height() -> None:
    o3d = pytest.importorskip("open3d", reason="reads the compressed point cloud")
    path = recording("five_people") / "five_people.pcd"
    points = o3d.t.io.read_point_cloud(str(path)).point.positions.numpy().reshape(480, 640, 3)
    # The floor in the optical frame, found once by RANSAC over the lower points: up . p + height = 0 on it.
    up, height = np.array([0.0034, -0.9966, -0.0827]), 1.286
    up /= np.linalg.norm(up)
    ahead = np.array([0.0, 0.0, 1.0]) - up[2] * up
    ahead /= np.linalg.norm(ahead)
    axes = np.stack([ahead, np.cross(up, ahead), up])
    rpy = (
        math.atan2(axes[2, 1], axes[2, 2]),
        -math.asin(axes[2, 0]),
        math.atan2(axes[1, 0], axes[0, 0]),
    )
    camera = Sensor("side", (0.0, 0.0, height), rpy, 640, 480, 525.0, 525.0, 319.5, 239.5, rate_hz=30.0)
    seen = Camera(camera).points(Cloud(START, "side", points)) @ camera.rotation.T + np.array(camera.position)
    # People stand nearer than 3.4 m; behind are the furniture and the wall of the room.
    low, high = np.array([1.4, -1.6, 0.1]), np.array([3.4, 1.6, 2.2])
    inside = seen[((seen > low) & (seen < high)).all(axis=1)].astype(np.float32)
    height_map = HeightMap(Grid.over((low[0], low[1]), (high[0], high[1]), 0.04))
    height_map.set(inside)
    # A chair has a back of 0.74 m, which a child's head could be.
    peaks = heads(height_map, HeadParams(lowest_m=1.0))
    found = [h for h in peaks if h.prominence >= 0.13 and h.area >= 0.008 * h.z**2]
    assert len(found) == 5
    # They are 1.71 to 1.79 m tall.
    assert all(1.71 - 0.05 <= h.z <= 1.79 + 0.05 for h in found)
