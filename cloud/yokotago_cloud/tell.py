# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the cloud publishes for stores at a broker, whichever it is: check-ins, the catalogue, the public keys, itself.

A check-in is published at least once, in order: how far it came is kept in the storage after the broker has taken it.
The rest the broker keeps for who comes later, and is published again when it changes or the broker may have lost it.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from yokotago_cloud.feeds import check_in_feed, cursor_of
from yokotago_cloud.services import Services
from yokotago_cloud.storage.port import Put


class Teller:
    """Tells stores their news. One thread at a time.

    publish: takes topic, text, and whether the broker is to keep it; says whether the broker has taken it.
    """

    def __init__(self, services: Services, publish: Callable[[str, str, bool], bool]) -> None:
        self._services = services
        self._publish = publish
        self._told: dict[str, str] = {}

    def forget(self) -> None:
        """The broker may have lost what it kept."""
        self._told.clear()

    def tell_all(self) -> None:
        """Tell every store what it was not told, and that the cloud is there."""
        self._tell_kept("cloud/keys", json.dumps(self._services.keys.public()))
        for store in self._services.stores.all():
            self.tell_store(store["store_id"])
        self._tell_kept("cloud/status", "up")

    def tell_store(self, store_id: str) -> None:
        """Tell a store of its catalogue and of the check-ins that it was not told."""
        etag = self._services.catalogues.etag(store_id) if self._has_catalogue(store_id) else ""
        topic = f"stores/{store_id}/catalogue"
        if self._told.get(topic) != etag:
            version, products = self._services.catalogues.newest(store_id) if etag else (0, [])
            if self._publish(topic, json.dumps({"version": version, "products": products}), True):
                self._told[topic] = etag
        feed, note = check_in_feed(store_id), ("MQTT", store_id)
        kept = self._services.storage.get(*note)
        cursor = str(kept.data["cursor"]) if kept else ""
        while items := self._services.feeds.read(feed, cursor):
            for item in items:
                if not self._publish(f"stores/{store_id}/check_ins", json.dumps(item.data), False):
                    return
            cursor = cursor_of(feed, items, cursor)
            self._services.storage.write(Put(*note, {"cursor": cursor}))

    def _has_catalogue(self, store_id: str) -> bool:
        return self._services.storage.get(f"STORE#{store_id}", "CATALOGUE") is not None

    def _tell_kept(self, topic: str, text: str) -> None:
        if self._told.get(topic) != text and self._publish(topic, text, True):
            self._told[topic] = text


def answer_text(event_id: str, status: int, body: object) -> str:
    """The cloud's own answer to a message, as it is published on stores/STORE/answers."""
    return json.dumps({"event_id": event_id, "status": status, "body": body}, ensure_ascii=False)
