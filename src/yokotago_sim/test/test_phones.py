# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated phones against a small stand-in for the cloud that fails at first."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from yokotago_model.events import SECOND, CheckIn
from yokotago_sim.nodes.phones import Phones

Call = tuple[str, dict[str, Any], dict[str, str]]


class _Cloud(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[Call] = []
        self.failures = 1
        self.done = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Cloud

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append((self.path, body, dict(self.headers)))
        status, answer = 201, {}
        if self.path == "/v1/accounts":
            answer = {"shopper_id": "cloud-" + body["name"].split()[-1], "access_token": "old"}
        elif self.path == "/v1/sessions":
            status, answer = 200, {"access_token": "new"}
        elif self.path == "/v1/check-in-codes":
            answer = {"code": "CODE"}
            status = 401 if self.headers["Authorization"] == "Bearer old" else 201
        elif self.server.failures:
            self.server.failures -= 1
            status = 503
        else:
            self.server.done.set()
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def cloud() -> Iterator[_Cloud]:
    server = _Cloud()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5.0)


def test_a_phone_signs_up_signs_in_again_and_its_code_is_posted_once(cloud: _Cloud) -> None:
    failed: list[str] = []
    phones = Phones(f"http://127.0.0.1:{cloud.server_port}", "small", "gate-token", 1, failed.append)
    phones.check_in(CheckIn(7 * SECOND + 5, "check-in-1", "ann", "gate", 2))
    assert cloud.done.wait(20.0)
    phones.close()
    assert failed == []
    assert phones.shopper_id("ann") == "cloud-1"
    assert phones.shopper_id("staff-1") == "staff-1"
    posts = [(body, headers) for path, body, headers in cloud.calls if path == "/v1/stores/small/check-ins"]
    assert len(posts) == 2  # the first one failed
    assert posts[0][0] == posts[1][0]
    assert posts[0][0]["stamp"] == {"sec": 7, "nanosec": 5}
    assert posts[0][1]["Idempotency-Key"] == posts[1][1]["Idempotency-Key"]
    assert posts[0][1]["Authorization"] == "Bearer gate-token"
    assert [body["party_size"] for path, body, _ in cloud.calls if path == "/v1/check-in-codes"] == [2, 2]
