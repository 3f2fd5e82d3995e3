# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What is believed about the whole store: what is sure, and the doubts about the rest, each carried on its own.

The joint distribution over everybody's things is kept factored (Boyen and Koller 1998): what all worlds agree on is
taken out of them, and the rest is split into factors that do not depend on one another. "This thing went to A or to B"
is one factor of two worlds, whatever else A and B hold; a crowd is then many small factors and not one large one. A
question that concerns several factors joins them, and its answer is split again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .hypotheses import DeckId, Hypothesis, PersonId, Stray, Unit, World, settle

_NEGLIGIBLE = 1e-5

_Thing = TypeVar("_Thing", bound=Hashable)
_Variable = tuple[object, ...]
_Values = dict[_Variable, Hashable]


@dataclass(eq=False)
class Factor:
    """Worlds, most probable first, that tell only what is in doubt, with the people, tracks and decks they speak of."""

    hypotheses: list[Hypothesis]
    people: frozenset[PersonId]
    decks: frozenset[DeckId]

    @classmethod
    def of(cls, hypotheses: list[Hypothesis]) -> Factor:
        """The factor of these hypotheses."""
        worlds = [h.world for h in hypotheses]
        named = (p for w in worlds for p in (*w.identity, *w.identity.values()))
        held = (p for w in worlds for p, units in w.held.items() if units)
        return cls(
            hypotheses,
            frozenset((*held, *named)),
            frozenset(d for w in worlds for d, strays in w.strays.items() if strays),
        )

    def has(self, person: PersonId, matters: Callable[[Unit], bool]) -> bool:
        """Whether a unit that matters may be the person's, or who they are is in doubt."""
        return any(h.world.identity or any(matters(u) for u in h.world.held.get(person, ())) for h in self.hypotheses)


@dataclass(frozen=True)
class Joint:
    """Worlds in which all is told that is known of `people` and `decks`, and the factors that were joined for it."""

    people: frozenset[PersonId]
    decks: frozenset[DeckId]
    factors: tuple[Factor, ...]
    hypotheses: list[Hypothesis]

    @property
    def everybody(self) -> set[PersonId]:
        """People whose things may differ between the worlds, and those asked about."""
        held = (p for h in self.hypotheses for p, units in h.world.held.items() if units)
        return {*self.people, *held, *(p for f in self.factors for p in f.people)}


class Beliefs:
    """All that is believed about one store."""

    def __init__(self, keep_share: float, most: int, independent_below: float) -> None:
        self._keep_share = keep_share
        self._most = most
        self._independent_below = independent_below
        self._held: dict[PersonId, tuple[Unit, ...]] = {}
        self._strays: dict[DeckId, tuple[Stray, ...]] = {}
        self._of_person: dict[PersonId, list[Factor]] = {}
        self._of_deck: dict[DeckId, list[Factor]] = {}

    def joint(
        self, people: Iterable[PersonId], decks: Iterable[DeckId], matters: Callable[[Unit], bool] = lambda _: True
    ) -> Joint:
        """What is believed about these people and decks together. Of what the people may hold in doubt, only that of
        which some unit matters is told.
        """
        people, decks = frozenset(people), frozenset(decks)
        found: dict[Factor, None] = {}
        for person in sorted(people):
            found.update(dict.fromkeys(f for f in self._of_person.get(person, ()) if f.has(person, matters)))
        for deck in sorted(decks):
            found.update(dict.fromkeys(self._of_deck.get(deck, ())))
        sure = World(
            {p: self._held[p] for p in sorted(people) if p in self._held},
            {d: self._strays[d] for d in sorted(decks) if d in self._strays},
        )
        hypotheses = [Hypothesis(0.0, sure)]
        for factor in found:
            hypotheses = settle(
                (Hypothesis(a.logp + b.logp, _union(a.world, b.world)) for a in hypotheses for b in factor.hypotheses),
                self._keep_share,
                self._most,
            )
        return Joint(people, decks, tuple(found), hypotheses)

    def update(self, joint: Joint, hypotheses: Iterable[Hypothesis]) -> None:
        """Believe these worlds from now on about what `joint` told."""
        for factor in joint.factors:
            self._remove(factor)
        for person in joint.people:
            self._held.pop(person, None)
        for deck in joint.decks:
            self._strays.pop(deck, None)
        self._learn(settle(hypotheses, self._keep_share, self._most))

    def _learn(self, hypotheses: list[Hypothesis]) -> None:
        sure, doubts = _take_out([h.world for h in hypotheses])
        for person, units in sure.held.items():
            if units:
                self._held[person] = tuple(sorted((*self._held.get(person, ()), *units)))
        for deck, strays in sure.strays.items():
            if strays:
                self._strays[deck] = (*self._strays.get(deck, ()), *strays)
        rest = [Hypothesis(h.logp, world) for h, world in zip(hypotheses, doubts, strict=True)]
        for part in _split(rest, self._independent_below):
            self._add(Factor.of(settle(part, self._keep_share, self._most)))

    def _add(self, factor: Factor) -> None:
        for person in factor.people:
            self._of_person.setdefault(person, []).append(factor)
        for deck in factor.decks:
            self._of_deck.setdefault(deck, []).append(factor)

    def _remove(self, factor: Factor) -> None:
        for person in factor.people:
            self._of_person[person].remove(factor)
        for deck in factor.decks:
            self._of_deck[deck].remove(factor)

    def stray_decks(self, decks: Iterable[DeckId]) -> set[DeckId]:
        """Those of the decks on which things may stand in wrong places."""
        return {d for d in decks if self._strays.get(d) or self._of_deck.get(d)}

    def units(self, person: PersonId) -> Iterator[Unit]:
        """Everything that the person may hold, in some world."""
        yield from self._held.get(person, ())
        for factor in self._of_person.get(person, ()):
            for h in factor.hypotheses:
                yield from h.world.held.get(person, ())

    def basket(
        self, people: Iterable[PersonId], early: Joint | None = None
    ) -> tuple[dict[str, tuple[int, float]], float]:
        """What these people hold together: {product: (units, probability of that number)}, and the probability of the
        whole. early: what counts in place of what is believed.
        """
        people = sorted(people)
        sure = Counter(
            u.product_id
            for p in people
            if early is None or p not in early.people
            for u in self._held.get(p, ())
            if u.product_id
        )
        factors = dict.fromkeys(f for p in people for f in self._of_person.get(p, ()))
        parts = [f.hypotheses for f in factors if early is None or f not in early.factors]
        if early is not None:
            parts.append(early.hypotheses)
        shares = {tuple(sorted(sure.items())): 1.0}
        for part in parts:
            shares = _added(shares, part, people)
        best = max(shares, key=lambda k: (shares[k], k))
        lines = {
            product_id: (quantity, min(1.0, math.fsum(s for key, s in shares.items() if (product_id, quantity) in key)))
            for product_id, quantity in best
        }
        return lines, min(1.0, shares[best])

    def resolve(self, track: int, person: PersonId) -> None:
        """The tracker is sure who `track` was while that was open: drop the worlds that say otherwise."""
        factors = [f for f in self._of_person.get(track, ()) if any(track in h.world.identity for h in f.hypotheses)]
        for factor in factors:
            right = [h for h in factor.hypotheses if h.world.identity.get(track, person) == person]
            if right:
                self._remove(factor)
                freed = [_without(h, lambda t, _: t == track) for h in right]
                self._learn(settle(freed, self._keep_share, self._most))

    def forget(self, person: PersonId) -> None:
        """`person` is gone and paid for: nothing depends on them any more."""
        for factor in list(self._of_person.get(person, ())):
            self._remove(factor)
            left = [
                _without(
                    Hypothesis(h.logp, h.world.with_held(person, ())),
                    lambda track, named: person in (track, named),
                )
                for h in factor.hypotheses
            ]
            self._learn(settle(left, self._keep_share, self._most))
        self._held.pop(person, None)
        self._of_person.pop(person, None)


def _without(hypothesis: Hypothesis, gone: Callable[[int, PersonId], bool]) -> Hypothesis:
    """The same hypothesis without the identities that are `gone`."""
    world = hypothesis.world
    left = {t: p for t, p in world.identity.items() if not gone(t, p)}
    return Hypothesis(hypothesis.logp, World(world.held, world.strays, left))


def _union(a: World, b: World) -> World:
    """What both worlds tell, together."""
    held = dict(a.held)
    for person, units in b.held.items():
        held[person] = tuple(sorted((*held.get(person, ()), *units)))
    strays = dict(a.strays)
    for deck, things in b.strays.items():
        strays[deck] = (*strays.get(deck, ()), *things)
    return World(held, strays, {**a.identity, **b.identity})


def _take_out(worlds: Sequence[World]) -> tuple[World, list[World]]:
    """What all worlds agree on, told as the first does, and what is left of each."""
    held: dict[PersonId, tuple[Unit, ...]] = {}
    strays: dict[DeckId, tuple[Stray, ...]] = {}
    left_held: list[dict[PersonId, tuple[Unit, ...]]] = [{} for _ in worlds]
    left_strays: list[dict[DeckId, tuple[Stray, ...]]] = [{} for _ in worlds]
    for person in sorted({p for w in worlds for p in w.held}):
        held[person], rests = _common([w.held.get(person, ()) for w in worlds], _product)
        for left, units in zip(left_held, rests, strict=True):
            if units:
                left[person] = units
    for deck in sorted({d for w in worlds for d in w.strays}):
        strays[deck], others = _common([w.strays.get(deck, ()) for w in worlds], _itself)
        for on_deck, things in zip(left_strays, others, strict=True):
            if things:
                on_deck[deck] = things
    left_worlds = [World(h, s, w.identity) for h, s, w in zip(left_held, left_strays, worlds, strict=True)]
    return World(held, strays), left_worlds


def _product(unit: Unit) -> object:
    return unit.product_id


def _itself(stray: Stray) -> object:
    return stray


def _common(
    choices: Sequence[tuple[_Thing, ...]], name: Callable[[_Thing], object]
) -> tuple[tuple[_Thing, ...], list[tuple[_Thing, ...]]]:
    """Things that are in every choice, and what is left of each. Things of one name that are as many in every choice
    are the same things.
    """
    if all(c == choices[0] for c in choices[1:]):
        return choices[0], [()] * len(choices)
    counts = [Counter(name(t) for t in c) for c in choices]
    same = {n for n, count in counts[0].items() if all(c[n] == count for c in counts[1:])}
    open_ = [tuple(t for t in c if name(t) not in same) for c in choices]
    shared = Counter(open_[0])
    for c in open_[1:]:
        shared &= Counter(c)
    rests = []
    for c in open_:
        left = shared.copy()
        rest = []
        for thing in c:
            if left[thing] > 0:
                left[thing] -= 1
            else:
                rest.append(thing)
        rests.append(tuple(rest))
    return (*(t for t in choices[0] if name(t) in same), *shared.elements()), rests


def _values(world: World) -> _Values:
    """What the world says, by variable: how many of a product somebody has, what stands wrong on a deck, who is who."""
    found: _Values = dict(Counter(("held", p, u.product_id) for p, units in world.held.items() for u in units))
    for deck, things in world.strays.items():
        found["strays", deck] = tuple(sorted((s.unit.product_id, round(s.x, 1), round(s.z, 1)) for s in things))
    found |= {("identity", track): person for track, person in world.identity.items()}
    return found


def _split(hypotheses: list[Hypothesis], independent_below: float) -> list[list[Hypothesis]]:
    """Hypotheses as a product of factors, as far as it differs from them by less than so much (total variation)."""
    values = [_values(h.world) for h in hypotheses]
    variables = list(dict.fromkeys(v for found in values for v in found))
    if not variables:
        return []
    shares = np.exp([h.logp for h in hypotheses])
    codes = [_codes([found.get(v) for found in values]) for v in variables]
    block = [[n] for n in range(len(variables))]
    for a, b in combinations(range(len(variables)), 2):
        if block[a] is not block[b] and _dependence([codes[a], codes[b]], shares) > independent_below:
            block[a].extend(block[b])
            for n in block[b]:
                block[n] = block[a]
    blocks = list({id(members): members for members in block}.values())
    together = [_codes(list(zip(*(codes[n] for n in members), strict=True))) for members in blocks]
    if len(blocks) == 1 or _dependence(together, shares) > independent_below:
        return [hypotheses]
    return [[Hypothesis(h.logp, _only(h.world, {variables[n] for n in b})) for h in hypotheses] for b in blocks]


def _codes(values: Sequence[Hashable]) -> list[int]:
    """A number for each value, the same for equal ones."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(v, len(numbers)) for v in values]


def _dependence(columns: Sequence[Sequence[int]], shares: NDArray[np.float64]) -> float:
    """Total variation between the joint distribution of these variables (their values by hypothesis) and the product of
    their own.
    """
    marginals = [np.bincount(column, weights=shares) for column in columns]
    _, first, joint = np.unique(np.array(columns), axis=1, return_index=True, return_inverse=True)
    product = np.prod([m[np.asarray(c)[first]] for m, c in zip(marginals, columns, strict=True)], axis=0)
    # Half of the sum of all differences is the sum of the positive ones, and those are where the joint is not 0.
    return float(np.maximum(np.bincount(joint.ravel(), weights=shares) - product, 0.0).sum())


def _only(world: World, variables: Collection[_Variable]) -> World:
    """The world as far as these variables tell."""
    held = {p: tuple(u for u in units if ("held", p, u.product_id) in variables) for p, units in world.held.items()}
    return World(
        {p: units for p, units in held.items() if units},
        {d: s for d, s in world.strays.items() if ("strays", d) in variables},
        {t: p for t, p in world.identity.items() if ("identity", t) in variables},
    )


def _added(
    shares: Mapping[tuple[tuple[str, int], ...], float], part: Sequence[Hypothesis], people: Sequence[PersonId]
) -> dict[tuple[tuple[str, int], ...], float]:
    """Probability of each basket when what the people hold in these worlds is added to these baskets."""
    more: dict[tuple[tuple[str, int], ...], float] = {}
    for h in part:
        key = tuple(sorted(Counter(u.product_id for p in people for u in h.world.held.get(p, ())).items()))
        more[key] = more.get(key, 0.0) + math.exp(h.logp)
    added: dict[tuple[tuple[str, int], ...], float] = {}
    for old, share in shares.items():
        for new, probability in more.items():
            if share * probability >= _NEGLIGIBLE:
                basket = Counter(dict(old))
                basket.update({p: n for p, n in new if p})
                key = tuple(sorted(basket.items()))
                added[key] = added.get(key, 0.0) + share * probability
    return added
