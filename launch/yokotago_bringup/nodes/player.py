# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Plays a bag into the graph as it was recorded: the serialized bytes, at the times of their arrival."""

from __future__ import annotations

import time
from collections.abc import Iterator

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.publisher import Publisher

from yokotago_model.conversions import topic
from yokotago_model.nodes.support import qos, run

from ..bags import BagReader, RawRecord
from ..plan import plan

TICK_S = 0.002


class Quiet:
    """Whether a graph has worked off what it was given, from what its nodes tell of their health once a second.

    A node is at work while it tells of messages that it received, and when it has told nothing since the last one: a
    node that is busy with one message for long tells nothing meanwhile.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._told: dict[str, float] = {}
        self._busy = 0.0

    def hear(self, name: str, received: bool, now: float) -> None:
        """A node tells of its health, and whether it has received something since it last did; now: any clock [s]."""
        self._told[name] = now
        if received:
            self._busy = max(self._busy, now)

    def since(self, end: float, now: float) -> bool:
        """Whether nothing has happened for settle_s, the last message having gone out at `end`."""
        begin = max(end, self._busy)
        return now - begin >= self._settle_s and all(told > begin for told in self._told.values())


class Player(Node):
    """Parameters: bag, a folder; rate, 1 is real time; wait_s, how long the topics' listeners are waited for at first;
    settle_s, how long the graph must have been quiet after the last message; patience_s, how long that is waited for.
    """

    def __init__(self) -> None:
        super().__init__("player")
        path = str(self.declare_parameter("bag", "").value)
        self._rate = float(self.declare_parameter("rate", 1.0).value)
        self._wait_s = float(self.declare_parameter("wait_s", 120.0).value)
        self._quiet = Quiet(float(self.declare_parameter("settle_s", 3.0).value))
        self._patience_s = float(self.declare_parameter("patience_s", 120.0).value)
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
        self._wanted = [n for n in names if self._plan.takes(n)]
        self._records: Iterator[RawRecord] = self._reader.raw(tuple(names))
        self._next = next(self._records, None)
        self._first = self._next.arrival if self._next else 0
        self._created = time.monotonic()
        self._began: float | None = None
        self._ended: float | None = None
        self.create_subscription(DiagnosticArray, "/diagnostics", self._health, 100)
        self.create_timer(TICK_S, self._tick)

    def _health(self, message: DiagnosticArray) -> None:
        for status in message.status:
            received = any(v.key.startswith("received ") for v in status.values)
            self._quiet.hear(status.name, received, time.monotonic())

    def _tick(self) -> None:
        now = time.monotonic()
        if self._began is None:
            unheard = [n for n in self._wanted if not self._out[n].get_subscription_count()]
            if unheard and now - self._created < self._wait_s:
                return
            if unheard:
                raise ValueError(
                    f"player: nobody listened to {', '.join(unheard)} in {self._wait_s:g} s, and nothing was played:"
                    " start the nodes that take them in, or wait longer with -p wait_s:=SECONDS"
                )
            self._began = now
        due = self._first + int((now - self._began) * self._rate * 1e9)
        while self._next is not None and self._next.arrival <= due:
            self._play(self._next)
            self._next = next(self._records, None)
        if self._next is None:
            self._ended = self._ended or now
            if self._quiet.since(self._ended, now):
                rclpy.try_shutdown()
            elif now - self._ended > self._patience_s:
                self.get_logger().warning(f"nodes are still at work {self._patience_s:g} s after the bag's end")
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
