# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Which product stands where, how many, and what one unit weighs: as the store was described, and as it was then seen.

Scales that share a facing are weighed together: a thing that stands across two plates shows on both in a split that
nobody knows, but its whole weight on their sum. Such a set of scales is a deck.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from yokotago_model.events import Catalogue, Product
from yokotago_model.store import Facing, Scale, Shelf, Store

from .parameters import FusionParameters


@dataclass(frozen=True)
class Deck:
    """Scales that share facings, with the window x0, x1, z0, z1 [m] of the shelf's front above them."""

    deck_id: str
    shelf: Shelf
    scales: tuple[Scale, ...]
    facings: tuple[Facing, ...]
    window: tuple[float, float, float, float]


def decks_of(store: Store) -> tuple[Deck, ...]:
    """The decks of a store in the order of their first scales. A deck is named after its first scale."""
    leader = {s.scale_id: s.scale_id for s in store.scales}

    def root(scale_id: str) -> str:
        while leader[scale_id] != scale_id:
            scale_id = leader[scale_id]
        return scale_id

    scales_of: dict[str, list[Scale]] = {}
    facings_of: dict[str, list[Facing]] = {}
    order = {s.scale_id: i for i, s in enumerate(store.scales)}
    for facing in store.facings:
        roots = sorted({root(s) for s in facing.scale_ids}, key=order.__getitem__)
        for other in roots[1:]:
            leader[other] = roots[0]
    for scale in store.scales:
        scales_of.setdefault(root(scale.scale_id), []).append(scale)
    for facing in store.facings:
        if facing.scale_ids:
            facings_of.setdefault(root(facing.scale_ids[0]), []).append(facing)
    decks = []
    for first in store.scales:
        if root(first.scale_id) != first.scale_id:
            continue
        scales, facings = tuple(scales_of[first.scale_id]), tuple(facings_of.get(first.scale_id, ()))
        shelf = store.shelf[first.shelf_id]
        if facings:
            window = (
                min(f.x for f in facings),
                max(f.x + f.width for f in facings),
                min(f.z for f in facings),
                max(f.z + f.height for f in facings),
            )
        else:
            window = (first.x, first.x + first.width, first.z, shelf.size[2])
        decks.append(Deck(first.scale_id, shelf, scales, facings, window))
    return tuple(decks)


@dataclass(frozen=True)
class UnitWeight:
    """What one unit weighs [g]: mean over all units, its variance, and the variance from unit to unit."""

    mean: float
    mean_variance: float
    variance: float

    def of(self, units: int) -> tuple[float, float]:
        """Mean and variance of the weight of so many units together."""
        return units * self.mean, units * self.variance + units * units * self.mean_variance


class Planogram:
    """The live planogram of one store. widest: largest variance of a product's weight from unit to unit [g^2]."""

    def __init__(self, store: Store, params: FusionParameters) -> None:
        self._params = params
        self.decks = decks_of(store)
        self.deck_of_scale = {s.scale_id: d for d in self.decks for s in d.scales}
        self.decks_on = Counter(d.shelf.shelf_id for d in self.decks)
        self._facing = dict(store.facing)
        self._products_on = {
            s.shelf_id: {f.product_id for f in store.facings if f.shelf_id == s.shelf_id} for s in store.shelves
        }
        self.products: dict[str, Product] = {}
        self._weights: dict[str, UnitWeight] = {}
        self._by_weight: list[tuple[float, str]] = []
        self._seen: dict[str, dict[str, float]] = {}
        self._cache: dict[str, dict[str, float]] = {}
        self._believed: dict[str, str] = {}
        self.widest = 0.0
        self.stock = {f.facing_id: f.stock for f in store.facings}
        self.use(store.products)

    def use(self, products: Iterable[Product]) -> None:
        """Take these products for the whole catalogue; what was learned about one whose weight is unchanged is kept."""
        self._cache.clear()
        self._believed.clear()
        known = self.products
        self.products = {p.product_id: p for p in products}
        for p in self.products.values():
            old = known.get(p.product_id)
            if old is None or (old.weight, old.weight_stddev) != (p.weight, p.weight_stddev):
                share, floor = self._params.type_stddev_share, self._params.type_stddev_floor_g
                self._weights[p.product_id] = UnitWeight(
                    p.weight, (share * p.weight) ** 2 + floor**2, max(p.weight_stddev, 0.2) ** 2
                )
        self.widest = max((self._weights[p].variance for p in self.products), default=0.0)
        self._sort()

    def catalogue(self, event: Catalogue) -> None:
        """A new catalogue; products that stand in the store and are no longer in it keep their old entries."""
        kept = {p.product_id for p in event.products}
        standing = {f.product_id for f in self._facing.values()} - kept
        self.use((*event.products, *(self.products[p] for p in sorted(standing) if p in self.products)))

    def _sort(self) -> None:
        self._by_weight = sorted((self._weights[p].mean, p) for p in self.products)

    def weight(self, product_id: str) -> UnitWeight:
        """What one unit of the product weighs, as far as known."""
        return self._weights[product_id]

    def weighing(self, low: float, high: float) -> list[str]:
        """Products whose units weigh between low and high [g], lightest first."""
        start = bisect_left(self._by_weight, (low, ""))
        end = bisect_right(self._by_weight, (high, "\U0010ffff"))
        return [p for _, p in self._by_weight[start:end]]

    def log_belief(self, facing_id: str, product_id: str) -> float:
        """Log probability that the product stands on the facing."""
        return math.log(self._beliefs_of(facing_id)[product_id])

    def _beliefs_of(self, facing_id: str) -> dict[str, float]:
        """Probability of every product on the facing; what stands elsewhere on the shelf is the likeliest to be there
        instead.
        """
        if facing_id not in self._cache:
            facing = self._facing[facing_id]
            neighbours = self._products_on[facing.shelf_id] - {facing.product_id}
            wrong = 1.0 - self._params.p_planogram
            near = self._params.p_neighbour * wrong / max(1, len(neighbours))
            far = (1 - self._params.p_neighbour) * wrong / max(1, len(self.products) - 1 - len(neighbours))
            seen = self._seen.get(facing_id, {})
            ratios = {}
            for p in self.products:
                prior = self._params.p_planogram if p == facing.product_id else near if p in neighbours else far
                ratios[p] = prior * math.exp(seen.get(p, 0.0))
            total = math.fsum(ratios.values())
            self._cache[facing_id] = {p: r / total for p, r in ratios.items()}
        return self._cache[facing_id]

    def product_of(self, facing_id: str) -> str:
        """The product that most probably stands on the facing."""
        if facing_id not in self._believed:
            beliefs = self._beliefs_of(facing_id)
            self._believed[facing_id] = max(beliefs, key=lambda p: (beliefs[p], p))
        return self._believed[facing_id]

    def saw(self, facing_id: str, units: int, grams: float, variance: float) -> bool:
        """So many units from their place on the facing weighed `grams` together. True when it is now taken for
        another product.

        Each product's log likelihood of the weight is added up, relative to the best, and slowly forgotten: shelves
        change.
        """
        before = self.product_of(facing_id)
        fits = {}
        for p in self.products:
            mean, spread = self._weights[p].of(units)
            off = (grams - mean) ** 2 / (spread + variance)
            fits[p] = -0.5 * min(off, 50.0) - 0.5 * math.log(spread + variance)
        best = max(fits.values())
        seen = self._seen.setdefault(facing_id, {})
        for p, fit in fits.items():
            seen[p] = max(-12.0, 0.98 * seen.get(p, 0.0) + fit - best)
        self._cache.pop(facing_id, None)
        self._believed.pop(facing_id, None)
        return self.product_of(facing_id) != before

    def learn(self, product_id: str, units: int, grams: float, variance: float) -> None:
        """`units` of the product together weighed `grams` with a deviation of sqrt(variance).

        Normal prior, normal measurement: Bayesian linear update of the mean (Murphy 2012, 4.6.1). The variance from
        unit to unit is not learned from so few.
        """
        known = self._weights[product_id]
        measured = grams / units
        noise = variance / units**2 + known.variance / units
        gain = known.mean_variance / (known.mean_variance + noise)
        # Batches differ: a mean never becomes surer than a fifth of the spread between units.
        left = max((1 - gain) * known.mean_variance, (0.2**2) * known.variance)
        self._weights[product_id] = UnitWeight(known.mean + gain * (measured - known.mean), left, known.variance)
        self._sort()

    def move(self, facing_id: str, units: int) -> None:
        """`units` came to the facing; negative: went."""
        self.stock[facing_id] += units

    def facings_of(self, product_id: str, deck: Deck) -> list[Facing]:
        """The facings of the deck on which the product belongs."""
        return [f for f in deck.facings if self.product_of(f.facing_id) == product_id]
