# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Records the store's topics into a bag as they arrive, without decoding them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

import rclpy
from rclpy.node import Node

from yokotago_model.conversions import topic
from yokotago_model.nodes.serialized import message_type_name
from yokotago_model.nodes.support import qos

from ..bags import BagWriter, RawRecord


class Recorder(Node):
    """Writes every message of `topics` to `bag` with the wall clock of its arrival; told: called after each one."""

    def __init__(self, bag: BagWriter, topics: Iterable[str], told: Callable[[str], None] = lambda _: None) -> None:
        super().__init__("recorder")
        self._bag = bag
        self._told = told
        self.counts: dict[str, int] = {}
        for name in topics:
            kind = topic(name)
            assert kind is not None
            take = partial(self._take, name, message_type_name(kind.message))
            self.create_subscription(kind.message, name, take, qos(name), raw=True)

    def _take(self, name: str, type_name: str, data: bytes) -> None:
        self._bag.write_raw(RawRecord(time.time_ns(), name, type_name, data))
        self.counts[name] = self.counts.get(name, 0) + 1
        self._told(name)


def record(
    bag: BagWriter, topics: Iterable[str], duration_s: float | None, told: Callable[[str], None]
) -> dict[str, int]:
    """Record until Ctrl-C, or for `duration_s`; the number of messages by topic."""
    rclpy.init()
    node = Recorder(bag, topics, told)
    end = time.monotonic() + duration_s if duration_s is not None else float("inf")
    try:
        while rclpy.ok() and time.monotonic() < end:
            rclpy.spin_once(node, timeout_sec=min(0.1, max(0.0, end - time.monotonic())))
    except KeyboardInterrupt:
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    return node.counts
