# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Events of a small day in the demo store, for the tests of what people look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from yokotago_model.events import (
    SECOND,
    Alert,
    Basket,
    BasketLine,
    CheckIn,
    Decision,
    DecisionItem,
    DecisionOption,
    Event,
    ForegroundCloud,
    Hand,
    HandReach,
    HandSample,
    Receipt,
    ReceiptLine,
    Severity,
    StreamProgress,
    Track,
    TrackFrame,
    TrackState,
    WeightChange,
)
from yokotago_model.store import Store
from yokotago_model.store_file import read_store

DEMO = Path(__file__).parents[3] / "launch" / "config" / "demo_store.yaml"
T0 = 1_800_000_000 * SECOND
TEA = "4900000000141"


def demo_store() -> Store:
    return read_store(DEMO)


def person(track_id: int, x: float, y: float, *hands: tuple[float, float, float]) -> Track:
    held = tuple(Hand(hand, 0.03, 0.9) for hand in hands)
    covariance = (0.01, 0.0, 0.0, 0.01)
    return Track(track_id, TrackState.CONFIRMED, (x, y, 0.0), (0.0, 0.0, 0.0), 1.7, covariance, hands=held)


def frame(seconds: float, *people: Track) -> TrackFrame:
    return TrackFrame(T0 + round(seconds * SECOND), people)


def basket(
    seconds: float, visit_id: str, track_id: int, *lines: tuple[str, int, float], shopper_id: str = "s"
) -> Basket:
    made = tuple(BasketLine(*line) for line in lines)
    return Basket(T0 + round(seconds * SECOND), visit_id, shopper_id, (track_id,), made)


def receipt(seconds: float, visit_id: str, quantity: int, receipt_id: str = "", corrects: str = "") -> Receipt:
    lines = (ReceiptLine(TEA, "Green tea 500 ml", quantity, 150, 150 * quantity),) if quantity else ()
    left = T0 + round(seconds * SECOND)
    made = receipt_id or f"{visit_id}-r1"
    total = 150 * quantity
    return Receipt(left, made, visit_id, "s", T0, left, lines, "JPY", total, corrects=corrects)


def decision(seconds: float, visit_id: str, facing_id: str, quantity: int) -> Decision:
    item = DecisionItem(visit_id, 1, facing_id, TEA, quantity)
    chosen = DecisionOption(0.97, (item,))
    return Decision(T0 + round(seconds * SECOND), f"d{seconds}", ("c",), ("r",), chosen, (), "one hand, one tea")


def in_front_of(store: Store, facing_id: str, depth: float = 0.1) -> tuple[float, float, float]:
    """A point before (depth < 0) or inside a facing."""
    facing = store.facing[facing_id]
    return facing.centre(store.shelf[facing.shelf_id], depth)


def reach(seconds: float, complete: bool, *positions: tuple[float, float, float], track_id: int = 1) -> HandReach:
    at = T0 + round(seconds * SECOND)
    samples = tuple(HandSample(at, position, 0.02) for position in positions)
    return HandReach("reach-1", track_id, "A", complete, at, at, samples)


def small_day(store: Store) -> list[Event]:
    """Two shoppers: one takes a tea and leaves, one has not checked in and is still there."""
    hand = in_front_of(store, "A1-3")
    points = np.array([[1.0, 2.0, 1.7], [1.02, 2.0, 1.6], [0.98, 2.1, 1.3]], dtype=np.float32)
    return [
        CheckIn(T0, "c1", "s", "gate-1", 2),
        frame(1.0, person(1, 1.1, 0.5)),
        basket(1.5, "v1", 1),
        ForegroundCloud(T0 + 2 * SECOND, "sw", points, np.array([3, 4, 5], dtype=np.uint16)),
        frame(3.0, person(1, 1.0, 2.7, (0.6, 2.7, 1.0)), person(2, 2.0, 0.5)),
        reach(3.0, False, hand),
        frame(3.2, person(1, 1.0, 2.7, hand), person(2, 2.2, 0.9)),
        WeightChange("w1", "A13", T0, T0 + 4 * SECOND, -531.0, 3.0, 4248.0, 3717.0),
        reach(4.1, True, hand),
        decision(4.2, "v1", "A1-3", 1),
        basket(4.2, "v1", 1, (TEA, 1, 0.97)),
        basket(4.5, "v2", 2, shopper_id=""),
        Alert(T0 + 5 * SECOND, Severity.WARNING, "entered_without_check_in", "Somebody came in uninvited", ("v2",)),
        StreamProgress(T0 + 5 * SECOND, "/weight_changes", 1, 1, ("B11",)),
        frame(9.0, person(2, 3.0, 2.5)),
        receipt(9.5, "v1", 1),
    ]
