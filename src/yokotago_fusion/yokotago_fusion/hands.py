# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""How well a hand, or a person without a seen hand, fits a movement at one place of a shelf at one time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from yokotago_model.events import SECOND, HandReach, Stamp
from yokotago_model.store import Shelf

from .likelihoods import bell, within
from .parameters import FusionParameters
from .whereabouts import Whereabouts

Window = tuple[float, float, float, float]
"""x0, x1, z0, z1 of a part of a shelf's front [m]."""


@dataclass
class ReachEvidence:
    """A reach with its samples in the shelf's own coordinates: stamp, along, into and up [m], deviation [m]."""

    reach: HandReach
    shelf: Shelf
    samples: tuple[tuple[Stamp, float, float, float, float], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.samples = tuple(
            (s.stamp, *self.shelf.to_shelf(s.position), s.position_stddev) for s in self.reach.samples
        )


@dataclass(frozen=True)
class Actor:
    """Somebody who may have moved a thing: a track with a reach, or without one (it may have been missed)."""

    track_id: int
    evidence: ReachEvidence | None
    people: tuple[tuple[int, float], ...]
    """Who the track may be, each with its log probability; the first is the track itself."""

    @property
    def reach_id(self) -> str:
        """The reach, empty without one."""
        return self.evidence.reach.reach_id if self.evidence else ""


def log_timing(reach: HandReach, begin: Stamp, end: Stamp, params: FusionParameters) -> float:
    """How well a step between two stamps lies inside a reach, relative to a step that surely does."""
    outside = max(0, reach.begin - end, begin - reach.end) / SECOND
    return max(-0.5 * (outside / params.timing_stddev_s) ** 2, -8.0)


def log_hand_at(
    evidence: ReachEvidence, begin: Stamp, end: Stamp, window: Window, blur: float, params: FusionParameters
) -> float:
    """Log ratio of the hand's positions around a step given a movement in the window, to anywhere in the shelf's front.

    Each sample counts by its distance in time from the step (normal, timing_stddev_s); a movement in the window puts
    the hand evenly over it, blurred by the sample's, the hand's and the place's own deviation (`blur`).
    """
    width, _, height = evidence.shelf.size
    x0, x1, z0, z1 = window
    total, density = 0.0, 0.0
    for stamp, along, _, up, stddev in evidence.samples:
        apart = max(0, begin - stamp, stamp - end) / SECOND / params.timing_stddev_s
        weight = math.exp(-0.5 * min(apart * apart, 200.0))
        error = math.sqrt(stddev**2 + params.hand_stddev**2 + blur**2)
        across = within(along, x0, x1, error) if x1 > x0 else bell(along, x0, error)
        upward = within(up, z0, z1, error) if z1 > z0 else bell(up, z0, error)
        total += weight
        density += weight * across * upward
    if total == 0.0:
        return 0.0
    ratio = width * height * density / total
    return math.log((1 - params.place_outlier) * ratio + params.place_outlier)


def log_body_at(
    whereabouts: Whereabouts, track_id: int, shelf: Shelf, moment: Stamp, window: Window, params: FusionParameters
) -> float:
    """Log ratio of a person's position given that a reach of theirs into the window was missed; -inf out of reach."""
    place = whereabouts.place(track_id, moment)
    if place is None:
        return -math.inf
    along, into, _ = shelf.to_shelf((place.x, place.y, shelf.origin[2]))
    front = -into
    if not -0.1 <= front <= params.arm_length:
        return -math.inf
    x0, x1 = window[0], max(window[1], window[0] + 0.01)
    ratio = shelf.size[0] * within(along, x0, x1, params.body_stddev)
    return math.log(params.missed_reach) + math.log(max(ratio, 1e-6))
