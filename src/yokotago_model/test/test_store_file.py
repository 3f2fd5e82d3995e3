# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""store.yaml is read right, and every mistake in it is named with its line and a remedy."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from yokotago_model.store import ZoneKind, polygon_contains, polygon_distance, polygon_distances
from yokotago_model.store_file import StoreError, parse_store, read_store

DEMO = Path(__file__).parents[3] / "launch" / "config" / "demo_store.yaml"


@pytest.fixture(scope="module")
def text() -> str:
    return DEMO.read_text("utf-8")


def test_demo_store_is_what_the_readme_says(text: str) -> None:
    store = parse_store(text)
    assert len(store.sensors) == 5
    assert len(store.shelves) == 4
    assert len(store.facings) >= 40
    assert len(store.products) >= 30
    assert any(len(f.scale_ids) > 1 for f in store.facings)
    assert any(len(store.facings_on(s.scale_id)) > 1 for s in store.scales)
    assert all(s.position[2] == 3.2 for s in store.sensors)
    assert {z.kind for z in store.zones} >= {ZoneKind.ENTRANCE, ZoneKind.EXIT}


def test_demo_products_are_as_hard_to_tell_apart_as_real_ones(text: str) -> None:
    """Of the pairs of products on one shelf, about 37 % differ by less than 10 g and 29 % by less than 5 g."""
    store = parse_store(text)
    differences: list[float] = []
    for shelf in store.shelves:
        ids = sorted({f.product_id for f in store.facings if f.shelf_id == shelf.shelf_id})
        weights = [store.product[i].weight for i in ids]
        for i, a in enumerate(weights):
            differences += [abs(a - b) for b in weights[i + 1 :]]
    assert sum(d < 10.0 for d in differences) / len(differences) >= 0.37
    assert sum(d < 5.0 for d in differences) / len(differences) >= 0.29


def test_a_sensor_that_looks_down_sees_the_floor_below_it(text: str) -> None:
    sensor = parse_store(text).sensor["middle"]
    forward = sensor.rotation @ [0.0, 0.0, 1.0]
    assert forward == pytest.approx([0.0, 0.0, -1.0], abs=1e-12)


def test_shelf_coordinates_go_there_and_back(text: str) -> None:
    for shelf in parse_store(text).shelves:
        inside = (shelf.size[0] / 3, shelf.size[1] / 2, shelf.size[2] / 4)
        assert shelf.to_shelf(shelf.to_store(inside)) == pytest.approx(inside)
        assert shelf.contains(shelf.to_store(inside))
        assert not shelf.contains(shelf.to_store((inside[0], -0.1, inside[2])))
        assert shelf.contains(shelf.to_store((inside[0], -0.1, inside[2])), margin=0.11)


def test_polygon_distance_is_negative_inside() -> None:
    square = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))
    assert polygon_contains(square, 1.0, 1.0)
    assert polygon_distance(square, 1.0, 1.5) == pytest.approx(-0.5)
    assert polygon_distance(square, 3.0, 3.0) == pytest.approx(math.sqrt(2.0))


def test_many_distances_are_those_of_each_point() -> None:
    polygon = ((0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0))
    x, y = np.random.default_rng(1).uniform(-1.0, 5.0, (2, 200))
    expected = [polygon_distance(polygon, *point) for point in zip(x.tolist(), y.tolist(), strict=True)]
    np.testing.assert_allclose(polygon_distances(polygon, x, y), expected)


def test_a_product_has_its_own_tax_or_the_stores(text: str) -> None:
    store = parse_store(text.replace("price: 110}", "price: 110, tax: standard}", 1))
    first = next(p for p, tax in store.taxed if tax == "standard")
    assert store.tax_of(first) == store.taxes[1]
    assert store.tax_of("known to the catalogue only") == store.taxes[0]


MISTAKES = [
    ("kind: exit,", "kind: exitt,", r"zones\[2\]\.kind is \"exitt\": write entrance, exit or staff"),
    ("ceiling_m: 3.4", "ceilng_m: 3.4", r"unknown key 'ceilng_m': did you mean 'ceiling_m'\?"),
    ("zone: entrance", "zone: entrnce", r"names 'entrnce', which is not in zones: did you mean 'entrance'\?"),
    ("currency: JPY", "currency: yen", r"store\.currency is \"yen\": write an ISO 4217 code"),
    ("{id: gate-2,", "{id: gate-1,", r"gates\[2\]\.id 'gate-1' is taken by gates\[1\]"),
    ("range_m: [0.3, 6.0]", "range_m: [6.0, 0.3]", r"sensors\[1\]\.range_m: write the nearer distance first"),
    ("  currency: JPY\n", "", r"store lacks 'currency': add 'currency: '"),
    ("scales: [A11]", "scales: [B11]", r"'B11' is on shelf 'B': name a scale of shelf 'A'"),
    ("  tax: food", "  tax: fod", r"store\.tax names 'fod', which is not in taxes"),
    ("price: 140}", "price: 140, tax: fod}", r"tax names 'fod', which is not in taxes: did you mean 'food'\?"),
    ("match_s: 2.0", "match_s: -1", r"tolerances\.match_s is -1: write how far"),
    ("position: [1.5, 1.25, 3.2]", "position: [1.5, 1.25, .nan]", r"sensors\[1\]\.position\[3\] is not a number"),
]


@pytest.mark.parametrize(("right", "wrong", "sentence"), MISTAKES, ids=[m[1] or "missing" for m in MISTAKES])
def test_mistake_is_named_with_line_and_remedy(text: str, right: str, wrong: str, sentence: str) -> None:
    assert right in text
    broken = text.replace(right, wrong, 1)
    with pytest.raises(StoreError) as caught:
        parse_store(broken, "shop.yaml")
    assert re.search(sentence, str(caught.value)), str(caught.value)
    assert all(re.match(r"shop\.yaml:\d+: ", p) for p in caught.value.problems)
    if wrong:
        line = text[: text.index(right)].count("\n") + 1
        assert any(p.startswith(f"shop.yaml:{line}:") for p in caught.value.problems), caught.value.problems


def test_every_mistake_is_told_at_once(text: str) -> None:
    broken = text.replace("ceiling_m", "ceilng_m").replace("kind: exit,", "kind: way_out,")
    with pytest.raises(StoreError) as caught:
        parse_store(broken)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("content", ["", "- a\n", "store: {id: a\n", "store: 1\nstore: 2\n", "\t: x"])
def test_what_is_no_store_is_told_so(content: str) -> None:
    with pytest.raises(StoreError, match=r"^shop\.yaml:\d+: "):
        parse_store(content, "shop.yaml")


def test_missing_file_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no such file"):
        read_store(tmp_path / "nowhere.yaml")
