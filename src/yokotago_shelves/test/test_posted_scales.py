# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The node of posted scales over HTTP and DDS: a post becomes weights of the store, and nothing else does."""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = "78"
pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")

import rclpy

from yokotago_model.events import SECOND, ScaleStatus, ShelfWeight
from yokotago_model.nodes.support import StoreNode
from yokotago_model.nodes.testing import spin_until
from yokotago_shelves.nodes.post_server import PostServer
from yokotago_shelves.nodes.posted_scales import PostedScalesNode
from yokotago_shelves.post_guard import PostTokens
from yokotago_shelves.posted_weights import PostParameters

DEMO = Path(__file__).parents[3] / "launch" / "config" / "demo_store.yaml"
TOKEN = "token-of-the-boards-in-tests"
NOW = 1_800_000_000 * SECOND


def burst(scale_id: str = "A11", **changed: Any) -> dict[str, Any]:
    return {"scale_id": scale_id, "boot_id": 1, "sequence": 0, "period": 0.1, "grams": [5.0], "age": 0.5} | changed


def post(address: str, body: bytes, token: str = TOKEN, path: str = "/v1/weights") -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(address + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def posted(*bursts: dict[str, Any]) -> bytes:
    return json.dumps({"bursts": bursts}).encode()


class Taken:
    """A server whose clock the test holds, and what it took."""

    def __init__(self, **parameters: Any) -> None:
        self.bursts: list[ShelfWeight] = []
        tokens = PostTokens([f"{TOKEN} A11 A12"], ("A11", "A12", "B11"))
        chosen = PostParameters(**parameters)
        self.server = PostServer("127.0.0.1", 0, tokens, chosen, lambda: NOW, self.bursts.extend)
        self.server.start()

    @property
    def address(self) -> str:
        return self.server.address


@pytest.fixture
def taken(request: pytest.FixtureRequest) -> Iterator[Taken]:
    made = Taken(**getattr(request, "param", {}))
    yield made
    made.server.stop()


def test_a_post_is_taken(taken: Taken) -> None:
    assert post(taken.address, posted(burst(), burst("A12"))) == (200, {"taken": 2})
    assert [(b.scale_id, b.stamp, b.status) for b in taken.bursts] == [
        (scale_id, NOW - SECOND // 2, ScaleStatus.CLOCK_UNSYNCED) for scale_id in ("A11", "A12")
    ]


@pytest.mark.parametrize("token", ["", "wrong-token-of-the-boards", TOKEN[:-1], TOKEN + "x"])
def test_who_has_no_token_is_refused(taken: Taken, token: str) -> None:
    status, answer = post(taken.address, posted(burst()), token)
    assert status == 401
    assert answer["errors"][0]["field"] == "Authorization"
    assert taken.bursts == []


def test_a_board_speaks_for_its_own_scales_only_and_a_batch_is_taken_whole_or_not_at_all(taken: Taken) -> None:
    status, answer = post(taken.address, posted(burst(), burst("B11")))
    assert status == 422
    assert [error["field"] for error in answer["errors"]] == ["bursts[1].scale_id"]
    assert taken.bursts == []
    assert taken.server.refused == 1


@pytest.mark.parametrize("taken", [{"posts_per_s": 0.01, "refusals_per_s": 0.01}], indirect=True)
def test_who_posts_too_often_is_told_when_to_come_again(taken: Taken) -> None:
    assert [post(taken.address, posted(burst()))[0] for _ in range(3)] == [200, 429, 429]
    assert [post(taken.address, posted(burst()), f"guess-number-{n}-at-it")[0] for n in range(3)] == [401, 429, 429]
    assert len(taken.bursts) == 1


def _raw(address: str, text: bytes) -> bytes:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(text)
        answer = b""
        while part := line.recv(4096):
            answer += part
    return answer


_HEAD = f"POST /v1/weights HTTP/1.1\r\nHost: store\r\nAuthorization: Bearer {TOKEN}\r\n".encode()


@pytest.mark.parametrize("taken", [{"most_bytes": 2000, "body_s": 0.3}], indirect=True)
def test_a_large_body_is_refused_whatever_its_length_claims_and_a_slow_one_is_given_up(taken: Taken) -> None:
    assert post(taken.address, b" " * 2001)[0] == 413
    chunked = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b" " * 1024 + b"\r\n400\r\n" + b" " * 1024
    assert b" 413 " in _raw(taken.address, chunked).split(b"\r\n")[0]
    assert b" 408 " in _raw(taken.address, _HEAD + b"Content-Length: 50\r\n\r\n{").split(b"\r\n")[0]
    assert taken.bursts == []


def test_nothing_else_is_served(taken: Taken) -> None:
    for path in ("/", "/docs", "/openapi.json", "/v1/weights/A11"):
        assert post(taken.address, posted(burst()), path=path)[0] == 404


@pytest.fixture
def _ros() -> Iterator[None]:
    yield
    rclpy.try_shutdown()


def start(**parameters: object) -> None:
    given = {"store": DEMO, "session": 7, "port": 0} | parameters
    rclpy.init(args=["--ros-args", *(a for k, v in given.items() for a in ("-p", f"{k}:={v}"))])


@pytest.mark.usefixtures("_ros")
def test_a_post_becomes_weights_of_the_store(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tokens").write_text(f"{TOKEN} *\n")
    start(tokens=tmp_path / "tokens")
    node, store = PostedScalesNode(), StoreNode("store")
    address = capfd.readouterr().out.strip().removeprefix("yokotago-scales ")
    weights: list[ShelfWeight] = []
    store.listen("/shelves/weights", weights.append)
    spin_until([node, store], lambda: store.count_publishers("/shelves/weights"))
    spin_until([node, store], lambda: node.count_subscribers("/shelves/weights"))
    sent = [burst(sequence=n, grams=[500.0, 500.5]) for n in (0, 2)]
    assert post(address, posted(*sent)) == (200, {"taken": 2})
    assert post(address, posted(burst("nowhere")))[0] == 422
    spin_until([node, store], lambda: len(weights) == 2 and node.health["posts refused"] == "1")
    assert [(w.scale_id, w.sequence, w.grams) for w in weights] == [("A11", n, (500.0, 500.5)) for n in (0, 2)]
    for made in (node, store):
        made.destroy_node()


@pytest.mark.usefixtures("_ros")
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "tokens:=FILE"),
        ({"tokens": "not-there"}, "No such file"),
        ({"tokens": DEMO}, "line 4: a token has at least 16 characters"),
        ({"tokens": DEMO, "tls_key": "key"}, "go together"),
    ],
)
def test_a_node_that_cannot_work_does_not_start(given: dict[str, object], says: str) -> None:
    start(**given)
    with pytest.raises(ValueError, match=says):
        PostedScalesNode()
