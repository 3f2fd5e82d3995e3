# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The store's stages in one process, without DDS: what `yokotago replay` and `yokotago evaluate` run.

A stage runs when its inputs are there and its outputs are not, whatever level a bag was recorded at. Everything is
decided from event time, so the same records give the same outputs to the byte, as fast as the machine goes. What a stage
makes has the arrival time of the record that led to it: the time that computing takes is not part of a replay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from yokotago_fusion.fusion import Fusion
from yokotago_model.conversions import sensor_topic, topic_of
from yokotago_model.events import (
    Catalogue,
    CheckIn,
    Cloud,
    DepthImage,
    Event,
    ForegroundCloud,
    HandReach,
    ShelfWeight,
    Stamp,
    StreamProgress,
    TrackFrame,
    WeightChange,
    ZoneCrossing,
)
from yokotago_model.progress import ProgressCounter
from yokotago_model.store import Store
from yokotago_shelves.weight_changes import WeightChanges
from yokotago_tracking.crossings import Crossings
from yokotago_tracking.foreground import Foreground
from yokotago_tracking.reaches import Reaches
from yokotago_tracking.tracker import Tracker

from .bags import Record

SESSION = 1
"""Session number of a replay's streams."""

DECIDED_ON = (TrackFrame, ZoneCrossing, HandReach, WeightChange, CheckIn, Catalogue, StreamProgress)
"""What the fusion takes in."""

DERIVED = ("/tracks", "/zone_crossings", "/hand_reaches", "/weight_changes", "/baskets", "/receipts", "/decisions")
"""Topics that stages make."""


class Stage(Protocol):
    """One decision: events in, events out."""

    def feed(self, event: Event) -> Iterable[Event]:
        """What follows from `event`."""
        ...

    def finish(self) -> Iterable[Event]:
        """What is still open at the end of a recording."""
        ...


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


@dataclass
class Step:
    """What one record led to. decided_on: what the fusion was given; made: what the stages made, in order."""

    decided_on: list[Event] = field(default_factory=list)
    made: list[Record] = field(default_factory=list)


class Pipeline:
    """The stages of a plan, fed record by record in order of arrival."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self.plan = plan
        self._foregrounds = {s: Foreground(store.sensor[s]) for s in plan.foregrounds}
        self._tracker = Tracker(store) if plan.tracker else None
        self._crossings = Crossings(store) if plan.crossings else None
        self._reaches = Reaches(store) if plan.reaches else None
        self._weight_changes = WeightChanges(store) if plan.weight_changes else None
        self._fusion = Fusion(store) if plan.fusion else None
        self._progress = ProgressCounter(SESSION)
        self._own_streams = {
            name
            for name, stage in (
                ("/tracks", self._tracker),
                ("/zone_crossings", self._crossings),
                ("/hand_reaches", self._reaches),
                ("/weight_changes", self._weight_changes),
            )
            if stage is not None
        }

    def replaces(self, record: Record) -> bool:
        """Whether the stages make anew what `record` holds."""
        if isinstance(record.event, StreamProgress):
            return record.event.stream in self._own_streams
        return record.topic in self.plan.ignored

    def feed(self, record: Record) -> Step:
        """What follows from `record`; those of the ground truth, and those that are made anew, lead to nothing."""
        step = Step()
        if not record.topic.startswith("/truth/") and not self.replaces(record):
            self._take(record.event, record.arrival, step)
        return step

    def finish(self, arrival: Stamp) -> Step:
        """The end of the recording at `arrival`: everything that is open is completed."""
        step = Step()
        for foreground in self._foregrounds.values():
            self._give(foreground.finish(), arrival, step)
        for stage in (self._tracker, self._crossings, self._reaches, self._weight_changes):
            if stage is not None:
                self._give(stage.finish(), arrival, step)
        if self._fusion is not None:
            self._give(self._fusion.finish(), arrival, step)
        return step

    def _give(self, events: Iterable[Event], arrival: Stamp, step: Step) -> None:
        for event in events:
            topic = topic_of(event)
            self._progress.count(topic)
            step.made.append(Record(arrival, topic, event))
            self._take(event, arrival, step)

    def _take(self, event: Event, arrival: Stamp, step: Step) -> None:
        """Give `event` to the stages that want it."""
        match event:
            case Cloud() | DepthImage():
                if event.sensor_id in self._foregrounds:
                    self._give(self._foregrounds[event.sensor_id].feed(event), arrival, step)
            case ForegroundCloud():
                if self._tracker is not None:
                    self._give(self._tracker.feed(event), arrival, step)
            case ShelfWeight():
                if self._weight_changes is not None:
                    self._give(self._weight_changes.feed(event), arrival, step)
        if isinstance(event, DECIDED_ON):
            step.decided_on.append(event)
            if self._fusion is not None:
                self._give(self._fusion.feed(event), arrival, step)
        if isinstance(event, TrackFrame):
            for stage in (self._crossings, self._reaches):
                if stage is not None:
                    self._give(stage.feed(event), arrival, step)
            for stream in ("/tracks", "/zone_crossings", "/hand_reaches"):
                if stream in self._own_streams:
                    self._give([self._progress.progress(stream, event.stamp)], arrival, step)
