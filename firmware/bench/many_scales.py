# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Many scales at once into one shelves node: how many samples are lost, and what a scale's process costs.

    source env.sh; python firmware/bench/many_scales.py [--scales 12] [--seconds 60]

Every scale is a shelf_scale process at 80 samples/s with a load that changes now and then, in real time. A second
listener counts what the shelves node hears; the node's own changes are compared with the steps of the loads.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("ROS_DOMAIN_ID", "214")

from yokotago_bringup.console import demo_store_file
from yokotago_bringup.graph import GraphOptions, dds_environment, scale_program, store_graph
from yokotago_bringup.nodes.listener import Listener
from yokotago_model.events import SECOND, Event, ShelfWeight, WeightChange

PERIOD = SECOND // 80
CHUNK = 8
STEP_EVERY_S = 4.0
STEP_G = 531.0


def processor_s(pid: int) -> float:
    """Processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Run it and print the figures as JSON; 0 only when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scales", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    os.environ.update(dds_environment())
    program = scale_program()
    if program is None:
        sys.exit("the scales' firmware is not built: run make build")
    heard: dict[str, dict[int, int]] = {}
    changes: list[WeightChange] = []

    def hear(_: str, event: Event) -> None:
        if isinstance(event, ShelfWeight):
            heard.setdefault(event.scale_id, {})[event.sequence] = len(event.grams)
        elif isinstance(event, WeightChange):
            changes.append(event)

    with tempfile.TemporaryDirectory() as folder, Listener(("/shelves/weights", "/weight_changes"), hear):
        graph = GraphOptions(demo_store_file(), Path(folder))
        ids = [s.scale_id for s in graph.store.scales][: options.scales]
        (shelves,) = [n.process for n in store_graph(graph) if n.name == "shelves"]
        node = subprocess.Popen(shelves.command, env={**os.environ, **shelves.environment})
        scales = {
            s: subprocess.Popen(
                [str(program), "--scale-id", s, "--calibrated", "--noise-counts", "150"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for s in ids
        }  # fmt: skip
        try:
            return measure(options.seconds, node, scales, heard, changes)
        finally:
            for process in (*scales.values(), node):
                process.terminate()
            for process in (*scales.values(), node):
                process.wait()


def measure(
    seconds: float,
    node: subprocess.Popen[bytes],
    scales: dict[str, subprocess.Popen[str]],
    heard: dict[str, dict[int, int]],
    changes: list[WeightChange],
) -> int:
    """Feed the scales in real time, then count."""
    for process in scales.values():
        while tell(process)["listeners"] < 2:  # the shelves node, and this program
            time.sleep(0.1)
    rng = random.Random(1)
    loads = dict.fromkeys(scales, 9000.0)
    due = {s: STEP_EVERY_S + rng.uniform(0.0, STEP_EVERY_S) for s in scales}
    steps = fed = 0
    pids = [p.pid for p in scales.values()]
    before, node_before = [processor_s(p) for p in pids], processor_s(node.pid)
    began, stamp = time.monotonic(), time.time_ns()
    while (now := time.monotonic() - began) < seconds:
        for scale_id, process in scales.items():
            if now > due[scale_id] and now < seconds - STEP_EVERY_S:
                loads[scale_id] += STEP_G if loads[scale_id] < 4000.0 else -STEP_G
                due[scale_id] += STEP_EVERY_S
                steps += 1
            assert process.stdin is not None
            process.stdin.write(f"load {stamp} {PERIOD} {' '.join([str(loads[scale_id])] * CHUNK)}\n")
            process.stdin.flush()
        fed += CHUNK
        stamp += CHUNK * PERIOD
        time.sleep(max(0.0, began + fed * PERIOD / SECOND - time.monotonic()))
    took = time.monotonic() - began
    shares = [(processor_s(p) - b) / took for p, b in zip(pids, before, strict=True)]
    node_share = (processor_s(node.pid) - node_before) / took
    time.sleep(2.0)
    taken = [tell(process)["samples"] for process in scales.values()]
    lost = 0
    for bursts in heard.values():
        first, last = min(bursts), max(bursts)
        lost += last + bursts[last] - first - sum(bursts.values())
    result = {
        "scales": len(scales),
        "seconds": round(took, 1),
        "samples_converted": sum(taken),
        "samples_heard": sum(sum(b.values()) for b in heard.values()),
        "samples_lost": lost,
        "steps": steps,
        "changes_found": len([c for c in changes if abs(abs(c.delta) - STEP_G) < 5.0]),
        "core_per_scale_mean": round(sum(shares) / len(shares), 4),
        "core_per_scale_most": round(max(shares), 4),
        "core_shelves_node": round(node_share, 4),
    }
    print(json.dumps(result, indent=2))
    return int(lost != 0 or result["changes_found"] != steps)


def tell(process: subprocess.Popen[str]) -> dict[str, int]:
    """How a scale stands."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("tell\n")
    process.stdin.flush()
    told: dict[str, int] = json.loads(process.stdout.readline())
    return told


if __name__ == "__main__":
    sys.exit(main())
