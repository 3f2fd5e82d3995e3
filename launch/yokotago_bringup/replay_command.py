# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago replay: a bag through the stages without DDS, as fast as it goes, always with the same result."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from yokotago_model.events import Receipt

from .bags import BagReader, BagWriter, RawRecord, Record
from .console import CommandError, progress_bar, receipt_json, receipt_text, to_stderr
from .pipeline import Pipeline
from .plan import plan


def add_parser(subcommands: Any) -> None:
    """Add `replay` to the command."""
    parser = subcommands.add_parser(
        "replay",
        help="run a bag through the pipeline",
        description="Run a bag through the stages without DDS, as fast as the machine goes. A stage runs when the bag "
        "has its inputs and lacks its outputs. The same bag always gives the same receipts.",
    )
    parser.add_argument("bag", type=Path, metavar="BAG", help="a rosbag2 folder")
    parser.add_argument("--store", type=Path, metavar="FILE", help="store.yaml to use instead of the bag's own")
    parser.add_argument("--receipts", metavar="FILE", help="write the receipts there, as lines of JSON (- is stdout)")
    parser.add_argument("--out", type=Path, metavar="BAG", help="write a bag of what went in and what was made of it")
    parser.add_argument("--without-clouds", action="store_true", help="leave sensors' clouds and images out of --out")
    parser.add_argument(
        "--again", action="store_true", help="make everything anew from the sensors up, also what the bag holds already"
    )
    parser.set_defaults(run=run)


def _is_raw(topic: str) -> bool:
    return topic.startswith("/tof/") and not topic.endswith("/foreground")


def run(arguments: argparse.Namespace) -> int:
    """Replay the bag; receipts go to --receipts, and in words to the terminal."""
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(BagReader(arguments.bag))
        store = reader.store(arguments.store)
        planned = plan(store, reader.topics, again=arguments.again)
        if not planned.stages and "/receipts" not in reader.topics:
            raise CommandError(f"{arguments.bag} has nothing that a stage could start from: {', '.join(reader.topics)}")
        pipeline = Pipeline(store, planned)
        lines: TextIO | None = None
        if arguments.receipts == "-":
            lines = sys.stdout
        elif arguments.receipts:
            Path(arguments.receipts).parent.mkdir(parents=True, exist_ok=True)
            lines = stack.enter_context(open(arguments.receipts, "w", encoding="utf-8"))
        text = arguments.store.read_text("utf-8") if arguments.store else None
        out = None
        if arguments.out:
            out = stack.enter_context(BagWriter(arguments.out, text or reader.store_text()))
        bar = stack.enter_context(progress_bar(unit=False))
        count = 0

        def result(record: Record) -> None:
            nonlocal count
            if isinstance(record.event, Receipt) and record.topic == "/receipts":
                count += 1
                if lines is not None:
                    lines.write(receipt_json(record.event) + "\n")
                if lines is not sys.stdout:
                    print(receipt_text(record.event))

        def made(records: list[Record]) -> None:
            for record in records:
                result(record)
                if out is not None:
                    out.write(*record)

        task = bar.add_task("replaying", total=(reader.end - reader.start) / 1e9)
        started = time.monotonic()
        raw: RawRecord | None = None
        for raw in reader.raw():
            if raw.topic.startswith("/truth/"):
                # No stage may see it: it is only passed on.
                if out is not None:
                    out.write_raw(raw)
                continue
            record = reader.decode(raw)
            if not planned.replaces(record.topic, record.event):
                result(record)
                if out is not None and not (arguments.without_clouds and _is_raw(record.topic)):
                    out.write_raw(raw)
            made(pipeline.feed(record).made)
            bar.update(task, completed=(raw.arrival - reader.start) / 1e9)
        made(pipeline.finish(raw.arrival if raw else 0).made)
        seconds, recorded = time.monotonic() - started, (reader.end - reader.start) / 1e9
    speed = f"{recorded:.1f} s recorded, replayed in {seconds:.1f} s ({recorded / max(seconds, 1e-9):.1f} x real time)"
    to_stderr().print(f"{count} receipts; {speed}", highlight=False)
    return 0
