# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago import: public recordings to bags."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .bags import BagWriter
from .console import CommandError, progress_bar
from .import_depth import STORE_TEXT, read_depth

START = 1_577_836_800_000_000_000
"""Stamp of the first frame of a recording that has no times of its own: the beginning of 2020."""


def add_parser(subcommands: Any) -> None:
    """Add `import` to the command."""
    parser = subcommands.add_parser(
        "import", help="make a bag of a public recording", description="Make a bag of a public recording."
    )
    kinds = parser.add_subparsers(title="recordings", metavar="KIND", required=True)
    for name, run, text in (("depth", run_depth, "one overhead depth camera: depth/*.png and heads.csv"),):
        kind = kinds.add_parser(name, help=text, description=f"Make a bag of {text}.")
        kind.add_argument("folder", type=Path, metavar="DIR", help="the recording's folder")
        kind.add_argument("--out", required=True, type=Path, metavar="BAG", help="folder of the bag to make")
        kind.set_defaults(run=run)


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise CommandError(f"{folder}: there is no such folder")


def run_depth(arguments: argparse.Namespace) -> int:
    """Import an overhead depth recording."""
    _check(arguments.folder)
    with progress_bar() as bar, BagWriter(arguments.out, STORE_TEXT) as bag:
        task = bar.add_task("importing", total=None)
        for record in read_depth(arguments.folder, START):
            bag.write(*record)
            bar.advance(task)
    print(f"{arguments.out}: {bag.count} messages")
    return 0
