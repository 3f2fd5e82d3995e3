# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The graph as processes over DDS: the receipts of the direct replay, nodes that come back, an end that is one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from yokotago_bringup.bags import BagReader
from yokotago_bringup.console import demo_store_file
from yokotago_bringup.demo_command import with_broker
from yokotago_bringup.graph import (
    GraphOptions,
    SimulatorOptions,
    broker_program,
    cloud_process,
    dds_environment,
    demo_graph,
    replay_graph,
    scale_program,
    store_graph,
)
from yokotago_bringup.nodes.listener import Listener
from yokotago_bringup.pipeline import Pipeline
from yokotago_bringup.plan import plan
from yokotago_bringup.ports import free_port
from yokotago_bringup.supervisor import Supervisor
from yokotago_model.events import Event, Receipt, ShelfWeight
from yokotago_model.plain import Plain, to_plain

BAG = Path(__file__).resolve().parent / "bags" / "put_back_and_taken_again"
PATIENCE_S = 240.0
RATE = 2.0


@pytest.fixture(autouse=True)
def _dds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in dds_environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def options(tmp_path: Path) -> GraphOptions:
    return GraphOptions(BAG / "store.yaml", tmp_path)


def directly() -> list[Plain]:
    """The receipts of the replay without DDS."""
    with BagReader(BAG) as reader:
        store = reader.store()
        pipeline = Pipeline(store, plan(store, reader.topics))
        made = [m for record in reader.records() for m in pipeline.feed(record).made]
        made += pipeline.finish(reader.end).made
    return [to_plain(m.event) for m in made if isinstance(m.event, Receipt)]


class Heard:
    """What the listener heard, and a supervisor to stop when it is enough."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.true_receipts: list[Receipt] = []
        self.lines: list[tuple[str, str]] = []
        self.came = threading.Event()

    def hear(self, topic: str, event: Event) -> None:
        if isinstance(event, Receipt):
            (self.receipts if topic == "/receipts" else self.true_receipts).append(event)
            if topic == "/receipts":
                self.came.set()

    def output(self, name: str, line: str) -> None:
        self.lines.append((name, line))


def test_the_graph_gives_the_receipts_of_the_direct_replay(options: GraphOptions) -> None:
    with BagReader(BAG) as reader:
        planned = plan(reader.store(), reader.topics)
    nodes = [n for n in replay_graph(options, BAG, planned, RATE) if n.package != "yokotago_view"]
    assert [n.name for n in nodes] == ["shelves", "fusion", "player"]
    heard = Heard()
    with Listener(("/receipts",), heard.hear):
        supervisor = Supervisor([n.process for n in nodes], heard.output)
        code = asyncio.run(asyncio.wait_for(supervisor.run(), PATIENCE_S))
    assert code == 0, heard.lines
    assert [to_plain(r) for r in heard.receipts] == directly(), heard.lines


def test_a_simulated_shopper_pays_in_the_cloud_for_what_was_taken(tmp_path: Path) -> None:
    port = free_port(0)
    token = secrets.token_urlsafe(24)
    options = GraphOptions(
        demo_store_file(), tmp_path, f"http://127.0.0.1:{port}", token, markers=False, simulated_time=True
    )
    nodes = demo_graph(options, SimulatorOptions(scenario="S01"))
    specs = [cloud_process(options, port), *(n.process for n in nodes if n.name != "live_page")]
    heard = Heard()

    async def run() -> list[Plain]:
        supervisor = Supervisor(specs, heard.output)
        running = asyncio.create_task(supervisor.run())
        await asyncio.to_thread(heard.came.wait, PATIENCE_S)
        kept = await asyncio.to_thread(cloud_receipts, options)
        supervisor.stop()
        await running
        return kept

    with Listener(("/receipts", "/truth/receipts"), heard.hear):
        kept = asyncio.run(run())
    (receipt,) = heard.receipts
    (true,) = heard.true_receipts
    assert receipt.shopper_id == true.shopper_id, heard.lines
    assert [(i.product_id, i.quantity) for i in receipt.lines] == [(i.product_id, i.quantity) for i in true.lines]
    assert [(k["receipt_id"], k["total"]) for k in kept] == [(receipt.receipt_id, receipt.total)]


@pytest.mark.parametrize("line", ["http", "mqtt"])
def test_a_person_walks_a_simulated_shopper_in_and_gets_the_receipt(tmp_path: Path, line: str) -> None:
    """What the demo's page does behind its button: sign up, show a code to the gate, follow the news."""
    if line == "mqtt" and broker_program() is None:
        pytest.skip("no mosquitto on this machine: apt install mosquitto")
    port, gate_port = free_port(0), free_port(0)
    token = secrets.token_urlsafe(24)
    options = GraphOptions(
        demo_store_file(), tmp_path, f"http://127.0.0.1:{port}", token, simulated_time=True, gate_port=gate_port
    )
    options, broker = with_broker(options, "" if line == "mqtt" else None, None)
    wanted = {"shelves", "fusion", "bridge", "simulator"}
    nodes = [n for n in demo_graph(options, SimulatorOptions(shoppers=1, level="tracks")) if n.name in wanted]
    heard = Heard()

    async def run() -> list[Plain]:
        supervisor = Supervisor([*broker, cloud_process(options, port), *(n.process for n in nodes)], heard.output)
        running = asyncio.create_task(supervisor.run())
        news = await asyncio.to_thread(visit_of_a_person, options, f"http://127.0.0.1:{gate_port}")
        supervisor.stop()
        await running
        return news

    with Listener(("/receipts", "/truth/receipts"), heard.hear):
        news = asyncio.run(run())
    kinds = [str(event["kind"]) for event in news]
    assert kinds[0] == "checked_in", heard.lines
    assert "basket" in kinds
    receipt = news[-1]["data"]
    (true,) = (r for r in heard.true_receipts if r.shopper_id == receipt["shopper_id"])
    assert [(i["product_id"], i["quantity"]) for i in receipt["lines"]] == [
        (i.product_id, i.quantity) for i in true.lines
    ]


def visit_of_a_person(options: GraphOptions, gate: str) -> list[Plain]:
    """The news on the phone of somebody who shows codes to the gate until it opens, up to their receipt."""
    with httpx.Client(base_url=options.cloud_url, timeout=90.0, transport=httpx.HTTPTransport(retries=12)) as phone:
        account = {"email": "visitor@example.org", "password": secrets.token_urlsafe(12)}
        session = phone.post("/v1/accounts", json=account).raise_for_status().json()
        phone.headers["Authorization"] = f"Bearer {session['access_token']}"
        news: list[Plain] = []
        cursor = ""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and not any(event["kind"] == "receipt" for event in news):
            if not news:
                code = phone.post("/v1/check-in-codes", json={}).raise_for_status().json()["code"]
                with contextlib.suppress(httpx.ConnectError):
                    httpx.post(f"{gate}/walk-in", json={"code": code}, timeout=90.0)
            page = phone.get("/v1/me/events", params={"after": cursor, "wait": 5}).raise_for_status().json()
            news += page["events"]
            cursor = page["cursor"]
        return news


def test_what_the_firmware_of_the_scales_weighs_is_on_the_receipt(tmp_path: Path) -> None:
    """From the load of a shelf through the bits of an HX711, the firmware in C, and DDS to the receipt."""
    if scale_program() is None:
        pytest.skip("the scales' firmware is not built: run make build")
    options = GraphOptions(demo_store_file(), tmp_path, markers=False, simulated_time=True)
    nodes = demo_graph(options, SimulatorOptions(scenario="S01", level="tracks", firmware_shelf="D"))
    shelf = [s.scale_id for s in options.store.scales if s.shelf_id == "D"]
    assert [n.name for n in nodes if n.package == "yokotago_firmware_host"] == [f"scale_{s}" for s in shelf]
    specs = [n.process for n in nodes if n.package in ("yokotago_firmware_host", "yokotago_shelves", "yokotago_fusion")]
    specs += [n.process for n in nodes if n.name == "simulator"]
    heard = Heard()
    bursts: dict[str, set[int]] = {}

    def hear(topic: str, event: Event) -> None:
        if isinstance(event, ShelfWeight):
            # The firmware sends 10 samples at once, the simulated scales 16.
            bursts.setdefault(event.scale_id, set()).add(len(event.grams))
        heard.hear(topic, event)

    async def run() -> None:
        supervisor = Supervisor(specs, heard.output)
        running = asyncio.create_task(supervisor.run())
        await asyncio.to_thread(heard.came.wait, PATIENCE_S)
        supervisor.stop()
        await running

    with Listener(("/receipts", "/truth/receipts", "/shelves/weights"), hear):
        asyncio.run(run())
    (receipt,) = heard.receipts
    (true,) = heard.true_receipts
    assert "4900000000028" in {line.product_id for line in true.lines}, "the scenario takes it from shelf D"
    assert [(i.product_id, i.quantity) for i in receipt.lines] == [(i.product_id, i.quantity) for i in true.lines]
    assert {s for s, sizes in bursts.items() if 10 in sizes} == set(shelf)
    assert all(16 not in bursts[s] for s in shelf)


def cloud_receipts(options: GraphOptions) -> list[Plain]:
    """The cloud's receipts, once there is one."""
    store = f"/v1/stores/{options.store.store_id}"
    with httpx.Client(base_url=options.cloud_url, headers={"Authorization": f"Bearer {options.token}"}) as client:
        cursor = client.get(f"{store}/check-ins").raise_for_status().json()["cursor"]
        for _ in range(int(PATIENCE_S)):
            found: list[Plain] = client.get(f"{store}/receipts").raise_for_status().json()["receipts"]
            if found:
                return found
            # Nobody else checks in, so the cloud answers this a second later.
            client.get(f"{store}/check-ins", params={"after": cursor, "wait": 1})
    return []


def test_a_node_that_is_killed_is_started_again(options: GraphOptions) -> None:
    heard = Heard()
    (shelves,) = [n for n in store_graph(options) if n.name == "shelves"]
    supervisor = Supervisor([shelves.process], heard.output)

    async def run() -> None:
        running = asyncio.create_task(supervisor.run())
        first = await running_pid(supervisor, "shelves", 0)
        os.kill(first, signal.SIGKILL)
        second = await running_pid(supervisor, "shelves", first)
        assert second != first
        supervisor.stop()
        await running

    asyncio.run(asyncio.wait_for(run(), PATIENCE_S))
    assert supervisor.restarts == {"shelves": 1}
    assert supervisor.pid("shelves") is None


async def running_pid(supervisor: Supervisor, name: str, other: int) -> int:
    """The process id of a node once it runs under another one than `other`."""
    while True:
        pid = supervisor.pid(name)
        if pid is not None and pid != other:
            return pid
        await asyncio.sleep(0)


def children(pid: int) -> Iterator[int]:
    """All processes below one."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from children(int(child))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_command_is_the_end_of_every_process(options: GraphOptions, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "yokotago_bringup.command", "run", "--store", str(BAG / "store.yaml")]
    process = subprocess.Popen(
        [*command, "--data", str(options.data), "--live-port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert "live page" in process.stdout.readline()
        nodes: list[int] = []
        while len(nodes) < len(store_graph(options)):
            nodes = list(children(process.pid))
            assert process.poll() is None
        watched = [os.pidfd_open(node) for node in nodes]
        process.send_signal(number)
        process.wait(PATIENCE_S)
        assert process.returncode == (-number if number == signal.SIGKILL else 0)
        for pidfd in watched:
            readable, _, _ = select.select([pidfd], [], [], PATIENCE_S)
            assert readable, "a node outlived the command"
            os.close(pidfd)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
