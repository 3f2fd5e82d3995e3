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
from ..limbs import halves
from ..people import Head, HeadParams, two_heads
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
    """Let somebody walk from a door to a shelf and reach for it, past a tracker; then part two heads, and two arms."""
    stage = Tracker(store)
    rng = np.random.default_rng(0)
    around, up = rng.uniform(-0.2, 0.2, (400, 2)), rng.uniform(0.2, 1.7, 400)
    begin, end = np.mean(store.zones[0].polygon, axis=0), np.mean(store.floor, axis=0)
    arm = np.empty((0, 3))
    if store.shelves:
        shelf = store.shelves[0]
        middle, height = 0.5 * shelf.size[0], 0.7 * shelf.size[2]
        end = np.array(shelf.to_store((middle, -0.5, 0.0))[:2])
        # Not quite to the front, where it must be asked which sensor would see the hand.
        arm = np.array([shelf.to_store((middle, float(v), height)) for v in np.linspace(-0.5, -0.1, 100)])
    for i in range(2 * _FRAMES):
        here = begin + (end - begin) * min(i / _FRAMES, 1.0)
        points = np.column_stack([around + here, up])
        if i > _FRAMES:
            points = np.concatenate([points, arm])
        pixels = np.full(len(points), 4, np.uint16)
        for sensor in store.sensors:
            stage.feed(ForegroundCloud(i * _PERIOD, sensor.sensor_id, points.astype(np.float32), pixels))
    head = Head(float(end[0]), float(end[1]), 1.7, 0.0, 0.0)
    two_heads(stage.height_map, head, head, HeadParams())
    halves(np.zeros((4, 3)), 0.0, 1.0)
