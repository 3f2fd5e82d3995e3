# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that may have made one weight step, each with its log likelihood.

A step is explained by pieces: so many units of one product taken from its place, a thing in a wrong place taken, a
thing that somebody holds put back, a thing from outside the store put down; or by nothing at all (a disturbance). One
piece is the rule; several hands at one deck, or one hand that takes two things, make more.
"""

from __future__ import annotations

import enum
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from yokotago_model.events import SECOND, Stamp

from .hands import Actor, Window, hand_at, log_body_at, log_hand_at, log_stance, log_timing, window_of
from .hypotheses import PersonId, Stray, Unit, World
from .likelihoods import log_laplace, log_normal, log_sum
from .parameters import FusionParameters
from .planogram import Deck, Planogram
from .whereabouts import Whereabouts

NOBODY = 0
"""Person of a movement that is nobody's."""

REACH_SIGMAS = 8.0
"""Explanations further from the measured weight than so many standard deviations are not considered."""

MOST_UNITS = 12
"""Units of one product that a shopper's movement may have at most."""

MOST_RESTOCKED = 60
"""The same for staff."""


class Measurement(NamedTuple):
    """A step of a deck: the sum over its scales that moved together.

    grams: change, negative when something went; variance [g^2]; parts: change of each scale and its variance.
    """

    deck: Deck
    begin: Stamp
    end: Stamp
    grams: float
    variance: float
    parts: tuple[tuple[str, float, float], ...]
    change_ids: tuple[str, ...]

    @property
    def moment(self) -> Stamp:
        """The middle of the step."""
        return (self.begin + self.end) // 2


class Kind(enum.Enum):
    """What a piece is."""

    TAKE = "took"
    TAKE_STRAY = "took a thing from a wrong place"
    PUT = "put back"
    PUT_STRAY = "put back in a wrong place"
    FOREIGN = "put down something from outside"
    RESTOCK = "restocked"


class Piece(NamedTuple):
    """One movement of some units by somebody.

    mean, variance: what it adds to the deck's weight [g], [g^2]; type_units: units of product_id whose common deviation
    from the catalogue counts once for all pieces, signed as mean; logp: of the piece before the weight is compared;
    fit: the hand's part of it;
    units: the things put back, or the one taken from a wrong place; scale_ids: where the weight can show.
    """

    mean: float
    variance: float
    type_units: int
    product_id: str
    logp: float
    fit: float
    kind: Kind
    track_id: int
    person: PersonId
    holder: PersonId
    reach_id: str
    facing_id: str
    quantity: int
    units: tuple[Unit, ...]
    stray: Stray | None
    scale_ids: tuple[str, ...]
    identity: tuple[tuple[int, PersonId], ...]
    alone: bool


class Explanation(NamedTuple):
    """Pieces that make a step, and the log density of the step with them; no pieces: nobody's."""

    logp: float
    pieces: tuple[Piece, ...]


class Scene:
    """What is known around one step: who may have acted, and how well each fits each place. Answers are kept."""

    def __init__(
        self,
        measurement: Measurement,
        actors: Sequence[Actor],
        planogram: Planogram,
        whereabouts: Whereabouts,
        staff: frozenset[PersonId],
        params: FusionParameters,
        offset: Stamp = 0,
    ) -> None:
        self.measurement = measurement
        self.actors = actors
        self.planogram = planogram
        self.staff = staff
        self.params = params
        self._whereabouts = whereabouts
        self._begin = measurement.begin - offset
        self._end = measurement.end - offset
        self._fits: dict[tuple[int, Window, float], float] = {}
        self._hands: dict[int, tuple[float, float, float, float] | None] = {}
        self._takes: dict[tuple[object, ...], list[Piece]] = {}

    def takes(self, world: World, grams: float, noise: float, reach: float) -> list[Piece]:
        """Everything that may have gone from its facing in a step of `grams`; of the world only who is who matters."""
        key = (grams, noise, tuple(sorted(world.identity.items())))
        if key not in self._takes:
            self._takes[key] = list(_takes(self, world, grams, noise, reach))
        return self._takes[key]

    def fit(self, number: int, window: Window, blur: float = 0.0) -> float:
        """Log ratio of the actor's hand, time and stance given a movement in `window`, to no movement of theirs."""
        key = (number, window, blur)
        if key not in self._fits:
            actor, params, shelf = self.actors[number], self.params, self.measurement.deck.shelf
            middle = (self._begin + self._end) // 2
            if actor.evidence is None:
                value = log_body_at(self._whereabouts, actor.track_id, shelf, middle, window, params)
                if actor.glimpse is not None:
                    seen = math.log(params.glimpse_ratio)
                    value = max(value, seen + log_hand_at(actor.glimpse, shelf, window, blur, params))
                value += math.log(params.missed_reach_close if actor.close else params.missed_reach)
            else:
                hand = self.hand(number)
                value = log_hand_at(hand, shelf, window, blur, params) if hand else 0.0
                value += log_timing(actor.evidence.reach, self._begin, self._end, params)
                value += math.log((1 - params.p_idle) / params.p_idle)
                value += math.log(actor.owner)
            self._fits[key] = value + log_stance(self._whereabouts, actor.track_id, middle, window, params)
        return self._fits[key]

    @property
    def several_hands(self) -> bool:
        """Whether more than one person had a hand near the step."""
        return len({a.track_id for a in self.actors if a.evidence is not None and not a.mistaken}) > 1

    def hand(self, number: int) -> tuple[float, float, float, float] | None:
        """Where the actor's hand was during the step (see hands.hand_at); None without a hand."""
        if number not in self._hands:
            actor = self.actors[number]
            self._hands[number] = (
                hand_at(actor.evidence, self._begin, self._end, self.params) if actor.evidence else actor.glimpse
            )
        return self._hands[number]

    def hand_of(self, track_id: int, reach_id: str) -> tuple[float, float, float, float] | None:
        """Where the hand of an actor was during the step, as `hand` tells it."""
        named = ((a.track_id, a.reach_id) for a in self.actors)
        return self.hand(next(i for i, name in enumerate(named) if name == (track_id, reach_id)))

    def people(self, number: int, world: World) -> Iterator[tuple[PersonId, float, tuple[tuple[int, PersonId], ...]]]:
        """Who the actor is in this world, with the log probability and what is thereby assumed about the tracks."""
        actor = self.actors[number]
        if len(actor.people) == 1:
            yield actor.people[0][0], 0.0, ()
        elif actor.track_id in world.identity:
            yield world.identity[actor.track_id], 0.0, ()
        else:
            taken = set(world.identity.values())
            for person, logp in actor.people:
                if person not in taken:
                    swap = () if person == actor.track_id else ((person, actor.track_id),)
                    yield person, logp, ((actor.track_id, person), *swap)


def _takes(scene: Scene, world: World, grams: float, noise: float, reach: float) -> Iterator[Piece]:
    m, params, planogram = scene.measurement, scene.params, scene.planogram
    prior = math.log(params.p_take)
    more = math.log(params.p_more)
    weighing = []
    for product_id in planogram.weighing(-grams - reach, -grams + reach):
        mean, variance = planogram.weight(product_id).of(1)
        if (grams + mean) ** 2 <= REACH_SIGMAS**2 * (noise + variance):
            weighing.append(product_id)
    for number, actor in enumerate(scene.actors):
        for facing in m.deck.facings:
            window = window_of(facing, params)
            fit = scene.fit(number, window)
            if fit < -params.margin:
                continue
            believed = planogram.product_of(facing.facing_id)
            others = [p for p in weighing if p != believed]
            for product_id in (believed, *others):
                weight = planogram.weight(product_id)
                belief = planogram.log_belief(facing.facing_id, product_id)
                usual = product_id == believed
                most = max(2, min(MOST_UNITS, math.ceil((reach - grams) / weight.mean))) if usual else 1
                for person, logp, identity in scene.people(number, world):
                    for n in range(1, most + 1):
                        yield Piece(
                            -n * weight.mean,
                            n * weight.variance,
                            -n,
                            product_id,
                            fit + prior + belief + logp + (n - 1) * more,
                            fit,
                            Kind.TAKE,
                            actor.track_id,
                            person,
                            person,
                            actor.reach_id,
                            facing.facing_id,
                            n,
                            (),
                            None,
                            facing.scale_ids,
                            identity,
                            not usual,
                        )


def _stray_takes(scene: Scene, world: World) -> Iterator[Piece]:
    m, params = scene.measurement, scene.params
    scale_ids = tuple(s.scale_id for s in m.deck.scales)
    for stray in world.strays.get(m.deck.deck_id, ()):
        for number, actor in enumerate(scene.actors):
            fit = scene.fit(number, (stray.x, stray.x, stray.z, stray.z), stray.stddev)
            for person, logp, identity in scene.people(number, world):
                yield Piece(
                    -stray.unit.mean,
                    stray.unit.variance,
                    0,
                    stray.unit.product_id,
                    fit
                    + math.log(params.p_take * (params.p_stray_own if person == stray.by else params.p_stray))
                    + logp,
                    fit,
                    Kind.TAKE_STRAY,
                    actor.track_id,
                    person,
                    person,
                    actor.reach_id,
                    stray.unit.facing_id,
                    1,
                    (stray.unit,),
                    stray,
                    scale_ids,
                    identity,
                    False,
                )


def _where(scene: Scene, number: int) -> tuple[float, float, float]:
    """Where the actor's hand was at the step: along and up the shelf's front, and how sure [m]."""
    hand = scene.hand(number)
    if hand is None:
        x0, x1, z0, z1 = scene.measurement.deck.window
        return (x0 + x1) / 2, (z0 + z1) / 2, max(x1 - x0, z1 - z0) / 3
    along, up, along_stddev, up_stddev = hand
    return along, up, math.hypot(max(along_stddev, up_stddev), scene.params.hand_stddev)


def _puts(scene: Scene, world: World, holders: Sequence[PersonId]) -> Iterator[Piece]:
    m, params, planogram = scene.measurement, scene.params, scene.planogram
    every_scale = tuple(s.scale_id for s in m.deck.scales)
    more = math.log(params.p_more)
    elsewhere = math.log((1 - params.p_proper) / planogram.decks_on[m.deck.shelf.shelf_id])
    for number, actor in enumerate(scene.actors):
        somewhere = scene.fit(number, m.deck.window)
        if somewhere < -params.margin:
            continue
        along, up, stddev = _where(scene, number)
        for person, logp, identity in scene.people(number, world):
            for holder in dict.fromkeys((person, *holders)):
                held = world.held.get(holder, ())
                prior = math.log(params.p_put) + logp - math.log(max(1, len(held)))
                if holder != person:
                    prior += math.log(params.p_other_holder)
                for units in _handfuls(held):
                    product_id, n = units[0].product_id, len(units)
                    mean = math.fsum(u.mean for u in units)
                    variance = math.fsum(u.variance for u in units)
                    base = prior + (n - 1) * more
                    own = planogram.facings_of(product_id, m.deck) if product_id else []
                    for facing in own:
                        window = window_of(facing, params)
                        yield Piece(
                            mean,
                            variance,
                            0,
                            product_id,
                            base + scene.fit(number, window) + math.log(params.p_proper),
                            scene.fit(number, window),
                            Kind.PUT,
                            actor.track_id,
                            person,
                            holder,
                            actor.reach_id,
                            facing.facing_id,
                            n,
                            units,
                            None,
                            facing.scale_ids,
                            identity,
                            False,
                        )
                    if own and len(m.deck.facings) == 1:
                        continue
                    yield Piece(
                        mean,
                        variance,
                        0,
                        product_id,
                        base + somewhere + elsewhere,
                        somewhere,
                        Kind.PUT_STRAY,
                        actor.track_id,
                        person,
                        holder,
                        actor.reach_id,
                        units[0].facing_id,
                        n,
                        units,
                        Stray(units[0], along, up, stddev, person),
                        every_scale,
                        identity,
                        False,
                    )


def _handfuls(held: tuple[Unit, ...]) -> Iterator[tuple[Unit, ...]]:
    """What may be put back at once: each thing, and several of one product."""
    for unit in held:
        yield (unit,)
    for product_id in dict.fromkeys(u.product_id for u in held):
        same = tuple(u for u in held if u.product_id == product_id)
        for n in range(2, len(same) + 1):
            yield same[:n]


def _staff(scene: Scene, grams: float, reach: float) -> Iterator[Piece]:
    """Staff bring and take what they like; it is in nobody's basket."""
    m, params, planogram = scene.measurement, scene.params, scene.planogram
    for number, actor in enumerate(scene.actors):
        if actor.people[0][0] not in scene.staff:
            continue
        for facing in m.deck.facings:
            window = window_of(facing, params)
            product_id = planogram.product_of(facing.facing_id)
            weight = planogram.weight(product_id)
            sign = 1 if grams > 0 else -1
            most = min(MOST_RESTOCKED, math.ceil((abs(grams) + reach) / weight.mean))
            for n in range(1, most + 1):
                yield Piece(
                    sign * n * weight.mean,
                    n * weight.variance,
                    sign * n,
                    product_id,
                    scene.fit(number, window) + math.log(0.5),
                    scene.fit(number, window),
                    Kind.RESTOCK,
                    actor.track_id,
                    actor.people[0][0],
                    NOBODY,
                    actor.reach_id,
                    facing.facing_id,
                    sign * n,
                    (),
                    None,
                    facing.scale_ids,
                    (),
                    False,
                )


def _foreign(scene: Scene, grams: float) -> Iterator[Piece]:
    """Something from outside the store is put down: it weighs whatever was measured."""
    m, params = scene.measurement, scene.params
    if grams <= 0:
        return
    unit = Unit("", grams, m.variance + params.sensor_floor_g**2)
    for number, actor in enumerate(scene.actors):
        along, up, stddev = _where(scene, number)
        yield Piece(
            grams,
            1000.0**2,
            0,
            "",
            scene.fit(number, m.deck.window) + math.log(params.p_foreign),
            scene.fit(number, m.deck.window),
            Kind.FOREIGN,
            actor.track_id,
            NOBODY,
            NOBODY,
            actor.reach_id,
            "",
            1,
            (unit,),
            Stray(unit, along, up, stddev),
            tuple(s.scale_id for s in m.deck.scales),
            (),
            True,
        )


def pieces_of(scene: Scene, world: World, grams: float, variance: float, holders: Sequence[PersonId]) -> list[Piece]:
    """Every piece that may have part in a step of `grams` in this world, lightest first."""
    params = scene.params
    noise = _noise(scene, grams, variance)
    reach = REACH_SIGMAS * math.sqrt(noise + 4 * scene.planogram.widest)
    # One hand does not exchange things within one step; several hands may.
    several = scene.several_hands
    found = list(_foreign(scene, grams))
    if grams < 0 or several:
        found += [*scene.takes(world, grams, noise, reach), *_stray_takes(scene, world)]
    if grams > 0 or several:
        found += _puts(scene, world, holders)
    if scene.staff:
        found = [p for p in found if p.person not in scene.staff]
        found.extend(_staff(scene, grams, reach))
    found = [p for p in found if p.logp > -2.5 * params.margin]
    found.sort(key=lambda p: (p.mean, p.track_id, p.kind.value, p.facing_id, p.product_id, p.quantity))
    return found


def _noise(scene: Scene, grams: float, variance: float) -> float:
    params = scene.params
    return variance + params.sensor_floor_g**2 + (params.gain_stddev_share * grams) ** 2


def compatible(pieces: Sequence[Piece]) -> bool:
    """Whether the pieces can be made in one step.

    Nothing is moved twice; a hand moves at most two things, one way; three things are moved by three people. A reach
    is one person's: who else had a hand there had one that was not seen.
    """
    if len(pieces) > 2 and len({p.track_id for p in pieces}) < len(pieces):
        return False
    seen: set[tuple[object, ...]] = set()
    hands: dict[tuple[int, str], list[bool]] = {}
    reaches: dict[str, int] = {}
    for p in pieces:
        if p.reach_id and reaches.setdefault(p.reach_id, p.track_id) != p.track_id:
            return False
        match p.kind:
            case Kind.TAKE | Kind.RESTOCK:
                marks: list[tuple[object, ...]] = [(p.track_id, p.facing_id)]
            case Kind.TAKE_STRAY:
                marks = [("stray", p.stray)]
            case _:
                marks = [("held", p.holder, u) for u in p.units]
        if any(mark in seen for mark in marks) or (p.alone and len(pieces) > 1):
            return False
        seen.update(marks)
        hand = (p.track_id, p.reach_id)
        ways = hands.setdefault(hand, [])
        ways.append(p.mean > 0)
        if len(ways) > 2 or len(set(ways)) > 1:
            return False
    tracks: dict[int, PersonId] = {}
    for p in pieces:
        for track, person in p.identity:
            if tracks.setdefault(track, person) != person:
                return False
    return True


def score(scene: Scene, pieces: Sequence[Piece], grams: float, variance: float, whole: bool = True) -> float:
    """Log density of a step of `grams` made by these pieces; minus infinity when they cannot.

    The weight is normal about the pieces' sum with a wide second component (3 in 100) for what the model does not know.
    whole: the step is not merged from several, so that each scale's own part can be held against the pieces too.
    """
    params = scene.params
    noise = _noise(scene, grams, variance)
    if not pieces:
        quiet = log_normal(grams, 4 * noise + params.disturbance_stddev_g**2 / 16)
        shaken = log_laplace(grams, 10 * params.disturbance_stddev_g)
        return math.log(params.p_nobody) + log_sum((math.log(0.9) + quiet, math.log(0.1) + shaken))
    spread = noise + math.fsum(p.variance for p in pieces)
    types: dict[str, int] = {}
    for p in pieces:
        types[p.product_id] = types.get(p.product_id, 0) + p.type_units
    for product_id, units in types.items():
        if units:
            spread += units * units * scene.planogram.weight(product_id).mean_variance
    off = grams - math.fsum(p.mean for p in pieces)
    if off * off > REACH_SIGMAS**2 * spread:
        return -math.inf
    fits = log_sum((math.log(0.97) + log_normal(off, spread), math.log(0.03) + log_normal(off, 9 * spread)))
    total = fits + math.fsum(p.logp for p in pieces) + (_log_joint(scene, pieces) if len(pieces) > 1 else 0.0)
    return total + (_log_split(scene, pieces) + _log_at_once(scene, pieces) if whole else 0.0)


def _log_joint(scene: Scene, pieces: Sequence[Piece]) -> float:
    """How rarely so many things move in one step: by one hand, by several hands."""
    params = scene.params
    hands: dict[tuple[int, str], list[Piece]] = {}
    for p in pieces:
        hands.setdefault((p.track_id, p.reach_id), []).append(p)
    unseen = min(sum(not reach_id for _, reach_id in hands), len(hands) - 1)
    total = (len(hands) - 1 - unseen) * math.log(params.p_together) + unseen * math.log(params.p_together_unseen)
    if len({p.mean > 0.0 for p in pieces}) > 1:
        total += math.log(params.p_exchange)
    for moved in hands.values():
        total += (len(moved) - 1) * math.log(params.p_piece * params.p_more)
        if len(moved) > 1:
            # One hand is one piece of evidence: it was at either place.
            fits = [p.fit for p in moved]
            total += log_sum(fits) - math.log(len(fits)) - math.fsum(fits)
    places = [hand for t, r in hands if (hand := scene.hand_of(t, r)) is not None]
    for i, (x, z, x_stddev, z_stddev) in enumerate(places):
        for other_x, other_z, other_x_stddev, other_z_stddev in places[i + 1 :]:
            # One arm is sometimes told of two people, at one place; two hands are a hand's width apart at the least.
            off = (other_x - x) ** 2 / (params.hand_width**2 + x_stddev**2 + other_x_stddev**2)
            off += (other_z - z) ** 2 / (params.hand_width**2 + z_stddev**2 + other_z_stddev**2)
            total += math.log(max(1.0 - math.exp(-0.5 * off), params.p_same_place))
    return total


def _log_at_once(scene: Scene, pieces: Sequence[Piece]) -> float:
    """How rarely what one hand takes together goes so far apart: hands that take one thing each are seldom as quick."""
    m, params = scene.measurement, scene.params
    units = sum(abs(p.quantity) for p in pieces)
    if m.grams > 0 or units < 2 or len(m.parts) > 1 or len({(p.track_id, p.reach_id) for p in pieces}) > 1:
        return 0.0
    lasted = (m.end - m.begin) / SECOND
    return math.log(params.p_apart) if lasted > params.at_once_s + (units - 2) * params.each_s else 0.0


def _log_split(scene: Scene, pieces: Sequence[Piece]) -> float:
    """How well the step's parts on single scales fit: a thing's weight shows on the scales below it and nowhere
    else.
    """
    m = scene.measurement
    if len(m.deck.scales) == 1:
        return 0.0
    parts = {scale_id: (grams, variance) for scale_id, grams, variance in m.parts}
    total = 0.0
    for scale in m.deck.scales:
        grams, variance = parts.get(scale.scale_id, (0.0, scene.params.sensor_floor_g**2))
        low = high = 0.0
        spread = variance + scene.params.sensor_floor_g**2 + (scene.params.gain_stddev_share * m.grams) ** 2
        for p in pieces:
            if p.scale_ids == (scale.scale_id,):
                low, high, spread = low + p.mean, high + p.mean, spread + p.variance
            elif scale.scale_id in p.scale_ids:
                low, high, spread = low + min(p.mean, 0.0), high + max(p.mean, 0.0), spread + p.variance
        outside = max(0.0, low - grams, grams - high)
        total += max(-0.5 * outside * outside / spread, -12.0)
    return total


def explain(
    scene: Scene,
    world: World,
    grams: float,
    variance: float,
    holders: Sequence[PersonId],
    whole: bool = True,
    slack: float = math.inf,
    rival: float = -math.inf,
) -> list[Explanation]:
    """Every explanation of a step of `grams` in this world, of up to three pieces, the nobody's one first.

    slack: those whose log density lies further below the best one's, or below `rival`, may be left out.
    """
    found = [Explanation(score(scene, (), grams, variance), ())]
    best = max(found[0].logp, rival)
    pieces = pieces_of(scene, world, grams, variance, holders)
    peak = log_normal(0.0, _noise(scene, grams, variance))

    def add(together: tuple[Piece, ...]) -> None:
        nonlocal best
        if len(together) == 1 or compatible(together):
            logp = score(scene, together, grams, variance, whole)
            if logp > -math.inf and logp >= best - slack:
                best = max(best, logp)
                found.append(Explanation(logp, together))

    for p in sorted(pieces, key=lambda p: -p.logp):
        if p.logp + peak >= best - slack:
            add((p,))
    more = math.log(max(scene.params.p_piece * scene.params.p_more, scene.params.p_together))
    joint = [p for p in pieces if not p.alone]
    top = max((p.logp for p in joint), default=0.0)
    # Two or three pieces: each must be worth it even if the others were the best there are.
    pairs = [p for p in joint if p.logp + top + more + peak >= best - slack]
    means = [p.mean for p in pairs]
    reach = _reach(scene, pairs, grams, variance)
    one_hand, two_hands = math.log(scene.params.p_piece * scene.params.p_more), math.log(scene.params.p_together)
    for i, first in enumerate(pairs):
        for j in _between(means, i + 1, grams - first.mean, reach):
            second = pairs[j]
            if first.reach_id == second.reach_id and first.track_id == second.track_id:
                # The hand's evidence counts once (see _log_joint), which leaves at most the better fit.
                most = one_hand - min(first.fit, second.fit)
            else:
                most = two_hands
            if first.logp + second.logp + most + peak >= best - slack:
                add((first, second))
    threes = [p for p in joint if p.logp + 2 * top + 2 * more + peak >= best - slack]
    if len({p.track_id for p in threes}) > 2:
        means = [p.mean for p in threes]
        for i, first in enumerate(threes):
            for j in range(i + 1, len(threes)):
                two = first.logp + threes[j].logp + 2 * more + peak
                if two + top < best - slack or threes[j].track_id == first.track_id:
                    continue
                for k in _between(means, j + 1, grams - first.mean - means[j], reach):
                    if two + threes[k].logp >= best - slack:
                        add((first, threes[j], threes[k]))
    return found


def _reach(scene: Scene, pieces: Sequence[Piece], grams: float, variance: float) -> float:
    """How far the weight of up to three of these pieces may lie from `grams` [g]."""
    widest = max(
        (
            p.variance
            + (3 * p.type_units**2 * scene.planogram.weight(p.product_id).mean_variance if p.type_units else 0.0)
            for p in pieces
        ),
        default=0.0,
    )
    return REACH_SIGMAS * math.sqrt(_noise(scene, grams, variance) + 3 * widest)


def _between(means: Sequence[float], start: int, middle: float, reach: float) -> range:
    """Indices from `start` on whose means lie within `reach` of `middle`."""
    return range(bisect_left(means, middle - reach, start), bisect_right(means, middle + reach, start))


def apply(world: World, pieces: Iterable[Piece], deck: Deck, grams: float, variance: float) -> World:
    """The world after these pieces were moved.

    A single taken unit is known by what the scale showed when it went, which is surer than the catalogue.
    """
    pieces = tuple(pieces)
    for p in pieces:
        if p.identity:
            world = world.with_identity(dict(p.identity))
        if p.kind is Kind.TAKE:
            mean, spread = -p.mean / p.quantity, p.variance / p.quantity
            if len(pieces) == 1:
                mean = -grams / p.quantity
                spread = spread * (1 - 1 / p.quantity) + variance / p.quantity**2
            unit = Unit(p.product_id, mean, spread, p.facing_id)
            world = world.with_held(p.person, _sorted((*world.held.get(p.person, ()), *[unit] * p.quantity)))
        elif p.kind is Kind.TAKE_STRAY:
            strays = list(world.strays.get(deck.deck_id, ()))
            strays.remove(p.stray)  # type: ignore[arg-type]
            world = world.with_strays(deck.deck_id, tuple(strays))
            if p.product_id:
                world = world.with_held(p.person, _sorted((*world.held.get(p.person, ()), *p.units)))
        elif p.kind in (Kind.PUT, Kind.PUT_STRAY, Kind.FOREIGN):
            held = list(world.held.get(p.holder, ()))
            for unit in p.units:
                if p.kind is not Kind.FOREIGN:
                    held.remove(unit)
            if p.kind is not Kind.FOREIGN:
                world = world.with_held(p.holder, tuple(held))
            if p.stray is not None:
                added = tuple(p.stray._replace(unit=u) for u in p.units)
                world = world.with_strays(deck.deck_id, (*world.strays.get(deck.deck_id, ()), *added))
    return world


def _sorted(units: Iterable[Unit]) -> tuple[Unit, ...]:
    return tuple(sorted(units))
