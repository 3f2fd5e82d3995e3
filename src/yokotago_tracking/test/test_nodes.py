# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes of perception over DDS: depth becomes foreground, foreground becomes tracks, crossings and progress."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from worlds import START, body

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = "83"
pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")

import rclpy

from yokotago_model.events import (
    SECOND,
    CrossingKind,
    DepthImage,
    ForegroundCloud,
    StreamProgress,
    TrackFrame,
    TrackState,
    ZoneCrossing,
)
from yokotago_model.nodes.support import StoreNode
from yokotago_model.nodes.testing import spin_until
from yokotago_tracking.nodes.foreground import ForegroundNode
from yokotago_tracking.nodes.tracker import TRACKS_IN_A_SECOND, TrackerNode

SESSION = 7
STORE = """
store: {id: t, name: Test, currency: JPY, floor: [[0, 0], [4, 0], [4, 4], [0, 4]], ceiling_m: 3.2}
sensors:
  - {id: a, position: [2, 2, 3.0], rpy_deg: [180, 0, 0], rate_hz: 10, range_m: [0.3, 6.0],
     image: {width: 64, height: 48, fx: 20.0, fy: 20.0, cx: 31.5, cy: 23.5}}
zones:
  - {id: in, kind: entrance, polygon: [[0, 0], [2, 0], [2, 0.8], [0, 0.8]]}
  - {id: out, kind: exit, polygon: [[2, 0], [4, 0], [4, 0.8], [2, 0.8]]}
gates: []
shelves: []
scales: []
facings: []
products: []
"""


@pytest.fixture(autouse=True)
def _ros(tmp_path: Path) -> Iterator[None]:
    path = tmp_path / "store.yaml"
    path.write_text(STORE, "utf-8")
    parameters = [f"store:={path}", f"session:={SESSION}", "sensor_id:=a", "learn_s:=0.5", "hand.looks:=3"]
    rclpy.init(args=["--ros-args", *(word for p in parameters for word in ("-p", p))])
    yield
    rclpy.try_shutdown()


def test_a_person_who_walks_in_is_tracked_and_crosses_the_entrance() -> None:
    node, peer = TrackerNode(), StoreNode("peer")
    heard: list[object] = []
    for topic in ("/tracks", "/zone_crossings", "/progress"):
        peer.listen(topic, heard.append)
    peer.advertise("/tof/a/foreground")
    spin_until(
        [node, peer],
        lambda: (
            peer.count_subscribers("/tof/a/foreground") == 1
            and all(node.count_subscribers(t) == 1 for t in ("/tracks", "/zone_crossings", "/progress"))
        ),
    )

    def frames() -> list[TrackFrame]:
        return [e for e in heard if isinstance(e, TrackFrame)]

    for k in range(80):
        points = body(1.0, -0.4 + 0.08 * (k - 50)) if k >= 50 else np.empty((0, 3), np.float32)
        peer.publish(
            ForegroundCloud(START + k * SECOND // 10, "a", points, np.ones(len(points), np.uint16)),
            "/tof/a/foreground",
        )
        # Sensor data may be lost where nobody reads it at once.
        spin_until([node, peer], lambda k=k: len(frames()) >= k)
    (track,) = frames()[-1].tracks
    assert track.state is TrackState.CONFIRMED
    assert track.track_id == SESSION * TRACKS_IN_A_SECOND + 1
    spin_until([node, peer], lambda: len([e for e in heard if isinstance(e, ZoneCrossing)]) == 2)
    crossings = [e for e in heard if isinstance(e, ZoneCrossing)]
    assert [(c.zone_id, c.kind) for c in crossings] == [("in", CrossingKind.ENTER), ("in", CrossingKind.EXIT)]
    streams = {"/tracks", "/zone_crossings", "/hand_reaches"}
    spin_until([node, peer], lambda: {e.stream for e in heard if isinstance(e, StreamProgress)} == streams)
    for n in (node, peer):
        n.destroy_node()


def test_the_tracker_takes_its_parameters_from_ros() -> None:
    node = TrackerNode()
    assert node.get_parameter("hand.looks").value == 3
    assert node.get_parameter("gate_m").value == pytest.approx(0.4)
    assert not node.has_parameter("first_track_id")
    node.destroy_node()


def test_what_is_nearer_than_the_learned_background_is_foreground() -> None:
    node, peer = ForegroundNode(), StoreNode("peer")
    heard: list[ForegroundCloud] = []
    peer.listen("/tof/a/foreground", heard.append)
    peer.advertise("/tof/a/depth")
    spin_until(
        [node, peer],
        lambda: peer.count_subscribers("/tof/a/depth") == 1 and node.count_subscribers("/tof/a/foreground") == 1,
    )
    floor = np.full((48, 64), 3000, np.uint16)
    person = floor.copy()
    person[20:26, 28:34] = 1300
    for k in range(20):
        peer.publish(DepthImage(START + k * SECOND // 10, "a", person if k >= 15 else floor), "/tof/a/depth")
        spin_until([node, peer], lambda k=k: len(heard) > k)
    assert all(len(cloud.points) == 0 for cloud in heard[:15])
    assert heard[-1].points[:, 2] == pytest.approx(1.7, abs=0.05)
    assert int(heard[-1].pixels.sum()) == 36
    for n in (node, peer):
        n.destroy_node()
