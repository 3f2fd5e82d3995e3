# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a case through the pipeline and scores what comes out against its ground truth, with the baseline beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yokotago_fusion.baseline import Baseline
from yokotago_model.events import (
    Basket,
    Event,
    ForegroundCloud,
    HandReach,
    Receipt,
    Stamp,
    TrackFrame,
    TrueAction,
    TrueReach,
    ZoneCrossing,
)
from yokotago_model.store import Store

from .bags import Record
from .other_trackers import Detections, other_tracks
from .pipeline import Pipeline
from .plan import plan
from .receipt_scores import (
    ReceiptTally,
    basket_latencies,
    match_visits,
    percentile,
    receipt_latencies,
    tally_case,
)
from .tracking_scores import FOLLOWING_KEYS, MatchedFrame, TrackingTally, match_frames, tally_tracking

PERSON_VISIT = "person-"
"""How the ground truth names a visit: by the person who pays for it."""


@dataclass(frozen=True)
class CaseResult:
    """What one case came to. receipts and baseline are None for a case without true receipts."""

    case: str
    seed: int | None
    people: int | None
    duration_s: float
    receipts: ReceiptTally | None
    baseline: ReceiptTally | None
    tracking: TrackingTally | None
    basket_latencies_s: tuple[float, ...]
    receipt_latencies_s: tuple[float, ...]
    others: Mapping[str, TrackingTally] = field(default_factory=dict)
    """Tracking of the same foregrounds by other ways; only where it was asked for."""

    @property
    def figures(self) -> dict[str, Any]:
        """The case's entry in the machine-readable result."""
        overall = figures([self])
        decided = self.receipts is not None
        return {
            "case": self.case,
            "seed": self.seed,
            "people": self.people,
            "duration_s": self.duration_s,
            "exact": bool(self.receipts.exact_cases) if self.receipts else None,
            "baseline_line_f1": self.baseline.figures["line_f1"] if self.baseline and decided else None,
            **{key: value for key, value in overall.items() if key not in ("cases", "exact_cases")},
        }


def figures(results: Sequence[CaseResult]) -> dict[str, Any]:
    """The figures of several cases together, by the keys of the machine-readable result."""
    receipts = sum((r.receipts for r in results if r.receipts), ReceiptTally())
    tracking = sum((r.tracking for r in results if r.tracking), TrackingTally())
    decided = receipts.figures
    if not any(r.receipts for r in results):
        decided = dict.fromkeys(decided)
    basket = [s for r in results for s in r.basket_latencies_s]
    receipt = [s for r in results for s in r.receipt_latencies_s]
    return {
        **decided,
        "cases": len(results),
        "basket_latency_p50_s": percentile(basket, 50),
        "basket_latency_p95_s": percentile(basket, 95),
        "receipt_latency_p50_s": percentile(receipt, 50),
        "receipt_latency_p95_s": percentile(receipt, 95),
        **tracking.figures,
    }


def by_people(results: Sequence[CaseResult]) -> dict[str, Any]:
    """The figures of the cases with one, two, three ... people, by that number."""
    counts = sorted({r.people for r in results if r.people is not None})
    return {str(n): figures([r for r in results if r.people == n]) for n in counts}


def baseline_figures(results: Sequence[CaseResult]) -> dict[str, Any]:
    """The decision figures of the original system's rule on the same events."""
    tally = sum((r.baseline for r in results if r.baseline), ReceiptTally())
    return tally.figures if tally.cases else dict.fromkeys(tally.figures)


def tracker_figures(results: Sequence[CaseResult]) -> dict[str, dict[str, Any]]:
    """The tracking figures of other ways to follow people, by their names."""
    names = list(dict.fromkeys(name for r in results for name in r.others))
    tallies = {name: sum((r.others[name] for r in results if name in r.others), TrackingTally()) for name in names}
    return {name: {key: tally.figures[key] for key in FOLLOWING_KEYS} for name, tally in tallies.items()}


def summary(results: Sequence[CaseResult]) -> dict[str, Any]:
    """The whole machine-readable result."""
    return {
        "cases": [r.figures for r in results],
        "overall": figures(results),
        "by_people": by_people(results),
        "baseline": baseline_figures(results),
        **({"trackers": others} if (others := tracker_figures(results)) else {}),
    }


class _Collector:
    """What a case's figures are computed from."""

    def __init__(self) -> None:
        self.true_frames: list[TrackFrame] = []
        self.true_crossings: list[ZoneCrossing] = []
        self.true_reaches: list[TrueReach] = []
        self.actions: list[TrueAction] = []
        self.true_receipts: list[Receipt] = []
        self.frames: list[TrackFrame] = []
        self.crossings: list[ZoneCrossing] = []
        self.reaches: list[HandReach] = []
        self.baskets: list[tuple[Stamp, Basket]] = []
        self.receipts: list[tuple[Stamp, Receipt]] = []
        self._lists: dict[str, list[Any]] = {
            "/truth/tracks": self.true_frames,
            "/truth/zone_crossings": self.true_crossings,
            "/truth/reaches": self.true_reaches,
            "/truth/actions": self.actions,
            "/truth/receipts": self.true_receipts,
            "/tracks": self.frames,
            "/zone_crossings": self.crossings,
            "/hand_reaches": self.reaches,
        }

    def add(self, record: Record) -> None:
        if isinstance(record.event, Basket):
            self.baskets.append((record.arrival, record.event))
        elif isinstance(record.event, Receipt) and record.topic == "/receipts":
            self.receipts.append((record.arrival, record.event))
        elif record.topic in self._lists:
            self._lists[record.topic].append(record.event)


def _visits_of_people(true: Sequence[Receipt], made: Sequence[Receipt]) -> dict[int, str]:
    """The produced visit of every person who pays for one."""
    matches = match_visits(true, made)
    return {
        int(true[i].visit_id.removeprefix(PERSON_VISIT)): made[j].visit_id
        for i, j in matches.items()
        if true[i].visit_id.startswith(PERSON_VISIT)
    }


@dataclass(frozen=True)
class CaseRun:
    """A case's figures, and the tracks over the truth for its plot."""

    result: CaseResult
    matched: tuple[MatchedFrame, ...]


def run_case(
    case: str,
    seed: int | None,
    store: Store,
    topics: Iterable[str],
    records: Iterable[Record],
    *,
    again: bool = True,
    trackers: bool = False,
    progress: Callable[[Stamp], None] = lambda _: None,
) -> CaseRun:
    """Replay one case and score it.

    topics: the topics that `records` hold; again: decide anew what a recording holds already; trackers: also follow
    people in other ways; progress is told the arrival time of every record.
    """
    topics = tuple(topics)
    planned = plan(store, topics, again=again)
    pipeline = Pipeline(store, planned)
    baseline = Baseline(store)
    collected = _Collector()
    baseline_receipts: list[Receipt] = []
    detections = Detections(store) if trackers and planned.tracker else None

    def decide(events: Iterable[Event]) -> None:
        baseline_receipts.extend(e for e in events if isinstance(e, Receipt))

    first = last = 0
    for record in records:
        first, last = first or record.arrival, record.arrival
        progress(record.arrival)
        if not planned.replaces(record.topic, record.event):
            collected.add(record)
        step = pipeline.feed(record)
        if detections is not None:
            for seen in (record, *step.made):
                if isinstance(seen.event, ForegroundCloud):
                    detections.feed(seen.event)
        for made in step.made:
            collected.add(made)
        for event in step.decided_on:
            decide(baseline.feed(event))
    step = pipeline.finish(last)
    for made in step.made:
        collected.add(made)
    for event in step.decided_on:
        decide(baseline.feed(event))
    decide(baseline.finish())

    has_truth = "/truth/receipts" in topics
    made_receipts = [r for _, r in collected.receipts]
    matched: list[MatchedFrame] = []
    tracking = None
    if planned.tracker and collected.true_frames:
        matched = match_frames(store, collected.true_frames, collected.frames)
        tracking = tally_tracking(
            store,
            matched,
            collected.true_crossings,
            collected.crossings,
            collected.true_reaches,
            collected.reaches,
        )
    others: dict[str, TrackingTally] = {}
    if detections is not None and collected.true_frames:
        for name, frames in other_tracks(detections).items():
            followed = match_frames(store, collected.true_frames, frames)
            others[name] = tally_tracking(store, followed, [], [], [], [])
    people = {t.track_id for f in collected.true_frames for t in f.tracks}
    visits = _visits_of_people(collected.true_receipts, made_receipts)
    result = CaseResult(
        case=case,
        seed=seed,
        people=len(people) if collected.true_frames else None,
        duration_s=(last - first) / 1e9,
        receipts=tally_case(collected.true_receipts, made_receipts) if has_truth else None,
        baseline=tally_case(collected.true_receipts, baseline_receipts) if has_truth else None,
        tracking=tracking,
        basket_latencies_s=tuple(basket_latencies(collected.actions, collected.baskets, visits)),
        receipt_latencies_s=tuple(receipt_latencies(collected.true_receipts, collected.receipts)),
        others=others,
    )
    return CaseRun(result, tuple(matched))


def tables(results: Sequence[CaseResult]) -> Iterator[tuple[str, Any, Any]]:
    """(figure, ours, the baseline's) of several cases together, without the figures that they cannot give."""
    ours, theirs = figures(results), baseline_figures(results)
    for key, value in ours.items():
        if value is not None or theirs.get(key) is not None:
            yield key, value, theirs.get(key)
