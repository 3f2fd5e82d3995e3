# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Plays a few clouds of every sensor to and fro at a fixed rate, stamped with the time, like real cameras."""

from __future__ import annotations

import struct
import time

import rclpy
from rclpy.node import Node

from yokotago_model.conversions import topic
from yokotago_model.nodes.support import qos, run

from ..bags import BagReader

STAMP_OFFSET = 4
"""A serialized message begins with four bytes of encapsulation; its header's stamp comes first."""

SETTLE_S = 2.0
DRAIN_S = 1.0
"""What is on its way when the last clouds have been played is not lost: it gets this long."""


class CloudPlayer(Node):
    """Parameters: bag, whose first and last clouds of every sensor are played; rate_hz; seconds; wait_s for listeners.

    learn_s: how long the first ones, of the empty store, are played before the last ones are.
    """

    def __init__(self) -> None:
        super().__init__("cloud_player")
        bag = str(self.declare_parameter("bag", "").value)
        self._rate = float(self.declare_parameter("rate_hz", 30.0).value)
        self._seconds = float(self.declare_parameter("seconds", 30.0).value)
        self._learn_s = float(self.declare_parameter("learn_s", 4.0).value)
        self._wait_s = float(self.declare_parameter("wait_s", 120.0).value)
        self._clouds: dict[str, list[bytearray]] = {}
        with BagReader(bag) as reader:
            for record in reader.raw():
                self._clouds.setdefault(record.topic, []).append(bytearray(record.data))
        kinds = {name: topic(name) for name in self._clouds}
        self._out = {n: self.create_publisher(k.message, n, qos(n)) for n, k in kinds.items() if k is not None}
        self._created = time.monotonic()
        self._heard = self._created
        self._began = 0.0
        self._played = 0
        self._told = False
        self.create_timer(0.001, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        if not self._began:
            if not all(p.get_subscription_count() for p in self._out.values()) and now < self._created + self._wait_s:
                self._heard = now
            # The other side may find this one a little later than it is found.
            if now - self._heard > SETTLE_S:
                self._began = now
            return
        since = now - self._began
        if since > self._seconds:
            if not self._told:
                print(f"played {self._played} of each", flush=True)
                self._told = True
            elif since > self._seconds + DRAIN_S:
                rclpy.try_shutdown()
            return
        if since * self._rate < self._played:
            return
        stamp = struct.pack("<iI", *divmod(time.time_ns(), 1_000_000_000))
        for name, clouds in self._clouds.items():
            half = len(clouds) // 2
            # To and fro: people who jumped at the end would be lost and found there.
            step = self._played % (2 * half - 2)
            cloud = clouds[min(step, 2 * half - 2 - step) + (half if since > self._learn_s else 0)]
            cloud[STAMP_OFFSET : STAMP_OFFSET + len(stamp)] = stamp
            self._out[name].publish(bytes(cloud))
        self._played += 1


def main() -> None:
    """Play and end."""
    run(CloudPlayer)


if __name__ == "__main__":
    main()
