# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""A small store with one shelf and one camera, and the demo store, for the tests of the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from yokotago_model.store import Store
from yokotago_model.store_file import parse_store, read_store

SMALL = """
store: {id: small, name: A corner shop, currency: JPY, floor: [[0, 0], [4, 0], [4, 3], [0, 3]], staff: [staff-1]}
sensors:
  - {id: top, position: [2.0, 1.5, 3.2], rpy_deg: [180, 0, 0], rate_hz: 15, range_m: [0.3, 6.0],
     image: {width: 80, height: 60, fx: 28.0, fy: 27.5, cx: 39.5, cy: 29.5}}
zones:
  - {id: entrance, kind: entrance, polygon: [[0.3, 0], [1.7, 0], [1.7, 0.7], [0.3, 0.7]]}
  - {id: exit, kind: exit, polygon: [[2.3, 0], [3.7, 0], [3.7, 0.7], [2.3, 0.7]]}
gates:
  - {id: gate, zone: entrance, position: [1.0, 0.4]}
shelves:
  - {id: S, name: Shelf, origin: [1.0, 2.6, 0], yaw_deg: 0, size: [1.6, 0.4, 1.5], boards: [0.5, 1.0]}
scales:
  - {id: S1, shelf: S, x: 0.0, z: 1.0, width: 0.4, depth: 0.4}
  - {id: S2, shelf: S, x: 0.4, z: 1.0, width: 0.4, depth: 0.4}
  - {id: S3, shelf: S, x: 0.8, z: 1.0, width: 0.4, depth: 0.4}
  - {id: S4, shelf: S, x: 0.0, z: 0.5, width: 0.8, depth: 0.4}
facings:
  - {id: tea, shelf: S, product: tea, x: 0.0, z: 1.0, width: 0.4, height: 0.4, scales: [S1], stock: 8}
  - {id: rice, shelf: S, product: rice, x: 0.4, z: 1.0, width: 0.8, height: 0.4, scales: [S2, S3], stock: 9}
  - {id: gum, shelf: S, product: gum, x: 0.0, z: 0.5, width: 0.4, height: 0.4, scales: [S4], stock: 8}
  - {id: mint, shelf: S, product: mint, x: 0.4, z: 0.5, width: 0.4, height: 0.4, scales: [S4], stock: 8}
products:
  - {id: tea, name: Tea, weight_g: 500, price: 150}
  - {id: rice, name: Rice, weight_g: 1000, price: 600}
  - {id: gum, name: Gum, weight_g: 50, price: 90}
  - {id: mint, name: Mint, weight_g: 51, price: 95}
"""


@pytest.fixture(scope="session")
def small() -> Store:
    return parse_store(SMALL)


@pytest.fixture(scope="session")
def demo() -> Store:
    path = Path(__file__).parents[3] / "launch" / "config" / "demo_store.yaml"
    if not path.exists():
        pytest.skip(f"the demo store is not at {path}: run the tests from the source tree")
    return read_store(path)
