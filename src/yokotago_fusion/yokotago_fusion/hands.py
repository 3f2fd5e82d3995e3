# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""How well a hand, or a person without a seen hand, fits a movement at one place of a shelf at one time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from yokotago_model.events import SECOND, HandReach, HandSample, Stamp
from yokotago_model.store import Facing, Shelf

from .likelihoods import bell, normal_share, within
from .parameters import FusionParameters
from .whereabouts import Whereabouts

_GLIMPSES = 2
_SO_FAR_M = 0.06

Window = tuple[float, float, float, float]
"""x0, x1, z0, z1 of a part of a shelf's front [m]."""


def window_of(facing: Facing, params: FusionParameters) -> Window:
    """Where the middle of what stands on a facing may be: half its width away from the facing's sides."""
    inside = min(params.half_item, facing.width / 4.0)
    return facing.x + inside, facing.x + facing.width - inside, facing.z, facing.z + facing.height


@dataclass
class ReachEvidence:
    """A reach with its samples in the shelf's own coordinates: stamp, along, into and up [m], deviation [m]."""

    reach: HandReach
    shelf: Shelf
    samples: tuple[tuple[Stamp, float, float, float, float], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.samples = tuple((s.stamp, *self.shelf.to_shelf(s.position), s.position_stddev) for s in self.reach.samples)


def so_far(evidence: ReachEvidence, whereabouts: Whereabouts, now: Stamp) -> ReachEvidence:
    """A reach that goes on is told with its first samples only: what the frames show of the hand since is added."""
    reach, shelf = evidence.reach, evidence.shelf
    newest = max((s.stamp for s in reach.samples), default=reach.begin)
    added = tuple(
        HandSample(hand.stamp, hand.position, hand.stddev)
        for hand in whereabouts.hands(reach.track_id, newest + 1, now)
        if shelf.contains(hand.position, _SO_FAR_M)
    )
    return ReachEvidence(replace(reach, samples=(*reach.samples, *added)), shelf) if added else evidence


@dataclass(frozen=True)
class Actor:
    """Somebody who may have moved a thing: a track with a reach, or without one (it may have been missed).

    glimpse: without a reach, where a hand of theirs was seen just before the front at that time, as from hand_at;
    close: without a reach, whether somebody else stood so near that arms are easily missed; mistaken: the reach was
    told of another one; owner: probability that the reach is theirs.
    """

    track_id: int
    evidence: ReachEvidence | None
    people: tuple[tuple[int, float], ...]
    """Who the track may be, each with its log probability; the first is the track itself."""
    glimpse: tuple[float, float, float, float] | None = None
    close: bool = False
    mistaken: bool = False
    owner: float = 1.0

    @property
    def reach_id(self) -> str:
        """The reach, empty without one."""
        return self.evidence.reach.reach_id if self.evidence else ""


def log_timing(reach: HandReach, begin: Stamp, end: Stamp, params: FusionParameters) -> float:
    """Log ratio of the times of a reach and a step given that the reach made the step, to a reach that did not.

    A hand that has what it came for leaves soon: the step lies about retreat_s before the end (normal, in 8 of 10
    reaches; in the others, which go on to something else, anywhere). Nor can it have the thing before it got there: a
    step ends grasp_s (normal) after the begin at the earliest. A step outside the reach is an error of the clocks, or
    of the reach's begin or end, and rare. A reach that goes on has no end yet.
    """
    outside = max(0, reach.begin - end, begin - reach.end if reach.complete else 0) / SECOND
    astray = params.p_outside * math.exp(-0.5 * min(outside / params.timing_stddev_s, 4.0) ** 2)
    there = normal_share((end - reach.begin) / SECOND, params.grasp_s, params.grasp_stddev_s)
    if not reach.complete:
        return math.log(astray if outside > 0 else max(there, astray))
    length = max((reach.end - reach.begin) / SECOND, 0.2)
    leaves = bell((reach.end - end) / SECOND, params.retreat_s, params.retreat_stddev_s)
    return max(math.log(0.8 * leaves * length * there + (astray if outside > 0 else max(0.2 * there, astray))), -8.0)


def hand_at(
    evidence: ReachEvidence, begin: Stamp, end: Stamp, params: FusionParameters
) -> tuple[float, float, float, float] | None:
    """Where the hand was during a step: along and up the shelf's front, each with its deviation [m]; None without
    samples.

    Mean of the samples, each weighted by its distance in time from the step. Their errors hang together (the samples
    of a complete reach are smoothed), so that many are worth no more than one.
    """
    weights = []
    for stamp, *_ in evidence.samples:
        apart = max(0, begin - stamp, stamp - end) / SECOND / params.step_stddev_s
        weights.append(math.exp(-0.5 * min(apart * apart, 400.0)))
    total = math.fsum(weights)
    if not weights or total == 0.0:
        return None
    shares = [w / total for w in weights]
    found = []
    for axis in (1, 3):
        mean = math.fsum(w * s[axis] for w, s in zip(shares, evidence.samples, strict=True))
        spread = math.fsum(w * (s[axis] - mean) ** 2 for w, s in zip(shares, evidence.samples, strict=True))
        noise = math.fsum(w * s[4] ** 2 for w, s in zip(shares, evidence.samples, strict=True))
        found += [mean, math.sqrt(max(noise, spread))]
    return found[0], found[2], found[1], found[3]


def log_hand_at(
    hand: tuple[float, float, float, float],
    shelf: Shelf,
    window: Window,
    blur: float,
    params: FusionParameters,
) -> float:
    """Log ratio of the hand's place (from hand_at) given a movement in the window, to anywhere in the shelf's front.

    A movement in the window puts the hand evenly over it, blurred by the measurement's, the hand's and the place's own
    deviation (`blur`). Seen from above an arm hides its hand: the height is wrong more often than the place along.
    """
    width, _, height = shelf.size
    x0, x1, z0, z1 = window
    along, up, along_stddev, up_stddev = hand
    extra = params.hand_stddev**2 + blur**2
    across, upward = math.sqrt(along_stddev**2 + extra), math.sqrt(up_stddev**2 + extra)
    level = within(up, z0, z1, upward) if z1 > z0 else bell(up, z0, upward)
    level = (1 - params.place_height_outlier) * height * level + params.place_height_outlier
    aside = width * (within(along, x0, x1, across) if x1 > x0 else bell(along, x0, across))
    return math.log((1 - params.place_outlier) * aside * level + params.place_outlier)


def glimpse_at(
    whereabouts: Whereabouts, track_id: int, shelf: Shelf, begin: Stamp, end: Stamp, params: FusionParameters
) -> tuple[float, float, float, float] | None:
    """Where a hand of the track was just before the shelf's front during a step, as from hand_at; None if nowhere.

    What was not deep enough for a reach still tells who was there. How far before the front it was adds to its
    deviation: it moved on from there.
    """
    around = round(params.glimpse_s * SECOND)
    width, depth, height = shelf.size
    near = []
    for hand in whereabouts.hands(track_id, begin - around, end + around):
        along, into, up = shelf.to_shelf(hand.position)
        if -0.1 <= along <= width + 0.1 and -params.glimpse_m <= into <= depth and -0.1 <= up <= height + 0.25:
            near.append((along, up, math.hypot(hand.stddev, 0.5 * max(0.0, -into))))
    if len(near) < _GLIMPSES:
        return None
    along = math.fsum(n[0] for n in near) / len(near)
    up = math.fsum(n[1] for n in near) / len(near)
    spread = math.fsum(n[2] for n in near) / len(near)
    off = math.fsum((n[0] - along) ** 2 for n in near) / len(near)
    high = math.fsum((n[1] - up) ** 2 for n in near) / len(near)
    return along, up, math.hypot(spread, math.sqrt(off)), math.hypot(spread, math.sqrt(high))


def log_body_at(
    whereabouts: Whereabouts, track_id: int, shelf: Shelf, moment: Stamp, window: Window, params: FusionParameters
) -> float:
    """Log ratio of a person's place given that they reached into the window, to anywhere; -inf out of reach.

    Their arm must be long enough from a shoulder to the window as their head is at that time: who stands upright
    does not reach what lies near the floor.
    """
    place = whereabouts.place(track_id, moment)
    if place is None:
        return -math.inf
    along, into, _ = shelf.to_shelf((place.x, place.y, shelf.origin[2]))
    front = -into
    if not -0.1 <= front <= params.arm_length:
        return -math.inf
    x0, x1 = window[0], max(window[1], window[0] + 0.01)
    ratio = shelf.size[0] * within(along, x0, x1, params.body_stddev)
    tall = whereabouts.tallest(track_id)
    if place.top > 0.0:
        aside = max(0.0, x0 - along, along - x1) - params.shoulder_beside_share * tall
        shoulder = place.top - params.shoulder_below_share * tall
        upward = max(0.0, window[2] - shoulder, shoulder - max(window[3], window[2]))
        arm = math.hypot(max(0.0, aside), max(0.0, front), upward) / tall
        too_long = max(0.0, arm - params.arm_share) / params.arm_stddev_share
        ratio *= (1 - params.place_outlier) * math.exp(-0.5 * too_long * too_long) + params.place_outlier
    return math.log(max(ratio, 1e-6))


def log_stance(
    whereabouts: Whereabouts, track_id: int, moment: Stamp, window: Window, params: FusionParameters
) -> float:
    """Log ratio of how far a person bends given that they reach into the window, to somebody who only stands there.

    What lies lower than a hanging hand makes people bend or crouch, and hardly anything else does.
    """
    place = whereabouts.place(track_id, moment)
    tall = whereabouts.tallest(track_id)
    if place is None or place.top <= 0.0:
        return 0.0
    hanging = (1.0 - params.shoulder_below_share - params.arm_share) * tall
    p_bent = params.p_bent_low if (window[2] + window[3]) / 2.0 < hanging else params.p_bent
    if place.top < (1.0 - params.bent_share) * tall:
        return math.log(p_bent / params.p_bent_idle)
    return math.log((1.0 - p_bent) / (1.0 - params.p_bent_idle))
