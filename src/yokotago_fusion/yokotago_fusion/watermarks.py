# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""In which order events count, and up to which moment everything is known.

Events of several topics arrive in any order. Here they wait until every stream has passed their stamp, leave in the
order of (stamp, kind, id), and each leaves once. How far a stream has come it says itself (/progress); where it does
not, the newest track frame less the stream's allowed lateness stands for it. A stream that goes silent holds the
others back for `silent_after_s` only, and is named, so that what it may have missed can be reviewed.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TypeAlias

from yokotago_model.events import (
    SECOND,
    Catalogue,
    CheckIn,
    HandReach,
    Stamp,
    StreamProgress,
    TrackFrame,
    WeightChange,
    ZoneCrossing,
)
from yokotago_model.store import Tolerances

from .parameters import FusionParameters

Fact: TypeAlias = Catalogue | CheckIn | TrackFrame | ZoneCrossing | HandReach | WeightChange

TRACKS = "/tracks"
CROSSINGS = "/zone_crossings"
REACHES = "/hand_reaches"
WEIGHTS = "/weight_changes"
CHECK_INS = "/check_ins"

_TRACKER = (TRACKS, CROSSINGS, REACHES)

_FOREVER: Stamp = 1 << 62
_KEEP_NS = 300 * SECOND


def stream_of(event: Fact) -> str:
    """The stream that the event belongs to; empty for the catalogue, which no stream waits for."""
    match event:
        case TrackFrame():
            return TRACKS
        case ZoneCrossing():
            return CROSSINGS
        case HandReach():
            return REACHES
        case WeightChange():
            return WEIGHTS
        case CheckIn():
            return CHECK_INS
    return ""


def order_of(event: Fact) -> tuple[Stamp, int, str]:
    """Where the event stands among all others; the same for a duplicate, different for any two different events."""
    match event:
        case Catalogue():
            return event.stamp, 0, ""
        case CheckIn():
            return event.stamp, 1, event.check_in_id
        case TrackFrame():
            return event.stamp, 2, ""
        case ZoneCrossing():
            return event.stamp, 3, f"{event.track_id:020d} {event.zone_id} {int(event.kind)}"
        case HandReach():
            return event.stamp, 4, f"{event.reach_id} {int(event.complete)}"
        case WeightChange():
            return event.stamp, 5, event.change_id


@dataclass
class _Stream:
    """How far one stream has come.

    late_ns: how far behind the tracks it may be where it does not say; allowance_ns: how long it may hold up the
    others;
    received: different messages so far; base: those of earlier sessions among them; session: None before the first
    progress; heard: newest sign of life where there is no progress; promised: (published, stamp) that is not met yet;
    lost: messages that were promised and never came.
    """

    late_ns: int
    allowance_ns: int
    received: int = 0
    base: int = 0
    session: int | None = None
    published: int = 0
    frontier: Stamp = -1
    heard: Stamp = -1
    promised: list[tuple[int, Stamp]] = field(default_factory=list)
    lost: int = 0

    def progress(self, event: StreamProgress) -> None:
        """The stream says how far it is. A new session counts from 0 again, after all that the last one published."""
        if self.session is not None and event.session != self.session:
            self.base += self.published
            self.published = 0
            self.promised.clear()
        self.session = event.session
        self.published = max(self.published, event.published)
        self.promised.append((event.published, event.stamp))
        self.meet()

    def meet(self) -> None:
        """Move on to the newest promise whose messages are all here."""
        here = self.received - self.base
        met = [stamp for published, stamp in self.promised if published <= here]
        if met:
            self.frontier = max(self.frontier, *met)
            self.promised = [p for p in self.promised if p[0] > here]

    def give_up(self, newest: Stamp) -> None:
        """Messages that were promised longer ago than the allowance are lost: count on without them."""
        old = [published for published, stamp in self.promised if newest - stamp > self.allowance_ns]
        if old:
            missing = max(old) - (self.received - self.base)
            self.lost += missing
            self.base -= missing
            self.meet()


class Watermarks:
    """Orders and releases facts.

    `feed` takes facts and progress; `release` gives the facts that are due, in order, and the moment up to which
    everything is known. A fact older than that moment is given at once by the next release: it is late, and what it
    changes is a correction.
    """

    def __init__(self, tolerances: Tolerances, params: FusionParameters) -> None:
        silent = round(params.silent_after_s * SECOND)
        tracks = round(tolerances.tracks_late_s * SECOND)
        weights = round((tolerances.weights_late_s + params.change_detection_s) * SECOND)
        check_ins = round(tolerances.check_ins_late_s * SECOND)
        self._streams = {
            TRACKS: _Stream(tracks, silent),
            CROSSINGS: _Stream(tracks, silent),
            REACHES: _Stream(tracks, silent),
            WEIGHTS: _Stream(weights, silent),
            CHECK_INS: _Stream(check_ins, check_ins),
        }
        self._waiting: list[tuple[tuple[Stamp, int, str], Fact]] = []
        self._known: dict[tuple[Stamp, int, str], None] = {}
        self._newest: Stamp = -1
        self._first_progress: Stamp | None = None
        self.moment: Stamp = -1

    def feed(self, event: Fact | StreamProgress) -> None:
        """Take in an event. A duplicate changes nothing."""
        if isinstance(event, StreamProgress):
            stream = self._streams.get(event.stream)
            if stream is not None:
                stream.progress(event)
                self._newest = max(self._newest, event.stamp)
                if self._first_progress is None and event.stream in _TRACKER:
                    self._first_progress = self._newest
            return
        order = order_of(event)
        if order in self._known:
            return
        self._known[order] = None
        name = stream_of(event)
        if name:
            stream = self._streams[name]
            stream.received += 1
            stream.meet()
        if isinstance(event, TrackFrame):
            self._newest = max(self._newest, event.stamp)
            # The frames of a recording without progress are their own heartbeat, and that of the crossings.
            for stream in (self._streams[TRACKS], self._streams[CROSSINGS]):
                stream.heard = max(stream.heard, event.stamp)
        heapq.heappush(self._waiting, (order, event))

    def _frontier(self, stream: _Stream) -> Stamp:
        if stream.session is None:
            return self._newest - stream.late_ns
        return max(stream.frontier, self._newest - stream.allowance_ns)

    def silent(self) -> list[str]:
        """Streams that do not say how far they are although others do and go on."""
        if self._first_progress is None:
            return []
        start = self._first_progress
        return [
            name
            for name, s in self._streams.items()
            if name != CHECK_INS
            and self._newest - max(start, s.heard if s.session is None else s.frontier) > s.allowance_ns
        ]

    def lost(self) -> int:
        """Messages that were promised and never came, over all streams."""
        return sum(s.lost for s in self._streams.values())

    def release(self) -> list[Fact]:
        """The facts that are due, in order; afterwards `moment` is the moment up to which everything is known."""
        for stream in self._streams.values():
            stream.give_up(self._newest)
        self.moment = max(self.moment, min(self._frontier(s) for s in self._streams.values()))
        return self._until(self.moment)

    def finish(self) -> list[Fact]:
        """Everything that still waits: nothing more will come. `moment` moves to the newest stamp seen."""
        rest = self._until(_FOREVER)
        stamps = [e.stamp for e in rest] + [self._newest]
        self.moment = max(self.moment, *stamps)
        return rest

    def _until(self, moment: Stamp) -> list[Fact]:
        due = []
        while self._waiting and self._waiting[0][0][0] <= moment:
            due.append(heapq.heappop(self._waiting)[1])
        if len(self._known) > 50_000:
            old = moment - _KEEP_NS
            # Check-ins are sent again to whoever starts anew, however old they are.
            check_ins = [k for k in self._known if k[1] == 1][-10_000:]
            self._known = dict.fromkeys((*check_ins, *(k for k in self._known if k[0] >= old)))
        return due
