# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The free floor of a store: where a body fits, the way from one place to another, and the doors.

A grid of 0.1 m holds the distance from each cell to the nearest wall or shelf. Ways are found by A* on it and then
pulled tight, so that people cut corners as people do. Doors lie where an entrance or exit zone touches the floor's
border; behind each there is a short lane outside from which people come and into which they go.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from yokotago_model.store import Polygon, Store, Zone, ZoneKind, polygon_contains

CELL_M = 0.1
BODY_RADIUS_M = 0.25
"""A body's axis keeps at least this far from walls and shelves."""
LANE_M = 0.8
"""People appear and vanish this far outside the door."""
_MARGIN_M = 1.2

FloatArray = npt.NDArray[np.float64]
Place = tuple[float, float]


@dataclass(frozen=True)
class Door:
    """An opening in the border: its middle, the direction out of the store, half its width [m], and the zone behind
    it.
    """

    zone: Zone
    middle: Place
    out: Place
    half_width: float

    def at(self, along: float, depth: float) -> Place:
        """The place `along` the opening from its middle and `depth` inside the store (negative: outside) [m]."""
        (mx, my), (ox, oy) = self.middle, self.out
        return (mx - oy * along - ox * depth, my + ox * along - oy * depth)

    @property
    def depth(self) -> float:
        """How far the zone reaches into the store [m]."""
        (mx, my), (ox, oy) = self.middle, self.out
        return max(abs((x - mx) * ox + (y - my) * oy) for x, y in self.zone.polygon)

    def along(self, place: Place) -> float:
        """Where along the opening a place lies [m], kept inside the opening."""
        room = max(0.0, self.half_width - BODY_RADIUS_M - 0.05)
        a = -(place[0] - self.middle[0]) * self.out[1] + (place[1] - self.middle[1]) * self.out[0]
        return max(-room, min(room, a))


def _edges(polygon: Polygon) -> list[tuple[Place, Place]]:
    return list(zip(polygon, polygon[1:] + polygon[:1], strict=True))


def door_of(store: Store, zone: Zone) -> Door:
    """The opening of the floor's border that the zone lies at: on the border's edge that is nearest to the zone."""
    best: tuple[float, Door] | None = None
    cx = sum(x for x, _ in zone.polygon) / len(zone.polygon)
    cy = sum(y for _, y in zone.polygon) / len(zone.polygon)
    for (x1, y1), (x2, y2) in _edges(store.floor):
        length = math.hypot(x2 - x1, y2 - y1)
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        nx, ny = uy, -ux
        if polygon_contains(store.floor, (x1 + x2) / 2 + 0.01 * nx, (y1 + y2) / 2 + 0.01 * ny):
            nx, ny = -nx, -ny
        depth = min(abs((x - x1) * nx + (y - y1) * ny) for x, y in zone.polygon)
        at = [(x - x1) * ux + (y - y1) * uy for x, y in zone.polygon]
        lo, hi = max(0.0, min(at)), min(length, max(at))
        if hi <= lo:
            continue
        middle = (x1 + ux * (lo + hi) / 2, y1 + uy * (lo + hi) / 2)
        distance = depth + 1e-3 * math.hypot(middle[0] - cx, middle[1] - cy)
        if best is None or distance < best[0]:
            best = (distance, Door(zone, middle, (nx, ny), (hi - lo) / 2))
    if best is None:
        raise ValueError(f"zone {zone.zone_id} does not lie at the border of the floor: nobody could come in there")
    return best[1]


def _contains(polygon: Polygon, x: FloatArray, y: FloatArray) -> npt.NDArray[np.bool_]:
    """Which of the places lie inside the polygon (even-odd rule)."""
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x1, y1), (x2, y2) in _edges(polygon):
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def _lane(door: Door, x: FloatArray, y: FloatArray) -> npt.NDArray[np.bool_]:
    """Which of the places lie in the lane outside the door."""
    dx, dy = x - door.middle[0], y - door.middle[1]
    along, out = -dx * door.out[1] + dy * door.out[0], dx * door.out[0] + dy * door.out[1]
    return (np.abs(along) <= door.half_width) & (out >= 0.0) & (out <= _MARGIN_M - CELL_M)


class Floor:
    """Where people can walk in `store`."""

    def __init__(self, store: Store) -> None:
        xs, ys = zip(*store.floor, strict=True)
        self._x0, self._y0 = min(xs) - _MARGIN_M, min(ys) - _MARGIN_M
        nx = math.ceil((max(xs) + _MARGIN_M - self._x0) / CELL_M)
        ny = math.ceil((max(ys) + _MARGIN_M - self._y0) / CELL_M)
        self.polygon = store.floor
        self.entrances = tuple(door_of(store, z) for z in store.zones_of(ZoneKind.ENTRANCE))
        exits = tuple(door_of(store, z) for z in store.zones_of(ZoneKind.EXIT))
        self.exits = exits or self.entrances
        x, y = np.meshgrid(
            self._x0 + (np.arange(nx) + 0.5) * CELL_M, self._y0 + (np.arange(ny) + 0.5) * CELL_M, indexing="ij"
        )
        self._inside = _contains(store.floor, x, y)
        free = self._inside.copy()
        for door in self.entrances + self.exits:
            free |= _lane(door, x, y)
        for shelf in store.shelves:
            free &= ~_contains(shelf.footprint, x, y)
        self._clear = distance_transform_edt(np.pad(free, 1))[1:-1, 1:-1] * CELL_M - CELL_M / 2

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        i = min(max(int((x - self._x0) / CELL_M), 0), self._clear.shape[0] - 1)
        j = min(max(int((y - self._y0) / CELL_M), 0), self._clear.shape[1] - 1)
        return i, j

    def clearance(self, x: float, y: float) -> float:
        """Distance to the nearest wall or shelf [m], to about a cell; not positive inside one."""
        return float(self._clear[self._cell(x, y)])

    def is_free(self, x: float, y: float, radius: float = BODY_RADIUS_M) -> bool:
        """Whether a body fits at x, y."""
        return self.clearance(x, y) >= radius - CELL_M / 2

    def contains(self, x: float, y: float) -> bool:
        """Whether x, y lies on the store's floor (the lanes outside the doors do not)."""
        return polygon_contains(self.polygon, x, y)

    def nearest_free(self, x: float, y: float, radius: float = BODY_RADIUS_M) -> Place:
        """The free place nearest to x, y: the place itself when a body fits there."""
        if self.is_free(x, y, radius):
            return (x, y)
        ii, jj = np.nonzero(self._clear >= radius)
        px, py = self._x0 + (ii + 0.5) * CELL_M, self._y0 + (jj + 0.5) * CELL_M
        k = int(np.argmin((px - x) ** 2 + (py - y) ** 2))
        return (float(px[k]), float(py[k]))

    def random_place(self, rng: np.random.Generator) -> Place:
        """A free place inside the store."""
        ii, jj = np.nonzero((self._clear >= 0.4) & self._inside)
        k = int(rng.integers(len(ii)))
        return (self._x0 + (ii[k] + 0.5) * CELL_M, self._y0 + (jj[k] + 0.5) * CELL_M)

    def _sees(self, a: Place, b: Place) -> bool:
        n = max(1, math.ceil(math.dist(a, b) / (CELL_M / 2)))
        return all(
            self.clearance(a[0] + (b[0] - a[0]) * k / n, a[1] + (b[1] - a[1]) * k / n) >= BODY_RADIUS_M
            for k in range(n + 1)
        )

    def way(self, start: Place, goal: Place) -> list[Place]:
        """Corners of a short way from start to goal, without the start. The goal itself always ends it."""
        if self._sees(start, goal):
            return [goal]
        cells = self._search(self._cell(*self.nearest_free(*start)), self._cell(*self.nearest_free(*goal)))
        places = [(self._x0 + (i + 0.5) * CELL_M, self._y0 + (j + 0.5) * CELL_M) for i, j in cells] + [goal]
        corners, at, k = [], start, 0
        while k < len(places):
            far = k
            for m in range(len(places) - 1, k, -1):
                if self._sees(at, places[m]):
                    far = m
                    break
            at = places[far]
            corners.append(at)
            k = far + 1
        return corners

    def _search(self, start: tuple[int, int], goal: tuple[int, int]) -> list[tuple[int, int]]:
        """A* over free cells, eight neighbours; dearer near obstacles. Empty when there is no way."""
        best = {start: 0.0}
        came: dict[tuple[int, int], tuple[int, int]] = {}
        heap = [(math.dist(start, goal), start)]
        nx, ny = self._clear.shape
        while heap:
            _, cell = heapq.heappop(heap)
            if cell == goal:
                path = [cell]
                while cell in came:
                    cell = came[cell]
                    path.append(cell)
                return path[::-1]
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    i, j = cell[0] + di, cell[1] + dj
                    if not (di or dj) or not (0 <= i < nx and 0 <= j < ny):
                        continue
                    clear = self._clear[i, j]
                    if clear < BODY_RADIUS_M:
                        continue
                    cost = best[cell] + math.hypot(di, dj) * (1.0 + max(0.0, 0.4 - clear))
                    if cost < best.get((i, j), math.inf):
                        best[(i, j)] = cost
                        came[(i, j)] = cell
                        heapq.heappush(heap, (cost + math.dist((i, j), goal), (i, j)))
        return []
