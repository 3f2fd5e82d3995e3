# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Tells what happens in the store, one line for each thing, in a shopkeeper's words."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, tzinfo

from yokotago_model.events import SECOND, Alert, Basket, CheckIn, Event, Receipt, Severity
from yokotago_model.store import Store

from .console import receipt_text, short


class Narrator:
    """Turns events into lines; times are those of the events, shown in `zone` (None: the machine's time zone)."""

    def __init__(self, store: Store, zone: tzinfo | None = None) -> None:
        self._names = {p.product_id: p.name for p in store.products}
        self._zone = zone
        self._held: dict[str, Counter[str]] = {}

    def feed(self, event: Event) -> list[str]:
        """The lines that `event` is worth; most are worth none."""
        match event:
            case CheckIn():
                with_others = f" with {event.party_size - 1} more" if event.party_size > 1 else ""
                said = [f"{short(event.shopper_id)} checks in at {event.gate_id}{with_others}"]
            case Basket():
                said = self._basket(event)
            case Receipt():
                corrected = "corrected receipt" if event.corrects else "receipt"
                said = [f"{corrected} for {receipt_text(event)}"]
            case Alert() if event.severity is not Severity.INFO:
                said = [f"please look: {event.text}"]
            case _:
                said = []
        if not said:
            return []
        clock = datetime.fromtimestamp(event.stamp / SECOND, self._zone).strftime("%H:%M:%S")
        return [f"{clock}  {line}" for line in said]

    def _basket(self, basket: Basket) -> list[str]:
        now = Counter({line.product_id: line.quantity for line in basket.lines})
        who = short(basket.shopper_id) if basket.shopper_id else "somebody who has not checked in"
        before = self._held.get(basket.visit_id)
        self._held[basket.visit_id] = now
        said = [f"{who} comes in"] if before is None else []
        before = before or Counter()
        for product in sorted(set(now) | set(before)):
            units = now[product] - before[product]
            if units:
                name = self._names.get(product, product)
                said.append(f"{who} {'takes' if units > 0 else 'puts back'} {abs(units)} x {name}")
        return said
