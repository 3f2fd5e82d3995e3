# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Which head belongs to which person: one assignment for all, and how sure it is.

The assignment has the least total cost; a cost is a squared Mahalanobis distance in place and height, so half the
difference between two assignments is the logarithm of their likelihood ratio. Where swapping two people would have
cost little more, their identities mix by the probability of the swap, as in identity management (Shin, Lee, Guibas and
Zhao, 2003); but instead of a doubly stochastic matrix the permutations themselves are kept, so that what is seen of
one of them later tells about the others too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from .camera import Doubles

_Group = tuple[dict[tuple[int, ...], float], tuple[int, ...]]
"""Hypotheses (who the tracks are, in their order: probability) and the tracks."""


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
    """Which person every track is now, named by the track that was theirs at its start: as hypotheses.

    A hypothesis says of the tracks of one group who each of them is, no two the same person. Tracks that were never
    mixed are in groups of their own.
    """

    def __init__(self, least: float = 0.01) -> None:
        self._least = least
        self._groups: dict[int, _Group] = {}

    def add(self, track_id: int) -> None:
        """A new track, surely itself."""
        self._groups[track_id] = {(track_id,): 1.0}, (track_id,)

    def remove(self, track_id: int) -> None:
        """The track has ended. Whoever may be this person keeps the possibility."""
        hypotheses, tracks = self._groups.pop(track_id)
        n = tracks.index(track_id)
        left: dict[tuple[int, ...], float] = {}
        for who, p in hypotheses.items():
            key = who[:n] + who[n + 1 :]
            left[key] = left.get(key, 0.0) + p
        self._set(left, tracks[:n] + tracks[n + 1 :])

    def mix(self, a: int, b: int, swap: float) -> None:
        """Tracks a and b were swapped with this probability."""
        hypotheses, tracks = self._joined(a, b)
        i, j = tracks.index(a), tracks.index(b)
        mixed_: dict[tuple[int, ...], float] = {}
        for who, p in hypotheses.items():
            other = list(who)
            other[i], other[j] = other[j], other[i]
            for key, q in ((who, p * (1.0 - swap)), (tuple(other), p * swap)):
                mixed_[key] = mixed_.get(key, 0.0) + q
        self._set(mixed_, tracks)

    def weigh(self, track_id: int, likelihood: Callable[[int], float]) -> None:
        """Take in what tells the people apart: `likelihood` of what was seen of the track if it is this person."""
        hypotheses, tracks = self._groups[track_id]
        n = tracks.index(track_id)
        of = {name: likelihood(name) for name in sorted({who[n] for who in hypotheses})}
        self._set({who: p * of[who[n]] for who, p in hypotheses.items()}, tracks)

    def is_open(self, track_id: int) -> bool:
        """Whether the track may be more than one person."""
        return len(self._groups[track_id][0]) > 1

    def confidence(self, track_id: int) -> float:
        """Probability that the track still is who it was."""
        return self._row(track_id).get(track_id, 0.0)

    def alternatives(self, track_id: int) -> tuple[int, ...]:
        """Who else the track may be, likeliest first."""
        others = [(p, n) for n, p in self._row(track_id).items() if n != track_id]
        return tuple(n for _, n in sorted(others, key=lambda o: (-o[0], o[1])))

    def names(self) -> set[int]:
        """Everybody who some track may be."""
        return {name for hypotheses, _ in self._groups.values() for who in hypotheses for name in who}

    def swapped(self) -> dict[int, int]:
        """The tracks that surely are others than themselves, and who; all of these people have tracks."""
        sure = {t: next(iter(h))[tracks.index(t)] for t, (h, tracks) in sorted(self._groups.items()) if len(h) == 1}
        wrong = {t: who for t, who in sure.items() if t != who}
        # Who went out under another's name takes it along.
        while open_ := [t for t, who in wrong.items() if who not in wrong]:
            for t in open_:
                del wrong[t]
        return wrong

    def name(self, track_id: int) -> None:
        """The track has got the name of the person that it is."""
        self.add(track_id)

    def _row(self, track_id: int) -> dict[int, float]:
        hypotheses, tracks = self._groups[track_id]
        n = tracks.index(track_id)
        row: dict[int, float] = {}
        for who, p in hypotheses.items():
            row[who[n]] = row.get(who[n], 0.0) + p
        return row

    def _joined(self, a: int, b: int) -> _Group:
        if self._groups[a] is self._groups[b]:
            return self._groups[a]
        (one, tracks), (other, more) = self._groups[a], self._groups[b]
        return {h + g: p * q for h, p in one.items() for g, q in other.items()}, tracks + more

    def _set(self, hypotheses: dict[tuple[int, ...], float], tracks: tuple[int, ...]) -> None:
        """Believe these hypotheses of these tracks, without the improbable ones; who is sure in all is told alone."""
        total = math.fsum(hypotheses.values())
        likely = {who: p for who, p in hypotheses.items() if p >= self._least * total}
        total = math.fsum(likely.values())
        first = next(iter(likely))
        same = [n for n in range(len(tracks)) if all(who[n] == first[n] for who in likely)]
        for n in same:
            self._groups[tracks[n]] = {(first[n],): 1.0}, (tracks[n],)
        rest = [n for n in range(len(tracks)) if n not in same]
        group = {tuple(who[n] for n in rest): p / total for who, p in likely.items()}, tuple(tracks[n] for n in rest)
        for n in rest:
            self._groups[tracks[n]] = group


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
