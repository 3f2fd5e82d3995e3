# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to topics of the running store from a program that is no node itself, in a thread of its own."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Self

from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from yokotago_model.conversions import topic
from yokotago_model.events import Event
from yokotago_model.nodes.serialized import from_bytes, prepare
from yokotago_model.nodes.support import qos


class Listener:
    """A context manager: while it is open, `hear(topic, event)` is called for every event, in the listener's thread."""

    def __init__(self, topics: Iterable[str], hear: Callable[[str, Event], None], *, depth: int | None = None) -> None:
        """depth: how many messages of a topic may wait to be heard (None: as many as the store's nodes let wait)."""
        self._topics = tuple(topics)
        self._hear = hear
        self._depth = depth
        self._context = Context()
        self._thread = threading.Thread(target=self._spin, name="listener")

    def __enter__(self) -> Self:
        self._context.init()
        self._node = Node("yokotago_listener", context=self._context)
        for name in self._topics:
            kind = topic(name)
            assert kind is not None
            prepare(name)
            profile = copy.copy(qos(name))
            if self._depth is not None:
                profile.depth = self._depth
            self._node.create_subscription(kind.message, name, partial(self._take, name), profile, raw=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.try_shutdown()
        self._thread.join()
        self._node.destroy_node()

    def _take(self, name: str, data: bytes) -> None:
        self._hear(name, from_bytes(name, data))

    def _spin(self) -> None:
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self._node)
        try:
            executor.spin()
        except ExternalShutdownException:
            pass
        finally:
            executor.shutdown()
