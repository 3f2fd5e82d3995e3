# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago record: what the running store's nodes say to each other, into a bag."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from yokotago_model.conversions import TOPICS, sensor_topic
from yokotago_model.store import Store
from yokotago_model.store_file import read_store

from .bags import BagWriter
from .console import CommandError, demo_store_file, progress_bar
from .graph import dds_environment
from .nodes.recorder import record

CLOUD_KINDS = ("points", "depth")


def add_parser(subcommands: Any) -> None:
    """Add `record` to the command."""
    parser = subcommands.add_parser(
        "record",
        help="record the running store into a bag",
        description="Record the topics of the running store into a rosbag2 (MCAP), until Ctrl-C or for --duration.",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="BAG", help="folder of the bag to make")
    parser.add_argument("--store", type=Path, metavar="FILE", help="store.yaml (default: the demo store)")
    parser.add_argument("--duration", type=float, metavar="S", help="stop after so many seconds")
    parser.add_argument("--without-clouds", action="store_true", help="leave the sensors' clouds and images out")
    parser.add_argument("--inputs-only", action="store_true", help="only what sensors, scales and gates say")
    parser.set_defaults(run=run)


_INPUTS = ("/shelves/weights", "/check_ins", "/catalogue", "/progress")
# What a shopper's phone shows is nobody else's business; what came of it is in /check_ins.
_NEVER = ("/gate_codes", "/gate_answers")


def topics(store: Store, *, clouds: bool, inputs_only: bool) -> tuple[str, ...]:
    """What to record of a store."""
    kinds = (*(CLOUD_KINDS if clouds else ()), *(() if inputs_only and clouds else ("foreground",)))
    sensors = tuple(sensor_topic(s.sensor_id, kind) for s in store.sensors for kind in kinds)
    rest = tuple(t for t in TOPICS if t not in _NEVER and (not inputs_only or t in _INPUTS or t.startswith("/truth/")))
    return sensors + rest


def run(arguments: argparse.Namespace) -> int:
    """Record, and say how much of what."""
    os.environ.update(dds_environment())
    store_file = arguments.store or demo_store_file()
    names = topics(read_store(store_file), clouds=not arguments.without_clouds, inputs_only=arguments.inputs_only)
    with progress_bar() as bar:
        task = bar.add_task("recording, Ctrl-C ends", total=None)
        with BagWriter(arguments.out, Path(store_file).read_text("utf-8")) as bag:
            counts = record(bag, names, arguments.duration, lambda _: bar.advance(task))
            if not counts:
                raise CommandError("nothing was heard: is the store running, in the same ROS_DOMAIN_ID?")
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    return 0
