# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Loads that go to the firmware of simulated scales."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from yokotago_model.events import Alert, Severity, ShelfWeight
from yokotago_model.store import Store
from yokotago_sim.nodes.loads import Loads

SHELF = "S"
SCALES = ("S1", "S2", "S3", "S4")


class Parameters:
    """A node that has nothing but parameters."""

    def __init__(self, **values: str) -> None:
        self._values = values

    def declare_parameter(self, name: str, value: str) -> Any:
        self.value = self._values.get(name, value)
        return self


@pytest.fixture
def boards() -> Iterator[tuple[str, dict[str, socket.socket]]]:
    prefix = f"test-{uuid.uuid4().hex}"
    sockets = {s: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for s in SCALES}
    for scale_id, board in sockets.items():
        board.bind(f"\0{prefix}-{scale_id}")
    yield prefix, sockets
    for board in sockets.values():
        board.close()


def burst(scale_id: str) -> ShelfWeight:
    return ShelfWeight(5_000_000_000, scale_id, 1, 0, 0.0125, (1.5, 2.25))


def test_the_load_of_a_board_goes_to_that_board(small: Store, boards: tuple[str, dict[str, socket.socket]]) -> None:
    prefix, sockets = boards
    loads = Loads(Parameters(loads=prefix, loads_shelf=SHELF), small)
    assert loads.heard
    assert sockets[SCALES[0]].recv(100) == b"\n"
    assert loads.take(burst(SCALES[0]))
    assert sockets[SCALES[0]].recv(100) == b"load 5000000000 12500000 1.500 2.250\n"
    assert not loads.take(Alert(1, Severity.INFO, "code", "text", ()))
    assert not loads.take(burst("elsewhere"))
    sockets[SCALES[0]].close()
    assert not loads.heard
    assert loads.take(burst(SCALES[0]))
    assert loads.dropped == 1
    loads.close()


def test_without_firmware_nothing_is_taken(small: Store) -> None:
    loads = Loads(Parameters(), small)
    assert loads.heard
    assert not loads.take(burst(SCALES[0]))
    loads.close()


def test_a_shelf_that_is_not_there_is_named(small: Store) -> None:
    with pytest.raises(ValueError, match="choose one of"):
        Loads(Parameters(loads="x", loads_shelf="no such"), small)
