# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The node in process: it waits for listeners, publishes what the simulation gives, and says how fast it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = "72"
pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")

import rclpy
from conftest import SMALL
from rosgraph_msgs.msg import Clock

from yokotago_model.events import Event
from yokotago_model.nodes.support import StoreNode
from yokotago_model.nodes.testing import spin_until
from yokotago_sim.nodes.simulator import Simulator


@pytest.fixture(autouse=True)
def _ros(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    path = tmp_path / "store.yaml"
    path.write_text(SMALL, "utf-8")
    values = {"store": path, "session": 5} | request.param
    rclpy.init(args=["--ros-args", *(a for k, v in values.items() for a in ("-p", f"{k}:={v}"))])
    yield
    rclpy.try_shutdown()



@pytest.mark.parametrize(
    "_ros", [{"level": "tracks", "shoppers": 1, "visits": 1, "rate": 40.0, "listeners_s": 100.0}], indirect=True
)
def test_the_store_opens_when_somebody_listens_and_closes_after_the_last_visit() -> None:
    simulator, listener = Simulator(), StoreNode("listener")
    heard: dict[str, list[Event]] = {}
    clock: list[int] = []
    spin_until([simulator, listener], lambda: True)
    assert simulator.health == {}
    tracked = ("/tracks", "/zone_crossings", "/hand_reaches")
    for topic in (*tracked, "/shelves/weights", "/truth/receipts", "/check_ins", "/progress"):
        heard[topic] = []
        listener.listen(topic, heard[topic].append)
    listener.create_subscription(Clock, "/clock", lambda m: clock.append(m.clock.sec * 10**9 + m.clock.nanosec), 10)
    spin_until([simulator, listener], lambda: heard["/truth/receipts"], turns=20_000)
    assert heard["/tracks"]
    assert {b.scale_id for b in heard["/shelves/weights"]} == {"S1", "S2", "S3", "S4"}  # type: ignore[union-attr]
    assert len(heard["/check_ins"]) == 1
    assert {p.session for p in heard["/progress"]} == {5}  # type: ignore[union-attr]
    assert clock == sorted(clock)
    simulator.destroy_node()
    listener.destroy_node()


@pytest.mark.parametrize("_ros", [{"level": "depth", "listeners_s": 100.0}], indirect=True)
def test_the_cameras_send_images() -> None:
    simulator, listener = Simulator(), StoreNode("listener")
    images: list[Event] = []
    listener.listen("/tof/top/depth", images.append)
    listener.listen("/shelves/weights", lambda _event: None)
    spin_until([simulator, listener], lambda: len(images) > 5 and "real-time factor" in simulator.health, 20_000)
    assert float(simulator.health["real-time factor"]) > 0.0
    assert {i.depth.shape for i in images} == {(60, 80)}  # type: ignore[union-attr]
    simulator.destroy_node()
    listener.destroy_node()


@pytest.mark.parametrize(
    ("_ros", "sentence"),
    [
        ({"scenario": "S99"}, "scenario 'S99': choose one of S01"),
        ({"level": "voxels"}, "level 'voxels': choose one of points"),
        ({"rate": 0.0}, "rate is 0.0"),
    ],
    indirect=["_ros"],
)
def test_a_parameter_that_cannot_be_used_is_named(sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Simulator()
