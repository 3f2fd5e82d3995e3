# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Scores receipts and baskets against the true ones: F1 of the lines, exactness, review, money, latency.

A unit is one piece of one product on one visit's receipt. It is a true positive when the visit that truly pays for it
has it on its receipt; one too many, or on another visit's receipt, is a false positive, one missing a false negative.
F1 = 2 TP / (2 TP + FP + FN), and 1 for a case without units on either side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linear_sum_assignment

from yokotago_model.events import SECOND, Basket, Receipt, Stamp, TrueAction, TrueActionKind, seconds_between

OVERLAP_SLACK_S = 5.0
"""By how much a visit's recorded stay may miss the true one and still be the same visit [s]."""

ENTRY_SLACK_S = 10.0
"""How far the entries of two visits without a check-in may lie apart and still be the same visit [s]."""


def share(part: float, whole: float) -> float | None:
    """part / whole; None when there is nothing to be a share of."""
    return part / whole if whole else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The percentile of `values`, interpolated; None without values."""
    return float(np.percentile(values, percent)) if values else None


def final_receipts(receipts: Iterable[Receipt]) -> list[Receipt]:
    """The receipts that stand in the end: a corrected one is replaced by its correction, in order of appearance."""
    by_id = {r.receipt_id: r for r in receipts}
    replaced = {r.corrects for r in by_id.values() if r.corrects}
    return [r for r in by_id.values() if r.receipt_id not in replaced]


def _closeness(true: Receipt, made: Receipt) -> float:
    """How well a produced receipt fits a true one in time; negative infinity when it cannot be the same visit."""
    if true.shopper_id != made.shopper_id:
        return -np.inf
    if not true.shopper_id:
        apart = abs(seconds_between(true.entered, made.entered))
        return ENTRY_SLACK_S - apart if apart <= ENTRY_SLACK_S else -np.inf
    overlap = seconds_between(max(true.entered, made.entered), min(true.left, made.left)) + OVERLAP_SLACK_S
    return overlap if overlap > 0.0 else -np.inf


def match_visits(true: Sequence[Receipt], made: Sequence[Receipt]) -> dict[int, int]:
    """Which produced receipt is of which true visit, by their positions.

    By shopper and overlap in time, and where nobody checked in by the time of entry. Each is used once; as many as
    possible are matched, then as close as possible.
    """
    if not true or not made:
        return {}
    closeness = np.array([[_closeness(t, m) for m in made] for t in true])
    possible = np.isfinite(closeness)
    bonus = 1.0 + 2.0 * float(np.abs(closeness[possible]).max(initial=0.0))
    gain = np.where(possible, closeness + bonus, 0.0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if possible[r, c]}


@dataclass(frozen=True)
class ReceiptTally:
    """Counts of one or more cases; money in minor units. Tallies add up."""

    cases: int = 0
    exact_cases: int = 0
    visits: int = 0
    exact_receipts: int = 0
    produced: int = 0
    reviewed: int = 0
    accepted: int = 0
    accepted_exact: int = 0
    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    goods_value: int = 0
    missing_value: int = 0
    extra_value: int = 0
    f1_sum: float = 0.0

    def __add__(self, other: ReceiptTally) -> ReceiptTally:
        return ReceiptTally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def figures(self) -> dict[str, float | int | None]:
        """The decision figures by their public keys. line_f1 is the mean of the cases' F1, as in the published
        result of 0.844; precision and recall are over all units of all cases."""
        made_units = self.true_positives + self.false_positives
        true_units = self.true_positives + self.false_negatives
        return {
            "visits": self.visits,
            "cases": self.cases,
            "line_f1": share(self.f1_sum, self.cases),
            "line_precision": share(self.true_positives, made_units),
            "line_recall": share(self.true_positives, true_units),
            "exact_receipts": share(self.exact_receipts, self.visits),
            "exact_cases": share(self.exact_cases, self.cases),
            "review_rate": share(self.reviewed, self.produced),
            "auto_accept_precision": share(self.accepted_exact, self.accepted),
            "unbilled_value": share(self.missing_value, self.goods_value),
            "overbilled_value": share(self.extra_value, self.goods_value),
        }


def _units(receipt: Receipt | None) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in receipt.lines if receipt else ():
        units[line.product_id] += line.quantity
    return units


def tally_case(true: Sequence[Receipt], made: Iterable[Receipt]) -> ReceiptTally:
    """The counts of one case: its true receipts against all that were produced (corrections included)."""
    final = final_receipts(made)
    matches = match_visits(true, final)
    prices = {line.product_id: line.unit_price for r in (*final, *true) for line in r.lines}
    pairs: list[tuple[Receipt | None, Receipt | None]] = [
        (t, final[matches[i]] if i in matches else None) for i, t in enumerate(true)
    ]
    taken = set(matches.values())
    pairs += [(None, m) for j, m in enumerate(final) if j not in taken]

    hits = extra = missing = extra_value = missing_value = goods_value = 0
    exact = accepted = accepted_exact = 0
    all_exact = True
    for t, m in pairs:
        truth, produced = _units(t), _units(m)
        right = truth == produced and (t is None or m is not None)
        all_exact &= right
        exact += t is not None and right
        if m is not None and not m.needs_review:
            accepted += 1
            accepted_exact += right
        hits += (truth & produced).total()
        extra += (produced - truth).total()
        missing += (truth - produced).total()
        extra_value += sum(prices[p] * n for p, n in (produced - truth).items())
        missing_value += sum(prices[p] * n for p, n in (truth - produced).items())
        goods_value += sum(prices[p] * n for p, n in truth.items())
    units = 2 * hits + extra + missing
    return ReceiptTally(
        cases=1,
        exact_cases=int(all_exact),
        visits=len(true),
        exact_receipts=exact,
        produced=len(final),
        reviewed=sum(m.needs_review for m in final),
        accepted=accepted,
        accepted_exact=accepted_exact,
        true_positives=hits,
        false_positives=extra,
        false_negatives=missing,
        goods_value=goods_value,
        missing_value=missing_value,
        extra_value=extra_value,
        f1_sum=2 * hits / units if units else 1.0,
    )


def receipt_latencies(true: Sequence[Receipt], made: Sequence[tuple[Stamp, Receipt]]) -> list[float]:
    """From each true exit to the arrival of the visit's first receipt [s]. made: (arrival, receipt)."""
    first: dict[str, tuple[Stamp, Receipt]] = {}
    for arrival, receipt in made:
        first.setdefault(receipt.visit_id, (arrival, receipt))
    candidates = list(first.values())
    matches = match_visits(true, [r for _, r in candidates])
    return [seconds_between(true[i].left, candidates[j][0]) for i, j in sorted(matches.items())]


BASKET_WAIT_S = 30.0
"""A basket that shows an action later than this after the hand has left is taken for missing [s]."""


def basket_latencies(
    actions: Sequence[TrueAction], baskets: Sequence[tuple[Stamp, Basket]], visit_of_person: Mapping[int, str]
) -> list[float]:
    """From the end of each true hand withdrawal to the arrival of the basket that shows what it did [s].

    A basket that shows it before the hand is out gives a negative time. visit_of_person: the produced visit of a true
    person where it is known; actions of others may show in any basket. An action that never shows is left out: it is
    counted by the receipts.
    """
    held: dict[str, Counter[str]] = {}
    changes: list[tuple[Stamp, str, str, int]] = []
    for arrival, basket in baskets:
        now = Counter({line.product_id: line.quantity for line in basket.lines})
        before = held.get(basket.visit_id, Counter())
        for product in sorted(set(now) | set(before)):
            if now[product] != before[product]:
                changes.append((arrival, basket.visit_id, product, now[product] - before[product]))
        held[basket.visit_id] = now
    latencies = []
    used: set[int] = set()
    for action in actions:
        sign = {TrueActionKind.TAKE: 1, TrueActionKind.PUT_BACK: -1}.get(action.kind)
        if sign is None:
            continue
        visit = visit_of_person.get(action.person_id)
        until = action.reach_end + int(BASKET_WAIT_S * SECOND)
        for i, (arrival, visit_id, product, delta) in enumerate(changes):
            fits = product == action.product_id and delta * sign > 0 and visit in (None, visit_id)
            if i not in used and fits and action.reach_begin <= arrival <= until:
                used.add(i)
                latencies.append(seconds_between(action.reach_end, arrival))
                break
    return latencies
