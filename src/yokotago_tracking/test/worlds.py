# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Small worlds that can be computed by hand: a store with one shelf, people as points, depth images of boxes."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from yokotago_model.events import SECOND, ForegroundCloud, Hand, Track, TrackFrame, TrackState
from yokotago_model.store import Sensor, Shelf, Store, Zone, ZoneKind

START = 1_700_000_000 * SECOND
PERIOD = SECOND // 10
"""Sensors of these worlds look ten times a second."""


def sensor(sensor_id: str = "a", x: float = 2.0, y: float = 2.0) -> Sensor:
    """A sensor that looks straight down from 3 m with 0.05 rad per pixel."""
    return Sensor(sensor_id, (x, y, 3.0), (math.pi, 0.0, 0.0), 64, 48, 20.0, 20.0, 31.5, 23.5, rate_hz=10.0)


def store(*sensors: Sensor) -> Store:
    """4 x 4 m; a door along the whole south wall (entrance west, exit east); one shelf on the north wall."""
    zones = (
        Zone("in", ZoneKind.ENTRANCE, ((0.0, 0.0), (2.0, 0.0), (2.0, 0.8), (0.0, 0.8))),
        Zone("out", ZoneKind.EXIT, ((2.0, 0.0), (4.0, 0.0), (4.0, 0.8), (2.0, 0.8))),
    )
    shelf = Shelf("S", "Shelf", (1.0, 3.5, 0.0), 0.0, (2.0, 0.5, 1.5), (0.5, 1.0))
    floor = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
    return Store("t", "Test", "JPY", floor, 3.2, sensors or (sensor(),), zones, (), (shelf,), (), (), ())


def body(
    x: float, y: float, height: float = 1.7, arm: tuple[float, float, float] | None = None
) -> npt.NDArray[np.float32]:
    """The upper surface of a person at x, y, every 3 cm, with an arm that is stretched to a point, (n, 3) float32."""
    scale = height / 1.7
    found = []
    for dx in np.arange(-0.3, 0.301, 0.03):
        for dy in np.arange(-0.3, 0.301, 0.03):
            head = math.hypot(dx, dy) / (0.1 * scale)
            shoulder = math.hypot(dx / (0.22 * scale), dy / (0.13 * scale))
            if head < 1.0:
                found.append((dx, dy, height - 0.1 * scale * (1.0 - math.sqrt(1.0 - head * head))))
            elif shoulder < 1.0:
                found.append((dx, dy, height - 0.27 * scale - 0.05 * shoulder))
    points = np.array(found) + np.array((x, y, 0.0))
    if arm is not None:
        start = np.array((x, y, 0.75 * height))
        steps = np.linspace(0.0, 1.0, 30)[:, None]
        line = start + steps * (np.array(arm) - start)
        aside = np.array((0.03, 0.0, 0.0))
        points = np.concatenate([points, line, line + aside, line - aside])
    return points.astype(np.float32)


def cloud(tick: int, *people: npt.NDArray[np.float32], sensor_id: str = "a") -> ForegroundCloud:
    """What a sensor sees at a tick."""
    points = np.concatenate([np.empty((0, 3), np.float32), *people])
    return ForegroundCloud(START + tick * PERIOD, sensor_id, points, np.ones(len(points), np.uint16))


def track(track_id: int, x: float, y: float, *hands: tuple[float, float, float]) -> Track:
    """A believed track."""
    return Track(
        track_id,
        TrackState.CONFIRMED,
        (x, y, 0.0),
        (0.0, 0.0, 0.0),
        1.7,
        (0.01, 0.0, 0.0, 0.01),
        hands=tuple(Hand(h, 0.03, 0.9) for h in hands),
    )


def frame(tick: int, *tracks: Track) -> TrackFrame:
    """A frame at a tick."""
    return TrackFrame(START + tick * PERIOD, tracks)


def recording(name: str) -> Path:
    """Folder of a real recording; the test is skipped where it is absent."""
    root = Path(os.environ.get("YOKOTAGO_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")
    if not (root / name).is_dir():
        pytest.skip(f"no recording {name} in {root}: set YOKOTAGO_DATA to the folder of the recordings")
    return root / name
