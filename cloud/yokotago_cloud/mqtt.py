# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The line of stores that speak MQTT: takes what they publish, and tells them of check-ins and catalogues.

A message is acknowledged to the broker when its effect is durable, so nothing is lost when either side ends at any
moment; what comes twice has its effect once (ingest.py). What can never be taken is kept as an event of the kind
`refused`, told to the store, and holds nobody up.
"""

from __future__ import annotations

import hashlib
import json
import logging
import queue
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from yokotago_cloud.bodies import StoreEvent
from yokotago_cloud.ingest import Ingest
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.services import Services
from yokotago_cloud.tell import Teller, answer_text

NAME = "yokotago-cloud"
"""The cloud's own name at the broker; no store may have it."""

_log = logging.getLogger(__name__)
_SESSION_S = 0xFFFFFFFF  # never ends
_IN_FLIGHT = 100
_ATTEMPTS = 20
_LOOK_AGAIN_S = 1.0
_PUBACK_S = 10.0
_KEPT_CHARACTERS = 4000


@dataclass(frozen=True)
class Broker:
    """Where the broker is. certificates: folder of ca.pem, and of <name>.pem and <name>.key for each name."""

    host: str
    port: int
    certificates: Path | None

    @classmethod
    def parse(cls, url: str, certificates: Path | None) -> Broker:
        """mqtts://HOST[:PORT], which needs certificates, or mqtt://HOST[:PORT] on this machine.

        Raises:
            ValueError: it is neither.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError(f"--mqtt {url}: write mqtts://HOST:PORT")
        if (parts.scheme == "mqtts") != (certificates is not None):
            raise ValueError("--mqtt mqtts://... and --mqtt-certificates DIR go together")
        return cls(parts.hostname, parts.port or (8883 if certificates else 1883), certificates)

    def tls(self, name: str) -> ssl.SSLContext | None:
        """The context of a client with this name.

        Raises:
            OSError: a certificate or key cannot be read.
        """
        if self.certificates is None:
            return None
        context = ssl.create_default_context(cafile=self.certificates / "ca.pem")
        context.load_cert_chain(self.certificates / f"{name}.pem", self.certificates / f"{name}.key")
        return context


class MqttLine:
    """The cloud's connection to the broker."""

    def __init__(self, services: Services, broker: Broker) -> None:
        self._services = services
        self._ingest = Ingest(services)
        self._broker = broker
        self._came: queue.SimpleQueue[MQTTMessage | None] = queue.SimpleQueue()
        self._reasons: dict[int, int] = {}
        self._acknowledged = threading.Event()
        self._stop = threading.Event()
        self._news = threading.Event()
        self._teller = Teller(services, self._publish)
        client = Client(CallbackAPIVersion.VERSION2, NAME, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
        tls = broker.tls(NAME)
        if tls is not None:
            client.tls_set_context(tls)
        client.will_set("cloud/status", "down", qos=1, retain=True)
        client.reconnect_delay_set(1, 30)
        client.on_connect = self._connected
        client.on_publish = self._published
        client.on_message = lambda _, __, message: self._came.put(message)
        self._client = client
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("mqtt in", self._take_all), ("mqtt out", self._tell_all))
        ]

    def start(self) -> None:
        """Connect, now or when the broker is there."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        properties.ReceiveMaximum = _IN_FLIGHT
        self._services.feeds.on_news = lambda _: self._news.set()
        self._client.connect_async(
            self._broker.host, self._broker.port, keepalive=30, clean_start=False, properties=properties
        )
        self._client.loop_start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the message in hand and say goodbye."""
        self._stop.set()
        self._came.put(None)
        self._news.set()
        for thread in self._threads:
            thread.join(_PUBACK_S)
        if self._client.is_connected():
            self._publish("cloud/status", "down", retain=True)
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        if reason.is_failure:
            _log.warning("the broker refuses the cloud: %s", reason)
            return
        client.subscribe("stores/+/events/+", qos=1)
        # The broker may have lost what it kept.
        self._teller.forget()
        self._news.set()

    # In

    def _take_all(self) -> None:
        while (message := self._came.get()) is not None:
            try:
                if self._take(message):
                    self._client.ack(message.mid, message.qos)
            except Exception:
                # Not even the refusal could be kept. The broker gives the message again in the next connection.
                _log.exception("a message on %s is left at the broker", message.topic)

    def _take(self, message: MQTTMessage) -> bool:
        """Whether the message is done with; False when the cloud ends before."""
        _, store_id, _, kind = message.topic.split("/")
        payload = bytes(message.payload)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self._ingest.read(store_id, kind, payload)
            except ProblemError as problem:
                if problem.kind.status < 500 or attempt == _ATTEMPTS:
                    self._refuse(store_id, kind, payload, problem)
                    return True
            except Exception:
                _log.exception("a message of %s about a %s failed", store_id, kind)
                if attempt == _ATTEMPTS:
                    self._refuse(store_id, kind, payload, ProblemError("internal"))
                    return True
            else:
                if kind == "check_in":
                    self._answer(store_id, payload, 201, answer)
                return True
            if self._stop.wait(min(5.0, 0.05 * 2**attempt)):
                return False
        return True

    def _refuse(self, store_id: str, kind: str, payload: bytes, problem: ProblemError) -> None:
        """Tell the store, and keep what was refused; a code that was used is the gate's business alone."""
        if kind != "check_in":
            now = time.time_ns()
            text = payload[:_KEPT_CHARACTERS].decode("utf-8", "backslashreplace")
            event = StoreEvent.model_validate(
                {
                    "event_id": f"refused-{hashlib.sha256(payload).hexdigest()[:40]}",
                    "kind": "refused",
                    "stamp": {"sec": now // 10**9, "nanosec": now % 10**9},
                    "data": {"kind": kind[:100], "reason": str(problem), "message": text},
                }
            )
            self._services.reports.events(store_id, [event])
        self._answer(store_id, payload, problem.kind.status, problem.body())

    def _answer(self, store_id: str, payload: bytes, status: int, body: Mapping[str, Any]) -> None:
        try:
            event_id = str(json.loads(payload)["event_id"])
        except (ValueError, KeyError, TypeError, RecursionError):
            event_id = ""
        text = answer_text(event_id, status, body)
        # Not waited for: who wants the answer asks again, and gets the same one.
        self._client.publish(f"stores/{store_id}/answers", text, qos=1)

    # Out

    def _tell_all(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            if self._client.is_connected():
                try:
                    self._teller.tell_all()
                except Exception:
                    _log.exception("telling the stores failed")
            self._news.wait(_LOOK_AGAIN_S)

    def _publish(self, topic: str, text: str, retain: bool = False) -> bool:
        """Whether the broker has taken it: only the reason of its acknowledgement tells.

        One thread at a time publishes so; `_answer` does not wait.
        """
        self._reasons.clear()
        until = time.monotonic() + _PUBACK_S
        sent = self._client.publish(topic, text, qos=1, retain=retain)
        while (reason := self._reasons.get(sent.mid)) is None and self._client.is_connected():
            self._acknowledged.wait(max(0.0, min(_LOOK_AGAIN_S, until - time.monotonic())))
            self._acknowledged.clear()
            if time.monotonic() > until:
                break
        return reason is not None and reason < 0x80

    def _published(self, _: Client, __: Any, mid: int, reason: Any, ___: Any) -> None:
        self._reasons[mid] = int(reason.value)
        self._acknowledged.set()
        if reason.is_failure:
            _log.warning("the broker refused a message of the cloud: %s", reason)
