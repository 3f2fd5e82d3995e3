# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Reaches from hands that come, go, flicker, and are several."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from worlds import PERIOD, START, frame, store, track

from yokotago_model.events import SECOND, HandReach
from yokotago_tracking.reaches import Reaches, ReachParams

Point = tuple[float, float, float]
IN: Point = (2.0, 3.6, 0.9)
OUT: Point = (2.0, 3.3, 0.9)


def run(looks: Sequence[Sequence[Point]]) -> list[HandReach]:
    """The reaches of one person whose hands are given tick by tick."""
    stage = Reaches(store())
    return [
        r for k, hands in enumerate(looks) for r in stage.feed(frame(k, track(1, 2.0, 3.0, *hands)))
    ] + stage.finish()


def ticks(reach: HandReach) -> tuple[int, int]:
    """First and last tick of a reach."""
    return (reach.begin - START) // PERIOD, (reach.end - START) // PERIOD


def test_a_reach_is_told_when_it_begins_and_when_it_has_ended() -> None:
    made = run([[OUT]] * 3 + [[IN]] * 10 + [[OUT]] * 10)
    assert [r.complete for r in made] == [False, True]
    assert made[0].reach_id == made[1].reach_id
    assert made[0].begin == made[0].end == made[1].begin
    assert ticks(made[1]) == (3, 12)
    assert len(made[1].samples) == 10
    assert made[1].shelf_id == "S"


def test_moments_without_a_hand_do_not_end_a_reach() -> None:
    made = run([[IN]] * 6 + [[]] * 4 + [[IN]] * 4 + [[]] * 10)
    assert [ticks(r) for r in made if r.complete] == [(0, 13)]


def test_a_reach_ends_when_its_hand_was_last_inside() -> None:
    before: Point = (2.0, 3.43, 0.9)
    made = run([[IN]] * 8 + [[before]] * 3 + [[IN]] * 2 + [[before]] * 10)
    assert [ticks(r) for r in made if r.complete] == [(0, 12)]


def test_a_reach_is_complete_soon_when_its_hand_is_seen_before_the_front() -> None:
    before: Point = (2.0, 3.43, 0.9)

    def told(after: Sequence[Point]) -> int:
        stage = Reaches(store())
        for k in range(40):
            made = stage.feed(frame(k, track(1, 2.0, 3.0, *([IN] if k < 8 else after))))
            if any(r.complete for r in made):
                return k
        return 40

    assert told([before]) < told([]) < 40


def test_a_flicker_is_no_reach() -> None:
    assert run([[IN], [], [], [IN], [], [], [IN], [], [], [IN], [], []] * 2) == []


def test_what_flickers_for_long_does_not_hold_up_what_is_settled() -> None:
    stage = Reaches(store())
    for k in range(600):
        assert stage.feed(frame(k, track(1, 2.0, 3.0, *([IN] if k % 4 == 0 else [])))) == []
        assert START + k * PERIOD - stage.settled <= (stage.params.flicker_s + stage.params.gap_s) * SECOND
    # And the reach that comes of it does not begin before that.
    made = [r for k in range(600, 620) for r in stage.feed(frame(k, track(1, 2.0, 3.0, IN)))]
    assert [r.complete for r in made] == [False]
    assert START + 600 * PERIOD - made[0].begin <= stage.params.flicker_s * SECOND


def test_two_hands_in_one_shelf_are_two_reaches() -> None:
    other: Point = (2.6, 3.6, 1.2)
    made = [r for r in run([[IN, other]] * 8 + [[]] * 8) if r.complete]
    assert sorted(r.samples[0].position[0] for r in made) == pytest.approx([2.0, 2.6])


def test_a_hand_is_followed_along_the_shelf() -> None:
    made = run([[(1.2 + 0.1 * k, 3.6, 0.9)] for k in range(12)] + [[]] * 8)
    assert [ticks(r) for r in made if r.complete] == [(0, 11)]


def test_the_looks_at_a_hand_speak_together_for_where_it_was() -> None:
    stray: Point = (2.3, 3.9, 1.2)
    begun, ended = run([[IN]] * 7 + [[stray]] + [[IN]] * 7 + [[]] * 10)
    assert {s.position for s in begun.samples} == {IN}
    deepest = max(s.position for s in ended.samples)
    assert deepest == pytest.approx(IN, abs=0.06)
    # But what a hand does seconds apart stays apart.
    there: Point = (2.4, 3.6, 1.2)
    way: list[list[Point]] = [[(2.0 + 0.05 * k, 3.6, 0.9 + 0.0375 * k)] for k in range(1, 8)]
    *_, ended = run([[IN]] * 30 + way + [[there]] * 30 + [[]] * 10)
    assert ended.samples[0].position == pytest.approx(IN, abs=1e-3)
    assert ended.samples[-1].position == pytest.approx(there, abs=1e-3)


def test_a_place_is_as_sure_as_its_looks_errors_leave_it() -> None:
    rng, params = np.random.default_rng(1), ReachParams()
    stddev = track(1, 2.0, 3.0, IN).hands[0].position_stddev
    off = []
    for _ in range(300):
        own = rng.normal(0.0, stddev * math.sqrt(1.0 - params.common_share), (31, 3))
        common = rng.normal(0.0, stddev * math.sqrt(params.common_share), 3)
        places = np.array([2.0, 3.8, 0.9]) + common + own
        *_, ended = run([*([(x, y, z)] for x, y, z in places.tolist()), *[[]] * 10])
        middle = ended.samples[len(ended.samples) // 2]
        off.append((middle.position[0] - 2.0) / middle.position_stddev)
    assert np.sqrt(np.mean(np.square(off))) == pytest.approx(1.0, abs=0.15)
    # A short reach is less sure than a long one, and neither surer than what all looks have in common.
    (_, short), (_, long) = run([[IN]] * 5 + [[]] * 10), run([[IN]] * 40 + [[]] * 10)
    assert stddev > short.samples[2].position_stddev > long.samples[20].position_stddev
    assert long.samples[20].position_stddev > stddev * math.sqrt(params.common_share)


def test_the_end_of_the_recording_completes_what_is_open() -> None:
    made = run([[IN]] * 6)
    assert [r.complete for r in made] == [False, True]


def test_what_is_settled_never_changes() -> None:
    stage = Reaches(store(), ReachParams())
    settled = 0
    looks: list[list[Point]] = [[OUT], [IN], [IN], [IN], [IN], [IN], [], [], [IN], [], [], [], [], [], [], [], [IN]]
    for k, hands in enumerate(looks):
        made = stage.feed(frame(k, track(1, 2.0, 3.0, *hands)))
        assert all(r.stamp > settled for r in made)
        settled = stage.settled


def test_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="begin_looks"):
        ReachParams(begin_looks=0)
    with pytest.raises(ValueError, match="common_share"):
        ReachParams(common_share=1.5)
