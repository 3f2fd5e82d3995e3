# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Scores tracks, zone crossings and hand reaches against the ground truth of a bag.

HOTA, IDF1, MOTA and identity switches are trackeval's, with the similarity 1 - d / 1 m of two places on the floor and
the gate d <= 0.5 m. Truth is interpolated to the stamps of the tracks. In the doorway itself, where a body is half
inside, a person who is not tracked (or a track that follows nobody) counts neither way: only matched pairs count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from trackeval.metrics import CLEAR, HOTA, Identity

from yokotago_model.events import (
    SECOND,
    HandReach,
    Stamp,
    TrackFrame,
    TrackState,
    TrueReach,
    ZoneCrossing,
    seconds_between,
)
from yokotago_model.store import Shelf, Store, ZoneKind, polygon_contains, polygon_distance

GATE_M = 0.5
"""A track farther from a person than this does not follow them [m]."""

DOORWAY_M = 0.35
"""Width of the strip along the floor's edge in a door zone where only matched pairs count [m]."""

TRUTH_GAP_S = 0.3
"""Truth is interpolated over gaps up to this long [s]."""

CROSSING_SLACK_S = 1.5
"""How far a crossing may lie from the true one [s]."""

REACH_SLACK_S = 0.5
"""By how much a reach is widened at both ends before its overlap with the true one is judged [s]."""

Xy = tuple[float, float]


@dataclass(frozen=True)
class MatchedFrame:
    """Who was where at one moment. pairs: (person, track, distance [m]) within the gate."""

    stamp: Stamp
    people: dict[int, Xy]
    tracks: dict[int, Xy]
    pairs: tuple[tuple[int, int, float], ...]


class _Truth:
    """Where each person truly was, at any moment."""

    def __init__(self, frames: Sequence[TrackFrame]) -> None:
        rows: dict[int, list[tuple[int, float, float]]] = {}
        for frame in frames:
            for track in frame.tracks:
                rows.setdefault(track.track_id, []).append((frame.stamp, track.position[0], track.position[1]))
        self.people = {p: (np.array([r[0] for r in rs]), np.array([r[1:] for r in rs])) for p, rs in rows.items()}

    def at(self, stamp: Stamp) -> dict[int, Xy]:
        """Everybody's place at `stamp`."""
        places = {}
        for person, (stamps, xy) in self.people.items():
            after = int(np.searchsorted(stamps, stamp))
            if after < len(stamps) and stamps[after] == stamp:
                places[person] = (float(xy[after, 0]), float(xy[after, 1]))
                continue
            if after == 0 or after == len(stamps):
                continue
            gap = int(stamps[after] - stamps[after - 1])
            if gap > TRUTH_GAP_S * SECOND:
                continue
            part = (stamp - int(stamps[after - 1])) / gap
            x, y = xy[after - 1] + part * (xy[after] - xy[after - 1])
            places[person] = (float(x), float(y))
        return places


def _distances(people: dict[int, Xy], tracks: dict[int, Xy]) -> npt.NDArray[np.float64]:
    a = np.array(list(people.values()), dtype=np.float64).reshape(-1, 1, 2)
    b = np.array(list(tracks.values()), dtype=np.float64).reshape(1, -1, 2)
    distances: npt.NDArray[np.float64] = np.linalg.norm(a - b, axis=2)
    return distances


def _in_doorway(store: Store, place: Xy) -> bool:
    if polygon_distance(store.floor, *place) < -DOORWAY_M:
        return False
    return any(z.distance(*place) < DOORWAY_M for z in store.zones if z.kind is not ZoneKind.STAFF)


def match_frames(
    store: Store, truth: Sequence[TrackFrame], frames: Sequence[TrackFrame], *, everywhere: bool = False
) -> list[MatchedFrame]:
    """Tracks and people of every frame within the truth's span, and which belong together (least total distance).

    Only people on the store's floor count, and tracks that are believed (not tentative); everywhere: also outside.
    """
    if not truth:
        return []
    places = _Truth(truth)
    first, last = truth[0].stamp, truth[-1].stamp
    matched = []
    for frame in frames:
        if not first <= frame.stamp <= last:
            continue
        people = {p: xy for p, xy in places.at(frame.stamp).items() if everywhere or polygon_contains(store.floor, *xy)}
        tracks = {
            t.track_id: (t.position[0], t.position[1]) for t in frame.tracks if t.state is not TrackState.TENTATIVE
        }
        distances = _distances(people, tracks)
        rows, columns = linear_sum_assignment(np.minimum(distances, 2.0 * GATE_M))
        person_ids, track_ids = list(people), list(tracks)
        pairs = tuple(
            (person_ids[r], track_ids[c], float(distances[r, c]))
            for r, c in zip(rows, columns, strict=True)
            if distances[r, c] <= GATE_M
        )
        with_track, with_person = {p for p, _, _ in pairs}, {t for _, t, _ in pairs}
        people = {p: xy for p, xy in people.items() if p in with_track or not _in_doorway(store, xy)}
        tracks = {
            t: xy
            for t, xy in tracks.items()
            if t in with_person or not (_in_doorway(store, xy) or not polygon_contains(store.floor, *xy))
        }
        matched.append(MatchedFrame(frame.stamp, people, tracks, pairs))
    return matched


def person_of_track(matched: Sequence[MatchedFrame], track_id: int, begin: Stamp, end: Stamp) -> int | None:
    """Whom a track followed most of the time between two moments, half a second more on either side."""
    slack = SECOND // 2
    votes = Counter(
        person
        for frame in matched
        if begin - slack <= frame.stamp <= end + slack
        for person, track, _ in frame.pairs
        if track == track_id
    )
    return max(votes, key=lambda p: (votes[p], -p)) if votes else None


@dataclass(frozen=True)
class TrackingTally:
    """What trackeval and the counts say of one or more cases. Tallies add up."""

    sequences: tuple[dict[str, dict[str, Any]], ...] = ()
    squared_error: float = 0.0
    matched: int = 0
    lost_visits: int = 0
    crossings: tuple[int, int, int] = (0, 0, 0)
    reaches: tuple[int, int, int] = (0, 0, 0)
    facings: tuple[int, int] = (0, 0)
    reach_errors: tuple[float, ...] = field(default=(), repr=False)

    def __add__(self, other: TrackingTally) -> TrackingTally:
        def add(a: tuple[int, ...], b: tuple[int, ...]) -> Any:
            return tuple(x + y for x, y in zip(a, b, strict=True))

        return TrackingTally(
            self.sequences + other.sequences,
            self.squared_error + other.squared_error,
            self.matched + other.matched,
            self.lost_visits + other.lost_visits,
            add(self.crossings, other.crossings),
            add(self.reaches, other.reaches),
            add(self.facings, other.facings),
            self.reach_errors + other.reach_errors,
        )

    @property
    def figures(self) -> dict[str, float | int | None]:
        """The tracking figures by their public keys; None where there was nothing to judge."""
        if not self.sequences:
            return dict.fromkeys(TRACKING_KEYS)
        combined = {
            name: metric.combine_sequences({str(i): s[name] for i, s in enumerate(self.sequences)})
            for name, metric in _METRICS.items()
        }

        def ratio(part: int, whole: int) -> float | None:
            return part / whole if whole else None

        rmse = float(np.sqrt(self.squared_error / self.matched)) if self.matched else None
        return {
            "hota": float(np.mean(combined["hota"]["HOTA"])),
            "idf1": float(combined["identity"]["IDF1"]),
            "mota": float(combined["clear"]["MOTA"]),
            "id_switches": int(combined["clear"]["IDSW"]),
            "lost_visits": self.lost_visits,
            "head_rmse_m": rmse,
            "crossing_precision": ratio(self.crossings[0], self.crossings[0] + self.crossings[1]),
            "crossing_recall": ratio(self.crossings[0], self.crossings[0] + self.crossings[2]),
            "reach_precision": ratio(self.reaches[0], self.reaches[0] + self.reaches[1]),
            "reach_recall": ratio(self.reaches[0], self.reaches[0] + self.reaches[2]),
            "reach_facing_accuracy": ratio(*self.facings),
            "reach_position_error_m": float(np.median(self.reach_errors)) if self.reach_errors else None,
        }


FOLLOWING_KEYS = ("hota", "idf1", "mota", "id_switches", "lost_visits", "head_rmse_m")
TRACKING_KEYS = (
    *FOLLOWING_KEYS,
    "crossing_precision",
    "crossing_recall",
    "reach_precision",
    "reach_recall",
    "reach_facing_accuracy",
    "reach_position_error_m",
)

_METRICS = {
    "hota": HOTA(),
    "clear": CLEAR({"THRESHOLD": 1.0 - GATE_M, "PRINT_CONFIG": False}),
    "identity": Identity({"THRESHOLD": 1.0 - GATE_M, "PRINT_CONFIG": False}),
}


def _sequence(matched: Sequence[MatchedFrame]) -> dict[str, dict[str, Any]]:
    people: dict[int, int] = {}
    tracks: dict[int, int] = {}
    for frame in matched:
        for p in frame.people:
            people.setdefault(p, len(people))
        for t in frame.tracks:
            tracks.setdefault(t, len(tracks))
    data = {
        "num_timesteps": len(matched),
        "num_gt_ids": len(people),
        "num_tracker_ids": len(tracks),
        "num_gt_dets": sum(len(f.people) for f in matched),
        "num_tracker_dets": sum(len(f.tracks) for f in matched),
        "gt_ids": [np.array([people[p] for p in f.people], dtype=int) for f in matched],
        "tracker_ids": [np.array([tracks[t] for t in f.tracks], dtype=int) for f in matched],
        "similarity_scores": [np.maximum(0.0, 1.0 - _distances(f.people, f.tracks)) for f in matched],
    }
    return {name: metric.eval_sequence(data) for name, metric in _METRICS.items()}


def _lost_visits(store: Store, matched: Sequence[MatchedFrame]) -> int:
    """People whose way through the interior, from the entrance zone to an exit, is not under one track."""
    ways: dict[int, list[int | None]] = {}
    doors = [z for z in store.zones if z.kind is not ZoneKind.STAFF]
    for frame in matched:
        follows = {p: t for p, t, _ in frame.pairs}
        for person, place in frame.people.items():
            if not any(z.contains(*place) for z in doors):
                ways.setdefault(person, []).append(follows.get(person))
    return sum(way[0] is None or way[-1] is None or len({t for t in way if t is not None}) > 1 for way in ways.values())


def _best_pairs(gain: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs with positive gain: as many as possible, then the greatest total."""
    if gain.size == 0:
        return []
    possible = gain > 0.0
    bonus = np.where(possible, gain + 1.0 + 2.0 * gain.max(initial=0.0), 0.0)
    rows, columns = linear_sum_assignment(bonus, maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if possible[r, c]]


def _score_crossings(
    matched: Sequence[MatchedFrame], true: Sequence[ZoneCrossing], made: Sequence[ZoneCrossing]
) -> tuple[int, int, int]:
    people = [person_of_track(matched, c.track_id, c.stamp, c.stamp) for c in made]
    gain = np.zeros((len(true), len(made)))
    for i, t in enumerate(true):
        for j, m in enumerate(made):
            if people[j] == t.track_id and (t.zone_id, t.kind) == (m.zone_id, m.kind):
                gain[i, j] = CROSSING_SLACK_S - abs(seconds_between(t.stamp, m.stamp))
    hits = len(_best_pairs(np.maximum(gain, 0.0)))
    return hits, len(made) - hits, len(true) - hits


def _in_column(store: Store, shelf: Shelf, facing_id: str, x: float) -> bool:
    """Whether the facing is (one of) the nearest to x [m] along the shelf's width."""

    def away(f_x: float, width: float) -> float:
        return max(f_x - x, x - f_x - width, 0.0)

    facing = store.facing[facing_id]
    nearest = min(away(f.x, f.width) for f in store.facings if f.shelf_id == shelf.shelf_id)
    return away(facing.x, facing.width) <= nearest + 1e-9


def _score_reaches(
    store: Store, matched: Sequence[MatchedFrame], true: Sequence[TrueReach], made: Sequence[HandReach]
) -> tuple[tuple[int, int, int], tuple[int, int], tuple[float, ...]]:
    whole = [m for m in made if m.complete]
    people = [person_of_track(matched, m.track_id, m.begin, m.end) for m in whole]
    slack = int(REACH_SLACK_S * SECOND)
    gain = np.zeros((len(true), len(whole)))
    for i, t in enumerate(true):
        for j, m in enumerate(whole):
            if people[j] == t.person_id and t.shelf_id == m.shelf_id:
                gain[i, j] = max(0, min(t.end, m.end) - max(t.begin, m.begin) + 2 * slack) / SECOND
    pairs = _best_pairs(gain)
    right = judged = 0
    errors = []
    for i, j in pairs:
        shelf = store.shelf[true[i].shelf_id]
        if not whole[j].samples:
            continue
        deepest = max((s.position for s in whole[j].samples), key=lambda p: shelf.to_shelf(p)[1])
        errors.append(float(np.linalg.norm(np.subtract(deepest, true[i].position))))
        if true[i].facing_id:
            judged += 1
            right += _in_column(store, shelf, true[i].facing_id, shelf.to_shelf(deepest)[0])
    return (len(pairs), len(whole) - len(pairs), len(true) - len(pairs)), (right, judged), tuple(errors)


def tally_tracking(
    store: Store,
    matched: Sequence[MatchedFrame],
    true_crossings: Sequence[ZoneCrossing],
    crossings: Sequence[ZoneCrossing],
    true_reaches: Sequence[TrueReach],
    reaches: Sequence[HandReach],
) -> TrackingTally:
    """The counts of one case."""
    distances = np.array([d for f in matched for _, _, d in f.pairs])
    reach_counts, facings, errors = _score_reaches(store, matched, true_reaches, reaches)
    return TrackingTally(
        sequences=(_sequence(matched),),
        squared_error=float((distances**2).sum()),
        matched=len(distances),
        lost_visits=_lost_visits(store, matched),
        crossings=_score_crossings(matched, true_crossings, crossings),
        reaches=reach_counts,
        facings=facings,
        reach_errors=errors,
    )
