# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Plays a bag into the graph as it was recorded: the serialized bytes, at the times of their arrival."""

from __future__ import annotations

import time
from collections.abc import Iterator

import rclpy
from rclpy.node import Node
from rclpy.publisher import Publisher

from yokotago_model.conversions import topic
from yokotago_model.nodes.support import qos, run

from ..bags import BagReader, RawRecord
from ..plan import plan

TICK_S = 0.002


class Player(Node):
    """Parameters: bag, a folder; rate, 1 is real time; wait_s, how long the topics' listeners are waited for at first;
    settle_s, how long the node stays after the last message."""

    def __init__(self) -> None:
        super().__init__("player")
        path = str(self.declare_parameter("bag", "").value)
        self._rate = float(self.declare_parameter("rate", 1.0).value)
        self._wait_s = float(self.declare_parameter("wait_s", 20.0).value)
        self._settle_s = float(self.declare_parameter("settle_s", 3.0).value)
        if not path or self._rate <= 0.0:
            raise ValueError("player: start it with -p bag:=FOLDER and a positive rate")
        self._reader = BagReader(path)
        self._plan = plan(self._reader.store(), self._reader.topics)
        names = [t for t in self._reader.topics if t not in self._plan.ignored]
        self._out: dict[str, Publisher] = {}
        for name in names:
            kind = topic(name)
            assert kind is not None
            self._out[name] = self.create_publisher(kind.message, name, qos(name))
        self._records: Iterator[RawRecord] = self._reader.raw(tuple(names))
        self._next = next(self._records, None)
        self._first = self._next.arrival if self._next else 0
        self._created = time.monotonic()
        self._began: float | None = None
        self._ended: float | None = None
        self.create_timer(TICK_S, self._tick)

    def _heard(self) -> bool:
        """Whether every topic that the graph takes in has a listener."""
        wanted = [n for n in self._out if n.startswith("/tof/") or n in ("/shelves/weights", "/check_ins", "/tracks")]
        return all(self._out[n].get_subscription_count() for n in wanted)

    def _tick(self) -> None:
        now = time.monotonic()
        if self._began is None:
            if not self._heard() and now - self._created < self._wait_s:
                return
            self._began = now
        due = self._first + int((now - self._began) * self._rate * 1e9)
        while self._next is not None and self._next.arrival <= due:
            self._play(self._next)
            self._next = next(self._records, None)
        if self._next is None:
            self._ended = self._ended or now
            if now - self._ended >= self._settle_s:
                rclpy.try_shutdown()

    def _play(self, record: RawRecord) -> None:
        if record.topic == "/progress" and self._plan.replaces(record.topic, self._reader.decode(record).event):
            return
        self._out[record.topic].publish(record.data)


def main() -> None:
    """Play one bag and end."""
    run(Player)


if __name__ == "__main__":
    main()
