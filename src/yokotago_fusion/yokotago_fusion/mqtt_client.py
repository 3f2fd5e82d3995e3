# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The store host's line to the cloud over MQTT 5: one connection to a broker, for all of the bridge's threads.

A message is handed over when the broker acknowledges it with a reason that says so (judge_acknowledgement); paho's own
is_published() says True for a refusal as well. What the broker hands to us is acknowledged when it is in the outbox's
file.
"""

from __future__ import annotations

import json
import queue
import ssl
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from .cloud_requests import Answer, CloudError, Request, Verdict, judge, judge_acknowledgement, message_of

_PROBLEM = "application/problem+json"
_TAKEN = (200, 201)
_SESSION_S = 0xFFFFFFFF  # never ends
_OVERHEAD_BYTES = 200
"""Of a packet beside its payload, at most: header and topic."""


def tls_of(certificates: Path, name: str) -> ssl.SSLContext:
    """The context of mutual TLS: ca.pem, <name>.pem and <name>.key in a folder. Raises OSError where one is missing."""
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    return context


class MqttClient:
    """The line of one store.

    url: mqtt://HOST:PORT, or mqtts://HOST:PORT with `certificates`, the folder of ca.pem, <store>.pem and <store>.key;
    timeout_s: for how long an acknowledgement is waited for, ask_s: for how long the cloud's own answer.
    Raises ValueError or OSError where the address or the certificates cannot be used.
    """

    def __init__(
        self, url: str, store_id: str, certificates: Path | None, timeout_s: float = 10.0, ask_s: float = 2.0
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError(f"cloud_url is {url}: write mqtts://HOST:PORT")
        if (parts.scheme == "mqtts") != (certificates is not None):
            raise ValueError("an mqtts:// address and a folder of certificates go together")
        self._store_id = store_id
        self._timeout_s = timeout_s
        self._ask_s = ask_s
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._why = "the broker was not reached yet"
        self._largest = 0
        self._sending = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[int | None]] = {}
        self._reasons: dict[int, int] = {}
        self._asked: dict[str, queue.SimpleQueue[dict[str, Any]]] = {}
        self._kept: dict[str, Any] = {}
        self._check_ins: list[MQTTMessage] = []
        self._refused: list[MQTTMessage] = []
        self._given: list[MQTTMessage] = []
        client = Client(CallbackAPIVersion.VERSION2, store_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
        if certificates is not None:
            client.tls_set_context(tls_of(certificates, store_id))
        client.reconnect_delay_set(1, 30)
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda *_: self._lost("the broker does not answer")
        client.on_disconnect = lambda _, __, ___, reason, ____: self._lost(f"the broker is gone: {reason}")
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        self._client = client
        client.connect_async(
            parts.hostname,
            parts.port or (8883 if certificates else 1883),
            keepalive=15,
            clean_start=False,
            properties=properties,
        )
        client.loop_start()

    def close(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        self._client.loop_stop()
        self._lost("closed")

    # What the bridge asks of a line

    def send(self, request: Request) -> Answer:
        """Hand a request to the broker for good; never raises for what the network or the broker does."""
        payload = message_of(request).encode()
        # A broker acknowledges also what its queue for the cloud has no room for: the outbox is the better place.
        if away := self._away():
            return Answer(Verdict.LINE, away)
        if self._largest and len(payload) + _OVERHEAD_BYTES > self._largest:
            return Answer(Verdict.REFUSED, f"{len(payload)} bytes: the broker takes {self._largest} at most")
        answer: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        # paho's thread holds paho's lock when it calls us, and publish() wants that lock: so what is held here must be
        # nothing that _on_publish waits for. It notes the reason first, then looks for who waits; here it is the
        # other way round, so one of the two finds the other.
        with self._sending:
            self._reasons.clear()
            sent = self._client.publish(f"stores/{self._store_id}/events/{request.kind}", payload, qos=1)
            self._waiting[sent.mid] = answer
            if sent.mid in self._reasons:
                answer.put(self._reasons[sent.mid])
        try:
            reason = answer.get(timeout=self._timeout_s)
        except queue.Empty:
            reason = None
        finally:
            self._waiting.pop(sent.mid, None)
        return Answer(Verdict.LINE, "no acknowledgement") if reason is None else judge_acknowledgement(reason)

    def ask(self, request: Request) -> Answer:
        """Send a request and wait for what the cloud itself says to it."""
        said: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        until = time.monotonic() + self._ask_s
        with self._lock:
            self._asked[request.key] = said
        try:
            answer = self.send(request)
            if answer.verdict is not Verdict.ACCEPTED:
                return answer
            told = said.get(timeout=max(0.0, until - time.monotonic()))
            return judge(int(told["status"]), _PROBLEM, json.dumps(told["body"]).encode())
        except (queue.Empty, KeyError, ValueError, TypeError):
            return Answer(Verdict.LINE, "the cloud does not answer the broker")
        finally:
            with self._lock:
                self._asked.pop(request.key, None)

    def keys(self) -> dict[str, Any]:
        """The cloud's public keys, as the broker keeps them. Raises CloudError."""
        return dict(self._kept_under("cloud/keys"))

    def check_ins(self, after: str, wait_s: float) -> dict[str, Any]:
        """The check-ins that came, {"check_ins", "cursor", "refused"}; waits up to `wait_s` for one. Raises CloudError.

        Those that were given the last time are acknowledged: they are kept by now.
        """
        until = time.monotonic() + wait_s
        with self._lock:
            kept, self._given = self._given, []
        for message in kept:
            if message.mid:
                self._client.ack(message.mid, message.qos)
        with self._lock:
            while True:
                if away := self._away():
                    raise CloudError(Answer(Verdict.LINE, away))
                left = until - time.monotonic()
                if self._check_ins or self._refused or left <= 0:
                    break
                self._changed.wait(left)
            check_ins, refused = self._check_ins, self._refused
            self._check_ins, self._refused = [], []
            self._given = [*check_ins, *refused]
        found = {"check_ins": check_ins, "refused": refused}
        return {"cursor": after} | {name: [_read(m) for m in messages] for name, messages in found.items()}

    def catalogue(self, etag: str) -> tuple[dict[str, Any] | None, str]:
        """The catalogue and its version, as the broker keeps it; None: still the version `etag`. Raises CloudError."""
        kept = dict(self._kept_under(f"stores/{self._store_id}/catalogue"))
        version = str(kept.get("version") or "")
        return (None if version and version == etag else kept), version

    def put_catalogue(self, body: str) -> None:
        """Give the cloud a catalogue. Raises CloudError."""
        answer = self.send(Request("catalogue", "", "PUT", "", body))
        if answer.verdict is not Verdict.ACCEPTED:
            raise CloudError(answer)

    def _away(self) -> str:
        """Why nobody would take a message now; empty when somebody would. The broker says so when the cloud is gone."""
        return self._why or ("the cloud is not at the broker" if self._kept.get("cloud/status") == "down" else "")

    def _kept_under(self, topic: str) -> Any:
        until = time.monotonic() + self._timeout_s
        with self._lock:
            while topic not in self._kept:
                left = until - time.monotonic()
                if self._why or left <= 0:
                    raise CloudError(Answer(Verdict.LINE, self._why or "the cloud has never been at the broker"))
                self._changed.wait(left)
            return self._kept[topic]

    # What the broker says, in paho's thread

    def _on_connect(self, client: Client, _: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._lost(f"the broker refuses: {reason}")
            return
        topics = [f"stores/{self._store_id}/{name}" for name in ("check_ins", "answers", "catalogue")]
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in (*topics, "cloud/keys", "cloud/status")])
        with self._changed:
            self._why = ""
            self._largest = int(getattr(properties, "MaximumPacketSize", 0))
            # The broker has kept the session, and gives what was not acknowledged once more; or it has lost it.
            self._given = []
            if flags.session_present:
                self._check_ins, self._refused = [], []
            for message in (*self._check_ins, *self._refused):
                message.mid = 0
            self._changed.notify_all()

    def _lost(self, why: str) -> None:
        with self._changed:
            self._why = why
            self._changed.notify_all()
        for answer in list(self._waiting.values()):
            answer.put(None)

    def _on_publish(self, _: Client, __: Any, mid: int, reason: Any, ___: Any) -> None:
        self._reasons[mid] = int(reason.value)
        answer = self._waiting.get(mid)
        if answer is not None:
            answer.put(int(reason.value))

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        with self._changed:
            if message.topic.endswith("/check_ins"):
                self._check_ins.append(message)
            elif not message.topic.endswith("/answers"):
                text = message.payload.decode("utf-8", "replace")
                self._kept[message.topic] = text if message.topic == "cloud/status" else _read(message)
                client.ack(message.mid, message.qos)
            elif (said := self._asked.get(str(_read(message).get("event_id")))) is not None:
                said.put(_read(message))
                client.ack(message.mid, message.qos)
            elif _read(message).get("status") not in _TAKEN:
                self._refused.append(message)
            else:
                client.ack(message.mid, message.qos)
            self._changed.notify_all()


def _read(message: MQTTMessage) -> dict[str, Any]:
    """The message's JSON; nothing where it is none, which only somebody with the cloud's certificate could send."""
    try:
        return dict(json.loads(message.payload))
    except (ValueError, TypeError):
        return {}
