# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The joint explanation of the weight steps of one group: every combination that matters, exactly.

The steps are taken in order of time. Each open hypothesis is extended by every explanation of the next step; a step may
also be held back and explained together with a later one of its deck (a thing lifted half, held, and then taken shows
as two steps). What can be put back depends on what was taken before, in this group or earlier, so nothing factors; but
equal worlds are joined, and a hypothesis is dropped as soon as it can no longer come within `margin` of the best: the
bounds are admissible, so what is kept is what full enumeration would keep (a test compares the two).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .explanations import Explanation, Kind, Measurement, Piece, Scene, apply, explain, score
from .hypotheses import Hypothesis, Key, PersonId, World
from .likelihoods import log_normal, log_sum
from .parameters import FusionParameters

_HELD_BACK_DENSITY = 1e-3
"""Density of how one movement's weight divides between two of its steps: evenly over 1 kg [1/g]."""


class Step(NamedTuple):
    """What one step of the group was taken for; measurements: the one that it ends with and those held back before it."""

    measurements: tuple[Measurement, ...]
    explanation: Explanation


class Outcome(NamedTuple):
    """One joint explanation: its log probability (not normalised), the world after it, and its steps."""

    logp: float
    world: World
    steps: tuple[Step, ...]


class _Open(NamedTuple):
    logp: float
    world: World
    held_back: tuple[tuple[str, tuple[Measurement, ...]], ...]
    steps: tuple[Step, ...]


def _later_on_deck(scenes: Sequence[Scene], number: int, hold_ns: int) -> bool:
    this = scenes[number].measurement
    return any(
        s.measurement.deck is this.deck and s.measurement.begin - this.end <= hold_ns for s in scenes[number + 1 :]
    )


def other_holders(scene: Scene, world: World, actors: Sequence[PersonId], present: Sequence[PersonId]) -> list[PersonId]:
    """Those present who hold something that weighs like a step up that none of the actors' things explains."""
    grams, params = scene.measurement.grams, scene.params
    if grams <= 0:
        return []
    noise = scene.measurement.variance + params.sensor_floor_g**2 + (params.gain_stddev_share * grams) ** 2

    def fits(person: PersonId) -> bool:
        return any((u.mean - grams) ** 2 <= 9 * (u.variance + noise) for u in world.held.get(person, ()))

    if any(fits(p) for p in actors):
        return []
    return [p for p in present if p not in actors and fits(p)]


def solve(
    scenes: Sequence[Scene],
    hypotheses: Sequence[Hypothesis],
    present: Sequence[PersonId],
    params: FusionParameters,
    prune: bool = True,
) -> list[Outcome]:
    """Every joint explanation of the scenes' steps (in order of time), the most probable first.

    hypotheses: the worlds before. present: people whose things may be put back by somebody else. prune: drop what cannot
    come within params.margin of the best.
    """
    hold_ns = round(params.hold_s * 1e9)
    floors = [score(s, (), s.measurement.grams, s.measurement.variance) for s in scenes]
    ceilings = [_ceiling(s, params) for s in scenes]
    open_ = [_Open(h.logp, h.world, (), ()) for h in hypotheses]
    for number, scene in enumerate(scenes):
        extended: list[_Open] = []
        answers: dict[tuple[object, ...], list[Explanation]] = {}
        m = scene.measurement
        may_hold = _later_on_deck(scenes, number, hold_ns)
        for o in open_:
            waiting = dict(o.held_back).get(m.deck.deck_id, ())
            grams = m.grams + math.fsum(w.grams for w in waiting)
            variance = m.variance + math.fsum(w.variance for w in waiting)
            split = len(waiting) * math.log(_HELD_BACK_DENSITY * params.p_split)
            left = tuple((d, ms) for d, ms in o.held_back if d != m.deck.deck_id)
            people = sorted({p for a in scene.actors for p, _ in a.people})
            holders = other_holders(scene, o.world, people, present)
            known = (
                grams,
                tuple(o.world.held.get(p, ()) for p in (*people, *holders)),
                o.world.strays.get(m.deck.deck_id, ()),
                tuple(sorted(o.world.identity.items())),
                tuple(holders),
            )
            if known not in answers:
                answers[known] = explain(scene, o.world, grams, variance, holders, whole=not waiting)
            for e in answers[known]:
                world = apply(o.world, e.pieces, m.deck, grams, variance) if e.pieces else o.world
                step = Step((*waiting, m), e)
                extended.append(_Open(o.logp + e.logp + split, world, left, (*o.steps, step)))
            if may_hold:
                held_back = tuple(sorted((*left, (m.deck.deck_id, (*waiting, m)))))
                extended.append(_Open(o.logp, o.world, held_back, o.steps))
        open_ = _join(extended)
        if prune:
            open_ = _pruned(open_, math.fsum(floors[number + 1 :]), math.fsum(ceilings[number + 1 :]), params)
    done = [Outcome(o.logp, o.world, o.steps) for o in open_ if not o.held_back]
    return sorted(done, key=lambda o: -o.logp)


def _ceiling(scene: Scene, params: FusionParameters) -> float:
    """No explanation of the scene's step can have a higher log density: a perfect weight and perfect hands."""
    m = scene.measurement
    width, _, height = m.deck.shelf.size
    place = math.log(width * height / (2 * math.pi * params.hand_stddev**2))
    hand = max(0.0, place) + max(0.0, math.log((1 - params.p_idle) / params.p_idle))
    return log_normal(0.0, m.variance + params.sensor_floor_g**2) + min(3, 2 * len(scene.actors)) * hand


def _join(extended: list[_Open]) -> list[_Open]:
    """Hypotheses with the same world and the same steps held back become one, told as the most probable of them."""
    groups: dict[tuple[Key, tuple[object, ...]], list[_Open]] = {}
    for o in extended:
        waiting = tuple((d, tuple(m.change_ids for m in ms)) for d, ms in o.held_back)
        groups.setdefault((o.world.key(), waiting), []).append(o)
    joined = [max(same, key=lambda o: o.logp)._replace(logp=log_sum(o.logp for o in same)) for same in groups.values()]
    return sorted(joined, key=lambda o: -o.logp)


def _pruned(open_: list[_Open], floor: float, ceiling: float, params: FusionParameters) -> list[_Open]:
    """Without those that cannot come within the margin of the best, whatever the steps to come bring."""
    sure = [o.logp for o in open_ if not o.held_back]
    if not sure:
        return open_
    bar = sure[0] + floor - params.margin
    # What is held back costs at least its split when it is explained.
    return [
        o
        for o in open_
        if o.logp + ceiling + sum(len(ms) for _, ms in o.held_back) * math.log(_HELD_BACK_DENSITY * params.p_split) >= bar
    ][: params.open_hypotheses]


def evidence(outcome: Outcome) -> list[Piece]:
    """All pieces of an outcome in order of time."""
    return [p for step in outcome.steps for p in step.explanation.pieces]


def unexplained(outcome: Outcome) -> list[Step]:
    """Steps of an outcome that nobody made."""
    return [s for s in outcome.steps if not s.explanation.pieces]


def is_foreign(piece: Piece) -> bool:
    """Whether the piece moved something that is not the store's."""
    return piece.kind is Kind.FOREIGN or (piece.kind is Kind.TAKE_STRAY and not piece.product_id)
