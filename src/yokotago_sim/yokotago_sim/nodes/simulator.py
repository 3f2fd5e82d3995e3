# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated store as a node: its cameras, scales, shoppers and truth, published as time goes by.

Nothing is dropped: where the machine is too slow the store's time goes slower, and /diagnostics says by how much.
That time is on /clock, for nodes that otherwise go by the wall clock (use_sim_time).
"""

from __future__ import annotations

import importlib
import time
from dataclasses import replace

import numpy as np
from rclpy.time import Time
from rosgraph_msgs.msg import Clock

from yokotago_model.events import SECOND, CheckIn, Event, Receipt, StreamProgress
from yokotago_model.nodes.support import StoreNode, run

from ..scenarios import names, random_shopping
from ..shoppers import Scenario
from ..simulation import LEVELS, simulate
from .loads import Loads
from .outside import Outside
from .pace import Pace, Speed

_TURN_S = 0.05  # longest time in one callback: the node's other callbacks get their turn
_PERIOD_S = 0.005
_TRUTH = ("/truth/tracks", "/truth/zone_crossings", "/truth/reaches", "/truth/actions", "/truth/receipts")


class Simulator(StoreNode):
    """Parameters: `scenario`, `seed`, `level`, `rate` (1 = real time); for the scenario random: `shoppers` at once
    and `visits` (0: never ends); `listeners_s`: how long to wait for somebody to listen before the store opens;
    `cloud_url`: where shoppers get their codes ("": the node publishes /check_ins itself), with the gate's token in
    $YOKOTAGO_DEVICE_TOKEN; `gate_port`: of the gate for a person's phone, or 0; `loads`, `loads_shelf`: loads.py."""

    def __init__(self) -> None:
        super().__init__("simulator")
        scenario = str(self.declare_parameter("scenario", "random").value)
        seed = int(self.declare_parameter("seed", 1).value)
        shoppers = int(self.declare_parameter("shoppers", 4).value)
        visits = int(self.declare_parameter("visits", 0).value)
        level = str(self.declare_parameter("level", "points").value)
        self._rate = float(self.declare_parameter("rate", 1.0).value)
        self._listeners_s = float(self.declare_parameter("listeners_s", 30.0).value)
        cloud_url = str(self.declare_parameter("cloud_url", "").value)
        if scenario not in names():
            raise ValueError(f"scenario {scenario!r}: choose one of {', '.join(names())}")
        if level not in LEVELS:
            raise ValueError(f"level {level!r}: choose one of {', '.join(LEVELS)}")
        if self._rate <= 0.0:
            raise ValueError(f"rate is {self._rate}: it must be above 0; 1 is real time")
        self._scenario: Scenario | str = scenario
        if scenario == "random":
            rng = np.random.default_rng(seed)
            self._scenario = random_shopping(self.store, rng, shoppers=shoppers, visits=visits or None)
        if level != "tracks":
            # Loads Open3D, which takes seconds, before the store opens.
            importlib.import_module("yokotago_sim.cameras")
        self._seed, self._level = seed, level
        gate_port = int(self.declare_parameter("gate_port", 0).value)
        self._outside: Outside | None = None
        if cloud_url:
            self._outside = Outside(cloud_url, self.store, 4 * shoppers + 4, gate_port, seed, self._phone_failed)
        own = () if cloud_url else ("/check_ins", "/progress")
        for topic in (*self._sensor_topics(), "/shelves/weights", *_TRUTH, *own):
            self.advertise(topic)
        self._loads = Loads(self, self.store)
        self._clock_out = self.create_publisher(Clock, "/clock", 10)
        self._pace = Pace(time.monotonic)
        if level != "tracks":
            self.listen("/tracks", self._pace.follow)
        self._waiting_since = time.monotonic()
        self._next: tuple[int, str, Event] | None = None
        self._opened, self._start, self._reached = 0.0, 0, 0
        self._timer = self.create_timer(_PERIOD_S, self._turn)

    def _sensor_topics(self) -> list[str]:
        tracked = ["/tracks", "/zone_crossings", "/hand_reaches"]
        return tracked if self._level == "tracks" else [f"/tof/{s.sensor_id}/{self._level}" for s in self.store.sensors]

    def _phone_failed(self, sentence: str) -> None:
        self.get_logger().error(sentence)
        self.health["!phones"] = sentence

    def _turn(self) -> None:
        """Publish what is due."""
        now = time.monotonic()
        if not self._opened:
            heard = all(self.count_subscribers(t) for t in (*self._sensor_topics(), "/shelves/weights"))
            if not (heard and self._loads.heard) and now - self._waiting_since < self._listeners_s:
                return
            self._opened, self._start = now, time.time_ns()
            self._reached, self._speed = self._start, Speed(self._start, now)
            self._pace.open(self._start)
            day = (self.store, self._scenario, self._seed, self._level)
            guests = self._outside.guests if self._outside is not None else None
            self._events = simulate(*day, start=self._start, session=self.session, guests=guests)
            self._next = next(self._events, None)
            self.get_logger().info("the store is open")
        due = self._start + round((now - self._opened) * self._rate * SECOND)
        limit = due if self._level == "tracks" else min(due, self._pace.limit)
        while self._next is not None and self._next[0] <= limit and time.monotonic() - now < _TURN_S:
            self._reached, topic, event = self._next
            self._send(topic, event)
            self._next = next(self._events, None)
        self._clock_out.publish(Clock(clock=Time(nanoseconds=self._reached).to_msg()))
        behind = (due - self._reached) / SECOND
        if self._next is not None and self._next[0] <= due and behind > 0.5 * self._rate:
            # Too slow: the store's clock waits, so that it does not race later.
            self._opened += (behind - 0.1 * self._rate) / self._rate
        self._tell_speed(now)
        if self._next is None:
            self._timer.cancel()
            self.get_logger().info("the store is closed")

    def _send(self, topic: str, event: Event) -> None:
        if topic == "/catalogue" or self._loads.take(event):
            return  # The bridge publishes the catalogue: from the cloud, or from the store's description.
        if self._outside is not None:
            if isinstance(event, StreamProgress) and event.stream == "/check_ins":
                return
            if isinstance(event, CheckIn) and event.shopper_id not in self.store.staff:
                self._outside.check_in(event)
                return
            if isinstance(event, Receipt):
                event = replace(event, shopper_id=self._outside.shopper_id(event.shopper_id))
        self.publish(event, topic)

    def _tell_speed(self, now: float) -> None:
        if (factor := self._speed.measure(now, self._reached)) is None:
            return
        self.health["real-time factor"] = f"{factor:.2f}"
        self.health.pop("!slow", None)
        if factor < 0.95 * self._rate and self._next is not None:
            self.health["!slow"] = f"this machine is too slow: the store's time runs at {factor:.2f} of real time"

    def destroy_node(self) -> None:
        """End the threads of phones and gate too."""
        self._loads.close()
        if self._outside is not None:
            self._outside.close()
        super().destroy_node()


if __name__ == "__main__":
    run(Simulator)
