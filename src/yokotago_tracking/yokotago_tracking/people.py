# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Finds heads in the height map: peaks that stand out of their surroundings, with the place and height of their top.

It does not decide who is a person. A raised hand is a peak too; what becomes of a peak depends on who was where before,
and that is the tracker's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from .height_map import HeightMap


@dataclass(frozen=True)
class HeadParams:
    """Parameters of `heads`.

    lowest_m: lowest top of a head; prominence_m: least depth of the valley between two heads;
    radius_m, depth_m: a head's points lie within radius_m of its middle and depth_m of its top.
    """

    lowest_m: float = 0.6
    prominence_m: float = 0.07
    radius_m: float = 0.14
    depth_m: float = 0.12

    def __post_init__(self) -> None:
        for name in ("lowest_m", "prominence_m", "radius_m", "depth_m"):
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


def heads(height_map: HeightMap, params: HeadParams) -> list[Head]:
    """The heads of one moment, highest peak first."""
    found = []
    for peak in height_map.peaks(params.lowest_m, params.prominence_m):
        x, y = height_map.grid.centre(peak.cell)
        around = height_map.near(x, y, 2.0 * params.radius_m)
        depth = min(params.depth_m, max(peak.prominence, 0.04))
        x, y, top, count = middle(around, x, y, peak.value - depth, peak.value + 0.05, params.radius_m, 3)
        if count > 0:
            found.append(Head(float(x), float(y), float(top), peak.prominence, peak.area))
    return found
