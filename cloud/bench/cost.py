# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what a visit asks of the cloud, and computes from it what a store costs in a month.

`python cloud/bench/cost.py` prints the tables of docs/cost.md; --write puts them and the chart there. Prices and the
store are assumptions in aws/prices.toml; messages, bytes and units of the table are measured on a visit made here.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from yokotago_cloud.app import create_app
from yokotago_cloud.services import Services
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.port import Append, Item, Operation, Page, Put
from yokotago_cloud.storage.sqlite import SqliteStorage

ROOT = Path(__file__).parents[2]
PRICES = ROOT / "cloud" / "aws" / "prices.toml"
PAGE = ROOT / "docs" / "cost.md"
TOKEN = "cost-device-token-0123456789"  # noqa: S105 (of a database that lives as long as the run)
_KEY_BYTES = 100  # keys, version and names of attributes of an item, about


@dataclass
class Side:
    """What one side of the visit sent and got: bodies only."""

    requests: int = 0
    sent: int = 0
    received: int = 0


@dataclass
class Visit:
    """What one visit asked of the cloud, without waiting for news and without passwords."""

    store: Side = field(default_factory=Side)
    phone: Side = field(default_factory=Side)
    write_units: int = 0
    read_units: int = 0
    kept_bytes: int = 0


def _clock() -> float:
    """Always the same, so that the same visit has the same size."""
    return 1_800_000_000.125


class _Counting:
    """A storage that counts what DynamoDB would bill, into a visit."""

    def __init__(self, storage: SqliteStorage, visit: Visit) -> None:
        self._storage = storage
        self.visit = visit

    def get(self, pk: str, sk: str) -> Item | None:
        item = self._storage.get(pk, sk)
        self._read([] if item is None else [item])
        return item

    def query(self, pk: str, prefix: str = "", **how: Any) -> Page:
        page = self._storage.query(pk, prefix, **how)
        self._read(page.items)
        return page

    def write(self, *operations: Operation) -> tuple[str, ...]:
        """A transaction takes two units for each kB of each item, and one for what goes to the index."""
        for operation in operations:
            size = _KEY_BYTES
            if isinstance(operation, Put | Append):
                size += len(json.dumps(operation.data, ensure_ascii=False).encode())
                self.visit.kept_bytes += size
            units = 2 * math.ceil(size / 1024)
            if isinstance(operation, Append):
                units += 2  # the counter
            elif isinstance(operation, Put) and operation.index is not None:
                units += math.ceil(size / 1024)
            self.visit.write_units += units
        return self._storage.write(*operations)

    def close(self) -> None:
        self._storage.close()

    def _read(self, items: Any) -> None:
        size = sum(_KEY_BYTES + len(json.dumps(item.data, ensure_ascii=False).encode()) for item in items)
        self.visit.read_units += max(1, math.ceil(size / 4096))


@contextmanager
def _cloud(visit: Visit) -> Iterator[tuple[TestClient, Services]]:
    with tempfile.TemporaryDirectory() as folder:
        storage = _Counting(SqliteStorage(Path(folder) / "cost.db", _clock), visit)
        try:
            services = Services(storage, Settings(argon2_memory_kib=64, argon2_passes=1), _clock)
            services.stores.add("shop", "The shop")
            services.stores.add_device("shop", TOKEN, "host")
            with TestClient(create_app(services)) as http:
                yield http, services
        finally:
            storage.close()


def measure(lines: int) -> Visit:
    """A visit of so many different products, one taken after the other: check-in, live baskets, receipt, all news."""
    with _cloud(Visit()) as (http, services):
        session = services.accounts.sign_up("phone@example.com", "a long password", "", "en")
        products = [
            {"product_id": f"4900000{n:06d}", "name": f"Onigiri salmon {n}", "weight": 110, "unit_price": 150 + n}
            for n in range(lines)
        ]
        products = [{**product, "currency": "JPY"} for product in products]
        device = {"Authorization": f"Bearer {TOKEN}"}
        phone = {"Authorization": f"Bearer {session['access_token']}"}
        assert http.put("/v1/stores/shop/catalogue", json={"products": products}, headers=device).status_code == 200
        visit = Visit()
        assert isinstance(services.storage, _Counting)
        services.storage.visit = visit

        def ask(side: Side, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Any:
            content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
            plain = {**headers, "Content-Type": "application/json"}
            answer = http.request(method, f"/v1{path}", headers=plain, content=content)
            assert answer.status_code < 300, answer.text
            side.requests += 1
            side.sent += len(content)
            side.received += len(answer.content)
            return answer.json()

        cursor = ask(visit.phone, "GET", "/me/now", phone)["cursor"]
        code = ask(visit.phone, "POST", "/check-in-codes", phone, {"party_size": 1})["code"]
        stamp = {"sec": 1_800_000_000, "nanosec": 123_456_789}
        body = {"code": code, "gate_id": "gate-1", "stamp": stamp, "offline": False}
        once = {**device, "Idempotency-Key": "check_in-0123456789012345678901234567890123456789"}
        shopper_id = ask(visit.store, "POST", "/stores/shop/check-ins", once, body)["shopper_id"]
        visit_id = "shop-1795368170710174142-188257996374"
        for taken in range(lines + 1):
            kept = [{"product_id": p["product_id"], "quantity": 1} for p in products[:taken]]
            basket = {"stamp": {**stamp, "nanosec": taken}, "shopper_id": shopper_id, "lines": kept}
            ask(visit.store, "PUT", f"/stores/shop/visits/{visit_id}/basket", device, basket)
        receipt_id = f"{visit_id}-r1"
        receipt = {
            "receipt_id": receipt_id,
            "visit_id": visit_id,
            "shopper_id": shopper_id,
            "entered": stamp,
            "left": {**stamp, "sec": stamp["sec"] + 300},
            "lines": [
                {
                    "product_id": p["product_id"],
                    "name": p["name"],
                    "quantity": 1,
                    "unit_price": p["unit_price"],
                    "amount": p["unit_price"],
                    "confidence": 0.9521312117576599,
                }
                for p in products
            ],
            "currency": "JPY",
            "total": sum(int(str(p["unit_price"])) for p in products),
            "taxes": [
                {"name": name, "rate_percent": rate, "amount": 75 * lines, "tax": 6 * lines}
                for name, rate in (("consumption tax 8 % (food)", 8.0), ("consumption tax 10 %", 10.0))
            ],
            "needs_review": False,
            "review_reasons": [],
            "corrects": "",
        }
        ask(visit.store, "PUT", f"/stores/shop/receipts/{receipt_id}", device, receipt)
        ask(visit.phone, "GET", f"/me/events?after={cursor}", phone)
        return visit


@dataclass(frozen=True)
class Way:
    """One way to run the cloud, and its bill of a month [US dollars]."""

    name: str
    parts: dict[str, float]

    @property
    def total(self) -> float:
        """The whole bill."""
        return sum(self.parts.values())


def bills(visit: Visit, given: Mapping[str, Any]) -> list[Way]:
    """The bill of a store's month: decisions by functions or by a server, and raw weights as the original streamed."""
    usd = {name: price["usd"] for name, price in given["prices"].items()}
    store, function = given["store"], given["function"]
    visits = store["visits_a_day"] * store["days"]
    month_s = store["days"] * 86_400

    def functions(requests: float, seconds: float) -> dict[str, float]:
        return {
            "API requests": requests / 1e6 * usd["api_requests_million"],
            "functions": requests / 1e6 * usd["lambda_requests_million"]
            + seconds * function["memory_gb"] * usd["lambda_gb_second"],
        }

    polling_s = store["days"] * store["open_hours"] * 3600
    following_s = visits * store["visit_minutes"] * 60
    waits = (polling_s + following_s) / function["wait_s"]
    asked = visits * (visit.store.requests + visit.phone.requests)
    table = {
        "table": visits * visit.write_units / 1e6 * usd["table_write_million"]
        # who waits looks again every second
        + (visits * visit.read_units + polling_s + following_s) / 1e6 * usd["table_read_million"]
        + visits / store["days"] * function["receipt_days"] * visit.kept_bytes / 1e9 * usd["table_gb_month"]
    }
    out = {"data out": visits * (visit.store.received + visit.phone.received) / 1e9 * usd["transfer_gb"]}
    own = functions(asked, asked * function["request_s"])
    waiting = functions(waits, polling_s + following_s)
    decisions = {**own, "waiting for news": sum(waiting.values()), **table, **out}

    messages = store["scales"] * store["sample_hz"] / store["samples_a_message"] * month_s
    raw = {
        "IoT messages": messages / 1e6 * (usd["iot_messages_million"] + usd["iot_rules_million"])
        + store["scales"] * month_s / 60 / 1e6 * usd["iot_minutes_million"],
        "functions": messages / 1e6 * usd["lambda_requests_million"]
        + messages * function["request_s"] * function["memory_gb"] * usd["lambda_gb_second"],
        "table": messages * math.ceil(raw_bytes(store) / 1024) / 1e6 * usd["table_write_million"],
    }
    return [
        Way("decisions, one small server", {"server": usd["server_month"], **out}),
        Way("decisions, functions", decisions),
        Way("raw weights, functions", raw),
    ]


def raw_bytes(store: Mapping[str, Any]) -> int:
    """Size of one message of raw weights: the samples of a scale in tenths of grams, as JSON [bytes]."""
    grams = [round(1234.5 + n / 10, 1) for n in range(store["samples_a_message"])]
    message = {"scale_id": "shelf-1-03", "stamp": {"sec": 1_800_000_000, "nanosec": 123_456_789}, "grams": grams}
    return len(json.dumps(message, separators=(",", ":")).encode()) + _KEY_BYTES


def tables(visit: Visit, given: Mapping[str, Any], ways: list[Way]) -> dict[str, str]:
    """The parts of the page, by the names of their markers."""
    store = given["store"]
    visits = store["visits_a_day"] * store["days"]
    rows = [
        "| one visit | store host | phone |",
        "|---|---|---|",
        f"| requests | {visit.store.requests} | {visit.phone.requests} |",
        f"| bytes sent | {visit.store.sent:,} | {visit.phone.sent:,} |",
        f"| bytes received | {visit.store.received:,} | {visit.phone.received:,} |",
        "",
        f"Table: {visit.write_units} write units, {visit.read_units} read units, {visit.kept_bytes:,} bytes written.",
    ]
    per_day = store["scales"] * 86_400 * store["sample_hz"] // store["samples_a_message"]
    parts = list(dict.fromkeys(name for way in ways for name in way.parts))
    amounts = {part: [f"{way.parts[part]:,.2f}" if part in way.parts else "" for way in ways] for part in parts}
    bill = [
        f"| US dollars, a month of {visits:,} visits | " + " | ".join(way.name for way in ways) + " |",
        "|---|" + "---:|" * len(ways),
        *(f"| {part} | " + " | ".join(amounts[part]) + " |" for part in parts),
        "| **total** | " + " | ".join(f"**{way.total:,.2f}**" for way in ways) + " |",
        "| a visit | " + " | ".join(f"{way.total / visits:.4f}" for way in ways) + " |",
        "",
        f"Raw weights: {per_day:,} messages a day of {raw_bytes(store):,} bytes, which is"
        f" {per_day * raw_bytes(store) / 1e9:.1f} GB; decisions: "
        f"{store['visits_a_day'] * visit.store.sent / 1e9:.4f} GB a day.",
    ]
    prices = ["| price | US dollars | where it stands |", "|---|---:|---|"]
    prices += [f"| `{name}` | {price['usd']:.10g} | {price['source']} |" for name, price in given["prices"].items()]
    settings = [f"`{name}` {value}" for part in ("store", "function") for name, value in given[part].items()]
    return {
        "visit": "\n".join(rows),
        "bill": "\n".join(bill),
        "prices": "\n".join(prices) + "\n\nThe store and the functions: " + ", ".join(settings) + ".",
    }


def filled(page: str, parts: Mapping[str, str]) -> str:
    """The page with its parts between their markers."""
    for name, text in parts.items():
        before, begin, rest = page.partition(f"<!-- {name} -->\n")
        _old, end, after = rest.partition(f"\n<!-- end of {name} -->")
        if not begin or not end:
            raise ValueError(f"the page has no markers for {name}")
        page = f"{before}{begin}{text}{end}{after}"
    return page


def draw(ways: list[Way], path: Path) -> None:
    """The bills as bars."""
    figures: Any = importlib.import_module("matplotlib.figure")
    figure = figures.Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.add_subplot()
    left = [0.0] * len(ways)
    for part in dict.fromkeys(name for way in ways for name in way.parts):
        widths = [way.parts.get(part, 0.0) for way in ways]
        axes.barh([way.name for way in ways], widths, left=left, label=part, height=0.55)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    for number, way in enumerate(ways):
        axes.text(way.total, number, f"  ${way.total:,.0f}", va="center")
    axes.set(xlabel="US dollars a month", xlim=(0, 1.15 * max(way.total for way in ways)))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize="small", loc="upper right", frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prices", type=Path, default=PRICES, metavar="FILE", help="prices and the store")
    parser.add_argument("--write", action="store_true", help="put tables and chart into docs/")
    chosen = parser.parse_args()
    given = tomllib.loads(chosen.prices.read_text(encoding="utf-8"))
    visit = measure(given["store"]["lines"])
    ways = bills(visit, given)
    parts = tables(visit, given, ways)
    if chosen.write:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
        draw(ways, PAGE.with_suffix(".png"))
    else:
        print(*parts.values(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
