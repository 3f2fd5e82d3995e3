# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The original system's rule, to compare with: nearest reach within a few seconds, weight divided by the unit's weight.

As the original's authors describe it: a purchase event (a hand reached out) and a weight event that lie within a few
seconds of each other are the same event; the number of units is the change divided by the product's average weight; who
checked in is matched with who came in by time. No watermarks, no live planogram, no doubt.
"""

from __future__ import annotations

from collections import Counter

from yokotago_model.events import (
    SECOND,
    CheckIn,
    CrossingKind,
    HandReach,
    Receipt,
    ReceiptLine,
    Stamp,
    TrackFrame,
    WeightChange,
    ZoneCrossing,
)
from yokotago_model.store import Facing, Store, ZoneKind

from .watermarks import Fact

_MATCH_NS = 3 * SECOND
_WAIT_NS = 3 * SECOND
_CHECK_IN_NS = 30 * SECOND


class Baseline:
    """The same interface as Fusion; gives receipts only. Takes events in order of arrival, and knows only the newest
    stamp.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._now: Stamp = 0
        self._reaches: list[HandReach] = []
        self._changes: list[WeightChange] = []
        self._check_ins: list[CheckIn] = []
        self._entered: dict[int, Stamp] = {}
        self._shopper: dict[int, str] = {}
        self._left: dict[int, Stamp] = {}
        self._baskets: dict[int, Counter[str]] = {}
        self._present: set[int] = set()

    def feed(self, event: Fact | object) -> list[Receipt]:
        """Take in an event; other kinds than those it uses are ignored."""
        match event:
            case TrackFrame():
                self._present = {t.track_id for t in event.tracks}
                self._now = max(self._now, event.stamp)
            case HandReach() if event.complete:
                self._reaches.append(event)
            case WeightChange():
                self._changes.append(event)
            case CheckIn():
                self._check_ins.append(event)
            case ZoneCrossing():
                self._cross(event)
        return self._advance()

    def finish(self) -> list[Receipt]:
        """The recording is over."""
        self._now += 10 * SECOND
        return self._advance()

    def _cross(self, event: ZoneCrossing) -> None:
        zone = self._store.zone.get(event.zone_id)
        if zone is None or zone.kind is ZoneKind.STAFF:
            return
        if event.kind is CrossingKind.ENTER and zone.kind is ZoneKind.ENTRANCE:
            self._entered.setdefault(event.track_id, event.stamp)
        elif event.kind is CrossingKind.EXIT:
            self._left[event.track_id] = event.stamp

    def _advance(self) -> list[Receipt]:
        due = [c for c in self._changes if self._now - c.end >= _WAIT_NS]
        self._changes = [c for c in self._changes if self._now - c.end < _WAIT_NS]
        for change in due:
            self._attribute(change)
        self._reaches = [r for r in self._reaches if self._now - r.end < 60 * SECOND]
        out = []
        for track_id, left in sorted(self._left.items()):
            if self._now - left < _WAIT_NS + SECOND:
                continue
            del self._left[track_id]
            if track_id not in self._present and track_id in self._entered:
                out.append(self._receipt(track_id, left))
        return out

    def _attribute(self, change: WeightChange) -> None:
        """The nearest reach in time on the change's shelf pays for the nearest whole number of units."""
        facings = self._store.facings_on(change.scale_id)
        if not facings:
            return

        def apart(reach: HandReach) -> Stamp:
            return max(0, reach.begin - change.end, change.begin - reach.end)

        near = [r for r in self._reaches if r.shelf_id == facings[0].shelf_id and apart(r) <= _MATCH_NS]
        if not near:
            return
        reach = min(near, key=lambda r: (apart(r), r.begin, r.reach_id))

        def misfit(facing: Facing) -> float:
            weight = self._store.product[facing.product_id].weight
            return abs(change.delta / weight - round(change.delta / weight))

        product = self._store.product[min(facings, key=misfit).product_id]
        units = -round(change.delta / product.weight)
        basket = self._baskets.setdefault(reach.track_id, Counter())
        basket[product.product_id] = max(0, basket[product.product_id] + units)

    def _receipt(self, track_id: int, left: Stamp) -> Receipt:
        entered = self._entered.pop(track_id)
        near = [c for c in self._check_ins if abs(c.stamp - entered) <= _CHECK_IN_NS]
        shopper = ""
        if near:
            check_in = min(near, key=lambda c: (abs(c.stamp - entered), c.check_in_id))
            self._check_ins.remove(check_in)
            shopper = check_in.shopper_id
        lines = []
        for product_id, quantity in sorted(self._baskets.pop(track_id, Counter()).items()):
            if quantity:
                product = self._store.product[product_id]
                amount = quantity * product.unit_price
                lines.append(ReceiptLine(product_id, product.name, quantity, product.unit_price, amount))
        visit_id = f"{self._store.store_id}-{entered}-{track_id}"
        return Receipt(
            self._now,
            f"{visit_id}-baseline",
            visit_id,
            shopper,
            entered,
            left,
            tuple(lines),
            self._store.currency,
            sum(line.amount for line in lines),
        )
