# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's lines."""

from __future__ import annotations

from datetime import UTC

import pytest

from yokotago_bringup.console import demo_store_file, money, short
from yokotago_bringup.narration import Narrator
from yokotago_model.events import SECOND, Alert, Basket, BasketLine, CheckIn, Event, Receipt, ReceiptLine, Severity
from yokotago_model.store_file import read_store

STORE = read_store(demo_store_file())
PRODUCT = STORE.products[0]
NOON = 12 * 3600 * SECOND


def told(*events: Event) -> list[str]:
    narrator = Narrator(STORE, UTC)
    return [line for event in events for line in narrator.feed(event)]


def basket(quantity: int, shopper: str = "ann") -> Basket:
    lines = (BasketLine(PRODUCT.product_id, quantity, 1.0),) if quantity else ()
    return Basket(NOON, "v1", shopper, (1,), lines)


def test_a_visit_is_told_from_the_gate_to_the_receipt() -> None:
    line = ReceiptLine(PRODUCT.product_id, PRODUCT.name, 1, 150, 150)
    receipt = Receipt(NOON, "r1", "v1", "ann", NOON, NOON, (line,), "JPY", 150)
    lines = told(CheckIn(NOON, "c1", "ann", "gate-1", 3), basket(0), basket(2), basket(1), basket(1), receipt)
    assert lines == [
        "12:00:00  ann checks in at gate-1 with 2 more",
        "12:00:00  ann comes in",
        f"12:00:00  ann takes 2 x {PRODUCT.name}",
        f"12:00:00  ann puts back 1 x {PRODUCT.name}",
        f"12:00:00  receipt for ann: 1 x {PRODUCT.name}, 150 JPY",
    ]


def test_a_shopper_without_check_in_is_somebody() -> None:
    assert told(basket(0, shopper="")) == ["12:00:00  somebody who has not checked in comes in"]


def test_what_is_to_be_reviewed_says_why() -> None:
    receipt = Receipt(NOON, "r1", "v1", "ann", NOON, NOON, (), "JPY", 0, True, ("the scale A11 was silent",))
    assert told(receipt) == ["12:00:00  receipt for ann: nothing, 0 JPY - to be reviewed: the scale A11 was silent"]


def test_alerts_are_told_and_mere_information_is_not() -> None:
    assert told(Alert(NOON, Severity.WARNING, "out_of_stock", "no tea is left")) == [
        "12:00:00  please look: no tea is left"
    ]
    assert told(Alert(NOON, Severity.INFO, "learned", "tea weighs 101 g")) == []


@pytest.mark.parametrize(
    ("amount", "currency", "text"), [(1250, "EUR", "12.50 EUR"), (1250, "JPY", "1,250 JPY"), (1250, "KWD", "1.250 KWD")]
)
def test_money_has_the_digits_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text


def test_long_ids_are_shortened() -> None:
    assert short("0123456789abcdef0123456789abcdef") == "01234567"
    assert short("shopper-anna") == "shopper-anna"
