# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago import: public recordings to bags."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .bags import BagWriter, Record
from .console import CommandError, progress_bar
from .import_autocheckout import read_autocheckout
from .import_depth import STORE_TEXT, read_depth

START = 1_577_836_800_000_000_000
"""Stamp of the first frame of a recording that has no times of its own: the beginning of 2020."""


def add_parser(subcommands: Any) -> None:
    """Add `import` to the command."""
    parser = subcommands.add_parser(
        "import", help="make a bag of a public recording", description="Make a bag of a public recording."
    )
    kinds = parser.add_subparsers(title="recordings", metavar="KIND", required=True)
    for name, run, text in (
        ("autocheckout", run_autocheckout, "a case of the CPS-IoT Week 2020 AutoCheckout competition"),
        ("depth", run_depth, "one overhead depth camera: depth/*.png and heads.csv"),
    ):
        kind = kinds.add_parser(name, help=text, description=f"Make a bag of {text}.")
        kind.add_argument("folder", type=Path, metavar="DIR", help="the recording's folder")
        kind.add_argument("--out", required=True, type=Path, metavar="BAG", help="folder of the bag to make")
        kind.set_defaults(run=run)


def _import(store_text: str, records: Iterable[Record], out: Path) -> int:
    with progress_bar(unit=False) as bar, BagWriter(out, store_text) as bag:
        task = bar.add_task("importing", total=None)
        for record in records:
            bag.write(*record)
            bar.advance(task)
    print(f"{out}: {bag.count} messages")
    return 0


def _folder(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.folder
    if not folder.is_dir():
        raise CommandError(f"{folder}: there is no such folder")
    return folder


def run_autocheckout(arguments: argparse.Namespace) -> int:
    """Import a case of the AutoCheckout competition."""
    store_text, records = read_autocheckout(_folder(arguments))
    return _import(store_text, records, arguments.out)


def run_depth(arguments: argparse.Namespace) -> int:
    """Import an overhead depth recording."""
    return _import(STORE_TEXT, read_depth(_folder(arguments), START), arguments.out)
