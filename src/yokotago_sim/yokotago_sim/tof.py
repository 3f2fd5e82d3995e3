# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a ToF camera makes of true depths: noise, empty corners, dark hair, flying pixels, and a slow multipath
error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import zoom

from yokotago_model.store import Sensor

from .noise import SensorNoise

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Pixels = Indices | slice

_EMPTY_WIDTH = 0.065
"""How fast the share of empty pixels rises with the distance from the image centre: the width of the logistic curve."""
_EMPTY_WITH_DISTANCE = 4.0
"""How much more a far surface is empty than a near one: in the exponent, per natural logarithm of the distance."""
_CORNER_FROM = 0.85
_EDGE_M = 0.15


def image_radius(sensor: Sensor) -> FloatArray:
    """(height, width) distance from the image centre: 1 at the middle of each side."""
    v, u = np.mgrid[: sensor.height, : sensor.width]
    x, y = (u - (sensor.width - 1) / 2) / (sensor.width / 2), (v - (sensor.height - 1) / 2) / (sensor.height / 2)
    return np.asarray(np.hypot(x, y), dtype=np.float32)


def _logistic(x: npt.NDArray[np.floating[Any]]) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float32)


@dataclass(frozen=True)
class Expected:
    """Standard deviation [m] and probability of being empty of each pixel, flat."""

    stddev: FloatArray
    empty: FloatArray


class ToF:
    """One camera's errors."""

    def __init__(self, sensor: Sensor, noise: SensorNoise, rng: np.random.Generator) -> None:
        self._sensor = sensor
        self._noise = noise
        self._rng = rng
        radius = image_radius(sensor).ravel()
        self._corner = (noise.corner_mm * np.maximum(0.0, radius - _CORNER_FROM)).astype(np.float32)
        self._empty_logit = self._calibrate(radius, noise.empty_share)
        pattern = zoom(
            rng.standard_normal((4, 5)),
            (sensor.height / 4, sensor.width / 5),
            order=3,
            mode="nearest",
            grid_mode=True,
        )
        share = pattern.ravel() / float(np.abs(pattern).max())
        self._multipath = (1e-3 * noise.multipath_mm * share).astype(np.float32)
        self._phase = float(rng.uniform(0.0, 2.0 * math.pi))
        self.clock_offset_s = noise.clock_offset_stddev_s * float(rng.standard_normal())

    @staticmethod
    def _calibrate(radius: FloatArray, share: float) -> FloatArray | None:
        """The logit of each pixel being empty, so that the mean share is `share`."""
        if share <= 0.0:
            return None
        low, high = 0.0, 3.0
        for _ in range(40):
            middle = (low + high) / 2
            if float(_logistic((radius - middle) / _EMPTY_WIDTH).mean()) > share:
                low = middle
            else:
                high = middle
        return ((radius - low) / _EMPTY_WIDTH).astype(np.float32)

    def expect(self, depth: FloatArray) -> Expected:
        """What the errors depend on, for the true depths of a store without people: to be computed once."""
        far = np.minimum(depth.ravel(), np.float32(2.0 * self._sensor.range_max))
        return Expected(self._stddev(far, slice(None)), self._empty(far, slice(None)))

    def _stddev(self, far: FloatArray, pixels: Pixels) -> FloatArray:
        """Standard deviation [m] of these pixels at these depths [m]."""
        noise = self._noise
        millimetres = noise.base_mm + noise.per_m2_mm * far * far + self._corner[pixels]
        return np.asarray(1e-3 * millimetres, dtype=np.float32)

    def _empty(self, far: FloatArray, pixels: Pixels) -> FloatArray:
        """Probability of these pixels to be empty at these depths [m]."""
        share = np.full(far.shape, self._noise.flicker_share, dtype=np.float32)
        if self._empty_logit is not None:
            height = np.float32(max(0.5, self._sensor.position[2]))
            with_distance = _EMPTY_WITH_DISTANCE * np.log(np.maximum(far, np.float32(0.1)) / height)
            share += _logistic(self._empty_logit[pixels] + with_distance)
        return share

    def measure(
        self,
        depth: FloatArray,
        seconds: float,
        *,
        dark: Indices | None = None,
        expected: Expected | None = None,
        changed: Indices | None = None,
    ) -> npt.NDArray[np.uint16]:
        """The depth image [mm], 0 = empty, of true depths (height, width) [m] at a time.

        dark: flat indices of pixels on dark hair; expected, changed: of the store without people, and the flat indices
        of the pixels that differ from it.
        """
        sensor, noise, rng = self._sensor, self._noise, self._rng
        far = np.minimum(depth, np.float32(2.0 * sensor.range_max))
        flat = far.ravel()
        if expected is None or changed is None:
            expected = self.expect(depth)
            stddev, empty = expected.stddev, expected.empty
        else:
            stddev, empty = expected.stddev.copy(), expected.empty.copy()
            stddev[changed] = self._stddev(flat[changed], changed)
            empty[changed] = self._empty(flat[changed], changed)
        if dark is not None:
            empty[dark] += noise.dark_hair_share
        measured = stddev * rng.standard_normal(flat.shape, dtype=np.float32)
        measured += flat
        if noise.flying_share:
            edge, front, back = _edges(far)
            flying = rng.random(len(edge)) < noise.flying_share
            edge, front, back = edge[flying], front[flying], back[flying]
            # The pixel's own noise stays; its depth is a mix of front and back.
            measured[edge] += front + rng.random(len(edge), dtype=np.float32) * (back - front) - flat[edge]
        if noise.multipath_mm:
            phase = 2 * math.pi * seconds / noise.multipath_period_s + self._phase
            measured += self._multipath * np.float32(math.sin(phase))
        lost = rng.random(flat.shape, dtype=np.float32) < empty
        lost |= (measured < sensor.range_min) | (measured > sensor.range_max)
        measured[lost] = 0.0
        measured *= np.float32(1e3)
        image: npt.NDArray[np.uint16] = np.rint(measured).astype(np.uint16)
        return image.reshape(far.shape)


def _edges(depth: FloatArray) -> tuple[Indices, FloatArray, FloatArray]:
    """The pixels (flat indices) beside a jump in depth, with the nearest and the farthest depth around each [m]."""
    low, high = depth.copy(), depth.copy()
    for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        for a, b in ((here, there), (there, here)):
            np.minimum(low[a], depth[b], out=low[a])
            np.maximum(high[a], depth[b], out=high[a])
    edge = np.flatnonzero(high - low > _EDGE_M)
    return edge, low.ravel()[edge], high.ravel()[edge]
