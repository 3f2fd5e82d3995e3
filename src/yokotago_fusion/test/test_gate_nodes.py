# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The gate over DDS and HTTP: a phone before the camera becomes a check-in of the store, and the screen says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = "79"
pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")
pytest.importorskip("yokotago_cloud", reason="the cloud is not on the path: source env.sh")

import rclpy
from bridge_support import TOKEN, Cloud, cloud_in
from gate_support import flipped, picture
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from yokotago_fusion.nodes.bridge import BridgeNode
from yokotago_fusion.nodes.gate_reader import GateReaderNode
from yokotago_model.events import CheckIn, GateAnswer, GateVerdict
from yokotago_model.nodes.support import StoreNode
from yokotago_model.nodes.testing import spin_until

DEMO = Path(__file__).parents[3] / "launch" / "config" / "demo_store.yaml"
GATE = "gate-1"


def start(**parameters: object) -> None:
    given = {"store": DEMO, "session": 7} | parameters
    rclpy.init(args=["--ros-args", *(a for k, v in given.items() for a in ("-p", f"{k}:={v}"))])


@pytest.fixture(autouse=True)
def _ros() -> Iterator[None]:
    yield
    rclpy.try_shutdown()


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with cloud_in(tmp_path) as made:
        made.start()
        yield made


def seen(code: str, encoding: str = "mono8") -> Image:
    """A camera's message of a phone that shows the code."""
    grey = picture(code)
    pixels = grey if encoding == "mono8" else grey.repeat(3)
    message = Image(height=grey.shape[0], width=grey.shape[1], encoding=encoding, step=pixels.size // grey.shape[0])
    message.data = pixels.tobytes()
    return message


def test_a_phone_before_the_camera_checks_its_shopper_in(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOKOTAGO_DEVICE_TOKEN", TOKEN)
    at_gate = {"gate_id": GATE, "image_topic": "/gate_camera/image"}
    start(cloud_url=cloud.url, outbox=tmp_path / "outbox.db", poll_wait_s=2.0, **at_gate)
    bridge, reader, store = BridgeNode(), GateReaderNode(), StoreNode("store")
    nodes = [bridge, reader, store]
    answers: list[GateAnswer] = []
    check_ins: list[CheckIn] = []
    store.listen("/gate_answers", answers.append)
    store.listen("/check_ins", check_ins.append)
    camera = store.create_publisher(Image, "/gate_camera/image", qos_profile_sensor_data)
    spin_until(
        nodes,
        lambda: camera.get_subscription_count()
        and store.count_subscribers("/gate_codes")
        and store.count_publishers("/gate_answers"),
    )
    shopper_id, headers = cloud.shopper()
    codes = [cloud.code(headers), flipped(cloud.code(headers), 20)]
    image = seen(codes[0], "rgb8")
    said = 0

    def next_answered() -> bool:
        """The camera goes on until the gate has said something."""
        camera.publish(image)
        return len(answers) > said

    spin_until(nodes, next_answered)
    image, said = seen(codes[1]), 1
    spin_until(nodes, next_answered)
    spin_until(nodes, lambda: check_ins)
    assert [(a.gate_id, a.verdict, a.reason, a.party_size) for a in answers] == [
        (GATE, GateVerdict.ADMITTED, "checked-in", 2),
        (GATE, GateVerdict.REFUSED, "code-forged", 0),
    ]
    assert [(c.shopper_id, c.gate_id, c.party_size) for c in check_ins] == [(shopper_id, GATE, 2)]

    camera.publish(Image(height=1, width=1, encoding="bayer_rggb8"))
    spin_until(nodes, lambda: "bayer_rggb8" in reader.health.get("!camera", ""))
    for node in nodes:
        node.destroy_node()


def test_a_scanner_types_into_the_node(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    start(gate_id=GATE, scanner=os.ttyname(theirs))
    reader, store = GateReaderNode(), StoreNode("store")
    codes: list[str] = []
    store.listen("/gate_codes", lambda event: codes.append(event.code))
    spin_until([reader, store], lambda: store.count_publishers("/gate_codes") and "!scanner" not in reader.health)
    os.write(ours, b"HELLO\r")
    spin_until([reader, store], lambda: codes)
    assert codes == ["HELLO"]
    os.close(ours)
    os.close(theirs)
    spin_until([reader, store], lambda: "!scanner" in reader.health)
    for node in (reader, store):
        node.destroy_node()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"gate_id": "back", "scanner": "stdin"}, "gate_id is 'back': choose one of gate-1, gate-2"),
        ({"gate_id": GATE}, "give it either image_topic:=TOPIC or scanner:=DEVICE"),
        ({"gate_id": GATE, "scanner": "stdin", "image_topic": "/image"}, "give it either"),
    ],
)
def test_a_reader_that_cannot_work_does_not_start(given: dict[str, str], sentence: str) -> None:
    start(**given)
    with pytest.raises(ValueError, match=sentence):
        GateReaderNode()
