# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""For the tests of nodes, in process: spin until something holds, without a sleep."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node


def spin_until(nodes: Iterable[Node], holds: Callable[[], object], turns: int = 600) -> None:
    """Spin the nodes until the condition holds; AssertionError after so many turns of at most 50 ms."""
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    for _ in range(turns):
        if holds():
            break
        executor.spin_once(timeout_sec=0.05)
    executor.shutdown()
    assert holds(), f"it did not happen in {turns} turns"
