# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""A day in the small store: what comes out, in which order, and whether it is physically so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest

from yokotago_model.events import (
    SECOND,
    CheckIn,
    Cloud,
    DepthImage,
    HandReach,
    Receipt,
    ShelfWeight,
    StreamProgress,
    TrackFrame,
    TrueAction,
    TrueActionKind,
    TrueReach,
    ZoneCrossing,
)
from yokotago_model.store import Store
from yokotago_sim.noise import Noise
from yokotago_sim.scenarios import random_shopping
from yokotago_sim.shoppers import (
    Drop,
    HandOver,
    Lift,
    PutBack,
    Receive,
    Restock,
    Scenario,
    Script,
    Silence,
    Stand,
    Step,
    Take,
    TakeTwo,
)
from yokotago_sim.simulation import DEFAULT_START, OPENING_S, Arrival, simulate


def one(*steps: Step, shopper_id: str = "ann", **more: object) -> Script:
    return Script("a", shopper_id, steps, **more)  # type: ignore[arg-type]


def day(*scripts: Script, **more: object) -> Scenario:
    def people(_stock: object) -> Iterator[Script]:
        return iter(scripts)

    return Scenario("test", people, **more)  # type: ignore[arg-type]


def of(kind: type, arrivals: Iterable[Arrival], topic: str = "") -> list:
    return [e for _, t, e in arrivals if isinstance(e, kind) and t.startswith(topic)]


def receipts(arrivals: Iterable[Arrival]) -> dict[str, dict[str, int]]:
    return {r.shopper_id: {line.product_id: line.quantity for line in r.lines} for r in of(Receipt, arrivals)}


def levels(arrivals: Iterable[Arrival], scale_id: str) -> tuple[float, float]:
    bursts = [e for e in of(ShelfWeight, arrivals) if e.scale_id == scale_id]
    return bursts[0].grams[0], bursts[-1].grams[-1]


def play(
    store: Store, *scripts: Script, noise: Noise | None = None, level: str = "tracks", **more: object
) -> list[Arrival]:
    return list(simulate(store, day(*scripts, **more), 1, level, noise=noise or Noise.none()))  # type: ignore[arg-type]


@pytest.mark.parametrize("level", ["tracks", "depth", "points"])
def test_the_same_seed_gives_the_same_day_and_another_seed_another(small: Store, level: str) -> None:
    def digest(seed: int) -> list[str]:
        np.set_printoptions(threshold=10**9)
        arrivals = simulate(small, day(one(Take("tea"))), seed, level)  # type: ignore[arg-type]
        wanted = [(a, t, e) for a, t, e in arrivals if a < DEFAULT_START + 9 * SECOND]
        arrays = [(e.points if isinstance(e, Cloud) else e.depth).tobytes() for e in of((Cloud, DepthImage), wanted)]  # type: ignore[arg-type]
        rest = [repr(x) for x in wanted if not isinstance(x[2], Cloud | DepthImage)]
        return [*rest, *map(repr, arrays)]

    assert digest(4) == digest(4)
    assert digest(4) != digest(5)


def test_events_come_in_order_of_arrival_and_never_before_their_time(small: Store) -> None:
    arrivals = list(simulate(small, "random", 2, "tracks"))
    stamps = [a for a, _, _ in arrivals]
    assert stamps == sorted(stamps)
    late = [a - e.stamp for a, t, e in arrivals if t in ("/tracks", "/hand_reaches", "/zone_crossings", "/check_ins")]
    assert min(late) >= 0
    assert max(late) <= 0.3 * SECOND + 100  # a line keeps its order: a nanosecond after the one before, at least
    weights = [a - e.stamp for a, t, e in arrivals if t == "/shelves/weights"]
    assert max(weights) <= (0.2 + 0.3 + 1.1 + 0.1) * SECOND  # a burst, the line, sent again, the clock


def test_a_taken_unit_is_on_the_receipt_and_off_the_scale(small: Store) -> None:
    arrivals = play(small, one(Take("tea", 2)))
    assert receipts(arrivals) == {"ann": {"tea": 2}}
    before, after = levels(arrivals, "S1")
    assert after - before == pytest.approx(-2 * 500, abs=4 * 2 * 12.5)
    (action,) = of(TrueAction, arrivals)
    assert (action.kind, action.quantity, action.facing_id) == (TrueActionKind.TAKE, 2, "tea")
    assert action.reach_begin < action.stamp < action.reach_end


def test_what_is_put_back_weighs_what_it_weighed(small: Store) -> None:
    arrivals = play(small, one(Take("tea"), PutBack("gum", "tea"), Stand(2.0)))
    assert receipts(arrivals) == {"ann": {}}
    lost = -np.subtract(*levels(arrivals, "S1")[::-1])
    gained = np.subtract(*levels(arrivals, "S4")[::-1])
    assert gained == pytest.approx(lost, abs=0.2)


def test_all_weight_that_leaves_the_scales_leaves_with_shoppers(small: Store) -> None:
    arrivals = list(
        simulate(
            small,
            random_shopping(small, np.random.default_rng(3), shoppers=3, visits=8),
            3,
            "tracks",
            noise=Noise.none(),
        )
    )
    moved = sum(np.subtract(*levels(arrivals, s.scale_id)[::-1]) for s in small.scales)
    sold = sum(
        small.product[line.product_id].weight * line.quantity for r in of(Receipt, arrivals) for line in r.lines
    )
    assert sold > 0
    assert -moved == pytest.approx(sold, rel=0.05)


def test_a_product_on_two_scales_loads_both_and_the_sum_is_right(small: Store) -> None:
    arrivals = play(small, one(*[Take("rice", 3)] * 3))
    parts = [np.subtract(*levels(arrivals, s)[::-1]) for s in ("S2", "S3")]
    assert all(p < -500 for p in parts)
    assert sum(parts) == pytest.approx(-9000, rel=0.06)


def test_the_hand_is_in_the_facing_when_the_weight_falls(small: Store) -> None:
    steps = [Take(f) for f in ("tea", "rice", "gum", "mint")]
    arrivals = play(small, one(*steps))
    shelf = small.shelf["S"]
    frames = {f.stamp: f for f in of(TrackFrame, arrivals, "/truth")}
    for action in of(TrueAction, arrivals):
        frame = frames[min(frames, key=lambda s: abs(s - action.stamp))]
        facing = small.facing[action.facing_id]
        places = [shelf.to_shelf(h.position) for h in frame.tracks[0].hands]
        assert any(
            facing.x <= u <= facing.x + facing.width
            and 0 < v < shelf.size[1]
            and facing.z <= z <= facing.z + facing.height
            for u, v, z in places
        )
    reaches = of(TrueReach, arrivals)
    assert [r.facing_id for r in reaches] == [a.facing_id for a in of(TrueAction, arrivals)]


def test_reaches_take_the_time_that_they_take_in_a_real_store(small: Store) -> None:
    scenario = random_shopping(small, np.random.default_rng(1), shoppers=3, visits=12, confusing_share=0.0)
    actions = of(TrueAction, simulate(small, scenario, 1, "tracks"))
    before = np.array([a.stamp - a.reach_begin for a in actions]) / SECOND
    after = np.array([a.reach_end - a.stamp for a in actions]) / SECOND
    assert len(actions) > 10
    assert np.median(before) == pytest.approx(0.85, abs=0.1)
    assert 0.4 <= np.median(after) <= 0.8


def test_in_a_crowd_too_every_action_lies_within_its_reach(demo: Store) -> None:
    """Where it is full people stand so near to a shelf that a hand at rest is inside it before they reach."""
    scenario = random_shopping(demo, np.random.default_rng(3), shoppers=8, visits=8)
    actions = [a for a in of(TrueAction, simulate(demo, scenario, 3, "tracks")) if a.facing_id]
    assert len(actions) > 15
    assert all(a.reach_begin < a.stamp < a.reach_end for a in actions)


def test_people_stay_on_the_floor_and_apart(demo: Store) -> None:
    scenario = random_shopping(demo, np.random.default_rng(2), shoppers=8, visits=8)
    for frame in of(TrackFrame, simulate(demo, scenario, 2, "tracks"), "/truth"):
        places = [t.position[:2] for t in frame.tracks]
        for x, y in places:
            assert -0.1 < x < 6.1
            assert -0.1 < y < 5.1
        # Heads of people who bend over one shelf may come near each other; bodies keep 0.28 m.
        gaps = [math.dist(a, b) for i, a in enumerate(places) for b in places[:i]]
        assert min(gaps, default=1.0) > 0.02


def test_the_taker_pays_after_a_hand_over(small: Store) -> None:
    ann = one(Take("tea"), HandOver("b", "tea"))
    bob = Script("b", "bob", (Receive("a"),), start_s=0.5)
    arrivals = play(small, ann, bob)
    assert receipts(arrivals) == {"ann": {"tea": 1}, "bob": {}}
    kinds = [a.kind for a in of(TrueAction, arrivals)]
    assert kinds == [TrueActionKind.TAKE, TrueActionKind.HAND_OVER]


def test_what_lies_on_the_floor_is_not_paid_and_goes_to_review(small: Store) -> None:
    (receipt,) = of(Receipt, play(small, one(Take("tea"), Take("gum"), Drop("tea"))))
    assert [line.product_id for line in receipt.lines] == ["gum"]
    assert receipt.needs_review
    assert receipt.review_reasons == ("1 x Tea was left on the floor",)


def test_a_family_has_one_receipt_and_a_follower_their_own(small: Store) -> None:
    mother = Script("m", "mum", (Take("tea"),), party_size=2)
    child = Script("c", "", (Take("gum"),), behind="m", payer="m", height_m=1.1)
    thief = Script("t", "", (Take("mint"),), behind="c", start_s=2.0)
    arrivals = play(small, mother, child, thief)
    assert receipts(arrivals) == {"mum": {"tea": 1, "gum": 1}, "": {"mint": 1}}
    (check_in,) = of(CheckIn, arrivals)
    assert (check_in.party_size, check_in.shopper_id, check_in.gate_id) == (2, "mum", "gate")


def test_who_is_pushed_back_in_at_the_door_has_left_once(demo: Store) -> None:
    arrivals = list(simulate(demo, "dark_sensor", 91, "tracks"))
    there = [any(t.track_id == 2 for t in f.tracks) for f in of(TrackFrame, arrivals, "/truth")]
    assert [now for now, _ in groupby(there)] == [False, True, False, True, False]
    left = [f.stamp for f, now in zip(of(TrackFrame, arrivals, "/truth"), there, strict=True) if now][-1]
    mine, other = sorted(of(Receipt, arrivals, "/truth"), key=lambda r: r.visit_id, reverse=True)
    assert (mine.visit_id, other.visit_id) == ("person-2", "person-1")
    assert 0 < mine.left - left < SECOND // 10


def test_two_hands_take_at_once(small: Store) -> None:
    arrivals = play(small, one(TakeTwo(Take("tea"), Take("rice"))))
    assert receipts(arrivals) == {"ann": {"tea": 1, "rice": 1}}
    a, b = of(TrueReach, arrivals)
    assert a.begin < b.end
    assert b.begin < a.end


def test_a_lifted_unit_is_gone_for_a_moment_only(small: Store) -> None:
    arrivals = play(small, one(Lift("tea", 1.5)))
    assert receipts(arrivals) == {"ann": {}}
    assert not of(TrueAction, arrivals)
    assert len(of(TrueReach, arrivals)) == 1
    grams = np.concatenate([e.grams for e in of(ShelfWeight, arrivals) if e.scale_id == "S1"])
    away = (grams < grams[0] - 300).sum() / 80.0
    assert away == pytest.approx(1.5, abs=0.15)
    assert grams[-1] == pytest.approx(grams[0], abs=0.2)


def test_an_empty_facing_gives_nothing_and_staff_fill_it(small: Store) -> None:
    greedy = one(*[Take("gum", 4)] * 3)
    staff = Script("s", "staff-1", (Restock("gum", 5),), start_s=60.0)
    arrivals = play(small, greedy, staff)
    assert receipts(arrivals) == {"ann": {"gum": 8}}
    before, after = levels(arrivals, "S4")
    assert after - before == pytest.approx(-3 * 50, rel=0.15)


def test_crossings_tell_who_came_and_went(small: Store) -> None:
    arrivals = play(small, one(Take("tea")))
    for topic in ("/truth/zone_crossings", "/zone_crossings"):
        told = [(c.zone_id, c.kind.name) for c in of(ZoneCrossing, arrivals, topic)]
        assert told == [("entrance", "ENTER"), ("entrance", "EXIT"), ("exit", "ENTER"), ("exit", "EXIT")]
    (receipt,) = of(Receipt, arrivals)
    frames = [f.stamp for f in of(TrackFrame, arrivals, "/truth") if f.tracks]
    assert receipt.entered == frames[0]
    assert 0 < receipt.left - frames[-1] <= 0.07 * SECOND


def test_the_store_is_empty_at_first(small: Store) -> None:
    arrivals = play(small, one(Take("tea")))
    first = next(f for f in of(TrackFrame, arrivals, "/truth") if f.tracks)
    assert first.stamp >= DEFAULT_START + OPENING_S * SECOND
    assert of(TrackFrame, arrivals, "/truth")[0].tracks == ()


def test_progress_never_runs_ahead_of_what_it_counts(small: Store) -> None:
    scenario = random_shopping(small, np.random.default_rng(6), shoppers=3, visits=6)
    whole: dict[str, int] = {}
    counts: dict[str, int] = {}
    for _, topic, event in simulate(small, scenario, 6, "tracks"):
        if isinstance(event, StreamProgress):
            whole[event.stream] = event.stamp
            assert event.published == counts.get(event.stream, 0)
        elif topic in ("/tracks", "/zone_crossings", "/hand_reaches", "/check_ins"):
            counts[topic] = counts.get(topic, 0) + 1
            assert event.stamp > whole.get(topic, 0), topic
    assert set(whole) == {"/tracks", "/zone_crossings", "/hand_reaches", "/check_ins"}


def test_tracked_reaches_begin_and_end_once(small: Store) -> None:
    arrivals = list(simulate(small, day(one(Take("tea"), Take("mint"))), 1, "tracks"))
    reaches = of(HandReach, arrivals)
    begun = [r.reach_id for r in reaches if not r.complete]
    ended = [r.reach_id for r in reaches if r.complete]
    assert begun == ended
    assert len(set(begun)) == len(begun) == 2
    for r in reaches:
        assert [s.stamp for s in r.samples] == sorted(s.stamp for s in r.samples)
        assert r.samples[0].stamp == r.begin


def test_a_dark_sensor_sends_nothing_for_its_time(small: Store) -> None:
    arrivals = play(small, one(Take("tea")), level="depth", silences=(Silence("top", 5.0, 8.0),))
    seconds = np.array([e.stamp - DEFAULT_START for e in of(DepthImage, arrivals)]) / SECOND
    assert not ((seconds > 5.01) & (seconds < 7.99)).any()
    assert ((seconds > 4.0) & (seconds < 5.0)).sum() == pytest.approx(15, abs=1)
    assert (seconds > 8.0).sum() > 30


def test_a_silent_scale_misses_the_bursts_of_its_time(small: Store) -> None:
    arrivals = play(small, one(Take("tea")), silences=(Silence("S1", 5.0, 8.0),))
    own = [b for b in of(ShelfWeight, arrivals) if b.scale_id == "S1"]
    jumps = [b.sequence - a.sequence for a, b in pairwise(own) if b.sequence - a.sequence > 16]
    assert len(jumps) == 1
    assert jumps[0] * own[0].period == pytest.approx(3.2, abs=0.25)


def test_two_in_one_blob_leave_it_with_a_doubt(demo: Store) -> None:
    noise = replace(Noise(), tracks=replace(Noise().tracks, merge_distance_m=0.5, swap_share=0.3))
    frames = of(TrackFrame, simulate(demo, "merge_and_part", 1, "tracks", noise=noise), "/tracks")
    assert frames[100].tracks[0].identity_confidence == 1.0
    unsure = [t for f in frames for t in f.tracks if t.identity_confidence < 1.0]
    assert {(t.track_id, t.identity_alternatives) for t in unsure} == {(1, (2,)), (2, (1,))}
    assert max(t.identity_confidence for t in unsure) == pytest.approx(0.7)


def test_staff_have_no_true_receipt(small: Store) -> None:
    arrivals = play(small, Script("s", "staff-1", (Restock("gum", 1),)))
    assert len(of(CheckIn, arrivals)) == 1
    assert receipts(arrivals) == {}


def test_the_truth_can_be_left_out(small: Store) -> None:
    topics = {t for _, t, _ in simulate(small, day(one(Take("tea"))), 1, "tracks", truth=False)}
    assert not [t for t in topics if t.startswith("/truth")]


def test_an_unknown_case_and_an_unknown_level_are_named(small: Store) -> None:
    with pytest.raises(KeyError, match=r"S99.*S01"):
        simulate(small, "S99", 1)
    with pytest.raises(ValueError, match="level 'clouds'"):
        simulate(small, "S01", 1, "clouds")  # type: ignore[arg-type]


def test_nobody_can_enter_a_store_without_an_entrance(small: Store) -> None:
    closed = replace(small, zones=small.zones[1:], gates=())
    with pytest.raises(ValueError, match="no entrance"):
        simulate(closed, "S01", 1)
