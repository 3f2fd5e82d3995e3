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
from collections.abc import Collection, Sequence
from typing import NamedTuple

from yokotago_model.events import SECOND

from .explanations import Explanation, Kind, Measurement, Piece, Scene, apply, explain, score
from .hands import window_of
from .hypotheses import DeckId, Hypothesis, PersonId, Unit, World
from .likelihoods import log_laplace, log_normal, log_sum
from .parameters import FusionParameters

_FAR = 5.0
_SAME_G = 8.0
_MOST_EXCHANGED = 4


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
    """A hypothesis under way. held_back: measurements by deck; acts: the reaches that moved something and go on."""

    logp: float
    world: World
    held_back: tuple[tuple[str, tuple[Measurement, ...]], ...]
    acts: frozenset[str]
    steps: tuple[Step, ...]


class Bounds(NamedTuple):
    """How well one step of a group can be explained.

    floor: every world has an explanation of at least that log density; ceiling: none has a better one; exchanges: by
    actor, none is better by which they put something while another hand takes; held: what people hold before the step
    can matter to it, holders: whose things; alone: the explanations that need nothing from the world before, down to
    the margin.
    """

    floor: float
    ceiling: float
    exchanges: tuple[float, ...]
    held: bool
    holders: frozenset[PersonId]
    alone: list[Explanation]


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
    bounds: Sequence[Bounds] | None = None,
) -> list[Outcome]:
    """Every joint explanation of the scenes' steps (in order of time), the most probable first.

    hypotheses: the worlds before. present: people whose things may be put back by somebody else. prune: drop what
    cannot come within params.margin of the best. bounds: of the steps, where they are known already.
    """
    hold_ns = round(params.hold_s * SECOND)
    if bounds is None:
        bounds = bounds_of(scenes, {d for h in hypotheses for d, strays in h.world.strays.items() if strays}, params)
    open_ = [_Open(h.logp, h.world, (), frozenset(), ()) for h in sorted(hypotheses, key=lambda h: -h.logp)]
    for number, scene in enumerate(scenes):
        rest = _rest(bounds, number)
        again = frozenset(a.reach_id for s in scenes[number + 1 :] for a in s.actors if a.reach_id)
        may_hold = _later_on_deck(scenes, number, hold_ns)
        open_ = _extend(open_, scene, may_hold, bounds[number], rest, again, present, params, prune)
    done = [Outcome(o.logp, o.world, o.steps) for o in open_ if not o.held_back]
    return sorted(done, key=lambda o: -o.logp)


def _extend(
    open_: list[_Open],
    scene: Scene,
    may_hold: bool,
    bounds: Bounds,
    rest: float,
    again: frozenset[str],
    present: Sequence[PersonId],
    params: FusionParameters,
    prune: bool,
) -> list[_Open]:
    """Every open hypothesis with every explanation of the scene's step.

    bounds: of the step; rest: how much at least the best one's later steps bring less any other's at most;
    again: the reaches that may still have made a later step.
    """
    m = scene.measurement
    people = sorted({p for a in scene.actors for p, _ in a.people})
    answers: dict[tuple[object, ...], list[Explanation]] = {}
    found: list[tuple[float, _Open, Step | None, float, float]] = []
    slack = params.margin - rest if prune else math.inf
    exchange = max(bounds.exchanges, default=-math.inf)
    sure = -math.inf
    for o in open_:
        waiting = dict(o.held_back).get(m.deck.deck_id, ())
        grams = m.grams + math.fsum(w.grams for w in waiting)
        variance = m.variance + math.fsum(w.variance for w in waiting)
        # An exchange must bring this hypothesis within the margin of what is sure already.
        held = not prune or (bounds.held and o.logp + exchange >= sure - slack)
        holders = other_holders(scene, o.world, present) if held else []
        known = (
            grams,
            tuple(o.world.held.get(p, ()) for p in (*people, *holders)) if held else (),
            o.world.strays.get(m.deck.deck_id, ()),
            tuple(sorted(o.world.identity.items())),
            tuple(holders),
        )
        if known not in answers:
            # The hypotheses come best first: what the first with this answer does not need, no later one does.
            if not held and not waiting and slack <= params.margin:
                answers[known] = bounds.alone
            else:
                world = o.world if held else World()
                answers[known] = explain(scene, world, grams, variance, holders, not waiting, slack, sure - o.logp)
        settled = all(d == m.deck.deck_id for d, _ in o.held_back)
        for e in answers[known]:
            logp = o.logp + e.logp + (_log_again(o.acts, e, params) if o.acts else 0.0)
            found.append((logp, o, Step((*waiting, m), e), grams, variance))
            if settled and prune:
                sure = max(sure, logp)
        if may_hold:
            found.append((o.logp + log_split(m, params), o, None, grams, variance))
    if prune:
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
        acts = (o.acts | {p.reach_id for p in pieces}) & again
        extended.append(_Open(logp, world, left, acts, (*o.steps, step)))
    return _join(extended)


def _log_again(acts: frozenset[str], explanation: Explanation, params: FusionParameters) -> float:
    """A hand that has moved something seldom moves more before it leaves."""
    return len({p.reach_id for p in explanation.pieces} & acts) * math.log(params.p_again)


def log_split(part: Measurement, params: FusionParameters) -> float:
    """Log density of a step that is a part of a movement which a later step completes: a thing half lifted."""
    return math.log(params.p_split) + log_laplace(part.grams, params.split_g)


def bounds_of(scenes: Sequence[Scene], stray_decks: Collection[DeckId], params: FusionParameters) -> list[Bounds]:
    """Bounds of every step of a group, whatever anybody holds. stray_decks: where things may stand in wrong places."""
    found = [_bounds(scenes, number, stray_decks, params) for number in range(len(scenes))]
    return [
        _with_holders(b, s, b.floor + _rest(found, n) - params.margin)
        for n, (b, s) in enumerate(zip(found, scenes, strict=True))
    ]


def _with_holders(bounds: Bounds, scene: Scene, least: float) -> Bounds:
    """The bounds with those who put something in an explanation that may have at least that log density."""
    able = [a for a, logp in zip(scene.actors, bounds.exchanges, strict=True) if logp >= least]
    return bounds._replace(
        held=bounds.held or bool(able), holders=frozenset(person for a in able for person, _ in a.people)
    )


def _rest(bounds: Sequence[Bounds], number: int) -> float:
    """How much at least the best hypothesis' steps after `number` bring less any other's at most."""
    return math.fsum(b.floor - b.ceiling for b in bounds[number + 1 :])


def _bounds(scenes: Sequence[Scene], number: int, stray_decks: Collection[DeckId], params: FusionParameters) -> Bounds:
    scene = scenes[number]
    m = scene.measurement
    before = [s.measurement for s in scenes[:number] if s.measurement.deck is m.deck]
    hands = frozenset(a.reach_id for s in scenes[:number] for a in s.actors if a.reach_id)
    doubtful = any(len(a.people) > 1 for a in scene.actors)
    explanations = explain(scene, World(), m.grams, m.variance, (), slack=params.margin)
    alone = max(e.logp for e in explanations)
    if doubtful:
        floor = score(scene, (), m.grams, m.variance)
    else:
        floor = max(e.logp + _log_again(hands, e, params) for e in explanations)
    # What is explained here may be the step alone, or with those before it on the deck that were held back.
    sums = [(m.grams, m.variance)]
    for earlier in reversed(before):
        sums.append((sums[-1][0] + earlier.grams, sums[-1][1] + earlier.variance))
    strays = m.deck.deck_id in stray_decks or any(b.grams > 0 for b in before)
    if doubtful or strays or any(grams > 0 for grams, _ in sums):
        anything = (math.inf,) * len(scene.actors)
        return Bounds(floor, _most(scene, strays, params), anything, True, frozenset(), explanations)
    # Nothing but takes from the facings explains it, in any world, unless several hands exchange things.
    merged = [max(e.logp for e in explain(scene, World(), *both, (), False, slack=0.0)) for both in sums[1:]]
    exchanges = _exchanges(scene, params)
    return Bounds(floor, max((alone, *exchanges, *merged)), exchanges, False, frozenset(), explanations)


def _best_fits(scene: Scene) -> list[float]:
    """How well each actor fits their best place of the deck."""
    windows = [scene.measurement.deck.window]
    windows += [window_of(f, scene.params) for f in scene.measurement.deck.facings]
    return [max(scene.fit(a, w) for w in windows) for a in range(len(scene.actors))]


def _exchanges(scene: Scene, params: FusionParameters) -> tuple[float, ...]:
    """For each actor: no explanation of the scene's loss by which they put something and another hand takes has a
    higher log density.
    """
    if not scene.several_hands:
        return (-math.inf,) * len(scene.actors)
    m, planogram = scene.measurement, scene.planogram
    fits = _best_fits(scene)
    weights = [planogram.weight(planogram.product_of(f.facing_id)) for f in m.deck.facings]
    spread = m.variance + min((w.variance + w.mean_variance for w in weights), default=0.0)
    two = log_normal(0.0, spread + params.sensor_floor_g**2)
    two += math.log(params.p_take * params.p_put * params.p_together * params.p_exchange)
    found = []
    for putter, fit in zip(scene.actors, fits, strict=True):
        others = sorted(
            (
                f
                for a, f in zip(scene.actors, fits, strict=True)
                if a.track_id != putter.track_id and not (a.reach_id and a.reach_id == putter.reach_id)
            ),
            reverse=True,
        )
        third = math.log(params.p_take * params.p_together) + (others[1] if len(others) > 1 else -math.inf)
        found.append(two + fit + others[0] + max(0.0, third) if others else -math.inf)
    return tuple(found)


def may_come_back(unit: Unit, scene: Scene, params: FusionParameters) -> bool:
    """Whether the unit may have been put down in the scene's step: any in a gain; in a loss, one that weighs as much as
    what was taken instead exceeds the loss.
    """
    m, planogram = scene.measurement, scene.planogram
    if m.grams > 0:
        return True
    for facing in m.deck.facings:
        weight = planogram.weight(planogram.product_of(facing.facing_id))
        for n in range(1, _MOST_EXCHANGED + 1):
            mean, variance = weight.of(n)
            off = mean + m.grams - unit.mean
            if off * off <= _FAR**2 * (variance + unit.variance + m.variance + params.sensor_floor_g**2):
                return True
    return False


def _most(scene: Scene, strays: bool, params: FusionParameters) -> float:
    """No explanation of the scene's step can have a higher log density, whatever is held.

    strays: things may stand in wrong places of the deck.
    """
    m = scene.measurement
    width, _, height = m.deck.shelf.size
    free = (1 - params.p_idle) / params.p_idle
    spot = math.log(max(1.0, width * height / (2 * math.pi * params.hand_stddev**2) * free))
    prior = math.log(params.p_take)
    fits = sorted((prior + (spot if strays else fit) for fit in _best_fits(scene)), reverse=True)
    one_hand, two_hands = math.log(params.p_piece * params.p_more) + prior, math.log(params.p_together)
    found = [0.0]
    if fits:
        found += [fits[0], fits[0] + one_hand]
    if len(fits) > 1:
        found.append(fits[0] + fits[1] + two_hands)
    if len(fits) > 2:
        found.append(sum(fits[:3]) + 2 * two_hands)
    return log_normal(0.0, m.variance + params.sensor_floor_g**2) + max(found)


def _join(extended: list[_Open]) -> list[_Open]:
    """Hypotheses with the same world, weights, hands and steps held back become one, told as the most probable of
    them.
    """
    groups: dict[tuple[object, ...], list[_Open]] = {}
    for o in extended:
        waiting = tuple((d, tuple(m.change_ids for m in ms)) for d, ms in o.held_back)
        weights = tuple(round(u.mean / _SAME_G) for _, units in sorted(o.world.held.items()) for u in units)
        groups.setdefault((o.world.key, weights, waiting, o.acts), []).append(o)
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
