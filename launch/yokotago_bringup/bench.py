# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Measures speed: `make bench` writes bench/out/bench.json and prints the same as a table.

Each ratio is measured side by side in one run, round by round, and is the quotient of the medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import open3d as o3d
from rich.console import Console
from rich.table import Table

from yokotago_fusion.bench_fusion import bench
from yokotago_model.events import Cloud
from yokotago_model.store import Store
from yokotago_model.store_file import read_store
from yokotago_tracking.camera import Camera
from yokotago_tracking.crossings import Crossings
from yokotago_tracking.foreground import Foreground
from yokotago_tracking.reaches import Reaches
from yokotago_tracking.tracker import Tracker

from .bags import BagReader, BagWriter
from .bench_graph import bench_graph
from .cases import CaseSpec, records_of
from .console import demo_store_file, write_json
from .pipeline import Pipeline
from .plan import plan

ROUNDS = 7
VOXEL_M, NEIGHBOUR_M, LEAST_POINTS = 0.05, 0.15, 10


def with_resolution(store: Store, width: int, height: int) -> Store:
    """The store with cameras of another resolution and the same view."""
    sensors = tuple(
        replace(
            s,
            width=width,
            height=height,
            fx=s.fx * width / s.width,
            fy=s.fy * height / s.height,
            cx=(s.cx + 0.5) * width / s.width - 0.5,
            cy=(s.cy + 0.5) * height / s.height - 0.5,
        )
        for s in store.sensors
    )
    return replace(store, sensors=sensors)


def frame_sets(store: Store, seconds: float) -> list[list[Cloud]]:
    """The clouds of a simulated shop with four people, a list for every frame."""
    spec = CaseSpec("four_crossed_hands", 0, "points")
    sets: dict[int, list[Cloud]] = {}
    for record in records_of(store, spec):
        if isinstance(record.event, Cloud):
            # Sensors measure within half a period of each other.
            sets.setdefault(round(record.event.stamp * store.sensors[0].rate_hz / 1e9), []).append(record.event)
            if len(sets) > seconds * store.sensors[0].rate_hz:
                break
    return [clouds for clouds in sets.values() if len(clouds) == len(store.sensors)]


def _median_ms(seconds: Sequence[float]) -> float:
    return 1000.0 * statistics.median(seconds)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bench_perception(store: Store) -> dict[str, float | int]:
    """The chain from points to tracks, crossings and reaches, beside one copy of the points and beside Open3D."""
    store = with_resolution(store, 320, 240)
    sets = frame_sets(store, 20.0)
    foregrounds = {s.sensor_id: Foreground(s, store=store) for s in store.sensors}
    tracker, crossings, reaches = Tracker(store), Crossings(store), Reaches(store)

    def chain(clouds: Sequence[Cloud]) -> None:
        for cloud in clouds:
            for foreground in foregrounds[cloud.sensor_id].feed(cloud):
                for frame in tracker.feed(foreground):
                    crossings.feed(frame)
                    reaches.feed(frame)

    cameras = {s.sensor_id: (Camera(s), s) for s in store.sensors}

    def open3d(clouds: Sequence[Cloud]) -> None:
        whole = []
        for cloud in clouds:
            camera, sensor = cameras[cloud.sensor_id]
            points = camera.points(cloud)
            whole.append(points[np.isfinite(points[:, 2])] @ sensor.rotation.T + sensor.position)
        points = np.concatenate(whole)
        body = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points[points[:, 2] > 0.2]))
        body.voxel_down_sample(VOXEL_M).cluster_dbscan(NEIGHBOUR_M, LEAST_POINTS)

    warm, measured = sets[: len(sets) // 2], sets[len(sets) // 2 :]
    for clouds in warm:
        chain(clouds)
    open3d(warm[-1])
    copies = [np.empty_like(c.points) for c in warm[0]]

    def copy_all(clouds: Sequence[Cloud]) -> None:
        for target, cloud in zip(copies, clouds, strict=True):
            np.copyto(target, cloud.points)

    ours: list[float] = []
    memcpy: list[float] = []
    theirs: list[float] = []
    per_round = max(1, len(measured) // ROUNDS)
    for i in range(ROUNDS):
        part = measured[i * per_round : (i + 1) * per_round]
        ours += [_timed(partial(chain, clouds)) for clouds in part]
        memcpy += [_timed(partial(copy_all, clouds)) for clouds in part]
        theirs += [_timed(partial(open3d, clouds)) for clouds in part[:3]]
    frame, copy, dbscan = _median_ms(ours), _median_ms(memcpy), _median_ms(theirs)
    return {
        "points": sum(c.points.shape[0] * c.points.shape[1] for c in sets[0]),
        "ms_per_frame_set": frame,
        "memcpy_ms": copy,
        "open3d_dbscan_ms": dbscan,
        "ratio_to_memcpy": frame / copy,
        "speedup_over_open3d": dbscan / frame,
    }


def _times_real_time(bag: Path) -> float:
    with BagReader(bag) as reader:
        store = reader.store()
        pipeline = Pipeline(store, plan(store, reader.topics))
        started = time.perf_counter()
        for raw in reader.raw():
            # As `yokotago replay` does: no stage may see the truth.
            if not raw.topic.startswith("/truth/"):
                pipeline.feed(reader.decode(raw))
        pipeline.finish(reader.end)
        return (reader.end - reader.start) / 1e9 / (time.perf_counter() - started)


def bench_replay(store_text: str, store: Store) -> dict[str, float]:
    """How much faster than recorded a bag is replayed, from clouds and from tracks, decoding included."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for level, name in (("points", "clouds"), ("tracks", "tracks")):
            bag = Path(folder) / level
            with BagWriter(bag, store_text) as writer:
                for record in records_of(store, CaseSpec("S07", 0, level)):
                    writer.write(*record)
            found[f"{name}_times_real_time"] = statistics.median(_times_real_time(bag) for _ in range(5))
    return found


def main() -> int:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description="Measure speed; results in bench/out/bench.json and as a table.")
    parser.add_argument("--out", type=Path, default=Path("bench/out/bench.json"), metavar="FILE")
    parser.add_argument("--only", choices=("perception", "graph", "fusion", "replay"), action="append")
    parser.add_argument("--graph-seconds", type=float, default=30.0, metavar="S", help="length of the graph's run")
    arguments = parser.parse_args()
    text = demo_store_file().read_text("utf-8")
    store = read_store(demo_store_file())
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "perception": lambda: bench_perception(store),
        "graph": lambda: bench_graph(with_resolution(store, 512, 424), text, 30.0, arguments.graph_seconds),
        "fusion": bench,
        "replay": lambda: bench_replay(text, store),
    }
    result: dict[str, Any] = {}
    table = Table("part", "figure", "value", title=f"{os.cpu_count()} cores")
    for name in arguments.only or parts:
        print(f"[bench] {name}", file=sys.stderr, flush=True)
        result[name] = parts[name]()
        for key, value in result[name].items():
            table.add_row(name, key, f"{value:,.3f}" if isinstance(value, float) else f"{value:,}")
    write_json(arguments.out, result)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
