# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Who is in the store, since when, with whom, on which check-in, and when they have left.

A person is a track that came in through a door; a track that begins inside continues a person whose track was lost
there. A visit is the people of one check-in, or one person without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from yokotago_model.events import SECOND, CrossingKind, Receipt, Stamp, Track, TrackFrame, TrackState, ZoneCrossing
from yokotago_model.store import Store, ZoneKind, polygon_distance

from .entries import Entries, Entry
from .parameters import FusionParameters
from .whereabouts import Whereabouts

_SEEN_AFTER_NS = 4 * SECOND // 10
_LOST_M = 1.5
_LOST_NS = 30 * SECOND


@dataclass
class Person:
    """A person by their first track. entered: into the door's zone; inside, left: None until it happens; lost: they
    were last seen on the floor.
    """

    person_id: int
    entered: Stamp
    inside: Stamp | None = None
    left: Stamp | None = None
    by_door: bool = True
    lost: bool = False


@dataclass
class Visit:
    """What one check-in, or one person without, has in the store. published: the basket as last sent."""

    visit_id: str
    check_in_id: str
    shopper_id: str
    staff: bool
    people: list[int]
    entered: Stamp
    reasons: dict[str, None] = field(default_factory=dict)
    published: tuple[str, tuple[int, ...], tuple[tuple[str, int], ...]] | None = None
    receipts: list[Receipt] = field(default_factory=list)


class Visits:
    """The people and visits of one store."""

    def __init__(self, store: Store, whereabouts: Whereabouts, entries: Entries, params: FusionParameters) -> None:
        self._store = store
        self._whereabouts = whereabouts
        self._entries = entries
        self._params = params
        self._doors = {z.zone_id: z for z in store.zones if z.kind in (ZoneKind.ENTRANCE, ZoneKind.EXIT)}
        self.people: dict[int, Person] = {}
        self._person_of: dict[int, int] = {}
        self.visits: dict[str, Visit] = {}
        self._visit_of: dict[int, Visit] = {}

    def person_of(self, track_id: int) -> int:
        """The person that the track belongs to: itself, unless it continues a lost one."""
        return self._person_of.get(track_id, track_id)

    def tracks_of(self, person_id: int) -> list[int]:
        """All tracks of a person, first one first."""
        return [person_id, *sorted(t for t, p in self._person_of.items() if p == person_id)]

    def visit_of(self, person_id: int) -> Visit | None:
        """The visit that the person is part of; None before they came in."""
        return self._visit_of.get(person_id)

    def is_staff(self, person_id: int) -> bool:
        """Whether the person is in on a visit of the staff."""
        visit = self.visit_of(person_id)
        return visit is not None and visit.staff

    def crossing(self, event: ZoneCrossing) -> Stamp | None:
        """A crossing. Gives back when to ask `crossed` about it; None when nothing can follow from it."""
        zone = self._doors.get(event.zone_id)
        if zone is None:
            return None
        person = self.people.get(self.person_of(event.track_id))
        if event.kind is CrossingKind.ENTER:
            if person is None:
                self.people[event.track_id] = Person(event.track_id, event.stamp)
                self._entries.enter(Entry(event.track_id, event.stamp, None))
            return None
        if person is None:
            self.people[event.track_id] = Person(event.track_id, event.stamp)
        return event.stamp + round(self._params.gone_s * SECOND)

    def crossed(self, event: ZoneCrossing) -> Person | None:
        """What an EXIT of a door's zone was, some time later: the person when they came in or left by it, else None."""
        person = self.people.get(self.person_of(event.track_id))
        if person is None or person.left is not None:
            return None
        newest = self._newest_place(person)
        seen = newest is not None and newest[0] > event.stamp + _SEEN_AFTER_NS
        inside = newest is not None and polygon_distance(self._store.floor, newest[1], newest[2]) < 0.0
        if seen and inside:
            if person.inside is None and not self._in_a_door(newest):
                person.inside = event.stamp
                self._entries.enter(Entry(person.person_id, person.entered, person.inside))
                return person
            return None
        if person.inside is None:
            # A look through the door; it was no visit.
            del self.people[person.person_id]
            self._entries.forget(person.person_id)
            return None
        person.left = event.stamp
        return person

    def _newest_place(self, person: Person) -> tuple[Stamp, float, float] | None:
        found = []
        for track in self.tracks_of(person.person_id):
            place, seen = self._whereabouts.last_place(track), self._whereabouts.last_seen(track)
            if place is not None and seen is not None:
                found.append((seen, place.x, place.y))
        return max(found, default=None)

    def _in_a_door(self, place: tuple[Stamp, float, float] | None) -> bool:
        return place is not None and any(z.contains(place[1], place[2]) for z in self._doors.values())

    def acted(self, person_id: int, stamp: Stamp) -> Person | None:
        """The person moved something, so they are inside, whatever the crossings said. Given when that is news."""
        person = self.people.get(person_id)
        if person is None:
            person = self.people[person_id] = Person(person_id, stamp, by_door=False)
        if person.inside is not None:
            return None
        person.inside = stamp
        self._entries.enter(Entry(person.person_id, person.entered, stamp))
        return person

    def frame(self, frame: TrackFrame) -> list[Person]:
        """People whose tracks began inside the store without coming in by a door; those continue nobody's lost
        track.
        """
        appeared = []
        for track in frame.tracks:
            if track.state is TrackState.TENTATIVE or self.person_of(track.track_id) in self.people:
                continue
            x, y, _ = track.position
            near_door = any(z.distance(x, y) < 0.3 for z in self._doors.values())
            if near_door or polygon_distance(self._store.floor, x, y) >= 0.0:
                continue
            lost = self._lost_near(track, frame)
            if lost is not None:
                self._person_of[track.track_id] = lost
                continue
            person = Person(track.track_id, frame.stamp, frame.stamp, by_door=False)
            self.people[track.track_id] = person
            self._entries.enter(Entry(track.track_id, frame.stamp, frame.stamp))
            appeared.append(person)
        return appeared

    def gone(self, frame: TrackFrame) -> list[Person]:
        """People whose tracks have ended though no crossing told that they left: beside the door's zone or across its
        corner, then their last place is not on the floor; or the tracker lost them, and `lost` says so.
        """
        present = {self.person_of(t.track_id) for t in frame.tracks if t.state is not TrackState.TENTATIVE}
        found = []
        for person in self.people.values():
            if person.inside is None or person.left is not None or person.person_id in present:
                continue
            newest = self._newest_place(person)
            if newest is None:
                continue
            unseen = frame.stamp - newest[0]
            out = polygon_distance(self._store.floor, newest[1], newest[2]) >= 0.0
            if unseen > (round(self._params.gone_s * SECOND) if out else _LOST_NS):
                person.left, person.lost = newest[0], not out
                found.append(person)
        return found

    def _lost_near(self, track: Track, frame: TrackFrame) -> int | None:
        present = {t.track_id for t in frame.tracks}
        best: tuple[float, int] | None = None
        for person in self.people.values():
            if person.left is not None or present & set(self.tracks_of(person.person_id)):
                continue
            newest = self._newest_place(person)
            if newest is None or frame.stamp - newest[0] > _LOST_NS:
                continue
            apart = math.hypot(newest[1] - track.position[0], newest[2] - track.position[1])
            allowed = _LOST_M + 0.5 * (frame.stamp - newest[0]) / SECOND
            if apart <= allowed and (best is None or (apart, person.person_id) < best):
                best = (apart, person.person_id)
        return best[1] if best else None

    def regroup(self) -> list[Visit]:
        """Put the people who are inside into visits by the present assignment; gives the visits that changed."""
        assigned = self._entries.assign()
        changed: dict[str, Visit] = {}
        wanted: dict[str, list[Person]] = {}
        for person in sorted(self.people.values(), key=lambda p: (p.entered, p.person_id)):
            if person.inside is None:
                continue
            check_in_id = assigned.get(person.person_id, "")
            wanted.setdefault(check_in_id or f" {person.person_id}", []).append(person)
        for key, people in wanted.items():
            check_in_id = key.strip() if not key.startswith(" ") else ""
            ids = [p.person_id for p in people]
            visit = next((v for v in (self._visit_of.get(i) for i in ids) if v is not None), None)
            if (
                (visit is not None and any(self._visit_of.get(i) is not visit for i in ids))
                or visit is None
                or visit.people != ids
            ):
                visit = self._visit_for(people, visit, check_in_id)
                changed[visit.visit_id] = visit
            if visit.check_in_id != check_in_id:
                visit.check_in_id = check_in_id
                visit.shopper_id = self._entries.get(check_in_id).shopper_id if check_in_id else ""
                visit.staff = visit.shopper_id in self._store.staff
                changed[visit.visit_id] = visit
        self.visits = {v.visit_id: v for v in self.visits.values() if v.people}
        return list(changed.values())

    def _visit_for(self, people: list[Person], visit: Visit | None, check_in_id: str) -> Visit:
        first = people[0]
        visit_id = f"{self._store.store_id}-{first.entered}-{first.person_id}"
        if visit is None or visit.visit_id != visit_id:
            visit = self.visits.get(visit_id) or Visit(visit_id, "", "", False, [], first.entered)
            self.visits[visit_id] = visit
        for person in people:
            old = self._visit_of.get(person.person_id)
            if old is not None and old is not visit:
                old.people.remove(person.person_id)
                visit.reasons.update(old.reasons)
            self._visit_of[person.person_id] = visit
        for other in [p for p in visit.people if p not in {x.person_id for x in people}]:
            if self._visit_of.get(other) is visit:
                del self._visit_of[other]
        visit.people = [p.person_id for p in people]
        return visit

    def left(self, visit: Visit) -> Stamp | None:
        """When the last of the visit's people left; None while somebody is inside."""
        stamps = [self.people[p].left for p in visit.people]
        return None if any(s is None for s in stamps) else max(s for s in stamps if s is not None)

    def inside(self) -> list[int]:
        """People who are inside now, in order."""
        return sorted(p.person_id for p in self.people.values() if p.inside is not None and p.left is None)

    def forget(self, visit: Visit) -> None:
        """The visit is over and can no longer be corrected."""
        for person in visit.people:
            self._visit_of.pop(person, None)
            self._entries.forget(person)
            for track in self.tracks_of(person):
                self._whereabouts.forget(track)
                self._person_of.pop(track, None)
            self.people.pop(person, None)
        self.visits.pop(visit.visit_id, None)
