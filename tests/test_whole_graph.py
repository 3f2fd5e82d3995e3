# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The graph as processes over DDS: the receipts of the direct replay, nodes that come back, an end that is one."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from yokotago_bringup.bags import BagReader
from yokotago_bringup.graph import GraphOptions, dds_environment, replay_graph, store_graph
from yokotago_bringup.nodes.listener import Listener
from yokotago_bringup.pipeline import Pipeline
from yokotago_bringup.plan import plan
from yokotago_bringup.supervisor import Supervisor
from yokotago_model.events import Event, Receipt
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
        self.frames = 0
        self.lines: list[tuple[str, str]] = []
        self.came = threading.Event()

    def hear(self, topic: str, event: Event) -> None:
        if isinstance(event, Receipt):
            self.receipts.append(event)
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
