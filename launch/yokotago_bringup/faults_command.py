# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago faults: a recorded day under faults, compared with the undisturbed one."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from yokotago_model.store_file import read_store

from .bags import BagReader
from .cases import CaseSpec, case_names, is_case, records_of
from .console import demo_store_file, progress_bar, to_stderr, write_json
from .faults import FAULTS, play


def add_parser(subcommands: Any) -> None:
    """Add `faults` to the command."""
    parser = subcommands.add_parser(
        "faults",
        help="a recorded day under faults, compared with the undisturbed one",
        description="Play a case or a bag again with faults: everything twice, late, the fusion killed, bursts and "
        "tracks lost, a scale silent. The exit code is 0 when what loses nothing changed nothing, and when every "
        "receipt that a loss changed was sent to review.",
    )
    parser.add_argument("what", metavar="CASE|BAG", help="a case, simulated with tracks and scale samples, or a bag")
    parser.add_argument("--seed", type=int, default=0, help="of the case and of the faults (default 0)")
    parser.add_argument("--visits", type=int, default=20, metavar="N", help="random: visits in all (default 20)")
    parser.add_argument("--shoppers", type=int, default=6, metavar="N", help="random: shoppers at once (default 6)")
    parser.add_argument("--store", type=Path, metavar="FILE", help="store.yaml (default: the bag's, else the demo's)")
    parser.add_argument("--json", metavar="FILE", help="write the counts there (- is stdout)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play every fault and print what became of the receipts."""
    if is_case(arguments.what) or not Path(arguments.what).exists():
        [name] = case_names([arguments.what])
        store = read_store(arguments.store or demo_store_file())
        spec = CaseSpec(name, arguments.seed, "tracks", arguments.shoppers, arguments.visits)
        records = list(records_of(store, spec))
    else:
        with BagReader(Path(arguments.what)) as reader:
            store = reader.store(arguments.store)
            records = list(reader.records())
    with progress_bar() as bar:
        task = bar.add_task("playing", total=1 + len(FAULTS))
        found = play(store, records, arguments.seed, done=lambda: bar.advance(task))
    table = Table("fault", "visits", "same receipt", "different, reviewed", "different, silent", "lost", "added", "")
    for fault, c in zip(FAULTS, found, strict=True):
        counts = (c.visits, c.same, c.reviewed, c.silent, c.lost, c.added)
        table.add_row(fault.name, *map(str, counts), "good" if c.good else "NOT GOOD")
    to_stderr().print(table)
    if arguments.json:
        write_json(arguments.json, {"faults": [{**asdict(c), "good": c.good} for c in found]})
    return 0 if all(c.good for c in found) else 1
