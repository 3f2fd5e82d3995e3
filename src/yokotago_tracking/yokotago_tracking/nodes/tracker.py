# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The node that follows people: all sensors' foregrounds in; tracks, zone crossings, hand reaches and progress out."""

from __future__ import annotations

from collections.abc import Iterator

from yokotago_model.conversions import sensor_topic
from yokotago_model.events import Event, ForegroundCloud
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run

from ..crossings import CrossingParams, Crossings
from ..reaches import Reaches, ReachParams
from ..tracker import Tracker, TrackerParams
from .warm_up import warm_up_tracker

TRACKS_IN_A_SECOND = 1 << 20
"""Track ids begin at the session's number times this, so that none comes again after a restart."""


class TrackerNode(StoreNode):
    """Parameters: those of TrackerParams (`hand.looks` and the like for the ones in it), CrossingParams and
    ReachParams."""

    def __init__(self) -> None:
        super().__init__("tracker")
        warm_up_tracker(self.store)
        first = self.session * TRACKS_IN_A_SECOND + 1
        self._tracker = Tracker(self.store, declare(self, TrackerParams, first_track_id=first))
        self._crossings = Crossings(self.store, declare(self, CrossingParams))
        self._reaches = Reaches(self.store, declare(self, ReachParams))
        for topic in ("/tracks", "/zone_crossings", "/hand_reaches", "/progress"):
            self.advertise(topic)
        for sensor in self.store.sensors:
            self.listen(sensor_topic(sensor.sensor_id, "foreground"), self._follow)

    def _follow(self, cloud: ForegroundCloud) -> None:
        for frame in self._tracker.feed(cloud):
            self.publish(frame)
            self.publish_all(self._crossings.feed(frame))
            self.publish_all(self._reaches.feed(frame))
            self.publish_all(self._told(frame.stamp))
            self._report_sensors()

    def _told(self, stamp: int) -> Iterator[Event]:
        """How far each stream is."""
        silent = tuple(self._tracker.synchroniser.dark)
        yield self.progress_counter.progress("/tracks", stamp, silent)
        yield self.progress_counter.progress("/zone_crossings", self._crossings.settled, silent)
        yield self.progress_counter.progress("/hand_reaches", self._reaches.settled, silent)

    def _report_sensors(self) -> None:
        synchroniser = self._tracker.synchroniser
        dark = ", ".join(synchroniser.dark)
        self.health.pop("!dark", None)
        if dark:
            self.health["!dark"] = f"dark sensors: {dark}"
        for sensor_id, behind_s in synchroniser.behind_s.items():
            self.health[f"behind {sensor_id} [s]"] = "nothing came yet" if behind_s is None else f"{behind_s:.3f}"
        for sensor_id, late in synchroniser.late.items():
            self.health[f"late clouds {sensor_id}"] = str(late)


def main() -> None:
    """Run the node."""
    run(TrackerNode)


if __name__ == "__main__":
    main()
