# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Where everybody and their hands were in the last minutes, and whom a track may be instead."""

from __future__ import annotations

import bisect
import math
from typing import NamedTuple

from yokotago_model.events import SECOND, Point, Stamp, Track, TrackFrame, TrackState

_SPACING = SECOND // 10
_NEWS = 0.1


class Place(NamedTuple):
    """A track at one moment; alternatives: other tracks that it may be, confidence: that it is itself; top: of the head
    [m], 0 where it is not measured.
    """

    stamp: Stamp
    x: float
    y: float
    confidence: float
    alternatives: tuple[int, ...]
    top: float


class HandSeen(NamedTuple):
    """A hand of a track at one moment; stddev of each coordinate [m]."""

    stamp: Stamp
    position: Point
    stddev: float


class Whereabouts:
    """The way of every track, at most ten places a second, for `keep_s` seconds."""

    def __init__(self, keep_s: float = 90.0) -> None:
        self._keep = round(keep_s * SECOND)
        self._ways: dict[int, list[Place]] = {}
        self._seen: dict[int, Stamp] = {}
        self._tallest: dict[int, float] = {}
        self._hands: dict[int, list[HandSeen]] = {}

    def feed(self, frame: TrackFrame) -> list[tuple[int, int]]:
        """Take in a frame; gives back the tracks whose identity was open and is sure again, and who they were while it
        was open: themselves, or the one that the tracker named with a confidence of 0 in the frame before. From this
        frame on a track is itself again, and what is kept of the time before is told as it was.
        """
        resolved = []
        for track in frame.tracks:
            if track.state is TrackState.TENTATIVE:
                continue
            self._seen[track.track_id] = frame.stamp
            self._tallest[track.track_id] = max(track.height, self._tallest.get(track.track_id, 0.0))
            if track.hands:
                self._see_hands(track, frame.stamp)
            way = self._ways.setdefault(track.track_id, [])
            known = way[-1] if way else None
            changed = (
                known is None
                or known.alternatives != track.identity_alternatives
                or abs(known.confidence - track.identity_confidence) > _NEWS
            )
            if not changed and known is not None and frame.stamp - known.stamp < _SPACING:
                continue
            if known is not None and known.alternatives and not track.identity_alternatives:
                was = track.track_id if known.confidence > 0.0 else known.alternatives[0]
                resolved.append((track.track_id, was))
                _settle(way, was == track.track_id)
            x, y, _ = track.position
            way.append(Place(frame.stamp, x, y, track.identity_confidence, track.identity_alternatives, track.height))
            if frame.stamp - way[0].stamp > 2 * self._keep:
                del way[: bisect.bisect_left(way, frame.stamp - self._keep, key=_stamp)]
        return resolved

    def _see_hands(self, track: Track, stamp: Stamp) -> None:
        hands = self._hands.setdefault(track.track_id, [])
        if hands and stamp - hands[-1].stamp < _SPACING:
            return
        hands += [HandSeen(stamp, hand.position, hand.position_stddev) for hand in track.hands]
        if stamp - hands[0].stamp > 2 * self._keep:
            del hands[: bisect.bisect_left(hands, stamp - self._keep, key=_stamp)]

    def hands(self, track_id: int, begin: Stamp, end: Stamp) -> list[HandSeen]:
        """The track's hands from begin to end, in order of time."""
        seen = self._hands.get(track_id, [])
        return seen[bisect.bisect_left(seen, (begin,)) : bisect.bisect_left(seen, (end + 1,))]

    def tallest(self, track_id: int) -> float:
        """Height at which the top of the track's head was at the most [m], 0 where it was never measured."""
        return self._tallest.get(track_id, 0.0)

    def last_seen(self, track_id: int) -> Stamp | None:
        """Stamp of the newest frame with the track."""
        return self._seen.get(track_id)

    def last_place(self, track_id: int) -> Place | None:
        """The newest place of the track."""
        way = self._ways.get(track_id)
        return way[-1] if way else None

    def first_place(self, track_id: int) -> Place | None:
        """The oldest place of the track that is kept."""
        way = self._ways.get(track_id)
        return way[0] if way else None

    def place(self, track_id: int, stamp: Stamp, within_s: float = 1.0) -> Place | None:
        """The kept place of the track nearest in time; None when none lies within `within_s`."""
        way = self._ways.get(track_id)
        if not way:
            return None
        i = bisect.bisect_left(way, (stamp,))
        if i == len(way) or (i > 0 and stamp - way[i - 1].stamp <= way[i].stamp - stamp):
            i -= 1
        return way[i] if abs(way[i].stamp - stamp) <= within_s * SECOND else None

    def present(self, stamp: Stamp) -> list[tuple[int, Place]]:
        """Everybody seen around `stamp`, in order of track_id."""
        found = ((t, self.place(t, stamp)) for t in sorted(self._ways))
        return [(t, p) for t, p in found if p is not None]

    def nearest_distance(self, track_id: int, stamp: Stamp, point: tuple[float, float], around_s: float) -> float:
        """Least distance of the track from `point` [m] within `around_s` of `stamp`; infinite when it was not there."""
        way = self._ways.get(track_id, [])
        first = bisect.bisect_left(way, stamp - round(around_s * SECOND), key=_stamp)
        last = bisect.bisect_right(way, stamp + round(around_s * SECOND), key=_stamp)
        return min((math.hypot(p.x - point[0], p.y - point[1]) for p in way[first:last]), default=math.inf)

    def forget(self, track_id: int) -> None:
        """Drop the way of a track that is gone."""
        self._ways.pop(track_id, None)
        self._seen.pop(track_id, None)
        self._tallest.pop(track_id, None)
        self._hands.pop(track_id, None)


def _settle(way: list[Place], itself: bool) -> None:
    """Tell of the places at the end of a way, where it was open whose they are, what is known now."""
    whose = (1.0, ()) if itself else (0.0, way[-1].alternatives[:1])
    for i in range(len(way) - 1, -1, -1):
        if not way[i].alternatives:
            break
        way[i] = way[i]._replace(confidence=whose[0], alternatives=whose[1])


def _stamp(seen: Place | HandSeen) -> Stamp:
    return seen.stamp
