# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a ToF camera makes of true depths: noise, empty corners, dark hair, flying pixels, and a slow multipath
error.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import zoom

from yokotago_model.store import Sensor

from .noise import SensorNoise

FloatArray = npt.NDArray[np.float32]

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


class ToF:
    """One camera's errors."""

    def __init__(self, sensor: Sensor, noise: SensorNoise, rng: np.random.Generator) -> None:
        self._sensor = sensor
        self._noise = noise
        self._rng = rng
        radius = image_radius(sensor)
        self._corner = (noise.corner_mm * np.maximum(0.0, radius - _CORNER_FROM)).astype(np.float32)
        self._empty_logit = self._calibrate(radius, noise.empty_share)
        pattern = zoom(
            rng.standard_normal((4, 5)),
            (sensor.height / 4, sensor.width / 5),
            order=3,
            mode="nearest",
            grid_mode=True,
        )
        self._multipath = (1e-3 * noise.multipath_mm * pattern / max(1e-9, float(np.abs(pattern).max()))).astype(
            np.float32
        )
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

    def measure(
        self, depth: FloatArray, dark: npt.NDArray[np.bool_] | None, seconds: float
    ) -> npt.NDArray[np.uint16]:
        """The depth image [mm], 0 = empty, of true depths (height, width) [m] at a time; dark: pixels on dark hair."""
        sensor, noise, rng = self._sensor, self._noise, self._rng
        far = np.minimum(depth, 2.0 * sensor.range_max)
        seen = far
        if noise.flying_share:
            low, high = far.copy(), far.copy()
            for a, b in (
                ((slice(1, None),), (slice(None, -1),)),
                ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
            ):
                for i, j in ((a, b), (b, a)):
                    np.minimum(low[i], far[j], out=low[i])
                    np.maximum(high[i], far[j], out=high[i])
            edge = np.flatnonzero(high - low > _EDGE_M)
            edge = edge[rng.random(len(edge)) < noise.flying_share]
            seen = far.copy()
            lows, highs = low.ravel()[edge], high.ravel()[edge]
            seen.ravel()[edge] = lows + rng.random(len(edge), dtype=np.float32) * (highs - lows)
        sigma = 1e-3 * (noise.base_mm + noise.per_m2_mm * far * far + self._corner)
        measured = seen + sigma * rng.standard_normal(far.shape, dtype=np.float32)
        if noise.multipath_mm:
            measured += self._multipath * np.float32(
                math.sin(2 * math.pi * seconds / noise.multipath_period_s + self._phase)
            )
        lost = (measured < sensor.range_min) | (measured > sensor.range_max)
        chance = rng.random(far.shape, dtype=np.float32)
        limit = np.full(far.shape, noise.flicker_share, dtype=np.float32)
        if self._empty_logit is not None:
            height = max(0.5, sensor.position[2])
            limit += _logistic(self._empty_logit + _EMPTY_WITH_DISTANCE * np.log(np.maximum(far, 0.1) / height))
        if dark is not None:
            limit[dark] += noise.dark_hair_share
        lost |= chance < limit
        measured[lost] = 0.0
        return np.asarray(np.round(1e3 * measured), dtype=np.uint16)
