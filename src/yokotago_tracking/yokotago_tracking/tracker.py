# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Follows everybody through the store: foreground of all sensors in, one frame of tracks per tick out.

The hard problem is never to lose and never to swap a person. The number of people inside changes only at the doors,
so tracks begin and end only there; in the interior a track that is not seen is parked and waits, and what is seen
without a track is part of somebody. Where two people cannot be told apart for a moment, both keep moving on what they
did before, and from then on it is open which is which, by the probability that they part the other way round, which is
published. How tall somebody is who walks is known to a centimetre or two: that tells who was who when they walk again,
and tracks that were swapped get their names back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from yokotago_model.events import SECOND, ForegroundCloud, Stamp, Track, TrackFrame, TrackState
from yokotago_model.store import Store, ZoneKind, polygon_distance, polygon_distances

from .association import assign, mixed, swap_probability
from .camera import Doubles, Floats
from .hands import Body, HandFinder, HandParams
from .height_map import Grid, HeightMap, Ints
from .identities import Recognition, RecognitionParams
from .motion import Motion
from .people import Head, HeadParams, heads, middle, two_heads
from .synchroniser import Synchroniser, SynchroniserParams, Tick


@dataclass(frozen=True)
class TrackerParams:
    """Parameters of Tracker.

    rate_hz: of the ticks, 0: that of the fastest sensor; first_track_id: of the first track; cell_m: of the height
    map; acceleration_mps2: standard deviation of a walker's; seen_stddev_m: of a head's place, part_stddev_m: of a
    place taken from a part of the body, merged_stddev_m: of a place shared by two people; height_stddev_m: of a
    head's height from look to look; gate_m: how far a head may be from where it is expected; lost_s: who is not
    seen for longer is lost; lost_speed_mps: how fast somebody may move who is not seen, lost_gate_m: how far at
    most; cost_most: largest cost of a pair; taller_m: no head is higher than its person's height by more, known
    after known_looks; lower_share: the head of a person who was lost is at least at this share of the height;
    shoulder_share: what is seen lower beside somebody than this share of their height may be their shoulder or arm;
    weak_gate_m, weak_step_m: how far and how much higher or lower a peak may be that is no head beyond doubt;
    part_gate_m: how far a head without a peak may be from where it is expected; shared_least: a head is shared
    where it is somebody else's with at least this probability; swap_beside, swap_shared, swap_both: probability
    that two part the other way round when one is hidden beside the other's head, when they share one, when two
    heads are seen in one peak; bodies_m, beside_m: who is hidden by somebody is neither nearer to their head nor
    farther from it; upright_mps: who walks faster is upright; apart_m: people whose heads are nearer share what is
    seen; coast_s: how long an unseen person keeps moving; walk_mps: who walks faster and is hidden by somebody
    keeps moving; door_m: how far around a door zone people come and go; start_s: so long after the first tick
    people who are inside already begin tracks anywhere; confirm_looks, confirm_move_m: a new track is believed
    after so many looks and so much way (half the way after twice as many looks at a head beyond doubt),
    inside_confirm_s, inside_confirm_m: after this long and this way where no door is; forget_looks: a new track
    that is missed so often is dropped; certain_looks: so many in a row at a head beyond doubt, beside nobody and as
    high as its person is tall, are of that person for certain; end_s: how long a person must not be seen at a door
    to have left, end_inside_s: the same farther than border_m from the floor's border; beyond_m: outside the floor by
    more, at once; threshold_m: nearer to the floor's border than this is on the threshold; out_mps: who walks toward
    the border faster walks out; lean_m: how far over a shelf's front a head may be that is followed, aside_m: how far
    from a shelf one must be that appears; wall_m: nothing so near to the floor's border counts except in doors;
    head_share: least area of a new person's head as a share of height
    squared; clear_share, clear_prominence_m, clear_height: area, prominence and share of a neighbour's height that
    make a head beyond doubt; new_apart_m: another new person's head that is nearer to another one must be a whole
    head of its own, inside_apart_m: where no door is, people who are nearer to somebody are part of them; climb:
    cost of height on the way over a body; arm_share: longest way from the head over the body, as a share of the
    height.
    """

    rate_hz: float = 0.0
    first_track_id: int = 1
    cell_m: float = 0.04
    acceleration_mps2: float = 2.5
    seen_stddev_m: float = 0.03
    part_stddev_m: float = 0.1
    merged_stddev_m: float = 0.2
    height_stddev_m: float = 0.07
    gate_m: float = 0.4
    lost_s: float = 0.5
    lost_speed_mps: float = 1.5
    lost_gate_m: float = 2.0
    cost_most: float = 30.0
    taller_m: float = 0.15
    known_looks: int = 15
    lower_share: float = 0.6
    shoulder_share: float = 0.87
    weak_gate_m: float = 0.2
    part_gate_m: float = 0.12
    weak_step_m: float = 0.2
    shared_least: float = 0.1
    swap_beside: float = 0.02
    swap_shared: float = 0.3
    swap_both: float = 0.02
    bodies_m: float = 0.2
    beside_m: float = 0.3
    upright_mps: float = 0.4
    apart_m: float = 0.35
    coast_s: float = 1.0
    walk_mps: float = 0.6
    door_m: float = 0.3
    start_s: float = 3.0
    confirm_looks: int = 4
    confirm_move_m: float = 0.2
    inside_confirm_s: float = 4.0
    inside_confirm_m: float = 1.0
    forget_looks: int = 4
    certain_looks: int = 8
    end_s: float = 0.4
    border_m: float = 0.3
    end_inside_s: float = 3.0
    beyond_m: float = 0.15
    threshold_m: float = 0.15
    out_mps: float = 0.2
    lean_m: float = 0.05
    aside_m: float = 0.08
    wall_m: float = 0.05
    head_share: float = 0.004
    clear_share: float = 0.008
    clear_prominence_m: float = 0.13
    clear_height: float = 0.75
    new_apart_m: float = 0.5
    inside_apart_m: float = 0.7
    climb: float = 0.3
    arm_share: float = 0.75
    head: HeadParams = field(default_factory=HeadParams)
    hand: HandParams = field(default_factory=HandParams)
    recognition: RecognitionParams = field(default_factory=RecognitionParams)
    synchroniser: SynchroniserParams = field(default_factory=SynchroniserParams)

    def __post_init__(self) -> None:
        for name in (
            "cell_m",
            "acceleration_mps2",
            "seen_stddev_m",
            "gate_m",
            "cost_most",
            "apart_m",
            "end_s",
            "height_stddev_m",
        ):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"TrackerParams.{name} is {getattr(self, name)}: it must be positive")
        if self.rate_hz < 0.0:
            raise ValueError(f"TrackerParams.rate_hz is {self.rate_hz}: it cannot be negative")
        if self.first_track_id < 1:
            raise ValueError(f"TrackerParams.first_track_id is {self.first_track_id}: at least 1")
        if self.confirm_looks < 1 or self.forget_looks < 1:
            raise ValueError("TrackerParams.confirm_looks and forget_looks must be at least 1")


@dataclass(eq=False)
class _Person:
    """What is known of one track."""

    track_id: int
    motion: Motion
    born: Stamp
    birthplace: tuple[float, float]
    seen: Stamp
    seen_at: tuple[float, float]
    sure: Stamp
    upright: Stamp
    upright_at: tuple[float, float]
    certain: Stamp
    certain_at: tuple[float, float]
    z: float
    height: float
    state: TrackState = TrackState.TENTATIVE
    looks: int = 1
    good_looks: int = 0
    clear_looks: int = 0
    alone_looks: int = 0
    missed: int = 0
    merged: bool = False
    own: bool = False
    hidden_with: _Person | None = None
    moved: float = 0.0
    tallest: float = 0.0


class Tracker:
    """Foreground clouds of all the store's sensors in, track frames out."""

    def __init__(self, store: Store, params: TrackerParams | None = None) -> None:
        self.store = store
        self.params = params = params or TrackerParams()
        rate = params.rate_hz or max((s.rate_hz for s in store.sensors), default=15.0)
        self.synchroniser = Synchroniser(tuple(s.sensor_id for s in store.sensors), 1.0 / rate, params.synchroniser)
        floor = np.array(store.floor)
        low, high = floor.min(axis=0) - 0.6, floor.max(axis=0) + 0.6
        grid = Grid.over((float(low[0]), float(low[1])), (float(high[0]), float(high[1])), params.cell_m)
        self._doors = [z for z in store.zones if z.kind is not ZoneKind.STAFF]
        # Walls move in the eyes of a noisy sensor; people are inside of them or in a door.
        x, y = grid.centres
        outside = polygon_distances(store.floor, x, y)
        door = np.min([np.full(len(x), np.inf), *(polygon_distances(z.polygon, x, y) for z in self._doors)], axis=0)
        counts = (outside <= -params.wall_m) | (door <= 0.02) | ((outside > params.wall_m) & (door <= 0.6))
        self.height_map = HeightMap(grid, counts)
        self._hands = HandFinder(store, params.hand)
        self._recognition = Recognition(params.recognition)
        self._people: list[_Person] = []
        self._next_id = params.first_track_id
        self._first: Stamp | None = None
        self._last: Stamp | None = None

    def feed(self, event: ForegroundCloud) -> list[TrackFrame]:
        """The frames of the ticks that this cloud completes."""
        return [self._frame(tick) for tick in self.synchroniser.feed(event)]

    def finish(self) -> list[TrackFrame]:
        """The frames that were waiting for more sensors when the recording ended."""
        return [self._frame(tick) for tick in self.synchroniser.finish()]

    def _frame(self, tick: Tick) -> TrackFrame:
        """One look: see, predict, assign, update, begin and end tracks, share the bodies out, find hands."""
        if self._first is None:
            self._first = tick.stamp
        dt = 0.0 if self._last is None else (tick.stamp - self._last) / SECOND
        self._last = tick.stamp
        clouds = [c.points for c in tick.clouds]
        self.height_map.set(np.concatenate(clouds) if clouds else np.empty((0, 3), np.float32))
        params = self.params
        self._rename()
        seen = [h for h in heads(self.height_map, params.head) if self._can_stand(h.x, h.y, h.z, params.lean_m)]
        self._predict(dt, tick.stamp)
        free = self._match(seen, tick.stamp)
        self._audit(dt)
        self._end(tick.stamp)
        self._begin(seen, free, tick.stamp)
        return TrackFrame(tick.stamp, self._tracks(tuple(c.sensor_id for c in tick.clouds)))

    def _predict(self, dt: float, stamp: Stamp) -> None:
        params = self.params
        if dt <= 0.0:
            return
        for person in self._people:
            unseen_s = (stamp - person.seen) / SECOND - dt
            walks = person.merged and person.motion.speed > params.walk_mps
            x, y = person.motion.x, person.motion.y
            if walks or (unseen_s <= params.coast_s and person.missed == 0 and not person.merged):
                person.motion.predict(dt, params.acceleration_mps2)
            else:
                person.motion.stand(dt, params.lost_speed_mps, 0.3)
            if not self._can_be(person.motion.x, person.motion.y):
                person.motion.x, person.motion.y = x, y
                person.motion.vx = person.motion.vy = 0.0

    # Who is where.

    def _match(self, seen: Sequence[Head], stamp: Stamp) -> set[int]:
        """Update everybody with what was seen; the numbers of the heads that are nobody's.

        Those who were seen a moment ago choose first. A peak that is no head beyond doubt (an arm, a shoulder) is
        only for the one who was just there: so whoever has none beyond doubt chooses next, among those that are left.
        The ones who are lost then wait where they were. The new ones come last, so that they never take a head from
        a person who is believed.
        """
        params = self.params
        believed = [i for i, p in enumerate(self._people) if p.state is not TrackState.TENTATIVE]
        new = [i for i, p in enumerate(self._people) if p.state is TrackState.TENTATIVE]
        followed = [i for i in believed if (stamp - self._people[i].seen) / SECOND <= params.lost_s]
        pairs = self._chosen(followed, range(len(seen)), self._costs(followed, seen, stamp))
        unsure = [i for i in believed if i not in pairs or self._is_doubtful(self._people[i], seen[pairs[i]])]
        sure = {i: seen[j] for i, j in pairs.items() if i not in unsure}
        free = [j for j, h in enumerate(seen) if j not in pairs.values()]
        strong = [j for j in free if self._is_strong(seen[j]) and self._is_own(seen[j], sure)]
        pairs |= self._chosen(unsure, strong, self._unsure_costs(unsure, [seen[j] for j in strong], sure, stamp))
        lost = [i for i in believed if i not in pairs]
        free = [j for j, h in enumerate(seen) if j not in pairs.values()]
        pairs |= self._chosen(lost, free, self._costs(lost, [seen[j] for j in free], stamp))
        matched = {i: seen[j] for i, j in pairs.items()}
        free = [j for j, h in enumerate(seen) if j not in pairs.values() and self._is_own(h, matched)]
        pairs |= self._chosen(new, free, self._costs(new, [seen[j] for j in free], stamp))
        matched = {i: seen[j] for i, j in pairs.items()}
        hidden = self._sharing(matched)
        shared = self._shared(hidden, matched, stamp)
        shouldered: dict[int, int] = {}
        for i, k in sorted(hidden.items()):
            both = self._both(i, k)
            swap = params.swap_both if both else params.swap_shared if k in shared else params.swap_beside
            self._recognition.meet(self._people[i].track_id, self._people[k].track_id, swap, stamp)
            if both is not None:
                matched[i], matched[k] = both
                del hidden[i]
                if both[0].z < params.shoulder_share * both[1].z:
                    # It may also be the other one's shoulder, while the person has walked on.
                    shouldered[i] = k
        shared = {k for k in shared if k in hidden.values()}
        for i, person in enumerate(self._people):
            person.own = i in matched and i not in shared and self._is_strong(matched[i], person.height)
            beside = hidden.get(i, shouldered.get(i))
            if beside is not None:
                person.hidden_with = self._people[beside]
            elif i in matched:
                person.hidden_with = None
            if person.hidden_with is not None:
                self._stay_beside(person, person.hidden_with)
            if i in matched:
                person.merged = i in shared
                doubtful = self._is_doubtful(person, matched[i])
                stddev = params.part_stddev_m if doubtful else params.seen_stddev_m
                stddev = params.merged_stddev_m if person.merged else stddev
                self._see(person, matched[i], stamp, stddev, doubtful or i in shouldered)
            elif person.state is TrackState.TENTATIVE:
                person.missed += 1
            else:
                self._see_part(person, list(matched.values()), i in hidden, stamp)
        return set(range(len(seen))) - set(pairs.values())

    def _stay_beside(self, person: _Person, other: _Person) -> None:
        """Somebody hidden by another is beside them: not where they would be seen, not beyond who stands in the way.

        Two who both walk pass each other; where a head may be either one's it is open who stands.
        """
        params = self.params
        stands = other.motion.speed < params.upright_mps and not other.merged
        x, y = person.motion.x - other.motion.x, person.motion.y - other.motion.y
        away = math.hypot(x, y)
        if stands and 0.0 < away < params.bodies_m:
            person.motion.x = other.motion.x + x * params.bodies_m / away
            person.motion.y = other.motion.y + y * params.bodies_m / away
        elif away > params.beside_m and person.motion.vx * x + person.motion.vy * y > 0.0:
            # They have stopped; where they were seen last if they would be hidden there.
            person.motion.vx = person.motion.vy = 0.0
            if stands and other.motion.distance(*person.seen_at) < params.apart_m:
                person.motion.x, person.motion.y = person.seen_at

    def _chosen(self, group: Sequence[int], offered: Sequence[int], costs: Doubles) -> dict[int, int]:
        """Which of some people has which of the heads on offer; where it may be the other way round, they mix."""
        found = assign(costs, self.params.cost_most)
        believed = [self._people[i].track_id for i in group]
        if group and self._people[group[0]].state is not TrackState.TENTATIVE:
            for a, b, swap in mixed(believed, costs, found, self.params.recognition.swap_least):
                self._recognition.mix(a, b, swap)
        return {group[row]: offered[column] for row, column in found}

    def _is_own(self, head: Head, matched: dict[int, Head]) -> bool:
        """Whether a peak can be the head of somebody else than the people matched already, not a part of them."""
        if not self._is_whole(head):
            return False
        near = min((math.hypot(head.x - h.x, head.y - h.y) for h in matched.values()), default=math.inf)
        return near > (self.params.new_apart_m if head.prominence < 0.2 else 0.25)

    def _costs(self, group: Sequence[int], seen: Sequence[Head], stamp: Stamp) -> Doubles:
        """Squared distance of some people to some heads in standard deviations, (people, heads)."""
        params = self.params
        costs = np.full((len(group), len(seen)), math.inf)
        for row, i in enumerate(group):
            person = self._people[i]
            unseen_s = (stamp - person.seen) / SECOND
            gate = params.gate_m if unseen_s <= params.lost_s else params.apart_m
            variance = max(person.motion.pp + params.seen_stddev_m**2, 0.05**2)
            z_stddev = params.height_stddev_m + 0.4 * min(unseen_s, 1.0)
            spread = _spread(variance / 0.05**2, z_stddev / params.height_stddev_m)
            for column, head in enumerate(seen):
                strong = self._is_strong(head, person.height) or person.looks < params.known_looks
                near, step = (gate, math.inf) if strong else (params.weak_gate_m, params.weak_step_m)
                distance = person.motion.distance(head.x, head.y)
                if distance <= near and abs(head.z - person.z) <= step and self._not_too_high(person, head):
                    costs[row, column] = distance**2 / variance + ((head.z - person.z) / z_stddev) ** 2 + spread
        return costs

    def _unsure_costs(self, group: Sequence[int], seen: Sequence[Head], sure: dict[int, Head], stamp: Stamp) -> Doubles:
        """The same where a person was not surely seen for a while: since then they may have walked and crouched.

        sure: the heads of those who were; a peak close to one of them is likely part of the same body.
        """
        params = self.params
        costs = np.full((len(group), len(seen)), math.inf)
        for row, i in enumerate(group):
            person = self._people[i]
            unsure_s = (stamp - person.sure) / SECOND
            gate = min(params.gate_m + params.lost_speed_mps * max(0.0, unsure_s - 0.1), params.lost_gate_m)
            variance = person.motion.pp + 0.05**2 + (0.25 * gate) ** 2
            z_stddev = params.height_stddev_m + 0.4 * min(unsure_s, 1.0)
            spread = _spread(variance / 0.05**2, z_stddev / params.height_stddev_m)
            for column, head in enumerate(seen):
                distance = person.motion.distance(head.x, head.y)
                fits = head.z >= params.lower_share * person.height and self._not_too_high(person, head)
                fits = fits and self._can_stand(head.x, head.y, head.z, -params.aside_m)
                by = min((math.hypot(head.x - h.x, head.y - h.y) for h in sure.values()), default=math.inf)
                near = gate if by > params.new_apart_m or self._comes_out(person, head) else min(gate, params.apart_m)
                if distance <= near and fits and self._is_strong(head, person.height):
                    lower = max(0.0, person.z - head.z)
                    costs[row, column] = distance**2 / variance + (lower / z_stddev) ** 2 + spread
        return costs

    def _comes_out(self, person: _Person, head: Head) -> bool:
        """Whether a head is of somebody who was hidden and now shows beside the one they were hidden by."""
        other = person.hidden_with
        return other is not None and other.motion.distance(head.x, head.y) <= self.params.new_apart_m

    def _not_too_high(self, person: _Person, head: Head) -> bool:
        """Nobody grows; but a new one's height is not known yet."""
        return head.z <= person.tallest + self.params.taller_m or person.looks < self.params.known_looks

    def _is_doubtful(self, person: _Person, head: Head) -> bool:
        """Whether what somebody is matched with may be an arm of theirs, or of another: a small peak that is low."""
        return not self._is_strong(head, person.height) and head.z < person.height - self.params.taller_m

    def _is_strong(self, head: Head, height: float = 0.0) -> bool:
        """Whether a peak is as large and as clear as heads are, and arms are not; height: of the person, if known."""
        params = self.params
        area = params.clear_share * max(head.z, height) ** 2
        return head.prominence >= params.clear_prominence_m and head.area >= area

    def _sharing(self, matched: dict[int, Head]) -> dict[int, int]:
        """People who found no head and are where somebody else has one, and who that is: the two share what is seen."""
        sharing = {}
        for i, person in enumerate(self._people):
            if i in matched or person.state is TrackState.TENTATIVE:
                continue
            near = [
                (person.motion.distance(head.x, head.y), k)
                for k, head in matched.items()
                if self._people[k].state is not TrackState.TENTATIVE
            ]
            if near and min(near)[0] < self.params.apart_m:
                sharing[i] = min(near)[1]
        return sharing

    def _shared(self, hidden: dict[int, int], matched: dict[int, Head], stamp: Stamp) -> set[int]:
        """Those who are matched with a head that may as well be of somebody hidden beside them.

        Whose it is shows when they meet, from place and height; then it stays that one's, for it is followed.
        """
        shared = set()
        for i, k in hidden.items():
            person, other = self._people[i], self._people[k]
            if person.hidden_with is other:
                open_ = other.merged
            else:
                own, others = self._costs([k, i], [matched[k]], stamp)[:, 0]
                open_ = swap_probability(float(own), float(others)) > self.params.shared_least
            if open_:
                shared.add(k)
        return shared

    def _both(self, i: int, k: int) -> tuple[Head, Head] | None:
        """The heads of two people of whom only one has a peak: a dip of a cell between two heads is easily lost."""
        expected = [Head(p.motion.x, p.motion.y, p.z, 0.0, 0.0) for p in (self._people[i], self._people[k])]
        found = two_heads(self.height_map, expected[0], expected[1], self.params.head)
        # Shoulders of the taller one may be as high as the head of the other: those are not where it is expected.
        if found is None or any(
            math.hypot(f.x - e.x, f.y - e.y) > self.params.part_gate_m for f, e in zip(found, expected, strict=True)
        ):
            return None
        return found

    # Who is who.

    def _audit(self, dt: float) -> None:
        """Measure how tall they are who walk and touch nobody."""
        params = self.params
        for person in self._people:
            alone = all(
                p is person or p.motion.distance(person.motion.x, person.motion.y) > params.new_apart_m
                for p in self._people
            )
            if (
                person.state is TrackState.CONFIRMED
                and person.own
                and alone
                and person.motion.speed > params.upright_mps
                and self._outside(person.motion.x, person.motion.y) < -params.wall_m
            ):
                self._recognition.walks(person.track_id, person.z, dt)

    def _rename(self) -> None:
        """Give the tracks that surely were swapped back their names; the last frame has told of it."""
        swapped = self._recognition.rename()
        for person in self._people:
            if person.track_id in swapped and person.state is not TrackState.TENTATIVE:
                person.track_id, height = swapped[person.track_id]
                if height is not None:
                    person.height = person.tallest = height

    def _see(self, person: _Person, head: Head, stamp: Stamp, stddev: float, doubtful: bool) -> None:
        """Take in a look at somebody; doubtful: what was seen may be a part of them or of another."""
        person.motion.update(head.x, head.y, stddev)
        # Of two heads in one peak the lower one also gets points of the higher one's slope.
        person.z = head.z if head.prominence > 0.0 else min(head.z, person.height)
        if head.prominence > 0.0:
            person.height += (0.3 if head.z > person.height else 0.001) * (head.z - person.height)
            person.tallest = max(person.tallest, person.height)
        person.seen, person.seen_at = stamp, (person.motion.x, person.motion.y)
        if not doubtful:
            person.sure = stamp
        if head.z >= person.height - self.params.taller_m:
            person.upright, person.upright_at = stamp, person.seen_at
        alone = person.own and person.hidden_with is None
        alone = alone and abs(head.z - self._tall(person)) < self.params.height_stddev_m
        person.alone_looks = person.alone_looks + 1 if alone else 0
        if person.alone_looks >= self.params.certain_looks:
            person.certain, person.certain_at = stamp, person.seen_at
        person.missed = 0
        person.looks += 1
        person.good_looks += self._is_whole(head)
        person.clear_looks += self._is_clear(head, person)
        person.moved = max(person.moved, math.dist(person.birthplace, (person.motion.x, person.motion.y)))
        if person.state is TrackState.COASTING:
            person.state = TrackState.CONFIRMED

    def _see_part(self, person: _Person, taken: Sequence[Head], sharing: bool, stamp: Stamp) -> None:
        """Follow a person whose head is no peak of its own by what else is seen of them."""
        params = self.params
        person.alone_looks = 0
        if person.missed == 0 and not sharing:
            around = self.height_map.near(person.motion.x, person.motion.y, 0.4)
            around = _without(around, taken, 0.22)
            x, y, top, count = middle(
                around, person.motion.x, person.motion.y, person.z - 0.12, person.z + 0.08, 0.15, 1
            )
            if (
                count >= 8
                and self._can_stand(float(x), float(y), float(top), params.lean_m)
                and top > 0.45 * person.height
            ):
                person.motion.update(float(x), float(y), params.part_stddev_m)
                person.z += 0.3 * (float(top) - person.z)
                person.seen, person.seen_at = stamp, (person.motion.x, person.motion.y)
                person.merged = False
                return
        person.merged = sharing and (stamp - person.seen) / SECOND <= params.coast_s
        person.missed += not person.merged
        if person.state is TrackState.CONFIRMED:
            person.state = TrackState.COASTING

    def _can_stand(self, x: float, y: float, z: float, deep: float) -> bool:
        """Whether a head can be there: not among the goods of a shelf, at most `deep` [m] behind its front, or at least
        so far from it and its sides where `deep` is negative.
        """
        aside = max(0.0, -deep)
        for shelf in self.store.shelves:
            u, v, w = shelf.to_shelf((x, y, z))
            if deep < v < shelf.size[1] and -aside < u < shelf.size[0] + aside and w < shelf.size[2] + 0.15:
                return False
        return True

    def _can_be(self, x: float, y: float) -> bool:
        """Whether somebody can be there who is not seen: neither in a shelf nor behind a wall."""
        return self._is_inside(x, y) and self._can_stand(x, y, 0.0, self.params.lean_m)

    def _is_inside(self, x: float, y: float) -> bool:
        """Whether a place is on the floor or just outside of a door."""
        return self._outside(x, y) <= 0.0 or self._at_door(x, y, 0.6)

    # Coming and going.

    def _at_door(self, x: float, y: float, margin_m: float) -> bool:
        return any(z.distance(x, y) <= margin_m for z in self._doors)

    def _outside(self, x: float, y: float) -> float:
        return polygon_distance(self.store.floor, x, y)

    def _walks_out(self, person: _Person) -> bool:
        """Whether somebody comes nearer to the floor's border, or goes farther away outside of it."""
        m = person.motion
        return self._outside(m.x + m.vx, m.y + m.vy) > self._outside(m.x, m.y) + self.params.out_mps

    def _end(self, stamp: Stamp) -> None:
        """End the tracks of people who left, and new ones that came to nothing."""
        params = self.params
        kept = []
        for person in self._people:
            x, y = person.motion.x, person.motion.y
            unseen_s = (stamp - person.seen) / SECOND
            if person.state is TrackState.TENTATIVE:
                gone = person.missed >= params.forget_looks or self._is_part(person, stamp)
            elif person.missed == 0:
                gone = False
            elif self._outside(x, y) > params.beyond_m:
                gone = person.missed >= 2
            else:
                # Who walks out is seen up to the border; deeper inside somebody may be hidden by a taller one.
                wait = params.end_s if self._outside(x, y) > -params.border_m else params.end_inside_s
                gone = unseen_s >= wait and self._at_door(x, y, 0.0)
            if gone:
                if person.state is not TrackState.TENTATIVE:
                    self._recognition.remove(person.track_id)
            else:
                kept.append(person)
        self._people = kept

    def _is_part(self, new: _Person, stamp: Stamp) -> bool:
        """Whether a new track is part of somebody, or has not proved itself in time.

        Close to somebody else, only a clear head or one that came over a door's threshold is a new person; and what
        is there beside somebody who walks out came with them.
        """
        if self._is_clear_new(new):
            return False
        at_threshold = self._at_threshold(new)
        near = min(
            (
                p.motion.distance(new.motion.x, new.motion.y)
                for p in self._people
                if p.state is not TrackState.TENTATIVE and p.z > new.z and (self._walks_out(p) or not at_threshold)
            ),
            default=math.inf,
        )
        if at_threshold or self._at_door(*new.birthplace, self.params.door_m):
            return near < self.params.new_apart_m
        late = (stamp - new.born) / SECOND > 2.0 * self.params.inside_confirm_s
        return near < self.params.new_apart_m or late

    def _at_threshold(self, new: _Person) -> bool:
        """Whether a new track began at a door's threshold or outside."""
        return self._outside(*new.birthplace) > -self.params.threshold_m

    def _is_clear_new(self, new: _Person) -> bool:
        """Whether most looks at a new track were at a head beyond doubt."""
        return new.clear_looks >= 0.7 * new.looks

    def _is_whole(self, head: Head) -> bool:
        """Whether a peak is large enough to be a head, not a raised hand."""
        return head.prominence >= 0.1 and head.area >= self.params.head_share * head.z**2

    def _is_clear(self, head: Head, but: _Person | None = None) -> bool:
        """Whether a peak is a head beyond doubt: as large as one, and not much lower than the people beside it."""
        params = self.params
        return self._is_strong(head) and all(
            head.z > params.clear_height * p.z
            for p in self._people
            if p is not but
            and p.state is not TrackState.TENTATIVE
            and p.motion.distance(head.x, head.y) < params.inside_apart_m
        )

    def _begin(self, seen: Sequence[Head], free: set[int], stamp: Stamp) -> None:
        """Begin tracks where people may come in, and believe those that have proved themselves."""
        params = self.params
        for person in list(self._people):
            if person.state is not TrackState.TENTATIVE:
                continue
            proved = self._proved(person, stamp)
            if proved or self._is_seen_well(person):
                lost = self._lost_there(person)
                if lost is None and proved and (lost := self._strayed(person)) is not None:
                    # What they stayed with may have been taller.
                    lost.height = lost.tallest = self._tall(lost)
                if lost is not None:
                    lost.motion, lost.hidden_with, lost.merged = person.motion, None, False
                    found = Head(person.motion.x, person.motion.y, person.z, 0.0, 0.0)
                    self._see(lost, found, stamp, params.part_stddev_m, doubtful=False)
                    self._people.remove(person)
                    continue
            if proved:
                person.state = TrackState.CONFIRMED
                person.height = max(person.height, person.z)
                self._recognition.identities.add(person.track_id)
        for j in sorted(free):
            head = seen[j]
            if not (self._is_whole(head) and self._can_stand(head.x, head.y, head.z, -params.aside_m)):
                continue
            if not self._is_inside(head.x, head.y):
                continue
            near = min((p.motion.distance(head.x, head.y) for p in self._people), default=math.inf)
            if self._is_clear(head):
                apart = 0.25
            elif not (self._at_door(head.x, head.y, params.door_m) or self._outside(head.x, head.y) > 0.0):
                apart = params.inside_apart_m
            else:
                apart = params.new_apart_m if head.prominence < 0.15 else 0.25
            if near < apart:
                continue
            motion = Motion(head.x, head.y, pp=params.seen_stddev_m**2)
            self._people.append(
                _Person(
                    self._next_id,
                    motion,
                    stamp,
                    (head.x, head.y),
                    stamp,
                    (head.x, head.y),
                    stamp,
                    stamp,
                    (head.x, head.y),
                    stamp,
                    (head.x, head.y),
                    head.z,
                    head.z,
                    good_looks=1,
                    clear_looks=int(self._is_clear(head)),
                )
            )
            self._next_id += 1

    def _lost_there(self, new: _Person) -> _Person | None:
        """Who was lost near the place where a new one appeared; None where people come in over the floor's border."""
        params = self.params
        if self._at_threshold(new):
            return None
        near = []
        for n, p in enumerate(self._people):
            # Lower than they are, it may have been somebody's arm that they were matched with since then.
            if p.state is TrackState.TENTATIVE or not p.missed or p.upright > new.born:
                continue
            unseen_s = (new.born - p.upright) / SECOND
            distance = math.dist(p.upright_at, new.birthplace)
            gate = min(params.gate_m + params.lost_speed_mps * unseen_s, params.lost_gate_m)
            if distance <= gate and params.lower_share * p.height <= new.height <= p.tallest + params.taller_m:
                near.append((distance, n))
        return self._people[min(near)[1]] if near else None

    def _strayed(self, new: _Person) -> _Person | None:
        """Whose track stayed with another one's shoulder or arm while they walked on as a new one; None at the doors.

        Nobody comes in elsewhere: it is one of those who were not seen for certain since, and as tall as they are.
        """
        params = self.params
        if self._may_begin(new):
            return None
        near = []
        for n, p in enumerate(self._people):
            distance = math.dist(p.certain_at, new.birthplace)
            gate = min(params.gate_m + params.lost_speed_mps * (new.born - p.certain) / SECOND, params.lost_gate_m)
            as_tall = abs(self._tall(p) - new.height) < params.height_stddev_m
            if p.state is not TrackState.TENTATIVE and p.certain <= new.born and distance <= gate and as_tall:
                near.append((distance, n))
        return self._people[min(near)[1]] if near else None

    def _tall(self, person: _Person) -> float:
        """How tall somebody is [m]: as they walked, else as they were seen."""
        walked = self._recognition.height(person.track_id)
        return person.height if walked is None else walked

    def _is_seen_well(self, new: _Person) -> bool:
        """Whether a new track is a head beyond doubt, so that somebody who was lost may have been found."""
        return not new.missed and new.clear_looks >= self.params.confirm_looks and self._is_clear_new(new)

    def _proved(self, person: _Person, stamp: Stamp) -> bool:
        params = self.params
        # A head beyond doubt in look after look needs less way: only that it is no thing that stands there.
        way = params.confirm_move_m * (0.5 if person.clear_looks >= 2 * params.confirm_looks else 1.0)
        moved = person.moved
        if self._at_threshold(person) and not self._is_clear_new(person):
            # Who comes in goes in; what is carried along the border does not.
            moved = self._outside(*person.birthplace) - self._outside(person.motion.x, person.motion.y)
        if person.missed or person.looks < params.confirm_looks or moved < way:
            return False
        if person.good_looks < 0.7 * person.looks:
            return False
        if self._may_begin(person):
            return True
        inside_s = (stamp - person.born) / SECOND
        return inside_s >= params.inside_confirm_s and person.moved >= params.inside_confirm_m

    def _may_begin(self, new: _Person) -> bool:
        """Whether a new track began where people come in, or when those inside were seen for the first time."""
        params = self.params
        assert self._first is not None
        at_door = self._at_door(*new.birthplace, params.door_m) or self._outside(*new.birthplace) > 0.0
        return at_door or (new.born - self._first) / SECOND <= params.start_s

    # What is published.

    def _head_cells(self, person: _Person) -> Ints:
        """The cells from which a body is shared out: those of the head, none while it is not seen."""
        cells = self.height_map.grid.disc(person.motion.x, person.motion.y, 0.1)
        return cells[(self.height_map.top[cells] > person.z - 0.35) & (person.missed == 0)]

    def _tracks(self, sensors: Sequence[str]) -> tuple[Track, ...]:
        params, identities = self.params, self._recognition.identities
        shown = sorted(self._people, key=lambda p: p.track_id)
        seeds = [self._head_cells(person) for person in shown]
        owners = np.repeat(np.arange(len(seeds)), [len(cells) for cells in seeds])
        reach = np.array([params.arm_share * max(p.height, 0.8) for p in shown])
        self.height_map.share(np.concatenate([*seeds, np.empty(0, np.int64)]), owners, reach, params.climb)
        bodies = [
            Body(
                p.track_id,
                p.motion.x,
                p.motion.y,
                max(p.height, 0.8),
                p.motion.speed,
                p.z,
                p.state is not TrackState.TENTATIVE,
            )
            for p in shown
        ]
        hands = self._hands.hands(self.height_map, bodies, sensors)
        tracks = []
        for person, held in zip(shown, hands, strict=True):
            m = person.motion
            sure = person.state is not TrackState.TENTATIVE
            tracks.append(
                Track(
                    track_id=person.track_id,
                    state=person.state,
                    position=(m.x, m.y, 0.0),
                    velocity=(m.vx, m.vy, 0.0),
                    height=person.z,
                    position_covariance=(m.pp, 0.0, 0.0, m.pp),
                    identity_confidence=identities.confidence(person.track_id) if sure else 0.5,
                    identity_alternatives=identities.alternatives(person.track_id) if sure else (),
                    hands=held,
                )
            )
        return tuple(tracks)


def _spread(variance: float, stddev: float) -> float:
    """Twice the logarithm of how much wider the normal density of a place and a height is than the narrowest one."""
    return 2.0 * math.log(variance) + 2.0 * math.log(stddev)


def _without(points: Floats, taken: Sequence[Head], radius_m: float) -> Floats:
    """The points that are not part of the given heads."""
    kept = np.ones(len(points), np.bool_)
    for head in taken:
        kept &= np.hypot(points[:, 0] - head.x, points[:, 1] - head.y) > radius_m
    return points[kept]
