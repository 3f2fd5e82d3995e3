# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Which check-in belongs to whom: an assignment of check-ins to people who came in, by place and time.

Nobody says who held the code: the gate does (somebody stood at it) and the moment does. All recent check-ins and
entries are assigned together, at the least total cost (Jonker and Volgenant's algorithm as in scipy), so that two
people at two gates, or one close behind the other, are told apart by what fits best for both. A check-in for a family
has as many places as it has people. Costs are negative log likelihoods; "nobody" has a cost too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from yokotago_model.events import SECOND, CheckIn, Stamp
from yokotago_model.store import Store

from .whereabouts import Whereabouts

_GATE_STDDEV = 0.35
_AROUND_S = 1.0
_AWAY_FROM_GATE = 5.0
_UNASSIGNED = 9.0
_UNUSED_YET = 6.0
_IMPOSSIBLE = 1e6
_FURTHER_PLACE = 1.5
_EMPTY_FURTHER_PLACE = 3.0
_IN_BEFORE = 2.0


@dataclass
class Entry:
    """A person at the door. entered: into the door's zone; inside: when they left it for the interior, None until
    then.
    """

    track_id: int
    entered: Stamp
    inside: Stamp | None


class Entries:
    """The open assignment of one store. `assign` may be asked at any time; what is closed no longer changes."""

    def __init__(self, store: Store, whereabouts: Whereabouts) -> None:
        self._store = store
        self._whereabouts = whereabouts
        tolerances = store.tolerances
        self.before_ns = round(tolerances.check_in_before_entry_s * SECOND)
        self.after_ns = round(tolerances.check_in_after_entry_s * SECOND)
        self._check_ins: dict[str, CheckIn] = {}
        self._entries: dict[int, Entry] = {}
        self._closed: dict[int, str] = {}
        self._costs: dict[tuple[str, int], float] = {}
        self._assigned: dict[int, str] | None = None

    def check_in(self, event: CheckIn) -> None:
        """Somebody checked in."""
        self._check_ins[event.check_in_id] = event
        self._assigned = None

    def enter(self, entry: Entry) -> None:
        """Somebody is at the door, or, told again, has come in by it."""
        self._entries[entry.track_id] = entry
        self._assigned = None

    def _cost(self, check_in: CheckIn, entry: Entry) -> float:
        """How badly the person fits the first place of the check-in."""
        if entry.inside is None:
            return self._fit(check_in, entry)
        key = (check_in.check_in_id, entry.track_id)
        if key not in self._costs:
            self._costs[key] = self._fit(check_in, entry)
        return self._costs[key]

    def _fit(self, check_in: CheckIn, entry: Entry) -> float:
        if not self._feasible(check_in, entry):
            return _IMPOSSIBLE
        early = entry.entered - check_in.stamp
        late = 0 if entry.inside is None else check_in.stamp - entry.inside
        gate = self._store.gate.get(check_in.gate_id)
        if gate is None:
            return 2.0 + (max(0, early) + max(0, late)) / SECOND / 3.0
        if entry.entered <= check_in.stamp and late <= SECOND:
            near = self._whereabouts.nearest_distance(entry.track_id, check_in.stamp, gate.position, _AROUND_S)
            return min(0.5 * (near / _GATE_STDDEV) ** 2, 7.0)
        # The code was read before they came to the door (a phone), or the message was stamped late.
        return _AWAY_FROM_GATE + (max(0, early) / 10 + max(0, late) / 4) / SECOND

    def _feasible(self, check_in: CheckIn, entry: Entry) -> bool:
        """Whether the check-in may be the entry's as far as time tells."""
        late = 0 if entry.inside is None else check_in.stamp - entry.inside
        return entry.entered - check_in.stamp <= self.before_ns and late <= self.after_ns

    def settle(self, now: Stamp) -> None:
        """Close what can no longer change: pairs whose times lie so far back that no other entry or check-in fits
        them.
        """
        past = now - 2 * (self.before_ns + self.after_ns)
        for track_id, check_in_id in self.assign().items():
            inside = self._entries[track_id].inside
            if inside is not None and max(inside, self._check_ins[check_in_id].stamp) < past:
                self._closed[track_id] = check_in_id

    def fix(self, track_id: int) -> None:
        """The person's receipt is made: their check-in, if they have one, is theirs for good."""
        check_in_id = self.assign().get(track_id)
        if check_in_id is not None:
            self._closed[track_id] = check_in_id

    def assign(self) -> dict[int, str]:
        """check_in_id of everybody at the door or inside who has one; who is missing came in without.

        The first place of a check-in is that of the person at the gate; each further one goes to whoever is nearest to
        the first in time.
        """
        if self._assigned is None:
            assigned = self._assign()
            if any(e.inside is None for e in self._entries.values()):
                # Where they are, and so how well they fit, still changes.
                return assigned
            self._assigned = assigned
        return dict(self._assigned)

    def _assign(self) -> dict[int, str]:
        check_ins = sorted(self._check_ins.values(), key=lambda c: (c.stamp, c.check_in_id))
        entries = sorted(self._entries.values(), key=lambda e: (e.entered, e.track_id))
        taken = Counter(self._closed.values())
        slots = [(c, n) for c in check_ins for n in range(taken[c.check_in_id], max(1, c.party_size))]
        open_check_ins = [c for c, place in slots]
        open_entries = [
            e for e in entries if e.track_id not in self._closed and any(self._feasible(c, e) for c in open_check_ins)
        ]
        result = dict(self._closed)
        if not slots or not open_entries:
            return result
        cost = np.full((len(slots) + len(open_entries), len(open_entries) + len(slots)), _IMPOSSIBLE)
        for i, (c, place) in enumerate(slots):
            for j, e in enumerate(open_entries):
                fit = self._cost(c, e)
                if place > 0 and fit < _IMPOSSIBLE:
                    # Family members pass behind the one with the code: nearness in time decides, not the gate; who was
                    # in before the code was read did not come in on it.
                    fit = _FURTHER_PLACE + abs(e.entered - c.stamp) / SECOND / 4.0
                    fit += _IN_BEFORE if e.inside is not None and e.inside < c.stamp else 0.0
                cost[i, j] = fit
            cost[i, len(open_entries) + i] = _UNUSED_YET if place == 0 else _EMPTY_FURTHER_PLACE
        for j in range(len(open_entries)):
            cost[len(slots) + j, j] = _UNASSIGNED
            cost[len(slots) + j, len(open_entries) :] = 0.0
        rows, columns = linear_sum_assignment(cost)
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
            if i < len(slots) and j < len(open_entries) and cost[i, j] < _IMPOSSIBLE:
                result[open_entries[j].track_id] = slots[i][0].check_in_id
        return result

    def get(self, check_in_id: str) -> CheckIn:
        """The check-in with this id."""
        return self._check_ins[check_in_id]

    def expired(self, now: Stamp) -> list[CheckIn]:
        """Check-ins whose time to come in is over and that nobody used, oldest first; each is given once."""
        used = set(self.assign().values())
        gone = [
            c
            for c in sorted(self._check_ins.values(), key=lambda c: (c.stamp, c.check_in_id))
            if c.check_in_id not in used and now - c.stamp > self.before_ns + self.after_ns
        ]
        for c in gone:
            self._drop_check_in(c.check_in_id)
        return gone

    def _drop_check_in(self, check_in_id: str) -> None:
        del self._check_ins[check_in_id]
        self._assigned = None
        self._costs = {k: v for k, v in self._costs.items() if k[0] != check_in_id}

    def forget(self, track_id: int) -> None:
        """The person's visit is over and can no longer be corrected."""
        self._entries.pop(track_id, None)
        self._assigned = None
        check_in_id = self._closed.pop(track_id, None)
        self._costs = {k: v for k, v in self._costs.items() if k[1] != track_id}
        if check_in_id is not None and check_in_id in self._check_ins and check_in_id not in self._closed.values():
            self._drop_check_in(check_in_id)
