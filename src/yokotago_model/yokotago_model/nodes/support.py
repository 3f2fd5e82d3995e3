# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The base of every node: events in and out as messages, quality of service, diagnostics, a clean end."""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    DurabilityPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)

from ..conversions import ConversionError, to_message, topic, topic_of
from ..events import Event
from ..progress import ProgressCounter
from ..store import Store
from ..store_file import StoreError, read_store
from .serialized import from_bytes, prepare

RELIABLE = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
KEPT = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
# A board publishes best effort (a reliable publisher would block it), so the reader keeps what it cannot read at once:
# 100 scales at 8 bursts a second, for 5 s.
BEST_EFFORT = QoSProfile(depth=4000, reliability=ReliabilityPolicy.BEST_EFFORT)


def qos(topic_name: str) -> QoSProfile:
    """The quality of service of a topic: sensors may lose, decisions may not, late joiners get what is said once."""
    if topic_name.startswith("/tof/"):
        return qos_profile_sensor_data
    if topic_name == "/shelves/weights":
        return BEST_EFFORT
    if topic_name == "/catalogue":
        return LATCHED
    if topic_name in ("/check_ins", "/baskets", "/receipts", "/alerts"):
        return KEPT
    return RELIABLE


class StoreNode(Node):
    """A node of the store: reads the store's description, turns messages into events and back, reports its health.

    Parameters: `store`, path of store.yaml; `session`, number of this run (0: the second at which it started).
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._outputs: dict[str, Publisher] = {}
        self._received: dict[str, int] = {}
        self._sent: dict[str, int] = {}
        self._refused: dict[str, str] = {}
        self._last_report = time.monotonic()
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(1.0, self._report)
        path = self.declare_parameter("store", "").value
        if not path:
            raise StoreError([f"{name}: start it with -p store:=FILE, the description of the store"])
        self.store: Store = read_store(path)
        session = int(self.declare_parameter("session", 0).value)
        self.session: int = session or int(time.time())
        self.progress_counter = ProgressCounter(self.session)
        self.health: dict[str, str] = {}
        """More lines for /diagnostics; a key that begins with '!' makes the status a warning."""

    def listen(self, topic_name: str, feed: Callable[[Any], Iterable[Event] | None]) -> None:
        """Give every event of the topic to `feed` and publish what it gives back."""
        kind = topic(topic_name)
        if kind is None:
            raise ConversionError(f"{topic_name} is no topic of the store")

        def callback(data: bytes) -> None:
            self._received[topic_name] = self._received.get(topic_name, 0) + 1
            try:
                event = from_bytes(topic_name, data)
            except ConversionError as error:
                if self._refused.get(topic_name) != str(error):
                    self.get_logger().error(f"{topic_name}: {error}")
                self._refused[topic_name] = str(error)
                return
            self.publish_all(feed(event) or ())

        prepare(topic_name)
        self.create_subscription(kind.message, topic_name, callback, qos(topic_name), raw=True)

    def publish_all(self, events: Iterable[Event]) -> None:
        """Publish the events on their topics."""
        for event in events:
            self.publish(event)

    def advertise(self, topic_name: str) -> None:
        """Announce a topic before its first event, so that subscribers have found it by then."""
        if topic_name not in self._outputs:
            kind = topic(topic_name)
            if kind is None:
                raise ConversionError(f"{topic_name} is no topic of the store")
            self._outputs[topic_name] = self.create_publisher(kind.message, topic_name, qos(topic_name))

    def publish(self, event: Event, topic_name: str | None = None) -> None:
        """Publish an event on its topic, or on the one named."""
        name = topic_name or topic_of(event)
        self.advertise(name)
        self._outputs[name].publish(to_message(event))
        self._sent[name] = self._sent.get(name, 0) + 1
        self.progress_counter.count(name)

    def _report(self) -> None:
        now = time.monotonic()
        elapsed, self._last_report = max(now - self._last_report, 1e-3), now
        values = {f"received {t} [Hz]": f"{n / elapsed:.1f}" for t, n in self._received.items()}
        values |= {f"sent {t} [Hz]": f"{n / elapsed:.1f}" for t, n in self._sent.items()}
        self._received.clear()
        self._sent.clear()
        troubles = [f"{t}: {text}" for t, text in self._refused.items()]
        troubles += [text for key, text in self.health.items() if key.startswith("!")]
        status = DiagnosticStatus(
            level=DiagnosticStatus.WARN if troubles else DiagnosticStatus.OK,
            name=self.get_name(),
            hardware_id=self.store.store_id,
            message="; ".join(troubles) or "running",
            values=[KeyValue(key=k, value=v) for k, v in (values | self.health).items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


def run(make: Callable[[], Node]) -> None:
    """Spin the node that `make` makes until SIGINT or SIGTERM; exit code 2 and a sentence where it cannot start."""
    # A supervisor ends a node with SIGTERM, a person with Ctrl-C: both end it the same way.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    rclpy.init()
    node = None
    try:
        node = make()
        # What is loaded by now stays. To look through it all for garbage again would stop the node for several periods
        # of a camera.
        gc.collect()
        gc.freeze()
        rclpy.spin(node)
    except (StoreError, ValueError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        # A signal ends the context at once, also while a callback publishes or the executor prepares to wait.
        if rclpy.ok():
            raise
    finally:
        # Ctrl-C reaches a launched node twice, from the terminal and from ros2 launch: the second one finds it ending.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
