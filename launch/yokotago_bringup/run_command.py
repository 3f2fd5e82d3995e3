# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago run: the store host's graph on real sensors and scales."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from .console import CommandError
from .graph import TOKEN_VARIABLE, GraphOptions, dds_environment, store_graph
from .ports import free_port
from .supervisor import Supervisor


def add_parser(subcommands: Any) -> None:
    """Add `run` to the command."""
    parser = subcommands.add_parser(
        "run",
        help="the store host on real sensors",
        description="Run the store host: sensors' drivers and the scales publish, everything from there to the "
        "receipts runs here. The device token for the cloud is read from the environment variable "
        f"{TOKEN_VARIABLE}. Ctrl-C ends it.",
    )
    parser.add_argument("--store", type=Path, required=True, metavar="FILE", help="store.yaml")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of journal and outbox, kept")
    parser.add_argument("--cloud-url", default="", metavar="URL", help="the cloud (default: none, receipts stay here)")
    parser.add_argument("--live-host", default="127.0.0.1", metavar="ADDRESS", help="the live page listens there")
    parser.add_argument("--live-port", type=int, default=8080, metavar="N", help="port of the live page, if it is free")
    parser.set_defaults(run=run)


async def _supervise(supervisor: Supervisor) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    return await supervisor.run()


def run(arguments: argparse.Namespace) -> int:
    """Run the store until Ctrl-C."""
    os.environ.update(dds_environment())
    token = os.environ.get(TOKEN_VARIABLE, "")
    if arguments.cloud_url and not token:
        raise CommandError(f"--cloud-url needs the store's device token in the environment variable {TOKEN_VARIABLE}")
    arguments.data.mkdir(parents=True, exist_ok=True)
    options = GraphOptions(
        store_file=arguments.store.resolve(),
        data=arguments.data.resolve(),
        cloud_url=arguments.cloud_url,
        token=token,
        live_host=arguments.live_host,
        live_port=free_port(arguments.live_port, arguments.live_host),
    )
    nodes = store_graph(options)
    print(f"live page: http://{options.live_host}:{options.live_port}/", flush=True)
    supervisor = Supervisor([n.process for n in nodes], lambda name, line: print(f"[{name}] {line}", flush=True))
    return asyncio.run(_supervise(supervisor))
