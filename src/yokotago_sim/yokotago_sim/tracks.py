# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a good tracker would say of the true people: the cheap level of the simulation, without clouds.

Positions, heights and hands carry an error that is correlated in time, as a tracker's is. Reaches come from the true
hands, zone crossings from the true places, both at the moments of the frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from yokotago_model.events import (
    SECOND,
    CrossingKind,
    Hand,
    HandReach,
    HandSample,
    Point,
    Stamp,
    Track,
    TrackFrame,
    TrackState,
    ZoneCrossing,
)
from yokotago_model.store import Shelf, Store

from .noise import TrackNoise

CROSSING_HYSTERESIS_M = 0.1


@dataclass(frozen=True)
class Person:
    """A true person at one moment: body axis, top of the head, hands, velocity, and where the head is above the
    floor.
    """

    person_id: int
    axis: tuple[float, float]
    head: tuple[float, float]
    height: float
    hands: tuple[Point, Point]
    velocity: tuple[float, float]


class TrueCrossings:
    """Zone crossings of true people: the moment at the border, told once the person is clearly past it."""

    def __init__(self, store: Store, hysteresis_m: float = CROSSING_HYSTERESIS_M) -> None:
        self._zones = store.zones
        self._hysteresis = hysteresis_m
        self._inside: dict[tuple[int, str], bool] = {}
        self._border: dict[tuple[int, str], Stamp] = {}
        self._last: dict[int, tuple[float, float]] = {}

    def feed(self, stamp: Stamp, people: list[Person]) -> list[ZoneCrossing]:
        """The crossings that are clear now. Their stamps may lie before `stamp`."""
        out: list[ZoneCrossing] = []
        present = {p.person_id: p.axis for p in people}
        for person_id in sorted(set(self._last) | set(present)):
            for zone in self._zones:
                key = (person_id, zone.zone_id)
                was = self._inside.get(key, False)
                if person_id not in present:
                    if was:
                        out.append(ZoneCrossing(stamp, person_id, zone.zone_id, CrossingKind.EXIT))
                    self._inside.pop(key, None)
                    self._border.pop(key, None)
                    continue
                distance = zone.distance(*present[person_id])
                if person_id not in self._last and distance < 0.0:
                    self._inside[key] = True
                    out.append(ZoneCrossing(stamp, person_id, zone.zone_id, CrossingKind.ENTER))
                    continue
                if (distance < 0.0) == was:
                    self._border.pop(key, None)
                    continue
                at = self._border.setdefault(key, stamp)
                if abs(distance) >= self._hysteresis:
                    self._inside[key] = not was
                    self._border.pop(key)
                    out.append(
                        ZoneCrossing(at, person_id, zone.zone_id, CrossingKind.EXIT if was else CrossingKind.ENTER)
                    )
        self._last = present
        return out


@dataclass
class _OpenReach:
    reach_id: str
    track_id: int
    shelf: Shelf
    begin: Stamp
    missed: bool
    samples: list[HandSample] = field(default_factory=list)


class _Identities:
    """Which track a person has, and how sure the tracker is of it: two who were one blob may have changed places."""

    def __init__(self, noise: TrackNoise, rng: np.random.Generator) -> None:
        self._noise = noise
        self._rng = rng
        self._track: dict[int, int] = {}
        self._doubt: dict[int, tuple[float, tuple[int, ...]]] = {}
        self._merged: set[tuple[int, int]] = set()

    def of(self, person_id: int) -> tuple[int, float, tuple[int, ...]]:
        """Track id, confidence that it still names whom it named, and whom it may name instead."""
        return (self._track.get(person_id, person_id), *self._doubt.get(person_id, (1.0, ())))

    def feed(self, people: list[Person]) -> None:
        """See who is in one blob with whom now, and who has parted."""
        merge = self._noise.merge_distance_m
        if not merge:
            return
        for i, b in enumerate(people):
            for a in people[:i]:
                pair, gap = (a.person_id, b.person_id), math.dist(a.head, b.head)
                if gap < merge:
                    self._merged.add(pair)
                elif gap > merge + 0.15 and pair in self._merged:
                    self._merged.remove(pair)
                    self._part(*pair)

    def _part(self, a: int, b: int) -> None:
        track_a, track_b = self.of(a)[0], self.of(b)[0]
        if self._rng.random() < self._noise.swap_share:
            self._track[a], self._track[b] = track_b, track_a
        for person, other in ((a, b), (b, a)):
            _, confidence, alternatives = self.of(person)
            may_be = tuple(sorted({*alternatives, self.of(other)[0]} - {self.of(person)[0]}))
            self._doubt[person] = (confidence * (1.0 - self._noise.swap_share), may_be)


class TrackedPeople:
    """Feed the true people of a frame, get what a tracker would publish."""

    def __init__(self, store: Store, noise: TrackNoise, frame_s: float, rng: np.random.Generator) -> None:
        self._noise = noise
        self._rng = rng
        self._keep = math.exp(-frame_s / noise.correlation_s)
        self._fresh = math.sqrt(1.0 - self._keep**2)
        self._errors: dict[int, npt.NDArray[np.float64]] = {}
        self._seen: dict[int, int] = {}
        self._reaches: dict[tuple[int, int], _OpenReach] = {}
        self._identity = _Identities(noise, rng)
        self._count = 0
        # A box on the floor around each shelf, to see at once that a hand is nowhere near it.
        self._shelves = []
        for shelf in store.shelves:
            xs, ys = zip(*shelf.footprint, strict=True)
            near = noise.reach_margin_m * 1.5
            self._shelves.append((min(xs) - near, max(xs) + near, min(ys) - near, max(ys) + near, shelf))

    def _shelf_at(self, hand: Point) -> Shelf | None:
        x, y, _ = hand
        for x0, x1, y0, y1, shelf in self._shelves:
            if x0 < x < x1 and y0 < y < y1 and shelf.contains(hand, self._noise.reach_margin_m):
                return shelf
        return None

    def feed(
        self, stamp: Stamp, people: list[Person], crossings: list[ZoneCrossing]
    ) -> list[TrackFrame | ZoneCrossing | HandReach]:
        """Frame, then crossings, then reaches at `stamp`. crossings: the true ones that have become clear."""
        noise = self._noise
        tracks: list[Track] = []
        reaches: list[HandReach] = []
        self._identity.feed(people)
        for person in people:
            person_id = person.person_id
            fresh = self._rng.standard_normal(9)
            old = self._errors.get(person_id)
            error = fresh if old is None else self._keep * old + self._fresh * fresh
            self._errors[person_id] = error
            seen = self._seen[person_id] = self._seen.get(person_id, 0) + 1
            errors = error.tolist()
            hands = []
            for side, true in enumerate(person.hands):
                shelf = self._shelf_at(true)
                sd = noise.hand_stddev_m if shelf is None else noise.hand_in_shelf_stddev_m
                ex, ey, ez = errors[3 + 3 * side : 6 + 3 * side]
                at = (true[0] + sd * ex, true[1] + sd * ey, true[2] + sd * ez)
                told = max(sd, 0.005)
                if shelf is not None or self._rng.random() >= noise.hand_missed_share:
                    hands.append(Hand(at, told, 0.9))
                if shelf is not None or (person_id, side) in self._reaches:
                    reaches += self._reach(stamp, (person_id, side), shelf, HandSample(stamp, at, told))
            sd = noise.position_stddev_m
            track_id, confidence, alternatives = self._identity.of(person_id)
            tracks.append(
                Track(
                    track_id=track_id,
                    state=TrackState.CONFIRMED if seen > 3 else TrackState.TENTATIVE,
                    position=(person.head[0] + sd * errors[0], person.head[1] + sd * errors[1], 0.0),
                    velocity=(person.velocity[0], person.velocity[1], 0.0),
                    height=person.height + noise.height_stddev_m * errors[2],
                    position_covariance=(sd * sd, 0.0, 0.0, sd * sd),
                    identity_confidence=confidence,
                    identity_alternatives=alternatives,
                    hands=tuple(hands),
                )
            )
        present = {p.person_id for p in people}
        for key in [k for k in self._reaches if k[0] not in present]:
            reaches += self._reach(stamp, key, None, None)
        tracks.sort(key=lambda t: t.track_id)
        # A tracker can only tell a crossing with the frame that shows it.
        told_now = [ZoneCrossing(stamp, self._identity.of(c.track_id)[0], c.zone_id, c.kind) for c in crossings]
        return [TrackFrame(stamp, tuple(tracks)), *told_now, *reaches]

    def _reach(
        self, stamp: Stamp, key: tuple[int, int], shelf: Shelf | None, sample: HandSample | None
    ) -> list[HandReach]:
        out = []
        going = self._reaches.get(key)
        if going is not None and (shelf is None or shelf is not going.shelf):
            del self._reaches[key]
            if not going.missed:
                out.append(
                    HandReach(
                        going.reach_id,
                        going.track_id,
                        going.shelf.shelf_id,
                        True,
                        going.begin,
                        stamp,
                        tuple(going.samples),
                    )
                )
            going = None
        if shelf is not None and sample is not None:
            if going is None:
                self._count += 1
                track_id = self._identity.of(key[0])[0]
                missed = bool(self._rng.random() < self._noise.reach_missed_share)
                going = self._reaches[key] = _OpenReach(f"reach-{self._count}", track_id, shelf, stamp, missed)
                if not missed:
                    out.append(HandReach(going.reach_id, track_id, shelf.shelf_id, False, stamp, stamp, (sample,)))
            going.samples.append(sample)
        return out


def frame_stamp(start: Stamp, tick: int, tick_hz: int) -> Stamp:
    """Stamp of a tick after the opening."""
    return start + tick * SECOND // tick_hz
