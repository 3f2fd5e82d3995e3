# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Plays a recorded day under faults and compares its receipts with those of the undisturbed day.

Some faults must change nothing at all: what comes twice, what comes late but within what the store allows, a fusion
that is killed and started again. Others lose facts; then a receipt may differ, but never without being sent to review.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from yokotago_fusion.fusion import Fusion
from yokotago_fusion.journal import Journal
from yokotago_model.events import (
    SECOND,
    CheckIn,
    HandReach,
    Receipt,
    ShelfWeight,
    StreamProgress,
    TrackFrame,
    ZoneCrossing,
)
from yokotago_model.store import Store

from .bags import Record
from .pipeline import Pipeline
from .plan import DECIDED_ON, plan
from .receipt_scores import final_receipts, match_visits

LATE_S = 0.2
"""What a record is late by at most, on top of what it was recorded with."""

_OF_TRACKER = (TrackFrame, ZoneCrossing, HandReach)

Disturb = Callable[[Sequence[Record], np.random.Generator], Iterator[Record]]


@dataclass(frozen=True)
class Fault:
    """One way to disturb a day. lossless: it may change nothing; restarts: how often the fusion is killed."""

    name: str
    text: str
    lossless: bool
    disturb: Disturb
    restarts: int = 0


def _as_it_was(records: Sequence[Record], _rng: np.random.Generator) -> Iterator[Record]:
    yield from records


def _twice(records: Sequence[Record], rng: np.random.Generator) -> Iterator[Record]:
    """A fifth of everything comes a second time, a little later."""
    again = [
        record._replace(arrival=record.arrival + int(rng.uniform(0.0, LATE_S) * SECOND))
        for record in records
        if rng.random() < 0.2
    ]
    yield from sorted((*records, *again), key=lambda r: r.arrival)


def _late(records: Sequence[Record], rng: np.random.Generator) -> Iterator[Record]:
    """Everything comes late by chance, so that the order is another."""
    late = [r._replace(arrival=r.arrival + int(rng.uniform(0.0, LATE_S) * SECOND)) for r in records]
    yield from sorted(late, key=lambda r: r.arrival)


def _lost_bursts(records: Sequence[Record], rng: np.random.Generator) -> Iterator[Record]:
    """One in fifty bursts of samples never comes."""
    yield from (r for r in records if not isinstance(r.event, ShelfWeight) or rng.random() >= 0.02)


def _silent_scale(records: Sequence[Record], rng: np.random.Generator) -> Iterator[Record]:
    """The scale that is used most says nothing for the middle third of the day."""
    spans: dict[str, tuple[float, float]] = {}
    for r in records:
        if isinstance(r.event, ShelfWeight) and r.event.grams:
            middle = float(np.median(r.event.grams))
            low, high = spans.get(r.event.scale_id, (middle, middle))
            spans[r.event.scale_id] = min(low, middle), max(high, middle)
    chosen = max(sorted(spans), key=lambda s: spans[s][1] - spans[s][0], default="")
    first, last = records[0].arrival, records[-1].arrival
    begin, end = first + (last - first) // 3, first + 2 * (last - first) // 3
    for r in records:
        silent = isinstance(r.event, ShelfWeight) and r.event.scale_id == chosen and begin <= r.arrival < end
        if not silent:
            yield r


def _lost_tracks(records: Sequence[Record], rng: np.random.Generator) -> Iterator[Record]:
    """The tracker says nothing for three seconds in the middle of the day."""
    first, last = records[0].arrival, records[-1].arrival
    begin = first + int(rng.uniform(0.4, 0.6) * (last - first))
    for r in records:
        lost = isinstance(r.event, _OF_TRACKER) and begin <= r.arrival < begin + 3 * SECOND
        if not lost:
            yield r


FAULTS = (
    Fault("duplicates", "a fifth of everything comes twice", True, _twice),
    Fault("delays", f"everything is up to {LATE_S} s later, in another order", True, _late),
    Fault("restarts", "the fusion is killed five times and goes on from its journal", True, _as_it_was, 5),
    Fault("all of these", "twice, late, and killed", True, lambda r, g: _twice(list(_late(r, g)), g), 5),
    Fault("lost bursts", "one in fifty bursts of samples is lost", False, _lost_bursts),
    Fault("silent scale", "a busy scale is silent for a third of the day", False, _silent_scale),
    Fault("lost tracks", "the tracker is silent for three seconds", False, _lost_tracks),
)


@dataclass(frozen=True)
class Comparison:
    """Visits of the undisturbed day by what became of their receipts.

    same: as before; reviewed: different, and sent to a person; silent: different, and nobody is told; lost: no receipt;
    added: receipts with goods that no visit had.
    """

    fault: str
    lossless: bool
    visits: int
    same: int
    reviewed: int
    silent: int
    lost: int
    added: int

    @property
    def good(self) -> bool:
        """Whether the fault did no harm that nobody is told of."""
        if self.lossless:
            return self.same == self.visits and self.added == 0
        return self.silent == self.lost == self.added == 0


def fused(store: Store, records: Iterable[Record], kill_before: Sequence[int] = ()) -> list[Receipt]:
    """The receipts of a day. kill_before: before which of the fusion's inputs it is killed and started again."""
    records = list(records)
    planned = replace(plan(store, {r.topic for r in records}, again=True), fusion=False)
    pipeline = Pipeline(store, planned)
    steps = [pipeline.feed(r) for r in records]
    steps += [pipeline.finish(records[-1].arrival)] if records else []
    given = [e for step in steps for e in step.decided_on if isinstance(e, DECIDED_ON)]
    receipts: list[Receipt] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "journal.db")
        journal = Journal(path, snapshot_every=max(1, len(given) // 3))
        fusion = Fusion(store)
        for number, event in enumerate(given):
            if number in kill_before:
                journal.close()
                journal = Journal(path, snapshot_every=max(1, len(given) // 3))
                fusion, missed = journal.recover(Fusion(store))
                receipts += [o for o in missed if isinstance(o, Receipt)]
            if kill_before:
                journal.take(event)
            made = fusion.feed(event)
            receipts += [o for o in made if isinstance(o, Receipt)]
            if kill_before:
                for output in made:
                    journal.sent(output)
                journal.maybe_snapshot(fusion)
        journal.close()
    return receipts + [o for o in fusion.finish() if isinstance(o, Receipt)]


def _goods(receipt: Receipt) -> Counter[str]:
    return Counter({line.product_id: line.quantity for line in receipt.lines})


def compare(fault: Fault, before: Sequence[Receipt], after: Sequence[Receipt]) -> Comparison:
    """The receipts of a day under a fault against those of the undisturbed one."""
    old, new = final_receipts(before), final_receipts(after)
    pairs = match_visits(old, new)
    counts: Counter[str] = Counter()
    for i, receipt in enumerate(old):
        if i not in pairs:
            counts["lost" if receipt.lines else "same"] += 1
            continue
        other = new[pairs[i]]
        doubt = fault.lossless and receipt.needs_review != other.needs_review
        if _goods(receipt) == _goods(other) and not doubt:
            counts["same"] += 1
        else:
            counts["reviewed" if other.needs_review else "silent"] += 1
    added = sum(bool(r.lines) and j not in pairs.values() and not r.needs_review for j, r in enumerate(new))
    return Comparison(
        fault.name,
        fault.lossless,
        len(old),
        counts["same"],
        counts["reviewed"],
        counts["silent"],
        counts["lost"],
        added,
    )


def play(
    store: Store,
    records: Sequence[Record],
    seed: int,
    faults: Sequence[Fault] = FAULTS,
    done: Callable[[], None] = lambda: None,
) -> list[Comparison]:
    """The day under each fault. The same seed disturbs the same things; `done` is told after each day."""
    told = [r for r in records if not r.topic.startswith("/truth/")]
    before = fused(store, told)
    done()
    found = []
    for number, fault in enumerate(faults):
        rng = np.random.default_rng([seed, number])
        disturbed = list(fault.disturb(told, rng))
        inputs = sum(isinstance(r.event, (*_OF_TRACKER, CheckIn, StreamProgress)) for r in disturbed)
        kills = sorted(int(k) for k in rng.integers(1, max(2, inputs), fault.restarts))
        found.append(compare(fault, before, fused(store, disturbed, kills)))
        done()
    return found
