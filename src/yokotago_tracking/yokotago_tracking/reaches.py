# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Tells when a hand is inside a shelf: from its entry to its exit, with the way that it took.

Hands come without names, are missed for moments and hide under boards. So a reach is followed by place: a hand
continues the nearest open reach of its person and shelf within what a hand can move (wherever it is seen, if it is the
only one of its person there), and a reach goes on over a short gap and over a moment before the front; it ends when its
hand was last inside. Several hands of one person in one shelf are several reaches. Any source of tracks will do, at any
rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from yokotago_model.events import (
    SECOND,
    Hand,
    HandOwner,
    HandReach,
    HandSample,
    Stamp,
    Track,
    TrackFrame,
    TrackState,
)
from yokotago_model.store import Shelf, Store

from .association import assign
from .owners import pooled


@dataclass(frozen=True)
class ReachParams:
    """Parameters of Reaches.

    margin_m: how far before the front a hand is inside; leave_m: how far before it an open reach's hand is followed,
    for where the body hides it the arm is seen only up to there for moments; leave_s: it has left when it is seen there
    for longer; side_m, above_m: as margin_m at the shelf's other sides and above it; confidence_least: of a hand;
    begin_looks, begin_s: so many looks within this time begin a reach; flicker_s: looks so long before them are not of
    it; gap_s: a reach without a hand for longer has ended; hand_speed_mps, hand_jump_m: how far a hand moves between
    two looks; owner_untold: probability of whom a look does not tell as the hand's owner; owner_least: whose it may be
    with less probability is not told; smooth_s: standard deviation of the Gaussian in time that the samples of a
    complete reach are smoothed with, for the deepest look is the one with the largest error; common_share: of the
    variance of a look, what all looks at one arm have in common, which does not go with smoothing.
    """

    margin_m: float = 0.0
    leave_m: float = 0.1
    side_m: float = 0.05
    above_m: float = 0.25
    confidence_least: float = 0.2
    begin_looks: int = 5
    begin_s: float = 0.5
    flicker_s: float = 3.0
    leave_s: float = 0.35
    gap_s: float = 0.5
    hand_speed_mps: float = 2.0
    hand_jump_m: float = 0.15
    owner_untold: float = 0.005
    owner_least: float = 0.01
    smooth_s: float = 0.35
    common_share: float = 0.25

    def __post_init__(self) -> None:
        for name in ("leave_s", "gap_s", "hand_speed_mps", "begin_s", "owner_untold", "smooth_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"ReachParams.{name} is {getattr(self, name)}: it must be positive")
        if not self.begin_s <= self.flicker_s:
            raise ValueError(f"ReachParams.flicker_s {self.flicker_s} is less than begin_s {self.begin_s}")
        if not 0.0 <= self.common_share <= 1.0:
            raise ValueError(f"ReachParams.common_share is {self.common_share}: it must be 0 to 1")
        if self.begin_looks < 1:
            raise ValueError(f"ReachParams.begin_looks is {self.begin_looks}: at least 1")
        if not self.margin_m <= self.leave_m:
            raise ValueError(f"ReachParams.margin_m {self.margin_m} is more than leave_m {self.leave_m}")


@dataclass
class _Open:
    """A reach that goes on. samples: all inside so far; seen: where the hand was last, perhaps before the front;
    outside: since when it is seen there, None while it is inside; others: whose else it may be, of each
    sample.
    """

    track_id: int
    shelf: Shelf
    seen: HandSample
    samples: list[HandSample] = field(default_factory=list)
    outside: Stamp | None = None
    others: list[tuple[HandOwner, ...]] = field(default_factory=list)
    reach_id: str = ""


class Reaches:
    """Track frames in, reaches out: each once when it begins and once, complete, when it has ended."""

    def __init__(self, store: Store, params: ReachParams | None = None) -> None:
        self._shelves = store.shelves
        self.params = params or ReachParams()
        self._open: list[_Open] = []
        self._counts: dict[int, int] = {}
        self._newest: Stamp = 0

    @property
    def settled(self) -> Stamp:
        """Every reach with a stamp up to this one has been told: no later frame can add one."""
        # One that goes on ends at its newest sample at the earliest; one that is not told yet begins at its first.
        open_since = (o.samples[-1 if o.reach_id else 0].stamp for o in self._open)
        return min((self._newest + 1, *open_since)) - 1

    def feed(self, event: TrackFrame) -> list[HandReach]:
        """The reaches that begin and end with this frame."""
        self._newest = event.stamp
        tracks = [t for t in event.tracks if t.state is not TrackState.TENTATIVE]
        made = self._ended(event.stamp)
        for track in tracks:
            for shelf in self._shelves:
                made += self._look(track, shelf, event.stamp)
        return made

    def finish(self) -> list[HandReach]:
        """Complete the reaches that are open when the recording ends."""
        made = [self._told(o, complete=True) for o in self._open if o.reach_id]
        self._open.clear()
        return made

    def _inside(self, shelf: Shelf, hand: Hand, margin_m: float) -> bool:
        params = self.params
        u, v, w = shelf.to_shelf(hand.position)
        width, depth, height = shelf.size
        return (
            -params.side_m <= u <= width + params.side_m
            and -margin_m <= v <= depth + margin_m
            and -0.05 <= w <= height + params.above_m
        )

    def _look(self, track: Track, shelf: Shelf, stamp: Stamp) -> list[HandReach]:
        params = self.params
        going = [o for o in self._open if o.track_id == track.track_id and o.shelf is shelf]
        hands = [
            h
            for h in track.hands
            if h.confidence >= params.confidence_least
            and self._inside(shelf, h, params.leave_m if going else params.margin_m)
        ]
        made: list[HandReach] = []
        costs = np.full((len(going), len(hands)), math.inf)
        for i, reach in enumerate(going):
            last = reach.seen
            far = params.hand_jump_m + params.hand_speed_mps * (stamp - last.stamp) / SECOND
            for j, hand in enumerate(hands):
                distance = math.dist(last.position, hand.position)
                # One hand where one was is that hand: what jumps is where its end is seen.
                if distance <= far or len(going) == len(hands) == 1:
                    costs[i, j] = distance
        pairs = {j: i for i, j in assign(costs, 10.0)}
        for j, hand in enumerate(hands):
            sample = HandSample(stamp, hand.position, hand.position_stddev)
            if j in pairs:
                reach = going[pairs[j]]
            elif self._inside(shelf, hand, params.margin_m):
                reach = _Open(track.track_id, shelf, sample)
                self._open.append(reach)
            else:
                continue
            reach.seen = sample
            if not self._inside(shelf, hand, params.margin_m):
                reach.outside = stamp if reach.outside is None else reach.outside
                continue
            reach.outside = None
            reach.samples.append(sample)
            reach.others.append(hand.other_owners)
            if not reach.reach_id:
                # What flickers at the front must not hold up for long what is told to have settled.
                while (stamp - reach.samples[0].stamp) / SECOND > params.flicker_s:
                    del reach.samples[0], reach.others[0]
            if not reach.reach_id and self._lasts(reach):
                made.append(self._begin(reach))
        return made

    def _lasts(self, reach: _Open) -> bool:
        """Whether the newest looks at the hand follow one another closely enough to be no flicker."""
        newest = reach.samples[-self.params.begin_looks :]
        span_s = (newest[-1].stamp - newest[0].stamp) / SECOND
        return len(newest) == self.params.begin_looks and span_s <= self.params.begin_s

    def _begin(self, reach: _Open) -> HandReach:
        number = self._counts.get(reach.track_id, 0) + 1
        self._counts[reach.track_id] = number
        reach.reach_id = f"{reach.track_id}-{number}"
        return self._told(reach)

    def _told(self, reach: _Open, *, complete: bool = False) -> HandReach:
        samples = _smoothed(reach.samples, self.params) if complete else tuple(reach.samples)
        others = pooled(reach.others, self.params.owner_untold, self.params.owner_least)
        begin = samples[0].stamp
        end = samples[-1].stamp if complete else begin
        return HandReach(reach.reach_id, reach.track_id, reach.shelf.shelf_id, complete, begin, end, samples, others)

    def _ended(self, stamp: Stamp) -> list[HandReach]:
        """Complete the reaches whose hand has been away or outside for too long; forget those that never began."""
        made, kept = [], []
        for reach in self._open:
            unseen_s = (stamp - reach.seen.stamp) / SECOND
            outside_s = 0.0 if reach.outside is None else (stamp - reach.outside) / SECOND
            if unseen_s <= self.params.gap_s and outside_s <= self.params.leave_s:
                kept.append(reach)
            elif reach.reach_id:
                made.append(self._told(reach, complete=True))
        self._open = kept
        return made


def _smoothed(samples: Sequence[HandSample], params: ReachParams) -> tuple[HandSample, ...]:
    """The samples with each place the mean of all, weighted by a Gaussian of the time between them.

    Deviations are those of such a mean of errors of which each two correlate by common_share.
    """
    seconds = np.array([(s.stamp - samples[0].stamp) / SECOND for s in samples])
    places = np.array([s.position for s in samples])
    variances = np.array([s.position_stddev for s in samples]) ** 2
    weights = np.exp(-0.5 * ((seconds[:, None] - seconds[None, :]) / params.smooth_s) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    own = (weights**2).sum(axis=1)
    deviations = np.sqrt((weights @ variances) * (params.common_share + (1.0 - params.common_share) * own))
    return tuple(
        HandSample(s.stamp, (float(x), float(y), float(z)), float(deviation))
        for s, (x, y, z), deviation in zip(samples, weights @ places, deviations, strict=True)
    )
