# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The stage that decides who took what: facts in any order in, baskets, receipts, alerts and decisions out.

Facts wait until every stream has passed their stamp (watermarks) and are then taken in order of time, with the timers
that fell due between them; so what comes out depends on stamps alone, never on the order of arrival.
"""

from __future__ import annotations

import dataclasses
import heapq
import math
from collections import Counter
from typing import Any

from yokotago_model.events import (
    SECOND,
    Alert,
    Basket,
    Catalogue,
    CheckIn,
    Decision,
    DecisionItem,
    DecisionOption,
    HandReach,
    Receipt,
    Severity,
    Stamp,
    StreamProgress,
    TrackFrame,
    WeightChange,
    ZoneCrossing,
)
from yokotago_model.store import Store

from . import receipts
from .beliefs import Beliefs, Joint
from .entries import Entries
from .explanations import Kind, Measurement, Piece, Scene
from .floor_watch import FloorWatch
from .hypotheses import Hypothesis, Unit
from .likelihoods import log_sum
from .offsets import Offsets
from .parameters import FusionParameters
from .planogram import Planogram
from .scenes import Scenes
from .solver import Bounds, Outcome, Step, bounds_of, evidence, log_split, may_come_back, solve, unexplained
from .visits import Person, Visit, Visits
from .watermarks import Fact, Watermarks
from .whereabouts import Whereabouts
from .windows import Group, Windows

Output = Basket | Receipt | Alert | Decision

_MOST_EARLY = 2
_EARLY_MARGIN = 4.0
_ALTERNATIVES = 4
_ASK_AGAIN_NS = SECOND
_HALF_LIFTED = math.log(0.1)


class Fusion:
    """Decides for one store. `feed` takes a fact or the progress of a stream and gives what follows from it."""

    def __init__(self, store: Store, params: FusionParameters | None = None) -> None:
        self._store = store
        self._params = params = params or FusionParameters()
        # Only what is nearly sure is shown early: what is far less probable need not be told apart.
        self._early = dataclasses.replace(params, margin=_EARLY_MARGIN)
        self._watermarks = Watermarks(store.tolerances, params)
        self._whereabouts = Whereabouts()
        self._planogram = Planogram(store, params)
        self._entries = Entries(store, self._whereabouts)
        self._visits = Visits(store, self._whereabouts, self._entries, params)
        self._scenes = Scenes(self._planogram, self._whereabouts, self._visits, params)
        self._windows = Windows(store, self._planogram.deck_of_scale, params)
        self._beliefs = Beliefs(params.keep_share, params.hypotheses, params.independent_below)
        self._offsets = Offsets()
        self._floor_watch = FloorWatch(store)
        self._timers: list[tuple[Stamp, str, Any]] = []
        self._now: Stamp = -1
        self._out: list[Output] = []
        self._silent_streams: set[str] = set()
        self._silent_scales: dict[str, Stamp] = {}
        self._alerted: set[tuple[str, ...]] = set()

    def feed(self, event: Fact | StreamProgress) -> list[Output]:
        """Take in an event; give what is decided by it."""
        self._watermarks.feed(event)
        if isinstance(event, StreamProgress):
            self._progress(event)
        for fact in self._watermarks.release():
            self._take(fact)
        self._run_timers(self._watermarks.moment)
        self._check_streams()
        return self._given()

    def finish(self) -> list[Output]:
        """The recording is over: everything is known, and all timers that can run out do."""
        for fact in self._watermarks.finish():
            self._take(fact)
        self._run_timers(self._watermarks.moment + round(2 * self._params.reach_wait_s * SECOND))
        return self._given()

    def _given(self) -> list[Output]:
        out, self._out = self._out, []
        return out

    # Time

    def _at(self, due: Stamp, kind: str, about: Any = "") -> None:
        heapq.heappush(self._timers, (max(due, self._now), kind, about))

    def _run_timers(self, until: Stamp) -> None:
        while self._timers and self._timers[0][0] <= until:
            due, kind, about = heapq.heappop(self._timers)
            self._now = max(self._now, due)
            match kind:
                case "crossed":
                    self._crossed(about)
                case "decide":
                    self._decide()
                case "early":
                    self._show_early(about)
                case "settle":
                    self._settle(about)
                case "forget":
                    self._forget(about)
                case "no check-in":
                    self._no_check_in(about)
                case "no entry":
                    self._no_entry()
        self._now = max(self._now, until)

    def _take(self, fact: Fact) -> None:
        self._run_timers(fact.stamp - 1)
        self._now = max(self._now, fact.stamp)
        match fact:
            case TrackFrame():
                for track_id, was in self._whereabouts.feed(fact):
                    self._beliefs.resolve(track_id, self._visits.person_of(was))
                for person in self._visits.frame(fact):
                    self._came_in(person)
                for person in self._visits.gone(fact):
                    self._went_unseen(person)
                for track_id in self._floor_watch.feed(fact):
                    self._at_the_floor(self._visits.person_of(track_id))
            case ZoneCrossing():
                due = self._visits.crossing(fact)
                if due is not None:
                    self._at(due, "crossed", _Ordered(fact))
            case HandReach():
                self._windows.reach(fact)
                self._floor_watch.reach(fact)
                if fact.complete:
                    self._touch_of_silent_scale(fact)
                    self._at(fact.end + round(self._params.settle_s * SECOND), "decide")
            case WeightChange():
                if fact.scale_id in self._planogram.deck_of_scale:
                    self._windows.change(fact)
                    self._at(fact.end + round(self._params.settle_s * SECOND), "decide")
                    self._at(fact.end + round(self._params.settle_s * SECOND), "early", fact.change_id)
                    self._at(fact.end + round(self._params.reach_wait_s * SECOND), "decide")
                else:
                    self._alert(
                        Severity.WARNING,
                        "unknown_scale",
                        f"scale {fact.scale_id} is not in the store's description",
                        fact.scale_id,
                    )
            case CheckIn():
                self._entries.check_in(fact)
                wait = self._entries.before_ns + self._entries.after_ns
                self._at(fact.stamp + wait + SECOND, "no entry")
                self._at(fact.stamp + 3 * wait, "no entry")
                self._regroup()
            case Catalogue():
                self._planogram.catalogue(fact)

    # People and visits

    def _crossed(self, about: _Ordered) -> None:
        person = self._visits.crossed(about.event)
        if person is None:
            return
        if person.left is None:
            self._came_in(person)
        else:
            self._went(person)

    def _went(self, person: Person) -> None:
        visit = self._visits.visit_of(person.person_id)
        if visit is not None and person.left is not None:
            self._at(person.left + round(self._params.receipt_after_s * SECOND), "settle", visit.visit_id)

    def _went_unseen(self, person: Person) -> None:
        """No crossing tells that the person left: they must not have gone for nothing."""
        visit = self._visits.visit_of(person.person_id)
        if person.lost and visit is not None and not visit.staff:
            visit.reasons["they were lost from sight inside the store"] = None
        if person.lost:
            self._alert(
                Severity.WARNING,
                "lost_inside",
                f"track {person.person_id} ended inside the store, not at a door",
                *([visit.visit_id] if visit is not None else []),
                str(person.person_id),
            )
        self._went(person)

    def _came_in(self, person: Person) -> None:
        if not person.by_door:
            self._alert(
                Severity.WARNING,
                "appeared_inside",
                f"track {person.person_id} began inside the store, not at a door",
                str(person.person_id),
            )
        assert person.inside is not None
        self._at(person.inside + self._entries.after_ns + SECOND, "no check-in", person.person_id)
        self._regroup()

    def _regroup(self) -> None:
        for visit in self._visits.regroup():
            self._publish(visit)
            self._at(self._now, "settle", visit.visit_id)

    def _at_the_floor(self, person_id: int) -> None:
        """Down at the floor: whoever carries something may have left it there."""
        visit = self._visits.visit_of(person_id)
        if visit is not None and not visit.staff and self._beliefs.basket([person_id])[0]:
            visit.reasons["they bent down to the floor: something may have been left there"] = None
            self._alert(
                Severity.WARNING,
                "set_down_on_floor",
                "somebody who carries goods bent down to the floor",
                visit.visit_id,
                str(person_id),
            )

    def _no_check_in(self, person_id: int) -> None:
        visit = self._visits.visit_of(person_id)
        if visit is not None and not visit.check_in_id:
            self._alert(
                Severity.WARNING,
                "entered_without_check_in",
                "somebody came in without a check-in",
                visit.visit_id,
                str(person_id),
            )

    def _no_entry(self) -> None:
        self._entries.settle(self._now)
        for check_in in self._entries.expired(self._now):
            self._alert(
                Severity.INFO,
                "check_in_without_entry",
                f"nobody came in on the check-in of {check_in.shopper_id}",
                check_in.check_in_id,
                check_in.shopper_id,
            )

    def _publish(self, visit: Visit, early: Joint | None = None) -> None:
        """Send the visit's basket if it is not as it was sent last; nobody's empty basket is not worth a word.

        early: what is not decided yet; then only what is sure enough is sent, whatever was doubtful before.
        """
        if visit.staff or not visit.people:
            return
        lines, probability = self._beliefs.basket(visit.people, early)
        if early is not None and probability < self._params.early_above * self._beliefs.basket(visit.people)[1]:
            return
        tracks = tuple(t for p in visit.people for t in self._visits.tracks_of(p))
        state = (visit.shopper_id, tracks, tuple((p, q) for p, (q, _) in lines.items()))
        if state == visit.published or (visit.published is None and not lines and not visit.check_in_id):
            return
        visit.published = state
        self._out.append(receipts.basket(self._now, visit, tracks, lines))

    def _settle(self, visit_id: str) -> None:
        """Make the receipt of a visit whose people have all left and about whom nothing is open; correct it when it
        changed.
        """
        visit = self._visits.visits.get(visit_id)
        if visit is None or visit.staff or not visit.people:
            return
        left = self._visits.left(visit)
        if left is None:
            return
        ripe = left + round(self._params.receipt_after_s * SECOND)
        tracks = [t for p in visit.people for t in self._visits.tracks_of(p)]
        if self._now < ripe:
            self._at(ripe, "settle", visit_id)
            return
        if self._windows.waits_for(tracks):
            return
        lines, probability = self._beliefs.basket(visit.people)
        made = receipts.receipt(
            self._now, visit, left, lines, probability, self._planogram.products, self._store, self._params
        )
        if visit.receipts and _same(visit.receipts[-1], made):
            return
        if not visit.receipts:
            self._at(self._now + round(self._params.correct_after_s * SECOND), "forget", visit_id)
            for person in visit.people:
                self._entries.fix(person)
        visit.receipts.append(made)
        self._out.append(made)

    def _forget(self, visit_id: str) -> None:
        visit = self._visits.visits.get(visit_id)
        if visit is not None:
            for person in visit.people:
                self._beliefs.forget(person)
            self._visits.forget(visit)

    # Decisions

    def _decide(self) -> None:
        """Decide every group that is ripe, in order."""
        while ripe := self._windows.ripe(self._now, self._offsets.offsets):
            self._decide_group(ripe[0])
        self._windows.forget(self._now)

    def _show_early(self, change_id: str) -> None:
        """Show what a change probably was before its hands have left; the decision itself waits for them."""
        group = self._windows.open_group(change_id, self._offsets.offsets)
        if group is None or len(group.changes) > _MOST_EARLY:
            return
        scenes, bounds, joint, present = self._question(group, self._early)
        outcomes = solve(scenes, joint.hypotheses, present, self._early, bounds=bounds)
        total = log_sum(o.logp for o in outcomes)
        early = dataclasses.replace(joint, hypotheses=[Hypothesis(o.logp - total, o.world) for o in outcomes])
        for visit in self._visits_with(early.everybody):
            self._publish(visit, early)

    def _visits_with(self, people: set[int]) -> list[Visit]:
        found = {v.visit_id: v for p in people if (v := self._visits.visit_of(p)) is not None}
        return [found[visit_id] for visit_id in sorted(found)]

    def _question(self, group: Group, params: FusionParameters) -> tuple[list[Scene], list[Bounds], Joint, list[int]]:
        """The group's steps with their bounds, what is believed of all that matters to them, and who of it may hold a
        thing that is put back.
        """
        scenes = [
            self._scenes.of(m, group.reaches, self._now, self._offsets.offsets.get(m.deck.deck_id, 0))
            for m in self._windows.measurements(group)
        ]
        decks = [s.measurement.deck.deck_id for s in scenes]
        bounds = bounds_of(scenes, self._beliefs.stray_decks(decks), params)
        asked = [s for s, b in zip(scenes, bounds, strict=True) if b.held]
        people = {person for b in bounds for person in b.holders}
        present = [p for p in self._visits.inside() if not self._visits.is_staff(p)] if asked else []
        ups = [s.measurement for s in asked if s.measurement.grams > 0]
        people.update(p for p in present if ups and p not in people and self._may_be_from(p, ups))
        plain = all(b.exchanges and max(b.exchanges) < math.inf for b in bounds if b.held)

        def matters(unit: Unit) -> bool:
            return not plain or any(may_come_back(unit, s, params) for s in asked)

        joint = self._beliefs.joint(people, decks, matters)
        return scenes, bounds, joint, [p for p in present if p in people]

    def _decide_group(self, group: Group) -> None:
        scenes, bounds, joint, present = self._question(group, self._params)
        outcomes = solve(scenes, joint.hypotheses, present, self._params, bounds=bounds)
        total = log_sum(o.logp for o in outcomes)
        best = outcomes[0]
        open_ = unexplained(best)
        if any(self._is_loss(s) if s in open_ else self._may_go_on(s) for s in best.steps) and self._goes_on(group):
            later = self._now + _ASK_AGAIN_NS
            self._windows.put_off(group, later)
            self._at(later, "decide")
            return
        self._windows.take(group)
        decided = dataclasses.replace(joint, hypotheses=[Hypothesis(o.logp - total, o.world) for o in outcomes])
        self._beliefs.update(joint, decided.hypotheses)
        for person in sorted({p.person for p in evidence(best) if p.person}):
            appeared = self._visits.acted(person, self._now)
            if appeared is not None:
                self._came_in(appeared)
        self._tell(group, scenes, outcomes, total)
        self._learn(group, outcomes, total)
        touched = self._visits_with(decided.everybody)
        for visit in touched:
            self._publish(visit)
        gone = {
            v.visit_id: v for v in self._visits.visits.values() if not v.receipts and self._visits.left(v) is not None
        }
        for visit_id in sorted({*gone, *(v.visit_id for v in touched)}):
            self._settle(visit_id)

    def _may_be_from(self, person: int, ups: list[Measurement]) -> bool:
        """Whether a thing that the person holds weighs like a step up (they may have handed it over)."""
        return any(
            (u.mean - m.grams) ** 2 <= 25 * (u.variance + m.variance + 1.0)
            for u in self._beliefs.units(person)
            for m in ups
        )

    def _tell(self, group: Group, scenes: list[Scene], outcomes: list[Outcome], total: float) -> None:
        """The decision with its evidence, and an alert for what nobody explains."""
        options: dict[tuple[DecisionItem, ...], float] = {}
        for outcome in outcomes:
            items = self._items(outcome)
            options[items] = options.get(items, 0.0) + math.exp(outcome.logp - total)
        chosen = self._items(outcomes[0])
        others = sorted((items for items in options if items != chosen), key=lambda i: -options[i])
        best = outcomes[0]
        if chosen or any(abs(s.measurements[-1].grams) > self._lightest() / 2 for s in unexplained(best)):
            self._out.append(
                Decision(
                    self._now,
                    f"{self._store.store_id}-{group.changes[0].change_id}",
                    tuple(c.change_id for c in group.changes),
                    tuple(dict.fromkeys(p.reach_id for p in evidence(best) if p.reach_id)),
                    DecisionOption(min(1.0, options[chosen]), chosen),
                    tuple(DecisionOption(options[i], i) for i in others[:_ALTERNATIVES] if options[i] >= 0.005),
                    self._reason(best),
                )
            )
        for step in unexplained(best):
            self._unexplained(step)

    def _items(self, outcome: Outcome) -> tuple[DecisionItem, ...]:
        net: Counter[tuple[str, int, str, str]] = Counter()
        for p in evidence(outcome):
            if not p.product_id or p.kind is Kind.RESTOCK:
                continue
            taken = p.kind in (Kind.TAKE, Kind.TAKE_STRAY)
            owner = self._visits.visit_of(p.person if taken else p.holder)
            key = (owner.visit_id if owner else "", p.track_id, p.facing_id, p.product_id)
            net[key] += p.quantity if taken else -p.quantity
        return tuple(DecisionItem(*key, quantity) for key, quantity in sorted(net.items()) if quantity)

    def _lightest(self) -> float:
        return min((p.weight for p in self._planogram.products.values()), default=0.0)

    def _reason(self, outcome: Outcome) -> str:
        told = []
        for step in outcome.steps:
            grams = sum(m.grams for m in step.measurements)
            deck = step.measurements[-1].deck
            did = [self._words(p) for p in step.explanation.pieces] or ["nobody moved anything"]
            told.append(f"{grams:+.0f} g on {deck.shelf.name}, {deck.deck_id}: {' and '.join(did)}")
        return "; ".join(told)

    def _words(self, piece: Piece) -> str:
        product = self._planogram.products.get(piece.product_id)
        name = product.name if product else "a thing from outside"
        how = "with a hand there" if piece.reach_id else "standing there, no hand was seen"
        return f"track {piece.track_id} {piece.kind.value}: {abs(piece.quantity)} x {name} ({how})"

    def _is_loss(self, step: Step) -> bool:
        """Whether so much went in the step that it must have been goods."""
        grams = sum(m.grams for m in step.measurements)
        noise = sum(m.variance for m in step.measurements)
        return grams <= -0.5 * self._lightest() and grams * grams >= 36 * noise

    def _may_go_on(self, step: Step) -> bool:
        """Whether what the step was taken for is hardly likelier than a thing half lifted that a hand still holds."""
        half = math.fsum(log_split(m, self._params) for m in step.measurements)
        return half > step.explanation.logp + _HALF_LIFTED

    def _goes_on(self, group: Group) -> bool:
        """Whether a later step may still make sense of the group: a hand is in, or who had one in stands there yet
        (the hand may be unseen).
        """
        if self._now >= max(c.end for c in group.changes) + round(self._params.hold_s * SECOND):
            return False
        for r in group.reaches:
            here = self._whereabouts.place(r.reach.track_id, self._now)
            there = self._whereabouts.place(r.reach.track_id, r.reach.end)
            if here is not None and (
                not r.reach.complete
                or (there is not None and math.hypot(here.x - there.x, here.y - there.y) < self._params.stands_m)
            ):
                return True
        return False

    def _unexplained(self, step: Step) -> None:
        """A loss without an explanation makes the visits near it "to be reviewed": it must not be silently free."""
        if not self._is_loss(step):
            return
        grams = sum(m.grams for m in step.measurements)
        last = step.measurements[-1]
        shelf = last.deck.shelf
        near = [
            self._visits.person_of(t)
            for t, place in self._whereabouts.present(last.moment)
            if -2 * self._params.arm_length <= shelf.to_shelf((place.x, place.y, 0.0))[1] <= 0.1
        ]
        for person in near:
            visit = self._visits.visit_of(person)
            if visit is not None:
                visit.reasons[
                    f"{-grams:.0f} g went from {shelf.name} ({last.deck.deck_id}) and nobody's hand explains it"
                ] = None
        self._alert(
            Severity.WARNING,
            "unexplained_loss",
            f"{-grams:.0f} g went from {shelf.name} ({last.deck.deck_id}) and nobody's hand explains it",
            *(m.deck.deck_id for m in step.measurements[-1:]),
        )

    def _learn(self, group: Group, outcomes: list[Outcome], total: float) -> None:
        """What a decision teaches about stock, weights, places and clocks."""
        best = outcomes[0]
        probability = math.exp(best.logp - total)
        # Which facing a hand was at may be sure while the product on it is not.
        moves = _moves(best)
        sure_place = (
            math.fsum(math.exp(o.logp - total) for o in outcomes if _moves(o) == moves) >= self._params.learn_above
        )
        reaches = {r.reach.reach_id: r.reach for r in group.reaches}
        sure = probability >= self._params.learn_above
        for step in best.steps:
            pieces = step.explanation.pieces
            for p in pieces:
                if p.kind in (Kind.TAKE, Kind.PUT, Kind.RESTOCK):
                    self._moved(p)
            if len(pieces) == 1 and pieces[0].kind is Kind.TAKE and len(step.measurements) == 1 and pieces[0].reach_id:
                p, m = pieces[0], step.measurements[0]
                if sure_place and self._planogram.saw(p.facing_id, p.quantity, -m.grams, m.variance + 1.0):
                    self._disagrees(p.facing_id)
            if sure and len(pieces) == 1 and pieces[0].kind is Kind.TAKE and len(step.measurements) == 1:
                p, m = pieces[0], step.measurements[0]
                self._planogram.learn(p.product_id, p.quantity, -m.grams, m.variance + 1.0)
                if p.reach_id and reaches[p.reach_id].complete:
                    self._clock(m, reaches[p.reach_id])

    def _moved(self, piece: Piece) -> None:
        units = -piece.quantity if piece.kind is Kind.TAKE else piece.quantity
        before = self._planogram.stock[piece.facing_id]
        self._planogram.move(piece.facing_id, units)
        if before > 0 >= before + units:
            self._alert(
                Severity.INFO,
                "out_of_stock",
                f"{self._planogram.products[piece.product_id].name} is sold out on {piece.facing_id}",
                piece.facing_id,
                piece.product_id,
            )

    def _disagrees(self, facing_id: str) -> None:
        product = self._planogram.products[self._planogram.product_of(facing_id)]
        self._alert(
            Severity.WARNING,
            "planogram_disagrees",
            f"{facing_id} seems to hold {product.name}",
            facing_id,
            product.product_id,
        )

    def _clock(self, measurement: Measurement, reach: HandReach) -> None:
        if len(measurement.deck.scales) > 1:
            return
        scale_id = measurement.deck.deck_id
        offset = self._offsets.saw(scale_id, measurement.moment, reach)
        if offset is not None and abs(offset) > self._store.tolerances.clock_offset_alarm_s:
            self._alert(
                Severity.ERROR, "clock_offset", f"the clock of scale {scale_id} is {offset:+.1f} s off", scale_id
            )

    # Streams

    def _progress(self, event: StreamProgress) -> None:
        if event.stream != "/weight_changes":
            return
        for scale_id in event.silent:
            self._silent_scales.setdefault(scale_id, event.stamp)
        for scale_id in [s for s in self._silent_scales if s not in event.silent]:
            del self._silent_scales[scale_id]

    def _touch_of_silent_scale(self, reach: HandReach) -> None:
        """A hand at a scale that says nothing: what it took is not known."""
        for scale_id in self._silent_scales:
            deck = self._planogram.deck_of_scale.get(scale_id)
            if deck is None or deck.shelf.shelf_id != reach.shelf_id:
                continue
            x0, x1, z0, z1 = deck.window
            inside = any(
                x0 <= u <= x1 and z0 <= w <= z1 for u, _, w in (deck.shelf.to_shelf(s.position) for s in reach.samples)
            )
            visit = self._visits.visit_of(self._visits.person_of(reach.track_id))
            if inside and visit is not None:
                visit.reasons[f"a hand was at {deck.shelf.name} while scale {scale_id} was silent"] = None

    def _check_streams(self) -> None:
        silent = set(self._watermarks.silent())
        for name in sorted(silent - self._silent_streams):
            self._alert(Severity.ERROR, "stream_silent", f"nothing more is heard of {name}", name)
        for name in sorted(silent):
            for person in self._visits.inside():
                visit = self._visits.visit_of(person)
                if visit is not None:
                    visit.reasons[f"{name} was silent during the visit"] = None
        self._silent_streams = silent

    def _alert(self, severity: Severity, code: str, text: str, *subjects: str) -> None:
        self._out.append(Alert(self._now, severity, code, text, tuple(subjects)))


class _Ordered:
    """An event among timers of the same moment: earlier ones first, then by what they say."""

    def __init__(self, event: ZoneCrossing) -> None:
        self.event = event

    def _key(self) -> tuple[Stamp, int, str, int]:
        return self.event.stamp, self.event.track_id, self.event.zone_id, int(self.event.kind)

    def __lt__(self, other: _Ordered) -> bool:
        return self._key() < other._key()


def _moves(outcome: Outcome) -> list[tuple[int, str, int]]:
    """Who moved how many units at which facing, whatever the product."""
    return sorted((p.person, p.facing_id, p.quantity) for p in evidence(outcome))


def _same(old: Receipt, new: Receipt) -> bool:
    """Whether the new receipt says nothing that matters beyond the old one."""

    def what(r: Receipt) -> tuple[Any, ...]:
        return (r.shopper_id, tuple((line.product_id, line.quantity) for line in r.lines))

    return what(old) == what(new)


__all__ = ["Fusion", "Output"]
