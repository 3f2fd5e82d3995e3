# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated load cells against what was measured on real ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from yokotago_model.events import SECOND, ScaleStatus, ShelfWeight
from yokotago_model.store import Store
from yokotago_sim.noise import Noise, ScaleNoise
from yokotago_sim.scales import Scales

QUIET = Noise.none().scale


def scales(store: Store, noise: ScaleNoise = QUIET, seed: int = 1, grams: float = 4000.0) -> Scales:
    return Scales(store, {s.scale_id: grams for s in store.scales}, noise, 0, np.random.default_rng(seed))


def bursts(made: Scales, seconds: float) -> list[ShelfWeight]:
    return [b for _, b in made.bursts(seconds)]


def signal(all_bursts: list[ShelfWeight], scale_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Times [s] and grams."""
    own = [b for b in all_bursts if b.scale_id == scale_id]
    t = np.concatenate([b.stamp / SECOND + np.arange(len(b.grams)) * b.period for b in own])
    return t, np.concatenate([b.grams for b in own])


def test_bursts_follow_on_one_another(small: Store) -> None:
    own = [b for b in bursts(scales(small), 3.0) if b.scale_id == "S1"]
    assert len(own) == 14
    assert [b.sequence for b in own] == list(range(0, 14 * 16, 16))
    gaps = np.diff([b.stamp for b in own]) / SECOND
    assert gaps == pytest.approx(16 / 80.0, abs=1e-6)


def test_a_unit_falls_in_fifty_milliseconds_after_a_touch(small: Store) -> None:
    made = scales(small)
    made.bump("S1", 0.7, 1.0, 36.0)
    made.step("S1", 1.0, -500.0)
    t, grams = signal(bursts(made, 3.0), "S1")
    assert grams[t < 0.7] == pytest.approx(4000.0)
    assert grams[(t > 0.7) & (t < 1.0)].max() == pytest.approx(4036.0, abs=0.5)
    assert grams[t > 1.051] == pytest.approx(3500.0)
    middle = t[(grams < 3990) & (grams > 3510)]
    assert middle.max() - middle.min() < 0.05


def test_a_neighbour_feels_one_to_two_per_cent(demo: Store) -> None:
    made = scales(demo, replace(QUIET, cross_talk_share=0.015))
    made.step("A12", 1.0, -1000.0)
    after = bursts(made, 3.0)
    moved = {s.scale_id: float(np.subtract(*signal(after, s.scale_id)[1][[-1, 0]])) for s in demo.scales}
    assert moved.pop("A12") == pytest.approx(-1000.0)
    for neighbour in ("A11", "A13"):
        assert 10.0 <= abs(moved.pop(neighbour)) <= 20.0
    assert set(moved.values()) == {0.0}


def test_held_goods_weigh_something_else_and_then_the_same_again(small: Store) -> None:
    made = scales(small)
    made.hold("S1", 1.0, 11.0, -150.0)
    t, grams = signal(bursts(made, 14.0), "S1")
    assert grams[(t > 2) & (t < 10)].mean() == pytest.approx(3850.0, abs=20.0)
    assert grams[(t > 2) & (t < 10)].std() > 10.0
    assert grams[t > 11.0] == pytest.approx(4000.0)


def test_noise_of_a_plate_is_that_of_real_plates(demo: Store) -> None:
    """One-second standard deviation 0.6 to 3 g, worst tenth 6.5 g."""
    noise = ScaleNoise()
    spread = []
    for seed in range(3):
        all_bursts = bursts(scales(demo, noise, seed), 12.0)
        for scale in demo.scales:
            _, grams = signal(all_bursts, scale.scale_id)
            seconds = grams[: len(grams) // 80 * 80].reshape(-1, 80)
            spread.append(float(np.median(seconds.std(axis=1))))
    assert 1.0 < np.median(spread) < 2.2
    assert np.percentile(spread, 5) > 0.5
    assert 3.0 < np.percentile(spread, 97) < 7.5


def test_feet_shake_the_shelf_near_them_and_nothing_stays(demo: Store) -> None:
    made = scales(demo, replace(QUIET, footstep_g=5.0))
    for n in range(20):
        made.footstep(0.8, 2.4, 1.0 + n)
    all_bursts = bursts(made, 24.0)
    shelf = sum(signal(all_bursts, s.scale_id)[1] - 4000.0 for s in demo.scales if s.shelf_id == "A")
    assert 15.0 < np.abs(shelf).max() < 150.0
    assert np.abs(shelf[-40:]).max() < 0.5
    assert np.all(signal(all_bursts, "D11")[1] == 4000.0)


def test_spikes_are_single_samples(small: Store) -> None:
    _, grams = signal(bursts(scales(small, replace(QUIET, spikes_per_hour=400.0)), 60.0), "S1")
    far = np.abs(grams - 4000.0) > 100.0
    assert 1 <= far.sum() <= 30
    assert not (far[1:] & far[:-1]).any()


def test_a_wrong_gain_reads_near_minus_33500(small: Store) -> None:
    _, grams = signal(bursts(scales(small, replace(QUIET, wrong_gain_per_hour=400.0)), 60.0), "S1")
    wrong = grams[grams < 0]
    assert len(wrong) >= 1
    assert wrong == pytest.approx(-33_500.0, abs=150.0)


def test_a_board_that_restarts_is_silent_and_counts_anew(small: Store) -> None:
    own = [
        b
        for b in bursts(scales(small, replace(QUIET, restarts_per_hour=120.0, restart_s=3.0)), 200.0)
        if b.scale_id == "S1"
    ]
    boots = [b.boot_id for b in own]
    assert boots == sorted(boots)
    assert boots[-1] > 1
    for before, after in pairwise(own):
        if after.boot_id != before.boot_id:
            assert after.sequence == 0
            assert after.stamp - before.stamp >= 3.0 * SECOND


def test_lost_doubled_and_resent_bursts(small: Store) -> None:
    noise = replace(QUIET, missing_share=0.05, duplicate_share=0.05, resent_share=0.05)
    sent = [(t, b) for t, b in scales(small, noise).bursts(100.0) if b.scale_id == "S1"]
    numbers = [b.sequence // 16 for _, b in sent]
    missing = set(range(max(numbers) + 1)) - set(numbers)
    assert 5 < len(missing) < 60
    assert 5 < len(numbers) - len(set(numbers)) < 60
    resent = [(t, b) for t, b in sent if b.status & ScaleStatus.RESENT]
    assert 5 < len(resent) < 60
    assert all(t - b.stamp / SECOND > 1.0 for t, b in resent)


def test_an_overloaded_scale_says_so(small: Store) -> None:
    burst = bursts(scales(small, grams=25_000.0), 1.0)[0]
    assert burst.status & ScaleStatus.SATURATED
    assert max(burst.grams) == 20_000.0


def test_a_clock_without_sync_is_off_and_says_so(small: Store) -> None:
    made = scales(small, replace(QUIET, unsynced_share=1.0, unsynced_s=5.0, unsynced_for_s=10.0))
    for sent, burst in made.bursts(20.0):
        off = sent - burst.stamp / SECOND
        assert bool(burst.status & ScaleStatus.CLOCK_UNSYNCED) == (sent <= 10.1)
        assert abs(off) < 5.3 if sent <= 10.1 else 0.15 < off < 0.25


def test_amounts_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match=r"ScaleNoise\.touch_g is -1"):
        ScaleNoise(touch_g=-1.0)
    with pytest.raises(ValueError, match=r"missing_share is 1\.5"):
        ScaleNoise(missing_share=1.5)
