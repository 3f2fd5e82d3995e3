# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Loads for the firmware of simulated scales: what a shelf's load cells feel goes to processes that run that firmware.

Each of those processes takes lines at an address of its own (abstract socket PREFIX-SCALE), weighs, and publishes.
"""

from __future__ import annotations

import socket

from rclpy.node import Node

from yokotago_model.events import SECOND, Event, ShelfWeight
from yokotago_model.store import Store


class Loads:
    """Parameters of the node: `loads`, the prefix of the addresses ("": no firmware), `loads_shelf`, whose scales."""

    def __init__(self, node: Node, store: Store) -> None:
        prefix = str(node.declare_parameter("loads", "").value)
        shelf = str(node.declare_parameter("loads_shelf", "").value)
        scales = [s.scale_id for s in store.scales if s.shelf_id == shelf] if prefix else []
        if prefix and not scales:
            raise ValueError(f"loads_shelf {shelf!r}: choose one of {', '.join(s.shelf_id for s in store.shelves)}")
        self._address = {scale_id: f"\0{prefix}-{scale_id}" for scale_id in scales}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.dropped = 0
        """Bursts that a process did not take: it was not running, or did not keep up."""

    @property
    def heard(self) -> bool:
        """Whether every process runs."""
        return all(self._send(address, "") for address in self._address.values())

    def take(self, event: Event) -> bool:
        """Whether `event` is of a scale that has firmware; then its load is sent there."""
        if not isinstance(event, ShelfWeight) or event.scale_id not in self._address:
            return False
        grams = " ".join(f"{g:.3f}" for g in event.grams)
        line = f"load {event.stamp} {round(event.period * SECOND)} {grams}"
        self.dropped += not self._send(self._address[event.scale_id], line)
        return True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _send(self, address: str, line: str) -> bool:
        try:
            self._socket.sendto(f"{line}\n".encode(), address)
        except (ConnectionRefusedError, BlockingIOError):
            return False
        return True
