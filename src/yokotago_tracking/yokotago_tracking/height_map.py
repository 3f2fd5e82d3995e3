# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The top-down height map of all sensors' foreground, its peaks, and which part of it belongs to whom.

The hard problem is that people touch: a blob is not a person. Two notions answer it. A peak counts by its prominence,
the depth of the valley between it and higher ground (topographic prominence, computed by flooding from the top with a
union-find, as for the persistence of zero-dimensional homology: Edelsbrunner and Harer, Computational Topology,
VII.1), so that two heads with a dip of a few centimetres between them are two and a head with its own shoulders is
one. And a cell belongs to the head from which the way over the body is shortest (Dijkstra's algorithm with buckets),
so that an arm that passes close to somebody else still belongs to the body that it grows from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from .camera import Doubles, Floats

Ints = npt.NDArray[np.int64]

_NOBODY = -1


@dataclass(frozen=True)
class Grid:
    """Square cells over the floor. x, y: the lower corner [m]; nx, ny: cells along x and y; cell n is (n % nx, n //
    nx)."""

    x: float
    y: float
    cell_m: float
    nx: int
    ny: int

    @classmethod
    def over(cls, low: tuple[float, float], high: tuple[float, float], cell_m: float) -> Grid:
        """The grid that covers the box from low to high, with one empty cell around it."""
        x, y = (math.floor(v / cell_m) * cell_m - cell_m for v in low)
        nx, ny = (math.ceil((h - v) / cell_m) + 2 for h, v in zip(high, (x, y), strict=True))
        return cls(x, y, cell_m, nx, ny)

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.nx * self.ny

    @property
    def centres(self) -> tuple[Doubles, Doubles]:
        """Middles of all cells, x and y (cells,) [m]."""
        row, column = np.divmod(np.arange(self.cells), self.nx)
        return self.x + (column + 0.5) * self.cell_m, self.y + (row + 0.5) * self.cell_m

    def centre(self, cell: int) -> tuple[float, float]:
        """Middle of a cell, x, y [m]."""
        return self.x + (cell % self.nx + 0.5) * self.cell_m, self.y + (cell // self.nx + 0.5) * self.cell_m

    def disc(self, x: float, y: float, radius_m: float) -> Ints:
        """The cells whose middle lies within radius_m of x, y."""
        found: Ints = _disc(self.x, self.y, self.cell_m, self.nx, self.ny, x, y, radius_m)
        return found

    def cell_of(self, x: float, y: float) -> int:
        """Number of the cell in which x, y [m] lies, -1 outside."""
        column, row = math.floor((x - self.x) / self.cell_m), math.floor((y - self.y) / self.cell_m)
        return row * self.nx + column if 0 <= column < self.nx and 0 <= row < self.ny else -1


@numba.njit(cache=True)
def _disc(x0: float, y0: float, cell_m: float, nx: int, ny: int, x: float, y: float, r: float) -> Any:
    """The cells of a grid whose middle lies within r [m] of x, y."""
    first, last = max(math.ceil((x - r - x0) / cell_m - 0.5), 0), min(math.floor((x + r - x0) / cell_m - 0.5), nx - 1)
    below, above = max(math.ceil((y - r - y0) / cell_m - 0.5), 0), min(math.floor((y + r - y0) / cell_m - 0.5), ny - 1)
    found = np.empty(max(last - first + 1, 0) * max(above - below + 1, 0), np.int64)
    count = 0
    for row in range(below, above + 1):
        dy = y0 + (row + 0.5) * cell_m - y
        for column in range(first, last + 1):
            dx = x0 + (column + 0.5) * cell_m - x
            if dx * dx + dy * dy <= r * r:
                found[count] = row * nx + column
                count += 1
    return found[:count]


@numba.njit(cache=True)
def _raster(
    points: Any,
    x0: float,
    y0: float,
    cell_m: float,
    nx: int,
    ny: int,
    counts: Any,
    top: Any,
    start: Any,
    cells: Any,
    order: Any,
) -> int:
    """Highest point of every cell (0: empty), and the points sorted by cell; the number of points on cells that count.

    The points of cell c are order[start[c]:start[c + 1]].
    """
    top[:] = 0.0
    start[:] = 0
    inside = 0
    for i in range(points.shape[0]):
        column = math.floor((points[i, 0] - x0) / cell_m)
        row = math.floor((points[i, 1] - y0) / cell_m)
        c = row * nx + column
        if 1 <= column < nx - 1 and 1 <= row < ny - 1 and counts[c]:
            cells[i] = c
            start[c + 1] += 1
            inside += 1
            if points[i, 2] > top[c]:
                top[c] = points[i, 2]
        else:
            cells[i] = -1
    for c in range(1, start.size):
        start[c] += start[c - 1]
    for i in range(points.shape[0] - 1, -1, -1):
        c = cells[i]
        if c >= 0:
            # start[c + 1] is the end of the cell's run; it is filled from behind and put back below.
            start[c + 1] -= 1
            order[start[c + 1]] = i
    # Now start[c + 1] is the begin of cell c: shift it back.
    for c in range(start.size - 1):
        start[c] = start[c + 1]
    start[start.size - 1] = inside
    return inside


@numba.njit(cache=True)
def _settle(top: Any, nx: int, ny: int, spike_m: float, settled: Any) -> None:
    """Lowers cells that stick out of all their neighbours, and fills single holes between occupied cells."""
    settled[:] = top
    begin, end = np.full(ny, nx, np.int64), np.zeros(ny, np.int64)
    for row in range(ny):
        for column in range(nx):
            if top[row * nx + column] > 0.0:
                begin[row] = min(begin[row], column)
                end[row] = column + 1
    for row in range(1, ny - 1):
        # Far from occupied cells there is nothing to lower or to fill.
        first = max(min(begin[row - 1], begin[row], begin[row + 1]) - 1, 1)
        last = min(max(end[row - 1], end[row], end[row + 1]) + 1, nx - 1)
        for column in range(first, last):
            c = row * nx + column
            h = top[c]
            count, total, second = 0, 0.0, 0.0
            for dr in range(-1, 2):
                for dc in range(-1, 2):
                    if dr != 0 or dc != 0:
                        n = top[c + dr * nx + dc]
                        if n > 0.0:
                            count += 1
                            total += n
                            if n > second:
                                second = n
            if h > 0.0:
                if h > second + spike_m:
                    settled[c] = second
            elif count >= 4:
                settled[c] = total / count


@numba.njit(cache=True)
def _root(parent: Any, c: int) -> int:
    while parent[c] != c:
        parent[c] = parent[parent[c]]
        c = parent[c]
    return c


@numba.njit(cache=True)
def _peaks(
    field: Any,
    owner: Any,
    nx: int,
    ny: int,
    lowest: float,
    step: float,
    prominence: float,
    parent: Any,
    summit: Any,
    area: Any,
) -> Any:
    """Peaks of the field among its values above `lowest`: rows of cell, value, prominence, cells above its saddle.

    Cells are neighbours (eight of them) where their owners are the same. A peak whose valley is `prominence` deep or
    more counts; the highest of an island counts with its whole height.
    """
    levels = 1
    highest = lowest
    for c in range(field.size):
        if field[c] > highest:
            highest = field[c]
    levels = int((highest - lowest) / step) + 1
    begin = np.zeros(levels + 1, np.int64)
    count = 0
    for c in range(field.size):
        if field[c] > lowest:
            begin[levels - int((field[c] - lowest) / step)] += 1
            count += 1
    for k in range(1, levels + 1):
        begin[k] += begin[k - 1]
    ordered = np.empty(count, np.int64)
    for c in range(field.size - 1, -1, -1):
        if field[c] > lowest:
            k = levels - int((field[c] - lowest) / step)
            begin[k] -= 1
            ordered[begin[k]] = c
    found = np.empty((count, 4), np.float64)
    made = 0
    for i in range(count):
        parent[ordered[i]] = -1
    for i in range(count):
        c = ordered[i]
        parent[c] = c
        summit[c] = c
        area[c] = 1
        row, column = c // nx, c % nx
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                r, k = row + dr, column + dc
                if (dr == 0 and dc == 0) or r < 0 or r >= ny or k < 0 or k >= nx:
                    continue
                n = r * nx + k
                if not field[n] > lowest or parent[n] < 0 or owner[n] != owner[c]:
                    continue
                a, b = _root(parent, c), _root(parent, n)
                if a == b:
                    continue
                if field[summit[a]] < field[summit[b]] or (
                    field[summit[a]] == field[summit[b]] and summit[a] > summit[b]
                ):
                    a, b = b, a
                depth = field[summit[b]] - field[c]
                if depth >= prominence:
                    found[made, 0] = summit[b]
                    found[made, 1] = field[summit[b]]
                    found[made, 2] = depth
                    found[made, 3] = area[b]
                    made += 1
                parent[b] = a
                area[a] += area[b]
    for i in range(count):
        c = ordered[i]
        if parent[c] == c:
            found[made, 0] = summit[c]
            found[made, 1] = field[summit[c]]
            found[made, 2] = field[summit[c]] - lowest
            found[made, 3] = area[c]
            made += 1
    for i in range(count):
        parent[ordered[i]] = -1
    return found[:made]


@numba.njit(cache=True)
def _shares(
    top: Any,
    nx: int,
    ny: int,
    cell_m: float,
    seeds: Any,
    owners: Any,
    reach_m: Any,
    climb: float,
    step_m: float,
    way: Any,
    owner: Any,
) -> None:
    """Shortest way over occupied cells from the seeds: way [m] and owner of every cell (way inf, owner -1: nobody's).

    A step costs its length and `climb` times the difference in height; a cell may be stepped over at one half more.
    Buckets of step_m take the place of a heap.
    """
    way[:] = np.inf
    owner[:] = -1
    longest = 0.0
    for o in range(reach_m.size):
        longest = max(longest, reach_m[o])
    buckets = int(longest / step_m) + 2
    head = np.full(buckets, -1, np.int64)
    link = np.empty(1024, np.int64)
    item = np.empty(1024, np.int64)
    used = 0
    for s in range(seeds.size):
        c = seeds[s]
        if way[c] > 0.0:
            way[c] = 0.0
            owner[c] = owners[s]
            if used == item.size:
                item, link = _longer(item), _longer(link)
            item[used], link[used] = c, head[0]
            head[0] = used
            used += 1
    for b in range(buckets):
        while head[b] >= 0:
            k = head[b]
            head[b] = link[k]
            c = item[k]
            if int(way[c] / step_m) != b:
                continue
            row, column = c // nx, c % nx
            for dr in range(-2, 3):
                for dc in range(-2, 3):
                    r, q = row + dr, column + dc
                    if (dr == 0 and dc == 0) or r < 0 or r >= ny or q < 0 or q >= nx:
                        continue
                    n = r * nx + q
                    if not top[n] > 0.0:
                        continue
                    length = math.sqrt(dr * dr + dc * dc) * cell_m
                    if abs(dr) == 2 or abs(dc) == 2:
                        length *= 1.5
                    cost = way[c] + length + climb * abs(top[n] - top[c])
                    if cost < way[n] and cost <= reach_m[owner[c]]:
                        way[n] = cost
                        owner[n] = owner[c]
                        if used == item.size:
                            item, link = _longer(item), _longer(link)
                        at = int(cost / step_m)
                        item[used], link[used] = n, head[at]
                        head[at] = used
                        used += 1


@numba.njit(cache=True)
def _longer(values: Any) -> Any:
    longer = np.empty(2 * values.size, values.dtype)
    longer[: values.size] = values
    return longer


@numba.njit(cache=True)
def _near(
    points: Any,
    start: Any,
    order: Any,
    owner: Any,
    who: int,
    x0: float,
    y0: float,
    cell_m: float,
    nx: int,
    ny: int,
    x: float,
    y: float,
    r: float,
    found: Any,
    cells: Any,
) -> int:
    """Numbers and cells of the points within r [m] of x, y that lie on cells of one owner, by cell; how many."""
    count = 0
    first_row, last_row = max(int((y - r - y0) / cell_m), 0), min(int((y + r - y0) / cell_m), ny - 1)
    first, last = max(int((x - r - x0) / cell_m), 0), min(int((x + r - x0) / cell_m), nx - 1)
    for row in range(first_row, last_row + 1):
        for c in range(row * nx + first, row * nx + last + 1):
            if owner[c] != who:
                continue
            for k in range(start[c], start[c + 1]):
                i = order[k]
                dx, dy = points[i, 0] - x, points[i, 1] - y
                if dx * dx + dy * dy <= r * r:
                    found[count] = i
                    cells[count] = c
                    count += 1
    return count


@dataclass(frozen=True, slots=True)
class Peak:
    """A local top. value: of the field [m]; prominence: above the saddle to higher ground [m]; area: above that
    [m^2]."""

    cell: int
    value: float
    prominence: float
    area: float


class HeightMap:
    """One moment's height map; the arrays are used again for the next one.

    counts: (cells,) where points count, everywhere by default;
    top: (cells,) height of the highest point [m], 0 where there is none, spikes lowered and holes filled.
    """

    def __init__(self, grid: Grid, counts: npt.NDArray[np.bool_] | None = None, spike_m: float = 0.15) -> None:
        self.grid = grid
        self._counts = np.ones(grid.cells, np.bool_) if counts is None else counts
        self.points: Floats = np.empty((0, 3), np.float32)
        self.top = np.zeros(grid.cells, np.float32)
        self.way = np.full(grid.cells, np.inf)
        self.owner = np.full(grid.cells, _NOBODY, np.int64)
        self._spike_m = spike_m
        self._raw = np.zeros(grid.cells, np.float32)
        self._start = np.zeros(grid.cells + 1, np.int64)
        self._parent = np.full(grid.cells, -1, np.int64)
        self._summit = np.zeros(grid.cells, np.int64)
        self._area = np.zeros(grid.cells, np.int64)
        self._everyones = np.zeros(grid.cells, np.int64)
        self._cells = self._order = self._found = np.empty(0, np.int64)

    def set(self, points: Floats) -> None:
        """Take over the points of one moment, (n, 3) in the frame `store` [m]."""
        grid = self.grid
        self.points = points
        if len(points) > len(self._order):
            self._cells, self._order, self._found = (np.empty(2 * len(points), np.int64) for _ in range(3))
        _raster(
            points,
            grid.x,
            grid.y,
            grid.cell_m,
            grid.nx,
            grid.ny,
            self._counts,
            self._raw,
            self._start,
            self._cells,
            self._order,
        )
        _settle(self._raw, grid.nx, grid.ny, self._spike_m, self.top)

    def near(self, x: float, y: float, radius_m: float) -> Floats:
        """The points whose distance on the floor from x, y is at most radius_m, (n, 3)."""
        return self.points[self._found[: self._near(self._everyones, 0, x, y, radius_m)]]

    def own(self, owner: int, x: float, y: float, radius_m: float) -> tuple[Floats, Ints]:
        """The owner's points among `near`, (n, 3), and the cell of each in ascending order, (n,)."""
        count = self._near(self.owner, owner, x, y, radius_m)
        return self.points[self._found[:count]], self._cells[:count].copy()

    def _near(self, owners: Ints, owner: int, x: float, y: float, radius_m: float) -> int:
        """How many points are near on the owner's cells; their numbers are in _found, their cells in _cells."""
        grid = self.grid
        count: int = _near(
            self.points,
            self._start,
            self._order,
            owners,
            owner,
            grid.x,
            grid.y,
            grid.cell_m,
            grid.nx,
            grid.ny,
            x,
            y,
            radius_m,
            self._found,
            self._cells,
        )
        return count

    def peaks(self, lowest_m: float, prominence_m: float) -> list[Peak]:
        """Local tops above lowest_m, highest first."""
        return self._peaks(self.top, self._everyones, lowest_m, prominence_m)

    def share(self, seeds: Ints, owners: Ints, reach_m: Doubles, climb: float) -> None:
        """Give every cell to the owner whose seed cells are nearest over the body; see `way` and `owner`.

        seeds: cells; owners: the owner of each, 0 to len(reach_m) - 1; reach_m: the longest way of each owner.
        """
        grid = self.grid
        _shares(self.top, grid.nx, grid.ny, grid.cell_m, seeds, owners, reach_m, climb, 0.01, self.way, self.owner)

    def tips(self, lowest_m: float, prominence_m: float) -> list[Peak]:
        """Ends of the limbs: cells whose way from their owner's head is a local maximum."""
        reached = np.where(self.owner >= 0, self.way, 0.0).astype(np.float32)
        return self._peaks(reached, self.owner, lowest_m, prominence_m)

    def _peaks(self, field: Floats, owner: Ints, lowest_m: float, prominence_m: float) -> list[Peak]:
        grid = self.grid
        found = _peaks(
            field, owner, grid.nx, grid.ny, lowest_m, 0.01, prominence_m, self._parent, self._summit, self._area
        )
        made = [Peak(int(c), float(v), float(p), float(a) * grid.cell_m**2) for c, v, p, a in found.tolist()]
        return sorted(made, key=lambda peak: (-peak.value, peak.cell))
