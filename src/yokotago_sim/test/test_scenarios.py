# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Every named case can be played in the demo store, and is what its name says."""

from __future__ import annotations

import math

import pytest

from yokotago_model.events import Receipt, TrueAction, TrueActionKind
from yokotago_model.store import Store
from yokotago_sim import body
from yokotago_sim.noise import Noise
from yokotago_sim.scenarios import build, names, suite, traps
from yokotago_sim.simulation import DEFAULT_START, Simulation, simulate

PEOPLE = {"S07": 2, "S08": 2, "S09": 2, "S10": 2, "S11": 3, "S12": 3}

# Units on all true receipts together, and actions at shelves and between people, where the case fixes them.
UNITS = {
    "S01": 3, "S02": 3, "S03": 3, "S04": 3, "S05": 2, "S06": 2, "S07": 4, "S08": 4, "S09": 4, "S10": 4,
    "S13": 2, "S14": 2, "S15": 4, "S16": 2, "S17": 2, "S18": 2, "S19": 5, "S20": 2, "S21": 5, "S22": 1,
    "S23": 2, "S24": 2, "S25": 4, "S26": 2, "S27": 0, "S28": 1, "S29": 3, "S30": 2, "moved_by_a_bought_by_b": 3,
    "four_crossed_hands": 8, "set_down_first": 2, "follow_in": 4, "leave_with_nothing": 1, "merge_and_part": 4,
    "dark_sensor": 6, "outdated_planogram": 5,
}  # fmt: skip
ACTIONS = {"S11": 11, "S12": 34}


def test_the_suite_and_the_traps_are_complete() -> None:
    assert suite() == tuple(f"S{n:02}" for n in range(1, 31))
    assert len(traps()) == 12
    assert names() == (*suite(), *traps(), "random", "confusing")


@pytest.mark.parametrize("name", [*suite(), *traps()])
def test_every_case_plays_as_written(demo: Store, name: str) -> None:
    events = [e for _, t, e in simulate(demo, name, 1, "tracks", noise=Noise.none()) if t.startswith("/truth")]
    receipts = [e for e in events if isinstance(e, Receipt)]
    actions = [e for e in events if isinstance(e, TrueAction)]
    units = sum(line.quantity for r in receipts for line in r.lines)
    taken = sum(a.quantity for a in actions if a.kind is TrueActionKind.TAKE)
    back = sum(a.quantity for a in actions if a.kind in (TrueActionKind.PUT_BACK, TrueActionKind.DROP_ON_FLOOR))
    assert units == taken - back
    if name in suite():
        assert len(receipts) == PEOPLE.get(name, 1)
    if name in UNITS:
        assert units == UNITS[name]
    if name in ACTIONS:
        assert len(actions) == ACTIONS[name]


@pytest.mark.parametrize("name", ["S07", "S18", "four_crossed_hands", "put_back_nearer_head"])
def test_nobody_s_arm_is_longer_than_it_is(demo: Store, name: str) -> None:
    day = Simulation(demo, build(name, demo, 3), 3, "tracks", Noise.none(), DEFAULT_START, True)
    stretch = 0.0
    for _, topic, _ in day.run():
        if topic == "/truth/tracks":
            for actor in day.others(None):
                for side, hand in zip((1, -1), actor.hands, strict=True):
                    length = math.dist(body.shoulder(actor.build, actor.pose, side), hand)
                    stretch = max(stretch, length / actor.build.arm)
    assert 0.9 < stretch < 1.12


def test_a_case_is_another_one_for_another_seed(demo: Store) -> None:
    first = [list(build("S25", demo, seed).scripts(None)) for seed in range(5)]  # type: ignore[arg-type]
    assert len({repr(f) for f in first}) == 5


def test_near_equal_cases_use_products_of_nearly_equal_weight(demo: Store) -> None:
    for seed in range(5):
        (script,) = build("S05", demo, seed).scripts(None)  # type: ignore[arg-type]
        first, _, put, *_ = script.steps
        a = demo.product[put.product_id].weight
        b = demo.product[demo.facing[put.facing_id].product_id].weight
        assert abs(a - b) <= 0.03 * max(a, b)
        assert demo.facing[first.facing_id].shelf_id == demo.facing[put.facing_id].shelf_id


def test_every_case_plays_in_a_store_with_four_facings(small: Store) -> None:
    for name in names():
        scripts = build(name, small, 3).scripts(_Full())
        assert next(scripts, None) is not None


class _Full:
    def count(self, facing_id: str) -> int:
        return 8
