# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""A shopper who carries out a script: walks, stands, reaches, takes, puts back, hands over and leaves.

Each step is a generator that is advanced once a tick and yields until it is done, so that the code of a step reads in
the order of what happens. Walking is a way over the free floor plus a push away from others; a hand moves on
minimum-jerk pieces (Flash and Hogan, 1985); a reach takes the times measured in a real store: the hand crosses the
shelf's front about 0.85 s before the weight falls and leaves 0.4 to 0.8 s after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np

from yokotago_model.events import Point, TrueActionKind
from yokotago_model.store import Facing, Shelf, Store

from . import body
from .floor import LANE_M, Door, Floor, Place
from .scales import Scales
from .shoppers import (
    Approach,
    Drop,
    HandOver,
    Lift,
    Meet,
    PutBack,
    Receive,
    Restock,
    Script,
    Stand,
    Step,
    Take,
    TakeTwo,
    Touch,
    WalkTo,
)
from .stock import Stock, Unit

TICK_HZ = 30
TICK_S = 1.0 / TICK_HZ
_PATIENCE_S = 3.0
_MOST_WAIT_S = 90.0
_CROSSING_TO_STEP_S = 0.85
_ARM_LEFT, _ARM_RIGHT = 1, -1
_SPAN_M = 0.85
"""Two hands reach things that are no farther apart."""
_BESIDE_M = 0.75
"""Things that lie farther to the side than this are not reached without walking."""


class Room(Protocol):
    """What an actor sees of the store."""

    store: Store
    floor: Floor
    stock: Stock
    scales: Scales
    now: float

    def others(self, actor: Actor) -> list[Actor]:
        """Everybody else."""

    def named(self, name: str) -> Actor | None:
        """The shopper of that name, once they have come."""

    def meet(self, key: str, name: str) -> int:
        """Note that `name` has come to the meeting; how many have."""

    def check_in(self, actor: Actor) -> None:
        """The actor shows their code at the gate."""

    def answer(self, actor: Actor) -> bool | None:
        """Whether the gate opens for the actor; None while it has not decided."""

    def exit_of(self, actor: Actor) -> Door:
        """The door that the actor leaves by."""

    def acted(self, actor: Actor, action: Action, begin: float, end: float) -> None:
        """Something was moved, in a reach between `begin` and `end` [s]."""

    def reached(self, actor: Actor, shelf: Shelf, begin: float, end: float, deepest: Point) -> None:
        """A hand was in a shelf between `begin` and `end` [s]."""

    def stepped(self, actor: Actor) -> None:
        """A foot met the floor."""


@dataclass(frozen=True)
class Entry:
    """A way in: a gate, "" for a door without one, the place to show a code at, and the door."""

    gate_id: str
    place: Place
    door: Door

    @property
    def spawn(self) -> Place:
        """Where people who come in here appear, outside the door."""
        return self.door.at(self.door.along(self.place), -LANE_M)


@dataclass(frozen=True)
class Action:
    """Units that changed their place."""

    time: float
    kind: TrueActionKind
    product_id: str
    quantity: int
    shelf_id: str = ""
    facing_id: str = ""
    other: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    begin: float
    end: float
    start: Point
    stop: Point

    def at(self, now: float) -> Point:
        span = self.end - self.begin
        f = _min_jerk(max(0.0, min(1.0, (now - self.begin) / span))) if span > 0 else 1.0
        (ax, ay, az), (bx, by, bz) = self.start, self.stop
        return (ax + f * (bx - ax), ay + f * (by - ay), az + f * (bz - az))


def _min_jerk(u: float) -> float:
    return u * u * u * (10.0 - 15.0 * u + 6.0 * u * u)


@dataclass
class Arm:
    """One arm: where the hand is, where it goes, and what the truth must know of the reach that it is in."""

    side: int
    hand: Point = (0.0, 0.0, 0.0)
    pieces: list[_Piece] = field(default_factory=list)
    shelf: Shelf | None = None
    actions: list[Action] = field(default_factory=list)
    begin: float = -1.0
    deepest: Point = (0.0, 0.0, 0.0)
    _local: Point | None = None

    @property
    def done_at(self) -> float:
        """When the hand's present motion ends [s]; in the past when it rests."""
        return self.pieces[-1].end if self.pieces else -1.0

    def follow(self, stops: list[tuple[Point, float]], now: float) -> list[float]:
        """Go to each of `stops` in its time [s], one after the other; when each is reached."""
        at, begin, times = self.hand, now, []
        self.pieces = []
        for stop, duration in stops:
            self.pieces.append(_Piece(begin, begin + duration, at, stop))
            at, begin = stop, begin + duration
            times.append(begin)
        return times

    def update(self, now: float, rest: Point, origin: Point, heading: float) -> None:
        """Move the hand to where it is at `now`. rest: where it would hang; origin, heading: of the body."""
        c, s = math.cos(heading), math.sin(heading)
        if self.pieces and now <= self.pieces[-1].end:
            for piece in self.pieces:
                if now <= piece.end:
                    self.hand = piece.at(now)
                    break
            dx, dy = self.hand[0] - origin[0], self.hand[1] - origin[1]
            self._local = (c * dx + s * dy, -s * dx + c * dy, self.hand[2])
            return
        self.pieces = []
        dx, dy = rest[0] - origin[0], rest[1] - origin[1]
        wanted = (c * dx + s * dy, -s * dx + c * dy, rest[2])
        x, y, z = (a + 0.25 * (b - a) for a, b in zip(self._local or wanted, wanted, strict=True))
        self._local = (x, y, z)
        self.hand = (origin[0] + c * x - s * y, origin[1] + s * x + c * y, z)


class Actor:
    """One shopper in the store."""

    def __init__(self, person_id: int, script: Script, entry: Entry, room: Room, rng: np.random.Generator) -> None:
        self.person_id = person_id
        self.script = script
        self.entry = entry
        self.room = room
        self.rng = rng
        dark = bool(rng.random() < 0.15)
        self.build = body.Build(script.height_m, float(rng.uniform(0.9, 1.15)), script.bag, script.hat, dark)
        self.x, self.y = entry.spawn
        self.heading = math.atan2(-entry.door.out[1], -entry.door.out[0])
        self.vx = self.vy = 0.0
        self.lean = self.crouch = 0.0
        self.stride = float(rng.uniform(0, 2 * math.pi))
        self.swing = 0.0
        self.arms = {side: Arm(side) for side in (_ARM_LEFT, _ARM_RIGHT)}
        self.units: list[Unit] = []
        self.taken: dict[Unit, None] = {}
        self.spot: Place | None = None
        self.passed_gate = False
        self.gone = False
        self.waits_for = ""
        self._want_lean = self._want_crouch = 0.0
        self._want_heading: float | None = None
        self._nearer: Place = (0.0, 0.0)
        self._moving = False
        self._life = self._live()
        self._settle_hands()

    @property
    def pose(self) -> body.Pose:
        """The body now."""
        return body.Pose(self.x, self.y, self.heading, self.lean, self.crouch, self.stride, self.swing)

    @property
    def hands(self) -> tuple[Point, Point]:
        """Left and right hand."""
        return (self.arms[_ARM_LEFT].hand, self.arms[_ARM_RIGHT].hand)

    def tick(self) -> None:
        """Advance by one tick to room.now."""
        self._moving = False
        try:
            next(self._life)
        except StopIteration:
            self.gone = True
        if not self._moving:
            self.vx *= 0.5
            self.vy *= 0.5
        self._turn()
        self._step_nearer()
        rate = TICK_S / 0.2
        self.lean += (self._want_lean - self.lean) * min(1.0, rate)
        self.crouch += (self._want_crouch - self.crouch) * min(1.0, 0.7 * rate)
        self._step_feet()
        self._settle_hands()
        for arm in self.arms.values():
            self._watch(arm)

    def _settle_hands(self) -> None:
        pose = self.pose
        for side, arm in self.arms.items():
            carrying = bool(self.units) and side == _ARM_LEFT
            rest = body.hand_at_rest(self.build, pose, side, carrying)
            arm.update(self.room.now, rest, (self.x, self.y, 0.0), self.heading)

    def _turn(self) -> None:
        wanted = self._want_heading
        if wanted is None and math.hypot(self.vx, self.vy) > 0.15:
            wanted = math.atan2(self.vy, self.vx)
        if wanted is not None:
            off = (wanted - self.heading + math.pi) % (2 * math.pi) - math.pi
            self.heading += max(-4.0 * TICK_S, min(4.0 * TICK_S, 0.35 * off))

    def _step_feet(self) -> None:
        speed = math.hypot(self.vx, self.vy)
        self.swing += (min(0.6, 0.62 * speed) - self.swing) * 0.2
        if speed > 0.1:
            before = int(self.stride / math.pi)
            self.stride += TICK_S * 2 * math.pi * (0.55 + 0.35 * speed)
            if int(self.stride / math.pi) != before:
                self.room.stepped(self)

    def _watch(self, arm: Arm) -> None:
        """Note when the hand crosses the front of the shelf that it reaches into."""
        if arm.shelf is None:
            return
        now = self.room.now
        inside = arm.shelf.contains(arm.hand)
        depth = arm.shelf.to_shelf(arm.hand)[1]
        if inside and arm.begin < 0:
            arm.begin, arm.deepest = now, arm.hand
        elif inside and depth > arm.shelf.to_shelf(arm.deepest)[1]:
            arm.deepest = arm.hand
        if arm.begin >= 0 and not inside and any(now < action.time for action in arm.actions):
            # Who stands very near has the hand inside already before they reach.
            arm.begin = -1.0
        elif arm.begin >= 0 and not inside:
            self.room.reached(self, arm.shelf, arm.begin, now, arm.deepest)
            for action in arm.actions:
                self.room.acted(self, action, arm.begin, now)
            arm.shelf, arm.begin, arm.actions = None, -1.0, []

    # What a script's words mean.

    def _live(self) -> Iterator[None]:
        yield from self._enter()
        if not self.passed_gate:
            yield from self._walk(self.entry.spawn, 0.1)
            return
        for step in self.script.steps:
            self._want_lean = self._want_crouch = 0.0
            yield from self._do(step)
        yield from self._leave()

    def _do(self, step: Step) -> Iterator[None]:
        match step:
            case Take():
                yield from self._approach(step.facing_id, step.walk, step.close)
                yield from self._until(self._take(step))
            case TakeTwo() if self._apart(step.left.facing_id, step.right.facing_id) > _SPAN_M:
                yield from self._do(step.left)
                yield from self._do(step.right)
            case TakeTwo():
                yield from self._approach(step.left.facing_id, step.left.walk, step.left.close, step.right.facing_id)
                first = self._take(step.left, _ARM_LEFT)
                second = self._take(step.right, _ARM_RIGHT)
                yield from self._until(max(first, second))
            case PutBack():
                yield from self._approach(step.facing_id, step.walk, step.close)
                yield from self._until(self._put(step))
            case Lift():
                yield from self._approach(step.facing_id, step.walk)
                yield from self._until(self._lift(step))
            case Touch():
                yield from self._approach(step.facing_id, step.walk)
                yield from self._until(self._touch(step))
            case Approach():
                yield from self._approach(step.facing_id, True, step.close, shift=step.shift_m)
            case Stand():
                yield from self._until(self.room.now + step.stay_s)
            case WalkTo():
                self._want_heading = None
                yield from self._walk(self.room.floor.nearest_free(step.x, step.y), 0.3)
            case Meet():
                yield from self._meet(step)
            case HandOver():
                yield from self._hand_over(step)
            case Receive():
                yield from self._receive(step)
            case Drop():
                yield from self._drop(step)
            case Restock():
                facing = self.room.store.facing[step.facing_id]
                fresh = [self.room.stock.new_unit(facing.product_id, facing, n) for n in range(step.count)]
                self.units += fresh
                yield from self._approach(step.facing_id, True)
                for unit in fresh:
                    yield from self._until(self._put(PutBack(step.facing_id, unit.product_id, 1, 1.5)))

    def _apart(self, one: str, other: str) -> float:
        a, b = self.room.store.facing[one], self.room.store.facing[other]
        return abs(a.x + a.width / 2 - b.x - b.width / 2) if a.shelf_id == b.shelf_id else math.inf

    def _until(self, time: float) -> Iterator[None]:
        while self.room.now < time:
            yield

    def _enter(self) -> Iterator[None]:
        script = self.script
        leader = self.room.named(script.behind) if script.behind else None
        gx, gy = self.entry.place
        if leader is not None:
            for _ in range(int(_MOST_WAIT_S * TICK_HZ)):
                if leader.passed_gate:
                    break
                yield
        offset = float(self.rng.uniform(-0.08, 0.08))
        yield from self._walk(self.room.floor.nearest_free(gx + offset, gy), 0.15, close=leader is not None)
        if script.shopper_id and not script.payer:
            show = self.room.now + float(self.rng.uniform(0.5, 1.0))
            yield from self._until(show)
            self.room.check_in(self)
            yield from self._until(show + float(self.rng.uniform(0.2, 0.5)))
        while script.waits and (opens := self.room.answer(self)) is not True:
            if opens is False:
                return
            yield
        self.passed_gate = True
        door = self.entry.door
        inner = door.at(door.along((self.x, self.y)), door.depth + 0.45)
        yield from self._walk(self.room.floor.nearest_free(*inner), 0.3, close=leader is not None)

    def _leave(self) -> Iterator[None]:
        self.spot, self._want_heading = None, None
        self._want_lean = self._want_crouch = 0.0
        door = self.room.exit_of(self)
        along = door.along(door.at(float(self.rng.uniform(-1, 1)) * door.half_width, 0.0))
        yield from self._walk(door.at(along, 0.35), 0.2)
        yield from self._walk(door.at(along, -LANE_M), 0.1)

    def _meet(self, step: Meet) -> Iterator[None]:
        for _ in range(int(_MOST_WAIT_S * TICK_HZ)):
            if self.room.meet(step.key, self.script.name) >= step.parties:
                return
            yield

    # Walking.

    def _walk(self, goal: Place, arrive_m: float, close: bool = False) -> Iterator[None]:
        """Walk to the goal, to within arrive_m; others are given way to, in the end pushed past."""
        floor = self.room.floor
        way = floor.way((self.x, self.y), goal)
        waited, best = 0.0, math.inf
        while True:
            remaining = math.dist((self.x, self.y), goal)
            if remaining <= arrive_m and len(way) == 1:
                return
            if waited > 1.0 and remaining < arrive_m + 0.35 and self._crowded(goal):
                return
            while len(way) > 1 and math.dist((self.x, self.y), way[0]) < 0.2:
                way.pop(0)
            length = math.dist((self.x, self.y), way[0]) + sum(math.dist(a, b) for a, b in pairwise(way))
            if length < best - 0.02:
                best, waited = length, 0.0
            else:
                waited += TICK_S
            if waited > _PATIENCE_S and int(waited * TICK_HZ) % TICK_HZ == 0:
                way = floor.way((self.x, self.y), goal)
            self._push(way[0], length, waited, close)
            yield

    def _crowded(self, goal: Place) -> bool:
        return any(math.dist((o.x, o.y), goal) < 0.4 for o in self.room.others(self))

    def _push(self, toward: Place, remaining: float, waited: float, close: bool) -> None:
        """One tick of walking towards a corner of the way."""
        self._moving = True
        room = 0.38 if close else self.script.personal_distance_m
        if waited > _PATIENCE_S:
            room = 0.36
        if waited > 4 * _PATIENCE_S:
            room = 0.05
        dx, dy = toward[0] - self.x, toward[1] - self.y
        d = max(1e-6, math.hypot(dx, dy))
        speed = min(self.script.speed_mps, 0.15 + 1.6 * remaining)
        wx, wy = speed * dx / d, speed * dy / d
        near = [(o, math.hypot(o.x - self.x, o.y - self.y)) for o in self.room.others(self)]
        for other, gap in near:
            if gap >= room + 0.35:
                continue
            ox, oy = (other.x - self.x) / max(gap, 1e-3), (other.y - self.y) / max(gap, 1e-3)
            ahead = (wx * ox + wy * oy) / max(speed, 1e-3)
            weight = max(0.0, (room + 0.35 - gap) / (room + 0.35))
            if ahead > 0.0:
                # Keep to the right of whom one meets.
                wx += speed * weight * 1.2 * oy
                wy -= speed * weight * 1.2 * ox
            if gap < room:
                push = 1.4 * (room - gap) / room
                wx -= push * ox
                wy -= push * oy
        norm = math.hypot(wx, wy)
        if norm > speed:
            wx, wy = wx * speed / norm, wy * speed / norm
        self.vx += (wx - self.vx) * TICK_S / 0.18
        self.vy += (wy - self.vy) * TICK_S / 0.18
        least = 0.3 if room > 0.1 else 0.05
        for mx, my in ((self.vx, self.vy), (self.vx, 0.0), (0.0, self.vy)):
            x, y = self.x + mx * TICK_S, self.y + my * TICK_S
            here = self.room.floor.clearance(self.x, self.y)
            if not self.room.floor.is_free(x, y, 0.17) and self.room.floor.clearance(x, y) <= here:
                continue
            if any(gap >= math.hypot(o.x - x, o.y - y) < least for o, gap in near):
                continue
            self.x, self.y = x, y
            return
        self.vx *= 0.5
        self.vy *= 0.5

    def _approach(
        self, facing_id: str, walk: bool, close: bool = False, second: str = "", shift: float = 0.0
    ) -> Iterator[None]:
        """Stand before a facing, or between two, looking at the shelf."""
        store = self.room.store
        facing = store.facing[facing_id]
        shelf = store.shelf[facing.shelf_id]
        inward = shelf.yaw + math.pi / 2
        u, v, _ = shelf.to_shelf((self.x, self.y, 0.0))
        if not walk and abs(facing.x + facing.width / 2 - u) < _BESIDE_M and -0.8 < v < 0.0:
            self._want_heading = inward
            return
        middle = facing.x + facing.width / 2 + shift
        if second:
            other = store.facing[second]
            middle = (middle + other.x + other.width / 2) / 2
        away = self._standing_distance(shelf, facing)
        for patience in range(6):
            spot = self._free_spot(shelf, middle, away, close or patience == 5, exact=shift != 0.0)
            if spot is not None:
                break
            yield from self._until(self.room.now + 1.0)
        assert spot is not None
        if self.spot is not None and math.dist(spot, (self.x, self.y)) < 0.12:
            self._want_heading = inward
            return
        self.spot = spot
        self._want_heading, self._nearer = None, (0.0, 0.0)
        yield from self._walk(spot, 0.07, close)
        self._want_heading = inward
        for _ in range(TICK_HZ):
            if abs((inward - self.heading + math.pi) % (2 * math.pi) - math.pi) < 0.25:
                break
            yield

    def _standing_distance(self, shelf: Shelf, facing: Facing) -> float:
        """How far before the front the body's axis stands so that the arm reaches in easily [m]."""
        z = shelf.origin[2] + facing.z + 0.1
        up = 0.82 * self.build.height - z
        reach = math.sqrt(max(0.04, (0.95 * self.build.arm) ** 2 - min(abs(up), 0.8 * self.build.arm) ** 2))
        return max(0.36, min(0.5, reach - 0.08))

    def _free_spot(self, shelf: Shelf, middle: float, away: float, close: bool, exact: bool) -> Place | None:
        taken = [o.spot or (o.x, o.y) for o in self.room.others(self)]
        jitter = float(self.rng.uniform(-0.06, 0.06))
        offsets = (0.0,) if exact else (0.0, 0.15, -0.15, 0.28, -0.28)
        best: tuple[float, Place] | None = None
        for offset in offsets:
            x, y, _ = shelf.to_store((middle + jitter + offset, -away, 0.0))
            place = self.room.floor.nearest_free(x, y)
            gap = min((math.dist(place, t) for t in taken), default=9.0)
            if gap >= (0.4 if close else 0.55):
                return place
            if best is None or gap > best[0]:
                best = (gap, place)
        return best[1] if close and best is not None else None

    # Reaching.

    def _posture(self, target: Point, side: int) -> None:
        """Lean, crouch and turn as little as lets the hand get to the target; where that is too little, step nearer."""
        facing = self.heading if self._want_heading is None else self._want_heading
        off = math.atan2(target[1] - self.y, target[0] - self.x) - facing
        off = max(-0.8, min(0.8, (off + math.pi) % (2 * math.pi) - math.pi))
        best = (math.inf, self.pose, 0.0)
        for turn in (0.0, 0.5 * off, off):
            for crouch in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
                for lean in (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8):
                    pose = body.Pose(self.x, self.y, facing + turn, lean, crouch, 0.0, 0.0)
                    short = math.dist(body.shoulder(self.build, pose, side), target) - 0.97 * self.build.arm
                    cost = lean + 0.6 * crouch + 0.3 * abs(turn) + 20.0 * max(0.0, short)
                    if cost < best[0]:
                        best = (cost, pose, short)
        _, pose, short = best
        self._want_lean, self._want_crouch, self._want_heading = pose.lean, pose.crouch, pose.heading
        if short > 0.02:
            dx, dy = target[0] - self.x, target[1] - self.y
            step = min(0.35, 1.3 * short) / max(1e-3, math.hypot(dx, dy))
            self._nearer = (step * dx, step * dy)

    def _step_nearer(self) -> None:
        """Shift the weight towards what is reached for, as far as shelf and people leave room."""
        dx, dy = self._nearer
        left = math.hypot(dx, dy)
        if left < 1e-3:
            return
        share = min(1.0, 0.5 * TICK_S / left)
        x, y = self.x + share * dx, self.y + share * dy
        self._nearer = ((1 - share) * dx, (1 - share) * dy)
        if not self.room.floor.is_free(x, y, 0.17):
            return
        if all(math.hypot(o.x - x, o.y - y) > 0.3 for o in self.room.others(self)):
            self.x, self.y = x, y

    def _reach_to(
        self, facing: Facing, u: float, side: int, grip_s: float, after_s: float, pace: float
    ) -> tuple[Arm, float]:
        """Send a hand to x = u in the facing; it is there grip_s before the time that is given back, and leaves
        after_s later.
        """
        shelf = self.room.store.shelf[facing.shelf_id]
        arm = self.arms[side]
        depth = float(self.rng.uniform(0.1, 0.17))
        z = facing.z + min(0.5 * facing.height, float(self.rng.uniform(0.07, 0.13)))
        target = shelf.to_store((u, depth, z))
        before = shelf.to_store((u, -0.1, z + 0.02))
        self._posture(target, side)
        rest = body.hand_at_rest(self.build, self.pose, side, True)
        d = max(0.25, 0.45 / pace)
        stops = [(before, d), (target, max(0.3, 0.6 / pace)), (target, grip_s), (target, after_s)]
        stops += [(before, max(0.25, 0.5 / pace)), (rest, d)]
        times = arm.follow(stops, self.room.now)
        arm.shelf, arm.begin, arm.actions = shelf, -1.0, []
        return arm, times[2]

    def _side_for(self, facing: Facing) -> int:
        """The hand nearer to the facing, the right one when it stands straight ahead."""
        shelf = self.room.store.shelf[facing.shelf_id]
        u = facing.x + facing.width / 2 - shelf.to_shelf((self.x, self.y, 0.0))[0]
        return _ARM_LEFT if u < -0.1 else _ARM_RIGHT

    def _grip_s(self, pace: float) -> float:
        # Half of the way in from 0.1 m before the front lies inside the shelf: 0.33 s of the 0.6 s.
        return max(0.08, float(self.rng.normal(_CROSSING_TO_STEP_S - 0.35, 0.1)) / pace)

    def _take(self, step: Take, side: int | None = None) -> float:
        """Begin to take; when the hand is back [s]."""
        room = self.room
        facing = room.store.facing[step.facing_id]
        side = side if side is not None else self._side_for(facing)
        standing = room.stock.standing(step.facing_id)
        if step.count == 0 and standing:
            unit = standing[-1]
            arm, end = self._reach_to(facing, unit.x, side, step.hold_s, 0.1, step.pace)
            self._press(facing, unit, end - step.hold_s, end, True)
            return arm.done_at
        units = room.stock.reserve(step.facing_id, step.count, step.product_id)
        if not units:
            return self._touch(Touch(step.facing_id, 0.3), side)
        u = sum(unit.x for unit in units) / len(units)
        grip = self._grip_s(step.pace)
        arm, fall = self._reach_to(
            facing, u, side, grip + step.hold_s, float(self.rng.uniform(0.1, 0.35)) / step.pace, step.pace
        )
        self._press(facing, units[0], fall - min(grip, 0.35) - step.hold_s, fall, step.hold_s > 2.0)
        for n, unit in enumerate(units):
            at = fall + 0.05 * n
            for scale_id, part in room.stock.load(unit, facing):
                room.scales.step(scale_id, at, -part)
            unit.taker = unit.holder = self.person_id
            self.units.append(unit)
            self.taken[unit] = None
        shelf_id = facing.shelf_id
        arm.actions.append(
            Action(fall, TrueActionKind.TAKE, units[0].product_id, len(units), shelf_id, facing.facing_id)
        )
        return arm.done_at

    def _press(self, facing: Facing, unit: Unit, begin: float, end: float, holds: bool) -> None:
        """The hand's own weight on the plate while it grips; while it holds for long, it lifts a little too."""
        scale_id = self.room.stock.load(unit, facing)[0][0]
        touch = self.room.scales.noise.touch_g * float(self.rng.uniform(0.5, 1.5))
        if holds:
            self.room.scales.hold(scale_id, begin, end - 0.3, float(self.rng.uniform(-0.35, 0.15)) * unit.weight)
            begin = end - 0.25
        self.room.scales.bump(scale_id, max(begin, end - 0.3), end, touch)

    def _put(self, step: PutBack) -> float:
        """Begin to put back; when the hand is back [s]."""
        room = self.room
        facing = room.store.facing[step.facing_id]
        units = [u for u in self.units if u.product_id == step.product_id][: step.count]
        if not units:
            return room.now
        side = self._side_for(facing)
        u = facing.x + facing.width * float(self.rng.uniform(0.3, 0.7))
        arm, down = self._reach_to(
            facing, u, side, self._grip_s(step.pace), float(self.rng.uniform(0.1, 0.3)), step.pace
        )
        for n, unit in enumerate(units):
            at = down + 0.06 * n
            self.units.remove(unit)
            unit.taker = 0
            room.stock.place(unit, step.facing_id, u)
            for scale_id, part in room.stock.load(unit, facing):
                room.scales.step(scale_id, at, part)
                room.scales.bump(scale_id, at, at + 0.18, 0.7 * room.scales.noise.touch_g * part / unit.weight)
        action = Action(down, TrueActionKind.PUT_BACK, step.product_id, len(units), facing.shelf_id, facing.facing_id)
        arm.actions.append(action)
        return arm.done_at

    def _lift(self, step: Lift) -> float:
        room = self.room
        facing = room.store.facing[step.facing_id]
        standing = room.stock.standing(step.facing_id)
        if not standing:
            return self._touch(Touch(step.facing_id, 0.3))
        unit = standing[-1]
        arm, up = self._reach_to(facing, unit.x, self._side_for(facing), self._grip_s(1.0), step.lift_s + 0.3, 1.0)
        self._press(facing, unit, up - 0.35, up, False)
        for scale_id, part in room.stock.load(unit, facing):
            room.scales.step(scale_id, up, -part)
            room.scales.step(scale_id, up + step.lift_s, part)
            room.scales.bump(scale_id, up + step.lift_s, up + step.lift_s + 0.2, 0.6 * room.scales.noise.touch_g)
        return arm.done_at

    def _touch(self, step: Touch, side: int | None = None) -> float:
        room = self.room
        facing = room.store.facing[step.facing_id]
        side = side if side is not None else self._side_for(facing)
        u = facing.x + facing.width * float(self.rng.uniform(0.25, 0.75))
        arm, end = self._reach_to(facing, u, side, step.touch_s, 0.1, 1.0)
        scale = min(facing.scale_ids, key=lambda s: abs(room.store.scale[s].x + room.store.scale[s].width / 2 - u))
        room.scales.bump(
            scale, end - step.touch_s, end, room.scales.noise.touch_g * float(self.rng.uniform(0.3, 1.5))
        )
        return arm.done_at

    # Between people.

    def _give_point(self, other: Actor) -> Point:
        z = 0.62 * min(self.build.height, other.build.height)
        return ((self.x + other.x) / 2, (self.y + other.y) / 2, z)

    def _hand_over(self, step: HandOver) -> Iterator[None]:
        self.spot = None
        other: Actor | None = None
        for _ in range(int(_MOST_WAIT_S * TICK_HZ)):
            other = self.room.named(step.to)
            if other is not None and (other.gone or other.waits_for == self.script.name):
                break
            yield
        if other is None or other.gone:
            return
        dx, dy = self.x - other.x, self.y - other.y
        d = max(1e-3, math.hypot(dx, dy))
        self._want_heading = None
        yield from self._walk(
            self.room.floor.nearest_free(other.x + 0.6 * dx / d, other.y + 0.6 * dy / d), 0.12, True
        )
        self._want_heading = math.atan2(other.y - self.y, other.x - self.x)
        other._want_heading = math.atan2(self.y - other.y, self.x - other.x)
        yield from self._until(self.room.now + 0.4)
        units = [u for u in self.units if u.product_id == step.product_id][: step.count]
        point = self._give_point(other)
        given = self.room.now
        for who in (self, other):
            arm = who.arms[_ARM_RIGHT]
            rest = body.hand_at_rest(who.build, who.pose, _ARM_RIGHT, True)
            given = arm.follow([(point, 0.6), (point, 0.4), (rest, 0.6)], self.room.now)[1]
        yield from self._until(given)
        for unit in units:
            self.units.remove(unit)
            unit.holder = other.person_id
            other.units.append(unit)
        if units:
            done = Action(given, TrueActionKind.HAND_OVER, step.product_id, len(units), other=other.person_id)
            self.room.acted(self, done, given, given)
        other.waits_for = ""
        yield from self._until(given + 0.5)
        self._want_heading = None

    def _receive(self, step: Receive) -> Iterator[None]:
        self.waits_for = step.giver
        for _ in range(int(_MOST_WAIT_S * TICK_HZ)):
            giver = self.room.named(step.giver)
            if not self.waits_for or (giver is not None and giver.gone):
                break
            yield
        self.waits_for = ""
        yield from self._until(self.room.now + 0.6)
        self._want_heading = None

    def _drop(self, step: Drop) -> Iterator[None]:
        units = [u for u in self.units if u.product_id == step.product_id][: step.count]
        if not units:
            return
        self._want_crouch, self._want_lean = 0.9, 0.5
        place = (self.x + 0.35 * math.cos(self.heading), self.y + 0.35 * math.sin(self.heading), 0.12)
        arm = self.arms[_ARM_RIGHT]
        rest = body.hand_at_rest(self.build, self.pose, _ARM_RIGHT, True)
        down = arm.follow([(place, 1.0), (place, 0.3), (rest, 0.9)], self.room.now)[1]
        yield from self._until(down)
        for unit in units:
            self.units.remove(unit)
            unit.on_floor, unit.holder = True, 0
        self.room.acted(self, Action(down, TrueActionKind.DROP_ON_FLOOR, step.product_id, len(units)), down, down)
        self._want_crouch = self._want_lean = 0.0
        yield from self._until(arm.done_at)
