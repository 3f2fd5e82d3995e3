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
from .graph import TOKEN_VARIABLE, GraphOptions, dds_environment, gate_source, store_graph
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
    parser.add_argument(
        "--certificates", type=Path, metavar="DIR", help="ca.pem, STORE.pem and STORE.key, for a cloud at mqtts://..."
    )
    parser.add_argument(
        "--gate",
        action="append",
        type=_gate_source,
        default=[],
        metavar="GATE=SOURCE",
        help="what reads the codes at a gate: a scanner's device file (/dev/...) or a camera's topic",
    )
    parser.add_argument(
        "--gate-offline",
        choices=("refuse", "admit"),
        default="refuse",
        help="what a gate does with a true code while the cloud does not answer (default refuse)",
    )
    parser.add_argument(
        "--scale-tokens", type=Path, metavar="FILE", help="boards may post weights: a line TOKEN SCALE... for each"
    )
    parser.add_argument("--scales-host", default="127.0.0.1", metavar="ADDRESS", help="where boards post to")
    parser.add_argument("--scales-port", type=int, default=8090, metavar="N", help="and its port (default 8090)")
    parser.add_argument("--live-host", default="127.0.0.1", metavar="ADDRESS", help="the live page listens there")
    parser.add_argument("--live-port", type=int, default=8080, metavar="N", help="port of the live page, if it is free")
    parser.set_defaults(run=run)


def _gate_source(text: str) -> tuple[str, str]:
    try:
        return gate_source(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong


async def _supervise(supervisor: Supervisor) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    return await supervisor.run()


def run(arguments: argparse.Namespace) -> int:
    """Run the store until Ctrl-C."""
    os.environ.update(dds_environment())
    token = os.environ.get(TOKEN_VARIABLE, "")
    if arguments.cloud_url and not token and not arguments.cloud_url.startswith("mqtt"):
        raise CommandError(f"--cloud-url needs the store's device token in the environment variable {TOKEN_VARIABLE}")
    arguments.data.mkdir(parents=True, exist_ok=True)
    options = GraphOptions(
        store_file=arguments.store.resolve(),
        data=arguments.data.resolve(),
        cloud_url=arguments.cloud_url,
        token=token,
        live_host=arguments.live_host,
        live_port=free_port(arguments.live_port, arguments.live_host),
        certificates=arguments.certificates.resolve() if arguments.certificates else None,
        gates=dict(arguments.gate),
        gate_offline=arguments.gate_offline,
        scale_tokens=arguments.scale_tokens.resolve() if arguments.scale_tokens else None,
        scales_host=arguments.scales_host,
        scales_port=arguments.scales_port,
    )
    try:
        nodes = store_graph(options)
    except ValueError as wrong:
        raise CommandError(str(wrong)) from wrong
    print(f"live page: http://{options.live_host}:{options.live_port}/", flush=True)
    for gate_id in options.gates:
        print(f"screen of {gate_id}: http://{options.live_host}:{options.live_port}/gate/{gate_id}", flush=True)
    supervisor = Supervisor([n.process for n in nodes], lambda name, line: print(f"[{name}] {line}", flush=True))
    return asyncio.run(_supervise(supervisor))
