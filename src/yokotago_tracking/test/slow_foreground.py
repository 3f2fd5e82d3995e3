# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The foreground stage written for reading, pixel by pixel in plain Python: the oracle for the fast one.

It follows the descriptions of Foreground and ForegroundParams and shares none of their code but the camera's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from yokotago_model.events import SECOND, Cloud, DepthImage, ForegroundCloud
from yokotago_model.store import Sensor, Store
from yokotago_tracking.camera import Camera, Floats
from yokotago_tracking.foreground import ForegroundParams


class SlowForeground:
    """Feed it the same images as a Foreground."""

    def __init__(self, sensor: Sensor, params: ForegroundParams, store: Store) -> None:
        self.sensor, self.params = sensor, params
        self.camera = Camera(sensor)
        floor, closed = self.camera.empty_depth(), self.camera.empty_depth(store.shelves)
        self.pixels = range(sensor.width * sensor.height)
        self.background = [float(min(z, sensor.range_max + 1.0)) for z in closed]
        self.common = list(self.background)
        self.gap = [params.prior_gap_m for _ in self.pixels]
        self.absorb_s = [
            params.absorb_in_shelf_s if c < f - 0.02 else params.absorb_s for c, f in zip(closed, floor, strict=True)
        ]
        self.candidate: list[tuple[float, int] | None] = [None for _ in self.pixels]
        self.samples: list[Floats] = []
        self.images = 0
        self.first = 0
        corners = [
            sensor.range_max * (sensor.rotation @ np.array([*self.camera.rays[row, column], 1.0]))
            for row in (0, -1)
            for column in (0, -1)
        ]
        seen = np.array([*corners, np.zeros(3)]) + np.array(sensor.position)
        xy = np.array(store.floor)
        beyond = params.beyond_floor_m
        self.low = np.array([*np.maximum(seen.min(axis=0)[:2], xy.min(axis=0) - beyond), params.floor_m])
        self.high = np.array([*np.minimum(seen.max(axis=0)[:2], xy.max(axis=0) + beyond), params.top_m])
        self.low = np.floor(self.low / params.voxel_m) * params.voxel_m

    def feed(self, event: Cloud | DepthImage) -> ForegroundCloud:
        """The foreground of one image."""
        points = self.camera.points(event)
        self.images += 1
        self.first = self.first or event.stamp
        learned = len(self.samples) == self.params.learn_samples
        if not learned:
            elapsed_s = (event.stamp - self.first) / SECOND
            if elapsed_s >= len(self.samples) * self.params.learn_s / self.params.learn_samples:
                self.samples.append(points[:, 2].copy())
            if len(self.samples) == self.params.learn_samples:
                for p in self.pixels:
                    self._learn(p, [float(z) for z in (s[p] for s in self.samples) if z > 0.0])
                learned = True
        else:
            for p in self.pixels:
                if (p // self.sensor.width) % self.params.background_rows == self.images % self.params.background_rows:
                    self._follow(p, float(points[p, 2]), event.stamp)
        voxels = self._voxels(points) if learned else []
        return ForegroundCloud(
            event.stamp,
            self.sensor.sensor_id,
            np.array([np.mean(v, axis=0) for v in voxels], np.float32).reshape(-1, 3),
            np.array([len(v) for v in voxels], np.uint16),
        )

    def _learn(self, p: int, seen: list[float]) -> None:
        """The background is the farthest distance that is seen repeatedly."""
        if len(seen) < 3:
            return
        gap_m = self.params.gap_m
        jumps = sum(abs(b - a) > 2.0 * gap_m for a, b in pairwise(seen))
        ordered = sorted(seen)
        far = [z for z in ordered if abs(z - ordered[-2]) <= 2.0 * gap_m]
        self.background[p] = float(np.mean(far))
        self.common[p] = ordered[len(ordered) // 2]
        self.gap[p] = min(max(gap_m, self.params.gap_noise_factor * float(np.std(far))), 5.0 * gap_m)
        if jumps >= 4:
            jump = 1.25 * (self.background[p] - ordered[0]) + gap_m
            self.gap[p] = max(self.gap[p], min(jump, 40.0 * gap_m))

    def _follow(self, p: int, z: float, stamp: int) -> None:
        """The background follows, recedes or comes nearer."""
        if not z > 0.0:
            return
        params = self.params
        error = z - self.background[p]
        if abs(error) <= self.gap[p]:
            share = 1.0 - math.exp(-params.background_rows / (self.sensor.rate_hz * params.follow_s))
            self.background[p] += share * error
            self.common[p] += share * error
            self.candidate[p] = None
            return
        candidate = self.candidate[p]
        if candidate is None or abs(z - candidate[0]) > params.same_m * max(1.0, 0.5 * z):
            self.candidate[p] = (z, stamp)
        elif (stamp - candidate[1]) / SECOND >= (self.absorb_s[p] if error < 0.0 else params.recede_s):
            self.background[p] = self.common[p] = z
            self.gap[p] = min(self.gap[p], 2.0 * params.gap_m)
            self.candidate[p] = None

    def _around(self, p: int) -> Iterator[int]:
        """The pixels beside one."""
        row, column = divmod(p, self.sensor.width)
        for r in range(row - 1, row + 2):
            for c in range(column - 1, column + 2):
                if (r, c) != (row, column) and 0 <= r < self.sensor.height and 0 <= c < self.sensor.width:
                    yield r * self.sensor.width + c

    def _voxels(self, points: Floats) -> list[list[Floats]]:
        """The foreground's points in the frame `store` [m], by voxel."""
        params, sensor = self.params, self.sensor
        z = [float(value) for value in points[:, 2]]
        nearer = [p for p in self.pixels if sensor.range_min < z[p] < self.background[p] - params.gap_m]
        found = [p for p in nearer if z[p] < self.background[p] - self.gap[p]]
        sure = set(found)
        unsure = [p for p in nearer if p not in sure and abs(z[p] - self.common[p]) > params.gap_m]
        for _ in range(params.grow_pixels):
            grown = [
                p
                for p in unsure
                if p not in sure and sum(q in sure and abs(z[q] - z[p]) < params.grow_m for q in self._around(p)) >= 2
            ]
            sure |= set(grown)
            found += grown
        voxels: dict[tuple[int, ...], list[Floats]] = {}
        for p in found:
            alike = sum(q in sure and abs(z[q] - z[p]) < params.neighbour_m for q in self._around(p))
            place = sensor.rotation @ points[p] + np.array(sensor.position)
            if alike >= params.neighbours and np.all(self.low <= place) and np.all(place < self.high):
                cell = np.floor((place - self.low) / params.voxel_m).astype(int)
                voxels.setdefault(tuple(cell), []).append(place)
        return list(voxels.values())
