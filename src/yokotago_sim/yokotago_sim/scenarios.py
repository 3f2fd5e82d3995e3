# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The named cases: what happens in S01 to S30, in the traps, and on a random day, for whatever store and seed.

Each case is a few lines that read like its description. Which shelves, products and people it is played with, and
when, comes from the seed. Where a case asks for something special (neighbours, near-equal weights, a product on two
scales), the facings of the store that suit it best are used, so that every case can be played in every store that has
a few facings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from yokotago_model.store import Facing, Store

from .floor import Floor
from .shoppers import (
    Approach,
    Drop,
    HandOver,
    Lift,
    Meet,
    PutBack,
    Receive,
    Restock,
    Scenario,
    Script,
    Silence,
    Stand,
    Step,
    StockView,
    Take,
    TakeTwo,
    Touch,
    WalkTo,
)

Builder: TypeAlias = Callable[["Shop"], Scenario]
_BUILDERS: dict[str, Builder] = {}
_ELBOW_ROOM_M = 0.45
"""From body to body of people who stand close at a shelf."""


class Shop:
    """A store as a writer of cases sees it: facings to choose from, people to send in."""

    def __init__(self, store: Store, rng: np.random.Generator) -> None:
        self.store = store
        self.rng = rng
        self.facings = [f for f in store.facings if f.stock >= 4] or list(store.facings)
        if not self.facings:
            raise ValueError(f"store {store.store_id} has no facings: there is nothing to take")

    @cached_property
    def floor(self) -> Floor:
        """The free floor."""
        return Floor(self.store)

    def weight(self, facing: Facing) -> float:
        """Weight of one unit of what should stand there [g]."""
        return self.store.product[facing.product_id].weight

    def any(self, among: Iterable[Facing] | None = None) -> Facing:
        """A facing, by chance."""
        choice = list(self.facings if among is None else among) or self.facings
        return choice[int(self.rng.integers(len(choice)))]

    def different(self, count: int, among: Iterable[Facing] | None = None) -> list[Facing]:
        """`count` facings of different products as far as there are so many, else some more than once."""
        pool = list(self.facings if among is None else among) or self.facings
        order = [pool[int(i)] for i in self.rng.permutation(len(pool))]
        chosen: list[Facing] = []
        for f in order:
            if len(chosen) < count and all(c.product_id != f.product_id for c in chosen):
                chosen.append(f)
        while len(chosen) < count:
            chosen.append(order[len(chosen) % len(order)])
        return chosen

    def on_shelf(self, shelf_id: str) -> list[Facing]:
        """The facings of one shelf."""
        return [f for f in self.facings if f.shelf_id == shelf_id]

    def shelf(self) -> str:
        """A shelf with many facings, by chance."""
        most = max(len(self.on_shelf(s.shelf_id)) for s in self.store.shelves)
        good = [s.shelf_id for s in self.store.shelves if 2 * len(self.on_shelf(s.shelf_id)) >= most]
        return good[int(self.rng.integers(len(good)))]

    def row(self, count: int) -> list[Facing]:
        """`count` facings side by side on one board, as far as a board has so many."""
        boards: dict[tuple[str, float], list[Facing]] = {}
        for f in self.facings:
            boards.setdefault((f.shelf_id, round(f.z, 2)), []).append(f)
        rows = [sorted(b, key=lambda f: f.x) for b in boards.values()]
        longest = max(len(r) for r in rows)
        rows = [r for r in rows if len(r) >= min(count, longest)]
        row = rows[int(self.rng.integers(len(rows)))]
        first = int(self.rng.integers(max(1, len(row) - count + 1)))
        chosen = row[first : first + count]
        return (chosen * count)[:count]

    def pairs(self) -> list[tuple[Facing, Facing]]:
        """All pairs of facings of one shelf with different products."""
        return [
            (a, b)
            for a in self.facings
            for b in self.facings
            if a.shelf_id == b.shelf_id and a.product_id != b.product_id
        ]

    def _pair(self, badness: Callable[[Facing, Facing], float], good: float) -> tuple[Facing, Facing]:
        pairs = self.pairs() or [(a, b) for a in self.facings for b in self.facings if a is not b]
        pairs = pairs or [(self.facings[0], self.facings[0])]
        scores = [badness(a, b) for a, b in pairs]
        limit = max(good, min(scores) + 1e-9)
        fit = [p for p, s in zip(pairs, scores, strict=True) if s <= limit]
        return fit[int(self.rng.integers(len(fit)))]

    def near_equal(self) -> tuple[Facing, Facing]:
        """Two facings of one shelf whose products weigh nearly the same."""
        return self._pair(lambda a, b: abs(self.weight(a) - self.weight(b)) / max(self.weight(a), self.weight(b)), 0.03)

    def double(self) -> tuple[Facing, Facing]:
        """Two facings of one shelf, the first with a product about twice as heavy as the second's."""
        return self._pair(lambda a, b: abs(self.weight(a) / self.weight(b) - 2.0), 0.1)

    def two_scales(self) -> Facing:
        """A facing that stands on two scales."""
        return self.any([f for f in self.facings if len(f.scale_ids) > 1] or None)

    def adult(self, name: str, *steps: Step, shopper_id: str | None = None, start_s: float | None = None) -> Script:
        """Somebody who does these steps."""
        rng = self.rng
        return Script(
            name=name,
            shopper_id=f"shopper-{name}" if shopper_id is None else shopper_id,
            steps=steps,
            start_s=float(rng.uniform(0.2, 1.5)) if start_s is None else start_s,
            height_m=float(np.clip(rng.normal(1.70, 0.09), 1.5, 2.1)),
            speed_mps=float(rng.uniform(0.7, 1.1)),
            bag=bool(rng.random() < 0.3),
            hat=bool(rng.random() < 0.15),
        )

    def pause(self, least: float = 0.3, most: float = 1.5) -> Stand:
        """A moment of standing still."""
        return Stand(float(self.rng.uniform(least, most)))


def take(f: Facing, count: int = 1) -> Take:
    """Take units of the facing's product from it, whatever else may stand there by then."""
    return Take(f.facing_id, count, f.product_id)


def grab(f: Facing, count: int = 1) -> Take:
    """Take what stands in front at a facing, whatever it is."""
    return Take(f.facing_id, count)


def put(what: Facing, where: Facing, count: int = 1) -> PutBack:
    """Put units that came from `what` down at `where`."""
    return PutBack(where.facing_id, what.product_id, count)


def case(name: str) -> Callable[[Callable[[Shop], Iterable[Script]]], Callable[[Shop], Iterable[Script]]]:
    """Register a case whose people are all known at the start."""

    def register(people: Callable[[Shop], Iterable[Script]]) -> Callable[[Shop], Iterable[Script]]:
        def make(shop: Shop) -> Scenario:
            scripts = tuple(people(shop))
            return Scenario(name, lambda _stock: iter(scripts))

        _BUILDERS[name] = make
        return people

    return register


def names() -> tuple[str, ...]:
    """All cases: S01 to S30, the traps, random, confusing."""
    return tuple(_BUILDERS)


def suite() -> tuple[str, ...]:
    """S01 to S30."""
    return tuple(n for n in _BUILDERS if n[0] == "S" and n[1:].isdigit())


def traps() -> tuple[str, ...]:
    """The named traps."""
    return tuple(n for n in _BUILDERS if n not in (*suite(), "random", "confusing"))


def build(name: str, store: Store, seed: int) -> Scenario:
    """The case of that name in this store. Raises KeyError with the names that exist."""
    if name not in _BUILDERS:
        raise KeyError(f"no case {name!r}: choose one of {', '.join(_BUILDERS)}")
    return _BUILDERS[name](Shop(store, np.random.default_rng([seed, len(name), *name.encode()])))


def _one_each(shop: Shop) -> list[Facing]:
    shelves = [s.shelf_id for s in shop.store.shelves if shop.on_shelf(s.shelf_id)]
    order = [shelves[int(i)] for i in shop.rng.permutation(len(shelves))][:3]
    return [shop.any(shop.on_shelf(s)) for s in order]


@case("S01")
def _s01(shop: Shop) -> Iterable[Script]:
    return [shop.adult("a", *map(take, _one_each(shop)))]


@case("S02")
def _s02(shop: Shop) -> Iterable[Script]:
    return [shop.adult("a", *map(take, reversed(_one_each(shop))))]


@case("S03")
def _s03(shop: Shop) -> Iterable[Script]:
    f, a, b, c = shop.different(4)
    return [shop.adult("a", take(f), shop.pause(), put(f, f), take(a), take(b), take(c))]


@case("S04")
def _s04(shop: Shop) -> Iterable[Script]:
    a, b, c, d = shop.different(4)
    return [shop.adult("a", take(a), take(b), take(c), put(b, b), take(d))]


@case("S05")
def _s05(shop: Shop) -> Iterable[Script]:
    a, b = shop.near_equal()
    both: list[Step] = [Take(b.facing_id, 1, a.product_id), Take(b.facing_id, 1, b.product_id)]
    return [shop.adult("a", take(a), shop.pause(), put(a, b), shop.pause(), *both)]


@case("S06")
def _s06(shop: Shop) -> Iterable[Script]:
    big, small = shop.double()
    return [
        shop.adult(
            "a", take(big), shop.pause(), put(big, small), shop.pause(), Take(small.facing_id, 2, small.product_id)
        )
    ]


@case("S07")
def _s07(shop: Shop) -> Iterable[Script]:
    left, right = shop.row(2)
    a: list[Step] = [*_crossed("crossed", left, right, -_ELBOW_ROOM_M / 2, right), shop.pause(), take(shop.any())]
    b: list[Step] = [*_crossed("crossed", left, right, _ELBOW_ROOM_M / 2, left), shop.pause(), take(shop.any())]
    return [shop.adult("a", *a), shop.adult("b", *b)]


def _crossed(key: str, left: Facing, right: Facing, place: float, take_from: Facing, parties: int = 2) -> list[Step]:
    """Stand `place` [m] to the right of the middle between two facings, wait for the others, and reach for one of
    them.
    """
    middle = (left.x + left.width / 2 + right.x + right.width / 2) / 2
    shift = middle + place - (left.x + left.width / 2)
    return [Approach(left.facing_id, shift, True), Meet(key, parties), replace(take(take_from), walk=False)]


@case("S08")
def _s08(shop: Shop) -> Iterable[Script]:
    f = shop.different(4, shop.on_shelf(shop.shelf()))
    meet = Meet("close")
    a: list[Step] = [
        Approach(f[0].facing_id, -0.2, True),
        meet,
        replace(take(f[0]), walk=False),
        replace(take(f[2]), close=True),
    ]
    b: list[Step] = [
        Approach(f[0].facing_id, 0.2, True),
        meet,
        replace(take(f[1]), close=True),
        replace(take(f[3]), close=True),
    ]
    return [replace(shop.adult(n, *s), personal_distance_m=0.4) for n, s in (("a", a), ("b", b))]


@case("S09")
def _s09(shop: Shop) -> Iterable[Script]:
    f = shop.different(4, shop.on_shelf(shop.shelf()))
    a: list[Step] = [take(f[0]), Meet("near"), HandOver("b", f[0].product_id), Receive("b"), take(f[2])]
    b: list[Step] = [
        replace(take(f[1]), close=True),
        Meet("near"),
        Receive("a"),
        HandOver("a", f[1].product_id),
        take(f[3]),
    ]
    return [replace(shop.adult(n, *s), personal_distance_m=0.45) for n, s in (("a", a), ("b", b))]


@case("S10")
def _s10(shop: Shop) -> Iterable[Script]:
    wide = [f for f in shop.facings if f.width >= 0.3]
    f = shop.any(wide)
    g, h = shop.different(2, shop.on_shelf(f.shelf_id))
    a: list[Step] = [
        Approach(f.facing_id, -0.25, True),
        Meet("same"),
        replace(take(f), walk=False),
        Approach(g.facing_id, -0.1, True),
    ]
    b: list[Step] = [
        Approach(f.facing_id, 0.25, True),
        Meet("same"),
        replace(take(f), walk=False),
        Approach(h.facing_id, 0.1, True),
    ]
    a += [Meet("other"), replace(take(g), walk=False)]
    b += [Meet("other"), replace(take(h), walk=False)]
    return [shop.adult("a", *a), shop.adult("b", *b)]


@case("S11")
def _s11(shop: Shop) -> Iterable[Script]:
    f = shop.different(9)
    return [
        shop.adult("a", take(f[0]), take(f[1]), take(f[2]), put(f[1], f[1])),
        shop.adult("b", take(f[3]), take(f[4]), take(f[5])),
        shop.adult("c", take(f[6]), take(f[7]), put(f[7], f[7]), take(f[8])),
    ]


@case("S12")
def _s12(shop: Shop) -> Iterable[Script]:
    f = shop.different(22)
    w = shop.different(5)

    def tour(own: list[Facing], wrong: list[Facing]) -> list[Step]:
        steps: list[Step] = [take(x) for x in own]
        for n, place in enumerate(wrong):
            steps.insert(2 * n + 2, put(own[n], place))
        return steps

    a: list[Step] = [*tour(f[:8], w[:2]), HandOver("b", f[6].product_id), put(f[7], f[7])]
    b: list[Step] = [*tour(f[8:15], w[2:4]), Receive("a"), HandOver("c", f[13].product_id)]
    b += [put(f[14], f[14]), take(f[15])]
    c = [*tour(f[15:22], w[4:]), Receive("b"), put(f[21], f[21]), take(f[0])]
    return [shop.adult("a", *a), shop.adult("b", *b), shop.adult("c", *c)]


@case("S13")
def _s13(shop: Shop) -> Iterable[Script]:
    a, b = shop.row(2)
    return [shop.adult("a", take(a), take(b))]


@case("S14")
def _s14(shop: Shop) -> Iterable[Script]:
    return [shop.adult("a", *map(take, shop.different(2)))]


@case("S15")
def _s15(shop: Shop) -> Iterable[Script]:
    a, b, c = shop.different(3)
    return [shop.adult("a", take(a), shop.pause(1, 4), take(b, 2), take(c))]


@case("S16")
def _s16(shop: Shop) -> Iterable[Script]:
    (a, b), (c, d) = shop.near_equal(), shop.near_equal()
    steps: list[Step] = [
        take(a),
        put(a, b),
        take(c),
        put(c, d),
        Take(b.facing_id, 1, b.product_id),
        Take(d.facing_id, 1, c.product_id),
    ]
    return [shop.adult("a", *steps)]


@case("S17")
def _s17(shop: Shop) -> Iterable[Script]:
    return [shop.adult("a", Take(shop.any().facing_id, hold_s=float(shop.rng.uniform(15, 30))), take(shop.any()))]


@case("S18")
def _s18(shop: Shop) -> Iterable[Script]:
    a, b = shop.near_equal()
    first, second = (a, b) if a.x < b.x else (b, a)
    return [
        shop.adult(
            "a", TakeTwo(take(first, 1 + (first is b)), take(second, 1 + (second is b))), shop.pause(), put(b, a)
        )
    ]


@case("S19")
def _s19(shop: Shop) -> Iterable[Script]:
    a, b, c = shop.different(3)
    return [shop.adult("a", take(a, 3), take(b, 2), take(c), put(a, a))]


@case("S20")
def _s20(shop: Shop) -> Iterable[Script]:
    a, b, c = shop.row(3)
    return [shop.adult("a", take(a), take(b), take(c), shop.pause(), put(b, b))]


@case("S21")
def _s21(shop: Shop) -> Iterable[Script]:
    row = shop.row(4)
    picks: list[Take] = [
        Take(f.facing_id, pace=1.8, walk=n == 0 or f.facing_id != row[n - 1].facing_id) for n, f in enumerate(row)
    ]
    return [shop.adult("a", *picks, *[replace(p, walk=True) for p in picks[:2]], put(row[2], row[2]))]


@case("S22")
def _s22(shop: Shop) -> Iterable[Script]:
    return [shop.adult("a", Take(shop.any().facing_id, pace=0.3))]


@case("S23")
def _s23(shop: Shop) -> Iterable[Script]:
    f, g = shop.different(2)
    return [shop.adult("a", take(f), shop.pause(), put(f, f), shop.pause(), take(f), take(g))]


@case("S24")
def _s24(shop: Shop) -> Iterable[Script]:
    a, b = shop.row(2)
    return [shop.adult("a", take(b), shop.pause(), take(a))]


@case("S25")
def _s25(shop: Shop) -> Iterable[Script]:
    return [shop.adult("a", *map(take, shop.different(4)))]


@case("S26")
def _s26(shop: Shop) -> Iterable[Script]:
    f = shop.two_scales()
    return [shop.adult("a", take(f), shop.pause(), take(f))]


@case("S27")
def _s27(shop: Shop) -> Iterable[Script]:
    f = shop.any()
    return [shop.adult("a", take(f), shop.pause(1, 3), put(f, f))]


@case("S28")
def _s28(shop: Shop) -> Iterable[Script]:
    a, b = shop.row(2)
    hold = float(shop.rng.uniform(12, 25))
    return [shop.adult("a", TakeTwo(Take(a.facing_id, 0, hold_s=hold), Take(b.facing_id, 1, hold_s=hold)))]


@case("S29")
def _s29(shop: Shop) -> Iterable[Script]:
    return [shop.adult("a", *[Take(f.facing_id, pace=1.8) for f in shop.row(3)])]


@case("S30")
def _s30(shop: Shop) -> Iterable[Script]:
    a, b, c = shop.different(3)
    place = shop.floor.random_place(shop.rng)
    return [shop.adult("a", take(a), take(b), take(c), WalkTo(*place), Drop(b.product_id), shop.pause())]


# The traps.


@case("moved_by_a_bought_by_b")
def _moved(shop: Shop) -> Iterable[Script]:
    f, g = shop.near_equal() if shop.rng.random() < 0.5 else tuple(shop.different(2))
    a: list[Step] = [take(f), put(f, g), Meet("moved"), take(shop.any())]
    b: list[Step] = [Meet("moved"), shop.pause(1, 3), Take(g.facing_id, 1, f.product_id), take(shop.any())]
    return [shop.adult("a", *a), shop.adult("b", *b)]


@case("put_back_nearer_head")
def _nearer_head(shop: Shop) -> Iterable[Script]:
    f = shop.any()
    side = 0.45 if f.x < shop.store.shelf[f.shelf_id].size[0] / 2 else -0.45
    a: list[Step] = [
        take(f),
        Approach(f.facing_id, side, True),
        Meet("ready"),
        replace(put(f, f), walk=False),
        take(shop.any()),
    ]
    b: list[Step] = [Stand(6.0), Approach(f.facing_id, 0.01, True), Meet("ready"), Stand(4.0), take(shop.any())]
    return [shop.adult("a", *a), shop.adult("b", *b)]


@case("four_crossed_hands")
def _four(shop: Shop) -> Iterable[Script]:
    """Two pairs with crossed arms, side by side at one shelf."""
    facings = sorted(shop.on_shelf(shop.shelf()), key=lambda f: f.x + f.width / 2)
    half = len(facings) // 2
    people = []
    for pair, side in (("ab", facings[:half]), ("cd", facings[half:])):
        left, right = sorted(shop.different(2, side), key=lambda f: f.x + f.width / 2)
        for name, place, f in zip(pair, (-_ELBOW_ROOM_M / 2, _ELBOW_ROOM_M / 2), (right, left), strict=True):
            steps = [*_crossed("four", left, right, place, f, 4), shop.pause(), take(shop.any())]
            people.append(replace(shop.adult(name, *steps), personal_distance_m=_ELBOW_ROOM_M))
    return people


@case("touch_and_return")
def _touch(shop: Shop) -> Iterable[Script]:
    f, g = shop.different(2)
    quick: list[Step] = [Take(f.facing_id, pace=1.6), PutBack(f.facing_id, f.product_id, pace=1.6, walk=False)]
    lift = Lift(g.facing_id, float(shop.rng.uniform(0.5, 1.2)))
    return [shop.adult("a", Touch(f.facing_id), lift, *quick, take(shop.any()))]


@case("many_of_one")
def _many(shop: Shop) -> Iterable[Script]:
    f, g = shop.different(2, [f for f in shop.facings if f.stock >= 6])
    return [shop.adult("a", take(f, int(shop.rng.integers(4, 7))), take(g, 3))]


@case("set_down_first")
def _set_down(shop: Shop) -> Iterable[Script]:
    f, g = shop.near_equal() if shop.rng.random() < 0.5 else tuple(shop.different(2))
    return [shop.adult("a", take(f), put(f, g), Take(g.facing_id, 1, g.product_id), Take(g.facing_id, 1, f.product_id))]


@case("follow_in")
def _follow(shop: Shop) -> Iterable[Script]:
    f = shop.different(4)
    b = replace(shop.adult("b", take(f[2]), take(f[3]), shopper_id=""), behind="a")
    return [shop.adult("a", take(f[0]), take(f[1])), b]


@case("family")
def _family(shop: Shop) -> Iterable[Script]:
    return _party(shop, "a", 2 + int(shop.rng.integers(2)))


@case("leave_with_nothing")
def _nothing(shop: Shop) -> Iterable[Script]:
    f, g = shop.different(2)
    return [shop.adult("a", Approach(f.facing_id), Stand(2.0), Touch(g.facing_id)), shop.adult("b", take(f))]


@case("merge_and_part")
def _merge(shop: Shop) -> Iterable[Script]:
    x, y = shop.floor.random_place(shop.rng)
    f = shop.different(4)
    steps: list[Step] = [WalkTo(x, y), Meet("merged"), Stand(float(shop.rng.uniform(2, 5)))]
    a = shop.adult("a", take(f[0]), *steps, take(f[1]))
    b = shop.adult("b", take(f[2]), *steps, take(f[3]))
    return [replace(a, personal_distance_m=0.3), replace(b, personal_distance_m=0.3)]


def _dark(shop: Shop) -> Scenario:
    f = shop.different(6)
    scripts = (shop.adult("a", *map(take, f[:3])), shop.adult("b", *map(take, f[3:])))
    begin = float(shop.rng.uniform(8, 14))
    sensors = shop.store.sensors
    dark = [sensors[int(shop.rng.integers(len(sensors)))]] if sensors else []
    silences = tuple(Silence(s.sensor_id, begin, begin + 20.0) for s in dark)
    return Scenario("dark_sensor", lambda _stock: iter(scripts), silences=silences)


def _outdated(shop: Shop) -> Scenario:
    on = shop.on_shelf(shop.shelf())
    order = [f.product_id for f in on]
    stocked = {f.facing_id: p for f, p in zip(on, order[1:] + order[:1], strict=True)}
    scripts = (
        shop.adult("a", *map(grab, shop.different(2, on)), grab(shop.any())),
        shop.adult("b", *map(grab, shop.different(2, on))),
    )
    return Scenario("outdated_planogram", lambda _stock: iter(scripts), stocked=stocked)


_BUILDERS["dark_sensor"] = _dark
_BUILDERS["outdated_planogram"] = _outdated


# Random days.


def _party(shop: Shop, name: str, size: int) -> list[Script]:
    """A family on one check-in: the first is an adult with the code, the last may be a child."""
    people = []
    for n in range(size):
        f = [shop.any() for _ in range(1 + int(shop.rng.integers(2)))]
        who = name if n == 0 else f"{name}-{n}"
        script = shop.adult(who, *map(grab, f), start_s=0.0)
        if n == 0:
            script = replace(script, party_size=size)
        else:
            script = replace(script, shopper_id="", payer=name, behind=name)
            if n == size - 1 and shop.rng.random() < 0.6:
                script = _child(shop, script)
        people.append(script)
    return people


def _child(shop: Shop, script: Script) -> Script:
    height = float(shop.rng.uniform(0.9, 1.4))
    low = [f for f in shop.facings if shop.store.shelf[f.shelf_id].origin[2] + f.z + 0.12 < 0.95 * height]
    steps: tuple[Step, ...] = (grab(shop.any(low)),) if low else (shop.pause(2, 5),)
    return replace(script, steps=steps, height_m=height, bag=False, hat=False)


def _confusing(shop: Shop, f: Facing) -> list[Step]:
    """A way to take from f, or not to, that is meant to confuse."""
    g = shop.any(shop.on_shelf(f.shelf_id))
    ways: list[list[Step]] = [
        [take(f), shop.pause(), put(f, f)],
        [take(f), put(f, g)],
        [take(f), put(f, g), Take(g.facing_id, 1, f.product_id)],
        [Lift(f.facing_id, float(shop.rng.uniform(0.6, 2.0))), grab(g)],
        [Take(f.facing_id, hold_s=float(shop.rng.uniform(4, 12)))],
        [Touch(f.facing_id)],
        [Take(f.facing_id, pace=1.7), Take(g.facing_id, pace=1.7)],
        [take(f), shop.pause(), put(f, f), grab(f)],
        [Take(f.facing_id, int(shop.rng.integers(2, 5)))],
        [grab(f), *_linger(shop)],
    ]
    if f is not g:
        ways.append([TakeTwo(*sorted((grab(f), grab(g)), key=lambda t: shop.store.facing[t.facing_id].x))])
    return ways[int(shop.rng.integers(len(ways)))]


def _linger(shop: Shop) -> list[Step]:
    """Go to a door, stand there as if leaving, and stay in the store after all."""
    doors = shop.floor.exits
    door = doors[int(shop.rng.integers(len(doors)))]
    return [WalkTo(*door.at(0.0, min(0.4, door.depth / 2))), shop.pause(0.5, 3.0)]


def _pair(shop: Shop, stock: StockView, name: str, confusing_share: float) -> list[Script]:
    """Two who know each other, each with a code: they stand close, cross arms, or hand something over."""
    one, two = (_visitor(shop, stock, f"{name}-{side}", confusing_share) for side in ("left", "right"))
    left, right = sorted(shop.different(2, shop.on_shelf(shop.shelf())), key=lambda f: f.x)
    first: list[Step]
    second: list[Step]
    if shop.rng.random() < 0.5:
        crossed = shop.rng.random() < 0.5
        room = _ELBOW_ROOM_M / 2
        first = _crossed(f"{name}-pair", left, right, -room, right if crossed else left)
        second = _crossed(f"{name}-pair", left, right, room, left if crossed else right)
    else:
        first = [take(left), HandOver(two.name, left.product_id)]
        second = [grab(right), Receive(one.name)]
    return [
        replace(one, steps=(*first, *one.steps), personal_distance_m=0.42),
        replace(two, steps=(*second, *two.steps), personal_distance_m=0.42),
    ]


def _visitor(shop: Shop, stock: StockView, name: str, confusing_share: float) -> Script:
    full = [f for f in shop.facings if stock.count(f.facing_id) >= 3]
    steps: list[Step] = []
    for _ in range(int(shop.rng.choice(6, p=(0.05, 0.2, 0.3, 0.25, 0.12, 0.08)))):
        if not full:
            steps.append(Approach(shop.any().facing_id))
        elif shop.rng.random() < confusing_share:
            steps += _confusing(shop, shop.any(full))
        else:
            steps.append(grab(shop.any(full), 1 if shop.rng.random() < 0.85 else 2))
        steps.append(shop.pause(0.3, 2.5))
    if not steps:
        steps = [Approach(shop.any().facing_id), shop.pause(1, 4)]
    return shop.adult(name, *steps, start_s=0.0)


def _refill(shop: Shop, stock: StockView, name: str) -> Script | None:
    """A member of staff who fills the emptiest facings, when there are any and the store has staff."""
    low = sorted(
        (stock.count(f.facing_id), f.facing_id) for f in shop.facings if stock.count(f.facing_id) < max(3, f.stock // 3)
    )
    if len(low) < 3 or not shop.store.staff:
        return None
    steps: list[Step] = [Restock(i, max(1, shop.store.facing[i].stock - n)) for n, i in low[:4]]
    return shop.adult(name, *steps, shopper_id=shop.store.staff[0], start_s=0.0)


def random_shopping(
    store: Store,
    rng: np.random.Generator,
    *,
    shoppers: int = 6,
    visits: int | None = 20,
    confusing_share: float = 0.15,
    family_share: float = 0.06,
    follower_share: float = 0.02,
    pair_share: float = 0.05,
    gap_s: float = 2.0,
) -> Scenario:
    """A day of random shoppers, at most `shoppers` inside at once, `visits` in all (None: without end).

    confusing_share: of what they do at the shelves; family_share, follower_share, pair_share: of the groups that come;
    gap_s: mean time between arrivals while there is room. When facings run low and the store has staff, somebody of
    the staff refills them.
    """
    shop = Shop(store, rng)

    def scripts(stock: StockView) -> Iterator[Script]:
        done, start = 0, 0.0
        refilling = 0
        while visits is None or done < visits:
            start += float(rng.exponential(gap_s))
            name = str(done + 1)
            chance = rng.random()
            staff = _refill(shop, stock, f"staff-{done + 1}") if done - refilling >= 10 else None
            if staff is not None:
                refilling = done
                yield replace(staff, start_s=start)
                continue
            two_more = shoppers >= 2 and (visits is None or done + 1 < visits)
            if chance < family_share and shoppers >= 3:
                group = _party(shop, name, 2 + int(rng.integers(2)))
                done += 1
            elif chance < family_share + follower_share and two_more:
                follower = _visitor(shop, stock, f"{name}-follower", confusing_share)
                group = [_visitor(shop, stock, name, confusing_share)]
                group.append(replace(follower, shopper_id="", behind=name))
                done += 2
            elif chance < family_share + follower_share + pair_share and two_more:
                group = _pair(shop, stock, name, confusing_share)
                done += 2
            else:
                group = [_visitor(shop, stock, name, confusing_share)]
                done += 1
            for script in group:
                yield replace(script, start_s=start)

    return Scenario("random", scripts, at_once=shoppers)


def guest(store: Store, rng: np.random.Generator, stock: StockView, name: str) -> Script:
    """Somebody whom a person outside sends in with their own code: they take three things of what there is."""
    shop = Shop(store, rng)
    full = [f for f in shop.facings if stock.count(f.facing_id) >= 3]
    steps: list[Step] = [Approach(shop.any().facing_id)]
    for facing in shop.different(3, full) if full else ():
        steps += [grab(facing), shop.pause(0.5, 2.0)]
    return replace(shop.adult(name, *steps, shopper_id=name, start_s=0.0), waits=True)


CONFUSING_SHARE = 0.4
"""Of the actions in the case `confusing`, as in the published test of 40 %."""

_BUILDERS["random"] = lambda shop: random_shopping(shop.store, shop.rng)
_BUILDERS["confusing"] = lambda shop: random_shopping(shop.store, shop.rng, confusing_share=CONFUSING_SHARE)
