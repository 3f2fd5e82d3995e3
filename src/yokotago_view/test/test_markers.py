# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The markers of rviz: stable numbers, things where they are, nothing that stays when its source falls silent."""

from __future__ import annotations

import math

import pytest
from view_events import TEA, basket, demo_store, frame, in_front_of, person, reach, receipt, small_day

from yokotago_view.markers import Marker, MarkerParameters, Markers, Shape

STORE = demo_store()


def of(markers: list[Marker], namespace: str) -> dict[int, Marker]:
    return {m.number: m for m in markers if m.namespace == namespace}


def test_no_two_markers_of_one_frame_share_namespace_and_number() -> None:
    markers = Markers(STORE)
    for event in small_day(STORE):
        made = markers.feed(event)
        assert len({(m.namespace, m.number) for m in made}) == len(made)


def test_what_stands_still_comes_first_and_every_few_seconds() -> None:
    markers = Markers(STORE, MarkerParameters(still_every_s=5.0))
    shown = [bool(of(markers.feed(frame(t)), "facings")) for t in (0.0, 1.0, 4.9, 5.0, 6.0)]
    assert shown == [True, False, False, True, False]
    still = markers.still()
    assert len(of(still, "facings")) == len(STORE.facings)
    assert all(m.lifetime_s == 0.0 for m in still)


def test_a_person_keeps_a_number_and_a_free_one_is_used_again() -> None:
    markers = Markers(STORE)
    markers.feed(frame(0.0, person(1 << 50, 1.0, 1.0), person((1 << 50) + 1, 2.0, 2.0)))
    made = markers.feed(frame(1.0, person((1 << 50) + 1, 2.5, 2.0), person((1 << 50) + 9, 4.0, 4.0)))
    people = of(made, "people")
    assert people[1].position[:2] == (2.5, 2.0)
    assert people[0].position[:2] == (4.0, 4.0)


def test_a_person_is_as_tall_as_they_are_and_their_hands_where_they_are() -> None:
    made = Markers(STORE).feed(frame(0.0, person(1, 1.0, 2.0, (0.5, 2.0, 1.1), (0.6, 2.1, 1.2))))
    body = of(made, "people")[0]
    assert body.scale[2] == pytest.approx(1.7)
    assert body.position == (1.0, 2.0, pytest.approx(0.85))
    assert [m.position for m in of(made, "hands").values()] == [(0.5, 2.0, 1.1), (0.6, 2.1, 1.2)]
    assert all(m.lifetime_s > 0 for m in made if m.namespace in ("people", "hands", "baskets"))


def test_a_basket_is_written_above_its_person_until_the_receipt() -> None:
    markers = Markers(STORE)
    markers.feed(basket(0.0, "v", 1, (TEA, 2, 0.9)))
    assert of(markers.feed(frame(1.0, person(1, 1.0, 2.0))), "baskets")[0].text == "Shopper 1\n2 x Green tea 500 ml"
    markers.feed(receipt(2.0, "v", 2))
    assert of(markers.feed(frame(3.0, person(1, 1.0, 2.0))), "baskets")[0].text == "track 1"


def test_a_reach_lights_the_facings_its_samples_are_at() -> None:
    made = Markers(STORE).feed(reach(1.0, True, in_front_of(STORE, "A1-3"), in_front_of(STORE, "A2-3")))
    numbers = {i for i, f in enumerate(STORE.facings) if f.facing_id in ("A1-3", "A2-3")}
    assert set(of(made, "reached")) == numbers


def test_a_facing_stands_in_the_front_of_its_shelf() -> None:
    """Facing A1-3: x 0.9 to 1.35 of a shelf at (0.45, 1.5) whose width runs north and whose depth runs west."""
    number = next(i for i, f in enumerate(STORE.facings) if f.facing_id == "A1-3")
    facing = of(Markers(STORE).still(), "facings")[number]
    assert facing.position == pytest.approx((0.35, 1.5 + 1.125, 0.45 + 0.175))
    assert facing.yaw == pytest.approx(math.pi / 2)
    assert facing.shape is Shape.CUBE


def test_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="lifetime_s"):
        MarkerParameters(lifetime_s=0.0)
