# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Decides which stages run on a recording: those whose inputs it has and whose outputs it lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from yokotago_model.conversions import TOPICS, sensor_topic
from yokotago_model.events import (
    Catalogue,
    CheckIn,
    Event,
    HandReach,
    StreamProgress,
    TrackFrame,
    WeightChange,
    ZoneCrossing,
)
from yokotago_model.store import Store

DECIDED_ON = (TrackFrame, ZoneCrossing, HandReach, WeightChange, CheckIn, Catalogue, StreamProgress)
"""What the fusion takes in."""


@dataclass(frozen=True)
class Plan:
    """Which stages run on a recording. ignored: topics of it that a stage makes anew."""

    foregrounds: tuple[str, ...]
    tracker: bool
    crossings: bool
    reaches: bool
    weight_changes: bool
    fusion: bool
    ignored: frozenset[str]

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages that run, in order."""
        names = ("tracker", "crossings", "reaches", "weight_changes", "fusion")
        return (*(f"foreground {s}" for s in self.foregrounds), *(n for n in names if getattr(self, n)))

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams whose progress the stages report themselves."""
        made = {
            "/tracks": self.tracker,
            "/zone_crossings": self.crossings,
            "/hand_reaches": self.reaches,
            "/weight_changes": self.weight_changes,
        }
        return tuple(stream for stream, runs in made.items() if runs)

    def takes(self, topic: str) -> bool:
        """Whether a stage that runs takes this topic of the recording in."""
        if topic.startswith("/tof/"):
            _, _, sensor_id, kind = topic.split("/", 3)
            seen = kind in ("points", "depth") if sensor_id in self.foregrounds else kind == "foreground"
            return self.tracker and seen
        if topic == "/shelves/weights":
            return self.weight_changes
        decided_on = topic in TOPICS and issubclass(TOPICS[topic].event, DECIDED_ON)
        return self.fusion and decided_on and not topic.startswith("/truth/") and topic not in self.ignored

    def replaces(self, topic: str, event: Event | None) -> bool:
        """Whether the stages make anew what travels on `topic`; the event matters on /progress only."""
        if isinstance(event, StreamProgress):
            return event.stream in self.streams
        return topic in self.ignored


def plan(store: Store, topics: Iterable[str], *, again: bool = False) -> Plan:
    """What to run on a recording with these topics.

    again: make everything anew from the lowest level that the recording has, also what it holds already.
    """
    given = set(topics)
    ignored: set[str] = set()

    def has(topic: str) -> bool:
        return topic in given and topic not in ignored

    foregrounds = []
    for sensor in store.sensors:
        points, depth, foreground = (sensor_topic(sensor.sensor_id, k) for k in ("points", "depth", "foreground"))
        raw = points in given or depth in given
        if raw and again:
            ignored.add(foreground)
        if raw and not has(foreground):
            foregrounds.append(sensor.sensor_id)
    seen = bool(foregrounds) or any(has(sensor_topic(s.sensor_id, "foreground")) for s in store.sensors)
    if again and seen:
        ignored.update({"/tracks", "/zone_crossings", "/hand_reaches"})
    if again and "/shelves/weights" in given:
        ignored.add("/weight_changes")
    tracker = seen and not has("/tracks")
    followed = tracker or has("/tracks")
    weight_changes = "/shelves/weights" in given and not has("/weight_changes")
    if again and (followed or weight_changes or has("/weight_changes")):
        ignored.update({"/baskets", "/receipts", "/decisions"})
    fusion = (followed or weight_changes or has("/weight_changes")) and not has("/receipts")
    if tracker:
        ignored.update({"/zone_crossings", "/hand_reaches"})
    return Plan(
        foregrounds=tuple(foregrounds),
        tracker=tracker,
        crossings=followed and not has("/zone_crossings"),
        reaches=followed and not has("/hand_reaches"),
        weight_changes=weight_changes,
        fusion=fusion,
        ignored=frozenset(ignored),
    )
