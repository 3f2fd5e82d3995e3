# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Stores and their devices. An operator makes both at the command line; no API call does."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from yokotago_cloud.problems import ProblemError
from yokotago_cloud.storage.port import Condition, ConditionFailedError, Delete, Item, Put, Storage

SHORTEST_TOKEN = 16
_REMEMBERED_S = 5.0
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device whose token was right."""

    store_id: str
    device_id: str
    name: str


class Stores:
    """Which stores there are, and whose device token is whose. Tokens are kept as hashes.

    A device that was found is known for some seconds without looking: a store host calls often.
    """

    def __init__(self, storage: Storage, clock: Callable[[], float] = time.time) -> None:
        self._storage = storage
        self._clock = clock
        self._seen: dict[str, tuple[KnownDevice, float]] = {}

    def add(self, store_id: str, name: str, *, phone_check_in: bool = True) -> None:
        """Make a store, or change its name and settings."""
        self._storage.write(
            Put("STORES", store_id, {"store_id": store_id, "name": name, "phone_check_in": phone_check_in})
        )

    def add_device(self, store_id: str, token: str, name: str) -> str:
        """Let a device of a store in by its token; the device_id. Again with the same token: the same device.

        Raises:
            ValueError: the token is short, or it is a device's of another store.
        """
        if len(token) < SHORTEST_TOKEN:
            raise ValueError(f"a device token has at least {SHORTEST_TOKEN} characters, not {len(token)}")
        pk = _device_pk(token)
        device_id = f"dev-{secrets.token_hex(6)}"
        device = {"store_id": store_id, "device_id": device_id, "name": name}
        try:
            self._storage.write(
                Put(pk, "DEVICE", device, Condition.ABSENT),
                Put("DEVICES", device_id, {**device, "pk": pk}, Condition.ABSENT),
            )
        except ConditionFailedError as known:
            item = self._storage.get(pk, "DEVICE")
            if item is None or item.data["store_id"] != store_id:
                raise ValueError("this token belongs to a device of another store; make a new one") from known
            return str(item.data["device_id"])
        return device_id

    def remove_device(self, device_id: str) -> bool:
        """Let a device in no more; whether there was one."""
        item = self._storage.get("DEVICES", device_id)
        if item is None:
            return False
        self._storage.write(Delete(item.data["pk"], "DEVICE"), Delete("DEVICES", device_id))
        self._seen.clear()
        return True

    def devices(self) -> list[dict[str, Any]]:
        """All devices, with their stores and names; never their tokens."""
        return [
            {"device_id": item.sk, **{key: item.data[key] for key in ("store_id", "name")}}
            for item in self._all("DEVICES")
        ]

    def device_of(self, token: str) -> KnownDevice:
        """Whose token this is.

        Raises:
            ProblemError: not-signed-in.
        """
        item = self._storage.get(_device_pk(token), "DEVICE")
        if item is None:
            raise ProblemError("not-signed-in", "no device has this token")
        device = KnownDevice(item.data["store_id"], item.data["device_id"], item.data["name"])
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[token] = (device, self._clock() + _REMEMBERED_S)
        return device

    def remembered(self, token: str) -> KnownDevice | None:
        """The device that was found under this token some seconds ago. Never waits for anything."""
        device, until = self._seen.get(token, (None, 0.0))
        return device if self._clock() < until else None

    def get(self, store_id: str) -> dict[str, Any]:
        """What everybody may know of a store.

        Raises:
            ProblemError: store-unknown.
        """
        item = self._storage.get("STORES", store_id)
        if item is None:
            raise ProblemError("store-unknown")
        return item.data

    def all(self) -> list[dict[str, Any]]:
        """All stores, by id."""
        return [item.data for item in self._all("STORES")]

    def _all(self, pk: str) -> Iterator[Item]:
        after: str | None = None
        while True:
            page = self._storage.query(pk, after=after)
            yield from page.items
            if page.after is None:
                return
            after = page.after


def _device_pk(token: str) -> str:
    return f"DEVICE#{hashlib.sha256(token.encode()).hexdigest()}"
