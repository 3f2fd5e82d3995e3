# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What may be true now: who holds which units, and which things stand in wrong places, each with its probability.

The hard problem is that a later fact (a put-back, a second take) often tells what an earlier one was. So a decision is
not final when it is made: all worlds that explain the past well are carried on, and a basket is what the most probable
one says.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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
    """A thing on a deck that is not in its own place; x, z: where in the shelf's front [m]; by: who put it there."""

    unit: Unit
    x: float
    z: float
    stddev: float
    by: PersonId = 0


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
