# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Who is who: which tracks may have been swapped where people could not be told apart, until their heights tell.

Where swapping two people would have cost little more, their identities mix by the probability of the swap, as in
identity management (Shin, Lee, Guibas and Zhao, 2003); but instead of a doubly stochastic matrix the permutations
themselves are kept, so that what is seen of one of them later tells about the others too. How tall somebody is who
walks is known to a centimetre or two: everybody is measured while nobody doubts who they are, and again when it is
open.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from yokotago_model.events import SECOND, Stamp

_Group = tuple[dict[tuple[int, ...], float], tuple[int, ...]]
"""Hypotheses (who the tracks are, in their order: probability) and the tracks."""


class Identities:
    """Which person every track is now, named by the track that was theirs at its start: as hypotheses.

    A hypothesis says of the tracks of one group who each of them is, no two the same person. Tracks that were never
    mixed are in groups of their own.
    """

    def __init__(self, least: float = 0.01, told_least: float = 0.05) -> None:
        self._least = least
        self._told_least = told_least
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
        """Take in what tells the people apart: `likelihood` of what was seen of the track if it is this person.

        What is improbable by then is not kept, though as much would be where nothing has told yet.
        """
        hypotheses, tracks = self._groups[track_id]
        n = tracks.index(track_id)
        of = {name: likelihood(name) for name in sorted({who[n] for who in hypotheses})}
        self._set({who: p * of[who[n]] for who, p in hypotheses.items()}, tracks, self._told_least)

    def person(self, track_id: int) -> int | None:
        """Who the track surely is, None where it may be more than one person."""
        row = self._row(track_id)
        return next(iter(row)) if len(row) == 1 else None

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

    def _set(
        self, hypotheses: dict[tuple[int, ...], float], tracks: tuple[int, ...], least: float | None = None
    ) -> None:
        """Believe these hypotheses of these tracks, without the improbable ones; who is sure in all is told alone."""
        least = self._least if least is None else least
        # Beside the likeliest, for of many that are alike each is improbable.
        highest = max(hypotheses.values())
        likely = {who: p for who, p in hypotheses.items() if p >= least * highest}
        total = math.fsum(likely.values())
        first = next(iter(likely))
        same = [n for n in range(len(tracks)) if all(who[n] == first[n] for who in likely)]
        for n in same:
            self._groups[tracks[n]] = {(first[n],): 1.0}, (tracks[n],)
        rest = [n for n in range(len(tracks)) if n not in same]
        group = {tuple(who[n] for n in rest): p / total for who, p in likely.items()}, tuple(tracks[n] for n in rest)
        for n in rest:
            self._groups[tracks[n]] = group


@dataclass(frozen=True)
class RecognitionParams:
    """Parameters of Recognition.

    swap_least: smallest probability, beside the likeliest case, of a swap that is kept; told_least: of one that is kept
    once heights have told (lower, and two that they told apart at 33 to 1 would keep each other's names); meet_s: who
    meets again within this time has not parted; walk_s: how long somebody must walk until their height is known,
    upright_stddev_m: of it.
    """

    swap_least: float = 0.01
    told_least: float = 0.05
    meet_s: float = 0.5
    walk_s: float = 0.6
    upright_stddev_m: float = 0.015

    def __post_init__(self) -> None:
        for name in ("walk_s", "upright_stddev_m"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"RecognitionParams.{name} is {getattr(self, name)}: it must be positive")


@dataclass
class _Upright:
    """How tall somebody is who walks: the mean of so many seconds [m]."""

    mean_m: float = 0.0
    seconds: float = 0.0

    def add(self, z: float, seconds: float) -> None:
        self.seconds += seconds
        self.mean_m += (z - self.mean_m) * seconds / self.seconds


class Recognition:
    """The identities of all tracks: opened where two meet, closed by how tall they are who walk."""

    def __init__(self, params: RecognitionParams) -> None:
        self._params = params
        self.identities = Identities(params.swap_least, params.told_least)
        self._known: dict[int, _Upright] = {}
        self._walked: dict[int, _Upright] = {}
        self._met: dict[tuple[int, int], tuple[Stamp, float]] = {}

    def remove(self, track_id: int) -> None:
        """The track has ended."""
        self.identities.remove(track_id)
        self._walked.pop(track_id, None)
        named = self.identities.names()
        self._known = {name: tall for name, tall in self._known.items() if name in named}
        self._met = {pair: at for pair, at in self._met.items() if track_id not in pair}

    def mix(self, a: int, b: int, swap: float) -> None:
        """Tracks a and b were swapped with this probability; what was measured of them before tells nothing of it."""
        if swap > 0.0:
            self.identities.mix(a, b, swap)
        self._walked.pop(a, None)
        self._walked.pop(b, None)

    def meet(self, a: int, b: int, swap: float, stamp: Stamp) -> None:
        """Two share what is seen: with so much probability they part the other way round, however long it takes."""
        pair = (min(a, b), max(a, b))
        met, before = self._met.get(pair, (0, 0.0))
        if stamp - met > self._params.meet_s * SECOND:
            before = 0.0
        # Mixed by `before` already: what is missing to `swap`.
        self.mix(*pair, max(0.0, swap - before) / (1.0 - 2.0 * before))
        self._met[pair] = stamp, max(swap, before)

    def walks(self, track_id: int, z: float, seconds: float) -> None:
        """Somebody walks, upright and touching nobody, for so long with the head at z [m]: where it is open who they
        are, it tells.
        """
        person = self.identities.person(track_id)
        if person is not None:
            self._known.setdefault(person, _Upright()).add(z, seconds)
            return
        walked = self._walked.setdefault(track_id, _Upright())
        before = walked.seconds
        walked.add(z, seconds)
        if before < self._params.walk_s <= walked.seconds:
            self.identities.weigh(track_id, lambda name: self._fits(name, walked.mean_m))

    def height(self, name: int) -> float | None:
        """How tall the person of this name is who was seen to walk [m]; None where that is not known."""
        known = self._known.get(name)
        return None if known is None or known.seconds < self._params.walk_s else known.mean_m

    def _fits(self, name: int, height: float) -> float:
        """Likelihood of a walker's height [1/m] if it is this person."""
        known = self.height(name)
        if known is None:
            return 1.0
        stddev = math.sqrt(2.0) * self._params.upright_stddev_m
        z = (height - known) / stddev
        # One in fifty is measured wrongly, anywhere within half a metre.
        return 0.98 * math.exp(-0.5 * z * z) / (stddev * math.sqrt(2.0 * math.pi)) + 0.02 / 0.5

    def rename(self) -> dict[int, tuple[int, float | None]]:
        """Give the tracks that surely were swapped back their names: by the old name the new one, and how tall that
        person is, if known [m].
        """
        swapped = self.identities.swapped()
        for name in swapped:
            self.identities.name(name)
            self._walked.pop(name, None)
        return {old: (new, self._known[new].mean_m if new in self._known else None) for old, new in swapped.items()}
