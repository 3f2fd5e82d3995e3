# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated store's time waits for the tracks, and measures its own speed."""

from __future__ import annotations

from yokotago_model.events import SECOND, TrackFrame
from yokotago_sim.nodes.pace import BETWEEN_S, FIRST_S, FOREVER, LEAD_NS, Pace, Speed


def test_time_stays_a_step_ahead_of_the_tracks() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.open(100)
    assert pace.limit == 100 + LEAD_NS
    pace.follow(TrackFrame(5 * SECOND))
    assert pace.limit == 5 * SECOND + LEAD_NS


def test_a_silent_tracker_is_not_waited_for_for_ever() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.open(0)
    now[0] = FIRST_S - 1.0
    assert pace.limit == LEAD_NS
    now[0] = FIRST_S
    assert pace.limit == FOREVER
    pace.follow(TrackFrame(7))
    assert pace.limit == 7 + LEAD_NS
    now[0] += BETWEEN_S
    assert pace.limit == FOREVER


def test_speed_is_simulated_seconds_in_a_second() -> None:
    speed = Speed(0, 10.0)
    assert speed.measure(11.0, SECOND) is None
    assert speed.measure(14.0, SECOND) == 0.25
    assert speed.measure(16.0, 3 * SECOND) == 1.0
