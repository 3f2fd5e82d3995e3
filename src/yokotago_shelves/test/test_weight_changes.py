# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Weight changes in worlds small enough to compute by hand, and under everything that scales and lines do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yokotago_model.events import (
    SECOND,
    Alert,
    ScaleStatus,
    ShelfWeight,
    StreamProgress,
    WeightChange,
    seconds_between,
    stamp_of,
)
from yokotago_model.store import Scale, Shelf, Store
from yokotago_shelves.parameters import WeightParameters
from yokotago_shelves.weight_changes import WeightChanges

settings.register_profile("store", deadline=None, max_examples=30)
settings.load_profile("store")

HZ = 80
SAMPLES = 16
START = 1_700_000_000 * SECOND

Curve = Callable[[float], float]
"""Grams on a scale as a function of the time since the start [s]."""


def _store(scales: int = 1) -> Store:
    return Store(
        store_id="test",
        name="test",
        currency="EUR",
        floor=((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)),
        ceiling=3.0,
        sensors=(),
        zones=(),
        gates=(),
        shelves=(Shelf("A", "A", (0.0, 3.0, 0.0), 0.0, (2.0, 0.4, 1.5)),),
        scales=tuple(Scale(f"s{i}", "A", 0.4 * i, 0.8, 0.4, 0.4) for i in range(scales)),
        facings=(),
        products=(),
    )


def _bursts(
    curve: Curve, until: float, *, scale_id: str = "s0", noise: float = 1.0, seed: int = 1, hz: int = HZ
) -> list[ShelfWeight]:
    rng = np.random.default_rng(seed)
    per_burst = max(1, SAMPLES * hz // HZ)
    bursts = []
    for first in range(0, int(until * hz), per_burst):
        times = [(first + i) / hz for i in range(per_burst)]
        grams = tuple(curve(t) + noise * float(rng.normal()) for t in times)
        bursts.append(ShelfWeight(START + stamp_of(first / hz), scale_id, 1, first, 1.0 / hz, grams))
    return bursts


def _steps(*steps: tuple[float, float], base: float = 5000.0) -> Curve:
    """Falls and rises (time [s], grams), each lasting 50 ms."""
    return lambda t: base + sum(g * min(max((t - at) / 0.05, 0.0), 1.0) for at, g in steps)


def _run(bursts: Iterable[ShelfWeight], store: Store | None = None) -> tuple[list[WeightChange], list[object]]:
    stage = WeightChanges(store or _store())
    out = [e for burst in bursts for e in stage.feed(burst)] + stage.finish()
    return [e for e in out if isinstance(e, WeightChange)], out


def _only(changes: list[WeightChange]) -> WeightChange:
    assert len(changes) == 1, changes
    return changes[0]


def _has(change: WeightChange, at: float, grams: float) -> bool:
    """Whether a change is the step of so many grams at that time [s]."""
    near = abs(change.delta - grams) < 4.0 * change.stddev + 0.5
    stamp = START + stamp_of(at)
    return near and seconds_between(change.begin, stamp) > -0.1 and seconds_between(stamp, change.end) > -0.1


@pytest.mark.parametrize("hz", [10, 80])
def test_one_step_is_one_change_with_time_and_size(hz: int) -> None:
    change = _only(_run(_bursts(_steps((5.0, -112.0)), 10.0, hz=hz))[0])
    assert _has(change, 5.0, -112.0)
    assert change.level_after - change.level_before == pytest.approx(change.delta, abs=0.01)
    assert seconds_between(change.begin, change.end) < 0.6
    assert 0.05 < change.stddev < 3.0


def test_the_stated_uncertainty_is_the_real_one() -> None:
    deviations = []
    for seed in range(60):
        change = _only(_run(_bursts(_steps((4.0, -100.0)), 6.0, noise=3.0, seed=seed))[0])
        deviations.append((change.delta + 100.0) / change.stddev)
    assert 0.5 < np.std(deviations) < 1.6
    assert abs(np.mean(deviations)) < 0.5


def test_a_change_is_told_soon_after_the_level_stands() -> None:
    stage = WeightChanges(_store())
    for burst in _bursts(_steps((5.0, -112.0)), 10.0):
        if any(isinstance(e, WeightChange) for e in stage.feed(burst)):
            arrived = seconds_between(START, burst.stamp) + SAMPLES / HZ
            assert arrived < 5.05 + 0.75
            return
    pytest.fail("no change was told")


def test_noise_drift_and_footsteps_are_no_changes() -> None:
    def curve(t: float) -> float:
        footstep = 40.0 * np.exp(-(((t % 3.0) - 1.5) ** 2) / 0.002)
        return 5000.0 + 5.0 * t / 60.0 + footstep

    assert _run(_bursts(curve, 120.0, noise=3.0))[0] == []


def test_a_touch_before_the_fall_does_not_shift_it() -> None:
    def curve(t: float) -> float:
        return _steps((5.0, -112.0))(t) + (36.0 if 4.8 < t < 5.0 else 0.0)

    assert _has(_only(_run(_bursts(curve, 10.0))[0]), 5.0, -112.0)


@pytest.mark.parametrize("hz", [10, 80])
def test_a_fast_series_gives_each_step(hz: int) -> None:
    changes = _run(_bursts(_steps((5.0, -112.0), (5.6, -108.0), (6.2, -115.0)), 10.0, hz=hz))[0]
    assert len(changes) == 3
    assert all(_has(c, *s) for c, s in zip(changes, [(5.0, -112.0), (5.6, -108.0), (6.2, -115.0)], strict=True))


def test_a_slow_pick_sums_up_to_the_weight() -> None:
    def curve(t: float) -> float:
        return 5000.0 - 300.0 * min(max((t - 5.0) / 3.0, 0.0), 1.0)

    changes = _run(_bursts(curve, 15.0))[0]
    assert sum(c.delta for c in changes) == pytest.approx(-300.0, abs=3.0)


def test_an_item_held_half_lifted_for_half_a_minute_is_two_steps() -> None:
    changes = _run(_bursts(_steps((5.0, -60.0), (35.0, -52.0)), 40.0))[0]
    assert len(changes) == 2
    assert _has(changes[0], 5.0, -60.0)
    assert _has(changes[1], 35.0, -52.0)


def test_a_bag_leaned_on_the_shelf_is_there_and_away_again() -> None:
    changes = _run(_bursts(_steps((5.0, 800.0), (9.0, -800.0)), 15.0))[0]
    assert [round(c.delta, -1) for c in changes] == [800.0, -800.0]


def test_a_neighbour_s_cross_talk_is_no_change_and_a_small_product_is_one() -> None:
    store = _store(3)
    loud = _bursts(_steps((5.0, -1000.0)), 12.0, scale_id="s1")
    shadow = _bursts(_steps((5.0, -15.0)), 12.0, scale_id="s0", seed=2)
    small = _bursts(_steps((8.0, -15.0)), 12.0, scale_id="s2", seed=3)
    merged = sorted(loud + shadow + small, key=lambda b: (b.stamp, b.scale_id))
    changes = _run(merged, store)[0]
    assert sorted((c.scale_id, round(c.delta)) for c in changes) == [("s1", -1000), ("s2", -15)]


@given(st.lists(st.tuples(st.integers(0, 799), st.sampled_from([-33_500.0, 9_000.0, 0.0, 20_000.0])), max_size=6))
def test_spikes_and_wrong_gain_change_nothing(spikes: list[tuple[int, float]]) -> None:
    clean = _bursts(_steps((5.0, -112.0)), 10.0)
    # Median of three: a spike is alone among its neighbours.
    alone = {i: g for i, g in spikes if not any(abs(i - j) in (1, 2) for j, _ in spikes)}

    def spiked(burst: ShelfWeight) -> ShelfWeight:
        grams = tuple(alone.get(burst.sequence + i, g) for i, g in enumerate(burst.grams))
        return ShelfWeight(burst.stamp, burst.scale_id, 1, burst.sequence, burst.period, grams)

    change = _only(_run(map(spiked, clean))[0])
    assert _has(change, 5.0, -112.0)


@given(st.randoms(use_true_random=False))
def test_order_of_arrival_within_the_lateness_changes_nothing(random: object) -> None:
    store = _store(2)
    bursts = _bursts(_steps((3.0, -112.0), (5.0, 60.0)), 8.0) + _bursts(_steps((4.0, -31.0)), 8.0, scale_id="s1")
    bursts.sort(key=lambda b: (b.stamp, b.scale_id))
    lateness = store.tolerances.weights_late_s * 0.8
    shuffled = sorted(bursts, key=lambda b: b.stamp + round(random.uniform(0.0, lateness) * SECOND))  # type: ignore[attr-defined]
    twice = [b for burst in shuffled for b in ([burst, burst] if random.random() < 0.1 else [burst])]  # type: ignore[attr-defined]

    def told(order: list[ShelfWeight]) -> list[WeightChange]:
        return sorted(_run(order, store)[0], key=lambda c: c.change_id)

    assert told(twice) == told(bursts)


@given(st.lists(st.tuples(st.floats(1.0, 1.5), st.sampled_from([-500.0, -112.0, -31.0, 90.0])), min_size=1, max_size=5))
def test_the_deltas_sum_up_to_the_difference_of_the_levels(gaps: list[tuple[float, float]]) -> None:
    at, steps = 2.0, []
    for gap, grams in gaps:
        steps.append((at, grams))
        at += gap
    changes = _run(_bursts(_steps(*steps), at + 2.0))[0]
    assert sum(c.delta for c in changes) == pytest.approx(sum(g for _, g in steps), abs=2.0 + len(steps))


def test_missing_bursts_hide_no_step() -> None:
    bursts = [b for b in _bursts(_steps((5.0, -112.0)), 10.0) if not 4.5 < seconds_between(START, b.stamp) < 5.5]
    change = _only(_run(bursts)[0])
    assert _has(change, 5.0, -112.0)
    assert seconds_between(change.begin, change.end) > 0.9


def test_a_step_during_a_restart_is_found_across_the_gap() -> None:
    before = [b for b in _bursts(_steps((5.0, -112.0)), 10.0) if seconds_between(START, b.stamp) < 4.0]
    after = [
        ShelfWeight(b.stamp, b.scale_id, 2, b.sequence - 560, b.period, b.grams)
        for b in _bursts(_steps((5.0, -112.0)), 12.0)
        if seconds_between(START, b.stamp) >= 7.0
    ]
    late_ghost = [ShelfWeight(before[-1].stamp, "s0", 1, before[-1].sequence, 1 / HZ, before[-1].grams)]
    change = _only(_run(before + after[:5] + late_ghost + after[5:])[0])
    assert change.delta == pytest.approx(-112.0, abs=3.0)
    assert seconds_between(change.begin, change.end) > 2.5


def test_faulty_and_saturated_samples_are_no_weights_and_raise_one_alert() -> None:
    def faulty(burst: ShelfWeight) -> ShelfWeight:
        if not 4.0 < seconds_between(START, burst.stamp) < 6.0:
            return burst
        status = ScaleStatus.SATURATED | ScaleStatus.HARDWARE_FAULT
        return ShelfWeight(burst.stamp, "s0", 1, burst.sequence, burst.period, (0.0,) * SAMPLES, status)

    changes, out = _run(map(faulty, _bursts(_steps(), 10.0)))
    assert changes == []
    alerts = [e for e in out if isinstance(e, Alert)]
    assert [a.code for a in alerts] == ["scale_fault"]
    assert "beyond what it can weigh and reports a fault" in alerts[0].text


def _held(before: float, until: float, lifted: float, weight: float) -> Curve:
    """A hand holds a thing of this weight, lifts it by so many grams and trembles a little, then takes it."""

    def curve(t: float) -> float:
        if not before < t < until:
            return _steps((until, -weight))(t)
        edge = min(1.0, (t - before) / 0.3, (until - t) / 0.3)
        return 5000.0 - lifted * edge * (1.0 + 0.25 * np.sin(4.1 * t) + 0.15 * np.sin(9.7 * t))

    return curve


def test_a_thing_held_for_half_a_minute_and_then_taken_is_one_change() -> None:
    change = _only(_run(_bursts(_held(5.0, 35.0, 120.0, 500.0), 40.0))[0])
    assert _has(change, 35.0, -500.0)
    # It moved when it went, not when the hand came.
    assert seconds_between(change.begin, change.end) < 0.5


def test_a_step_begins_when_the_thing_moves_and_not_when_it_was_touched() -> None:
    change = _only(_run(_bursts(_held(5.0, 6.2, 60.0, 500.0), 10.0))[0])
    assert change.delta == pytest.approx(-500.0, abs=3.0)
    assert abs(seconds_between(START, change.begin) - 6.2) < 0.15


@pytest.mark.parametrize("apart", [0.1, 0.15, 0.2])
def test_two_hands_that_take_one_thing_each_at_once_are_one_change_that_ends_with_the_second(apart: float) -> None:
    falls = _steps((5.0, -120.0), (5.0 + apart, -110.0))

    def curve(t: float) -> float:
        """Each hand presses for 0.3 s before its thing goes."""
        begins = (5.0 - 0.3, 5.0 + apart - 0.3)
        return falls(t) + sum(36.0 * math.sin(math.pi * (t - b) / 0.3) for b in begins if b < t < b + 0.3)

    change = _only(_run(_bursts(curve, 10.0))[0])
    assert change.delta == pytest.approx(-230.0, abs=2.5)
    assert seconds_between(START + stamp_of(5.0), change.begin) < 0.1
    assert seconds_between(START + stamp_of(5.0 + apart), change.end) == pytest.approx(0.05, abs=0.06)


def test_a_thing_drawn_away_over_half_a_minute_is_one_change() -> None:
    change = _only(_run(_bursts(lambda t: 5000.0 - 300.0 * min(max((t - 5.0) / 30.0, 0.0), 1.0), 40.0))[0])
    assert change.delta == pytest.approx(-300.0, abs=3.0)


def test_a_step_on_a_swaying_shelf_is_found_before_the_sway_has_ended() -> None:
    def curve(t: float) -> float:
        return _steps((5.0, -112.0))(t) + (40.0 * np.sin(2 * np.pi * 8.3 * t) if 3.0 < t < 11.0 else 0.0)

    stage = WeightChanges(_store())
    told = [
        (burst.stamp, e) for burst in _bursts(curve, 12.0) for e in stage.feed(burst) if isinstance(e, WeightChange)
    ]
    assert len(told) == 1
    assert told[0][1].delta == pytest.approx(-112.0, abs=8.0)
    assert seconds_between(START, told[0][0]) < 8.0


def test_a_restarted_board_without_the_time_is_heard_and_its_change_is_marked() -> None:
    # The clock of the board begins at 0 with the restart; the other scale has the time.
    curve = _steps((7.0, -112.0))
    own = [
        b
        if seconds_between(START, b.stamp) < 4.0
        else ShelfWeight(b.stamp - START, "s0", 2, b.sequence - 320, b.period, b.grams, ScaleStatus.CLOCK_UNSYNCED)
        for b in _bursts(curve, 12.0)
    ]
    other = _bursts(_steps(), 12.0, scale_id="s1", seed=2)
    changes, out = _run([b for pair in zip(other, own, strict=True) for b in pair], _store(2))
    change = _only(changes)
    assert _has(change, 7.0, -112.0)
    assert ScaleStatus.CLOCK_UNSYNCED in change.status
    assert seconds_between(change.begin, change.end) >= 0.6  # wider than a step of which the time is known
    assert not [e for e in out if isinstance(e, Alert)]


def test_a_wrong_clock_of_one_board_makes_no_other_silent() -> None:
    ahead = [
        ShelfWeight(b.stamp + 60 * SECOND, "s0", 1, b.sequence, b.period, b.grams, ScaleStatus.CLOCK_UNSYNCED)
        for b in _bursts(_steps(), 8.0)
    ]
    right = _bursts(_steps((5.0, -112.0)), 8.0, scale_id="s1")
    changes, out = _run([b for pair in zip(right, ahead, strict=True) for b in pair], _store(2))
    assert _has(_only(changes), 5.0, -112.0)
    assert not [e for e in out if isinstance(e, Alert)]


def test_a_board_that_restarts_without_saying_so_is_heard_again() -> None:
    bursts = [
        b
        if seconds_between(START, b.stamp) < 4.0
        else ShelfWeight(b.stamp, b.scale_id, 1, b.sequence - 480, b.period, b.grams)
        for b in _bursts(_steps((8.0, -112.0)), 12.0)
        if not 4.0 <= seconds_between(START, b.stamp) < 6.0
    ]
    assert _has(_only(_run(bursts)[0]), 8.0, -112.0)


def test_the_board_s_counter_may_begin_again() -> None:
    plain = _bursts(_steps((5.0, -112.0)), 10.0)
    wrapped = [
        ShelfWeight(b.stamp, b.scale_id, 1, (b.sequence + 2**32 - 400) % 2**32, b.period, b.grams) for b in plain
    ]
    assert _run(wrapped)[0] == _run(plain)[0]


def test_bursts_that_overlap_count_their_samples_once() -> None:
    plain = _bursts(_steps((5.0, -112.0)), 10.0)
    doubled = []
    for first, second in pairwise(plain):
        half = SAMPLES // 2
        stamp = first.stamp + round(half * first.period * SECOND)
        grams = first.grams[half:] + second.grams[:half]
        doubled += [first, ShelfWeight(stamp, "s0", 1, first.sequence + half, first.period, grams, ScaleStatus.RESENT)]
    ours, theirs = _only(_run(doubled)[0]), _only(_run(plain)[0])
    assert ours.delta == pytest.approx(theirs.delta, abs=0.1)
    assert abs(ours.begin - theirs.begin) <= SECOND // 10


def test_an_unsynced_clock_is_marked_on_the_change() -> None:
    bursts = [
        ShelfWeight(b.stamp, b.scale_id, 1, b.sequence, b.period, b.grams, ScaleStatus.CLOCK_UNSYNCED)
        for b in _bursts(_steps((5.0, -112.0)), 10.0)
    ]
    assert ScaleStatus.CLOCK_UNSYNCED in _only(_run(bursts)[0]).status


def test_progress_never_passes_a_change_that_is_still_to_come() -> None:
    stage = WeightChanges(_store(2))
    bursts = _bursts(_steps((3.0, -112.0), (5.0, -20.0)), 9.0) + _bursts(_steps((4.0, -31.0)), 9.0, scale_id="s1")
    told, count = 0, 0
    for burst in sorted(bursts, key=lambda b: (b.stamp, b.scale_id)):
        for event in stage.feed(burst):
            if isinstance(event, WeightChange):
                assert event.stamp > told
                count += 1
            elif isinstance(event, StreamProgress):
                assert event.published == count
                told = max(told, event.stamp)
    assert count == 3
    assert seconds_between(START, told) > 8.0


def test_a_silent_scale_is_told_once_and_holds_nobody_up() -> None:
    store = _store(2)
    bursts = _bursts(_steps((7.0, -112.0)), 10.0) + _bursts(_steps(), 3.0, scale_id="s1")
    _, out = _run(sorted(bursts, key=lambda b: (b.stamp, b.scale_id)), store)
    alerts = [e for e in out if isinstance(e, Alert)]
    assert [(a.code, a.subjects) for a in alerts] == [("scale_silent", ("s1",))]
    progress = [e for e in out if isinstance(e, StreamProgress)]
    assert progress[-1].silent == ("s1",)
    assert seconds_between(START, progress[-1].stamp) > 9.0


def test_a_scale_that_says_only_that_it_is_broken_holds_nobody_up() -> None:
    stage = WeightChanges(_store(2))
    out: list[object] = []
    for k in range(150):
        at = START + k * SECOND // 10
        broken = ScaleStatus.HARDWARE_FAULT if k > 50 else ScaleStatus.OK
        grams = () if broken else (500.0,) * 8
        out += stage.feed(ShelfWeight(at, "s1", 1, min(k, 51) * 8, 0.0125, grams, broken))
        out += stage.feed(ShelfWeight(at, "s0", 1, k * 8, 0.0125, (500.0,) * 8))
    progress = [e for e in out if isinstance(e, StreamProgress)]
    assert progress[-1].stamp > START + 13 * SECOND
    assert progress[-1].silent == ("s1",)
    assert [a.code for a in out if isinstance(a, Alert)] == ["scale_fault"]


def test_a_scale_that_the_store_does_not_have_is_told_once() -> None:
    _, out = _run(_bursts(_steps(), 2.0, scale_id="x") + _bursts(_steps(), 2.0))
    assert [e.code for e in out if isinstance(e, Alert)] == ["scale_unknown"]


def test_parameters_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match=r"hold_s is 0\.3, shorter than brief_s 0\.5: make it longer"):
        WeightParameters(hold_s=0.3, brief_s=0.5)
    with pytest.raises(ValueError, match=r"block_s is 0\.0: write a number from 0\.01 to 0\.2"):
        WeightParameters(block_s=0.0)
