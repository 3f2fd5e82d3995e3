# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the hands of the people in a height map: the ends of the limbs that leave a body's hull.

A cell's way from its owner's head over the body has a local maximum at the end of every limb. The hand is the mean of the
points around such an end. In a shelf the hard problem is what no sensor sees: a board hides the hand and only the forearm
before it is there. The geometry says up to where a sensor can see under a board; an end at that border is taken for a
forearm and is prolonged along itself, with a larger standard deviation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from yokotago_model.events import Hand, Point
from yokotago_model.store import Sensor, Shelf, Store

from .height_map import HeightMap, Peak


@dataclass(frozen=True)
class HandParams:
    """Parameters of hand finding; lengths with the suffix _share are shares of the person's height.

    leave_share: least distance of a hand from the body's axis; way_share: least way from the head over the body;
    low_share: lower ends are feet; prominence_m: how far a limb must stand out;
    radius_m: the hand's points lie so near to the limb's end; forearm_m: length over which its direction is taken;
    hidden_m: how much of a hand a board hides when the limb ends at the border of what can be seen, hidden_stddev_m: the
    standard deviation of that; border_m: how near to the border is at the border; stddev_m: of a hand that is seen;
    board_m: thickness of a board.
    """

    leave_share: float = 0.17
    way_share: float = 0.22
    low_share: float = 0.2
    prominence_m: float = 0.12
    radius_m: float = 0.08
    forearm_m: float = 0.25
    hidden_m: float = 0.08
    hidden_stddev_m: float = 0.08
    border_m: float = 0.06
    stddev_m: float = 0.04
    board_m: float = 0.02

    def __post_init__(self) -> None:
        for name in ("leave_share", "way_share", "prominence_m", "radius_m", "forearm_m", "stddev_m", "hidden_stddev_m"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"HandParams.{name} is {getattr(self, name)}: it must be positive")


def seen_depth(shelf: Shelf, sensor: Sensor, height: float, board_m: float) -> float:
    """How deep into the shelf the sensor sees at a height above the shelf's origin, straight ahead [m].

    Similar triangles over the front edge of the next board above: with the sensor D before the front and S above the
    origin, D * (board - height) / (S - board).
    """
    above = [b - board_m for b in shelf.boards if b - board_m > height]
    if not above:
        return shelf.size[1]
    _, v, s = shelf.to_shelf(sensor.position)
    board = min(above)
    if v >= 0.0 or s <= board:
        return 0.0
    return min(shelf.size[1], -v * (board - height) / (s - board))


class HandFinder:
    """The hands of tracked people, from a height map whose cells have been shared out."""

    def __init__(self, store: Store, params: HandParams | None = None) -> None:
        self._store = store
        self.params = params or HandParams()

    def hands(self, height_map: HeightMap, people: list[tuple[float, float, float]]) -> list[tuple[Hand, ...]]:
        """Hands of each person, the farthest from the body first.

        people: x, y of the head and the body height, in the order of the owners in height_map.
        """
        params = self.params
        found: list[list[tuple[float, Hand]]] = [[] for _ in people]
        shortest = min((params.way_share * h for _, _, h in people), default=0.0)
        if not people:
            return []
        for tip in height_map.tips(shortest, params.prominence_m):
            owner = int(height_map.owner[tip.cell])
            x, y, height = people[owner]
            if tip.value < params.way_share * height:
                continue
            hand = self._hand(height_map, tip, owner, (x, y), height)
            if hand is not None:
                found[owner].append((-tip.value, hand))
        return [tuple(hand for _, hand in sorted(hands, key=lambda h: h[0])[:4]) for hands in found]

    def _hand(
        self, height_map: HeightMap, tip: Peak, owner: int, axis: tuple[float, float], height: float
    ) -> Hand | None:
        params, grid = self.params, height_map.grid
        tip_x, tip_y = grid.centre(tip.cell)
        limb = height_map.near(tip_x, tip_y, params.forearm_m + params.radius_m)
        limb = limb[limb[:, 2] > params.low_share * height]
        columns = np.floor((limb[:, 0] - grid.x) / grid.cell_m).astype(np.int64)
        rows = np.floor((limb[:, 1] - grid.y) / grid.cell_m).astype(np.int64)
        cells = rows * grid.nx + columns
        limb, cells = limb[height_map.owner[cells] == owner], cells[height_map.owner[cells] == owner]
        behind = tip.value - height_map.way[cells]
        end = limb[behind <= params.radius_m]
        if len(end) == 0:
            return None
        mean = end.mean(axis=0, dtype=np.float64)
        position: Point = (float(mean[0]), float(mean[1]), float(mean[2]))
        if math.hypot(position[0] - axis[0], position[1] - axis[1]) < params.leave_share * height:
            return None
        forearm = limb[(behind > params.radius_m) & (behind <= params.forearm_m)]
        # A limb is thin: the share of the disc around its end that its cells fill is small.
        area = len(np.unique(cells[behind <= params.forearm_m])) * grid.cell_m**2
        thin = 1.0 / (1.0 + math.exp((area - 0.045 * (height / 1.7)) / 0.01))
        stddev = params.stddev_m / math.sqrt(min(1.0, 0.25 + len(end) / 12.0))
        if len(forearm) > 0:
            base = forearm.mean(axis=0, dtype=np.float64)
            position, stddev = self._prolonged(position, (float(base[0]), float(base[1]), float(base[2])), stddev)
        return Hand(position, stddev, max(0.05, min(0.99, thin)))

    def _prolonged(self, hand: Point, base: Point, stddev: float) -> tuple[Point, float]:
        """The hand, moved on along the forearm where a board hides its end."""
        params = self.params
        way = np.subtract(hand, base)
        length = float(np.linalg.norm(way))
        if length < 0.04:
            return hand, stddev
        for shelf in self._store.shelves:
            u, v, w = shelf.to_shelf(hand)
            if not (-params.border_m <= v <= shelf.size[1] and -0.1 <= u <= shelf.size[0] + 0.1 and 0.0 <= w <= shelf.size[2]):
                continue
            seen = max((seen_depth(shelf, s, w, params.board_m) for s in self._store.sensors), default=0.0)
            if v < seen - params.border_m:
                return hand, stddev
            ahead = params.hidden_m * way / length
            moved = (hand[0] + float(ahead[0]), hand[1] + float(ahead[1]), hand[2] + float(ahead[2]))
            return moved, math.hypot(stddev, params.hidden_stddev_m)
        return hand, stddev
