# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago demo: the whole store on this machine, with simulated sensors and shoppers, cloud, app and live page."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import httpx

from yokotago_model.events import SECOND, Event, Receipt, Stamp
from yokotago_model.plain import to_plain
from yokotago_model.store import Store

from .console import CommandError, receipt_text, to_stderr, write_json
from .graph import (
    GraphOptions,
    NodeSpec,
    SimulatorOptions,
    broker_process,
    cloud_process,
    dds_environment,
    default_store_file,
    demo_graph,
    firmware_shelf,
)
from .narration import Narrator
from .nodes.listener import Listener
from .ports import free_port
from .receipt_scores import final_receipts, match_visits, tally_case
from .supervisor import ProcessSpec, Supervisor

SETTLE_S = 15.0
"""A visit that ended less than this before the demo did may still lack its receipt [s]."""

OPENING_S = 180.0
"""A demo with a duration does not wait longer for its store to open [s]."""

HEARD = ("/check_ins", "/baskets", "/receipts", "/alerts", "/truth/tracks", "/truth/receipts")


def add_parser(subcommands: Any) -> None:
    """Add `demo` to the command."""
    parser = subcommands.add_parser(
        "demo",
        help="the whole store on this machine, simulated",
        description="Run the whole store on this machine: simulated sensors and shoppers, the store host, the cloud, "
        "the shopper's app, and a live page for the browser. Ctrl-C ends it.",
    )
    parser.add_argument("--store", type=Path, metavar="FILE", help="store.yaml (default: the demo store)")
    parser.add_argument("--shoppers", type=int, default=3, metavar="N", help="shoppers at once (default 3)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the simulation (default 0)")
    parser.add_argument("--level", choices=("points", "depth"), default="depth", help="what the cameras publish")
    parser.add_argument("--duration", type=float, metavar="S", help="end when the store has been open so long")
    parser.add_argument("--headless", action="store_true", help="without the live page")
    parser.add_argument("--json", metavar="FILE", help="write true and produced receipts there (- is stdout)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep databases and logs there (default: temporary)")
    parser.add_argument("--live-port", type=int, default=8080, metavar="N", help="port of the live page, if it is free")
    parser.add_argument("--cloud-port", type=int, default=8000, metavar="N", help="port of the cloud, if it is free")
    parser.add_argument(
        "--mqtt",
        nargs="?",
        const="",
        metavar="URL",
        help="store and cloud talk over MQTT: through a mosquitto that is started for it, or the broker at mqtts://...",
    )
    parser.add_argument(
        "--certificates", type=Path, metavar="DIR", help="for a broker of your own: what yokotago-cloud-broker made"
    )
    parser.add_argument("--verbose", action="store_true", help="show what every process writes")
    parser.set_defaults(run=run)


class _Shop:
    """What was heard so far."""

    def __init__(self, store: Store, quiet: bool) -> None:
        self._narrator = Narrator(store)
        self._quiet = quiet
        self.true_receipts: list[Receipt] = []
        self.receipts: list[Receipt] = []
        self.first_stamp: Stamp | None = None
        self.last_stamp: Stamp = 0
        self.first_heard = 0.0
        self.last_heard = 0.0
        self.first_receipt_after: float | None = None
        self.is_open = threading.Event()
        self._began = time.monotonic()

    def hear(self, topic: str, event: Event) -> None:
        if topic == "/truth/tracks":
            if self.first_stamp is None:
                self.first_stamp, self.first_heard = event.stamp, time.monotonic()
                self.is_open.set()
                if not self._quiet:
                    print("the store is open", flush=True)
            self.last_stamp, self.last_heard = event.stamp, time.monotonic()
            return
        if topic == "/truth/receipts" and isinstance(event, Receipt):
            self.true_receipts.append(event)
            return
        if isinstance(event, Receipt):
            self.receipts.append(event)
            if self.first_receipt_after is None:
                self.first_receipt_after = time.monotonic() - self._began
        if not self._quiet:
            for line in self._narrator.feed(event):
                print(line, flush=True)

    @property
    def real_time_factor(self) -> float | None:
        """Simulated seconds in a second."""
        if self.first_stamp is None or self.last_heard <= self.first_heard:
            return None
        return (self.last_stamp - self.first_stamp) / SECOND / (self.last_heard - self.first_heard)


def _result(shop: _Shop, cloud_receipts: int | None, restarts: dict[str, int]) -> dict[str, Any]:
    """What the demo came to, for machines."""
    settled = [r for r in shop.true_receipts if r.left <= shop.last_stamp - SETTLE_S * SECOND]
    final = final_receipts(shop.receipts)
    matches = match_visits(shop.true_receipts, final)
    missing = [r for i, r in enumerate(shop.true_receipts) if i not in matches and r in settled]
    judged = [r for i, r in enumerate(shop.true_receipts) if i in matches or r in settled]
    produced = final if settled else []
    figures = tally_case(judged, produced).figures
    return {
        "true_receipts": [to_plain(r) for r in shop.true_receipts],
        "receipts": [to_plain(r) for r in shop.receipts],
        "visits_ended": len(shop.true_receipts),
        "visits_settled": len(settled),
        "visits_without_receipt": [r.visit_id for r in missing],
        "line_f1": figures["line_f1"],
        "exact_receipts": figures["exact_receipts"],
        "review_rate": figures["review_rate"],
        "cloud_receipts": cloud_receipts,
        "first_receipt_s": shop.first_receipt_after,
        "real_time_factor": shop.real_time_factor,
        "restarts": {name: n for name, n in restarts.items() if n},
    }


@contextlib.contextmanager
def _folder(named: Path | None) -> Iterator[Path]:
    if named is not None:
        named.mkdir(parents=True, exist_ok=True)
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="yokotago-demo-") as name:
        yield Path(name)


def _cloud_receipts(options: GraphOptions) -> int | None:
    """How many receipts the cloud has; None when it does not answer."""
    url = f"{options.cloud_url}/v1/stores/{options.store.store_id}/receipts"
    after, count = "", 0
    try:
        with httpx.Client(headers={"Authorization": f"Bearer {options.token}"}, timeout=3.0) as client:
            while True:
                page = client.get(url, params={"after": after, "limit": 100}).raise_for_status().json()
                count += len(page["receipts"])
                if not page["receipts"] or page["cursor"] == after:
                    return count
                after = page["cursor"]
    except (httpx.HTTPError, KeyError, ValueError):
        return None


class _Logs:
    """What the processes write: to one file each, and to the terminal when asked or when a process ends badly."""

    def __init__(self, folder: Path, verbose: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._verbose = verbose
        self._files: dict[str, TextIO] = {}

    def __call__(self, name: str, line: str) -> None:
        if name not in self._files:
            self._files[name] = (self._folder / f"{name}.log").open("a", encoding="utf-8", buffering=1)
        self._files[name].write(line + "\n")
        if self._verbose or "starting it again" in line or "cannot be started" in line:
            print(f"[{name}] {line}", flush=True)

    def tail(self, name: str, lines: int = 5) -> str:
        """The last lines of a process."""
        path = self._folder / f"{name}.log"
        return "\n".join(path.read_text("utf-8").splitlines()[-lines:]) if path.exists() else ""

    def close(self) -> None:
        for file in self._files.values():
            file.close()


async def _supervise(
    supervisor: Supervisor, is_open: threading.Event, duration_s: float | None, options: GraphOptions
) -> int | None:
    """Run until Ctrl-C or until the store has been open so long; the cloud's number of receipts just before the end."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    running = asyncio.create_task(supervisor.run())
    stopping = asyncio.create_task(ending.wait())
    ended: set[asyncio.Task[Any]] = set()
    latest = loop.time() + OPENING_S
    while duration_s is not None and not ended and not is_open.is_set() and loop.time() < latest:
        ended, _ = await asyncio.wait({running, stopping}, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
    if not ended:
        await asyncio.wait({running, stopping}, timeout=duration_s, return_when=asyncio.FIRST_COMPLETED)
    in_time = not ending.is_set() and not running.done()
    receipts = await asyncio.to_thread(_cloud_receipts, options) if in_time else None
    supervisor.stop()
    stopping.cancel()
    await running
    return receipts


def with_broker(
    options: GraphOptions, url: str | None, certificates: Path | None
) -> tuple[GraphOptions, list[ProcessSpec]]:
    """The options with the line that was asked for, and the broker's process when it is ours. Raises CommandError."""
    if (url is None or url == "") != (certificates is None):
        raise CommandError("--certificates DIR goes with --mqtt mqtts://HOST:PORT, and the other way round")
    if url is None:
        return options, []
    if certificates is not None:
        names = [f"{name}.{kind}" for name in (options.store.store_id, "yokotago-cloud") for kind in ("pem", "key")]
        missing = [name for name in ("ca.pem", *names) if not (certificates / name).is_file()]
        if missing:
            raise CommandError(f"{certificates} has no {', '.join(missing)}: make it with yokotago-cloud-broker")
        return replace(options, broker_url=url, certificates=certificates.resolve()), []
    port = free_port(8883)
    options = replace(options, broker_url=f"mqtts://127.0.0.1:{port}", certificates=options.data.resolve() / "broker")
    try:
        return options, [broker_process(options, port)]
    except ValueError as wrong:
        raise CommandError(str(wrong)) from wrong


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; 0 only when every visit that ended, with time to settle, has its receipt."""
    if arguments.shoppers < 1:
        raise CommandError("--shoppers must be 1 or more")
    os.environ.update(dds_environment())
    with _folder(arguments.data) as data:
        port = free_port(arguments.cloud_port)
        options = GraphOptions(
            store_file=default_store_file(arguments.store),
            data=data,
            cloud_url=f"http://127.0.0.1:{port}",
            token=secrets.token_urlsafe(24),
            live_port=free_port(arguments.live_port),
            markers=not arguments.headless,
            simulated_time=True,
            gate_port=free_port(8010),
        )
        options, broker = with_broker(options, arguments.mqtt, arguments.certificates)
        store = options.store
        said = to_stderr() if arguments.json == "-" else None

        def say(text: str) -> None:
            print(text, flush=True) if said is None else said.print(text, highlight=False)

        if not arguments.headless:
            say(f"live page:      http://127.0.0.1:{options.live_port}/")
        say(f"shopper's app:  {options.cloud_url}/  sign up there and press Walk in: somebody comes in with your code")
        if options.broker_url:
            say(f"store and cloud talk over MQTT: {options.broker_url}")
        say(f"the store opens with {arguments.shoppers} simulated shoppers at once; Ctrl-C closes it")
        shelf = firmware_shelf(store)
        if shelf:
            say(f"the scales of shelf {shelf} run their own firmware")
        else:
            say("the scales' firmware is not built: all scales are simulated without it")
        shopping = SimulatorOptions(
            seed=arguments.seed, shoppers=arguments.shoppers, level=arguments.level, firmware_shelf=shelf
        )
        nodes: list[NodeSpec] = demo_graph(options, shopping)
        if arguments.headless:
            nodes = [n for n in nodes if n.name != "live_page"]
        logs = _Logs(data / "log", arguments.verbose)
        supervisor = Supervisor([*broker, cloud_process(options, port), *(n.process for n in nodes)], logs)
        shop = _Shop(store, quiet=arguments.json == "-")
        with Listener(HEARD, shop.hear):
            receipts = asyncio.run(_supervise(supervisor, shop.is_open, arguments.duration, options))
        logs.close()
        if supervisor.exit_code:
            raise CommandError(f"the simulator ended by itself:\n{logs.tail('simulator')}")
        return _conclude(arguments, shop, _result(shop, receipts, supervisor.restarts), say)


def _conclude(arguments: argparse.Namespace, shop: _Shop, result: dict[str, Any], say: Any) -> int:
    if arguments.json:
        write_json(arguments.json, result)
    factor = result["real_time_factor"]
    speed = f"; the simulation ran at {factor:.2f} x real time" if factor is not None else ""
    exact = f", {result['exact_receipts']:.0%} of them exact" if result["exact_receipts"] is not None else ""
    say(f"{result['visits_settled']} visits ended{exact}; {len(shop.receipts)} receipts{speed}")
    for receipt in shop.true_receipts:
        if receipt.visit_id in result["visits_without_receipt"]:
            say(f"no receipt came for {receipt_text(receipt)}")
    if result["visits_without_receipt"]:
        return 1
    if arguments.duration is not None and not result["visits_settled"]:
        say("no visit ended in this time: give it a longer --duration")
        return 1
    return 0
