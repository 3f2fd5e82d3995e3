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

from yokotago_cloud.app import create_app
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
"""


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
        server = uvicorn.Server(
            uvicorn.Config(create_app(services), port=given.port, log_level="error", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.05)
        config = Path(folder) / "schemathesis.toml"
        config.write_text(CONFIG.format(shopper=session["access_token"], device=TOKEN))
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
