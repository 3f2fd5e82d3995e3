# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The node of one sensor's foreground: its points or depth images in, /tof/<sensor>/foreground out."""

from __future__ import annotations

from yokotago_model.conversions import sensor_topic
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run

from ..foreground import Foreground, ForegroundParams
from .warm_up import warm_up_foreground


class ForegroundNode(StoreNode):
    """Parameters: `sensor_id`, one of the store's sensors, and those of ForegroundParams."""

    def __init__(self) -> None:
        super().__init__("foreground")
        sensor_id = str(self.declare_parameter("sensor_id", "").value)
        if sensor_id not in self.store.sensor:
            raise ValueError(f"foreground: sensor_id is '{sensor_id}': name one of {', '.join(self.store.sensor)}")
        params = declare(self, ForegroundParams)
        warm_up_foreground(self.store.sensor[sensor_id], params, self.store)
        stage = Foreground(self.store.sensor[sensor_id], params, self.store)
        self.advertise(sensor_topic(sensor_id, "foreground"))
        for kind in ("points", "depth"):
            self.listen(sensor_topic(sensor_id, kind), stage.feed)


def main() -> None:
    """Run the node."""
    run(ForegroundNode)


if __name__ == "__main__":
    main()
