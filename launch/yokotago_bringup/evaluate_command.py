# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago evaluate: replay bags, or simulate cases in memory, and score them against their ground truth."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from yokotago_model.store_file import parse_store, read_store

from .bags import BagReader
from .cases import CaseSpec, case_names, is_case, records_of, topics_of
from .console import CommandError, demo_store_file, in_parallel, to_stderr, write_json
from .evaluation import CaseResult, CaseRun, figures, run_case, summary, tables, tracker_figures
from .other_trackers import NORFAIR_VARIABLE
from .plots import plot_case
from .simulate_command import add_case_arguments
from .tracking_scores import FOLLOWING_KEYS


def add_parser(subcommands: Any) -> None:
    """Add `evaluate` to the command."""
    parser = subcommands.add_parser(
        "evaluate",
        help="score bags or cases against their ground truth",
        description="Replay bags, or simulate cases in memory, and score receipts, baskets, tracks, crossings and "
        "reaches against the ground truth, with the original system's rule (nearest reach within a few seconds, weight "
        "divided by unit weight) on the same events beside it.",
    )
    parser.add_argument("what", nargs="+", metavar="BAG|CASE", help="bag folders, or case names (all: S01 to S30)")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="cases: seeds each (default 1)")
    parser.add_argument("--first-seed", type=int, default=0, metavar="S", help="cases: the first seed (default 0)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there (- is stdout)")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="draw the tracks of every case over the truth")
    parser.add_argument(
        "--as-recorded",
        action="store_true",
        help="bags: score what the bag holds where it holds it, instead of deciding anew",
    )
    parser.add_argument(
        "--trackers",
        action="store_true",
        help="also follow people in other ways on the same foregrounds: Open3D's clusters with the nearest neighbour,"
        f" and norfair where {NORFAIR_VARIABLE} names a Python that has it",
    )
    add_case_arguments(parser)
    parser.set_defaults(run=run)


@dataclass(frozen=True)
class _Job:
    """One thing to score: a bag or a case."""

    bag: Path | None
    spec: CaseSpec | None


def _score(store_text: str | None, plots: Path | None, again: bool, trackers: bool, job: _Job) -> CaseResult:
    run: CaseRun
    if job.bag is not None:
        with BagReader(job.bag) as reader:
            store = parse_store(store_text) if store_text else reader.store()
            run = run_case(job.bag.name, None, store, reader.topics, reader.records(), again=again, trackers=trackers)
        name = job.bag.name
    else:
        assert job.spec is not None
        assert store_text is not None
        store, spec = parse_store(store_text), job.spec
        run = run_case(
            spec.name, spec.seed, store, topics_of(store, spec.level), records_of(store, spec), trackers=trackers
        )
        name = f"{spec.name}-seed{spec.seed}"
    if plots is not None:
        plot_case(store, name, run.matched, plots / f"{name}.png")
    return run.result


def _jobs(arguments: argparse.Namespace) -> list[_Job]:
    bags = [w for w in arguments.what if not is_case(w) and (Path(w).exists() or "/" in w)]
    names = case_names(w for w in arguments.what if w not in bags)
    jobs = [_Job(Path(b), None) for b in bags]
    for name in names:
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            spec = CaseSpec(
                name, seed, arguments.level, arguments.shoppers, arguments.visits, arguments.confusing_share
            )
            jobs.append(_Job(None, spec))
    return jobs


def run(arguments: argparse.Namespace) -> int:
    """Score everything, print the tables, write --json and --plots."""
    if arguments.seeds < 1:
        raise CommandError("--seeds is the number of seeds of each case: write 1 or more")
    jobs = _jobs(arguments)
    for job in jobs:
        if job.bag is not None:
            with BagReader(job.bag) as reader:
                reader.store(arguments.store)
    store_text = arguments.store.read_text("utf-8") if arguments.store else None
    if store_text is None and any(job.spec for job in jobs):
        store_text = demo_store_file().read_text("utf-8")
    if arguments.store:
        read_store(arguments.store)
    work = partial(_score, store_text, arguments.plots, not arguments.as_recorded, arguments.trackers)
    results = in_parallel(work, jobs, arguments.jobs, "evaluating")
    if arguments.json:
        write_json(arguments.json, summary(results))
    _print_tables(results)
    return 0


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _print_tables(results: list[CaseResult]) -> None:
    console = to_stderr()
    if len(results) <= 60:
        cases = Table("case", "seed", "people", "F1", "exact", "review", "baseline F1", "HOTA", "IDF1")
        for result in results:
            row = result.figures
            keys = ("seed", "people", "line_f1", "exact", "review_rate", "baseline_line_f1", "hota", "idf1")
            cases.add_row(result.case, *(_shown(row[key]) for key in keys))
        console.print(cases)
    overall = Table("figure", "this system", "original rule", title=f"{len(results)} cases together")
    for key, ours, theirs in tables(results):
        overall.add_row(key, _shown(ours), _shown(theirs))
    console.print(overall)
    others = tracker_figures(results)
    if others:
        ours = figures(results)
        trackers = Table("tracker", *FOLLOWING_KEYS, title="other trackers on the same foregrounds")
        for name, row in {"this system": ours, **others}.items():
            trackers.add_row(name, *(_shown(row[key]) for key in FOLLOWING_KEYS))
        console.print(trackers)
