# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Every unit in the store: what it weighs, where it stands, who took it, and how it loads the scales under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from yokotago_model.store import Facing, Store

UNIT_WIDTH_M = 0.07
"""Width of a unit on its plates."""


@dataclass(eq=False, slots=True)
class Unit:
    """One thing that can be bought. taker: person who pays for it, 0 = nobody; on_floor: left lying there."""

    product_id: str
    weight: float
    facing_id: str
    x: float
    taker: int = 0
    holder: int = 0
    on_floor: bool = False


class Stock:
    """All units of the store. `stocked` says what stands on a facing where that is not what the planogram says."""

    def __init__(self, store: Store, rng: np.random.Generator, bias_share: float, stocked: Mapping[str, str]) -> None:
        self._store = store
        self._rng = rng
        self._bias = {p.product_id: 1.0 + bias_share * float(rng.standard_normal()) for p in store.products}
        self._standing: dict[str, list[Unit]] = {f.facing_id: [] for f in store.facings}
        self.revision = 0
        for facing in store.facings:
            product_id = stocked.get(facing.facing_id, facing.product_id)
            for n in range(facing.stock):
                self._standing[facing.facing_id].append(self.new_unit(product_id, facing, n))

    def new_unit(self, product_id: str, facing: Facing, n: int) -> Unit:
        """A unit of the product in the facing's n-th column."""
        product = self._store.product[product_id]
        weight = product.weight * self._bias[product_id] + product.weight_stddev * float(self._rng.standard_normal())
        columns = max(1, int(facing.width / UNIT_WIDTH_M))
        x = facing.x + facing.width * (n % columns + 0.5) / columns
        return Unit(product_id, max(weight, 0.5 * product.weight), facing.facing_id, x)

    def count(self, facing_id: str) -> int:
        """Units that stand on the facing now, of whatever product."""
        return len(self._standing[facing_id])

    def standing(self, facing_id: str) -> list[Unit]:
        """The units on the facing, the one put there last at the end."""
        return self._standing[facing_id]

    def reserve(self, facing_id: str, count: int, product_id: str | None) -> list[Unit]:
        """Take at most `count` units off the facing's list, nearest to the front first: those of product_id if
        given.
        """
        standing = self._standing[facing_id]
        wanted = [u for u in reversed(standing) if product_id is None or u.product_id == product_id]
        if product_id is None and wanted:
            wanted = [u for u in wanted if u.product_id == wanted[0].product_id]
        taken = wanted[:count]
        self.revision += 1
        self._standing[facing_id] = [u for u in standing if not any(u is t for t in taken)]
        return taken

    def place(self, unit: Unit, facing_id: str, x: float) -> None:
        """Stand the unit on the facing, x [m] along the shelf."""
        unit.facing_id, unit.x, unit.holder = facing_id, x, 0
        self._standing[facing_id].append(unit)
        self.revision += 1

    def load(self, unit: Unit, facing: Facing) -> list[tuple[str, float]]:
        """How the unit's weight [g] spreads over the facing's scales where it stands: (scale_id, grams)."""
        lo, hi = unit.x - UNIT_WIDTH_M / 2, unit.x + UNIT_WIDTH_M / 2
        overlap = []
        for scale_id in facing.scale_ids:
            scale = self._store.scale[scale_id]
            overlap.append(max(0.0, min(hi, scale.x + scale.width) - max(lo, scale.x)))
        total = sum(overlap)
        if total <= 0.0:
            middle = [abs(self._store.scale[s].x + self._store.scale[s].width / 2 - unit.x) for s in facing.scale_ids]
            return [(facing.scale_ids[int(np.argmin(middle))], unit.weight)]
        return [(s, unit.weight * o / total) for s, o in zip(facing.scale_ids, overlap, strict=True) if o > 0.0]

    def loads(self) -> dict[str, float]:
        """What stands on each scale now [g]."""
        grams = {s.scale_id: 0.0 for s in self._store.scales}
        for facing in self._store.facings:
            for unit in self._standing[facing.facing_id]:
                for scale_id, part in self.load(unit, facing):
                    grams[scale_id] += part
        return grams
