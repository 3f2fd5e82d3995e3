# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The bridge's node over DDS and HTTP: the store hears a check-in of the cloud, the cloud a receipt of the store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = "76"
pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")
pytest.importorskip("yokotago_cloud", reason="the cloud is not on the path: source env.sh")

import rclpy
from bridge_support import STORE, TOKEN, Cloud, cloud_in, receipt

from yokotago_fusion.nodes.bridge import BridgeNode
from yokotago_model.events import Alert, Catalogue, CheckIn, Severity, StreamProgress
from yokotago_model.nodes.support import StoreNode
from yokotago_model.nodes.testing import spin_until

DEMO = Path(__file__).parents[3] / "launch" / "config" / "demo_store.yaml"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with cloud_in(tmp_path) as made:
        yield made


@pytest.fixture
def ros(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("YOKOTAGO_DEVICE_TOKEN", TOKEN)
    paths = {"store": DEMO, "cloud_url": cloud.url, "outbox": tmp_path / "outbox.db"}
    parameters = paths | {"session": 7, "poll_wait_s": 2.0}
    rclpy.init(args=["--ros-args", *(a for k, v in parameters.items() for a in ("-p", f"{k}:={v}"))])
    yield
    rclpy.try_shutdown()


@pytest.mark.usefixtures("ros")
def test_check_in_comes_receipt_goes_and_a_lost_line_is_told(cloud: Cloud) -> None:
    bridge, store = BridgeNode(), StoreNode("fusion")
    got: dict[type, list[object]] = {CheckIn: [], Catalogue: [], StreamProgress: []}
    for topic, kind in (("/check_ins", CheckIn), ("/catalogue", Catalogue), ("/progress", StreamProgress)):
        store.listen(topic, got[kind].append)
    nodes = [bridge, store]

    # The cloud cannot be reached: the store's own catalogue, and the stream of check-ins is said to be silent.
    spin_until(nodes, lambda: got[Catalogue] and any(p.silent == ("cloud",) for p in got[StreamProgress]))
    assert got[Catalogue][0].products == store.store.products

    cloud.start()
    shopper_id, _ = cloud.check_in()
    spin_until(nodes, lambda: got[CheckIn] and (p := got[StreamProgress][-1]).silent == () and p.published == 1)
    assert got[CheckIn][0].shopper_id == shopper_id
    assert (got[StreamProgress][-1].stream, got[StreamProgress][-1].session) == ("/check_ins", 7)

    for topic in ("/receipts", "/alerts"):
        store.advertise(topic)
    spin_until(nodes, lambda: store.count_subscribers("/receipts") == 1 and store.count_subscribers("/alerts") == 1)
    store.publish(receipt("v", 2, shopper_id))
    store.publish(receipt("v", 2, shopper_id))
    store.publish(Alert(5, Severity.WARNING, "out_of_stock", "no more tea", ("A1-3",)))
    spin_until(nodes, lambda: cloud.get("receipts")["receipts"] and cloud.get("alerts")["alerts"])
    assert [(r["visit_id"], r["shopper_id"]) for r in cloud.get("receipts")["receipts"]] == [("v", shopper_id)]
    assert [a["code"] for a in cloud.get("alerts")["alerts"]] == ["out_of_stock"]
    assert cloud.get("catalogue")["products"][0]["product_id"] == store.store.products[0].product_id
    for node in nodes:
        node.destroy_node()


@pytest.mark.usefixtures("ros")
def test_a_bridge_without_a_token_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YOKOTAGO_DEVICE_TOKEN")
    with pytest.raises(ValueError, match="YOKOTAGO_DEVICE_TOKEN"):
        BridgeNode()


def test_the_demo_store_is_the_test_s_store() -> None:
    assert f"id: {STORE}\n" in DEMO.read_text(encoding="utf-8")
