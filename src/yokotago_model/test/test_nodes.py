# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The base of every node, over DDS: events cross, bad messages are refused and told, health is reported."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = "71"
pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import PointCloud2

from yokotago_model.events import CrossingKind, StreamProgress, ZoneCrossing
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, qos
from yokotago_model.nodes.testing import spin_until

DEMO = Path(__file__).parents[3] / "launch" / "config" / "demo_store.yaml"


@pytest.fixture(scope="module", autouse=True)
def _ros() -> Iterator[None]:
    rclpy.init(args=["--ros-args", "-p", f"store:={DEMO}", "-p", "session:=7"])
    yield
    rclpy.try_shutdown()


def test_an_event_crosses_and_is_counted() -> None:
    sender, receiver = StoreNode("sender"), StoreNode("receiver")
    got: list[object] = []
    receiver.listen("/zone_crossings", got.append)
    sender.advertise("/zone_crossings")
    spin_until([sender, receiver], lambda: sender.count_subscribers("/zone_crossings") == 1)
    crossing = ZoneCrossing(5, 1, "exit", CrossingKind.EXIT)
    sender.publish(crossing)
    spin_until([sender, receiver], lambda: got == [crossing])
    assert sender.progress_counter.progress("/zone_crossings", 9) == StreamProgress(9, "/zone_crossings", 7, 1)
    sender.destroy_node()
    receiver.destroy_node()


def test_a_message_that_cannot_be_used_is_refused_and_told_in_the_diagnostics() -> None:
    node, listener = StoreNode("foreground"), Node("listener")
    got: list[object] = []
    told: list[DiagnosticStatus] = []
    node.listen("/tof/a/points", got.append)
    listener.create_subscription(DiagnosticArray, "/diagnostics", lambda m: told.extend(m.status), 10)
    publisher = listener.create_publisher(PointCloud2, "/tof/a/points", qos("/tof/a/points"))
    spin_until([node, listener], lambda: publisher.get_subscription_count() == 1)
    publisher.publish(PointCloud2(is_bigendian=True))
    spin_until([node, listener], lambda: any("big-endian" in s.message for s in told))
    assert any(s.level == DiagnosticStatus.WARN and s.name == "foreground" for s in told)
    assert got == []
    node.destroy_node()
    listener.destroy_node()


@dataclasses.dataclass(frozen=True)
class _Parameters:
    gate_m: float = dataclasses.field(default=0.5, metadata={"description": "how far [m]", "range": (0.0, 2.0)})
    names: tuple[str, ...] = ("a",)


def test_a_stage_s_parameters_are_ros_parameters() -> None:
    node = Node("with_parameters", parameter_overrides=[Parameter("gate_m", value=0.75)])
    assert declare(node, _Parameters) == _Parameters(gate_m=0.75)
    described = node.describe_parameter("gate_m")
    assert described.description == "how far [m]"
    assert described.floating_point_range[0].to_value == 2.0
    node.destroy_node()


def test_a_node_without_a_store_ends_with_one_sentence() -> None:
    code = "from yokotago_model.nodes.support import StoreNode, run; run(lambda: StoreNode('lonely'))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.strip() == "lonely: start it with -p store:=FILE, the description of the store"
