# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Visits: the live basket, and the receipt that ends it.

What must hold, however often and in whatever order the store repeats itself: the newest basket is the one
shown; a receipt is kept once and never changes; a visit is billed once, and after that only a correction that
names its newest receipt replaces it. Each is a condition of the write, so races do not matter.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from yokotago_cloud.bodies import Basket, Receipt
from yokotago_cloud.catalogue import Catalogues
from yokotago_cloud.feeds import Feeds, shopper_feed
from yokotago_cloud.idempotency import fingerprint
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.port import (
    Append,
    Check,
    Condition,
    ConditionFailedError,
    Item,
    Operation,
    Put,
    Storage,
)

_TRIES = 8
_T = TypeVar("_T")


class Visits:
    """Takes baskets and receipts of stores, and shows them to their shoppers."""

    def __init__(
        self,
        storage: Storage,
        catalogues: Catalogues,
        feeds: Feeds,
        settings: Settings,
        clock: Callable[[], float],
    ) -> None:
        self._storage = storage
        self._catalogues = catalogues
        self._feeds = feeds
        self._settings = settings
        self._clock = clock

    def put_basket(self, store_id: str, visit_id: str, basket: Basket) -> bool:
        """Make this the visit's basket; False when a newer one or the receipt is there.

        Raises:
            ProblemError: shopper-not-checked-in.
        """
        pk, sk = f"STORE#{store_id}", f"VISIT#{visit_id}"
        stamp = basket.stamp.sec * 10**9 + basket.stamp.nanosec
        visit = self._visit(store_id, visit_id, basket)

        def attempt() -> bool:
            known = self._storage.get(pk, sk)
            if known is not None and (known.data["stamp"] > stamp or known.data["visit"]["state"] == "closed"):
                return False
            if self._storage.get(pk, f"BILLED#{visit_id}") is not None:
                return False
            operations: list[Operation] = [
                self._put_visit(
                    pk, basket.shopper_id, visit, stamp, Condition.ABSENT if known is None else known.version
                )
            ]
            if basket.shopper_id:
                operations += [
                    Check(pk, f"GUEST#{basket.shopper_id}", Condition.PRESENT),
                    self.news(basket.shopper_id, "basket", visit),
                ]
            self._write_for_guest(operations, guest_at=1)
            return True

        applied = until_won(attempt)
        if applied and basket.shopper_id:
            self.wake(basket.shopper_id)
        return applied

    def put_receipt(self, store_id: str, receipt: Receipt) -> tuple[dict[str, Any], bool]:
        """Keep a receipt; the answer, and whether it was kept already.

        Raises:
            ProblemError: receipt-differs, visit-already-billed, correction-unknown, shopper-not-checked-in.
        """
        body = receipt.model_dump(mode="json")
        content = fingerprint(body)
        untaxed = fingerprint({key: value for key, value in body.items() if key != "taxes"})

        def attempt() -> tuple[dict[str, Any], bool]:
            known = self._receipt(store_id, receipt.receipt_id)
            if known is not None:
                # One that was kept before there were tax lines lacks them, whatever the store said.
                same = content if "taxes" in known.data["receipt"] else untaxed
                if known.data["content"] != same:
                    raise ProblemError("receipt-differs")
                return _taken(known.data["receipt"]), True
            now = self._clock()
            kept = {**body, "store_id": store_id, "received_at": int(now * 1000), "corrected_by": "", "disputes": []}
            self._write_for_guest(self._receipt_operations(store_id, receipt, kept, content), guest_at=2)
            return _taken(kept), False

        answer, repeated = until_won(attempt)
        if not repeated:
            for shopper_id in self._concerned(store_id, receipt):
                self.wake(shopper_id)
        return answer, repeated

    def receipt(self, store_id: str, receipt_id: str, shopper_id: str | None = None) -> dict[str, Any]:
        """A receipt of a store; with `shopper_id`, only one of theirs.

        Raises:
            ProblemError: receipt-unknown, also when it is another shopper's.
        """
        item = self._receipt(store_id, receipt_id)
        if item is None or (shopper_id is not None and item.data["receipt"]["shopper_id"] != shopper_id):
            raise ProblemError("receipt-unknown")
        receipt: dict[str, Any] = item.data["receipt"]
        return receipt

    def replace(self, store_id: str, read: dict[str, Any], changed: dict[str, Any]) -> Put:
        """The operation that puts a changed receipt in the place of the one that was read, if it still stands.

        What a store sent never changes; what was said about it since may.
        """
        item = self._receipt(store_id, read["receipt_id"])
        if item is None or item.data["receipt"] != read:
            raise ConditionFailedError(0)  # as if the write had found it
        return Put(item.pk, item.sk, {**item.data, "receipt": changed}, item.version, index=_receipt_index(changed))

    def wake(self, shopper_id: str) -> None:
        """Let the shopper's phone look for news."""
        self._feeds.notify(shopper_feed(shopper_id).pk)

    def receipts_of_store(self, store_id: str, after: str, limit: int) -> tuple[list[dict[str, Any]], str]:
        """A store's receipts by their ids, and the cursor to go on."""
        page = self._storage.query(
            f"STORE#{store_id}", "RECEIPT#", after=f"RECEIPT#{after}" if after else None, limit=limit
        )
        return [item.data["receipt"] for item in page.items], (page.after or "").removeprefix("RECEIPT#")

    def receipts_of_shopper(self, shopper_id: str, after: str, limit: int) -> tuple[list[dict[str, Any]], str]:
        """A shopper's receipts, the latest visit first, and the cursor to go on."""
        page = self._storage.query(
            f"SHOPPER#{shopper_id}",
            "RECEIPT#",
            index=True,
            reverse=True,
            after=f"RECEIPT#{after}" if after else None,
            limit=limit,
        )
        return [item.data["receipt"] for item in page.items], (page.after or "").removeprefix("RECEIPT#")

    def now(self, shopper_id: str) -> dict[str, Any]:
        """The check-in and visits of today. The cursor is read first, so news may repeat but never lack."""
        feed = shopper_feed(shopper_id)
        cursor = self._feeds.newest(feed)
        check_in = self._storage.get(feed.pk, "CHECKIN")
        items = self._storage.query(feed.pk, "VISIT#", index=True, limit=50).items
        ended = max((item.data["at"] for item in items if item.data["visit"]["state"] == "closed"), default=0.0)
        return {
            "check_in": check_in.data["check_in"] if check_in is not None and check_in.data["at"] > ended else None,
            "visits": [item.data["visit"] for item in items],
            "cursor": cursor,
        }

    def _receipt_operations(
        self, store_id: str, receipt: Receipt, kept: dict[str, Any], content: str
    ) -> list[Operation]:
        pk = f"STORE#{store_id}"
        billed = self._storage.get(pk, f"BILLED#{receipt.visit_id}")
        newest = "" if billed is None else billed.data["receipt_id"]
        if newest == receipt.receipt_id:
            raise ConditionFailedError(1)  # its twin was kept since we looked for it: the next look finds it
        if receipt.corrects != newest:
            if not receipt.corrects:
                raise ProblemError("visit-already-billed", f"by receipt {newest}")
            raise ProblemError(
                "correction-unknown",
                f"the newest receipt of the visit is {newest or 'none'}, not {receipt.corrects}",
            )
        operations: list[Operation] = [
            Put(
                pk,
                f"RECEIPT#{receipt.receipt_id}",
                {"receipt": kept, "content": content},
                Condition.ABSENT,
                index=_receipt_index(kept),
            ),
            Put(
                pk,
                f"BILLED#{receipt.visit_id}",
                {"receipt_id": receipt.receipt_id},
                Condition.ABSENT if billed is None else billed.version,
            ),
        ]
        if receipt.shopper_id:
            operations += [
                Check(pk, f"GUEST#{receipt.shopper_id}", Condition.PRESENT),
                self.news(receipt.shopper_id, "receipt", kept),
            ]
        closed = {
            "visit_id": receipt.visit_id,
            "store_id": store_id,
            "state": "closed",
            "stamp": kept["left"],
            "lines": [
                {key: line[key] for key in ("product_id", "name", "quantity", "unit_price", "amount")}
                for line in kept["lines"]
            ],
            "currency": receipt.currency,
            "total": receipt.total,
            "receipt_id": receipt.receipt_id,
        }
        stamp = receipt.left.sec * 10**9 + receipt.left.nanosec
        operations.append(self._put_visit(pk, receipt.shopper_id, closed, stamp, None))
        if receipt.corrects:
            old = self.receipt(store_id, receipt.corrects)
            corrected = {**old, "corrected_by": receipt.receipt_id}
            operations.append(self.replace(store_id, old, corrected))
            if old["shopper_id"] not in ("", receipt.shopper_id):
                operations.append(self.news(old["shopper_id"], "receipt", corrected))
        return operations

    def _write_for_guest(self, operations: list[Operation], *, guest_at: int) -> None:
        try:
            self._storage.write(*operations)
        except ConditionFailedError as refused:
            if refused.operation == guest_at and isinstance(operations[guest_at], Check):
                raise ProblemError("shopper-not-checked-in") from refused
            raise

    def _concerned(self, store_id: str, receipt: Receipt) -> set[str]:
        shoppers = {receipt.shopper_id}
        if receipt.corrects:
            old = self._receipt(store_id, receipt.corrects)
            if old is not None:
                shoppers.add(old.data["receipt"]["shopper_id"])
        return shoppers - {""}

    def _receipt(self, store_id: str, receipt_id: str) -> Item | None:
        return self._storage.get(f"STORE#{store_id}", f"RECEIPT#{receipt_id}")

    def _put_visit(
        self, pk: str, shopper_id: str, visit: dict[str, Any], stamp: int, condition: Condition | int | None
    ) -> Put:
        now = self._clock()
        return Put(
            pk,
            f"VISIT#{visit['visit_id']}",
            {"visit": visit, "stamp": stamp, "at": now},
            condition,
            ttl=int(now) + self._settings.visit_kept_s,
            index=(f"SHOPPER#{shopper_id}", f"VISIT#{visit['store_id']}~{visit['visit_id']}") if shopper_id else None,
        )

    def news(self, shopper_id: str, kind: str, data: dict[str, Any]) -> Append:
        """The operation that tells a shopper; `wake` when it is written."""
        feed = shopper_feed(shopper_id)
        ttl = int(self._clock()) + self._settings.shopper_event_kept_s
        return Append(feed.pk, feed.prefix, {"kind": kind, "data": data}, ttl=ttl)

    def _visit(self, store_id: str, visit_id: str, basket: Basket) -> dict[str, Any]:
        products = self._catalogues.prices(store_id)
        lines = []
        for line in basket.lines:
            product = products.get(line.product_id)
            price = None if product is None else product["unit_price"]
            lines.append(
                {
                    "product_id": line.product_id,
                    "name": line.product_id if product is None else product["name"],
                    "quantity": line.quantity,
                    "unit_price": price,
                    "amount": None if price is None else price * line.quantity,
                }
            )
        currencies = {product["currency"] for product in products.values()}
        currency = currencies.pop() if len(currencies) == 1 else None
        return {
            "visit_id": visit_id,
            "store_id": store_id,
            "state": "open",
            "stamp": basket.stamp.model_dump(),
            "lines": lines,
            "currency": currency,
            "total": None if currency is None else sum(line["amount"] or 0 for line in lines),
            "receipt_id": None,
        }


def _receipt_index(kept: dict[str, Any]) -> tuple[str, str] | None:
    """Under the shopper, by the time of leaving, so that the newest is last."""
    if not kept["shopper_id"]:
        return None
    left = kept["left"]
    sort_key = f"RECEIPT#{left['sec']:011d}{left['nanosec']:09d}~{kept['store_id']}~{kept['receipt_id']}"
    return f"SHOPPER#{kept['shopper_id']}", sort_key


def _taken(kept: dict[str, Any]) -> dict[str, Any]:
    return {key: kept[key] for key in ("receipt_id", "visit_id", "shopper_id", "received_at")}


def until_won(attempt: Callable[[], _T]) -> _T:
    """Try again when another writer was a moment earlier: what was read then is no longer true.

    Raises:
        ProblemError: busy, after some tries.
    """
    for number in range(_TRIES):
        try:
            return attempt()
        except ConditionFailedError:
            time.sleep(random.uniform(0, 0.005 * 2**number))  # noqa: S311 (spreads writers, keeps no secret)
    raise ProblemError("busy")
