# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Notices somebody who may have set something down on the floor: no scale stands there, so only their posture tells.

A hand near the floor, away from the shelves, for a moment is the sign; or a head that went down and came up again while
no hand of theirs was told in a shelf, for seen from above the bent body hides the hand. What was set down, if anything,
is not known: the visit is to be looked at by a person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from yokotago_model.events import SECOND, HandReach, Stamp, Track, TrackFrame, TrackState
from yokotago_model.store import Store

_LOW_M = 0.3
_SHELF_MARGIN_M = 0.15
_LEAST_NS = 3 * SECOND // 10
_GAP_NS = 3 * SECOND // 10

_BENT_SHARE = 0.8
"""A head below this share of its person's height belongs to somebody who bends down."""

_APART_NS = SECOND // 2
"""A reach so near in time is what somebody bent down for."""

_FRONT_M = 0.3
"""Who bends down this near before a shelf bends to it, also where the reach was missed."""

_AT_FRONT_M = 0.2
"""So does who has a hand seen this near before a shelf's front meanwhile."""

_STANDS_M_S = 0.4
"""Nobody sets anything down while walking faster; arms swing low then."""


@dataclass
class _Low:
    """Since when and until when something of a track has been low; near: before a shelf."""

    since: Stamp
    until: Stamp
    told: bool = False
    near: bool = False


@dataclass
class _Posture:
    """A track's height upright [m], when it bent down, its reaches that go on and the end of its last one."""

    upright: float = 0.0
    bent: _Low | None = None
    reaching: set[str] = field(default_factory=set)
    reached: Stamp = 0


class FloorWatch:
    """Feed frames and reaches; get the tracks that just were at the floor, once each time."""

    def __init__(self, store: Store) -> None:
        self._shelves = store.shelves
        self._low: dict[int, _Low] = {}
        self._postures: dict[int, _Posture] = {}

    def reach(self, reach: HandReach) -> None:
        """Take in the begin or the end of a reach."""
        posture = self._postures.setdefault(reach.track_id, _Posture())
        if reach.complete:
            posture.reaching.discard(reach.reach_id)
            posture.reached = max(posture.reached, reach.end)
        else:
            posture.reaching.add(reach.reach_id)
            posture.reached = max(posture.reached, reach.begin)

    def feed(self, frame: TrackFrame) -> list[int]:
        """The tracks whose hand has now been at the floor for long enough, or who came up from there."""
        found = []
        for track in frame.tracks:
            if track.state is TrackState.CONFIRMED and (
                self._hand_at_floor(track, frame.stamp) or self._came_up(track, frame.stamp)
            ):
                found.append(track.track_id)
        for track_id in [t for t, low in self._low.items() if frame.stamp - low.until > _GAP_NS]:
            del self._low[track_id]
        present = {t.track_id for t in frame.tracks}
        for track_id in [t for t in self._postures if t not in present]:
            del self._postures[track_id]
        return found

    def _hand_at_floor(self, track: Track, stamp: Stamp) -> bool:
        if math.hypot(*track.velocity[:2]) > _STANDS_M_S or not any(
            hand.position[2] < _LOW_M and not any(s.contains(hand.position, _SHELF_MARGIN_M) for s in self._shelves)
            for hand in track.hands
        ):
            return False
        low = self._low.get(track.track_id)
        if low is None or stamp - low.until > _GAP_NS:
            low = self._low[track.track_id] = _Low(stamp, stamp)
        low.until = stamp
        if low.told or low.until - low.since < _LEAST_NS:
            return False
        low.told = True
        return True

    def _came_up(self, track: Track, stamp: Stamp) -> bool:
        posture = self._postures.setdefault(track.track_id, _Posture())
        posture.upright = max(posture.upright, track.height)
        if 0.0 < track.height < _BENT_SHARE * posture.upright:
            if posture.bent is None:
                posture.bent = _Low(stamp, stamp)
            posture.bent.until = stamp
            posture.bent.near |= self._before_a_shelf(track)
            return False
        bent, posture.bent = posture.bent, None
        if bent is None or bent.near or bent.until - bent.since < _LEAST_NS:
            return False
        return not posture.reaching and posture.reached < bent.since - _APART_NS

    def _before_a_shelf(self, track: Track) -> bool:
        for shelf in self._shelves:
            for (x, y, _), before, beside in (
                (track.position, _FRONT_M, _FRONT_M),
                *((hand.position, _AT_FRONT_M, 0.0) for hand in track.hands),
            ):
                along, into, _ = shelf.to_shelf((x, y, shelf.origin[2]))
                if -beside <= along <= shelf.size[0] + beside and -before <= into <= shelf.size[1]:
                    return True
        return False
