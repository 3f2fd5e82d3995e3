# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The solver against full enumeration: nothing that matters is missed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest
from fusion_world import at, reach, small_store
from hypothesis import given, settings
from hypothesis import strategies as st

from yokotago_fusion.explanations import Kind, Measurement, Piece, Scene, apply, compatible, explain, pieces_of, score
from yokotago_fusion.hands import Actor, ReachEvidence
from yokotago_fusion.hypotheses import Hypothesis, Key, Stray, Unit, World
from yokotago_fusion.likelihoods import log_sum
from yokotago_fusion.parameters import FusionParameters
from yokotago_fusion.planogram import Planogram
from yokotago_fusion.solver import log_split, other_holders, solve
from yokotago_fusion.whereabouts import Whereabouts

STORE = small_store()
PARAMS = FusionParameters()
PLANOGRAM = Planogram(STORE, PARAMS)


def measured(
    number: int, deck: str, time: float, grams: float, variance: float = 0.25, lasted: float = 0.1
) -> Measurement:
    d = PLANOGRAM.deck_of_scale[deck]
    begin, end = at(time - lasted / 2), at(time + lasted / 2)
    return Measurement(d, begin, end, grams, variance, ((deck, grams, variance),), (f"c{number}",))


def scene(measurement: Measurement, hands: list[tuple[int, float]]) -> Scene:
    """Each hand (track, along) is in the shelf from 9.6 s to 11.2 s."""
    actors = [
        Actor(track, ReachEvidence(reach(n, track, x, 9.6, 11.2)[1], STORE.shelf["S"]), ((track, 0.0),))
        for n, (track, x) in enumerate(hands)
    ]
    return Scene(measurement, actors, PLANOGRAM, Whereabouts(), frozenset(), PARAMS)


Found = Iterator[tuple[float, tuple[Piece, ...]]]


def every_explanation(s: Scene, world: World, grams: float, variance: float, holders: list[int], whole: bool) -> Found:
    pieces = pieces_of(s, world, grams, variance, holders)
    for n in range(4):
        for chosen in itertools.combinations(pieces, n):
            if compatible(chosen):
                logp = score(s, chosen, grams, variance, whole)
                if logp > -math.inf:
                    yield logp, chosen


def enumerate_all(scenes: list[Scene], hypotheses: list[Hypothesis], present: list[int]) -> dict[Key, float]:
    """Log probability of every final world, from all combinations of explanations and of steps held back."""
    found: dict[Key, list[float]] = {}

    def go(number: int, logp: float, world: World, waiting: dict[str, list[Measurement]], acts: set[str]) -> None:
        if number == len(scenes):
            if not any(waiting.values()):
                found.setdefault(world.key, []).append(logp)
            return
        s = scenes[number]
        m = s.measurement
        before = waiting.get(m.deck.deck_id, [])
        grams = m.grams + sum(w.grams for w in before)
        variance = m.variance + sum(w.variance for w in before)
        holders = other_holders(s, world, present)
        for e, pieces in every_explanation(s, world, grams, variance, holders, not before):
            moved = {p.reach_id for p in pieces if p.reach_id}
            again = moved & acts
            after = apply(world, pieces, m.deck, grams, variance)
            left = {**waiting, m.deck.deck_id: []}
            go(number + 1, logp + e + len(again) * math.log(PARAMS.p_again), after, left, acts | moved)
        if any(x.measurement.deck is m.deck for x in scenes[number + 1 :]):
            go(number + 1, logp + log_split(m, PARAMS), world, {**waiting, m.deck.deck_id: [*before, m]}, acts)

    for h in hypotheses:
        go(0, h.logp, h.world, {}, set())
    return {key: log_sum(values) for key, values in found.items()}


def shares(logs: dict[Key, float]) -> dict[Key, float]:
    total = log_sum(logs.values())
    return {k: math.exp(v - total) for k, v in logs.items()}


def check(scenes: list[Scene], hypotheses: list[Hypothesis], present: list[int]) -> None:
    slow = shares(enumerate_all(scenes, hypotheses, present))
    fast: dict[Key, list[float]] = {}
    for o in solve(scenes, hypotheses, present, PARAMS):
        fast.setdefault(o.world.key, []).append(o.logp)
    quick = shares({k: log_sum(v) for k, v in fast.items()})
    lost = math.exp(-PARAMS.margin) * 20
    for key, share in slow.items():
        assert quick.get(key, 0.0) == pytest.approx(share, abs=lost, rel=0.01)


TEA = Unit("tea", 501.0, 0.3, "f-tea")
COLA = Unit("cola", 519.0, 0.3, "f-cola")

steps = st.tuples(
    st.sampled_from(["p0", "p1", "p2"]),
    st.sampled_from([-501.0, -520.0, -1001.0, -31.0, -199.0, -231.0, -310.0, 501.2, 519.5, 30.0, 1020.0]),
    st.floats(-1.5, 1.5),
    st.floats(0.0, 0.8),
)


@settings(max_examples=15, deadline=None)
@given(
    measures=st.lists(steps, min_size=1, max_size=2),
    hand=st.floats(0.05, 1.2),
    holds=st.sampled_from([{}, {1: (TEA,)}, {1: (COLA, TEA)}, {2: (TEA,)}]),
)
def test_one_hand_the_same_as_full_enumeration(
    measures: list[tuple[str, float, float, float]], hand: float, holds: dict[int, tuple[Unit, ...]]
) -> None:
    made = sorted(
        (measured(n, deck, 10.2 + later, grams + off) for n, (deck, grams, off, later) in enumerate(measures)),
        key=lambda m: m.end,
    )
    worlds = [Hypothesis(math.log(0.7), World(holds)), Hypothesis(math.log(0.3), World())]
    check([scene(m, [(1, hand)]) for m in made], worlds, [1, 2])


@settings(max_examples=8, deadline=None)
@given(measure=steps, hands=st.tuples(st.floats(0.05, 1.2), st.floats(0.05, 1.2)), lasted=st.sampled_from([0.1, 0.3]))
def test_two_hands_the_same_as_full_enumeration(
    measure: tuple[str, float, float, float], hands: tuple[float, float], lasted: float
) -> None:
    deck, grams, off, _ = measure
    world = [Hypothesis(0.0, World({1: (TEA,), 2: (COLA,)}))]
    s = scene(measured(1, deck, 10.2, grams + off, lasted=lasted), [(1, hands[0]), (2, hands[1])])
    check([s], world, [1, 2])


def test_greedy_would_be_fooled() -> None:
    """A tea and a cola are held, nearly alike. The step up alone looks like the cola; the second, at the tea's place,
    tells.
    """
    near = Unit("tea", 509.0, 9.0, "f-tea")
    other = Unit("cola", 511.0, 9.0, "f-cola")
    world = [Hypothesis(0.0, World({1: (other, near)}))]
    first = scene(measured(1, "p2", 10.2, 510.6), [(1, 1.0)])
    second = scene(measured(2, "p1", 10.9, 511.2), [(1, 0.6)])
    best = solve([first, second], world, [1], PARAMS)[0]
    assert best.world.basket(1) == {}
    assert [u.unit.product_id for u in best.world.strays["p2"]] == ["tea"]


def test_only_what_is_held_can_come_back() -> None:
    s = scene(measured(1, "p0", 10.2, 500.0), [(1, 0.2)])
    assert {p.kind for e in explain(s, World(), 500.0, 0.25, []) for p in e.pieces} == {Kind.FOREIGN}
    held = explain(s, World({1: (TEA,)}), 500.0, 0.25, [])
    assert max(held, key=lambda e: e.logp).pieces[0].kind is Kind.PUT


def test_each_part_must_show_on_its_own_scale() -> None:
    """30 g went from p4 although the hand was at the gum, which stands on p2: it was not gum."""
    deck = PLANOGRAM.deck_of_scale["p3"]
    m = Measurement(deck, at(10.1), at(10.2), -100.0, 0.5, (("p3", -63.0, 0.25), ("p4", -37.0, 0.25)), ("c1", "c2"))
    best = max(explain(scene(m, [(1, 1.6)]), World(), -100.0, 0.5, []), key=lambda e: e.logp)
    assert [(p.product_id, p.quantity) for p in best.pieces] == [("soy", 1)]


def odds_of_one_hand(lasted: float, hands: list[tuple[int, float]]) -> float:
    """Log odds that one hand took both of two teas, to each hand one of them."""
    logs: dict[int, list[float]] = {1: [], 2: []}
    for e in explain(scene(measured(1, "p0", 10.2, -1000.0, lasted=lasted), hands), World(), -1000.0, 0.25, []):
        if sum(p.quantity for p in e.pieces) == 2:
            logs[len(e.pieces)].append(e.logp)
    return log_sum(logs[1]) - log_sum(logs[2])


def test_things_that_go_apart_are_seldom_one_hands() -> None:
    hands = [(1, 0.1), (2, 0.35)]
    at_once, apart = odds_of_one_hand(0.14, hands), odds_of_one_hand(0.16, hands)
    assert at_once - apart == pytest.approx(-math.log(PARAMS.p_apart), abs=0.05)


def test_each_thing_more_may_take_one_hand_longer() -> None:
    def logp(units: int, lasted: float) -> float:
        s = scene(measured(1, "p0", 10.2, -500.0 * units, lasted=lasted), [(1, 0.1)])
        return max(e.logp for e in explain(s, World(), -500.0 * units, 0.25, []) if e.pieces)

    for units, most in ((2, 0.15), (3, 0.2), (5, 0.3)):
        fall = logp(units, most - 0.01) - logp(units, most + 0.01)
        assert fall == pytest.approx(-math.log(PARAMS.p_apart), abs=0.05)
    assert logp(1, 0.14) == pytest.approx(logp(1, 0.16), abs=0.05)


def test_who_put_a_thing_into_a_wrong_place_likelier_takes_it_again_than_others_take_it() -> None:
    stray = Stray(Unit("cola", 500.0, 0.3, "f-cola"), 0.2, 1.1, 0.05, by=1)
    world = World(strays={PLANOGRAM.deck_of_scale["p0"].deck_id: (stray,)})
    found = {}
    for person in (1, 2):
        s = scene(measured(1, "p0", 10.2, -500.0), [(person, 0.2)])
        logs = {e.pieces[0].kind: e.logp for e in explain(s, world, -500.0, 0.25, []) if len(e.pieces) == 1}
        found[person] = logs[Kind.TAKE_STRAY] - logs[Kind.TAKE]
    assert found[1] - found[2] == pytest.approx(math.log(PARAMS.p_stray_own / PARAMS.p_stray))
    assert PARAMS.p_stray < PARAMS.p_stray_own


def test_what_is_put_into_a_wrong_place_is_known_as_its_putters() -> None:
    s = scene(measured(1, "p1", 10.2, 501.0), [(1, 0.6)])
    (best, *_) = solve([s], [Hypothesis(0.0, World({1: (TEA,)}))], [1], PARAMS)
    assert [x.by for x in best.world.strays[PLANOGRAM.deck_of_scale["p1"].deck_id]] == [1]
