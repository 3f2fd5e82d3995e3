# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The shelves node over DDS: bursts in, the change and its progress out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = "72"
pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")

import rclpy
from rclpy.executors import SingleThreadedExecutor

from yokotago_model.events import SECOND, ShelfWeight, StreamProgress, WeightChange
from yokotago_model.nodes.support import StoreNode
from yokotago_shelves.nodes.shelves import ShelvesNode

DEMO = Path(__file__).parents[3] / "launch" / "config" / "demo_store.yaml"


def test_a_step_of_a_scale_becomes_a_change_and_progress() -> None:
    rclpy.init(args=["--ros-args", "-p", f"store:={DEMO}", "-p", "session:=7"])
    node, board = ShelvesNode(), StoreNode("board")
    changes: list[WeightChange] = []
    progress: list[StreamProgress] = []
    board.listen("/weight_changes", changes.append)
    board.listen("/progress", progress.append)
    board.advertise("/shelves/weights")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    executor.add_node(board)
    sent = 0
    for _ in range(600):
        if board.count_subscribers("/shelves/weights") and sent < 40:
            grams = (5000.0 if sent < 20 else 4888.0,) * 16
            stamp = 1_700_000_000 * SECOND + sent * SECOND // 5
            board.publish(ShelfWeight(stamp, "A11", 1, sent * 16, 0.0125, grams))
            sent += 1
        executor.spin_once(timeout_sec=0.02)
        if changes and progress and progress[-1].published == 1:
            break
    executor.shutdown()
    node.destroy_node()
    board.destroy_node()
    rclpy.try_shutdown()
    assert [(c.scale_id, round(c.delta)) for c in changes] == [("A11", -112)]
    assert progress[-1].session == 7
