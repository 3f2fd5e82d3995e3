# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Which head belongs to which person: one assignment for all, and how sure it is.

The assignment has the least total cost; a cost is a squared Mahalanobis distance in place and height, so half the
difference between two assignments is the logarithm of their likelihood ratio. Where swapping two people would have
cost little more, their identities mix by the probability of the swap. Mixing is that of identity management (Shin,
Lee, Guibas and Zhao, 2003): a doubly stochastic matrix says which track may be whom, and a swap with probability s
mixes two rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from .camera import Doubles


def assign(costs: Doubles, most: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of the cheapest assignment; a pair may cost at most `most`, leaving both alone costs as much.

    costs: (rows, columns), inf where a pair is impossible.
    """
    if costs.size == 0:
        return []
    bounded = np.where(costs <= most, costs - most, 0.0)
    rows, columns = linear_sum_assignment(bounded)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if bounded[r, c] < 0.0]


def swap_probability(straight: float, swapped: float) -> float:
    """Probability that two pairs belong the other way round, from the costs of both ways."""
    if not math.isfinite(swapped):
        return 0.0
    return 1.0 / (1.0 + math.exp(min(0.5 * (swapped - straight), 700.0)))


class Identities:
    """Probability of every track to be the person that another track was at its start."""

    def __init__(self, least: float = 0.01) -> None:
        self._least = least
        self._rows: dict[int, dict[int, float]] = {}

    def add(self, track_id: int, likely: dict[int, float] | None = None) -> None:
        """A new track, surely itself, or so likely each of the given ones."""
        self._rows[track_id] = likely or {track_id: 1.0}

    def remove(self, track_id: int) -> None:
        """The track has ended. Whoever may be this person keeps the possibility."""
        del self._rows[track_id]

    def mix(self, a: int, b: int, swap: float) -> None:
        """Tracks a and b were swapped with this probability."""
        row_a, row_b = self._rows[a], self._rows[b]
        names = sorted(row_a.keys() | row_b.keys())
        pairs = {n: (row_a.get(n, 0.0), row_b.get(n, 0.0)) for n in names}
        self._rows[a] = self._kept({n: (1.0 - swap) * p + swap * q for n, (p, q) in pairs.items()})
        self._rows[b] = self._kept({n: (1.0 - swap) * q + swap * p for n, (p, q) in pairs.items()})

    def confidence(self, track_id: int) -> float:
        """Probability that the track still is who it was."""
        return self._rows[track_id].get(track_id, 0.0)

    def alternatives(self, track_id: int) -> tuple[int, ...]:
        """Who else the track may be, likeliest first."""
        others = [(p, n) for n, p in self._rows[track_id].items() if n != track_id]
        return tuple(n for _, n in sorted(others, key=lambda o: (-o[0], o[1])))

    def _kept(self, row: dict[int, float]) -> dict[int, float]:
        kept = {n: p for n, p in row.items() if p >= self._least}
        total = sum(kept.values())
        return {n: p / total for n, p in kept.items()}


def mixed(
    tracks: Sequence[int], costs: Doubles, pairs: Sequence[tuple[int, int]], least: float
) -> list[tuple[int, int, float]]:
    """Pairs of tracks that may have been swapped in an assignment, with the probability of it, if at least `least`.

    costs: (tracks, heads); pairs: the assignment (row, column).
    """
    found = []
    for k, (i, a) in enumerate(pairs):
        for j, b in pairs[k + 1 :]:
            swap = swap_probability(float(costs[i, a] + costs[j, b]), float(costs[i, b] + costs[j, a]))
            if swap >= least:
                found.append((tracks[i], tracks[j], swap))
    return found
