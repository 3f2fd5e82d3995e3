# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The command: serves the cloud on this machine until it is told to stop."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import os
import re
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from yokotago_cloud import __version__
from yokotago_cloud.app import create_app
from yokotago_cloud.bodies import ID_PATTERN
from yokotago_cloud.oidc import Issuer
from yokotago_cloud.services import Services
from yokotago_cloud.settings import DEFAULT_LIMITS, Rate, Settings
from yokotago_cloud.storage.dynamodb import DynamoDbStorage
from yokotago_cloud.storage.port import Storage
from yokotago_cloud.storage.sqlite import SqliteStorage
from yokotago_cloud.stores import Stores

BOOTSTRAP_VARIABLE = "YOKOTAGO_CLOUD_BOOTSTRAP"


class _Server(uvicorn.Server):
    """Says where it is when it accepts connections, and ends every wait as soon as it is told to stop."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            print(f"yokotago-cloud http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._services.feeds.close()
        super().handle_exit(sig, frame)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.print_openapi:
        print(openapi_text(), end="")
        return 0
    if (given.database is None) == (given.dynamodb is None):
        parser.error("one of --database FILE, which is made when absent, and --dynamodb TABLE is needed")
    try:
        settings = Settings(
            limits=_limits(given.limit), issuers=tuple(map(Issuer.parse, given.issuer)), demo_gate=given.demo_gate
        )
        bootstraps = [_bootstrap(text) for text in _bootstrap_texts(given.bootstrap)]
        storage = _storage(given.database, given.dynamodb, given.dynamodb_endpoint)
    except (ValueError, OSError, argparse.ArgumentTypeError) as wrong:
        parser.error(str(wrong))
    try:
        stores = Stores(storage)
        for store_id, token in bootstraps:
            stores.add(store_id, given.store_name or store_id, phone_check_in=given.phone_check_in)
            try:
                stores.add_device(store_id, token, "bootstrap")
            except ValueError as wrong:
                parser.error(str(wrong))
        if given.add_device:
            stores.add(given.add_device, given.store_name or given.add_device, phone_check_in=given.phone_check_in)
            token = f"ydg_{secrets.token_urlsafe(32)}"
            stores.add_device(given.add_device, token, "store host")
            print(token)
            return 0
        if given.remove_device:
            if stores.remove_device(given.remove_device):
                return 0
            print(f"there is no device {given.remove_device}; --list-devices shows all", file=sys.stderr)
            return 1
        if given.list_devices:
            for device in stores.devices():
                print(device["device_id"], device["store_id"], device["name"], sep="\t")
            return 0
        services = Services(storage, settings)
        with _stores_line(services, given.mqtt, given.mqtt_certificates):
            return _serve(services, given.host, given.port)
    except _UnusableError as wrong:
        parser.error(str(wrong))
    finally:
        storage.close()


class _UnusableError(Exception):
    """What an option names cannot be used."""


@contextlib.contextmanager
def _stores_line(services: Services, url: str | None, certificates: Path | None) -> Iterator[None]:
    """The line to the broker where one is named, else none."""
    if url is None:
        yield
        return
    try:
        mqtt: Any = importlib.import_module("yokotago_cloud.mqtt")
        line = mqtt.MqttLine(services, mqtt.Broker.parse(url, certificates))
    except ModuleNotFoundError as absent:
        raise _UnusableError(
            "--mqtt needs the Python package paho-mqtt: pip install 'yokotago-cloud[mqtt]'"
        ) from absent
    except (ValueError, OSError) as wrong:
        raise _UnusableError(str(wrong)) from wrong
    line.start()
    try:
        yield
    finally:
        line.stop()


def _storage(database: Path | None, table: str | None, endpoint: str | None) -> Storage:
    if database is not None:
        return SqliteStorage(database)
    try:
        boto3: Any = importlib.import_module("boto3")
    except ModuleNotFoundError as absent:
        raise ValueError(
            "--dynamodb needs the Python package boto3: pip install 'yokotago-cloud[dynamodb]'"
        ) from absent
    return DynamoDbStorage(boto3.client("dynamodb", endpoint_url=endpoint), str(table))


def openapi_text() -> str:
    """The contract as it is committed in openapi.json."""
    with tempfile.TemporaryDirectory() as folder:
        storage = SqliteStorage(Path(folder) / "empty.db")
        try:
            document = create_app(Services(storage)).openapi()
        finally:
            storage.close()
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="yokotago-cloud", description="Serve the cloud of Yokota de Go: API and the shopper's page."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8443, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--database", type=Path, metavar="FILE", help="keeps everything; made when absent")
    parser.add_argument(
        "--dynamodb", metavar="TABLE", help="keep everything in this table instead; boto3 finds region and credentials"
    )
    parser.add_argument("--dynamodb-endpoint", metavar="URL", help="where that DynamoDB is, when it is not Amazon's")
    parser.add_argument(
        "--bootstrap",
        action="append",
        default=[],
        metavar="STORE:TOKEN",
        help=f"make the store and let in the device with this token; also read from {BOOTSTRAP_VARIABLE}",
    )
    parser.add_argument("--store-name", metavar="NAME", help="name of the store that is made")
    parser.add_argument(
        "--no-phone-check-in",
        dest="phone_check_in",
        action="store_false",
        help="in the store that is made, only a gate lets people in, never their phone by itself",
    )
    parser.add_argument(
        "--add-device",
        metavar="STORE",
        type=_store_id,
        help="make the store or change its name, print a new device token and end",
    )
    parser.add_argument("--list-devices", action="store_true", help="print all devices with their stores and end")
    parser.add_argument("--remove-device", metavar="DEVICE", help="let a device in no more and end")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=COUNT/SECONDS",
        help="change a rate limit; as they are: "
        + ", ".join(f"{name}={rate.count}/{rate.seconds:g}" for name, rate in DEFAULT_LIMITS.items()),
    )
    parser.add_argument(
        "--issuer",
        action="append",
        default=[],
        metavar="ISSUER,CLIENT_ID[,KEYS]",
        help="take access tokens of this Cognito user pool; the built-in accounts are off then",
    )
    parser.add_argument(
        "--demo-gate",
        default="",
        metavar="URL",
        help="in a demo: address of the simulated store's gate; the page has a button then that shows it the code",
    )
    parser.add_argument("--mqtt", metavar="URL", help="take what stores publish at this broker too: mqtts://HOST:PORT")
    parser.add_argument(
        "--mqtt-certificates", type=Path, metavar="DIR", help="folder of ca.pem, yokotago-cloud.pem and its key"
    )
    parser.add_argument("--print-openapi", action="store_true", help="print the contract and end")
    parser.add_argument("--version", action="version", version=__version__)
    return parser


def _limits(texts: list[str]) -> dict[str, Rate]:
    limits = dict(DEFAULT_LIMITS)
    for text in texts:
        name, equals, rate = text.partition("=")
        if not equals or name not in limits:
            raise ValueError(f"--limit {text}: write NAME=COUNT/SECONDS with a name of {', '.join(limits)}")
        limits[name] = Rate.parse(rate)
    return limits


def _bootstrap_texts(given: list[str]) -> list[str]:
    variable = os.environ.get(BOOTSTRAP_VARIABLE, "")
    return [*given, *([variable] if variable else [])]


def _bootstrap(text: str) -> tuple[str, str]:
    store_id, colon, token = text.partition(":")
    if not colon:
        raise ValueError("a bootstrap is STORE:TOKEN")
    return _store_id(store_id), token


def _store_id(text: str) -> str:
    if not re.match(ID_PATTERN, text):
        raise argparse.ArgumentTypeError(f"'{text}' cannot be a store's id: use letters, digits and _ . : -")
    return text


def _serve(services: Services, host: str, port: int) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = uvicorn.Config(
        create_app(services),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
        limit_concurrency=2000,
    )
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as taken:
        print(f"cannot listen on {host}:{port}: {taken.strerror}; choose another --port", file=sys.stderr)
        return 1
    # Connections inherit it: an answer's head and body leave at once, not when the caller has acknowledged the head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = _Server(config, services)
    signal.signal(signal.SIGTERM, server.handle_exit)
    # The server has closed everything by the time it hands Ctrl-C on.
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
