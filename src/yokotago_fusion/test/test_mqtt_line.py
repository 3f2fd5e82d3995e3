# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The bridge over MQTT, through a real broker to the real cloud: all arrives, exactly once, whoever is killed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import httpx
import pytest
from bridge_support import MOSQUITTO, STORE, Broker, Cloud, alert, basket, cloud_in, receipt, wait_for
from gate_support import flipped

from yokotago_fusion.cloud_link import CloudLink, LinkParameters
from yokotago_fusion.cloud_requests import Request, Verdict, judge_acknowledgement, message_of, request_of
from yokotago_fusion.gate import Gate, GateParameters
from yokotago_fusion.gate_keeper import GateKeeper
from yokotago_fusion.mqtt_client import MqttClient
from yokotago_fusion.outbox import Outbox
from yokotago_model.events import Alert, Basket, CheckIn, GateAnswer, GateCode, Product, Receipt

needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto on this machine: apt install mosquitto")
PRODUCT = Product("4900000000011", "Onigiri salmon", 112.0, 2.2, 160, "JPY")
QUICK = LinkParameters(
    poll_wait_s=1.0, answer_s=2.0, first_back_off_s=0.02, longest_back_off_s=0.2, catalogue_every_s=0.2, patience=4
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker")
    made.set_up(STORE)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def cloud(broker: Broker, tmp_path: Path) -> Iterator[Cloud]:
    with cloud_in(tmp_path, *broker.options) as made:
        made.start()
        yield made


class Host:
    """A store host's bridge over MQTT, without ROS."""

    def __init__(self, broker: Broker, path: Path) -> None:
        self.outbox = Outbox(str(path))
        # A busy machine takes its time: a gate that asks must get the answer, not its own decision without one.
        self.client = MqttClient(broker.url, STORE, broker.folder, 2.0, ask_s=20.0)
        self.link = CloudLink(self.outbox, lambda: nullcontext(self.client), STORE, (PRODUCT,), time.time_ns, QUICK)
        self.link.start()
        self.heard: list[object] = []

    def close(self) -> None:
        assert self.link.stop(10.0)
        self.client.close()
        self.outbox.close()

    def put(self, *events: Basket | Receipt | Alert) -> None:
        for event in events:
            self.outbox.put(request_of(STORE, event), time.time())
        self.link.wake()

    def all_of(self, kind: type) -> list[object]:
        while not self.link.heard.empty():
            self.heard.append(self.link.heard.get()[0])
        return [event for event in self.heard if isinstance(event, kind)]


@contextmanager
def host_of(broker: Broker, path: Path) -> Iterator[Host]:
    made = Host(broker, path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def host(broker: Broker, tmp_path: Path) -> Iterator[Host]:
    with host_of(broker, tmp_path / "outbox.db") as made:
        yield made


def visits_of(cloud: Cloud) -> list[str]:
    return sorted(r["visit_id"] for r in cloud.get("receipts", limit="100")["receipts"])


@needs_broker
def test_what_the_store_says_arrives_and_what_the_cloud_says_is_heard(cloud: Cloud, host: Host) -> None:
    wait_for(host.link.follows_check_ins)
    shopper_id, headers = cloud.check_in()
    wait_for(lambda: host.all_of(CheckIn))
    (check_in,) = host.all_of(CheckIn)
    assert isinstance(check_in, CheckIn)
    assert (check_in.shopper_id, check_in.party_size) == (shopper_id, 2)
    host.put(basket("v", 1, shopper_id))
    wait_for(lambda: httpx.get(f"{cloud.url}/v1/me/now", headers=headers).json()["visits"])
    host.put(receipt("v", 2, shopper_id), receipt("v", 1, shopper_id, number=2), alert(1))
    wait_for(lambda: len(cloud.get("receipts")["receipts"]) == 2 and cloud.get("alerts")["alerts"])
    assert {r["receipt_id"] for r in cloud.get("receipts")["receipts"]} == {"v-r1", "v-r2"}
    wait_for(lambda: cloud.get("catalogue")["products"][0]["product_id"] == PRODUCT.product_id)
    assert host.outbox.waiting() == 0
    assert host.outbox.those_set_aside() == []


@needs_broker
def test_offline_then_online_everything_arrives_once(broker: Broker, cloud: Cloud, host: Host) -> None:
    wait_for(host.link.follows_check_ins)
    broker.kill()
    visits = sorted(f"v{i}" for i in range(30))
    for v in visits:
        host.put(basket(v, 0), receipt(v), receipt(v, 1, number=2))
    wait_for(lambda: "broker" in host.link.trouble)
    assert not host.link.follows_check_ins()
    assert host.outbox.waiting() == 60
    broker.start()
    wait_for(lambda: host.outbox.waiting() == 0, 60)
    wait_for(lambda: visits_of(cloud) == sorted(visits * 2), 60)
    assert host.outbox.those_set_aside() == []


@needs_broker
def test_the_broker_and_the_cloud_are_killed_again_and_again_and_each_receipt_is_kept_once(
    broker: Broker, cloud: Cloud, host: Host
) -> None:
    visits = [f"v{i:02}" for i in range(40)]
    for number, v in enumerate(visits):
        host.put(basket(v, 0), receipt(v))
        if number % 20 == 10:
            sent = host.outbox.waiting()
            wait_for(lambda before=sent: host.outbox.waiting() < before, 60)
            broker.kill()
            broker.start()
        if number % 20 == 19:
            wait_for(lambda: host.outbox.waiting() < 15, 60)
            cloud.kill()
            cloud.start()
    wait_for(lambda: host.outbox.waiting() == 0, 60)
    wait_for(lambda: visits_of(cloud) == visits, 60)
    assert host.outbox.those_set_aside() == []


@needs_broker
def test_a_cloud_that_is_not_at_the_broker_is_told_and_misses_nothing(cloud: Cloud, host: Host) -> None:
    wait_for(host.link.follows_check_ins)
    cloud.kill()
    wait_for(lambda: host.link.trouble == "the cloud is not at the broker", 60)
    assert host.client.send(request_of(STORE, receipt("v"))).verdict is Verdict.LINE
    host.put(receipt("v"))
    cloud.start()
    wait_for(lambda: visits_of(cloud) == ["v"])
    wait_for(host.link.follows_check_ins)


@needs_broker
def test_what_is_said_before_the_cloud_was_ever_at_the_broker_waits_for_it(
    broker: Broker, host: Host, tmp_path: Path
) -> None:
    host.put(receipt("v"), receipt("w"))
    wait_for(lambda: host.client.send(request_of(STORE, alert(1))).reason == "the cloud has never been at the broker")
    assert host.outbox.waiting() == 2
    with cloud_in(tmp_path, *broker.options) as cloud:
        cloud.start()
        wait_for(lambda: visits_of(cloud) == ["v", "w"])
        assert host.outbox.waiting() == 0


@needs_broker
def test_a_store_host_that_was_away_hears_of_a_check_in_once(broker: Broker, cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with host_of(broker, path) as host:
        wait_for(host.link.follows_check_ins)
    shopper_id, _ = cloud.check_in()
    for _ in range(2):
        with host_of(broker, path) as host:
            wait_for(host.link.follows_check_ins)
            wait_for(lambda now=host: now.all_of(CheckIn))
            assert [c.shopper_id for c in host.all_of(CheckIn) if isinstance(c, CheckIn)] == [shopper_id]
            host.put(receipt("v", 2, shopper_id))
            wait_for(lambda: visits_of(cloud) == ["v"])


@needs_broker
def test_poison_is_set_aside_with_an_alert_and_the_rest_goes_on(broker: Broker, cloud: Cloud, host: Host) -> None:
    wait_for(host.link.follows_check_ins)
    large = Request("receipt-large", "too-large", "PUT", "/large", json.dumps({"text": "x" * 5_000_000}))
    host.outbox.put(large, time.time())
    host.put(receipt("strangers", 2, "0" * 32), receipt("good"))
    wait_for(lambda: visits_of(cloud) == ["good"], 60)
    wait_for(lambda: len(host.all_of(Alert)) == 2, 60)
    told = {a.subjects[0]: (a.code, a.text) for a in host.all_of(Alert) if isinstance(a, Alert)}
    assert set(told) == {"too-large", "strangers"}
    assert {code for code, _ in told.values()} == {"message_set_aside"}
    assert "the broker takes 4300000 at most" in told["too-large"][1]
    assert "shopper-not-checked-in" in told["strangers"][1]
    assert {r.lane for r, _ in host.outbox.those_set_aside()} == {"too-large", "strangers"}


@needs_broker
def test_a_gate_asks_over_the_broker(cloud: Cloud, host: Host) -> None:
    wait_for(host.link.follows_check_ins)
    told: list[object] = []
    gate = Gate(GateParameters(), {})
    keeper = GateKeeper(gate, host.outbox, lambda: nullcontext(host.client), STORE, told.append)
    keeper.start()
    shopper_id, headers = cloud.shopper()
    code = cloud.code(headers)
    fresh = Gate(GateParameters(), {})
    for shown in (code, code, flipped(code, 40)):
        keeper.read(GateCode(time.time_ns(), "gate-1", shown))
    wait_for(lambda: sum(isinstance(e, GateAnswer) for e in told) == 3)
    assert keeper.stop(10.0)
    assert [e.reason for e in told if isinstance(e, GateAnswer)] == ["checked-in", "code-used", "code-forged"]
    # Once, by whoever has heard of it first: the gate that asked, or the line that the cloud tells check-ins over.
    wait_for(lambda: any(isinstance(e, CheckIn) for e in (*told, *host.all_of(CheckIn))))
    checked_in = [e for e in (*told, *host.all_of(CheckIn)) if isinstance(e, CheckIn)]
    assert [e.shopper_id for e in checked_in] == [shopper_id]
    # A gate that does not remember it is told so by the cloud.
    other = GateKeeper(fresh, host.outbox, lambda: nullcontext(host.client), STORE, told.append)
    other.start()
    other.read(GateCode(time.time_ns() + 5, "gate-2", code))
    wait_for(lambda: sum(isinstance(e, GateAnswer) for e in told) == 4)
    assert other.stop(10.0)
    assert told[-1].reason == "code-used"  # type: ignore[attr-defined]


def test_a_request_as_a_message_is_its_key_its_subject_and_its_body() -> None:
    request = request_of(STORE, basket("v", 1, "s"))
    assert request.kind == "basket"
    message = json.loads(message_of(request))
    assert message == {"event_id": request.key, "subject": "v", "data": json.loads(request.body)}


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        (0x00, Verdict.ACCEPTED),
        (0x10, Verdict.LINE),
        (0x80, Verdict.AGAIN),
        (0x87, Verdict.AGAIN),
        (0x90, Verdict.REFUSED),
        (0x97, Verdict.AGAIN),
        (0x99, Verdict.REFUSED),
    ],
)
def test_an_acknowledgement_means(reason: int, verdict: Verdict) -> None:
    assert judge_acknowledgement(reason).verdict is verdict


@pytest.mark.parametrize("url", ["http://127.0.0.1", "mqtt://", "mqtts://127.0.0.1"])
def test_an_address_that_cannot_be_used_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="mqtts://"):
        MqttClient(url, STORE, None)


def test_certificates_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        MqttClient("mqtts://127.0.0.1", STORE, tmp_path)
