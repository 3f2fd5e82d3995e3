# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Notices somebody who may have set something down on the floor: no scale stands there, so only their posture tells.

A hand near the floor, away from the shelves, for a moment is the sign. What was set down, if anything, is not known:
the visit is to be looked at by a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from yokotago_model.events import SECOND, Stamp, Track, TrackFrame, TrackState
from yokotago_model.store import Store

_LOW_M = 0.3
_SHELF_MARGIN_M = 0.15
_LEAST_NS = 3 * SECOND // 10
_GAP_NS = 3 * SECOND // 10


@dataclass
class _Low:
    """Since when and until when a track's hand has been near the floor."""

    since: Stamp
    until: Stamp
    told: bool = False


class FloorWatch:
    """Feed frames; get the tracks that just had a hand at the floor, once each time."""

    def __init__(self, store: Store) -> None:
        self._shelves = store.shelves
        self._low: dict[int, _Low] = {}

    def _is_low(self, track: Track) -> bool:
        return any(
            hand.position[2] < _LOW_M and not any(s.contains(hand.position, _SHELF_MARGIN_M) for s in self._shelves)
            for hand in track.hands
        )

    def feed(self, frame: TrackFrame) -> list[int]:
        """The tracks whose hand has now been at the floor for long enough."""
        found = []
        for track in frame.tracks:
            if track.state is not TrackState.CONFIRMED or not self._is_low(track):
                continue
            low = self._low.get(track.track_id)
            if low is None or frame.stamp - low.until > _GAP_NS:
                low = self._low[track.track_id] = _Low(frame.stamp, frame.stamp)
            low.until = frame.stamp
            if not low.told and low.until - low.since >= _LEAST_NS:
                low.told = True
                found.append(track.track_id)
        for track_id in [t for t, low in self._low.items() if frame.stamp - low.until > _GAP_NS]:
            del self._low[track_id]
        return found
