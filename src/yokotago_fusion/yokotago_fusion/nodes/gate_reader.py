# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Node of a gate's code reader: a camera's images or a scanner's lines in, /gate_codes out."""

from __future__ import annotations

import queue

from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from yokotago_model.conversions import ConversionError, grey_image
from yokotago_model.events import Stamp
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run

from ..code_reader import CodeReader, CodeReaderParameters
from .scanner import Scanner


class GateReaderNode(StoreNode):
    """Reads what shoppers hold before one gate.

    Parameters: `gate_id` (may be left out where the store has one gate), `image_topic` (sensor_msgs/Image) or `scanner`
    (a device file, or stdin), and those of CodeReaderParameters.
    """

    def __init__(self) -> None:
        super().__init__("gate_reader")
        gates = [gate.gate_id for gate in self.store.gates]
        gate_id = str(self.declare_parameter("gate_id", gates[0] if len(gates) == 1 else "").value)
        image_topic = str(self.declare_parameter("image_topic", "").value)
        device = str(self.declare_parameter("scanner", "").value)
        if gate_id not in gates:
            raise ValueError(f"gate_reader: gate_id is '{gate_id}': choose one of {', '.join(gates)}")
        if bool(image_topic) == bool(device):
            raise ValueError("gate_reader: give it either image_topic:=TOPIC or scanner:=DEVICE")
        self._reader = CodeReader(gate_id, declare(self, CodeReaderParameters))
        self._typed: queue.SimpleQueue[tuple[Stamp, str]] = queue.SimpleQueue()
        self._scanner: Scanner | None = None
        self.advertise("/gate_codes")
        if image_topic:
            self.create_subscription(Image, image_topic, self._look, qos_profile_sensor_data)
        else:
            self._scanner = Scanner(device, lambda line: self._typed.put((self._now(), line)))
            self._scanner.start()
            self.create_timer(0.02, self._type)

    def _now(self) -> Stamp:
        return int(self.get_clock().now().nanoseconds)

    def _look(self, message: Image) -> None:
        # The code's own expiry is judged by this stamp: it is this host's time, whatever the camera's clock says.
        try:
            self.publish_all(self._reader.look(self._now(), grey_image(message)))
            self.health.pop("!camera", None)
        except ConversionError as error:
            self.health["!camera"] = f"camera: {error}"

    def _type(self) -> None:
        assert self._scanner is not None
        while not self._typed.empty():
            self.publish_all(self._reader.type(*self._typed.get()))
        self.health.pop("!scanner", None)
        if self._scanner.trouble:
            self.health["!scanner"] = self._scanner.trouble

    def destroy_node(self) -> None:
        """End the scanner's thread with the node."""
        scanner: Scanner | None = getattr(self, "_scanner", None)
        if scanner is not None:
            scanner.stop()
        super().destroy_node()


def main() -> None:
    """Run the node."""
    run(GateReaderNode)


if __name__ == "__main__":
    main()
