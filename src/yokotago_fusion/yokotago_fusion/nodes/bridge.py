# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Node between the store and the cloud: check-ins and catalogue in, baskets, receipts and alerts out."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from yokotago_model.events import SECOND, Alert, Basket, Catalogue, CheckIn, Event, Receipt, Stamp
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run
from yokotago_model.progress import ProgressCounter

from ..cloud_client import CloudClient
from ..cloud_link import CloudLink, LinkParameters
from ..cloud_requests import Cloud, request_of
from ..gate import Gate, GateParameters
from ..gate_keeper import GateKeeper
from ..mqtt_client import MqttClient
from ..outbox import Outbox

VARIABLE_OF_DEVICE = "YOKOTAGO_DEVICE_TOKEN"
"""Environment variable with the device token: arguments and parameters are seen by every user of the machine."""


class BridgeNode(StoreNode):
    """Keeps the cloud and the store in step.

    Parameters: `cloud_url` (https://..., or mqtts://... of a broker; empty: no cloud, the catalogue is the one of
    store.yaml), `certificates` (folder, for a broker), `outbox` (SQLite file), and those of LinkParameters and
    GateParameters.
    """

    def __init__(self) -> None:
        super().__init__("bridge")
        url = str(self.declare_parameter("cloud_url", "").value)
        path = str(self.declare_parameter("outbox", "outbox.db").value)
        certificates = str(self.declare_parameter("certificates", "").value)
        parameters, at_gate = declare(self, LinkParameters), declare(self, GateParameters)
        self.advertise("/catalogue")
        if not url:
            self.publish(Catalogue(self._now(), self.store.products))
            return
        self._mqtt: MqttClient | None = None
        if url.startswith("mqtt"):
            where = Path(certificates) if certificates else None
            self._mqtt = MqttClient(url, self.store.store_id, where, parameters.answer_s, at_gate.gate_answer_s)
        token = os.environ.get(VARIABLE_OF_DEVICE, "")
        if not token and not self._mqtt:
            raise ValueError(f"bridge: set {VARIABLE_OF_DEVICE} to the device token that the cloud knows this store by")

        def line(answer_s: float) -> AbstractContextManager[Cloud]:
            """One connection for all threads to a broker, one for each to the cloud itself."""
            if self._mqtt:
                return nullcontext(self._mqtt)
            return CloudClient(url, self.store.store_id, token, answer_s)

        self._outbox = Outbox(path)
        self._link = CloudLink(
            self._outbox,
            lambda: line(parameters.answer_s),
            self.store.store_id,
            self.store.products,
            self._now,
            parameters,
        )
        self._keeper = GateKeeper(
            Gate(at_gate, self._outbox.used_codes()),
            self._outbox,
            lambda: line(at_gate.gate_answer_s),
            self.store.store_id,
            lambda event: self._link.heard.put((event, True)),
        )
        self._told = ProgressCounter(self.session)
        for topic_name in ("/check_ins", "/gate_answers", "/alerts", "/progress"):
            self.advertise(topic_name)
        for topic_name in ("/baskets", "/receipts", "/alerts"):
            self.listen(topic_name, self._keep)
        self.listen("/gate_codes", self._keeper.read)
        self.create_timer(0.05, self._hear)
        self.create_timer(0.2, self._tell_progress)
        self._link.start()
        self._keeper.start()

    def _now(self) -> Stamp:
        return int(self.get_clock().now().nanoseconds)

    def _keep(self, event: Basket | Receipt | Alert) -> None:
        if self._outbox.put(request_of(self.store.store_id, event), self._now() / SECOND):
            self._link.wake()

    def _heard(self) -> Iterator[tuple[Event, bool]]:
        while True:
            try:
                yield self._link.heard.get_nowait()
            except queue.Empty:
                return

    def _hear(self) -> None:
        for event, new in self._heard():
            self.publish(event)
            if new and isinstance(event, CheckIn):
                self._told.count("/check_ins")

    def _tell_progress(self) -> None:
        """Tell up to when all check-ins are known. Without a line none will come in time: `cloud` is silent."""
        self._hear()
        late = round(self.store.tolerances.check_ins_late_s * SECOND)
        silent = () if self._link.follows_check_ins() else ("cloud",)
        self.publish(self._told.progress("/check_ins", self._now() - late, silent))
        self.health["waiting for the cloud"] = str(self._outbox.waiting())
        self.health.pop("!cloud", None)
        if self._link.trouble:
            self.health["!cloud"] = f"cloud: {self._link.trouble}"

    def destroy_node(self) -> None:
        """End the threads with the node."""
        if hasattr(self, "_keeper") and all([self._keeper.stop(), self._link.stop()]):
            self._outbox.close()
            if self._mqtt:
                self._mqtt.close()
        super().destroy_node()


def main() -> None:
    """Run the node."""
    run(BridgeNode)


if __name__ == "__main__":
    main()
