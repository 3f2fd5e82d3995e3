# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago explain: why a receipt is what it is, from the decisions and the evidence in a bag."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yokotago_model.events import SECOND, Decision, DecisionOption, HandReach, Receipt, WeightChange
from yokotago_model.plain import to_plain
from yokotago_model.store import Store

from .bags import BagReader, Record
from .console import CommandError, receipt_text
from .pipeline import Pipeline
from .plan import plan


def add_parser(subcommands: Any) -> None:
    """Add `explain` to the command."""
    parser = subcommands.add_parser(
        "explain",
        help="why a receipt is what it is",
        description="Show every decision that led to a receipt, with its evidence and what else it might have been.",
    )
    parser.add_argument("receipt", metavar="RECEIPT", help="receipt_id, visit_id, shopper_id, or 'all'")
    parser.add_argument("--bag", required=True, type=Path, metavar="BAG", help="the recording that holds the visit")
    parser.add_argument("--store", type=Path, metavar="FILE", help="store.yaml to use instead of the bag's own")
    parser.add_argument("--json", action="store_true", help="as JSON, one object a receipt")
    parser.set_defaults(run=run)


class _Evidence:
    """What a bag's decisions rest on."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.decisions: list[Decision] = []
        self.changes: dict[str, WeightChange] = {}
        self.reaches: dict[str, HandReach] = {}

    def add(self, records: Iterable[Record]) -> None:
        for record in records:
            match record.event:
                case Receipt() if record.topic == "/receipts":
                    self.receipts.append(record.event)
                case Decision():
                    self.decisions.append(record.event)
                case WeightChange():
                    self.changes[record.event.change_id] = record.event
                case HandReach():
                    self.reaches[record.event.reach_id] = record.event

    def of(self, receipt: Receipt) -> list[Decision]:
        """The decisions that have to do with the visit, also as an alternative."""
        return [
            d
            for d in self.decisions
            if any(i.visit_id == receipt.visit_id for option in (d.chosen, *d.alternatives) for i in option.items)
        ]


def _option(store: Store, option: DecisionOption, visit_id: str) -> str:
    if not option.items:
        return "nobody's purchase"
    parts = []
    for item in option.items:
        name = store.product[item.product_id].name if item.product_id in store.product else item.product_id
        who = "this visit" if item.visit_id == visit_id else f"visit {item.visit_id or 'unknown'}"
        verb = "takes" if item.quantity > 0 else "puts back"
        parts.append(f"{who} {verb} {abs(item.quantity)} x {name} ({item.facing_id})")
    return " and ".join(parts)


def _clock(stamp: int) -> str:
    return datetime.fromtimestamp(stamp / SECOND, UTC).strftime("%H:%M:%S.%f")[:-4]


def _lines(store: Store, evidence: _Evidence, receipt: Receipt) -> Iterable[str]:
    """The explanation of one receipt in words."""
    yield f"receipt {receipt.receipt_id}, visit {receipt.visit_id}"
    yield f"  {receipt_text(receipt)}"
    yield f"  in the store from {_clock(receipt.entered)} to {_clock(receipt.left)} (UTC)"
    for decision in evidence.of(receipt):
        yield f"  {_clock(decision.stamp)}  {_option(store, decision.chosen, receipt.visit_id)}"
        yield f"      probability {decision.chosen.probability:.3f}; {decision.reason}"
        for change_id in decision.change_ids:
            if change := evidence.changes.get(change_id):
                step = f"{change.delta:+.1f} g (+- {change.stddev:.1f})"
                yield f"      scale {change.scale_id}: {step} at {_clock(change.end)}"
        for reach_id in decision.reach_ids:
            if reach := evidence.reaches.get(reach_id):
                until = _clock(reach.end) if reach.complete else "still inside"
                hand = f"hand of track {reach.track_id} in shelf {reach.shelf_id}"
                yield f"      {hand}: {_clock(reach.begin)} to {until}"
        for other in decision.alternatives:
            yield f"      else ({other.probability:.3f}): {_option(store, other, receipt.visit_id)}"


def run(arguments: argparse.Namespace) -> int:
    """Explain one receipt, or all of a bag."""
    evidence = _Evidence()
    with BagReader(arguments.bag) as reader:
        store = reader.store(arguments.store)
        # Decided anew where the bag does not hold the decisions themselves.
        planned = plan(store, reader.topics, again="/decisions" not in reader.topics)
        pipeline = Pipeline(store, planned)
        last = 0
        for record in reader.records():
            last = record.arrival
            if not planned.replaces(record.topic, record.event):
                evidence.add([record])
            evidence.add(pipeline.feed(record).made)
        evidence.add(pipeline.finish(last).made)
    wanted = arguments.receipt
    chosen = [r for r in evidence.receipts if wanted in ("all", r.receipt_id, r.visit_id, r.shopper_id)]
    if not chosen:
        known = ", ".join(r.receipt_id for r in evidence.receipts) or "none"
        raise CommandError(f"{arguments.bag} has no receipt '{wanted}': it has {known}")
    for receipt in chosen:
        if arguments.json:
            whole = {"receipt": to_plain(receipt), "decisions": [to_plain(d) for d in evidence.of(receipt)]}
            print(json.dumps(whole, ensure_ascii=False))
        else:
            print("\n".join(_lines(store, evidence, receipt)))
    return 0
