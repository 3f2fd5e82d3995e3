# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Loads the stages' compiled code before a node listens, so that the first clouds are not lost while it loads.

A stage of its own, thrown away afterwards, sees a made-up person: what is compiled stays.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from yokotago_model.events import SECOND, Cloud, DepthImage, ForegroundCloud, Stamp
from yokotago_model.store import Sensor, Store

from ..camera import Camera, Floats
from ..foreground import Foreground, ForegroundParams
from ..tracker import Tracker

_FRAMES = 45
_PERIOD = SECOND // 15


def warm_up_foreground(sensor: Sensor, params: ForegroundParams, store: Store) -> None:
    """Show the empty store to a foreground stage, and then somebody: as depth images, as clouds, as padded clouds."""
    across, down = 64 / sensor.width, 48 / sensor.height
    sensor = replace(
        sensor,
        width=64,
        height=48,
        fx=sensor.fx * across,
        fy=sensor.fy * down,
        cx=sensor.cx * across,
        cy=sensor.cy * down,
    )
    for step in (0, 3, 4):
        stage = Foreground(sensor, params, store)
        empty = stage.camera.empty_depth(store.shelves).reshape(sensor.height, sensor.width)
        depth = np.where(np.isfinite(empty), empty, 0.0)
        for i in range(_FRAMES):
            if i == 2 * _FRAMES // 3:
                depth[sensor.height // 3 : sensor.height // 2, sensor.width // 3 : sensor.width // 2] /= 2.0
            stage.feed(_measured(i * _PERIOD, stage.camera, depth, step))


def _measured(stamp: Stamp, camera: Camera, depth: Floats, step: int) -> Cloud | DepthImage:
    """A depth image (height, width) [m] as it comes off the network; step: floats of a cloud's point, 0: an image."""
    sensor_id = camera.sensor.sensor_id
    if step == 0:
        return DepthImage(stamp, sensor_id, (1000.0 * depth).astype(np.uint16))
    points = np.zeros((*depth.shape, step), np.float32)
    points[..., :2] = camera.rays * depth[..., None]
    points[..., 2] = depth
    points.flags.writeable = False
    return Cloud(stamp, sensor_id, points[..., :3])


def warm_up_tracker(store: Store) -> None:
    """Let somebody walk from a door to the middle of the store, past a tracker."""
    stage = Tracker(store)
    rng = np.random.default_rng(0)
    around, up = rng.uniform(-0.2, 0.2, (400, 2)), rng.uniform(0.2, 1.7, 400)
    begin = np.mean(store.zones[0].polygon, axis=0)
    end = np.mean(store.floor, axis=0)
    for i in range(_FRAMES):
        here = begin + (end - begin) * i / _FRAMES
        points = np.column_stack([around + here, up]).astype(np.float32)
        for sensor in store.sensors:
            stage.feed(ForegroundCloud(i * _PERIOD, sensor.sensor_id, points, np.full(len(points), 4, np.uint16)))
