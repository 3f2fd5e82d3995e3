# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""All ToF cameras of the store: true depths from the world, errors from the camera model, clouds or depth images
out.
"""

from __future__ import annotations

import numpy as np

from yokotago_model.events import SECOND, Cloud, DepthImage, Stamp
from yokotago_model.store import Sensor, Store

from .noise import Noise
from .stock import Stock
from .tof import Expected, FloatArray, ToF
from .world import Body, World


class Cameras:
    """The cameras of `store`. camera_rng draws the measurements, line_rng the lateness."""

    def __init__(
        self, store: Store, noise: Noise, camera_rng: np.random.Generator, line_rng: np.random.Generator
    ) -> None:
        self._world = World(store)
        self._lateness = noise.lateness
        self._line_rng = line_rng
        self._tof = {s.sensor_id: ToF(s, noise.sensor, camera_rng) for s in store.sensors}
        self._expected: dict[str, tuple[FloatArray, Expected]] = {}
        self._last: dict[str, Stamp] = {}

    def capture(
        self, sensors: list[Sensor], level: str, now: Stamp, seconds: float, bodies: list[Body], stock: Stock
    ) -> list[tuple[Stamp, str, Cloud | DepthImage]]:
        """What the sensors see now: (arrival, topic, event) each. seconds: since the opening."""
        out: list[tuple[Stamp, str, Cloud | DepthImage]] = []
        if not sensors:
            return out
        for sensor, (pixels, depths, dark) in zip(sensors, self._world.people(sensors, bodies), strict=True):
            name = sensor.sensor_id
            tof, empty = self._tof[name], self._world.empty(name, stock)
            known = self._expected.get(name)
            if known is None or known[0] is not empty:
                known = self._expected[name] = (empty, tof.expect(empty))
            before = depths < empty[pixels]
            changed = pixels[before]
            depth = empty.copy()
            depth[changed] = depths[before]
            image = tof.measure(
                depth.reshape(sensor.height, sensor.width),
                seconds,
                dark=pixels[before & dark],
                expected=known[1],
                changed=changed,
            )
            stamp = now + round(tof.clock_offset_s * SECOND)
            arrival = self._arrival(name, now)
            if level == "depth":
                out.append((arrival, f"/tof/{name}/depth", DepthImage(stamp, name, image)))
            else:
                units = image.astype(np.float32)
                units *= np.float32(1e-3 / sensor.scale)
                units[image == 0] = np.nan
                points = self._world.rays[name] * units[..., None]
                out.append((arrival, f"/tof/{name}/points", Cloud(stamp, name, points)))
        return out

    def _arrival(self, sensor_id: str, now: Stamp) -> Stamp:
        late = self._lateness
        delay = late.clouds_s
        if late.clouds_jitter_s:
            delay = min(delay + float(self._line_rng.exponential(late.clouds_jitter_s)), max(late.most_s, delay))
        self._last[sensor_id] = max(self._last.get(sensor_id, 0) + 1, now + round(delay * SECOND))
        return self._last[sensor_id]
