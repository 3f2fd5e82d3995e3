# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago evaluate: replay bags, or simulate cases in memory, and score them against their ground truth."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from yokotago_model.store_file import parse_store, read_store

from .bags import BagReader
from .cases import VARIATIONS, CaseSpec, case_names, is_case, records_of, topics_of
from .console import CommandError, demo_store_file, in_parallel, to_stderr, write_json
from .evaluation import (
    CaseResult,
    CaseRun,
    baseline_figures,
    by_people,
    figures,
    run_case,
    summary,
    tables,
    tracker_figures,
)
from .other_trackers import NORFAIR_VARIABLE
from .plots import plot_case, plot_variation
from .simulate_command import add_case_arguments
from .tracking_scores import FOLLOWING_KEYS

PUBLISHED = {"line_f1": 0.844, "exact_cases": 0.6}
"""The best entry of the published competition on its 30 cases, by figure (docs of the evaluation name the source)."""

PUBLISHED_BY_PEOPLE = {"1": 0.877, "2": 0.75, "3": 0.643}
"""Its F1 by the number of people."""

_FALLING = ("line_f1", "exact_receipts", "exact_cases", "review_rate", "auto_accept_precision")


def add_parser(subcommands: Any) -> None:
    """Add `evaluate` to the command."""
    parser = subcommands.add_parser(
        "evaluate",
        help="score bags or cases against their ground truth",
        description="Replay bags, or simulate cases in memory, and score receipts, baskets, tracks, crossings and "
        "reaches against the ground truth, with the original system's rule (nearest reach within a few seconds, weight "
        "divided by unit weight) on the same events beside it.",
    )
    parser.add_argument("what", nargs="+", metavar="BAG|CASE", help="bags, or cases (all: S01 to S30; traps)")
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
        "--vary",
        action="append",
        default=[],
        metavar="WHAT=FACTORS",
        help="cases: run them again with a part of the simulation so many times as large, e.g. noise=0.5,2,4: "
        + "; ".join(f"{name}: {text}" for name, text in VARIATIONS.items()),
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


def _variations(texts: Sequence[str]) -> dict[str, list[float]]:
    """The factors by what they vary, from WHAT=FACTORS."""
    found: dict[str, list[float]] = {}
    for text in texts:
        name, _, factors = text.partition("=")
        if name not in VARIATIONS:
            raise CommandError(f"--vary {text}: '{name}' is none of {', '.join(VARIATIONS)}")
        try:
            values = [float(f) for f in factors.split(",")]
        except ValueError:
            values = []
        if not values or not all(math.isfinite(v) and v > 0 for v in values):
            raise CommandError(f"--vary {text}: write factors above 0, e.g. {name}=0.5,2,4")
        found.setdefault(name, []).extend(values)
    return found


def _varied(jobs: Sequence[_Job], variations: dict[str, list[float]]) -> list[_Job]:
    """The cases among the jobs once more for each factor of each variation."""
    return [
        _Job(None, replace(job.spec, vary=name, factor=factor))
        for name, factors in variations.items()
        for factor in factors
        for job in jobs
        if job.spec is not None
    ]


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
    variations = _variations(arguments.vary)
    varied = _varied(jobs, variations)
    if variations and not varied:
        raise CommandError("--vary simulates again: name cases, not bags")
    every = in_parallel(work, [*jobs, *varied], arguments.jobs, "evaluating")
    results = every[: len(jobs)]
    simulated = [r for r, job in zip(results, jobs, strict=True) if job.spec]
    rows = [("", 1.0, simulated)] if varied else []
    for name, factors in variations.items():
        for factor in factors:
            of_it = [
                r
                for r, job in zip(every[len(jobs) :], varied, strict=True)
                if job.spec and (job.spec.vary, job.spec.factor) == (name, factor)
            ]
            rows.append((name, factor, of_it))
    if arguments.json:
        told = summary(results)
        if rows:
            told["variations"] = [
                {"vary": name, "factor": factor, "overall": figures(of_it), "baseline": baseline_figures(of_it)}
                for name, factor, of_it in rows
            ]
        write_json(arguments.json, told)
    _print_tables(results)
    if rows:
        _print_variations(rows)
    if arguments.plots is not None:
        for name in variations:
            _plot(name, rows, arguments.plots)
    return 0


_Row = tuple[str, float, list[CaseResult]]


def _plot(name: str, rows: Sequence[_Row], folder: Path) -> None:
    chosen = sorted((factor, of_it) for vary, factor, of_it in rows if vary in ("", name))
    shares = {key: [figures(of_it)[key] for _, of_it in chosen] for key in _FALLING}
    shares["original rule: line_f1"] = [baseline_figures(of_it)["line_f1"] for _, of_it in chosen]
    plot_variation(name, [factor for factor, _ in chosen], shares, folder / f"vary-{name}.png")


def _print_variations(rows: Sequence[_Row]) -> None:
    heads = (
        "F1",
        "exact receipts",
        "exact cases",
        "review",
        "exact among the rest",
        "basket p95 [s]",
        "original rule F1",
    )
    table = Table("varied", "times", *heads, title="as the simulation gets worse")
    for name, factor, of_it in rows:
        ours, theirs = figures(of_it), baseline_figures(of_it)
        shown = [_shown(ours[key]) for key in (*_FALLING, "basket_latency_p95_s")]
        table.add_row(name or "nothing", f"{factor:g}", *shown, _shown(theirs["line_f1"]))
    to_stderr().print(table)


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
    titles = ("figure", "this system", "original rule", "published best*")
    overall = Table(*titles, title=f"{len(results)} cases together")
    for key, ours, theirs in tables(results):
        overall.add_row(key, _shown(ours), _shown(theirs), _shown(PUBLISHED.get(key)))
    people = by_people(results)
    for count, ours in people.items():
        if len(people) > 1 and ours["line_f1"] is not None:
            theirs = baseline_figures([r for r in results if str(r.people) == count])
            key = f"line_f1, {count} people"
            overall.add_row(key, *map(_shown, (ours["line_f1"], theirs["line_f1"], PUBLISHED_BY_PEOPLE.get(count))))
    overall.caption = (
        "* 30 cases of a real store (CPS-IoT Week 2020 AutoCheckout, the winner); simulated ones are not the same"
    )
    console.print(overall)
    others = tracker_figures(results)
    if others:
        ours = figures(results)
        trackers = Table("tracker", *FOLLOWING_KEYS, title="other trackers on the same foregrounds")
        for name, row in {"this system": ours, **others}.items():
            trackers.add_row(name, *(_shown(row[key]) for key in FOLLOWING_KEYS))
        console.print(trackers)
