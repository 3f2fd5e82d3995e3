# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""An hour without a cloud: a store goes on, the line comes back, and every receipt is in the cloud exactly once.

`python outage.py --line http` or `--line mqtt` runs it with 1,000 visits and prints what was found; the tests run a
small one. The outbox is the real one on the disk, the cloud and mosquitto are the real programs. The hour is one of
event time: the store's events are written as fast as the disk takes them.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from bridge_support import SECOND, STORE, T0, TOKEN, Broker, Cloud, cloud_in, wait_for

from yokotago_fusion.cloud_client import CloudClient
from yokotago_fusion.cloud_link import CloudLink, LinkParameters
from yokotago_fusion.cloud_requests import Cloud as Line
from yokotago_fusion.cloud_requests import request_of
from yokotago_fusion.mqtt_client import MqttClient
from yokotago_fusion.outbox import Outbox
from yokotago_model.events import Alert, Basket, BasketLine, Product, Receipt, ReceiptLine, Severity, TaxLine

AWAY_S = 3600
STAY_S = 120
SHOPPERS = 10
PRODUCTS = tuple(Product(f"490000000{i:04}", f"Product {i}", 100.0 + i, 2.0, 100 + i, "JPY") for i in range(20))
PATIENCE_S = 600.0


@dataclass(frozen=True)
class Outcome:
    """What was found in the cloud after the line came back.

    receipts, alerts: that the store made; missing, doubled, different, out_of_order: of them, as the cloud has them;
    set_aside: messages that the cloud refused; waited: rows in the outbox when the cloud came back; drain_s: from the
    cloud's return until the last receipt was in its database [s].
    """

    line: str
    visits: int
    receipts: int
    alerts: int
    missing: int
    doubled: int
    different: int
    out_of_order: int
    alerts_missing: int
    alerts_doubled: int
    set_aside: int
    waited: int
    drain_s: float

    @property
    def right(self) -> bool:
        """Whether everything is in the cloud exactly once, as it was sent, in order."""
        faults = (self.missing, self.doubled, self.different, self.out_of_order, self.set_aside)
        return not any((*faults, self.alerts_missing, self.alerts_doubled))


def hour_of(visits: int, shoppers: list[str]) -> list[Basket | Receipt | Alert]:
    """What a store says in an hour in which so many come in, in event time; each tenth visit gets a correction."""
    made: list[Basket | Receipt | Alert] = []
    for i in range(visits):
        visit_id, entered = f"visit-{i:04}", T0 + i * AWAY_S * SECOND // visits
        shopper_id = shoppers[i % len(shoppers)] if i % 3 else ""
        taken = tuple(PRODUCTS[(i + 7 * k) % len(PRODUCTS)] for k in range(1 + i % 5))
        for k in range(len(taken)):
            lines = tuple(BasketLine(p.product_id, 1, 0.9) for p in taken[: k + 1])
            made.append(Basket(entered + (10 + 15 * k) * SECOND, visit_id, shopper_id, (i,), lines))
        left = entered + STAY_S * SECOND
        made.append(_receipt(f"{visit_id}-r1", visit_id, shopper_id, entered, left, taken, 1))
        if i % 10 == 0:
            again = _receipt(f"{visit_id}-r2", visit_id, shopper_id, entered, left, taken, 2, f"{visit_id}-r1", 30)
            made.append(again)
        if i % 25 == 0:
            made.append(Alert(left, Severity.WARNING, "entered_without_check_in", visit_id, (visit_id,)))
    return sorted(made, key=lambda event: event.stamp)


def _receipt(
    receipt_id: str,
    visit_id: str,
    shopper_id: str,
    entered: int,
    left: int,
    taken: tuple[Product, ...],
    quantity: int,
    corrects: str = "",
    later_s: int = 0,
) -> Receipt:
    lines = tuple(
        ReceiptLine(p.product_id, p.name, quantity, p.unit_price, p.unit_price * quantity)
        for p in sorted(taken, key=lambda p: p.product_id)
    )
    total = sum(line.amount for line in lines)
    taxes = (TaxLine("Consumption tax", 8.0, total, total * 8 // 108),)
    stamp = left + later_s * SECOND
    return Receipt(
        stamp, receipt_id, visit_id, shopper_id, entered, left, lines, "JPY", total, corrects=corrects, taxes=taxes
    )


@contextmanager
def _host(path: Path, client: AbstractContextManager[Line]) -> Iterator[tuple[Outbox, CloudLink]]:
    """A store host's outbox on the disk and its line, as the node has them."""
    with client as line, closing(Outbox(str(path))) as outbox:
        link = CloudLink(outbox, lambda: nullcontext(line), STORE, PRODUCTS, time.time_ns, LinkParameters())
        link.start()
        try:
            yield outbox, link
        finally:
            assert link.stop(30.0)


def _client(cloud: Cloud, broker: Broker | None) -> AbstractContextManager[Line]:
    if broker is None:
        return CloudClient(cloud.url, STORE, TOKEN)
    return closing(MqttClient(broker.url, STORE, broker.folder))


def run(folder: Path, line: str, visits: int) -> Outcome:
    """Cut the line, let the store go on, restart its host, bring the line back, and read the cloud's database.

    line: http, or mqtt, which needs mosquitto.
    """
    with ExitStack() as stack:
        broker = stack.enter_context(_broker(folder / "broker")) if line == "mqtt" else None
        cloud = stack.enter_context(cloud_in(folder, *(broker.options if broker else ())))
        cloud.start()
        shoppers = [cloud.check_in()[0] for _ in range(SHOPPERS)]
        events = hour_of(visits, shoppers)
        path = folder / "outbox.db"
        with _host(path, _client(cloud, broker)) as (_, link):
            wait_for(link.follows_check_ins, PATIENCE_S)
            cloud.kill()
            if broker is not None:
                broker.kill()
            wait_for(lambda: link.trouble, PATIENCE_S)
        half = len(events) // 2
        # The store host itself is started again in the middle of it.
        for part in (events[:half], events[half:]):
            with _host(path, _client(cloud, broker)) as (outbox, link):
                for event in part:
                    outbox.put(request_of(STORE, event), time.time())
                link.wake()
                wait_for(lambda link=link: link.trouble not in ("", "not reached yet"), PATIENCE_S)
        with _host(path, _client(cloud, broker)) as (outbox, _):
            waited = outbox.waiting()
            if broker is not None:
                broker.start()
            cloud.start()
            began = time.monotonic()
            receipts = [event for event in events if isinstance(event, Receipt)]
            alerts = [event for event in events if isinstance(event, Alert)]
            wait_for(lambda: outbox.waiting() == 0, PATIENCE_S)
            # A broker takes messages before the cloud does; one that is lost is missed below, not waited for.
            until = time.monotonic() + 60.0
            wait_for(lambda: time.monotonic() > until or _kept(folder) >= len(receipts), PATIENCE_S)
            drain_s = time.monotonic() - began
            set_aside = len(outbox.those_set_aside())
        return Outcome(
            line=line,
            visits=visits,
            receipts=len(receipts),
            alerts=len(alerts),
            **_compared(cloud, receipts, _rows(folder)),
            **_alerts_compared(cloud, alerts),
            set_aside=set_aside,
            waited=waited,
            drain_s=round(drain_s, 1),
        )


@contextmanager
def _broker(folder: Path) -> Iterator[Broker]:
    broker = Broker(folder)
    broker.set_up(STORE)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def _rows(folder: Path) -> list[str]:
    """The keys of all receipts in the cloud's own tables."""
    with closing(sqlite3.connect(f"file:{folder / 'cloud.db'}?mode=ro", uri=True)) as base:
        found = base.execute("SELECT sk FROM items WHERE pk = ? AND sk LIKE 'RECEIPT#%'", (f"STORE#{STORE}",))
        return [str(sk).removeprefix("RECEIPT#") for (sk,) in found]


def _kept(folder: Path) -> int:
    return len(_rows(folder))


def _pages(cloud: Cloud, part: str) -> list[dict[str, Any]]:
    """All of a store's receipts or alerts, as the API tells them."""
    url, after, found = f"{cloud.url}/v1/stores/{STORE}/{part}", "", []
    with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30.0) as client:
        while True:
            page = client.get(url, params={"after": after, "limit": "100"}).raise_for_status().json()
            found += page[part]
            if not page[part] or not page["cursor"] or page["cursor"] == after:
                return found
            after = page["cursor"]


def _compared(cloud: Cloud, receipts: list[Receipt], rows: list[str]) -> dict[str, int]:
    told = _pages(cloud, "receipts")
    kept = {one["receipt_id"]: one for one in told}
    sent = {one.receipt_id: json.loads(request_of(STORE, one).body) for one in receipts}
    pairs = [(one.corrects, one.receipt_id) for one in receipts if one.corrects]
    corrections = [(kept[old], kept[new]) for old, new in pairs if old in kept and new in kept]
    return {
        "missing": len(set(sent) - (set(kept) & set(rows))),
        "doubled": len(told) - len(kept) + sum(n - 1 for n in Counter(rows).values()) + len(set(rows) - set(sent)),
        "different": sum(
            any(kept[name].get(key) != value for key, value in body.items())
            for name, body in sent.items()
            if name in kept
        ),
        "out_of_order": sum(
            before["received_at"] > after["received_at"] or before["corrected_by"] != after["receipt_id"]
            for before, after in corrections
        ),
    }


def _alerts_compared(cloud: Cloud, alerts: list[Alert]) -> dict[str, int]:
    told = Counter(one["text"] for one in _pages(cloud, "alerts"))
    return {
        "alerts_missing": sum(one.text not in told for one in alerts),
        "alerts_doubled": sum(n - 1 for n in told.values()),
    }


def main() -> None:
    """Run it and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--line", choices=("http", "mqtt"), default="http")
    parser.add_argument("--visits", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), given.line, given.visits)
    print(json.dumps({**asdict(outcome), "right": outcome.right, "load_average": os.getloadavg()[0]}, indent=1))
    if not outcome.right:
        raise SystemExit("not every receipt is in the cloud exactly once")


if __name__ == "__main__":
    main()
