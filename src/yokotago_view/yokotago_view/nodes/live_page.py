# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Node of the live page: what happens in the store, to the browsers that watch."""

from __future__ import annotations

import threading
import time
from collections import deque

from diagnostic_msgs.msg import DiagnosticArray

from yokotago_model.conversions import sensor_topic
from yokotago_model.events import SECOND, Event, ForegroundCloud, TrackFrame
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run

from ..live_state import Change, LiveParameters, LiveState
from .page_server import PageServer

TOPICS = (
    "/tracks",
    "/hand_reaches",
    "/weight_changes",
    "/check_ins",
    "/gate_answers",
    "/catalogue",
    "/baskets",
    "/receipts",
    "/alerts",
    "/decisions",
    "/progress",
)


class LivePageNode(StoreNode):
    """Serves the live page, and each gate's screen.

    Parameters: `host` (the page is for this machine only unless another address is given), `port` (0: a free one),
    `rate_hz` (updates a second at most), and those of LiveParameters.
    """

    def __init__(self) -> None:
        super().__init__("live_page")
        host = str(self.declare_parameter("host", "127.0.0.1").value)
        port = int(self.declare_parameter("port", 8080).value)
        rate_hz = float(self.declare_parameter("rate_hz", 15.0).value)
        self._state = LiveState(self.store, declare(self, LiveParameters))
        self._lock = threading.Lock()
        self._late_s: deque[float] = deque(maxlen=200)
        self._clouds = {sensor.sensor_id: 0 for sensor in self.store.sensors}
        self._seen = time.monotonic()
        try:
            self._server = PageServer(host, port, rate_hz, self._whole)
        except OSError as error:
            raise ValueError(f"live_page: {host}:{port} cannot be used ({error}): start it with -p port:=0") from error
        for topic_name in TOPICS:
            self.listen(topic_name, self._feed)
        for sensor in self.store.sensors:
            self.listen(sensor_topic(sensor.sensor_id, "foreground"), self._feed)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._diagnosed, 10)
        self.create_timer(1.0, self._tell_health)
        self._server.start()
        print(f"yokotago-live {self._server.address}", flush=True)

    def _whole(self) -> list[Change]:
        with self._lock:
            return self._state.snapshot()

    def _feed(self, event: Event) -> None:
        match event:
            case TrackFrame():
                self._late_s.append((self.get_clock().now().nanoseconds - event.stamp) / SECOND)
            case ForegroundCloud():
                self._clouds[event.sensor_id] += 1
        with self._lock:
            changes = self._state.feed(event)
        self._server.push(changes)

    def _tell(self, what: str, value: object) -> None:
        with self._lock:
            changes = self._state.tell(what, value)
        self._server.push(changes)

    def _tell_health(self) -> None:
        now = time.monotonic()
        elapsed, self._seen = max(now - self._seen, 1e-3), now
        for sensor_id, clouds in self._clouds.items():
            self._tell(f"sensor:{sensor_id}", round(clouds / elapsed))
            self._clouds[sensor_id] = 0
        late = sorted(self._late_s)
        self._tell("latency", round(1000 * late[len(late) // 2]) if late else None)
        self._late_s.clear()

    def _diagnosed(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self._tell(f"node:{status.name}", [int.from_bytes(status.level, "little"), status.message])

    def destroy_node(self) -> None:
        """End the server with the node."""
        if hasattr(self, "_server"):
            self._server.stop()
        super().destroy_node()


def main() -> None:
    """Run the node."""
    run(LivePageNode)


if __name__ == "__main__":
    main()
