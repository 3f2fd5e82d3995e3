# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a store reports beside baskets and receipts: alerts for people, sensor-level events for days."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from yokotago_cloud.bodies import Alert, StoreEvent
from yokotago_cloud.feeds import Feeds, alert_feed
from yokotago_cloud.idempotency import Idempotency, Key
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.port import Append, Condition, ConditionFailedError, Operation, Put, Storage


class Reports:
    """Keeps alerts and events until their time is up."""

    def __init__(
        self,
        storage: Storage,
        idempotency: Idempotency,
        feeds: Feeds,
        settings: Settings,
        clock: Callable[[], float],
    ) -> None:
        self._storage = storage
        self._idempotency = idempotency
        self._feeds = feeds
        self._settings = settings
        self._clock = clock

    def alert(self, store_id: str, alert: Alert, key: Key) -> tuple[dict[str, Any], bool]:
        """Keep an alert; its id, and whether this is a repetition.

        Raises:
            ProblemError: idempotency-key-reused.
        """
        feed = alert_feed(store_id)

        def act() -> tuple[dict[str, Any], list[Operation]]:
            answer = {"alert_id": f"al-{secrets.token_hex(12)}"}
            ttl = int(self._clock()) + self._settings.alert_kept_s
            return answer, [Append(feed.pk, feed.prefix, {**alert.model_dump(mode="json"), **answer}, ttl=ttl)]

        answer, repeated = self._idempotency.run(key, act)
        self._feeds.notify(feed.pk)
        return answer, repeated

    def events(self, store_id: str, events: list[StoreEvent]) -> dict[str, int]:
        """Keep the events that are not known yet, each by its own id; how many there were of each."""
        ttl = int(self._clock()) + self._settings.store_event_kept_s
        stored = 0
        for event in events:
            try:
                self._storage.write(
                    Put(
                        f"STORE#{store_id}",
                        f"EVENT#{event.event_id}",
                        event.model_dump(mode="json"),
                        Condition.ABSENT,
                        ttl=ttl,
                    )
                )
            except ConditionFailedError:
                continue
            stored += 1
        return {"stored": stored, "known": len(events) - stored}
