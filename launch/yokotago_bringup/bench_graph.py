# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the live graph under the load of real cameras: latency from stamp to track, lost clouds, processor time."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from yokotago_model.conversions import sensor_topic
from yokotago_model.events import Cloud, Event, ForegroundCloud, TrackFrame
from yokotago_model.store import Store

from .bags import BagWriter
from .cases import CaseSpec, records_of
from .graph import GraphOptions, NodeSpec, Value, dds_environment, store_graph
from .nodes.listener import Listener
from .receipt_scores import percentile
from .supervisor import Supervisor

FRAMES = 10
"""So many clouds of the empty store, and as many with people, are played to and fro."""

RECORDED_HZ = 15.0

PEOPLE_AFTER_S = 14.0
LEARN_S = 4.0


def _store_text(text: str, store: Store, rate_hz: float) -> str:
    """The store's file with the sensors' resolution of `store` and another rate."""
    data = yaml.safe_load(text)
    for entry, sensor in zip(data["sensors"], store.sensors, strict=True):
        size = {name: getattr(sensor, name) for name in ("width", "height", "fx", "fy", "cx", "cy")}
        entry.update(image=size, rate_hz=rate_hz)
    return str(yaml.safe_dump(data, sort_keys=False))


def _write_clouds(bag: Path, text: str, store: Store) -> None:
    """The first clouds of a simulated shop, and as many from when people are in it."""
    counts: dict[str, int] = {}
    first = 0
    slow = replace(store, sensors=tuple(replace(s, rate_hz=RECORDED_HZ) for s in store.sensors))
    with BagWriter(bag, text) as writer:
        for record in records_of(slow, CaseSpec("four_crossed_hands", 0, "points")):
            first = first or record.arrival
            if not isinstance(record.event, Cloud):
                continue
            count = counts.get(record.topic, 0)
            if count < FRAMES or record.arrival - first > PEOPLE_AFTER_S * 1e9:
                counts[record.topic] = count + 1
                writer.write(*record)
            if len(counts) == len(store.sensors) and min(counts.values()) >= 2 * FRAMES:
                break


def _cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Probe:
    """What came out of the graph once the store was learned."""

    def __init__(self) -> None:
        self.latencies_ms: list[float] = []
        self.foregrounds = 0
        self.first: int | None = None
        self.played: int | None = None

    def hear(self, _: str, event: Event) -> None:
        now = time.time_ns()
        if isinstance(event, ForegroundCloud):
            self.foregrounds += 1
            self.first = self.first or event.stamp
        elif isinstance(event, TrackFrame) and self.first and event.stamp - self.first > LEARN_S * 1e9:
            self.latencies_ms.append((now - event.stamp) / 1e6)


async def _run(supervisor: Supervisor, nodes: list[NodeSpec], probe: _Probe) -> float:
    """Run to the end of the player; processor time per second of the other nodes, from the first cloud to the last."""
    running = asyncio.create_task(supervisor.run())
    while probe.first is None and not running.done():
        await asyncio.sleep(0.05)
    pids = [pid for n in nodes if n.name != "cloud_player" and (pid := supervisor.pid(n.name))]
    began, used = time.monotonic(), sum(map(_cpu_seconds, pids))
    cores = 0.0
    while not running.done():
        await asyncio.wait({running}, timeout=0.5)
        if probe.played is None and not running.done() and all(Path(f"/proc/{pid}").exists() for pid in pids):
            cores = (sum(map(_cpu_seconds, pids)) - used) / (time.monotonic() - began)
    await running
    return cores


def bench_graph(store: Store, text: str, rate_hz: float, seconds: float) -> dict[str, Any]:
    """Foreground nodes and tracker as processes, fed with clouds of the sensors of `store`; text: its store.yaml."""
    os.environ.update(dds_environment())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store_file = folder / "store.yaml"
        text = _store_text(text, store, rate_hz)
        store_file.write_text(text, "utf-8")
        _write_clouds(folder / "bag", text, store)
        options = GraphOptions(store_file, folder)
        nodes = [n for n in store_graph(options) if n.package == "yokotago_tracking"]
        parameters: dict[str, Value] = {
            "bag": str(folder / "bag"),
            "rate_hz": rate_hz,
            "seconds": seconds,
            "learn_s": LEARN_S,
        }
        player = NodeSpec("cloud_player", "yokotago_bringup", "cloud_player", parameters, respawn=False, required=True)
        probe = _Probe()

        def output(name: str, line: str) -> None:
            if name == "cloud_player" and line.startswith("played "):
                probe.played = int(line.split()[1])

        topics = [sensor_topic(s.sensor_id, "foreground") for s in store.sensors]
        supervisor = Supervisor([n.process for n in (*nodes, player)], output)
        with Listener((*topics, "/tracks"), probe.hear, depth=1000):
            cores = asyncio.run(_run(supervisor, nodes, probe))
    sent = probe.played * len(store.sensors) if probe.played is not None else None
    return {
        "sensors": len(store.sensors),
        "points_per_cloud": store.sensors[0].width * store.sensors[0].height,
        "rate_hz": rate_hz,
        "latency_p50_ms": percentile(probe.latencies_ms, 50),
        "latency_p95_ms": percentile(probe.latencies_ms, 95),
        "dropped": sent - probe.foregrounds if sent is not None else None,
        "cpu_cores": cores,
    }
