# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The compiled passes over the height map against slow, obvious versions of themselves."""

from __future__ import annotations

import heapq
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import body

from yokotago_tracking.height_map import Grid, HeightMap
from yokotago_tracking.people import HeadParams, heads

GRID = Grid(0.0, 0.0, 0.1, 12, 10)

fields = st.lists(st.integers(0, 20), min_size=GRID.cells, max_size=GRID.cells).map(
    lambda heights: np.array(heights, np.float32) / np.float32(10.0)
)


def of_tops(tops: npt.NDArray[np.float32]) -> HeightMap:
    """A height map with the given tops, not smoothed."""
    made = HeightMap(GRID)
    made.top[:] = tops
    return made


def slow_peaks(tops: npt.NDArray[np.float32], lowest: float, prominence: float) -> set[tuple[float, float]]:
    """Value and prominence of every peak: for each cell the highest level at which it is joined to higher ground."""

    def island(start: int, level: float) -> set[int]:
        seen, todo = {start}, [start]
        while todo:
            row, column = divmod(todo.pop(), GRID.nx)
            for r in range(max(row - 1, 0), min(row + 2, GRID.ny)):
                for c in range(max(column - 1, 0), min(column + 2, GRID.nx)):
                    n = r * GRID.nx + c
                    if n not in seen and tops[n] >= level:
                        seen.add(n)
                        todo.append(n)
        return seen

    found = set()
    for cell in range(GRID.cells):
        if tops[cell] <= lowest:
            continue
        # Between equal heights the cell with the lower number counts as higher.
        depth = float(tops[cell]) - lowest
        for level in sorted({float(v) for v in tops if lowest < v <= tops[cell]}, reverse=True):
            if any((tops[n], -n) > (tops[cell], -cell) for n in island(cell, level)):
                depth = float(tops[cell]) - level
                break
        else:
            found.add((round(float(tops[cell]), 4), round(depth, 4)))
            continue
        if depth >= prominence:
            found.add((round(float(tops[cell]), 4), round(depth, 4)))
    return found


@settings(max_examples=40, deadline=None)
@given(fields)
def test_peaks_are_those_of_the_slow_search(tops: npt.NDArray[np.float32]) -> None:
    fast = of_tops(tops).peaks(0.45, 0.25)
    assert {(round(p.value, 4), round(p.prominence, 4)) for p in fast} == slow_peaks(tops, 0.45, 0.25)


@settings(max_examples=40, deadline=None)
@given(fields, st.lists(st.integers(0, GRID.cells - 1), min_size=1, max_size=3, unique=True))
def test_shares_are_those_of_plain_dijkstra(tops: npt.NDArray[np.float32], seeds: list[int]) -> None:
    made = of_tops(tops)
    made.share(np.array(seeds), np.arange(len(seeds)), np.full(len(seeds), 5.0), 0.3)
    way = dict.fromkeys(seeds, 0.0)
    todo = [(0.0, s) for s in seeds]
    while todo:
        cost, cell = heapq.heappop(todo)
        if cost > way[cell]:
            continue
        row, column = divmod(cell, GRID.nx)
        for r in range(max(row - 2, 0), min(row + 3, GRID.ny)):
            for c in range(max(column - 2, 0), min(column + 3, GRID.nx)):
                n = r * GRID.nx + c
                if n == cell or tops[n] <= 0.0:
                    continue
                length = math.hypot(r - row, c - column) * 0.1
                if max(abs(r - row), abs(c - column)) == 2:
                    length *= 1.5
                further = cost + length + 0.3 * abs(float(tops[n]) - float(tops[cell]))
                if further < way.get(n, math.inf) - 1e-12 and further <= 5.0:
                    way[n] = further
                    heapq.heappush(todo, (further, n))
    for cell in range(GRID.cells):
        assert made.way[cell] == pytest.approx(way.get(cell, math.inf), abs=1e-6)
        assert (made.owner[cell] >= 0) == (cell in way)


points_on_grid = st.lists(
    st.tuples(st.floats(-0.25, 1.5, width=32), st.floats(-0.25, 1.25, width=32), st.floats(0.125, 2.0, width=32)),
    max_size=60,
)


@settings(max_examples=40, deadline=None)
@given(points_on_grid, st.floats(0.1, 1.0), st.floats(0.1, 0.9), st.floats(0.05, 0.4))
def test_points_near_a_place_are_those_of_a_plain_search(
    listed: list[tuple[float, float, float]], x: float, y: float, radius: float
) -> None:
    made = HeightMap(GRID)
    points = np.array(listed, np.float32).reshape(-1, 3)
    made.set(points)
    # Cells at the grid's edge hold nothing.
    counted = [p for p in points if GRID.cell_m <= p[0] < 1.1 and GRID.cell_m <= p[1] < 0.9]
    expected = sorted(tuple(p) for p in counted if (p[0] - x) ** 2 + (p[1] - y) ** 2 <= radius**2)
    near = {tuple(p) for p in made.near(x, y, radius).tolist()}
    # On the circle and on a cell's border single and double precision may differ.
    sure = {tuple(map(float, p)) for p in expected if abs(math.hypot(p[0] - x, p[1] - y) - radius) > 1e-5}
    assert {tuple(p) for p in near if abs(math.hypot(p[0] - x, p[1] - y) - radius) > 1e-5} == sure


def over_store() -> HeightMap:
    """An empty map over 4 x 4 m."""
    return HeightMap(Grid.over((0.0, 0.0), (4.0, 4.0), 0.04))


@settings(max_examples=60, deadline=None)
@given(st.floats(-0.5, 1.7), st.floats(-0.5, 1.5), st.sampled_from([0.03, 0.1, 0.35, 3.0]))
def test_a_disc_is_the_cells_whose_middles_are_near(x: float, y: float, radius_m: float) -> None:
    middle_x, middle_y = GRID.centres
    near = np.flatnonzero((middle_x - x) ** 2 + (middle_y - y) ** 2 <= radius_m**2)
    assert GRID.disc(x, y, radius_m).tolist() == near.tolist()


@pytest.mark.parametrize("height", [0.9, 1.3, 1.7, 2.1])
def test_one_person_is_one_head_where_and_as_high_as_it_is(height: float) -> None:
    made = over_store()
    made.set(body(2.0, 1.5, height))
    (head,) = heads(made, HeadParams())
    assert (head.x, head.y) == pytest.approx((2.0, 1.5), abs=0.02)
    assert head.z == pytest.approx(height, abs=0.02)


def test_two_people_who_touch_are_two_heads() -> None:
    made = over_store()
    made.set(np.concatenate([body(1.8, 2.0, 1.7), body(2.2, 2.0, 1.75)]))
    assert sorted(round(h.x, 1) for h in heads(made, HeadParams())) == [1.8, 2.2]


def test_a_child_close_to_an_adult_is_a_head_of_its_own() -> None:
    made = over_store()
    made.set(np.concatenate([body(1.8, 2.0, 1.8), body(2.2, 2.0, 1.0)]))
    assert len(heads(made, HeadParams())) == 2


def test_an_arm_belongs_to_the_body_that_it_grows_from_even_close_to_another() -> None:
    made = over_store()
    made.set(np.concatenate([body(1.5, 2.0, 1.7, arm=(2.2, 2.0, 1.2)), body(2.4, 2.5, 1.7)]))
    seeds = np.array([made.grid.cell_of(1.5, 2.0), made.grid.cell_of(2.4, 2.5)])
    made.share(seeds, np.arange(2), np.full(2, 1.3), 0.3)
    assert made.owner[made.grid.cell_of(2.19, 2.0)] == 0
