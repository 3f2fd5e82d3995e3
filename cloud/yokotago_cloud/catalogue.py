# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Products and prices of a store, in versions that never change: a price of the past can be looked up.

An item of the storage holds at most 400 kB, so a version is kept in chunks; the chunks and the pointer to the
version are one write.
"""

from __future__ import annotations

import threading
from typing import Any

from yokotago_cloud.idempotency import fingerprint
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.storage.port import Condition, ConditionFailedError, Item, Operation, Put, Storage

_CHUNK = 200  # products; 2 kB each would still fit


class Catalogues:
    """Keeps and gives the catalogues of all stores."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._newest: dict[str, tuple[int, dict[str, dict[str, Any]]]] = {}

    def put(self, store_id: str, products: list[dict[str, Any]], if_match: str | None) -> int:
        """Make these products the store's newest version, unless they are it already; the version.

        Raises:
            ProblemError: catalogue-changed, when `if_match` is not the newest ETag or another writer was
            first.
        """
        pk = f"STORE#{store_id}"
        pointer = self._storage.get(pk, "CATALOGUE")
        if if_match is not None and if_match != (None if pointer is None else _etag(pointer)):
            raise ProblemError("catalogue-changed")
        content = fingerprint(products)
        if pointer is not None and pointer.data["content"] == content:
            return int(pointer.data["version"])
        version = 1 if pointer is None else pointer.data["version"] + 1
        chunks = [products[start : start + _CHUNK] for start in range(0, len(products), _CHUNK)]
        operations: list[Operation] = [
            Put(
                pk,
                "CATALOGUE",
                {"version": version, "content": content},
                Condition.ABSENT if pointer is None else pointer.version,
            )
        ]
        operations.extend(
            Put(pk, f"PRODUCTS#{version:09d}#{number:03d}", {"products": chunk}) for number, chunk in enumerate(chunks)
        )
        try:
            self._storage.write(*operations)
        except ConditionFailedError as raced:
            raise ProblemError("catalogue-changed", "another writer was a moment earlier") from raced
        return version

    def etag(self, store_id: str) -> str:
        """The ETag of the newest version.

        Raises:
            ProblemError: catalogue-absent.
        """
        return _etag(self._pointer(store_id))

    def newest(self, store_id: str) -> tuple[int, list[dict[str, Any]]]:
        """The newest version and its products.

        Raises:
            ProblemError: catalogue-absent.
        """
        version = int(self._pointer(store_id).data["version"])
        return version, list(self._products(store_id, version).values())

    def prices(self, store_id: str) -> dict[str, dict[str, Any]]:
        """The newest products by id; empty when there is no catalogue."""
        pointer = self._storage.get(f"STORE#{store_id}", "CATALOGUE")
        return {} if pointer is None else self._products(store_id, int(pointer.data["version"]))

    def _pointer(self, store_id: str) -> Item:
        pointer = self._storage.get(f"STORE#{store_id}", "CATALOGUE")
        if pointer is None:
            raise ProblemError("catalogue-absent")
        return pointer

    def _products(self, store_id: str, version: int) -> dict[str, dict[str, Any]]:
        with self._lock:
            kept = self._newest.get(store_id)
        if kept is not None and kept[0] == version:
            return kept[1]
        page = self._storage.query(f"STORE#{store_id}", f"PRODUCTS#{version:09d}#")
        products = {product["product_id"]: product for item in page.items for product in item.data["products"]}
        with self._lock:
            self._newest[store_id] = (version, products)
        return products


def _etag(pointer: Item) -> str:
    return f'"{pointer.data["version"]}-{pointer.data["content"][:16]}"'
