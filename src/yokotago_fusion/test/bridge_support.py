# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the bridge's tests share: the real cloud in its own process, a contrary cloud in a thread, and events."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from yokotago_model.events import Alert, Basket, BasketLine, Receipt, ReceiptLine, Severity

STORE = "demo"
TOKEN = "a-device-token-for-the-tests"
SECOND = 1_000_000_000
T0 = 1_800_000_000 * SECOND
CLOUD = Path(__file__).parents[3] / "cloud"
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    never = threading.Event()
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        never.wait(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def basket(visit_id: str, number: int, shopper_id: str = "") -> Basket:
    """The basket of a visit with so many units."""
    lines = (BasketLine("4900000000011", number, 0.9),) if number else ()
    return Basket(T0 + number * SECOND, visit_id, shopper_id, (1,), lines)


def receipt(visit_id: str, quantity: int = 2, shopper_id: str = "", number: int = 1) -> Receipt:
    """The receipt of a visit; a number above 1 makes it a correction of the one before."""
    line = ReceiptLine("4900000000011", "Onigiri salmon", quantity, 160, 160 * quantity)
    left = T0 + 60 * SECOND
    corrects = f"{visit_id}-r{number - 1}" if number > 1 else ""
    receipt_id = f"{visit_id}-r{number}"
    return Receipt(left, receipt_id, visit_id, shopper_id, T0, left, (line,), "JPY", line.amount, corrects=corrects)


def alert(number: int) -> Alert:
    return Alert(T0 + number, Severity.WARNING, "entered_without_check_in", f"number {number}", ("visit",))


@dataclass
class Cloud:
    """The real cloud on one port and one database; it can be killed and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    options: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "yokotago_cloud", "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--database", str(self.folder / "cloud.db"), *self.options],
            env=os.environ | {"YOKOTAGO_CLOUD_BOOTSTRAP": f"{STORE}:{TOKEN}", "PYTHONPATH": str(CLOUD)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.strip() == f"yokotago-cloud {self.url}", line

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def get(self, part: str, **query: str) -> Any:
        """What the store's resource holds."""
        answer = httpx.get(
            f"{self.url}/v1/stores/{STORE}/{part}", params=query, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def shopper(self) -> tuple[str, dict[str, str]]:
        """A new shopper: id and headers."""
        body = {"email": f"{time.monotonic_ns()}@example.com", "password": "correct horse battery"}
        session = httpx.post(f"{self.url}/v1/accounts", json=body).json()
        return session["shopper_id"], {"Authorization": f"Bearer {session['access_token']}"}

    def code(self, headers: dict[str, str]) -> str:
        """A check-in code of two, on the phone of the shopper with these headers."""
        answer = httpx.post(f"{self.url}/v1/check-in-codes", json={"party_size": 2}, headers=headers)
        return str(answer.json()["code"])

    def check_in(self) -> tuple[str, dict[str, str]]:
        """A new shopper who shows a code to the gate now: id and headers."""
        shopper_id, headers = self.shopper()
        code = self.code(headers)
        answer = httpx.post(
            f"{self.url}/v1/stores/{STORE}/check-ins",
            json={"code": code, "gate_id": "gate-1", "stamp": {"sec": int(time.time()), "nanosec": 5}},
            headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": shopper_id},
        )
        assert answer.status_code == 201, answer.text
        return shopper_id, headers


@contextmanager
def cloud_in(folder: Path, *options: str) -> Iterator[Cloud]:
    cloud = Cloud(folder, options=options)
    try:
        yield cloud
    finally:
        cloud.kill()


@dataclass
class Broker:
    """mosquitto as our own command sets it up; it can be killed and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def set_up(self, *stores: str) -> None:
        command = [
            sys.executable,
            "-m",
            "yokotago_cloud.broker",
            "--folder",
            str(self.folder),
            "--port",
            str(self.port),
        ]
        subprocess.run(
            [*command, *(word for store in stores for word in ("--store", store))],
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(CLOUD)},
            timeout=60,
        )

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"

    @property
    def options(self) -> tuple[str, ...]:
        """What the cloud is started with."""
        return ("--mqtt", self.url, "--mqtt-certificates", str(self.folder))

    def start(self) -> None:
        assert MOSQUITTO is not None
        log = (self.folder / "mosquitto.log").open("ab")
        with log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stderr=log)
        wait_for(self._accepts)

    def _accepts(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "mosquitto.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@dataclass(frozen=True)
class Call:
    """One request as the contrary cloud saw it."""

    method: str
    path: str
    key: str
    body: str


Reply = tuple[int, str, str] | None
"""Status, content type and body; None: the effect is kept and the line breaks before the answer."""


class ContraryCloud:
    """A cloud that answers as a test tells it to, and keeps every effect once for each key, as the contract says."""

    def __init__(self, reply: Callable[[Call, int], Reply]) -> None:
        self.calls: list[Call] = []
        self.kept: dict[str, Call] = {}
        lock = threading.Lock()
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                call = Call(self.command, self.path.split("?")[0], self.headers.get("Idempotency-Key", ""), body)
                with lock:
                    answer = reply(call, sum(c == call for c in cloud.calls))
                    cloud.calls.append(call)
                    of_outbox = call.method != "GET" and not call.path.endswith("/catalogue")
                    if of_outbox and (answer is None or answer[0] < 300):
                        cloud.kept.setdefault(call.key, call)
                if answer is None:
                    self.close_connection = True
                    return
                status, content_type, text = answer
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_PUT = do_POST = _answer

            def log_message(self, *_: object) -> None:
                """The test's own assertions are the log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()


GOOD: Reply = (200, "application/json", '{"check_ins": [], "cursor": "", "products": []}')


def problem(status: int, code: str) -> Reply:
    return status, "application/problem+json", json.dumps({"code": code, "detail": "as the test wants it"})
