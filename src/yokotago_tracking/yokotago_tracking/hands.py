# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the hands of tracked people: the ends of limbs, and above all the arms that point into shelves.

Before a shelf an arm is what of a body lies beyond its hull toward the front, in clusters along the shelf, one for
each arm. The hard problem is what no sensor sees: a board, or the body itself, hides the hand, and only the forearm
before it is there. So the place just beyond an arm's end is looked up: where some sensor has a free line of sight to
it, the arm ends where it ends; where none has, the hand is somewhere in the hidden part. Then a line is fitted to what
is seen of the forearm, lowered to the arm's axis, for from above only its upper side is seen, and prolonged into the
hidden part, in the opening between two boards that it enters; the standard deviation follows from the line's and from
how deep the hand may be. Elsewhere a hand is the end of a limb:
a local maximum of the way from the head over the body.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numba
import numpy as np

from yokotago_model.events import Hand
from yokotago_model.store import Sensor, Shelf, Store

from .camera import Doubles, Floats
from .height_map import HeightMap, Peak
from .limbs import axis, clusters_of, end_of, halves, quantile
from .owners import ArmAxis, OwnerParams, Standing, other_half, other_owners

_HALVES_RIDGE = 1e-3
"""As `halves` takes it [m^2]: a few points a few centimetres apart say little about an arm's direction."""


@dataclass(frozen=True)
class HandParams:
    """Parameters of HandFinder; lengths with the suffix _share are shares of the person's height.

    hull_share: from the head's middle to the hull of the body toward a shelf; before_m: nearer to a shelf's front
    than this a limb may be an arm that reaches into it; link_m: gaps within one arm; looks: an arm is what is seen in
    so many looks together, least_looks: in at least so many of them; arm_points: least number of its voxels;
    fresh_looks: where these newest looks hold so many they alone tell where it is; second_in_m: a second arm must
    have arm_points voxels so deep in the shelf, for the hand that waits or carries before the front looks like it;
    arms_apart_m: how far it must be from the first; halves_apart_m: how far apart the axes of two people's arms that
    touch are; tip_quantile: the share of its voxels that lie before its end; standing_mps: who walks faster does not
    reach into a shelf; below_m: how far below the lowest board an arm may be, root_m: an arm begins so near to the
    hull; tip_m: the voxels so near to the arm's end are its end; forearm_m: length over which the arm's direction is
    taken; axis_m: how far its voxels scatter around its axis; slope_stddev: of the axis's change to the side and up
    with its depth, beforehand; arm_radius_m: of a forearm near the hand (one is 6 to 9 cm thick); look_m: how far
    beyond the end is looked whether a hand could be there; hidden_m: how far the middle of a hidden hand is beyond
    what is seen, along the arm (all of its 0.19 m may be hidden, and some of the wrist), hidden_stddev_m: the
    standard deviation of that; stddev_m: of a hand that is seen; board_m: thickness of a board; edge_m: so near to a
    shelf's front a hand may be hidden whatever the line of sight, for there the edges of the boards flicker and the
    goods are hardly farther than the hand; limb_share: least distance from the head of a hand that is not at a shelf,
    way_share: and least way over the body; prominence_m: how far such a limb must stand out; low_share: lower is a
    foot.
    """

    hull_share: float = 0.11
    before_m: float = 0.2
    link_m: float = 0.09
    looks: int = 4
    least_looks: int = 2
    fresh_looks: int = 2
    arm_points: int = 5
    second_in_m: float = 0.02
    arms_apart_m: float = 0.2
    halves_apart_m: float = 0.06
    tip_quantile: float = 0.92
    below_m: float = 0.0
    standing_mps: float = 0.5
    root_m: float = 0.1
    tip_m: float = 0.06
    forearm_m: float = 0.25
    axis_m: float = 0.04
    slope_stddev: float = 1.5
    arm_radius_m: float = 0.035
    look_m: float = 0.06
    hidden_m: float = 0.12
    hidden_stddev_m: float = 0.06
    stddev_m: float = 0.02
    board_m: float = 0.02
    edge_m: float = 0.045
    limb_share: float = 0.2
    way_share: float = 0.26
    prominence_m: float = 0.15
    low_share: float = 0.2
    owner: OwnerParams = field(default_factory=OwnerParams)

    def __post_init__(self) -> None:
        for name in (
            "hull_share",
            "before_m",
            "link_m",
            "tip_m",
            "forearm_m",
            "stddev_m",
            "hidden_stddev_m",
            "axis_m",
            "slope_stddev",
            "arm_radius_m",
            "prominence_m",
        ):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"HandParams.{name} is {getattr(self, name)}: it must be positive")
        if self.arm_points < 1:
            raise ValueError(f"HandParams.arm_points is {self.arm_points}: at least 1")


@dataclass(frozen=True, slots=True)
class Body:
    """Whose hands to look for.

    x, y: of the head; height: of the upright body [m]; speed [m/s]; top: of the head now [m], lower where somebody
    bends; believed: that it is somebody.
    """

    track_id: int
    x: float
    y: float
    height: float
    speed: float
    top: float
    believed: bool = True


class _Arm(NamedTuple):
    """An arm in a shelf's coordinates: the place of its hand [m], with deviation and confidence, and its axis."""

    place: tuple[float, float, float]
    stddev: float
    confidence: float
    axis: ArmAxis


@numba.njit(cache=True)
def _clusters(points: Any, link_m: float) -> Any:
    """Number of the cluster of every point: single linkage at link_m, clusters in order of their first point."""
    n = points.shape[0]
    label = np.full(n, -1, np.int64)
    stack = np.empty(n, np.int64)
    made = 0
    for i in range(n):
        if label[i] >= 0:
            continue
        label[i] = made
        stack[0], size = i, 1
        while size > 0:
            size -= 1
            k = stack[size]
            for j in range(n):
                if label[j] < 0:
                    d = 0.0
                    for a in range(3):
                        d += (points[j, a] - points[k, a]) ** 2
                    if d <= link_m * link_m:
                        label[j] = made
                        stack[size] = j
                        size += 1
        made += 1
    return label


@numba.njit(cache=True)
def _beyond(points: Any, look: Any, cos: float, sin: float, origin: Any, low: Any, high: Any) -> Any:
    """The points that lie in a box of a shelf's coordinates, in these coordinates (m, 3), and the look of each (m,)."""
    found = np.empty((points.shape[0], 3), np.float64)
    when = np.empty(points.shape[0], np.int64)
    count = 0
    for i in range(points.shape[0]):
        dx, dy = points[i, 0] - origin[0], points[i, 1] - origin[1]
        u, v, w = cos * dx + sin * dy, cos * dy - sin * dx, points[i, 2] - origin[2]
        if low[0] < u < high[0] and low[1] < v < high[1] and low[2] < w < high[2]:
            found[count, 0], found[count, 1], found[count, 2] = u, v, w
            when[count] = look[i]
            count += 1
    return found[:count], when[:count]


@numba.njit(cache=True)
def _open_way(
    top: Any, x0: float, y0: float, cell_m: float, nx: int, ny: int, start: Any, end: Any, skip_m: float, highest: float
) -> bool:
    """Whether the straight line from start to end passes above the height map, from skip_m on and below `highest`."""
    way = end - start
    length = math.sqrt(way[0] ** 2 + way[1] ** 2 + way[2] ** 2)
    step = 0.5 * cell_m / length
    t = skip_m / length
    while t < 1.0:
        z = start[2] + t * way[2]
        if z > highest:
            return True
        column = math.floor((start[0] + t * way[0] - x0) / cell_m)
        row = math.floor((start[1] + t * way[1] - y0) / cell_m)
        if 0 <= column < nx and 0 <= row < ny and top[row * nx + column] > z:
            return False
        t += step
    return True


def under_boards(
    shelf: Shelf, point: Sequence[float] | Doubles, eye: Sequence[float] | Doubles, board_m: float
) -> bool:
    """Whether a board of the shelf hides the point from the eye, both in the shelf's coordinates (u, v, w) [m].

    Similar triangles: the line of sight crosses the front plane v = 0; it must do so below the board above the point.
    """
    if point[1] <= 0.0:
        return False
    above = [b - board_m for b in shelf.boards if b - board_m > point[2]]
    if eye[1] >= 0.0:
        return True
    if not above:
        return False
    crossing = point[2] + (eye[2] - point[2]) * point[1] / (point[1] - eye[1])
    return bool(crossing > min(above))


def _in_opening(shelf: Shelf, at_front: float, w: float, params: HandParams) -> float:
    """Height of a hand in the opening between two boards that its arm enters at at_front: no arm goes through one."""
    below = max((b for b in shelf.boards if b <= at_front), default=min(shelf.boards))
    above = min((b - params.board_m for b in shelf.boards if b > below), default=shelf.size[2] + 1.0)
    return min(max(w, below + params.arm_radius_m), above - params.arm_radius_m)


class HandFinder:
    """The hands of tracked people, from a height map whose cells have been shared out."""

    def __init__(self, store: Store, params: HandParams | None = None) -> None:
        self._store = store
        self.params = params or HandParams()
        self._looks: dict[int, deque[Floats]] = {}
        self._eyes = {s.sensor_id: (s, np.array(s.position)) for s in store.sensors}

    def hands(self, height_map: HeightMap, people: Sequence[Body], sensors: Sequence[str]) -> list[tuple[Hand, ...]]:
        """Hands of each person, those at shelves first.

        people: in the order of the owners in height_map; sensors: the ones that see now.
        """
        params = self.params
        here = {p.track_id for p in people}
        for gone in [i for i in self._looks if i not in here]:
            del self._looks[gone]
        found: list[list[Hand]] = [[] for _ in people]
        others: list[tuple[int, Hand]] = []
        number = {p.track_id: k for k, p in enumerate(people)}
        for k in range(len(people)):
            for track_id, arm in self._at_shelves(height_map, k, people, sensors):
                if number[track_id] == k:
                    found[k].append(arm)
                else:
                    others.append((number[track_id], arm))
        for k, arm in others:
            # Found on somebody else's cells: no news where it is found on its own too.
            if all(math.dist(arm.position, h.position) > params.arms_apart_m for h in found[k]):
                found[k].append(arm)
        if people:
            shortest = min(params.way_share * p.height for p in people)
            for tip in height_map.tips(shortest, params.prominence_m):
                owner = int(height_map.owner[tip.cell])
                hand = self._limb(height_map, tip, owner, people[owner])
                if hand is None or self._before_a_shelf(hand):
                    continue
                if all(math.dist(hand.position, h.position) > 0.2 for h in found[owner]):
                    found[owner].append(hand)
        return [tuple(hands[:4]) for hands in found]

    # Arms that point into a shelf.

    def _at_shelves(
        self, height_map: HeightMap, owner: int, people: Sequence[Body], sensors: Sequence[str]
    ) -> list[tuple[int, Hand]]:
        """The hands in shelves that are found on a person's cells, with the tracks whose they are."""
        params, person = self.params, people[owner]
        looks = self._looks.setdefault(person.track_id, deque(maxlen=params.looks))
        near: list[tuple[Shelf, float]] = []
        for shelf in self._store.shelves if person.speed <= params.standing_mps else ():
            u, v, _ = shelf.to_shelf((person.x, person.y, 0.0))
            if -1.1 <= v <= shelf.size[1] and -0.8 <= u <= shelf.size[0] + 0.8:
                near.append((shelf, v))
        if not near:
            looks.clear()
            return []
        own, _ = height_map.own(owner, person.x, person.y, 1.2)
        looks.append(own)
        points = np.concatenate(looks)
        look = np.repeat(np.arange(len(looks)), [len(p) for p in looks])
        found: list[tuple[int, Hand]] = []
        for shelf, v in near:
            first = max(v + params.hull_share * person.height, -params.before_m)
            low = np.array([-0.15, first, min(shelf.boards) - params.below_m])
            high = np.array([shelf.size[0] + 0.15, shelf.size[1], shelf.size[2] + 0.3])
            arm, when = _beyond(
                points, look, math.cos(shelf.yaw), math.sin(shelf.yaw), np.array(shelf.origin), low, high
            )
            # What lies on the shelf's top is no hand in it: the top flickers where somebody stands before it.
            under = (arm[:, 1] < 0.0) | (arm[:, 2] < shelf.size[2])
            arm, when = arm[under], when[under]
            if len(arm) < params.arm_points:
                continue
            labels = _clusters(arm, params.link_m)
            counts, lasting, nearest = clusters_of(labels, when, arm[:, 1], len(looks))
            newest = len(looks)
            arms = []
            for k in range(len(counts)):
                long_enough = lasting[k] >= params.least_looks and counts[k] >= params.arm_points
                if long_enough and nearest[k] < first + params.root_m:
                    members = arm[labels == k]
                    # Where it is now, as far as that is enough to tell.
                    fresh = members[when[labels == k] >= newest - params.fresh_looks]
                    arms.append(fresh if len(fresh) >= params.arm_points else members)
            standing = [_standing(shelf, p) for p in people if p is person or p.believed]
            for members in self._likely(arms):
                seen = self._arms(height_map, shelf, members, sensors, person.track_id, standing)
                found += [(track_id, self._hand(shelf, arm, track_id, standing)) for track_id, arm in seen]
        return found

    def _likely(self, arms: list[Doubles]) -> list[Doubles]:
        """The arm that is deepest in the shelf, and a second one that is seen inside and apart from it."""
        params = self.params

        def deep(arm: Doubles) -> int:
            return int(np.count_nonzero(arm[:, 1] > -params.edge_m))

        ranked = sorted(arms, key=lambda a: (-deep(a), -len(a), float(a[0, 0])))
        return ranked[:1] + [
            arm
            for arm in ranked[1:2]
            if int(np.count_nonzero(arm[:, 1] > params.second_in_m)) >= params.arm_points
            and abs(float(arm[:, 0].mean() - ranked[0][:, 0].mean())) > params.arms_apart_m
        ]

    def _arms(
        self,
        height_map: HeightMap,
        shelf: Shelf,
        members: Doubles,
        sensors: Sequence[str],
        track_id: int,
        people: Sequence[Standing],
    ) -> list[tuple[int, _Arm]]:
        """What looks like one arm of a track, with whose it is: one, or two of two people that touch; people: all."""
        params = self.params
        arm = self._arm(height_map, shelf, members, sensors)
        longest = params.owner.arm_share + params.owner.shoulder_share
        near = [
            p
            for p in people
            if math.dist(arm.place[:2], (p.along, p.into)) < longest * p.height or p.track_id == track_id
        ]
        forearm = members[members[:, 1] >= arm.axis.into - params.forearm_m]
        if len(near) > 1 and len(forearm) >= 2 * params.arm_points:
            half, apart = halves(forearm, arm.axis.into, _HALVES_RIDGE)
            parts = [forearm[half == k] for k in (0, 1)]
            if apart > params.halves_apart_m and min(map(len, parts)) >= params.arm_points:
                two = [self._arm(height_map, shelf, part, sensors) for part in parts]
                other = other_half([(a.place, a.axis) for a in two], track_id, near, params.owner)
                if other is not None:
                    number, other_id = other
                    return [(track_id, two[1 - number]), (other_id, two[number])]
        return [(track_id, arm)]

    def _hand(self, shelf: Shelf, arm: _Arm, track_id: int, people: Sequence[Standing]) -> Hand:
        others = other_owners(arm.place, arm.axis, track_id, people, self.params.owner)
        return Hand(shelf.to_store(arm.place), arm.stddev, arm.confidence, others)

    def _arm(self, height_map: HeightMap, shelf: Shelf, members: Doubles, sensors: Sequence[str]) -> _Arm:
        """One arm, whose points are given in the shelf's coordinates."""
        params = self.params
        # The farthest points of all looks are noise.
        depth = quantile(members[:, 1], params.tip_quantile)
        end = members[members[:, 1] >= depth - params.tip_m]
        tip = np.asarray(end.mean(axis=0))
        stddev = params.stddev_m / math.sqrt(min(1.0, 0.25 + len(end) / 12.0))
        forearm = members[members[:, 1] >= depth - params.forearm_m]
        at_end, slope, slope_stddev = axis(forearm, depth, tip, params.axis_m, params.slope_stddev)
        # From above an arm shows its upper side: on average over the half that is seen, 2 / pi of its radius above
        # its axis.
        at_end[1] -= 2.0 / math.pi * params.arm_radius_m * math.hypot(1.0, float(slope[1]))
        beyond = np.array([at_end[0], depth, at_end[1]])
        beyond += params.look_m * np.array([slope[0], 1.0, slope[1]]) / math.sqrt(1.0 + float(slope @ slope))
        inside = tip[2] < shelf.size[2]
        if inside and (depth > -params.edge_m or not self._visible(height_map, shelf, beyond, sensors)):
            ahead = params.hidden_m / math.sqrt(1.0 + float(slope @ slope))
            u, w = at_end + ahead * slope
            place = (float(u), depth + ahead, _in_opening(shelf, float(at_end[1] - depth * slope[1]), float(w), params))
            # Across the arm's direction, of the axis and its slope; along it, of how far the hand is.
            across = 0.5 * float(slope @ slope) * (params.hidden_stddev_m / (1.0 + float(slope @ slope))) ** 2
            stddev = math.sqrt(stddev**2 + (slope_stddev * ahead) ** 2 + across)
        else:
            place = (float(tip[0]), float(tip[1]), float(tip[2]))
        confidence = 1.0 - 0.5 ** (len(members) / 4.0)
        line = ArmAxis(float(at_end[0]), depth, float(slope[0]), slope_stddev)
        return _Arm(place, stddev, confidence, line)

    def _visible(self, height_map: HeightMap, shelf: Shelf, point: Doubles, sensors: Sequence[str]) -> bool:
        """Whether some sensor has a free line of sight to a point in the shelf's coordinates."""
        grid = height_map.grid
        place = np.array(shelf.to_store((float(point[0]), float(point[1]), float(point[2]))))
        for sensor_id in sensors:
            sensor, eye = self._eyes[sensor_id]
            if not _in_view(sensor, place - eye):
                continue
            if under_boards(shelf, point, shelf.to_shelf(sensor.position), self.params.board_m):
                continue
            if _open_way(height_map.top, grid.x, grid.y, grid.cell_m, grid.nx, grid.ny, place, eye, 0.1, 2.4):
                return True
        return False

    # Other limbs.

    def _before_a_shelf(self, hand: Hand) -> bool:
        """Whether a limb ends where _at_shelves decides: there a knee, an elbow or the other hand is no reach."""
        for shelf in self._store.shelves:
            u, v, w = shelf.to_shelf(hand.position)
            if -0.15 < u < shelf.size[0] + 0.15 and -0.1 < v < shelf.size[1] and w < shelf.size[2] + 0.3:
                return True
        return False

    def _limb(self, height_map: HeightMap, tip: Peak, owner: int, person: Body) -> Hand | None:
        params = self.params
        if tip.value < params.way_share * person.height:
            return None
        tip_x, tip_y = height_map.grid.centre(tip.cell)
        limb, cells = height_map.own(owner, tip_x, tip_y, params.forearm_m)
        x, y, z, count, around = end_of(
            limb, cells, height_map.way, tip.value, 0.08, params.low_share * person.height, params.forearm_m
        )
        if count == 0:
            return None
        if math.hypot(x - person.x, y - person.y) < params.limb_share * person.height:
            return None
        # A limb is thin: its cells around its end are few.
        area = around * height_map.grid.cell_m**2
        thin = 1.0 / (1.0 + math.exp((area - 0.045 * (person.height / 1.7)) / 0.01))
        stddev = params.stddev_m / math.sqrt(min(1.0, 0.25 + count / 12.0))
        return Hand((x, y, z), stddev, max(0.05, min(0.95, thin)))


def _standing(shelf: Shelf, person: Body) -> Standing:
    along, into, _ = shelf.to_shelf((person.x, person.y, 0.0))
    return Standing(person.track_id, along, into, person.top, person.height)


def _in_view(sensor: Sensor, way: Doubles) -> bool:
    """Whether a point at `way` from the optical centre [m] lies in the sensor's image and range; without distortion."""
    x, y, z = sensor.rotation.T @ way
    if not sensor.range_min <= z <= sensor.range_max:
        return False
    u, v = sensor.fx * x / z + sensor.cx, sensor.fy * y / z + sensor.cy
    return bool(1.0 <= u < sensor.width - 1.0 and 1.0 <= v < sensor.height - 1.0)
