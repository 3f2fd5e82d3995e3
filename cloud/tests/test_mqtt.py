# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Stores that publish instead of calling: what a message does, and what a certificate may do at a real broker."""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import OTHER_STORE, STORE, Cloud, receipt
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from yokotago_cloud import broker
from yokotago_cloud.ingest import Ingest
from yokotago_cloud.mqtt import NAME, Broker, MqttLine
from yokotago_cloud.problems import ProblemError

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto on this machine: apt install mosquitto")
NOT_AUTHORISED = 0x87


def message(data: Any, event_id: str = "e-1", **more: Any) -> dict[str, Any]:
    return {"event_id": event_id, "data": data, **more}


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ProblemError) as refused:
        act()
    return refused.value.code


def test_a_message_does_what_the_call_does_and_once(cloud: Cloud) -> None:
    ingest, phone = Ingest(cloud.services), cloud.phone()
    gate = {"code": phone.code(), "gate_id": "gate-1", "stamp": {"sec": 5, "nanosec": 0}}
    first = ingest.take(STORE, "check_in", message(gate))
    assert first == ingest.take(STORE, "check_in", message(gate))
    assert first == cloud.host.post("/check-ins", gate, "e-1").json(), "the call with the same key is the same request"
    basket = {"stamp": {"sec": 6, "nanosec": 0}, "shopper_id": phone.shopper_id, "lines": []}
    assert ingest.take(STORE, "basket", message(basket, subject="v-1"))["applied"]
    bill = receipt(phone.shopper_id)
    assert ingest.take(STORE, "receipt", message(bill))["receipt_id"] == "r-1"
    assert ingest.take(STORE, "receipt", message(bill, "e-2"))["receipt_id"] == "r-1"
    alert = {"stamp": {"sec": 7, "nanosec": 0}, "severity": 2, "code": "scale_silent", "text": "s", "subjects": []}
    assert ingest.take(STORE, "alert", message(alert, "a")) == ingest.take(STORE, "alert", message(alert, "a"))
    assert ingest.take(STORE, "weight_change", message({"delta": -5.0}, stamp={"sec": 8, "nanosec": 0}))["stored"] == 1
    assert ingest.take(STORE, "weight_change", message({"delta": -5.0}, stamp={"sec": 8, "nanosec": 0}))["known"] == 1
    assert len(cloud.host.get("/receipts").json()["receipts"]) == 1
    assert len(cloud.host.get("/alerts").json()["alerts"]) == 1
    assert len(cloud.host.get("/check-ins").json()["check_ins"]) == 1


def test_a_message_cannot_bill_a_stranger_nor_speak_for_no_store(cloud: Cloud) -> None:
    ingest = Ingest(cloud.services)
    assert refusal(lambda: ingest.take(STORE, "receipt", message(receipt("0" * 32)))) == "shopper-not-checked-in"
    guest = cloud.guest()
    assert refusal(lambda: ingest.take(OTHER_STORE, "receipt", message(receipt(guest.shopper_id)))) == (
        "shopper-not-checked-in"
    )
    assert refusal(lambda: ingest.take("nowhere", "receipt", message({}))) == "store-unknown"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "body-not-json"),
        (b"\xff\xfe", "body-not-json"),
        (b"NaN", "body-not-json"),
        (b"[" * 50_000, "body-not-json"),
        (b'{"event_id": ' * 5_000, "body-not-json"),
        (b"x" * 70_000, "body-too-large"),
        (b"[]", "body-invalid"),
        (b'"text"', "body-invalid"),
        (b"{}", "body-invalid"),
        (b'{"event_id": "e", "data": []}', "body-invalid"),
        (b'{"event_id": "no blanks", "data": {}}', "body-invalid"),
        (b'{"event_id": "e", "subject": "../../v", "data": {}}', "body-invalid"),
    ],
)
@pytest.mark.parametrize("kind", ["check_in", "basket", "receipt", "alert", "weight_change"])
def test_what_is_no_message_is_refused(cloud: Cloud, kind: str, payload: bytes, code: str) -> None:
    assert refusal(lambda: Ingest(cloud.services).read(STORE, kind, payload)) == code


def test_a_refused_field_is_named_and_its_value_is_not(cloud: Cloud) -> None:
    with pytest.raises(ProblemError, match="severity") as refused:
        Ingest(cloud.services).take(STORE, "alert", message({"severity": "secret", "stamp": {"sec": 1, "nanosec": 0}}))
    assert "secret" not in refused.value.detail
    with pytest.raises(ProblemError, match="subject: a basket names its visit"):
        Ingest(cloud.services).take(STORE, "basket", message({}))


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A broker as the command sets it up; its port."""
    assert MOSQUITTO is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    broker.main(["--folder", str(folder), "--port", str(port), "--store", STORE, "--store", OTHER_STORE])
    process = subprocess.Popen([MOSQUITTO, "-c", str(folder / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: process.poll() is None and not _refuses(port))
        yield port
    finally:
        process.kill()
        process.wait(10)


def _refuses(port: int) -> int:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port))


def eventually(condition: Callable[[], object]) -> None:
    end, never = time.monotonic() + 20, threading.Event()
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        never.wait(0.02)


class Speaker:
    """A client with some certificate, which notes every reason that the broker gives."""

    def __init__(self, port: int, folder: Path, name: str, client_id: str = "") -> None:
        self.reasons: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.connected: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.heard: list[str] = []
        self._client = Client(CallbackAPIVersion.VERSION2, client_id or name, protocol=MQTTProtocolVersion.MQTTv5)
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        if name:
            context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        self._client.tls_set_context(context)
        self._client.on_connect = lambda _, __, ___, reason, ____: self.connected.put(not reason.is_failure)
        self._client.on_disconnect = lambda *_: self.connected.put(False)
        self._client.on_publish = lambda _, __, ___, reason, ____: self.reasons.put(reason.value)
        self._client.on_subscribe = lambda _, __, ___, reasons, ____: self.reasons.put(reasons[0].value)
        self._client.on_message = lambda _, __, m: self.heard.append(m.topic)
        try:
            self._client.connect("127.0.0.1", port)
        except (ssl.SSLError, ConnectionError):
            self.connected.put(False)
            return
        self._client.loop_start()

    def publish(self, topic: str, text: str = "{}") -> int:
        self._client.publish(topic, text, qos=1)
        return self.reasons.get(timeout=10)

    def subscribe(self, topic: str) -> int:
        self._client.subscribe(topic, qos=1)
        return self.reasons.get(timeout=10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@needs_broker
def test_another_store_s_certificate_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        line = MqttLine(cloud.services, Broker("127.0.0.1", port, tmp_path))
        line.start()
        own, other = Speaker(port, tmp_path, STORE), Speaker(port, tmp_path, OTHER_STORE, client_id=STORE)
        assert own.connected.get(timeout=10)
        assert other.connected.get(timeout=10)
        stamp = {"sec": 1, "nanosec": 0}
        text = json.dumps(message({"who": "other"}, "from-other", stamp=stamp))
        assert other.publish(f"stores/{STORE}/events/weight_change", text) == NOT_AUTHORISED
        for topic in ("cloud/keys", "cloud/status", f"stores/{STORE}/check_ins", f"stores/{OTHER_STORE}/check_ins"):
            assert other.publish(topic) == NOT_AUTHORISED
        other.subscribe(f"stores/{STORE}/check_ins")
        other.subscribe("stores/#")
        cloud.guest()
        text = json.dumps(message({"who": "own"}, "from-own", stamp=stamp))
        assert own.publish(f"stores/{STORE}/events/weight_change", text) < 0x80
        eventually(lambda: cloud.services.storage.get(f"STORE#{STORE}", "EVENT#from-own"))
        own.subscribe(f"stores/{STORE}/check_ins")
        cloud.guest()
        eventually(lambda: own.heard)
        assert cloud.services.storage.get(f"STORE#{STORE}", "EVENT#from-other") is None
        assert [t for t in other.heard if t.startswith(f"stores/{STORE}/")] == []
        for speaker in (own, other):
            speaker.close()
        line.stop()


@needs_broker
def test_who_has_no_certificate_of_the_broker_s_authority_does_not_come_in(tmp_path: Path) -> None:
    folder, foreign = tmp_path / "ours", tmp_path / "theirs"
    with mosquitto(folder) as port:
        broker.set_up(foreign, "127.0.0.1", port, ("127.0.0.1",), (STORE,))
        (foreign / "ca.pem").write_bytes((folder / "ca.pem").read_bytes())
        for speaker in (Speaker(port, folder, "", STORE), Speaker(port, foreign, STORE)):
            assert not speaker.connected.get(timeout=10)
            speaker.close()


def test_a_store_s_name_cannot_be_the_cloud_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (NAME, "broker", "ca", "no/slashes", "+"):
        with pytest.raises(SystemExit):
            broker.main(["--folder", str(tmp_path), "--store", name])
    assert "cannot be a store's id" in capsys.readouterr().err
    assert not (tmp_path / f"{NAME}.pem").exists()


def test_a_second_set_up_keeps_what_is_there_and_adds_a_store(tmp_path: Path) -> None:
    broker.set_up(tmp_path, "127.0.0.1", 1, ("127.0.0.1",), ("a",))
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.key")}
    broker.set_up(tmp_path, "127.0.0.1", 1, ("127.0.0.1",), ("b",))
    after = {path.name: path.read_bytes() for path in tmp_path.glob("*.key")}
    assert before.items() <= after.items()
    assert set(after) == {"a.key", "b.key", "broker.key", "ca.key", f"{NAME}.key"}
    assert all(os.stat(tmp_path / name).st_mode & 0o077 == 0 for name in after)


@pytest.mark.parametrize("url", ["https://broker", "mqtts://broker", "broker:8883", "mqtt://"])
def test_an_address_that_is_no_broker_s_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="mqtts://"):
        Broker.parse(url, None)
    assert Broker.parse("mqtts://b", Path("c")) == Broker("b", 8883, Path("c"))
    assert Broker.parse("mqtt://b:1", None) == Broker("b", 1, None)
