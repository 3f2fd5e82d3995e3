# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Other ways to follow people, on the same foregrounds: what `yokotago evaluate --trackers` sets beside ours.

Detections are either clusters of the foreground (Open3D's DBSCAN) or our own heads; they are followed by the nearest
neighbour or by norfair. norfair needs an older numpy than the store, so it runs in a Python of its own.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import open3d as o3d

from yokotago_model.events import ForegroundCloud, Stamp, Track, TrackFrame, TrackState
from yokotago_model.store import Store
from yokotago_tracking.height_map import Grid, HeightMap
from yokotago_tracking.people import HeadParams, heads
from yokotago_tracking.synchroniser import Synchroniser

from .console import CommandError

NORFAIR_VARIABLE = "YOKOTAGO_NORFAIR"
"""The Python in which norfair is installed."""

CLUSTER_M, LEAST_VOXELS, VOXEL_M = 0.15, 10, 0.05
PERSON_M = 0.8
"""Lower clusters and heads are nobody's [m]."""

GATE_M, KEPT_S, LOOKS = 0.5, 1.0, 3
"""How far a detection may be from its track, how long an unseen track is kept, after how many looks it is believed."""

Xy = tuple[float, float]


class Detections:
    """What the detectors see in the foregrounds of all sensors, tick by tick."""

    def __init__(self, store: Store) -> None:
        self.stamps: list[Stamp] = []
        self.clusters: list[list[Xy]] = []
        self.heads: list[list[Xy]] = []
        self.rate_hz = max(s.rate_hz for s in store.sensors)
        self._synchroniser = Synchroniser(tuple(s.sensor_id for s in store.sensors), 1.0 / self.rate_hz)
        floor = np.array(store.floor)
        (x0, y0), (x1, y1) = floor.min(axis=0) - 0.6, floor.max(axis=0) + 0.6
        self._map = HeightMap(Grid.over((float(x0), float(y0)), (float(x1), float(y1)), 0.04))

    def feed(self, cloud: ForegroundCloud) -> None:
        """Detect in the ticks that this foreground completes."""
        for tick in self._synchroniser.feed(cloud):
            points = np.concatenate([c.points for c in tick.clouds] or [np.empty((0, 3), np.float32)])
            self.stamps.append(tick.stamp)
            self.clusters.append(_clusters(points))
            self._map.set(points)
            self.heads.append([(h.x, h.y) for h in heads(self._map, HeadParams()) if h.z >= PERSON_M])


def _clusters(points: npt.NDArray[np.float32]) -> list[Xy]:
    """Middles of the upper parts of the clusters that are as high as a person."""
    if len(points) < LEAST_VOXELS:
        return []
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points.astype(np.float64))).voxel_down_sample(VOXEL_M)
    labels = np.asarray(cloud.cluster_dbscan(CLUSTER_M, LEAST_VOXELS))
    voxels = np.asarray(cloud.points)
    found = []
    for label in range(int(labels.max(initial=-1)) + 1):
        cluster = voxels[labels == label]
        top = float(cluster[:, 2].max())
        if top >= PERSON_M:
            x, y = cluster[cluster[:, 2] > top - 0.3, :2].mean(axis=0)
            found.append((float(x), float(y)))
    return found


def nearest_neighbour(seen: Sequence[Sequence[Xy]], rate_hz: float) -> list[dict[int, Xy]]:
    """Tracks of the detections of every tick: the nearest pairs first, new ones for what is left."""
    places: dict[int, Xy] = {}
    looks: dict[int, int] = {}
    missed: dict[int, int] = {}
    following = 1
    frames = []
    for detections in seen:
        pairs = sorted(
            (math.dist(place, detection), track, j)
            for track, place in places.items()
            for j, detection in enumerate(detections)
        )
        free = set(range(len(detections)))
        waiting = set(places)
        for distance, track, j in pairs:
            if distance <= GATE_M and track in waiting and j in free:
                waiting.discard(track)
                free.discard(j)
                places[track] = detections[j]
                looks[track] += 1
                missed[track] = 0
        for track in waiting:
            missed[track] += 1
            if missed[track] > KEPT_S * rate_hz:
                del places[track], looks[track], missed[track]
        for j in sorted(free):
            places[following], looks[following], missed[following] = detections[j], 1, 0
            following += 1
        frames.append({t: xy for t, xy in places.items() if looks[t] >= LOOKS and missed[t] == 0})
    return frames


def norfair(python: str, seen: Sequence[Sequence[Xy]], rate_hz: float) -> list[dict[int, Xy]]:
    """The same by norfair (https://github.com/tryolabs/norfair), which the interpreter `python` has installed."""
    question = {"gate_m": GATE_M, "kept": round(KEPT_S * rate_hz), "looks": LOOKS, "frames": seen}
    worker = Path(__file__).with_name("norfair_worker.py")
    # The store's libraries are not norfair's.
    environment = {"PATH": os.environ.get("PATH", "")}
    try:
        answer = subprocess.run(
            [python, str(worker)],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        told = error.stderr.strip().splitlines()[-1:] if isinstance(error, subprocess.CalledProcessError) else [error]
        raise CommandError(
            f"norfair cannot run in {python} ({NORFAIR_VARIABLE}): {''.join(map(str, told))}; make a Python for it with"
            " python3 -m venv FOLDER && FOLDER/bin/pip install norfair==2.3.0"
        ) from error
    return [{int(t): (x, y) for t, x, y in frame} for frame in json.loads(answer.stdout)]


def other_tracks(detections: Detections) -> Mapping[str, list[TrackFrame]]:
    """Track frames by the name of the way they were made; norfair's only where the environment names its Python."""
    ways = {"clusters, nearest neighbour": nearest_neighbour(detections.clusters, detections.rate_hz)}
    python = os.environ.get(NORFAIR_VARIABLE)
    if python:
        ways["clusters, norfair"] = norfair(python, detections.clusters, detections.rate_hz)
        ways["our heads, norfair"] = norfair(python, detections.heads, detections.rate_hz)
    return {
        name: [_frame(stamp, tracks) for stamp, tracks in zip(detections.stamps, frames, strict=True)]
        for name, frames in ways.items()
    }


def _frame(stamp: Stamp, tracks: Mapping[int, Xy]) -> TrackFrame:
    return TrackFrame(
        stamp,
        tuple(
            Track(
                track_id=track_id,
                state=TrackState.CONFIRMED,
                position=(x, y, 0.0),
                velocity=(0.0, 0.0, 0.0),
                height=0.0,
                position_covariance=(0.0, 0.0, 0.0, 0.0),
                identity_confidence=1.0,
                identity_alternatives=(),
                hands=(),
            )
            for track_id, (x, y) in sorted(tracks.items())
        ),
    )
