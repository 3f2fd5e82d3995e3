# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Whose hand in a shelf it is, as a probability for everybody who stands there.

The hard problem is that two arms before one shelf touch, cross and hide each other, and that from above a cell of the
height map shows only the upper one: which body it grows from over the shortest way is then a guess. What remains is the
body's own measures. An arm begins at a shoulder, and a forearm that reaches forward points away from it; so everybody
is weighed by how far to the side of their nearer shoulder the hand is, and by how far beside it the arm's axis passes
when it is prolonged back to them. Nobody's arm is longer than it is. Where shoulders of two people are at one place
nothing tells them apart, and the probabilities say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from yokotago_model.body import ARM_SHARE, SHOULDER_BELOW_SHARE, SHOULDER_BESIDE_SHARE
from yokotago_model.events import HandOwner

MOST_OTHERS = 3


@dataclass(frozen=True)
class OwnerParams:
    """Parameters of `other_owners`; lengths with the suffix _share are shares of the person's height.

    shoulder_share, shoulder_below_share, arm_share: a shoulder is so far beside the head's middle and below its top,
    and so long is an arm to the middle of the hand (yokotago_model.body); side_m: a hand so much farther to the side is
    less probable by the factor e; axis_m: standard deviation of where a forearm's axis passes a shoulder, for elbows
    stand out; axis_weight, axis_sigmas: how much it counts for each standard deviation, and up to how many;
    long_weight: how much it counts for each hundredth of the height that an arm would be too long; half_weight: two
    arms that touch fit their people so much better than the other way round; over_body:
    probability that all this misleads and the way over the bodies is right; least: what is less probable is not told.
    """

    shoulder_share: float = SHOULDER_BESIDE_SHARE
    shoulder_below_share: float = SHOULDER_BELOW_SHARE
    arm_share: float = ARM_SHARE
    side_m: float = 0.13
    axis_m: float = 0.12
    axis_weight: float = 2.3
    axis_sigmas: float = 4.0
    long_weight: float = 0.8
    half_weight: float = 0.3
    over_body: float = 0.1
    least: float = 0.005

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0.0:
                raise ValueError(f"OwnerParams.{field.name} is {getattr(self, field.name)}: it must be positive")


class Standing(NamedTuple):
    """Somebody in a shelf's coordinates. along, into, top: of the head (into is negative before the front); height:
    upright [m].
    """

    track_id: int
    along: float
    into: float
    top: float
    height: float


class ArmAxis(NamedTuple):
    """The axis of a forearm seen from above: at the depth `into` it is at `along` [m], and along changes by slope with
    each metre deeper.
    """

    along: float
    into: float
    slope: float
    slope_stddev: float


def other_owners(
    hand: tuple[float, float, float],
    axis: ArmAxis,
    track_id: int,
    people: Sequence[Standing],
    params: OwnerParams,
) -> tuple[HandOwner, ...]:
    """Whose the hand at `hand` (along, into, up in the shelf's coordinates [m]) may be instead of the track's.

    people: all who stand there, the track itself too. Probabilities are exponentials of the weights over their sum.
    """
    weights = {p.track_id: _weight(hand, axis, p, params) for p in people}
    most = max(weights.values())
    shares = {t: math.exp(w - most) for t, w in weights.items()}
    total = math.fsum(shares.values())
    right = (1.0 - params.over_body) / total
    others = [HandOwner(t, right * s) for t, s in shares.items() if t != track_id and right * s >= params.least]
    return tuple(sorted(others, key=lambda o: (-o.probability, o.track_id))[:MOST_OTHERS])


def other_half(
    halves: Sequence[tuple[tuple[float, float, float], ArmAxis]],
    track_id: int,
    people: Sequence[Standing],
    params: OwnerParams,
) -> tuple[int, int] | None:
    """Which half of what looks like one arm of a track is another one's arm, and whose: (0 or 1, track id); None where
    it is one arm.

    halves: hand and axis of each, as in `other_owners`. They are two arms where the track fits one of them better than
    somebody else does, who fits the other one better.
    """
    own = next(p for p in people if p.track_id == track_id)
    own_fits = [_weight(*half, own, params) for half in halves]
    found: list[tuple[float, int, int]] = []
    for p in people:
        if p is not own:
            better = [fit - _weight(*half, p, params) for half, fit in zip(halves, own_fits, strict=True)]
            found.append((min(better[0], -better[1]), 1, p.track_id))
            found.append((min(-better[0], better[1]), 0, p.track_id))
    best = max(found, default=(0.0, 0, 0))
    return best[1:] if best[0] > params.half_weight else None


def pooled(looks: Sequence[Sequence[HandOwner]], untold: float, least: float) -> tuple[HandOwner, ...]:
    """Whose else a hand may be that was looked at so many times: the geometric means of the looks' probabilities, made
    to sum to 1 (the logarithmic opinion pool of Genest and Zidek, 1986). All looks together count as one, for one body
    stands before all of them in the same way.

    untold: probability of somebody who is not told in a look; least: what is less probable by all is not told.
    """
    sums: dict[int, float] = {}
    own = 0.0
    for look in looks:
        own += math.log(max(untold, 1.0 - math.fsum(o.probability for o in look)))
        for o in look:
            sums[o.track_id] = sums.get(o.track_id, 0.0) + math.log(max(o.probability, untold) / untold)
    count = max(1, len(looks))
    shares = {t: math.exp(s / count) * untold for t, s in sums.items()}
    total = math.exp(own / count) + math.fsum(shares.values())
    told = [HandOwner(t, s / total) for t, s in shares.items() if s >= least * total]
    return tuple(sorted(told, key=lambda o: (-o.probability, o.track_id))[:MOST_OTHERS])


def _weight(hand: tuple[float, float, float], axis: ArmAxis, person: Standing, params: OwnerParams) -> float:
    """Log weight of a person, by the shoulder that fits better."""
    passes = axis.along + axis.slope * (person.into - axis.into)
    deviation = math.hypot(params.axis_m, min(axis.slope_stddev * (axis.into - person.into), 1.0))
    up = person.top - params.shoulder_below_share * person.height
    found = []
    for sign in (-1.0, 1.0):
        shoulder = person.along + sign * params.shoulder_share * person.height
        side = abs(shoulder - hand[0])
        off = min(abs(passes - shoulder) / deviation, params.axis_sigmas)
        arm = math.dist((shoulder, person.into, up), hand) / person.height
        too_long = max(0.0, arm - params.arm_share)
        found.append(-side / params.side_m - params.axis_weight * off - 100.0 * params.long_weight * too_long)
    return max(found)
