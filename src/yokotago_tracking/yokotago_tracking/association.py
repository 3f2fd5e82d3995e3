# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Which head belongs to which person: one assignment for all, and how sure it is.

The assignment has the least total cost; a cost is a squared Mahalanobis distance in place and height, so half the
difference between two assignments is the logarithm of their likelihood ratio.
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
