# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a day of a simulated store: what the sensors send, in order of arrival, and the truth beside it.

Time goes in ticks of 1/30 s. In each tick every shopper moves, then the cameras and the scales look at what there is.
An event is given out when the time of its arrival has come, so late events stand after the ones that overtook them,
and a day that never ends costs no memory.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from yokotago_model.events import (
    SECOND,
    Catalogue,
    CheckIn,
    Event,
    Hand,
    Point,
    Product,
    Receipt,
    ReceiptLine,
    Stamp,
    Track,
    TrackFrame,
    TrackState,
    TrueAction,
    TrueReach,
)
from yokotago_model.progress import ProgressCounter
from yokotago_model.store import Shelf, Store

from . import body
from .actor import TICK_HZ, TICK_S, Action, Actor, Entry
from .floor import Door, Floor
from .noise import Noise
from .scales import Scales
from .scenarios import build
from .shoppers import Guests, Scenario, Script
from .stock import Stock
from .tracks import Person, TrackedPeople, TrueCrossings, frame_stamp

Level: TypeAlias = Literal["points", "depth", "tracks"]
LEVELS: tuple[Level, ...] = ("points", "depth", "tracks")

DEFAULT_START: Stamp = 1_767_225_600 * SECOND
"""2026-01-01 00:00 UTC."""
OPENING_S = 3.0
"""The store stays empty this long, so that a background can be learned."""
_TAIL_S = 4.0

Arrival: TypeAlias = tuple[Stamp, str, Event]


@dataclass(eq=False)
class _Visit:
    payer: Actor
    entered: Stamp = 0
    left: Stamp = 0
    expected: int = 1
    members: list[Actor] = field(default_factory=list)


class _Line:
    """A line with a delay that keeps the order of what it carries."""

    def __init__(self, constant_s: float, jitter_s: float, most_s: float, rng: np.random.Generator) -> None:
        self._constant, self._jitter, self._most, self._rng = constant_s, jitter_s, most_s, rng
        self._last: Stamp = 0

    def arrival(self, sent: Stamp) -> Stamp:
        """When something that is sent now arrives."""
        late = self._constant + (float(self._rng.exponential(self._jitter)) if self._jitter > 0 else 0.0)
        self._last = max(self._last + 1, sent + round(min(late, max(self._most, self._constant)) * SECOND))
        return self._last


class Simulation:
    """One day in a store. `run` gives its events; the rest is what actors see of the store (actor.Room)."""

    def __init__(
        self,
        store: Store,
        scenario: Scenario,
        seed: int,
        level: Level,
        noise: Noise,
        start: Stamp,
        truth: bool,
        session: int = 1,
        guests: Guests | None = None,
    ) -> None:
        if level not in LEVELS:
            raise ValueError(f"level {level!r}: choose one of {', '.join(LEVELS)}")
        self.store = store
        self.floor = Floor(store)
        self.now = 0.0
        # One generator for each part: noise does not change what people do.
        people, stock, scales, line, tracker, camera = (np.random.default_rng([seed, n]) for n in range(6))
        self._rng = people
        self.stock = Stock(store, stock, noise.scale.unit_bias_share, scenario.stocked)
        self.scales = Scales(store, self.stock.loads(), noise.scale, start, scales)
        self._scenario = scenario
        self._level = level
        self._noise = noise
        self._start = start
        self._truth = truth
        self._guests = guests
        late = noise.lateness
        self._tracker_line = _Line(late.tracks_s, late.tracks_jitter_s, late.most_s, line)
        self._check_in_line = _Line(late.check_ins_s, late.check_ins_jitter_s, late.most_s, line)
        self._scale_lines = {
            s.scale_id: _Line(late.weights_s, late.weights_jitter_s, late.most_s, line) for s in store.scales
        }
        rate = max((s.rate_hz for s in store.sensors), default=15.0)
        self._frame_hz = min(rate, float(TICK_HZ))
        self._tracked = TrackedPeople(store, noise.tracks, 1.0 / self._frame_hz, tracker)
        self._crossings = TrueCrossings(store)
        self._camera_rng = camera
        self._line_rng = line
        self._queue: list[tuple[Stamp, int, str, Event]] = []
        self._sequence = 0
        self._progress = ProgressCounter(session)
        self._entries = self._ways_in()
        self._actors: list[Actor] = []
        self._by_name: dict[str, Actor] = {}
        self._meetings: dict[str, set[str]] = {}
        self._visits: dict[int, _Visit] = {}
        self._on_floor: set[int] = set()
        self._leaving: list[_Visit] = []
        self._people = 0
        self._check_ins = 0
        self._tick = 0

    # What actors see and tell.

    def others(self, actor: Actor | None) -> list[Actor]:
        """Everybody else in the store, the lanes before its doors included."""
        return [a for a in self._actors if a is not actor]

    def named(self, name: str) -> Actor | None:
        """The shopper of that name, once they have come."""
        return self._by_name.get(name)

    def meet(self, key: str, name: str) -> int:
        """Note that `name` has come to the meeting; how many have."""
        self._meetings.setdefault(key, set()).add(name)
        return len(self._meetings[key])

    def exit_of(self, actor: Actor) -> Door:
        """The door that the actor leaves by: any exit."""
        return self.floor.exits[int(self._rng.integers(len(self.floor.exits)))]

    def check_in(self, actor: Actor) -> None:
        """The actor shows their code at the gate."""
        self._check_ins += 1
        event = CheckIn(
            stamp=self._stamp(self.now),
            check_in_id=f"check-in-{self._check_ins}",
            shopper_id=actor.script.shopper_id,
            gate_id=actor.entry.gate_id,
            party_size=actor.script.party_size,
        )
        self._push(self._check_in_line.arrival(event.stamp), "/check_ins", event)

    def answer(self, actor: Actor) -> bool | None:
        """Whether the gate opens for the actor: for a guest, whoever sent them knows."""
        return self._guests.answer(actor.script.name) if self._guests is not None else True

    def stepped(self, actor: Actor) -> None:
        """A foot met the floor."""
        self.scales.footstep(actor.x, actor.y, self.now)

    def reached(self, actor: Actor, shelf: Shelf, begin: float, end: float, deepest: Point) -> None:
        """A hand was in a shelf between `begin` and `end` [s]; at the facing of its deepest point."""
        u, _, z = shelf.to_shelf(deepest)
        facing_id = ""
        for f in self.store.facings:
            if f.shelf_id == shelf.shelf_id and f.x <= u < f.x + f.width and f.z <= z < f.z + f.height:
                facing_id = f.facing_id
        event = TrueReach(actor.person_id, shelf.shelf_id, facing_id, self._stamp(begin), self._stamp(end), deepest)
        self._tell("/truth/reaches", event)

    def acted(self, actor: Actor, action: Action, begin: float, end: float) -> None:
        """Something was moved, in a reach between `begin` and `end` [s]."""
        event = TrueAction(
            stamp=self._stamp(action.time),
            kind=action.kind,
            person_id=actor.person_id,
            other_person_id=action.other,
            product_id=action.product_id,
            quantity=action.quantity,
            shelf_id=action.shelf_id,
            facing_id=action.facing_id,
            reach_begin=self._stamp(begin),
            reach_end=self._stamp(end),
        )
        self._tell("/truth/actions", event)

    # The day.

    def run(self) -> Iterator[Arrival]:
        """All events in order of arrival."""
        cameras = None
        if self._level != "tracks":
            # Open3D takes seconds to import, and only clouds need it.
            from .cameras import Cameras

            cameras = Cameras(self.store, self._noise, self._camera_rng, self._line_rng)
        self._push(self._start, "/catalogue", self._catalogue())
        scripts = self._scenario.scripts(self.stock)
        waiting = next(scripts, None)
        guest: Script | None = None
        closed = math.inf
        while self.now < closed:
            if guest is None and self._guests is not None:
                guest = self._guests.next(self.stock)
            if guest is not None and self._admit(guest):
                guest = None
            while waiting is not None and self._admit(waiting):
                waiting = next(scripts, None)
            for actor in self._actors:
                actor.tick()
            self._actors = [a for a in self._actors if not a.gone]
            if self._frame_now(self._frame_hz):
                self._frame()
            if cameras is not None:
                stamp = frame_stamp(self._start, self._tick, TICK_HZ)
                due = [s for s in self.store.sensors if self._frame_now(s.rate_hz) and not self._silent(s.sensor_id)]
                bodies = [(a.build, body.limbs(a.build, a.pose, a.hands)) for a in self._actors]
                for arrival, topic, event in cameras.capture(due, self._level, stamp, self.now, bodies, self.stock):
                    self._push(arrival, topic, event)
            for sent, burst in self.scales.bursts(self.now):
                if self._silent(burst.scale_id):
                    continue
                line = self._scale_lines[burst.scale_id]
                self._push(line.arrival(self._stamp(sent)), "/shelves/weights", burst)
            yield from self._release(self._stamp(self.now))
            if waiting is None and guest is None and not self._actors and closed == math.inf:
                closed = max(self.now, OPENING_S) + _TAIL_S
            self._tick += 1
            self.now = self._tick * TICK_S
        yield from self._release(None)

    def _stamp(self, seconds: float) -> Stamp:
        return self._start + round(seconds * SECOND)

    def _push(self, arrival: Stamp, topic: str, event: Event) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (arrival, self._sequence, topic, event))

    def _tell(self, topic: str, event: Event) -> None:
        if self._truth:
            self._push(self._stamp(self.now), topic, event)

    def _release(self, until: Stamp | None) -> Iterator[Arrival]:
        while self._queue and (until is None or self._queue[0][0] <= until):
            arrival, _, topic, event = heapq.heappop(self._queue)
            if topic == "/check_ins":
                self._progress.count(topic)
            yield arrival, topic, event
        if until is not None and self._tick % 6 == 0:
            # A check-in is at most so late: everything before has come.
            whole = (
                until
                - round(max(self._noise.lateness.most_s, self._noise.lateness.check_ins_s) * SECOND)
                - SECOND // 10
            )
            yield until, "/progress", self._progress.progress("/check_ins", whole)

    def _frame_now(self, rate_hz: float) -> bool:
        rate = min(rate_hz, float(TICK_HZ))
        return math.floor(self._tick * rate / TICK_HZ + 1e-9) > math.floor((self._tick - 1) * rate / TICK_HZ + 1e-9)

    def _silent(self, source_id: str) -> bool:
        silences = self._scenario.silences
        return any(s.source_id == source_id and s.begin_s <= self.now < s.end_s for s in silences)

    def _catalogue(self) -> Catalogue:
        return Catalogue(self._start, tuple(sorted(self.store.products, key=lambda p: p.product_id)))

    # Coming and going.

    def _ways_in(self) -> tuple[Entry, ...]:
        doors = {d.zone.zone_id: d for d in self.floor.entrances}
        if not doors:
            raise ValueError(f"store {self.store.store_id} has no entrance zone: nobody could come in")
        gates = tuple(Entry(g.gate_id, g.position, doors[g.zone_id]) for g in self.store.gates if g.zone_id in doors)
        return gates or tuple(Entry("", d.at(0.0, 0.4), d) for d in self.floor.entrances)

    def _admit(self, script: Script) -> bool:
        """Let the next shopper come when it is time and there is room before a gate."""
        if self.now < OPENING_S + script.start_s:
            return False
        if len(self._actors) >= self._scenario.at_once and not script.behind and not script.waits:
            return False
        entries = self._entries
        if script.behind:
            leader = self._by_name.get(script.behind)
            if leader is None:
                return False
            entries = (leader.entry,)
        elif script.gate_id:
            entries = tuple(e for e in entries if e.gate_id == script.gate_id)
        free = [e for e in entries if self._has_room(e, bool(script.behind))]
        if not free:
            return False
        entry = free[int(self._rng.integers(len(free)))]
        self._people += 1
        actor = Actor(self._people, script, entry, self, np.random.default_rng(self._rng.integers(2**63)))
        self._actors.append(actor)
        self._by_name[script.name] = actor
        if script.payer:
            visit = self._visits[self._by_name[script.payer].person_id]
        else:
            visit = _Visit(actor, expected=script.party_size)
        visit.members.append(actor)
        self._visits[actor.person_id] = visit
        return True

    def _has_room(self, entry: Entry, behind: bool) -> bool:
        """Whether somebody can appear before the gate now; those who come behind another do not wait for the gate."""
        for other in self._actors:
            if math.dist((other.x, other.y), entry.spawn) < 0.6:
                return False
            if other.entry is entry and not other.passed_gate and not behind:
                return False
        return True

    def _frame(self) -> None:
        """What is true now, for the truth and for the level that has no clouds."""
        stamp = frame_stamp(self._start, self._tick, TICK_HZ)
        people, inside = [], set()
        for a in self._actors:
            if not self.floor.contains(a.x, a.y):
                continue
            inside.add(a.person_id)
            hx, hy, _ = body.head(a.build, a.pose)
            top = body.head_top(a.build, a.pose)
            people.append(Person(a.person_id, (a.x, a.y), (hx, hy), top, a.hands, (a.vx, a.vy)))
        people.sort(key=lambda p: p.person_id)
        self._doors(stamp, inside)
        crossings = self._crossings.feed(stamp, people)
        if self._truth:
            self._tell("/truth/tracks", TrackFrame(stamp, tuple(map(_true_track, people))))
            for crossing in crossings:
                self._tell("/truth/zone_crossings", crossing)
        if self._level == "tracks":
            arrival = self._tracker_line.arrival(stamp)
            topics = {"TrackFrame": "/tracks", "ZoneCrossing": "/zone_crossings", "HandReach": "/hand_reaches"}
            for event in self._tracked.feed(stamp, people, crossings):
                topic = topics[type(event).__name__]
                self._progress.count(topic)
                self._push(arrival, topic, event)
            for topic in topics.values():
                self._push(arrival, "/progress", self._progress.progress(topic, stamp))

    def _doors(self, stamp: Stamp, inside: set[int]) -> None:
        """Open and close the true visits. Whoever is pushed back in at the door has not left."""
        for person_id in sorted(inside - self._on_floor):
            visit = self._visits[person_id]
            visit.entered = visit.entered or stamp
        for person_id in sorted(self._on_floor - inside):
            visit = self._visits[person_id]
            visit.left = stamp
            if visit not in self._leaving:
                self._leaving.append(visit)
        for visit in [v for v in self._leaving if all(a.gone for a in v.members)]:
            self._leaving.remove(visit)
            staff = visit.payer.script.shopper_id in self.store.staff
            if len(visit.members) >= visit.expected and not staff and visit.payer.passed_gate:
                self._tell("/truth/receipts", self._receipt(visit))
        self._on_floor = inside

    def _receipt(self, visit: _Visit) -> Receipt:
        """The rules: the taker pays, whoever opened the gate pays for their party, what was put back or dropped is
        not paid.
        """
        counts: dict[str, int] = {}
        dropped: dict[str, int] = {}
        for actor in visit.members:
            for unit in actor.taken:
                if unit.taker == actor.person_id:
                    into = dropped if unit.on_floor else counts
                    into[unit.product_id] = into.get(unit.product_id, 0) + 1
        lines = tuple(_line(self.store.product[p], n) for p, n in sorted(counts.items()))
        reasons = tuple(
            f"{n} x {self.store.product[p].name} was left on the floor" for p, n in sorted(dropped.items())
        )
        payer = visit.payer
        return Receipt(
            stamp=visit.left,
            receipt_id=f"truth-{payer.person_id}",
            visit_id=f"person-{payer.person_id}",
            shopper_id=payer.script.shopper_id,
            entered=visit.entered,
            left=visit.left,
            lines=lines,
            currency=self.store.currency,
            total=sum(line.amount for line in lines),
            needs_review=bool(reasons),
            review_reasons=reasons,
        )


def _line(product: Product, quantity: int) -> ReceiptLine:
    return ReceiptLine(product.product_id, product.name, quantity, product.unit_price, quantity * product.unit_price)


def _true_track(person: Person) -> Track:
    return Track(
        track_id=person.person_id,
        state=TrackState.CONFIRMED,
        position=(person.head[0], person.head[1], 0.0),
        velocity=(person.velocity[0], person.velocity[1], 0.0),
        height=person.height,
        position_covariance=(0.0, 0.0, 0.0, 0.0),
        hands=tuple(Hand(h, 0.0, 1.0) for h in person.hands),
    )


def simulate(
    store: Store,
    scenario: str | Scenario,
    seed: int,
    level: Level = "points",
    *,
    noise: Noise | None = None,
    start: Stamp = DEFAULT_START,
    truth: bool = True,
    session: int = 1,
    guests: Guests | None = None,
) -> Iterator[Arrival]:
    """The events of a simulated day in order of arrival: (arrival [ns since the epoch], topic, event).

    scenario: a name (scenarios.names()) or a Scenario; truth: with the ground truth; session: of /progress; guests:
    come beside the scenario's shoppers. The same arguments give the same events, to the byte. Raises KeyError for an
    unknown name and ValueError for an unknown level or a store that nobody can enter.
    """
    noise = noise if noise is not None else Noise()
    chosen = build(scenario, store, seed) if isinstance(scenario, str) else scenario
    return Simulation(store, chosen, seed, level, noise, start, truth, session, guests).run()
