# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What may be true now: who holds which units, and which things stand in wrong places, each with its probability.

The hard problem is that a later fact (a put-back, a second take) often tells what an earlier one was. So a decision is
not final when it is made: all worlds that explain the past well are carried on, and a basket is what the most probable
one says. To keep their number small the worlds are kept in clusters of people and scales that hang together; clusters
are joined when a change concerns several, and parted again when the worlds agree.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product as cartesian
from typing import NamedTuple

from .likelihoods import log_sum

PersonId = int
DeckId = str


class Unit(NamedTuple):
    """One thing that somebody holds or that stands somewhere.

    product_id: "" for a thing from outside the store; mean, variance of its weight [g], [g^2]: what the scale showed
    when it was taken is far surer than the catalogue; facing_id: where it came from.
    """

    product_id: str
    mean: float
    variance: float
    facing_id: str = ""


class Stray(NamedTuple):
    """A thing on a deck that is not in its own place; x, z: where in the shelf's front [m]."""

    unit: Unit
    x: float
    z: float
    stddev: float


Key = tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class World:
    """One possible truth about some people and decks. Maps are never changed in place; absent means nothing.

    held: units by person; strays: things in wrong places by deck; identity: which person a track is, where the tracker
    left it open.
    """

    held: Mapping[PersonId, tuple[Unit, ...]] = field(default_factory=dict)
    strays: Mapping[DeckId, tuple[Stray, ...]] = field(default_factory=dict)
    identity: Mapping[int, PersonId] = field(default_factory=dict)

    @cached_property
    def key(self) -> Key:
        """What two worlds must share to be one: products and places, not the grams that led there."""
        return (
            tuple((p, tuple(sorted(u.product_id for u in units))) for p, units in sorted(self.held.items()) if units),
            tuple(
                (d, tuple(sorted((s.unit.product_id, round(s.x, 1), round(s.z, 1)) for s in strays)))
                for d, strays in sorted(self.strays.items())
                if strays
            ),
            tuple(sorted(self.identity.items())),
        )

    def basket(self, person: PersonId) -> Counter[str]:
        """Units of each product that `person` holds."""
        return Counter(u.product_id for u in self.held.get(person, ()) if u.product_id)

    def with_held(self, person: PersonId, units: tuple[Unit, ...]) -> World:
        """The same world in which `person` holds `units`."""
        return World({**self.held, person: units}, self.strays, self.identity)

    def with_strays(self, deck: DeckId, strays: tuple[Stray, ...]) -> World:
        """The same world with these strays on `deck`."""
        return World(self.held, {**self.strays, deck: strays}, self.identity)

    def with_identity(self, tracks: Mapping[int, PersonId]) -> World:
        """The same world in which each of the tracks is that person."""
        return World(self.held, self.strays, {**self.identity, **tracks})


class Hypothesis(NamedTuple):
    """A world and the logarithm of its probability."""

    logp: float
    world: World


def settle(hypotheses: Iterable[Hypothesis], keep_share: float, most: int) -> list[Hypothesis]:
    """The hypotheses with equal worlds joined, the improbable ones dropped, most probable first, probabilities
    summing to 1.
    """
    joined: dict[Key, list[Hypothesis]] = {}
    for h in hypotheses:
        joined.setdefault(h.world.key, []).append(h)
    merged = [
        (log_sum(h.logp for h in same), key, max(same, key=lambda h: h.logp).world) for key, same in joined.items()
    ]
    merged.sort(key=lambda m: (-m[0], m[1]))
    floor = merged[0][0] + math.log(keep_share)
    kept = [(logp, world) for logp, _, world in merged[:most] if logp >= floor]
    total = log_sum(logp for logp, _ in kept)
    return [Hypothesis(logp - total, world) for logp, world in kept]


@dataclass
class Cluster:
    """Worlds about the same people and decks, most probable first."""

    people: set[PersonId] = field(default_factory=set)
    decks: set[DeckId] = field(default_factory=set)
    hypotheses: list[Hypothesis] = field(default_factory=lambda: [Hypothesis(0.0, World())])


class Clusters:
    """All clusters of the store; every person and deck is in at most one."""

    def __init__(self, keep_share: float, most: int) -> None:
        self._keep_share = keep_share
        self._most = most
        self._of_person: dict[PersonId, Cluster] = {}
        self._of_deck: dict[DeckId, Cluster] = {}

    def join(self, people: Iterable[PersonId], decks: Iterable[DeckId]) -> Cluster:
        """One cluster that holds all of these, and whatever they were joined with before."""
        cluster = self.joined(people, decks)
        self._register(cluster)
        return cluster

    def joined(self, people: Iterable[PersonId], decks: Iterable[DeckId]) -> Cluster:
        """The cluster that `join` would make; the store's clusters stay as they are."""
        people, decks = sorted(set(people)), sorted(set(decks))
        parts: list[Cluster] = []
        for found in [self._of_person.get(p) for p in people] + [self._of_deck.get(d) for d in decks]:
            if found is not None and all(found is not part for part in parts):
                parts.append(found)
        hypotheses = list(parts[0].hypotheses) if len(parts) == 1 else self._product(parts)
        return Cluster(
            set(people).union(*(part.people for part in parts)),
            set(decks).union(*(part.decks for part in parts)),
            hypotheses,
        )

    def _product(self, parts: list[Cluster]) -> list[Hypothesis]:
        joined = []
        for choice in cartesian(*(part.hypotheses for part in parts)):
            world = World()
            for h in choice:
                world = World(
                    {**world.held, **h.world.held},
                    {**world.strays, **h.world.strays},
                    {**world.identity, **h.world.identity},
                )
            joined.append(Hypothesis(sum(h.logp for h in choice), world))
        return settle(joined, self._keep_share, self._most)

    def _register(self, cluster: Cluster) -> None:
        for p in cluster.people:
            self._of_person[p] = cluster
        for d in cluster.decks:
            self._of_deck[d] = cluster

    def update(self, cluster: Cluster, hypotheses: Iterable[Hypothesis]) -> None:
        """Give `cluster` new hypotheses, and part from it whatever they all agree on."""
        cluster.hypotheses = settle(hypotheses, self._keep_share, self._most)
        for person in sorted(cluster.people):
            baskets = {tuple(sorted(h.world.basket(person).items())) for h in cluster.hypotheses}
            named = any(person in (*h.world.identity, *h.world.identity.values()) for h in cluster.hypotheses)
            if len(baskets) == 1 and not named and len(cluster.people) + len(cluster.decks) > 1:
                units = cluster.hypotheses[0].world.held.get(person, ())
                self._part(cluster, person, World({person: units} if units else {}))
        for deck in sorted(cluster.decks):
            places = {h.world.strays.get(deck, ()) for h in cluster.hypotheses}
            if len(places) == 1 and len(cluster.people) + len(cluster.decks) > 1:
                strays = cluster.hypotheses[0].world.strays.get(deck, ())
                self._part_deck(cluster, deck, World(strays={deck: strays} if strays else {}))
        cluster.hypotheses = settle(cluster.hypotheses, self._keep_share, self._most)

    def _part(self, cluster: Cluster, person: PersonId, world: World) -> None:
        cluster.people.discard(person)
        cluster.hypotheses = [
            Hypothesis(
                h.logp, World({p: u for p, u in h.world.held.items() if p != person}, h.world.strays, h.world.identity)
            )
            for h in cluster.hypotheses
        ]
        self._of_person[person] = Cluster({person}, set(), [Hypothesis(0.0, world)])

    def _part_deck(self, cluster: Cluster, deck: DeckId, world: World) -> None:
        cluster.decks.discard(deck)
        cluster.hypotheses = [
            Hypothesis(
                h.logp, World(h.world.held, {d: s for d, s in h.world.strays.items() if d != deck}, h.world.identity)
            )
            for h in cluster.hypotheses
        ]
        self._of_deck[deck] = Cluster(set(), {deck}, [Hypothesis(0.0, world)])

    def of(self, person: PersonId) -> Cluster | None:
        """The cluster that `person` is in; None for somebody who never touched anything."""
        return self._of_person.get(person)

    def basket(
        self, people: Iterable[PersonId], instead: Cluster | None = None
    ) -> tuple[dict[str, tuple[int, float]], float]:
        """What these people hold together: {product: (units, probability of that number)}, and the probability of the
        whole. instead: a cluster that counts for its people in place of theirs.
        """
        people = sorted(people)
        clusters: list[tuple[Cluster, list[PersonId]]] = []
        for person in people:
            cluster = instead if instead is not None and person in instead.people else self._of_person.get(person)
            if cluster is None:
                continue
            for known, members in clusters:
                if known is cluster:
                    members.append(person)
                    break
            else:
                clusters.append((cluster, [person]))
        lines: dict[str, tuple[int, float]] = {}
        whole = 1.0
        for cluster, members in clusters:
            best, share, marginals = _most_probable(cluster, members)
            whole *= share
            for product_id, quantity in best.items():
                known_quantity, known_share = lines.get(product_id, (0, 1.0))
                lines[product_id] = (known_quantity + quantity, known_share * marginals[product_id])
        return dict(sorted(lines.items())), whole

    def resolve(self, track: int) -> None:
        """The tracker is sure again that `track` is the person that it named at the start: drop the worlds that say
        otherwise.
        """
        cluster = self._of_person.get(track)
        if cluster is None:
            return
        right = [h for h in cluster.hypotheses if h.world.identity.get(track, track) == track]
        if right:
            freed = [
                Hypothesis(
                    h.logp,
                    World(h.world.held, h.world.strays, {t: p for t, p in h.world.identity.items() if t != track}),
                )
                for h in right
            ]
            self.update(cluster, freed)

    def forget(self, person: PersonId) -> None:
        """`person` is gone and paid for: nothing depends on them any more."""
        cluster = self._of_person.pop(person, None)
        if cluster is None:
            return
        cluster.people.discard(person)
        self.update(
            cluster,
            [
                Hypothesis(
                    h.logp,
                    World({p: u for p, u in h.world.held.items() if p != person}, h.world.strays, h.world.identity),
                )
                for h in cluster.hypotheses
            ],
        )

    def strays(self, deck: DeckId) -> tuple[Stray, ...]:
        """What most probably stands in a wrong place on `deck`."""
        cluster = self._of_deck.get(deck)
        return cluster.hypotheses[0].world.strays.get(deck, ()) if cluster else ()


def _most_probable(cluster: Cluster, people: list[PersonId]) -> tuple[Counter[str], float, dict[str, float]]:
    """The most probable joint basket of `people`, its probability, and that of each of its lines."""
    shares: dict[tuple[tuple[str, int], ...], float] = {}
    for h in cluster.hypotheses:
        basket: Counter[str] = Counter()
        for person in people:
            basket.update(h.world.basket(person))
        key = tuple(sorted(basket.items()))
        shares[key] = shares.get(key, 0.0) + math.exp(h.logp)
    best = max(shares, key=lambda k: (shares[k], k))
    marginals = {
        product_id: math.fsum(share for key, share in shares.items() if (product_id, quantity) in key)
        for product_id, quantity in best
    }
    return Counter(dict(best)), min(1.0, shares[best]), marginals
