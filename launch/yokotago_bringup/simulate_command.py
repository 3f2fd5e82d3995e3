# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago simulate: scenario cases to bags with ground truth."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import Any

from yokotago_model.store_file import parse_store, read_store

from .bags import BagWriter
from .cases import LEVELS, CaseSpec, case_names, records_of, topics_of
from .console import CommandError, demo_store_file, in_parallel


def add_parser(subcommands: Any) -> None:
    """Add `simulate` to the command."""
    parser = subcommands.add_parser(
        "simulate",
        help="make bags of scenario cases, with ground truth",
        description="Simulate scenario cases and write one bag each, DIR/CASE. Same case, same seed: same bag.",
    )
    parser.add_argument("cases", nargs="+", metavar="CASE", help="S01 to S30, a trap, random, or all (S01 to S30)")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder that the bags are put into")
    parser.add_argument("--seed", type=int, default=0, help="varies who, what, where and when (default 0)")
    add_case_arguments(parser)
    parser.set_defaults(run=run)


def add_case_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every command that simulates."""
    parser.add_argument(
        "--level",
        choices=LEVELS,
        default="depth",
        help="what of the sensors is simulated: points (as their drivers publish, large), depth (the same as depth "
        "images, default), foreground (what is not the empty store), or tracks (no sensors: tracks with noise, fast)",
    )
    parser.add_argument("--shoppers", type=int, default=6, metavar="N", help="random: shoppers at once (default 6)")
    parser.add_argument("--visits", type=int, default=20, metavar="N", help="random: visits in all (default 20)")
    parser.add_argument(
        "--confusing-share", type=float, default=0.0, metavar="P", help="random: share of confusing actions, 0 to 1"
    )
    parser.add_argument("--store", type=Path, metavar="FILE", help="store.yaml (default: the demo store)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: cores)")


def write_case(store_text: str, out: Path, spec: CaseSpec) -> int:
    """Simulate one case into its bag; the number of messages."""
    store = parse_store(store_text)
    count = 0
    with BagWriter(out / spec.name, store_text) as bag:
        for topic in topics_of(store, spec.level):
            bag.declare(topic)
        for record in records_of(store, spec):
            bag.write(*record)
            count += 1
    return count


def run(arguments: argparse.Namespace) -> int:
    """Write the bags and say where they are."""
    store_file = arguments.store or demo_store_file()
    read_store(store_file)
    names = case_names(arguments.cases)
    for name in names:
        if (arguments.out / name).exists():
            raise CommandError(f"{arguments.out / name} exists already: name another --out folder or remove it")
    specs = [
        CaseSpec(
            name,
            arguments.seed,
            arguments.level,
            arguments.shoppers,
            arguments.visits,
            arguments.confusing_share,
        )
        for name in names
    ]
    work = partial(write_case, Path(store_file).read_text("utf-8"), arguments.out)
    counts = in_parallel(work, specs, arguments.jobs, "simulating")
    for name, count in zip(names, counts, strict=True):
        print(f"{arguments.out / name}: {count} messages")
    return 0
