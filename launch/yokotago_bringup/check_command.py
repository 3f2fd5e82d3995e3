# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago check: whether a store.yaml is right, and a plan of what it describes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from yokotago_model.store_file import StoreError, read_store

from .plots import plot_store


def add_parser(subcommands: Any) -> None:
    """Add `check` to the command."""
    parser = subcommands.add_parser(
        "check",
        help="whether a store.yaml is right",
        description="Check a store's description. Every mistake is named with its line and what to write instead.",
    )
    parser.add_argument("store", type=Path, metavar="FILE", help="store.yaml")
    parser.add_argument("--out", type=Path, metavar="PNG", help="draw the plan of the store there")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check the file; 0 only when it is right."""
    try:
        store = read_store(arguments.store)
    except StoreError as error:
        if arguments.json:
            print(json.dumps({"ok": False, "problems": error.problems}, ensure_ascii=False))
            return 1
        raise
    kinds = ("sensors", "zones", "gates", "shelves", "scales", "facings", "products")
    counts = {kind: len(getattr(store, kind)) for kind in kinds}
    if arguments.out:
        plot_store(store, arguments.out)
    if arguments.json:
        print(json.dumps({"ok": True, "problems": [], **counts}))
    else:
        print(f"{arguments.store} is right: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))
    return 0
