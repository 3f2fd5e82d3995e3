# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Tells when a person enters and leaves a zone.

Somebody who stands on a border would cross it at every look. So a zone is entered a little inside of its border and
left a little outside of it, or after they have been outside of it for a while; the crossing has the time at which the
border itself was crossed last. A track that begins in a zone enters it, one that ends there leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass

from yokotago_model.events import SECOND, CrossingKind, Stamp, TrackFrame, TrackState, ZoneCrossing
from yokotago_model.store import Store, Zone


@dataclass(frozen=True)
class CrossingParams:
    """Parameters of Crossings.

    inside_m, outside_m: how far beyond the border a crossing is certain; settle_s: after this long on the other side it
    is certain too.
    """

    inside_m: float = 0.1
    outside_m: float = 0.1
    settle_s: float = 1.0

    def __post_init__(self) -> None:
        for name in ("inside_m", "outside_m", "settle_s"):
            if getattr(self, name) < 0.0:
                raise ValueError(f"CrossingParams.{name} is {getattr(self, name)}: it cannot be negative")


@dataclass
class _Side:
    """On which side of a zone's border a track is. since: when it last came to the side it is on by the plain
    border."""

    inside: bool
    plain_inside: bool
    since: Stamp


class Crossings:
    """Track frames in, zone crossings out; tentative tracks do not count."""

    def __init__(self, store: Store, params: CrossingParams | None = None) -> None:
        self._zones = store.zones
        self.params = params or CrossingParams()
        self._sides: dict[tuple[int, str], _Side] = {}
        self._present: dict[int, Stamp] = {}
        self._newest: Stamp = 0

    @property
    def settled(self) -> Stamp:
        """Every crossing with a stamp up to this one has been told: no later frame can add one."""
        open_since = (s.since for s in self._sides.values() if s.plain_inside != s.inside)
        # Whoever is missing from the next frame leaves their zones at the stamp of this one.
        return min((self._newest, *open_since)) - 1

    def feed(self, event: TrackFrame) -> list[ZoneCrossing]:
        """The crossings that this frame makes certain, in order of track and zone."""
        made: list[ZoneCrossing] = []
        self._newest = event.stamp
        here = {t.track_id: t for t in event.tracks if t.state is not TrackState.TENTATIVE}
        for track_id in sorted(self._present.keys() - here.keys()):
            made += self._gone(track_id)
        for track_id, track in sorted(here.items()):
            for zone in self._zones:
                made += self._look(track_id, zone, track.position[0], track.position[1], event.stamp)
            self._present[track_id] = event.stamp
        return made

    def finish(self) -> list[ZoneCrossing]:
        """Whoever is in a zone when the recording ends has not left it."""
        return []

    def _look(self, track_id: int, zone: Zone, x: float, y: float, stamp: Stamp) -> list[ZoneCrossing]:
        params = self.params
        distance = zone.distance(x, y)
        plain = distance <= 0.0
        side = self._sides.get((track_id, zone.zone_id))
        if side is None:
            self._sides[track_id, zone.zone_id] = _Side(plain, plain, stamp)
            return [ZoneCrossing(stamp, track_id, zone.zone_id, CrossingKind.ENTER)] if plain else []
        if plain != side.plain_inside:
            side.plain_inside, side.since = plain, stamp
        if plain == side.inside:
            return []
        far = distance < -params.inside_m if plain else distance > params.outside_m
        if not far and (stamp - side.since) < params.settle_s * SECOND:
            return []
        side.inside = plain
        kind = CrossingKind.ENTER if plain else CrossingKind.EXIT
        return [ZoneCrossing(side.since, track_id, zone.zone_id, kind)]

    def _gone(self, track_id: int) -> list[ZoneCrossing]:
        """A track ended: it leaves the zones that it was in."""
        last = self._present.pop(track_id)
        made = []
        for zone in self._zones:
            side = self._sides.pop((track_id, zone.zone_id), None)
            if side is not None and side.inside:
                stamp = last if side.plain_inside else side.since
                made.append(ZoneCrossing(stamp, track_id, zone.zone_id, CrossingKind.EXIT))
        return made
