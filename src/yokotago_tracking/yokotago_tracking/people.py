# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Finds heads in the height map: peaks that stand out of their surroundings, with the place and height of their top.

It does not decide who is a person. A raised hand is a peak too; what becomes of a peak depends on who was where before,
and that is the tracker's business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from .height_map import HeightMap


@dataclass(frozen=True)
class HeadParams:
    """Parameters of `heads`.

    lowest_m: lowest top of a head; prominence_m: least depth of the valley between two heads; radius_m, depth_m: a
    head's points lie within radius_m of its middle and depth_m of its top; apart_m: two peaks whose middles are nearer
    are one head; two_m: two people who share a peak have heads at least so far apart.
    """

    lowest_m: float = 0.6
    prominence_m: float = 0.07
    radius_m: float = 0.14
    depth_m: float = 0.12
    apart_m: float = 0.12
    two_m: float = 0.14

    def __post_init__(self) -> None:
        for name in ("lowest_m", "prominence_m", "radius_m", "depth_m", "apart_m", "two_m"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"HeadParams.{name} is {getattr(self, name)}: it must be positive")


@dataclass(frozen=True, slots=True)
class Head:
    """A candidate for somebody's head. x, y: its middle, z: its top [m]; area: of its top above the saddle [m^2]."""

    x: float
    y: float
    z: float
    prominence: float
    area: float


@numba.njit(cache=True)
def middle(points: Any, x: float, y: float, low: float, high: float, radius_m: float, rounds: int) -> Any:
    """Mean shift on the floor over the points between two heights: x, y, mean of the three highest z, number of
    points."""
    count = 0
    a = b = c = -np.inf
    for _ in range(rounds):
        sx, sy, count = 0.0, 0.0, 0
        a = b = c = -np.inf
        for i in range(points.shape[0]):
            z = points[i, 2]
            dx, dy = points[i, 0] - x, points[i, 1] - y
            if low <= z <= high and dx * dx + dy * dy <= radius_m * radius_m:
                sx += points[i, 0]
                sy += points[i, 1]
                count += 1
                if z > a:
                    a, b, c = z, a, b
                elif z > b:
                    b, c = z, b
                elif z > c:
                    c = z
        if count == 0:
            return x, y, 0.0, 0
        x, y = sx / count, sy / count
    if count == 1:
        top = a
    elif count == 2:
        top = (a + b) / 2.0
    else:
        top = (a + b + c) / 3.0
    return x, y, top, count


@numba.njit(cache=True)
def _halves(points: Any, centres: Any, tops: Any, radius_m: float, depth_m: float, rounds: int) -> Any:
    """Two means over the points of two heads: moves `centres` (2, 2), sets `tops` (2,); the number of points of each.

    A point can be of a head when it lies within radius_m of its centre and not above or far below its top.
    """
    counts = np.zeros(2, np.int64)
    highest = np.zeros((2, 3))
    for _ in range(rounds):
        sums = np.zeros((2, 2))
        highest[:] = 0.0
        counts[:] = 0
        for i in range(points.shape[0]):
            best, nearest = -1, radius_m * radius_m
            for k in range(2):
                if tops[k] - depth_m <= points[i, 2] <= tops[k] + 0.06:
                    d = (points[i, 0] - centres[k, 0]) ** 2 + (points[i, 1] - centres[k, 1]) ** 2
                    if d < nearest:
                        best, nearest = k, d
            if best >= 0:
                counts[best] += 1
                sums[best, 0] += points[i, 0]
                sums[best, 1] += points[i, 1]
                if points[i, 2] > highest[best, 0]:
                    highest[best, 0] = points[i, 2]
                    highest[best].sort()
        if counts.min() < 3:
            return counts
        for k in range(2):
            centres[k] = sums[k] / counts[k]
    for k in range(2):
        tops[k] = highest[k].mean()
    return counts


def two_heads(height_map: HeightMap, one: Head, other: Head, params: HeadParams) -> tuple[Head, Head] | None:
    """Both heads of two people where there is one peak, or None where the points are those of one head.

    one, other: where the two heads are expected. The halves of one round head of radius r are 8 r / (3 pi) apart
    (centroids of half discs), 0.1 m for the largest one with a hat; two heads are farther apart.
    """
    around = height_map.near((one.x + other.x) / 2.0, (one.y + other.y) / 2.0, 0.4)
    centres = np.array([[one.x, one.y], [other.x, other.y]])
    tops = np.array([one.z, other.z])
    counts = _halves(around, centres, tops, 1.3 * params.radius_m, params.depth_m, 4)
    if counts.min() < 6 or math.dist(centres[0], centres[1]) < params.two_m:
        return None
    first, second = (Head(float(c[0]), float(c[1]), float(z), 0.0, 0.0) for c, z in zip(centres, tops, strict=True))
    return first, second


def heads(height_map: HeightMap, params: HeadParams) -> list[Head]:
    """The heads of one moment, highest peak first."""
    found: list[Head] = []
    for peak in height_map.peaks(params.lowest_m, params.prominence_m):
        x, y = height_map.grid.centre(peak.cell)
        around = height_map.near(x, y, 2.0 * params.radius_m)
        depth = min(params.depth_m, max(peak.prominence, 0.04))
        x, y, top, count = middle(around, x, y, peak.value - depth, peak.value + 0.05, params.radius_m, 3)
        if count > 0 and all(math.hypot(x - h.x, y - h.y) > params.apart_m for h in found):
            found.append(Head(float(x), float(y), float(top), peak.prominence, peak.area))
    return found
