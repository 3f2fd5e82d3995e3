# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests share: a cloud in this process with a clock that the test turns, and a cloud in its own process."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from yokotago_cloud.app import create_app
from yokotago_cloud.services import Services
from yokotago_cloud.settings import DEFAULT_LIMITS, Rate, Settings
from yokotago_cloud.storage.sqlite import SqliteStorage

STORE = "shop"
TOKEN = "device-token-of-the-shop"
OTHER_STORE = "other"
OTHER_TOKEN = "device-token-of-the-other"
PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


class Clock:
    """A clock that stands still until it is turned."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Phone:
    """A shopper's calls."""

    http: Any
    session: dict[str, Any]

    @property
    def shopper_id(self) -> str:
        return str(self.session["shopper_id"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['access_token']}"}

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.http.get(path, headers=self.headers | kwargs.pop("headers", {}), **kwargs)

    def post(self, path: str, body: Any, **kwargs: Any) -> Any:
        return self.http.post(path, json=body, headers=self.headers | kwargs.pop("headers", {}), **kwargs)

    def code(self, party_size: int = 1) -> str:
        answer = self.post("/v1/check-in-codes", {"party_size": party_size})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])


@dataclass
class Host:
    """A store host's calls."""

    http: Any
    store_id: str = STORE
    token: str = TOKEN

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.http.get(
            f"/v1/stores/{self.store_id}{path}", headers=self.headers | kwargs.pop("headers", {}), **kwargs
        )

    def put(self, path: str, body: Any, **kwargs: Any) -> Any:
        headers = self.headers | kwargs.pop("headers", {})
        return self.http.put(f"/v1/stores/{self.store_id}{path}", json=body, headers=headers, **kwargs)

    def post(self, path: str, body: Any, key: str | None = None) -> Any:
        headers = self.headers | {"Idempotency-Key": key or f"key-{next(_numbers)}"}
        return self.http.post(f"/v1/stores/{self.store_id}{path}", json=body, headers=headers)

    def check_in(self, code: str, key: str | None = None, **fields: Any) -> Any:
        body = {"code": code, "gate_id": "gate-1", "stamp": {"sec": 5, "nanosec": 0}, **fields}
        return self.post("/check-ins", body, key)


@dataclass
class Cloud:
    """A cloud in this process."""

    http: TestClient
    services: Services
    clock: Clock

    @property
    def host(self) -> Host:
        return Host(self.http)

    @property
    def other_host(self) -> Host:
        return Host(self.http, OTHER_STORE, OTHER_TOKEN)

    def phone(self, email: str | None = None) -> Phone:
        return sign_up(self.http, email)

    def guest(self) -> Phone:
        """A shopper who has checked in at the shop."""
        phone = self.phone()
        assert self.host.check_in(phone.code(), key=f"guest-{phone.shopper_id}").status_code == 201
        return phone


def sign_up(http: Any, email: str | None = None) -> Phone:
    body = {"email": email or f"shopper{next(_numbers)}@example.com", "password": PASSWORD, "name": "Hanako"}
    answer = http.post("/v1/accounts", json=body)
    assert answer.status_code == 201, answer.text
    return Phone(http, answer.json())


def receipt(shopper_id: str, receipt_id: str = "r-1", visit_id: str = "v-1", /, **fields: Any) -> dict[str, Any]:
    """A receipt of two rice balls and a tea."""
    return {
        "receipt_id": receipt_id,
        "visit_id": visit_id,
        "shopper_id": shopper_id,
        "entered": {"sec": 100, "nanosec": 0},
        "left": {"sec": 160, "nanosec": 500},
        "lines": [
            {"product_id": "p1", "name": "おにぎり", "quantity": 2, "unit_price": 150, "amount": 300},
            {"product_id": "p2", "name": "Tea", "quantity": 1, "unit_price": 130, "amount": 130},
        ],
        "currency": "JPY",
        "total": 430,
        "needs_review": False,
        "review_reasons": [],
        **fields,
    }


@contextmanager
def cloud_over(folder: Path, clock: Clock, **settings: Any) -> Iterator[Cloud]:
    """A cloud over the database in a folder."""
    storage = SqliteStorage(folder / "cloud.db", clock)
    generous = {name: Rate(10_000, 60) for name in DEFAULT_LIMITS}
    quick = {"argon2_memory_kib": 64, "argon2_passes": 1, "limits": generous}
    try:
        services = Services(storage, Settings(**(quick | settings)), clock)
        for store_id, token in ((STORE, TOKEN), (OTHER_STORE, OTHER_TOKEN)):
            services.stores.add(store_id, store_id.title())
            services.stores.add_device(store_id, token, "host")
        with TestClient(create_app(services), raise_server_exceptions=False) as http:
            yield Cloud(http, services, clock)
    finally:
        storage.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud(tmp_path: Path, clock: Clock) -> Iterator[Cloud]:
    with cloud_over(tmp_path, clock) as made:
        yield made


@dataclass
class Served:
    """A cloud in its own process."""

    address: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts clouds on one database in this test's folder; all are stopped at its end."""
    started: list[Served] = []

    def start(*options: str) -> Served:
        command = [
            sys.executable,
            "-m",
            "yokotago_cloud",
            "--port",
            "0",
            "--database",
            str(tmp_path / "cloud.db"),
        ]
        limits = [f"--limit={name}=100000/60" for name in DEFAULT_LIMITS]
        process = subprocess.Popen(
            [*command, *limits, *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            env=os.environ | {"YOKOTAGO_CLOUD_BOOTSTRAP": f"{STORE}:{TOKEN}"},
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        started.append(Served(line.removeprefix("yokotago-cloud ").strip(), process))
        assert line.startswith("yokotago-cloud http://127.0.0.1:"), line
        return started[-1]

    yield start
    for served in started:
        if served.process.poll() is None:
            served.process.send_signal(signal.SIGKILL)
        served.process.wait(10)
        if served.process.stdout is not None:
            served.process.stdout.close()


@pytest.fixture(scope="session")
def ministack() -> Iterator[Callable[..., Any]]:
    """Makes boto3's clients of an AWS emulator of this machine, in its own process; skips where there is none.

    The clients' address is the attribute `endpoint`, the port of IoT Core's broker `mqtt_port`.
    """
    boto3 = pytest.importorskip("boto3", reason="what runs on AWS needs the Python package boto3")
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    command = os.environ.get("YOKOTAGO_MINISTACK", "")
    if not command:
        pytest.skip("YOKOTAGO_MINISTACK names no ministack command, so what runs on AWS is not tested")
    with socket.create_server(("127.0.0.1", 0)) as probe, socket.create_server(("127.0.0.1", 0)) as other:
        port, mqtt_port = probe.getsockname()[1], other.getsockname()[1]
    own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "IOT_MTLS_PORT": str(mqtt_port), "SFTP_ENABLED": "0"}
    server = subprocess.Popen(
        [command], env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=client.endpoint,  # type: ignore[attr-defined]
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(max_pool_connections=20, retries={"total_max_attempts": 2}),
        )

    client.endpoint = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined]
    client.mqtt_port = mqtt_port  # type: ignore[attr-defined]
    try:
        for _ in range(240):
            try:
                client("dynamodb").list_tables()
                break
            except BotoCoreError:  # nobody listens yet
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pytest.fail(f"ministack ended with {server.wait(0.25)}")
        else:
            pytest.fail("ministack did not start within a minute")
        yield client
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)
