# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Who may have made a step: whoever had a hand near, whoever else that hand may have been of, and whoever stood there
without one being seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from yokotago_model.events import SECOND, Stamp

from .explanations import Measurement, Scene
from .hands import Actor, ReachEvidence, glimpse_at, so_far
from .hypotheses import PersonId
from .parameters import FusionParameters
from .planogram import Planogram
from .visits import Visits
from .whereabouts import Place, Whereabouts

_MOST_ACTORS = 6
_LEAST_OWNER = 1e-3
"""Nobody's hand is told so surely that it may not be another's."""

_NEAR_S = 0.5
"""A hand that left so long before a step, or came so long after it, may have been in the shelf during it."""


class Scenes:
    """Sets the scene of each step, from what is known of everybody at its time."""

    def __init__(
        self, planogram: Planogram, whereabouts: Whereabouts, visits: Visits, params: FusionParameters
    ) -> None:
        self._planogram = planogram
        self._whereabouts = whereabouts
        self._visits = visits
        self._params = params

    def of(self, measurement: Measurement, reaches: Sequence[ReachEvidence], now: Stamp, offset: Stamp) -> Scene:
        """The scene of one step, with the actors that fit it best. offset: how far its scale's clock is ahead."""
        actors = self._actors(measurement, reaches, now, offset)
        staff = frozenset(p for a in actors for p, _ in a.people if self._visits.is_staff(p))

        def scene(chosen: list[Actor]) -> Scene:
            return Scene(measurement, chosen, self._planogram, self._whereabouts, staff, self._params, offset)

        all_of_them = scene(actors)
        fits = [all_of_them.fit(i, measurement.deck.window) for i in range(len(actors))]
        order = sorted(range(len(actors)), key=lambda i: (-fits[i], actors[i].track_id, actors[i].reach_id))
        chosen = [i for i in order[:_MOST_ACTORS] if fits[i] > -self._params.margin]
        return all_of_them if chosen == list(range(len(actors))) else scene([actors[i] for i in chosen])

    def _actors(
        self, measurement: Measurement, reaches: Sequence[ReachEvidence], now: Stamp, offset: Stamp
    ) -> list[Actor]:
        moment = measurement.moment - offset
        shelf = measurement.deck.shelf
        at_front = {
            track_id: place
            for track_id, place in self._whereabouts.present(moment)
            if -self._params.arm_length <= shelf.to_shelf((place.x, place.y, shelf.origin[2]))[1] <= 0.1
        }
        actors = []
        for r in reaches:
            if r.shelf is shelf:
                track_id = r.reach.track_id
                hand = r if r.reach.complete else so_far(r, self._whereabouts, now)
                own = max(1.0 - math.fsum(o.probability for o in r.reach.other_owners), _LEAST_OWNER)
                actors.append(Actor(track_id, hand, self._people(track_id, moment), owner=own))
                actors += [
                    Actor(
                        o.track_id,
                        hand,
                        self._people(o.track_id, moment),
                        mistaken=True,
                        owner=max(o.probability, _LEAST_OWNER),
                    )
                    for o in r.reach.other_owners
                ]
        begin, end = measurement.begin - offset, measurement.end - offset
        seen = {a.track_id for a in actors if not a.mistaken and _covers(a, begin, end)}
        for track_id in at_front:
            if track_id not in seen:
                glimpse = glimpse_at(self._whereabouts, track_id, shelf, begin, end, self._params)
                near = self._is_close(track_id, at_front, moment)
                actors.append(Actor(track_id, None, self._people(track_id, moment), glimpse, near))
        return actors

    def _is_close(self, track_id: int, at_front: Mapping[int, Place], moment: Stamp) -> bool:
        """Whether another one stands there so near that they hide each other's arms."""
        here = self._whereabouts.place(track_id, moment)
        return here is not None and any(
            math.hypot(p.x - here.x, p.y - here.y) < self._params.close_m for t, p in at_front.items() if t != track_id
        )

    def _people(self, track_id: int, moment: Stamp) -> tuple[tuple[PersonId, float], ...]:
        """Who the track may be, itself first, with log probabilities."""
        person = self._visits.person_of(track_id)
        place = self._whereabouts.place(track_id, moment)
        if place is None or not place.alternatives or place.confidence >= 0.999:
            return ((person, 0.0),)
        sure = min(max(place.confidence, 0.01), 0.999)
        others = sorted({self._visits.person_of(a) for a in place.alternatives} - {person})
        if not others:
            return ((person, 0.0),)
        return ((person, math.log(sure)), *((o, math.log((1 - sure) / len(others))) for o in others))


def _covers(actor: Actor, begin: Stamp, end: Stamp) -> bool:
    """Whether the actor's hand was in the shelf at some time of the step."""
    assert actor.evidence is not None
    reach = actor.evidence.reach
    near = round(_NEAR_S * SECOND)
    return reach.begin <= end + near and (not reach.complete or reach.end >= begin - near)
