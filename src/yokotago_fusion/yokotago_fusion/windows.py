# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Which weight changes must be decided together, and when everything about them is known.

Changes that share a hand, or follow each other on one deck, form a group. A group is ripe when its hands have left the
shelf (or have stayed too long) and no earlier group that concerns the same people or the same deck is still open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from yokotago_model.events import SECOND, HandReach, Stamp, WeightChange
from yokotago_model.store import Store

from .explanations import Measurement
from .hands import ReachEvidence
from .hypotheses import DeckId
from .parameters import FusionParameters
from .planogram import Deck

_SAME_STEP_NS = 4 * SECOND // 10
_SAME_DECK_NS = 3 * SECOND
_TOUCH_NS = 3 * SECOND // 10
_KEEP_NS = 60 * SECOND
_LONGEST_NS = 60 * SECOND
_SWEEP_NS = 5 * SECOND


@dataclass(frozen=True)
class Group:
    """Changes to be decided together, in order of time, and the hands near them.

    decks, tracks: whose they are; due: when the group is ripe, as far as is known now.
    """

    changes: tuple[WeightChange, ...]
    reaches: tuple[ReachEvidence, ...]
    decks: frozenset[DeckId]
    tracks: frozenset[int]
    due: Stamp

    def depends(self, earlier: Group) -> bool:
        """Whether the earlier group must be decided before this one."""
        return not (self.decks.isdisjoint(earlier.decks) and self.tracks.isdisjoint(earlier.tracks))


class Windows:
    """Open changes and reaches of one store."""

    def __init__(self, store: Store, decks: dict[str, Deck], params: FusionParameters) -> None:
        self._store = store
        self._decks = decks
        self._params = params
        self._match = round(store.tolerances.match_s * SECOND)
        self._reaches: dict[str, dict[str, ReachEvidence]] = {s.shelf_id: {} for s in store.shelves}
        self._changes: list[WeightChange] = []
        self._put_off: dict[str, Stamp] = {}
        self._groups: list[Group] | None = None
        self._offsets: dict[str, Stamp] = {}
        self._forgot: Stamp = 0

    def reach(self, event: HandReach) -> None:
        """A reach began or is complete; one of a shelf that the store does not have is of no use."""
        shelf = self._store.shelf.get(event.shelf_id)
        if shelf is None:
            return
        known = self._reaches[event.shelf_id].get(event.reach_id)
        if known is None or event.complete or not known.reach.complete:
            self._reaches[event.shelf_id][event.reach_id] = ReachEvidence(event, shelf)
            if any(self._decks[c.scale_id].shelf is shelf for c in self._changes):
                self._groups = None

    def change(self, event: WeightChange) -> None:
        """A weight change, of a scale that the store has."""
        self._changes.append(event)
        self._groups = None

    def near(self, change: WeightChange, offset: Stamp) -> list[ReachEvidence]:
        """Reaches of the change's shelf that its step may belong to, in order of begin."""
        shelf_id = self._decks[change.scale_id].shelf.shelf_id
        begin, end = change.begin - offset, change.end - offset
        found = [
            r
            for r in self._reaches[shelf_id].values()
            if r.reach.begin - self._match <= end and (not r.reach.complete or begin <= r.reach.end + self._match)
        ]
        return sorted(found, key=lambda r: (r.reach.begin, r.reach.reach_id))

    def _linked(self, change: WeightChange, near: list[ReachEvidence], offset: Stamp) -> set[str]:
        """Those of the reaches near it that very probably made the step: it lies in them."""
        begin, end = change.begin - offset - _TOUCH_NS, change.end - offset + _TOUCH_NS
        return {
            r.reach.reach_id for r in near if r.reach.begin <= end and (not r.reach.complete or begin <= r.reach.end)
        }

    def groups(self, offsets: dict[str, Stamp]) -> list[Group]:
        """The open groups in order of their first changes."""
        if self._groups is None or offsets != self._offsets:
            self._groups, self._offsets = self._grouped(offsets), dict(offsets)
        return self._groups

    def _grouped(self, offsets: dict[str, Stamp]) -> list[Group]:
        changes = sorted(self._changes, key=lambda c: (c.begin, c.change_id))
        near = [self.near(c, offsets.get(c.scale_id, 0)) for c in changes]
        links = [self._linked(c, n, offsets.get(c.scale_id, 0)) for c, n in zip(changes, near, strict=True)]
        group_of = list(range(len(changes)))
        hold = round(self._params.hold_s * SECOND)
        for j, later in enumerate(changes):
            for i in range(j):
                earlier = changes[i]
                same_deck = self._decks[earlier.scale_id] is self._decks[later.scale_id]
                apart = hold if earlier.change_id in self._put_off else _SAME_DECK_NS
                if (same_deck and later.begin - earlier.end <= apart) or links[i] & links[j]:
                    old, new = group_of[j], group_of[i]
                    group_of = [new if g == old else g for g in group_of]
        made = []
        for number in dict.fromkeys(group_of):
            members = [i for i, g in enumerate(group_of) if g == number]
            together = [changes[i] for i in members]
            found = {r.reach.reach_id: r for i in members for r in near[i]}
            reaches = sorted(found.values(), key=lambda r: (r.reach.begin, r.reach.reach_id))
            linked = {reach_id for i in members for reach_id in links[i]}
            made.append(
                Group(
                    tuple(together),
                    tuple(reaches),
                    frozenset(self._decks[c.scale_id].deck_id for c in together),
                    frozenset(r.reach.track_id for r in reaches),
                    self._due(together, [r.reach for r in reaches if r.reach.reach_id in linked]),
                )
            )
        return made

    def _due(self, changes: list[WeightChange], hands: list[HandReach]) -> Stamp:
        """When changes that these hands very probably made are ripe, as far as is known now."""
        last = max(c.end for c in changes)
        settle = round(self._params.settle_s * SECOND)
        at_most = last + round(self._params.reach_wait_s * SECOND)
        if all(c.change_id in self._put_off for c in changes):
            return max(self._put_off[c.change_id] for c in changes)
        if changes[-1].end - changes[0].begin > _LONGEST_NS:
            return last + settle
        if any(not r.complete for r in hands):
            return at_most
        return min(max([last, *(r.end for r in hands)]) + settle, at_most)

    def ripe(self, now: Stamp, offsets: dict[str, Stamp]) -> list[Group]:
        """The first of the ripe groups, alone in a list; empty when none is. Taking it may make another one ripe."""
        open_: list[Group] = []
        for group in self.groups(offsets):
            if group.due <= now and not any(group.depends(earlier) for earlier in open_):
                return [group]
            open_.append(group)
        return []

    def open_group(self, change_id: str, offsets: dict[str, Stamp]) -> Group | None:
        """The open group of a change; None when it is decided, or when an earlier one must be decided before it."""
        earlier: list[Group] = []
        for group in self.groups(offsets):
            if any(c.change_id == change_id for c in group.changes):
                return None if any(group.depends(e) for e in earlier) else group
            earlier.append(group)
        return None

    def put_off(self, group: Group, until: Stamp) -> None:
        """The group makes no sense yet: it is not ripe before `until`, unless another change joins it."""
        self._put_off.update((c.change_id, until) for c in group.changes)
        self._groups = None

    def take(self, group: Group) -> None:
        """The group is decided: its changes are no longer open."""
        gone = {c.change_id for c in group.changes}
        for change_id in gone:
            self._put_off.pop(change_id, None)
        self._changes = [c for c in self._changes if c.change_id not in gone]
        self._groups = None

    def waits_for(self, tracks: Iterable[int]) -> bool:
        """Whether an open change may be these tracks' doing."""
        tracks = set(tracks)
        return any(r.reach.track_id in tracks for c in self._changes for r in self.near(c, 0))

    def forget(self, now: Stamp) -> None:
        """Drop the reaches that no change can belong to any more, once in a while."""
        if now - self._forgot < _SWEEP_NS:
            return
        self._forgot = now
        oldest = min((c.begin for c in self._changes), default=now) - _KEEP_NS
        for reaches in self._reaches.values():
            for reach_id in [k for k, r in reaches.items() if r.reach.complete and r.reach.end < oldest]:
                del reaches[reach_id]

    def measurements(self, group: Group) -> list[Measurement]:
        """The group's steps in order of time: changes of one deck's different scales at one moment are one step."""
        steps: list[list[WeightChange]] = []
        for change in group.changes:
            deck = self._decks[change.scale_id]
            for step in reversed(steps):
                same_deck = self._decks[step[0].scale_id] is deck
                if (
                    same_deck
                    and all(c.scale_id != change.scale_id for c in step)
                    and change.begin - max(c.end for c in step) <= _SAME_STEP_NS
                ):
                    step.append(change)
                    break
                if same_deck:
                    steps.append([change])
                    break
            else:
                steps.append([change])
        return sorted((self._measurement(step) for step in steps), key=lambda m: (m.end, m.deck.deck_id))

    def _measurement(self, step: list[WeightChange]) -> Measurement:
        return Measurement(
            self._decks[step[0].scale_id],
            min(c.begin for c in step),
            max(c.end for c in step),
            sum(c.delta for c in step),
            sum(c.stddev**2 for c in step),
            tuple((c.scale_id, c.delta, c.stddev**2) for c in step),
            tuple(c.change_id for c in step),
        )
