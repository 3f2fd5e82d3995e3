# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a visit asks of the cloud, and the page that computes a month's bill from it."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MOST_BYTES = 6_000


@pytest.fixture(scope="module")
def cost() -> Any:
    """The module bench/cost.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("cost", ROOT / "cloud" / "bench" / "cost.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cost"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def visit(cost: Any) -> Any:
    return cost.measure(10)


@pytest.fixture
def given(cost: Any) -> dict[str, Any]:
    return tomllib.loads(cost.PRICES.read_text(encoding="utf-8"))


def test_a_store_sends_little_for_a_visit(visit: Any) -> None:
    assert visit.store.requests == 13, "a check-in, eleven baskets, a receipt"
    assert 3_000 < visit.store.sent + visit.phone.sent <= MOST_BYTES


def test_the_page_says_what_is_measured_and_computed(cost: Any, visit: Any, given: dict[str, Any]) -> None:
    page = cost.PAGE.read_text(encoding="utf-8")
    assert cost.filled(page, cost.tables(visit, given, cost.bills(visit, given))) == page


def test_a_bill_is_the_sum_of_quantities_times_prices(cost: Any, visit: Any, given: dict[str, Any]) -> None:
    for price in given["prices"].values():
        price["usd"] = 0.0
    given["store"] |= {"visits_a_day": 100, "days": 10, "scales": 2, "sample_hz": 80, "samples_a_message": 80}
    assert [way.total for way in cost.bills(visit, given)] == [0.0, 0.0, 0.0]
    given["prices"]["server_month"]["usd"] = 7.0
    given["prices"]["table_write_million"]["usd"] = 1.0
    server, functions, raw = cost.bills(replace(visit, write_units=50), given)
    assert server.total == 7.0
    assert functions.total == pytest.approx(100 * 10 * 50 / 1e6)
    assert raw.total == pytest.approx(2 * 10 * 86_400 / 1e6)


def test_a_page_without_its_markers_is_told(cost: Any) -> None:
    with pytest.raises(ValueError, match="no markers for bill"):
        cost.filled("# What the cloud costs", {"bill": "x"})
