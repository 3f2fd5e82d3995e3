# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The live page's table: what each event changes, and that every page ends at the same table however it was told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from view_events import (
    T0,
    TEA,
    basket,
    decision,
    demo_store,
    frame,
    in_front_of,
    person,
    reach,
    receipt,
    small_day,
)

from yokotago_model.events import SECOND, Alert, Catalogue, CheckIn, GateAnswer, GateVerdict, Product, Severity
from yokotago_view.live_state import Change, LiveParameters, LiveState

STORE = demo_store()
DAY = small_day(STORE)


def fold(table: dict[tuple[str, str], Any], changes: list[Change]) -> None:
    """What a page does with changes."""
    for section, key, value in changes:
        if value is None:
            table.pop((section, key), None)
        else:
            table[section, key] = value


def table_of(state: LiveState) -> dict[tuple[str, str], Any]:
    table: dict[tuple[str, str], Any] = {}
    fold(table, state.snapshot())
    return table


def section(state: LiveState, name: str) -> dict[str, Any]:
    return {key: value for (s, key), value in table_of(state).items() if s == name}


def after(*events: Any) -> LiveState:
    state = LiveState(STORE)
    for event in events:
        state.feed(event)
    return state


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(range(len(DAY))), max_size=40), st.integers(0, 40), st.data())
def test_a_page_that_joins_late_and_skips_values_ends_at_the_same_table(
    order: list[int], joins: int, data: st.DataObject
) -> None:
    state = LiveState(STORE)
    page: dict[tuple[str, str], Any] | None = None
    pending: dict[tuple[str, str], Any] = {}
    for i, number in enumerate(order):
        changes = state.feed(DAY[number])
        if i == joins:
            page = table_of(state)
        elif page is not None:
            for s, key, value in changes:
                pending[s, key] = value
            if data.draw(st.booleans(), label="the page reads now"):
                fold(page, [(s, key, value) for (s, key), value in pending.items()])
                pending.clear()
    if page is not None:
        fold(page, [(s, key, value) for (s, key), value in pending.items()])
        assert page == table_of(state)


def test_every_value_is_json_and_small_enough_to_send() -> None:
    state = LiveState(STORE)
    for event in DAY:
        json.dumps(state.feed(event), allow_nan=False)
    whole = json.dumps(state.snapshot(), allow_nan=False)
    assert len(whole) < 20_000


def test_the_same_events_give_the_same_changes() -> None:
    first, second = LiveState(STORE), LiveState(STORE)
    assert [first.feed(e) for e in DAY] == [second.feed(e) for e in DAY]


def test_an_event_that_changes_nothing_is_silent() -> None:
    state = after(*DAY)
    assert state.feed(DAY[-1]) == []
    assert state.feed(DAY[-2]) == []


def test_a_person_is_shown_while_the_tracker_shows_them() -> None:
    state = after(frame(1.0, person(7, 1.234, 2.0, (0.5, 2.0, 1.1))))
    assert section(state, "people") == {"7": [1.23, 2.0, 1.7, 2, 1.0, [[0.5, 2.0, 1.1]]]}
    assert ("people", "7", None) in state.feed(frame(2.0))
    assert section(state, "people") == {}


def test_a_hand_in_a_shelf_lights_the_facing_it_is_at() -> None:
    state = after(frame(1.0, person(1, 1.0, 2.7)), reach(1.0, False, in_front_of(STORE, "A1-3", -0.02)))
    assert section(state, "reaches")["reach-1"]["facing"] == "A1-3"
    state.feed(frame(1.1, person(1, 1.0, 2.7, in_front_of(STORE, "A2-2"))))
    assert section(state, "reaches")["reach-1"]["facing"] == "A2-2"
    state.feed(frame(1.2, person(1, 1.0, 2.7, (2.0, 2.7, 1.0))))
    assert section(state, "reaches")["reach-1"]["facing"] == "A2-2", "a hand elsewhere says nothing about the shelf"
    state.feed(reach(1.3, True, in_front_of(STORE, "A2-2")))
    assert section(state, "reaches") == {}


def test_a_reach_whose_person_is_lost_does_not_stay_lit() -> None:
    state = after(frame(1.0, person(1, 1.0, 2.7)), reach(1.0, False, in_front_of(STORE, "A1-3")), frame(2.0))
    assert section(state, "reaches") == {}


def test_decisions_move_the_stock_both_ways() -> None:
    state = after(decision(1.0, "v", "A1-3", 2), decision(2.0, "v", "A1-3", -1))
    facing = section(state, "facings")["A1-3"]
    assert (facing["stock"], facing["delta"]) == (8 - 2 + 1, 1)
    texts = [m["text"] for m in section(state, "moments").values()]
    assert texts == ["took 2 × Green tea 500 ml", "put back 1 × Green tea 500 ml"]  # noqa: RUF001


def test_a_basket_is_priced_by_the_newest_catalogue() -> None:
    dearer = Catalogue(T0, (Product(TEA, "Sencha", 531.0, 10.0, 170, "JPY"),))
    state = after(dearer, basket(1.0, "v", 1, (TEA, 2, 0.9)))
    visit = section(state, "visits")["v"]
    assert (visit["total"], visit["lines"]) == (340, [["Sencha", 2, 0.9]])


def test_an_older_basket_never_replaces_a_newer_one_nor_reopens_a_visit() -> None:
    state = after(basket(5.0, "v", 1, (TEA, 2, 0.9)), basket(4.0, "v", 1))
    assert section(state, "visits")["v"]["total"] == 300
    state.feed(receipt(6.0, "v", 2))
    state.feed(basket(5.5, "v", 1))
    assert section(state, "visits") == {}


def test_a_visit_nobody_of_which_was_seen_for_long_is_hidden() -> None:
    state = after(basket(0.0, "v", 1), frame(1.0, person(1, 1.0, 1.0)), frame(60.0))
    assert "v" in section(state, "visits")
    state.feed(frame(122.0))
    assert section(state, "visits") == {}


def test_a_correction_takes_the_place_of_the_receipt_it_names() -> None:
    state = after(receipt(9.0, "v", 2), receipt(20.0, "v", 1, "v-r2", corrects="v-r1"))
    assert list(section(state, "receipts")) == ["v-r2"]
    totals = section(state, "totals")[""]
    assert (totals["sales"], totals["receipts"], totals["items"]) == (150, 1, 1)


def test_only_the_newest_receipts_stay_and_all_of_them_count() -> None:
    state = LiveState(STORE, LiveParameters(receipts_kept=3))
    for i in range(5):
        state.feed(receipt(10.0 + i, f"v{i}", 1))
    assert list(section(state, "receipts")) == ["v2-r1", "v3-r1", "v4-r1"]
    assert section(state, "totals")[""]["sales"] == 750


def test_who_a_shopper_is_does_not_leave_the_store() -> None:
    named = basket(1.0, "v", 1, shopper_id="0123456789abcdef0123456789abcdef")
    state = after(CheckIn(T0, "c1", named.shopper_id, "gate-1"), named)
    assert named.shopper_id not in json.dumps(state.snapshot())
    assert section(state, "visits")["v"]["known"] is True


def test_the_same_alert_is_shown_once() -> None:
    alert = Alert(T0, Severity.ERROR, "stream_silent", "nothing more is heard of /tracks")
    assert len(section(after(alert, alert), "alerts")) == 1


def test_points_are_few_and_not_too_often() -> None:
    cloud = next(e for e in DAY if type(e).__name__ == "ForegroundCloud")
    state = LiveState(STORE, LiveParameters(points_kept=2))
    assert state.feed(cloud) == [("points", "sw", [100, 200, 170, 98, 210, 130])]
    later = type(cloud)(cloud.stamp + SECOND // 10, "sw", cloud.points[:1], cloud.pixels[:1])
    assert state.feed(later) == []


def test_its_owner_tells_what_no_event_does() -> None:
    state = LiveState(STORE)
    assert state.tell("latency", 40) == [("health", "latency", 40)]
    assert state.tell("latency", None) == [("health", "latency", None)]


def test_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="receipts_kept"):
        LiveParameters(receipts_kept=-1)


def test_a_gate_s_answer_is_on_its_screen_and_a_refusal_among_the_moments() -> None:
    state = after(GateAnswer(T0, "gate-2", GateVerdict.ADMITTED, "checked-in", 2))
    state.feed(GateAnswer(T0, "gate-2", GateVerdict.REFUSED, "code-used"))
    state.feed(GateAnswer(T0, "of another store", GateVerdict.REFUSED, "code-used"))
    assert section(state, "screens") == {
        "gate-1": {"store": STORE.name, "number": 0},
        "gate-2": {"store": STORE.name, "number": 2, "admitted": False, "reason": "code-used", "party": 0},
    }
    assert [m["text"] for m in section(state, "moments").values()] == ["gate-2 refused: code used"]
