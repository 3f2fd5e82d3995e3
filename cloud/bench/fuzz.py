# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Runs schemathesis against a cloud on this machine: does it keep its contract, whatever it is sent?

Needs schemathesis in the same Python, or its command as --schemathesis. The rate limits are off and the waits short,
so that the time goes into requests.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import uvicorn

from yokotago_cloud import bodies
from yokotago_cloud.app import create_app
from yokotago_cloud.idempotency import Key
from yokotago_cloud.services import Services
from yokotago_cloud.settings import DEFAULT_LIMITS, Rate, Settings
from yokotago_cloud.storage.sqlite import SqliteStorage

TOKEN = "fuzz-device-token-0123456789"  # noqa: S105 (of a database that lives as long as the run)
# Refusals that the schema cannot foresee: an expired code, a total that is no sum, a stale ETag.
CONFIG = """
[auth.openapi.shopper]
bearer = "{shopper}"
[auth.openapi.device]
bearer = "{device}"
[parameters]
"path.store_id" = "shop"
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 410, 412, 422, 429]
[[operations]]
include-name = "GET /v1/receipts/{{store_id}}/{{receipt_id}}"
parameters = {{ "path.receipt_id" = "r-1" }}
[[operations]]
include-name = "POST /v1/receipts/{{store_id}}/{{receipt_id}}/disputes"
parameters = {{ "path.receipt_id" = "r-1" }}
[[operations]]
include-name = "PUT /v1/stores/{{store_id}}/receipts/{{receipt_id}}/disputes/{{dispute_id}}"
parameters = {{ "path.receipt_id" = "r-1", "path.dispute_id" = "{dispute}" }}
"""


def disputed_receipt(services: Services, shopper_id: str) -> str:
    """Let the shopper in, send receipt r-1 and have a line disputed; the dispute's id."""
    key = Key("fuzz", "1", "1")
    services.check_ins.by_phone(shopper_id, bodies.PhoneCheckIn(store_id="shop", gate_id="g"), key)
    moment = bodies.Stamp(sec=1_800_000_000, nanosec=0)
    receipt = bodies.Receipt(
        receipt_id="r-1",
        visit_id="v-1",
        shopper_id=shopper_id,
        entered=moment,
        left=moment,
        lines=[bodies.ReceiptLine(product_id="p1", name="Tea", quantity=1, unit_price=130, amount=130)],
        currency="JPY",
        total=130,
        needs_review=False,
    )
    services.visits.put_receipt("shop", receipt)
    asked = bodies.DisputeRequest(product_id="p1", problem="not_taken")
    disputed, _ = services.disputes.open(shopper_id, "shop", "r-1", asked, Key("fuzz", "2", "2"))
    return str(disputed["disputes"][0]["dispute_id"])


def main() -> int:
    """Run the command; the exit code of schemathesis."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--port", type=int, default=8799)
    parser.add_argument("--schemathesis", default=str(Path(sys.executable).parent / "schemathesis"))
    given = parser.parse_args()
    settings = Settings(
        limits={name: Rate(1_000_000, 1) for name in DEFAULT_LIMITS},
        argon2_memory_kib=64,
        argon2_passes=1,
        longest_wait_s=0.1,
        access_token_s=86_400,
    )
    with tempfile.TemporaryDirectory() as folder:
        storage = SqliteStorage(Path(folder) / "fuzz.db")
        services = Services(storage, settings)
        services.stores.add("shop", "Shop")
        services.stores.add_device("shop", TOKEN, "host")
        session = services.accounts.sign_up("fuzz@example.com", "a long password", "", "en")
        dispute = disputed_receipt(services, session["shopper_id"])
        server = uvicorn.Server(
            uvicorn.Config(create_app(services), port=given.port, log_level="error", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.05)
        config = Path(folder) / "schemathesis.toml"
        config.write_text(CONFIG.format(shopper=session["access_token"], device=TOKEN, dispute=dispute))
        command = [given.schemathesis, "--config-file", str(config), "run"]
        command += [f"http://127.0.0.1:{given.port}/openapi.json", "--max-time", str(given.seconds)]
        command += ["--continue-on-failure"]
        try:
            return subprocess.run(command, check=False, cwd=folder).returncode  # noqa: S603
        finally:
            server.should_exit = True
            services.feeds.close()
            thread.join()
            storage.close()


if __name__ == "__main__":
    sys.exit(main())
