# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The pinhole camera with distortion: rays of the pixels, points of a depth image, pixels of a point cloud.

Whatever a driver publishes (a depth image, an organised cloud, a bare list of points) becomes one organised image of
points in the optical frame, (height * width, 3) float32 in metres with NaN where nothing was measured, because a
background belongs to a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from yokotago_model.events import Cloud, DepthImage
from yokotago_model.store import Sensor, Shelf

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def distort(x: Doubles, y: Doubles, distortion: tuple[float, ...]) -> tuple[Doubles, Doubles]:
    """Where a lens with plumb_bob coefficients (k1, k2, p1, p2, k3) draws the normalised image points x, y.

    The model of Brown (1971) as sensor_msgs/CameraInfo and OpenCV use it.
    """
    k1, k2, p1, p2, k3 = (*distortion, *(0.0,) * (5 - len(distortion)))
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return (
        x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
        y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
    )


def rays(sensor: Sensor) -> Floats:
    """Direction x / z, y / z of every pixel's centre, (height, width, 2).

    The inverse of the distortion is found by fixed-point iteration.
    """
    u, v = np.meshgrid(np.arange(sensor.width, dtype=np.float64), np.arange(sensor.height, dtype=np.float64))
    seen_x, seen_y = (u - sensor.cx) / sensor.fx, (v - sensor.cy) / sensor.fy
    x, y = seen_x, seen_y
    if any(sensor.distortion):
        for _ in range(30):
            drawn_x, drawn_y = distort(x, y, sensor.distortion)
            x, y = x + seen_x - drawn_x, y + seen_y - drawn_y
    return np.stack([x, y], axis=-1).astype(np.float32)


@numba.njit(cache=True)
def _points_of_depth(depth: Any, directions: Any, metres: float) -> Any:
    points = np.empty((depth.size, 3), np.float32)
    flat = depth.reshape(-1)
    for i in range(flat.size):
        if flat[i] == 0:
            points[i, 0] = points[i, 1] = points[i, 2] = np.nan
        else:
            z = np.float32(flat[i] * metres)
            points[i, 0] = directions[i, 0] * z
            points[i, 1] = directions[i, 1] * z
            points[i, 2] = z
    return points


@numba.njit(cache=True)
def _organised(points: Any, pixels: Any, count: int) -> Any:
    image = np.full((count, 3), np.nan, np.float32)
    for i in range(points.shape[0]):
        p = pixels[i]
        if p >= 0 and not points[i, 2] >= image[p, 2]:
            image[p] = points[i]
    return image


class Camera:
    """One sensor's geometry, with what is worth computing once."""

    def __init__(self, sensor: Sensor) -> None:
        self.sensor = sensor
        self.rays = rays(sensor)
        self._directions = np.ascontiguousarray(self.rays.reshape(-1, 2))

    def points(self, measured: Cloud | DepthImage) -> Floats:
        """What the sensor measured as an organised image, (height * width, 3) in the optical frame [m].

        Raises ValueError where an image's size is not the one that the store's description gives the sensor.
        """
        sensor = self.sensor
        if isinstance(measured, DepthImage):
            self._check_size(measured.depth.shape)
            image: Floats = _points_of_depth(np.ascontiguousarray(measured.depth), self._directions, 0.001)
            return image
        points = measured.points
        if points.ndim == 3 and points.shape[0] > 1:
            self._check_size(points.shape[:2])
            # A view of the message where its layout allows: a copy costs as much as looking at every pixel.
            image = points.reshape(-1, 3)
            return image if sensor.scale == 1.0 else image * np.float32(sensor.scale)
        listed = np.ascontiguousarray(points, dtype=np.float32).reshape(-1, 3) * np.float32(sensor.scale)
        organised: Floats = _organised(listed, self.pixels(listed), sensor.width * sensor.height)
        return organised

    def pixels(self, points: Floats) -> npt.NDArray[np.int64]:
        """Number of the pixel (row * width + column) that sees each point, -1 where none does."""
        sensor = self.sensor
        z = points[:, 2].astype(np.float64)
        ahead = z > 1e-3
        z = np.where(ahead, z, 1.0)
        x, y = distort(points[:, 0] / z, points[:, 1] / z, sensor.distortion)
        u = np.floor(np.nan_to_num(x * sensor.fx + sensor.cx, nan=-9.0) + 0.5)
        v = np.floor(np.nan_to_num(y * sensor.fy + sensor.cy, nan=-9.0) + 0.5)
        inside = ahead & (u >= 0) & (u < sensor.width) & (v >= 0) & (v < sensor.height)
        return np.where(inside, v * sensor.width + u, -1.0).astype(np.int64)

    def _check_size(self, shape: tuple[int, ...]) -> None:
        sensor = self.sensor
        if shape != (sensor.height, sensor.width):
            raise ValueError(
                f"sensor {sensor.sensor_id} sends {shape[1]} x {shape[0]} pixels, its description says"
                f" {sensor.width} x {sensor.height}: correct image.width and image.height in store.yaml"
            )

    def empty_depth(self, shelves: Iterable[Shelf] = ()) -> Floats:
        """Distance along the optical axis to the floor z = 0 or a shelf's box, whichever is nearer, (height * width,).

        Infinite where a ray meets neither. It is what the sensor would see in a store of bare floor and closed shelves.
        """
        sensor = self.sensor
        directions = np.concatenate([self._directions, np.ones_like(self._directions[:, :1])], axis=1).astype(float)
        ways = directions @ sensor.rotation.T
        with np.errstate(divide="ignore", invalid="ignore"):
            to_floor = -sensor.position[2] / ways[:, 2]
            depth = np.where(ways[:, 2] < -1e-6, to_floor, np.inf)
            for shelf in shelves:
                start = np.array(shelf.to_shelf(sensor.position))
                c, s = math.cos(shelf.yaw), math.sin(shelf.yaw)
                along = np.stack([c * ways[:, 0] + s * ways[:, 1], c * ways[:, 1] - s * ways[:, 0], ways[:, 2]], axis=1)
                to_low, to_high = -start / along, (np.array(shelf.size) - start) / along
                enter = np.nanmax(np.minimum(to_low, to_high), axis=1)
                leave = np.nanmin(np.maximum(to_low, to_high), axis=1)
                depth = np.where((enter <= leave) & (enter > 0.0), np.minimum(depth, enter), depth)
        return depth.astype(np.float32)
