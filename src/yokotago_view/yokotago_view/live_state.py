# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the live page shows, as a table that every event changes a little.

The hard problem is a page that may join at any time, fall behind and come back, and must then show the same as one that
saw everything. The answer: the state is a table of (section, id) -> value, and a change replaces one whole value. A
page that sets the newest values, in any number of steps and with older values left out, ends at the same table.

Values are JSON. Positions are metres, times milliseconds since the Unix epoch, money minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

import numpy as np

from yokotago_model.events import (
    SECOND,
    Alert,
    Basket,
    Catalogue,
    CheckIn,
    Decision,
    Event,
    ForegroundCloud,
    GateAnswer,
    GateVerdict,
    HandReach,
    Receipt,
    Stamp,
    StreamProgress,
    Track,
    TrackFrame,
    WeightChange,
)
from yokotago_model.store import Facing, Store

Change: TypeAlias = tuple[str, str, Any]
"""Section, id, and the new value: JSON, None where there is nothing any more."""


@dataclass(frozen=True)
class LiveParameters:
    """How much of the past the page shows, and how finely it shows the present."""

    receipts_kept: int = field(default=24, metadata={"description": "newest receipts on the page"})
    moments_kept: int = field(default=40, metadata={"description": "newest lines of what happened"})
    alerts_kept: int = field(default=12, metadata={"description": "newest alerts"})
    points_kept: int = field(default=160, metadata={"description": "points of one sensor, at most; 0 shows none"})
    points_every_s: float = field(default=0.2, metadata={"description": "time between two sets of points [s]"})
    gone_s: float = field(default=120.0, metadata={"description": "a visit nobody of which was seen so long is hidden"})
    facing_margin_m: float = field(default=0.08, metadata={"description": "how far from a facing a hand may be [m]"})

    def __post_init__(self) -> None:
        for f in fields(self):
            if getattr(self, f.name) < 0:
                raise ValueError(f"{f.name} is {getattr(self, f.name)}: it must not be negative")


def milliseconds(stamp: Stamp) -> int:
    """A stamp as the page counts time [ms]."""
    return stamp // 1_000_000


def describe(store: Store) -> dict[str, Any]:
    """The store as the page draws it."""
    return {
        "id": store.store_id,
        "name": store.name,
        "currency": store.currency,
        "floor": store.floor,
        "zones": [{"id": z.zone_id, "kind": z.kind.value, "polygon": z.polygon} for z in store.zones],
        "gates": [{"id": g.gate_id, "at": g.position} for g in store.gates],
        "sensors": [{"id": s.sensor_id, "at": s.position[:2]} for s in store.sensors],
        "scales": len(store.scales),
        "shelves": [
            {
                "id": s.shelf_id,
                "name": s.name,
                "origin": s.origin[:2],
                "yaw": s.yaw,
                "size": s.size,
                "facings": [_describe_facing(store, f) for f in store.facings if f.shelf_id == s.shelf_id],
            }
            for s in store.shelves
        ],
    }


def _describe_facing(store: Store, facing: Facing) -> dict[str, Any]:
    return {
        "id": facing.facing_id,
        "name": store.product[facing.product_id].name,
        "scales": facing.scale_ids,
        "full": facing.stock,
        "window": (facing.x, facing.z, facing.width, facing.height),
    }


class LiveState:
    """Events of the store to changes of the page's table.

    Sections: store, clock, people, points, visits, receipts, moments, alerts, facings, scales, reaches, gates, screens
    (what each gate's own screen says), streams, totals, and health, which its owner fills with what no event tells
    (`tell`).
    """

    def __init__(self, store: Store, parameters: LiveParameters | None = None) -> None:
        self._store = store
        self._parameters = parameters or LiveParameters()
        self._names = {p.product_id: p.name for p in store.products}
        self._prices = {p.product_id: p.unit_price for p in store.products}
        self._numbers: dict[str, int] = {}
        self._closed: set[str] = set()
        self._seen: dict[str, Stamp] = {}
        self._bills: dict[str, Receipt] = {}
        self._facings: dict[str, list[Facing]] = {}
        for facing in store.facings:
            self._facings.setdefault(facing.shelf_id, []).append(facing)
        self._stock = {f.facing_id: f.stock for f in store.facings}
        self._counter = 0
        self._points_at: dict[str, Stamp] = {}
        self._table: dict[str, dict[str, Any]] = {}
        self._changes: list[Change] = []
        self._set("store", "", describe(store))
        for facing in store.facings:
            self._set("facings", facing.facing_id, {"stock": facing.stock})
        for gate in store.gates:
            self._set("screens", gate.gate_id, {"store": store.name, "number": 0})
        self._count()
        self._changes.clear()

    def feed(self, event: Event) -> list[Change]:
        """What `event` changes. Events that the page does not show change nothing."""
        match event:
            case TrackFrame():
                self._frame(event)
            case ForegroundCloud():
                self._cloud(event)
            case HandReach():
                self._reach(event)
            case WeightChange():
                self._weight(event)
            case CheckIn():
                self._check_in(event)
            case GateAnswer():
                self._gate_answer(event)
            case Catalogue():
                self._names |= {p.product_id: p.name for p in event.products}
                self._prices |= {p.product_id: p.unit_price for p in event.products}
            case Basket():
                self._basket(event)
            case Decision():
                self._decision(event)
            case Receipt():
                self._receipt(event)
            case Alert():
                self._alert(event)
            case StreamProgress():
                self._progress(event)
        return self._take()

    def tell(self, what: str, value: Any) -> list[Change]:
        """Put a value into the section health."""
        self._set("health", what, value)
        return self._take()

    def snapshot(self) -> list[Change]:
        """The whole table."""
        return [(section, key, value) for section, rows in self._table.items() for key, value in rows.items()]

    def _take(self) -> list[Change]:
        changes, self._changes = self._changes, []
        return changes

    def _set(self, section: str, key: str, value: Any) -> None:
        rows = self._table.setdefault(section, {})
        if rows.get(key) == value:
            return
        if value is None:
            del rows[key]
        else:
            rows[key] = value
        self._changes.append((section, key, value))

    def _keep_newest(self, section: str, most: int) -> None:
        rows = self._table[section]
        for key in list(rows)[: max(len(rows) - most, 0)]:
            self._set(section, key, None)

    # People and hands

    def _frame(self, frame: TrackFrame) -> None:
        self._set("clock", "", milliseconds(frame.stamp))
        here = {str(track.track_id) for track in frame.tracks}
        for gone in [key for key in self._table.get("people", {}) if key not in here]:
            self._set("people", gone, None)
        for track in frame.tracks:
            self._set("people", str(track.track_id), _person(track))
        for visit_id, visit in list(self._table.get("visits", {}).items()):
            if any(str(track_id) in here for track_id in visit["tracks"]):
                self._seen[visit_id] = frame.stamp
            elif frame.stamp - self._seen.setdefault(visit_id, frame.stamp) > self._parameters.gone_s * SECOND:
                self._set("visits", visit_id, None)
        hands = {track.track_id: track.hands for track in frame.tracks}
        for reach_id, reach in list(self._table.get("reaches", {}).items()):
            if reach["track"] not in hands:
                self._set("reaches", reach_id, None)
                continue
            positions = [hand.position for hand in hands[reach["track"]]]
            facing = self._facing_at(reach["shelf"], positions)
            if facing:
                self._set("reaches", reach_id, reach | {"facing": facing})

    def _reach(self, reach: HandReach) -> None:
        if reach.complete:
            self._set("reaches", reach.reach_id, None)
            return
        facing = self._facing_at(reach.shelf_id, [sample.position for sample in reach.samples[-1:]])
        value = {"track": reach.track_id, "shelf": reach.shelf_id, "facing": facing}
        self._set("reaches", reach.reach_id, value)

    def _facing_at(self, shelf_id: str, positions: list[tuple[float, float, float]]) -> str:
        """The facing before which one of the positions is, the one deepest in the shelf first; "" for none."""
        shelf = self._store.shelf.get(shelf_id)
        if shelf is None:
            return ""
        inside = sorted((shelf.to_shelf(position) for position in positions), key=lambda p: -p[1])
        m = self._parameters.facing_margin_m
        for u, depth, w in inside:
            if depth < -0.2:
                continue
            for f in self._facings.get(shelf_id, []):
                beside = max(f.x - u, u - f.x - f.width)
                above = max(f.z - w, w - f.z - f.height)
                if beside <= 0.0 and above <= m:
                    return f.facing_id
        return ""

    def _cloud(self, cloud: ForegroundCloud) -> None:
        """Some of a sensor's points, centimetres as x, y, z, x, y, z ..."""
        p = self._parameters
        if not p.points_kept or cloud.stamp - self._points_at.get(cloud.sensor_id, 0) < p.points_every_s * SECOND:
            return
        self._points_at[cloud.sensor_id] = cloud.stamp
        step = max(1, -(-len(cloud.points) // p.points_kept))
        self._set("points", cloud.sensor_id, np.rint(cloud.points[::step] * 100.0).astype(int).ravel().tolist())

    # Shelves

    def _weight(self, change: WeightChange) -> None:
        value = {"level": round(change.level_after), "delta": round(change.delta), "at": milliseconds(change.stamp)}
        self._set("scales", change.scale_id, value)

    def _decision(self, decision: Decision) -> None:
        for item in decision.chosen.items:
            if item.facing_id in self._stock:
                self._stock[item.facing_id] -= item.quantity
                value = {
                    "stock": max(self._stock[item.facing_id], 0),
                    "delta": -item.quantity,
                    "at": milliseconds(decision.stamp),
                }
                self._set("facings", item.facing_id, value)
            verb = "took" if item.quantity > 0 else "put back"
            text = f"{verb} {abs(item.quantity)} \N{MULTIPLICATION SIGN} {self._name(item.product_id)}"
            self._moment(decision.stamp, "took" if item.quantity > 0 else "back", item.visit_id, text)

    # Visits

    def _check_in(self, check_in: CheckIn) -> None:
        at = milliseconds(check_in.stamp)
        if self._table.get("gates", {}).get(check_in.gate_id, {}).get("at", 0) >= at:
            return
        self._set("gates", check_in.gate_id, {"at": at, "party": check_in.party_size})
        party = f", a party of {check_in.party_size}" if check_in.party_size > 1 else ""
        self._moment(check_in.stamp, "in", "", f"Check-in at {check_in.gate_id}{party}")

    def _gate_answer(self, answer: GateAnswer) -> None:
        screen = self._table["screens"].get(answer.gate_id)
        if screen is None:
            return
        said = {
            "store": screen["store"],
            "number": screen["number"] + 1,
            "admitted": answer.verdict is GateVerdict.ADMITTED,
            "reason": answer.reason,
            "party": answer.party_size,
        }
        self._set("screens", answer.gate_id, said)
        if answer.verdict is GateVerdict.REFUSED:
            self._moment(answer.stamp, "refused", "", f"{answer.gate_id} refused: {answer.reason.replace('-', ' ')}")

    def _basket(self, basket: Basket) -> None:
        known = self._table.get("visits", {}).get(basket.visit_id)
        at = milliseconds(basket.stamp)
        if basket.visit_id in self._closed or (known and known["at"] > at):
            return
        value = {
            "number": self._number(basket.visit_id),
            "known": bool(basket.shopper_id),
            "tracks": basket.track_ids,
            "since": known["since"] if known else at,
            "at": at,
            "lines": [[self._name(n.product_id), n.quantity, round(n.confidence, 2)] for n in basket.lines],
            "total": sum(self._prices.get(n.product_id, 0) * n.quantity for n in basket.lines),
        }
        self._set("visits", basket.visit_id, value)
        self._count()

    def _receipt(self, receipt: Receipt) -> None:
        if receipt.receipt_id in self._bills:
            return
        self._closed.add(receipt.visit_id)
        self._set("visits", receipt.visit_id, None)
        self._bills.pop(receipt.corrects, None)
        self._bills[receipt.receipt_id] = receipt
        value = {
            "number": self._number(receipt.visit_id),
            "known": bool(receipt.shopper_id),
            "entered": milliseconds(receipt.entered),
            "left": milliseconds(receipt.left),
            "at": milliseconds(receipt.stamp),
            "lines": [[n.name, n.quantity, n.amount, round(n.confidence, 2)] for n in receipt.lines],
            "total": receipt.total,
            "currency": receipt.currency,
            "review": receipt.review_reasons if receipt.needs_review else (),
            "corrects": bool(receipt.corrects),
        }
        self._set("receipts", receipt.corrects, None)
        self._set("receipts", receipt.receipt_id, value)
        self._keep_newest("receipts", self._parameters.receipts_kept)
        units = sum(line.quantity for line in receipt.lines)
        text = f"left with {units} item{'s' * (units != 1)}" if units else "left with nothing"
        self._moment(receipt.stamp, "out", receipt.visit_id, "receipt corrected" if receipt.corrects else text)
        self._count()

    def _number(self, visit_id: str) -> int:
        """The name of a visit on the page: who a shopper is, the page does not say."""
        return self._numbers.setdefault(visit_id, len(self._numbers) + 1)

    def _name(self, product_id: str) -> str:
        return self._names.get(product_id, product_id)

    def _count(self) -> None:
        bills = self._bills.values()
        value = {
            "visits": len(self._numbers),
            "receipts": len(bills),
            "items": sum(line.quantity for bill in bills for line in bill.lines),
            "sales": sum(bill.total for bill in bills),
            "review": sum(bill.needs_review for bill in bills),
        }
        self._set("totals", "", value)

    # What happened, and how the streams are

    def _next(self) -> str:
        self._counter += 1
        return str(self._counter)

    def _moment(self, stamp: Stamp, kind: str, visit_id: str, text: str) -> None:
        number = self._number(visit_id) if visit_id else 0
        value = {"at": milliseconds(stamp), "kind": kind, "number": number, "text": text}
        self._set("moments", self._next(), value)
        self._keep_newest("moments", self._parameters.moments_kept)

    def _alert(self, alert: Alert) -> None:
        value: Mapping[str, Any] = {
            "at": milliseconds(alert.stamp),
            "severity": int(alert.severity),
            "code": alert.code,
            "text": alert.text,
        }
        if value not in self._table.get("alerts", {}).values():
            self._set("alerts", self._next(), value)
            self._keep_newest("alerts", self._parameters.alerts_kept)

    def _progress(self, progress: StreamProgress) -> None:
        self._set("streams", progress.stream, {"silent": progress.silent})


def _person(track: Track) -> list[Any]:
    """[x, y, height, state, identity confidence, [[x, y, z] of each hand]]."""
    x, y, _ = track.position
    hands = [[round(c, 2) for c in hand.position] for hand in track.hands]
    sure = round(track.identity_confidence, 2)
    return [round(x, 2), round(y, 2), round(track.height, 2), int(track.state), sure, hands]
