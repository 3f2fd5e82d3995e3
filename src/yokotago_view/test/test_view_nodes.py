# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes of the view over DDS: what is published in the store reaches a page's line, and rviz."""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Iterator

import pytest

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = "77"
pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")

import rclpy
from view_events import DEMO, frame, person, receipt
from visualization_msgs.msg import Marker, MarkerArray
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from yokotago_model.nodes.support import StoreNode
from yokotago_model.nodes.testing import spin_until
from yokotago_view.nodes.live_page import LivePageNode
from yokotago_view.nodes.markers import MarkersNode


@pytest.fixture(autouse=True)
def _ros() -> Iterator[None]:
    rclpy.init(args=["--ros-args", "-p", f"store:={DEMO}", "-p", "session:=7", "-p", "port:=0"])
    yield
    rclpy.try_shutdown()


def test_what_is_published_reaches_the_page(capfd: pytest.CaptureFixture[str]) -> None:
    page, store = LivePageNode(), StoreNode("store")
    address = capfd.readouterr().out.strip().removeprefix("yokotago-live ")
    news: queue.SimpleQueue[list[object]] = queue.SimpleQueue()

    def follow() -> None:
        with connect(address.replace("http", "ws") + "/live", open_timeout=20) as line:
            try:
                while True:
                    for change in json.loads(line.recv()):
                        news.put(change)
            except ConnectionClosed:
                pass

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    seen: dict[tuple[str, str], object] = {}

    def heard(section: str, key: str) -> bool:
        while not news.empty():
            s, k, value = news.get()
            seen[str(s), str(k)] = value
        return (section, key) in seen

    spin_until([page, store], lambda: heard("store", ""))
    for topic in ("/tracks", "/receipts"):
        store.advertise(topic)
    spin_until([page, store], lambda: all(store.count_subscribers(t) == 1 for t in ("/tracks", "/receipts")))
    store.publish(frame(1.0, person(3, 1.0, 2.0)))
    store.publish(receipt(2.0, "v", 2))
    spin_until([page, store], lambda: heard("people", "3") and heard("receipts", "v-r1") and heard("health", "latency"))
    assert seen["people", "3"] == [1.0, 2.0, 1.7, 2, 1.0, []]
    spin_until([page, store], lambda: heard("health", "node:store"))
    for node in (page, store):
        node.destroy_node()
    reader.join(10)
    assert not reader.is_alive()


def test_a_frame_becomes_markers() -> None:
    markers, store = MarkersNode(), StoreNode("store")
    got: list[Marker] = []
    store.create_subscription(MarkerArray, "/markers", lambda m: got.extend(m.markers), 10)
    store.advertise("/tracks")
    spin_until(
        [markers, store], lambda: store.count_subscribers("/tracks") == 1 and store.count_publishers("/markers") == 1
    )
    store.publish(frame(1.0, person(3, 1.0, 2.0)))
    spin_until([markers, store], lambda: any(m.ns == "people" for m in got))
    body = next(m for m in got if m.ns == "people")
    assert (body.type, body.header.frame_id, body.action) == (Marker.CYLINDER, "store", Marker.ADD)
    assert (body.pose.position.x, body.pose.position.y) == (1.0, 2.0)
    assert 0 < body.lifetime.sec + body.lifetime.nanosec / 1e9 <= 1
    assert sum(m.ns == "facings" for m in got) == len(store.store.facings)
    for node in (markers, store):
        node.destroy_node()
