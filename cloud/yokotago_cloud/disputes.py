# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Disputes: a shopper says what is wrong with a receipt, and the store decides once.

A dispute stands on its receipt, so that whoever reads the receipt sees it, and in the store's feed, so that staff
find it. What an accepted one changes is a correction, which is another receipt.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from yokotago_cloud.bodies import DisputeRequest, Settlement
from yokotago_cloud.feeds import Feeds, dispute_feed
from yokotago_cloud.idempotency import Idempotency, Key
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.port import Append, Operation, Storage
from yokotago_cloud.visits import Visits, until_won


class Disputes:
    """Takes disputes of shoppers and settlements of stores."""

    def __init__(
        self,
        storage: Storage,
        visits: Visits,
        idempotency: Idempotency,
        feeds: Feeds,
        settings: Settings,
        clock: Callable[[], float],
    ) -> None:
        self._storage = storage
        self._visits = visits
        self._idempotency = idempotency
        self._feeds = feeds
        self._settings = settings
        self._clock = clock

    def open(
        self, shopper_id: str, store_id: str, receipt_id: str, request: DisputeRequest, key: Key
    ) -> tuple[dict[str, Any], bool]:
        """Keep what the shopper says; the receipt with it, and whether this is a repetition.

        Raises:
            ProblemError: receipt-unknown, receipt-corrected, dispute-known, idempotency-key-reused, busy.
        """
        feed = dispute_feed(store_id)

        def act() -> tuple[dict[str, Any], list[Operation]]:
            receipt = self._visits.receipt(store_id, receipt_id, shopper_id)
            if receipt["corrected_by"]:
                raise ProblemError("receipt-corrected", f"by {receipt['corrected_by']}")
            if any(one["product_id"] == request.product_id for one in receipt["disputes"]):
                raise ProblemError("dispute-known")
            dispute = {
                **request.model_dump(mode="json"),
                "dispute_id": f"di-{secrets.token_hex(12)}",
                "state": "open",
                "answer": "",
            }
            changed = {**receipt, "disputes": [*receipt["disputes"], dispute]}
            entry = {**dispute, "receipt_id": receipt_id, "visit_id": receipt["visit_id"]}
            ttl = int(self._clock()) + self._settings.dispute_kept_s
            return changed, [
                self._visits.replace(store_id, receipt, changed),
                Append(feed.pk, feed.prefix, entry, ttl=ttl),
            ]

        answer, repeated = until_won(lambda: self._idempotency.run(key, act))
        self._feeds.notify(feed.pk)
        return answer, repeated

    def settle(self, store_id: str, receipt_id: str, dispute_id: str, settlement: Settlement) -> dict[str, Any]:
        """Keep what the store decided; the receipt with it. The same again changes nothing.

        Raises:
            ProblemError: receipt-unknown, dispute-unknown, dispute-settled, busy.
        """
        decided = settlement.model_dump(mode="json")

        def attempt() -> dict[str, Any]:
            receipt = self._visits.receipt(store_id, receipt_id)
            dispute = next((one for one in receipt["disputes"] if one["dispute_id"] == dispute_id), None)
            if dispute is None:
                raise ProblemError("dispute-unknown")
            if dispute["state"] != "open":
                if {name: dispute[name] for name in decided} != decided:
                    raise ProblemError("dispute-settled", f"it was {dispute['state']}")
                return receipt
            others = [{**one, **decided} if one is dispute else one for one in receipt["disputes"]]
            changed = {**receipt, "disputes": others}
            self._storage.write(
                self._visits.replace(store_id, receipt, changed),
                self._visits.news(receipt["shopper_id"], "receipt", changed),
            )
            self._visits.wake(receipt["shopper_id"])
            return changed

        return until_won(attempt)
