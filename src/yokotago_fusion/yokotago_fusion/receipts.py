# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""From what a visit holds to what it pays: lines, prices, totals, reasons to have a person look at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from yokotago_model.events import Basket, BasketLine, Product, Receipt, ReceiptLine, Stamp, TaxLine
from yokotago_model.store import Store

from .parameters import FusionParameters
from .visits import Visit

Lines = Mapping[str, tuple[int, float]]
"""{product_id: (units, probability that the number is right)}, in order of product_id."""


def basket(stamp: Stamp, visit: Visit, track_ids: tuple[int, ...], lines: Lines) -> Basket:
    """What the visit holds now."""
    return Basket(
        stamp,
        visit.visit_id,
        visit.shopper_id,
        track_ids,
        tuple(BasketLine(p, quantity, confidence) for p, (quantity, confidence) in lines.items()),
    )


def receipt(
    stamp: Stamp,
    visit: Visit,
    left: Stamp,
    lines: Lines,
    probability: float,
    products: Mapping[str, Product],
    store: Store,
    params: FusionParameters,
) -> Receipt:
    """What the visit pays for. probability: that all lines are right. The visit's earlier receipt is the one
    corrected.
    """
    made = []
    for product_id, (quantity, confidence) in lines.items():
        product = products[product_id]
        amount = quantity * product.unit_price
        made.append(ReceiptLine(product_id, product.name, quantity, product.unit_price, amount, confidence))
    reasons = list(visit.reasons)
    if probability < params.review_below:
        reasons.append(f"the basket is only {round(100 * probability)} % sure: {_doubtful(lines, products)}")
    return Receipt(
        stamp,
        f"{visit.visit_id}-r{len(visit.receipts) + 1}",
        visit.visit_id,
        visit.shopper_id,
        visit.entered,
        left,
        tuple(made),
        store.currency,
        sum(line.amount for line in made),
        bool(reasons),
        tuple(reasons),
        visit.receipts[-1].receipt_id if visit.receipts else "",
        tax_lines(store, made),
    )


def tax_lines(store: Store, lines: Iterable[ReceiptLine]) -> tuple[TaxLine, ...]:
    """The taxes that the lines' amounts contain, in the store's order.

    amount x rate / (100 + rate) of each rate's sum, once for each rate and half a minor unit rounded up.
    """
    sums = {tax.tax_id: 0 for tax in store.taxes}
    for line in lines:
        tax = store.tax_of(line.product_id)
        if tax is not None:
            sums[tax.tax_id] += line.amount
    made = []
    for tax in store.taxes:
        rate = Fraction(str(tax.rate_percent))
        contained = sums[tax.tax_id] * rate / (100 + rate)
        if sums[tax.tax_id]:
            made.append(TaxLine(tax.name, tax.rate_percent, sums[tax.tax_id], int(contained + Fraction(1, 2))))
    return tuple(made)


def _doubtful(lines: Lines, products: Mapping[str, Product]) -> str:
    """The lines that are not sure, in words."""
    doubtful = [
        f"{quantity} x {products[p].name} ({round(100 * confidence)} %)"
        for p, (quantity, confidence) in lines.items()
        if confidence < 0.95
    ]
    return ", ".join(doubtful) or "something may be missing from it"
