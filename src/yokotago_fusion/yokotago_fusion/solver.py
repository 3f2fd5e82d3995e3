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

from yokotago_model.events import SECOND, Stamp

from .explanations import Explanation, Kind, Measurement, Piece, Scene, apply, explain, score
from .hypotheses import Hypothesis, PersonId, World
from .likelihoods import log_laplace, log_normal, log_sum
from .parameters import FusionParameters

_NEVER: Stamp = 1 << 62


class Step(NamedTuple):
    """What one step of the group was taken for; measurements: the one that it ends with and those held back before
    it.
    """

    measurements: tuple[Measurement, ...]
    explanation: Explanation


class Outcome(NamedTuple):
    """One joint explanation: its log probability (not normalised), the world after it, and its steps."""

    logp: float
    world: World
    steps: tuple[Step, ...]


class _Open(NamedTuple):
    """A hypothesis under way. held_back: measurements by deck; acts: when each hand last moved something."""

    logp: float
    world: World
    held_back: tuple[tuple[str, tuple[Measurement, ...]], ...]
    acts: tuple[tuple[str, Stamp], ...]
    steps: tuple[Step, ...]


def _later_on_deck(scenes: Sequence[Scene], number: int, hold_ns: int) -> bool:
    this = scenes[number].measurement
    return any(
        s.measurement.deck is this.deck and s.measurement.begin - this.end <= hold_ns for s in scenes[number + 1 :]
    )


def other_holders(scene: Scene, world: World, present: Sequence[PersonId]) -> list[PersonId]:
    """Those present who hold something that weighs like a step up, where nobody with a hand there holds such a
    thing.
    """
    grams, params = scene.measurement.grams, scene.params
    if grams <= 0:
        return []
    noise = scene.measurement.variance + params.sensor_floor_g**2 + (params.gain_stddev_share * grams) ** 2

    def fits(person: PersonId) -> bool:
        return any((u.mean - grams) ** 2 <= 9 * (u.variance + noise) for u in world.held.get(person, ()))

    hands = {p for a in scene.actors if a.evidence is not None for p, _ in a.people}
    if any(fits(p) for p in hands):
        return []
    return [p for p in present if p not in hands and fits(p)]


def solve(
    scenes: Sequence[Scene],
    hypotheses: Sequence[Hypothesis],
    present: Sequence[PersonId],
    params: FusionParameters,
    prune: bool = True,
) -> list[Outcome]:
    """Every joint explanation of the scenes' steps (in order of time), the most probable first.

    hypotheses: the worlds before. present: people whose things may be put back by somebody else. prune: drop what
    cannot come within params.margin of the best.
    """
    hold_ns = round(params.hold_s * SECOND)
    again_ns = round(params.again_s * SECOND)
    strays = any(h.world.strays for h in hypotheses) or any(s.measurement.grams > 0 for s in scenes)
    floors = [_floor(s, params) for s in scenes]
    ceilings = [
        _ceiling(s, strays, any(e.measurement.deck is s.measurement.deck for e in scenes[:n]), params)
        for n, s in enumerate(scenes)
    ]
    open_ = [_Open(h.logp, h.world, (), (), ()) for h in hypotheses]
    for number, scene in enumerate(scenes):
        rest = math.fsum(floors[number + 1 :]) - math.fsum(ceilings[number + 1 :])
        again = scenes[number + 1].measurement.moment - again_ns if number + 1 < len(scenes) else _NEVER
        open_ = _extend(open_, scene, _later_on_deck(scenes, number, hold_ns), rest, again, present, params, prune)
    done = [Outcome(o.logp, o.world, o.steps) for o in open_ if not o.held_back]
    return sorted(done, key=lambda o: -o.logp)


def _extend(
    open_: list[_Open],
    scene: Scene,
    may_hold: bool,
    rest: float,
    again: Stamp,
    present: Sequence[PersonId],
    params: FusionParameters,
    prune: bool,
) -> list[_Open]:
    """Every open hypothesis with every explanation of the scene's step.

    rest: how much at least the best one's later steps bring less any other's at most; again: acts before this moment no
    longer matter.
    """
    m = scene.measurement
    people = sorted({p for a in scene.actors for p, _ in a.people})
    holding = m.grams > 0 or scene.several_hands or may_hold or any(o.held_back for o in open_)
    answers: dict[tuple[object, ...], list[Explanation]] = {}
    found: list[tuple[float, _Open, Step | None, float, float]] = []
    for o in open_:
        waiting = dict(o.held_back).get(m.deck.deck_id, ())
        grams = m.grams + math.fsum(w.grams for w in waiting)
        variance = m.variance + math.fsum(w.variance for w in waiting)
        holders = other_holders(scene, o.world, present)
        known = (
            grams,
            tuple(o.world.held.get(p, ()) for p in (*people, *holders)) if holding else (),
            o.world.strays.get(m.deck.deck_id, ()),
            tuple(sorted(o.world.identity.items())),
            tuple(holders),
        )
        if known not in answers:
            slack = params.margin - rest if prune else math.inf
            answers[known] = explain(scene, o.world, grams, variance, holders, not waiting, slack)
        for e in answers[known]:
            logp = o.logp + e.logp + _log_again(o.acts, e, m, params)
            found.append((logp, o, Step((*waiting, m), e), grams, variance))
        if may_hold:
            found.append((o.logp + log_split(m, params), o, None, grams, variance))
    if prune:
        sure = max(logp for logp, o, step, _, _ in found if step and all(d == m.deck.deck_id for d, _ in o.held_back))
        bar = sure + rest - params.margin
        found = [f for f in found if f[0] >= bar]
        found.sort(key=lambda f: -f[0])
        del found[params.open_hypotheses :]
    extended = []
    for logp, o, step, grams, variance in found:
        waiting = dict(o.held_back).get(m.deck.deck_id, ())
        left = tuple((d, ms) for d, ms in o.held_back if d != m.deck.deck_id)
        if step is None:
            left = tuple(sorted((*left, (m.deck.deck_id, (*waiting, m)))))
            extended.append(_Open(logp, o.world, left, o.acts, o.steps))
            continue
        pieces = step.explanation.pieces
        world = apply(o.world, pieces, m.deck, grams, variance) if pieces else o.world
        acts = {h: t for h, t in (*o.acts, *((p.reach_id, m.moment) for p in pieces if p.reach_id)) if t >= again}
        extended.append(_Open(logp, world, left, tuple(sorted(acts.items())), (*o.steps, step)))
    return _join(extended)


def _log_again(
    acts: tuple[tuple[str, Stamp], ...], explanation: Explanation, m: Measurement, params: FusionParameters
) -> float:
    """A hand seldom moves things in two steps that follow each other at once."""
    if not acts:
        return 0.0
    near = {hand for hand, t in acts if abs(m.moment - t) < params.again_s * SECOND}
    return len({p.reach_id for p in explanation.pieces} & near) * math.log(params.p_again)


def log_split(part: Measurement, params: FusionParameters) -> float:
    """Log density of a step that is a part of a movement which a later step completes: a thing half lifted."""
    return math.log(params.p_split) + log_laplace(part.grams, params.split_g)


def _takes_alone(scene: Scene) -> float:
    """Log density of the best explanation of the step that needs nothing from the world before."""
    m = scene.measurement
    return max(e.logp for e in explain(scene, World(), m.grams, m.variance, (), slack=0.0))


def _floor(scene: Scene, params: FusionParameters) -> float:
    """Every hypothesis has an explanation of the scene's step that is at least so good, whatever came before."""
    m = scene.measurement
    nobody = score(scene, (), m.grams, m.variance)
    if any(len(a.people) > 1 for a in scene.actors):
        return nobody
    return max(nobody, _takes_alone(scene) + 3 * math.log(params.p_again))


def _ceiling(scene: Scene, strays: bool, merged: bool, params: FusionParameters) -> float:
    """No explanation of the scene's step can have a higher log density.

    strays: things may stand in wrong places; merged: earlier steps of the deck may be explained together with this one.
    """
    m = scene.measurement
    if m.grams < 0 and not strays and not merged and not scene.several_hands:
        # Nothing but takes from the facings explains it, in any world.
        return _takes_alone(scene)
    width, _, height = m.deck.shelf.size
    free = (1 - params.p_idle) / params.p_idle
    spot = math.log(max(1.0, width * height / (2 * math.pi * params.hand_stddev**2) * free))
    windows = [m.deck.window, *((f.x, f.x + f.width, f.z, f.z + f.height) for f in m.deck.facings)]
    best = math.log(params.p_take) + max(
        [0.0, *(spot if strays else scene.fit(a, w) for a in range(len(scene.actors)) for w in windows)]
    )
    more = math.log(max(params.p_piece * params.p_more, params.p_together))
    return log_normal(0.0, m.variance + params.sensor_floor_g**2) + max(n * best + (n - 1) * more for n in (1, 2, 3))


def _join(extended: list[_Open]) -> list[_Open]:
    """Hypotheses with the same world, hands and steps held back become one, told as the most probable of them."""
    groups: dict[tuple[object, ...], list[_Open]] = {}
    for o in extended:
        waiting = tuple((d, tuple(m.change_ids for m in ms)) for d, ms in o.held_back)
        groups.setdefault((o.world.key, waiting, o.acts), []).append(o)
    joined = [max(same, key=lambda o: o.logp)._replace(logp=log_sum(o.logp for o in same)) for same in groups.values()]
    return sorted(joined, key=lambda o: -o.logp)


def evidence(outcome: Outcome) -> list[Piece]:
    """All pieces of an outcome in order of time."""
    return [p for step in outcome.steps for p in step.explanation.pieces]


def unexplained(outcome: Outcome) -> list[Step]:
    """Steps of an outcome that nobody made."""
    return [s for s in outcome.steps if not s.explanation.pieces]


def is_foreign(piece: Piece) -> bool:
    """Whether the piece moved something that is not the store's."""
    return piece.kind is Kind.FOREIGN or (piece.kind is Kind.TAKE_STRAY and not piece.product_id)
