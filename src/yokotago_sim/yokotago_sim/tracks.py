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
    shelf: Shelf
    begin: Stamp
    missed: bool
    samples: list[HandSample] = field(default_factory=list)


class TrackedPeople:
    """Feed the true people of a frame, get what a tracker would publish."""

    def __init__(self, store: Store, noise: TrackNoise, frame_s: float, rng: np.random.Generator) -> None:
        self._store = store
        self._noise = noise
        self._rng = rng
        self._keep = math.exp(-frame_s / noise.correlation_s)
        self._errors: dict[int, npt.NDArray[np.float64]] = {}
        self._seen: dict[int, int] = {}
        self._reaches: dict[tuple[int, int], _OpenReach] = {}
        self._crossings = TrueCrossings(store)
        self._count = 0

    def feed(self, stamp: Stamp, people: list[Person]) -> list[TrackFrame | ZoneCrossing | HandReach]:
        """Frame, then crossings, then reaches at `stamp`."""
        noise = self._noise
        out: list[TrackFrame | ZoneCrossing | HandReach] = []
        tracks, reaches = [], []
        for person in people:
            fresh = self._rng.standard_normal(9)
            old = self._errors.get(person.person_id, fresh)
            error = self._keep * old + math.sqrt(1.0 - self._keep**2) * fresh
            self._errors[person.person_id] = error
            seen = self._seen[person.person_id] = self._seen.get(person.person_id, 0) + 1
            hands = []
            for side, true in enumerate(person.hands):
                inside = next((s for s in self._store.shelves if s.contains(true, noise.reach_margin_m)), None)
                stddev = noise.hand_stddev_m if inside is None else noise.hand_in_shelf_stddev_m
                off = error[3 + 3 * side : 6 + 3 * side] * stddev
                at = (true[0] + float(off[0]), true[1] + float(off[1]), true[2] + float(off[2]))
                told = max(stddev, 0.005)
                if inside is not None or self._rng.random() >= noise.hand_missed_share:
                    hands.append(Hand(at, told, 0.9))
                reaches += self._reach(stamp, (person.person_id, side), inside, HandSample(stamp, at, told))
            sd = noise.position_stddev_m
            tracks.append(
                Track(
                    track_id=person.person_id,
                    state=TrackState.CONFIRMED if seen > 3 else TrackState.TENTATIVE,
                    position=(person.head[0] + sd * float(error[0]), person.head[1] + sd * float(error[1]), 0.0),
                    velocity=(person.velocity[0], person.velocity[1], 0.0),
                    height=person.height + noise.height_stddev_m * float(error[2]),
                    position_covariance=(sd * sd, 0.0, 0.0, sd * sd),
                    hands=tuple(hands),
                )
            )
        present = {p.person_id for p in people}
        for key in [k for k in self._reaches if k[0] not in present]:
            reaches += self._reach(stamp, key, None, None)
        out.append(TrackFrame(stamp, tuple(tracks)))
        # A tracker can only tell a crossing with the frame that shows it.
        out += [ZoneCrossing(stamp, c.track_id, c.zone_id, c.kind) for c in self._crossings.feed(stamp, people)]
        return out + reaches

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
                        key[0],
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
                missed = bool(self._rng.random() < self._noise.reach_missed_share)
                going = self._reaches[key] = _OpenReach(f"reach-{self._count}", shelf, stamp, missed)
                if not missed:
                    out.append(HandReach(going.reach_id, key[0], shelf.shelf_id, False, stamp, stamp, (sample,)))
            going.samples.append(sample)
        return out


def frame_stamp(start: Stamp, tick: int, tick_hz: int) -> Stamp:
    """Stamp of a tick after the opening."""
    return start + tick * SECOND // tick_hz
