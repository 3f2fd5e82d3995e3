# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Ticks are whole, independent of the order of arrival, and wait for nobody for long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import PERIOD, START

from yokotago_model.events import ForegroundCloud
from yokotago_tracking.synchroniser import Synchroniser, SynchroniserParams, Tick

NAMES = ("a", "b", "c")


def cloud(sensor_id: str, stamp: int) -> ForegroundCloud:
    """An empty cloud."""
    return ForegroundCloud(stamp, sensor_id, np.empty((0, 3), np.float32), np.empty(0, np.uint16))


def run(clouds: list[ForegroundCloud], names: tuple[str, ...] = NAMES) -> list[Tick]:
    """All ticks of some clouds."""
    stage = Synchroniser(names, 0.1)
    return [t for c in clouds for t in stage.feed(c)] + stage.finish()


def summary(ticks: list[Tick]) -> list[tuple[int, tuple[tuple[str, int], ...]]]:
    """What the ticks were made of."""
    return [(t.stamp, tuple((c.sensor_id, c.stamp) for c in t.clouds)) for t in ticks]


def test_a_tick_is_made_as_soon_as_all_sensors_have_delivered() -> None:
    stage = Synchroniser(("a", "b"), 0.1)
    assert stage.feed(cloud("a", START)) == []
    (tick,) = stage.feed(cloud("b", START + 20_000_000))
    assert tick.stamp == START
    assert [c.sensor_id for c in tick.clouds] == ["a", "b"]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_the_order_of_arrival_does_not_matter(data: st.DataObject) -> None:
    phases = data.draw(st.tuples(*[st.integers(-60_000_000, 60_000_000)] * 3))
    clouds = [cloud(n, START + k * PERIOD + p) for k in range(12) for n, p in zip(NAMES, phases, strict=True)]
    late = data.draw(st.lists(st.integers(0, 90_000_000), min_size=len(clouds), max_size=len(clouds)))
    arrival: dict[str, int] = {}
    order = []
    for c, delay in zip(clouds, late, strict=True):
        # One sensor's clouds keep their order.
        arrival[c.sensor_id] = max(arrival.get(c.sensor_id, 0), c.stamp + delay)
        order.append((arrival[c.sensor_id], c.sensor_id, c.stamp, c))
    shuffled = [o[3] for o in sorted(order, key=lambda o: o[:3])]
    in_order = sorted(clouds, key=lambda c: (c.stamp, c.sensor_id))
    assert summary(run(shuffled)) == summary(run(in_order))


def test_every_tick_comes_once_and_in_order() -> None:
    ticks = run([cloud(n, START + k * PERIOD) for k in range(20) for n in NAMES])
    assert [t.stamp for t in ticks] == [START + k * PERIOD for k in range(20)]


def test_a_dark_sensor_is_noticed_and_the_rest_carries_on() -> None:
    stage = Synchroniser(NAMES, 0.1)
    made = []
    for k in range(40):
        for n in NAMES:
            if not (n == "b" and 10 <= k < 30):
                made += stage.feed(cloud(n, START + k * PERIOD))
    made += stage.finish()
    assert [t.stamp for t in made] == [START + k * PERIOD for k in range(40)]
    assert made[15].missing == ("b",)
    assert made[25].dark == ("b",)
    assert [c.sensor_id for c in made[39].clouds] == list(NAMES)
    assert stage.dark == ()


def test_a_sensor_whose_clock_runs_ahead_does_not_make_the_others_late() -> None:
    stage = Synchroniser(NAMES, 0.1)
    made = [
        t for k in range(40) for n in NAMES for t in stage.feed(cloud(n, START + k * PERIOD + (n == "c") * 5 * 10**9))
    ]
    assert stage.late["a"] == stage.late["b"] == 0
    assert made[-1].dark == ("c",)
    assert (stage.behind_s["a"] or 0.0) == pytest.approx(5.0)


def test_a_late_cloud_and_an_unknown_sensor_are_counted() -> None:
    stage = Synchroniser(("a",), 0.1)
    for k in range(5):
        stage.feed(cloud("a", START + k * PERIOD))
    stage.feed(cloud("a", START))
    stage.feed(cloud("x", START))
    assert stage.late == {"a": 1}
    assert stage.unknown == 1


def test_a_gap_in_the_recording_is_skipped() -> None:
    ticks = run([cloud("a", START), cloud("a", START + 3600 * 10**9)], ("a",))
    assert [t.stamp - START for t in ticks] == [0, 3600 * 10**9]


def test_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="wait_s"):
        SynchroniserParams(wait_s=2.0, dark_s=1.0)
