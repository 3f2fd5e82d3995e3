# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The store's stages in one process, without DDS: what `yokotago replay` and `yokotago evaluate` run.

A stage runs when its inputs are there and its outputs are not, whatever level a bag was recorded at. Everything is
decided from event time, so the same records give the same outputs to the byte, as fast as the machine goes. What a
stage makes has the arrival time of the record that led to it: the time that computing takes is not part of a replay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from yokotago_fusion.fusion import Fusion
from yokotago_model.conversions import topic_of
from yokotago_model.events import (
    Cloud,
    DepthImage,
    Event,
    ForegroundCloud,
    ShelfWeight,
    Stamp,
    TrackFrame,
)
from yokotago_model.progress import ProgressCounter
from yokotago_model.store import Store
from yokotago_shelves.weight_changes import WeightChanges
from yokotago_tracking.crossings import Crossings
from yokotago_tracking.foreground import Foreground
from yokotago_tracking.reaches import Reaches
from yokotago_tracking.tracker import Tracker

from .bags import Record
from .plan import DECIDED_ON, Plan

SESSION = 1
"""Session number of a replay's streams."""


class Stage(Protocol):
    """One decision: events in, events out."""

    def feed(self, event: Event) -> Iterable[Event]:
        """What follows from `event`."""
        ...

    def finish(self) -> Iterable[Event]:
        """What is still open at the end of a recording."""
        ...


@dataclass
class Step:
    """What one record led to. decided_on: what the fusion was given; made: what the stages made, in order."""

    decided_on: list[Event] = field(default_factory=list)
    made: list[Record] = field(default_factory=list)


class Pipeline:
    """The stages of a plan, fed record by record in order of arrival."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self.plan = plan
        self._foregrounds = {s: Foreground(store.sensor[s], store=store) for s in plan.foregrounds}
        self._tracker = Tracker(store) if plan.tracker else None
        self._crossings = Crossings(store) if plan.crossings else None
        self._reaches = Reaches(store) if plan.reaches else None
        self._weight_changes = WeightChanges(store) if plan.weight_changes else None
        self._fusion = Fusion(store) if plan.fusion else None
        self._progress = ProgressCounter(SESSION)

    def feed(self, record: Record) -> Step:
        """What follows from `record`; those of the ground truth, and those that are made anew, lead to nothing."""
        step = Step()
        if not record.topic.startswith("/truth/") and not self.plan.replaces(record.topic, record.event):
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
            self._give(self._told(event.stamp), arrival, step)

    def _told(self, stamp: Stamp) -> Iterable[Event]:
        """How far the streams that follow a frame of tracks are."""
        if self._tracker is not None:
            yield self._progress.progress("/tracks", stamp)
        if self._crossings is not None:
            yield self._progress.progress("/zone_crossings", self._crossings.settled)
        if self._reaches is not None:
            yield self._progress.progress("/hand_reaches", self._reaches.settled)
