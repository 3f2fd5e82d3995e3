# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The smaller stages on their own: watermarks, planogram, hypotheses, clock offsets, journal, and what they may
import.
"""

from __future__ import annotations

import ast
import math
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from fusion_world import BUSY, GUM, LATE, MILK, TEA, at, busy_day, reach, receipts, run, small_store, with_progress

import yokotago_fusion
from yokotago_fusion.baseline import Baseline
from yokotago_fusion.beliefs import Beliefs
from yokotago_fusion.fusion import Fusion
from yokotago_fusion.hands import log_body_at, log_hand_at, log_stance, window_of
from yokotago_fusion.hypotheses import Hypothesis, Unit, World, settle
from yokotago_fusion.journal import Journal, JournalError
from yokotago_fusion.offsets import Offsets
from yokotago_fusion.parameters import FusionParameters
from yokotago_fusion.planogram import Planogram
from yokotago_fusion.watermarks import Watermarks
from yokotago_fusion.whereabouts import Whereabouts
from yokotago_model.events import SECOND, Event, Receipt, StreamProgress, Track, TrackFrame, TrackState
from yokotago_model.store import Facing, Tolerances

PARAMS = FusionParameters()
STREAMS = ("/tracks", "/zone_crossings", "/hand_reaches", "/weight_changes", "/check_ins")


def promise(
    marks: Watermarks, time: float, published: int = 0, session: int = 1, streams: tuple[str, ...] = STREAMS
) -> None:
    for stream in streams:
        marks.feed(StreamProgress(at(time), stream, session, published if stream == "/tracks" else 0))


def test_nothing_leaves_before_every_stream_has_passed_it() -> None:
    marks = Watermarks(Tolerances(), PARAMS)
    marks.feed(TrackFrame(at(1.0)))
    promise(marks, 1.0, 1, streams=STREAMS[:3])
    marks.feed(StreamProgress(at(0.5), "/weight_changes", 1, 0))
    assert marks.release() == []
    marks.feed(StreamProgress(at(1.2), "/weight_changes", 1, 0))
    promise(marks, 1.0, streams=("/check_ins",))
    assert marks.release() == [TrackFrame(at(1.0))]
    assert marks.moment == at(1.0)


def test_a_promise_counts_only_when_all_its_messages_are_here() -> None:
    marks = Watermarks(Tolerances(), PARAMS)
    marks.feed(TrackFrame(at(1.0)))
    promise(marks, 1.1, 2)
    marks.release()
    assert marks.moment < at(1.0)
    marks.feed(TrackFrame(at(1.05)))
    assert len(marks.release()) == 2
    assert marks.moment == at(1.1)


def test_a_publisher_that_starts_again_counts_from_zero() -> None:
    marks = Watermarks(Tolerances(), PARAMS)
    for n in range(3):
        marks.feed(TrackFrame(at(1.0 + n / 10)))
    promise(marks, 1.2, 3)
    marks.release()
    marks.feed(TrackFrame(at(2.0)))
    promise(marks, 2.0, 2, session=2)
    marks.release()
    assert marks.moment == at(1.2)
    marks.feed(TrackFrame(at(1.9)))
    marks.release()
    assert marks.moment == at(2.0)


def test_a_lost_message_holds_the_others_back_for_the_allowance_only() -> None:
    marks = Watermarks(Tolerances(), PARAMS)
    marks.feed(TrackFrame(at(1.0)))
    promise(marks, 1.0, 2)
    marks.release()
    assert marks.moment < at(1.0)
    promise(marks, 7.0, 2)
    marks.release()
    assert marks.moment == at(7.0)
    assert marks.lost() == 1


def test_scales_that_share_a_facing_are_one_deck() -> None:
    decks = {d.deck_id: [s.scale_id for s in d.scales] for d in Planogram(small_store(), PARAMS).decks}
    assert decks == {"p0": ["p0"], "p1": ["p1"], "p2": ["p2"], "p3": ["p3", "p4"]}


def test_unit_weights_are_learned() -> None:
    planogram = Planogram(small_store(), PARAMS)
    before = planogram.weight(TEA)
    for _ in range(20):
        planogram.learn(TEA, 1, 512.0, 0.5)
    after = planogram.weight(TEA)
    assert after.mean == pytest.approx(512.0, abs=1.0)
    assert after.mean_variance < before.mean_variance / 20


def test_a_facing_that_holds_something_else_is_found_out() -> None:
    planogram = Planogram(small_store(), PARAMS)
    assert planogram.product_of("f-gum") == GUM
    changed = [planogram.saw("f-gum", 1, 200.5, 0.5) for _ in range(3)]
    assert planogram.product_of("f-gum") == MILK
    assert changed.count(True) == 1
    for _ in range(4):
        planogram.saw("f-gum", 1, 30.1, 0.5)
    assert planogram.product_of("f-gum") == GUM


def test_worlds_that_are_the_same_are_one() -> None:
    a, b = Unit("tea", 500.0, 1.0), Unit("tea", 503.0, 1.0)
    hypotheses = [Hypothesis(math.log(w), World({1: (u,)})) for w, u in ((0.3, a), (0.4, b))]
    settled = settle([*hypotheses, Hypothesis(math.log(0.3), World())], 1e-4, 10)
    assert [round(math.exp(h.logp), 6) for h in settled] == [0.7, 0.3]
    assert settled[0].world.held[1] == (b,)


def test_doubts_join_and_part() -> None:
    beliefs = Beliefs(1e-4, 100, 0.005)
    tea, cola = Unit("tea", 500.0, 1.0), Unit("cola", 520.0, 1.0)
    beliefs.update(
        beliefs.joint([1, 2], ["p0"]),
        [
            Hypothesis(math.log(0.8), World({1: (cola, tea)})),
            Hypothesis(math.log(0.2), World({1: (cola,), 2: (tea,)})),
        ],
    )
    assert beliefs.basket([1]) == (
        {"cola": (1, pytest.approx(1.0)), "tea": (1, pytest.approx(0.8))},
        pytest.approx(0.8),
    )
    assert beliefs.basket([1, 2])[0]["tea"] == (1, pytest.approx(1.0))
    joint = beliefs.joint([1], [])
    assert [h.world.held for h in joint.hypotheses] == [{1: (cola, tea)}, {1: (cola,), 2: (tea,)}]
    beliefs.update(joint, [Hypothesis(0.0, World({1: (tea,)}))])
    assert beliefs.basket([1, 2]) == ({"tea": (1, 1.0)}, 1.0)
    assert not beliefs.joint([1, 2], []).factors


def test_doubts_that_do_not_depend_on_one_another_are_carried_apart() -> None:
    """Whether 1 or 2 has the tea, and whether 1 or 3 has the cola: two factors, although 1 is in both."""
    beliefs = Beliefs(1e-4, 100, 0.005)
    tea, cola = Unit("tea", 500.0, 1.0), Unit("cola", 520.0, 1.0)
    both = [
        Hypothesis(math.log(0.7 * 0.6), World({1: (cola, tea)})),
        Hypothesis(math.log(0.3 * 0.6), World({1: (cola,), 2: (tea,)})),
        Hypothesis(math.log(0.7 * 0.4), World({1: (tea,), 3: (cola,)})),
        Hypothesis(math.log(0.3 * 0.4), World({2: (tea,), 3: (cola,)})),
    ]
    beliefs.update(beliefs.joint([1, 2, 3], []), both)
    assert len(beliefs.joint([1], []).factors) == 2
    assert len(beliefs.joint([2], []).factors) == 1
    assert beliefs.basket([1]) == (
        {"cola": (1, pytest.approx(0.6)), "tea": (1, pytest.approx(0.7))},
        pytest.approx(0.42),
    )
    joined = {h.world.key: h.logp for h in beliefs.joint([1], []).hypotheses}
    assert joined == {h.world.key: pytest.approx(h.logp) for h in both}
    # What depends on one another stays together: who has the tea does not have the cola.
    either = [
        Hypothesis(math.log(0.5), World({1: (tea,), 2: (cola,)})),
        Hypothesis(math.log(0.5), World({1: (cola,), 2: (tea,)})),
    ]
    beliefs.update(beliefs.joint([1, 2, 3], []), either)
    assert len(beliefs.joint([1, 2, 3], []).factors) == 1
    beliefs.forget(2)
    assert beliefs.basket([1])[1] == pytest.approx(0.5)
    assert not beliefs.basket([2])[0]


def test_who_stands_upright_does_not_reach_what_lies_near_the_floor() -> None:
    """A person of 1.7 m: a shoulder is 0.31 m below the head's top, an arm 0.66 m long."""
    (shelf,) = small_store().shelves
    where = Whereabouts()
    for moment, top in ((0, 1.7), (2, 1.1)):
        track = Track(1, TrackState.CONFIRMED, (2.0, 3.0, 0.0), (0.0, 0.0, 0.0), top, (0.0,) * 4)
        where.feed(TrackFrame(moment * SECOND, (track,)))
    low, middle, high = (0.8, 1.2, 0.4, 0.6), (0.8, 1.2, 1.0, 1.3), (0.8, 1.2, 1.6, 1.8)
    upright = {w: log_body_at(where, 1, shelf, 0, w, PARAMS) for w in (low, middle, high)}
    bent = {w: log_body_at(where, 1, shelf, 2 * SECOND, w, PARAMS) for w in (low, middle, high)}
    assert upright[middle] == upright[high] == bent[low] == bent[middle]
    assert upright[low] < upright[middle] - 3.0
    assert bent[high] < bent[low] - 3.0


def test_what_stands_on_a_facing_stands_whole_on_it() -> None:
    (shelf,) = small_store().shelves
    left = Facing("left", shelf.shelf_id, "tea", 0.5, 0.4, 0.2, 0.3, ())
    right, narrow = replace(left, x=0.7), replace(left, width=0.08)
    assert window_of(left, PARAMS) == pytest.approx((0.53, 0.67, 0.4, 0.7))
    assert window_of(narrow, PARAMS) == pytest.approx((0.52, 0.56, 0.4, 0.7))
    hand = (0.67, 0.55, 0.03, 0.03)

    def surer_of_left(params: FusionParameters) -> float:
        on_left, on_right = (log_hand_at(hand, shelf, window_of(f, params), 0.0, params) for f in (left, right))
        return on_left - on_right

    # A hand 3 cm from the border between two facings: as far as its own deviation is.
    assert surer_of_left(PARAMS) > surer_of_left(replace(PARAMS, half_item=1e-6)) + 0.5


def test_who_bends_is_more_likely_to_reach_low_and_who_does_not_is_less() -> None:
    """The hand of a person of 1.7 m hangs at 0.73 m."""
    where = Whereabouts()
    for moment, top in ((0, 1.7), (2, 1.2)):
        track = Track(1, TrackState.CONFIRMED, (2.0, 3.0, 0.0), (0.0, 0.0, 0.0), top, (0.0,) * 4)
        where.feed(TrackFrame(moment * SECOND, (track,)))
    low, middle = (0.8, 1.2, 0.5, 0.9), (0.8, 1.2, 0.6, 1.0)
    assert log_stance(where, 1, 2 * SECOND, low, PARAMS) == pytest.approx(math.log(0.9 / 0.15))
    assert log_stance(where, 1, 0, low, PARAMS) == pytest.approx(math.log(0.1 / 0.85))
    assert log_stance(where, 1, 2 * SECOND, middle, PARAMS) == pytest.approx(math.log(0.1 / 0.15))
    assert log_stance(where, 1, 0, middle, PARAMS) == pytest.approx(math.log(0.9 / 0.85))
    assert log_stance(where, 2, 0, low, PARAMS) == 0.0


@pytest.mark.parametrize("was", [1, 2])
def test_the_tracker_tells_later_who_a_track_was(was: int) -> None:
    beliefs = Beliefs(1e-6, 200, 0.003)
    tea = Unit("tea", 500.0, 25.0)
    itself = World(held={1: (tea,)}, identity={1: 1, 2: 2})
    other = World(held={2: (tea,)}, identity={1: 2, 2: 1})
    beliefs.update(beliefs.joint([1, 2], []), [Hypothesis(math.log(0.6), itself), Hypothesis(math.log(0.4), other)])
    where = Whereabouts()

    def see(moment: int, confidence: float, *alternatives: int) -> list[tuple[int, int]]:
        track = Track(
            1, TrackState.CONFIRMED, (1.0, 1.0, 0.0), (0.0, 0.0, 0.0), 1.7, (0.0,) * 4, confidence, alternatives
        )
        return where.feed(TrackFrame(moment * SECOND // 30, (track,)))

    assert see(0, 1.0) == []
    assert see(30, 0.6, 2) == []
    # One frame tells that it was the other one all the time.
    assert see(60, 0.6 if was == 1 else 0.0, 2) == []
    resolved = see(61, 1.0)
    assert resolved == [(1, was)]
    for track, person in resolved:
        beliefs.resolve(track, person)
    lines, sure = beliefs.basket([was])
    assert (lines, sure) == ({"tea": (1, 1.0)}, 1.0)
    assert beliefs.basket([3 - was]) == ({}, 1.0)
    place = where.place(1, SECOND)
    assert place is not None
    assert (place.confidence, place.alternatives) == ((1.0, ()) if was == 1 else (0.0, (2,)))
    first = where.first_place(1)
    assert first is not None
    assert first.confidence == 1.0


def test_a_clock_that_is_off_is_found_after_some_steps() -> None:
    offsets = Offsets()
    told = []
    for n in range(8):
        (_, whole) = reach(n, 1, 0.2, 10.0 * n, 10.0 * n + 1.5)
        told.append(offsets.saw("p0", at(10.0 * n + 0.9 + 1.0), whole))
    found = [t for t in told if t is not None]
    assert found == [pytest.approx(1.0, abs=0.05)]
    assert offsets.offsets["p0"] == pytest.approx(1e9, rel=0.05)


def test_the_baseline_bills_the_nearest_reach() -> None:
    stage = Baseline(small_store())
    out = [o for e in busy_day() for o in stage.feed(e)] + stage.finish()
    assert {r.shopper_id for r in out} == {"a", "b"}
    assert receipts(out) != BUSY


def journalled(path: Path, events: list[Event], crash_after: int, snapshot_every: int) -> list[object]:
    """The outputs that were published by a fusion that is killed after so many events and started again."""
    published: list[object] = []
    store = small_store()
    for part in (events[:crash_after], events[crash_after:]):
        journal = Journal(path, snapshot_every)
        fusion, missed = journal.recover(Fusion(store))
        for output in missed:
            published.append(output)
            journal.sent(output)
        for event in part:
            journal.take(event)  # type: ignore[arg-type]
            for output in fusion.feed(event):  # type: ignore[arg-type]
                published.append(output)
                journal.sent(output)
            journal.maybe_snapshot(fusion)
        journal.close()
    return published + list(fusion.finish())


@pytest.mark.parametrize("snapshot_every", [100, 10**6])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_after_a_crash_everything_goes_on_and_nothing_goes_out_twice(
    tmp_path: Path, share: float, snapshot_every: int
) -> None:
    events = with_progress(busy_day(), LATE)
    got = journalled(tmp_path / "journal.sqlite", events, round(share * len(events)), snapshot_every)
    assert got == run(small_store(), events)


def test_an_output_that_was_not_published_before_the_crash_is_published_after_it(tmp_path: Path) -> None:
    events = with_progress(busy_day(), LATE)
    journal = Journal(tmp_path / "journal.sqlite")
    fusion, _ = journal.recover(Fusion(small_store()))
    for event in events:
        journal.take(event)  # type: ignore[arg-type]
        fusion.feed(event)  # type: ignore[arg-type]
    journal.close()
    _, missed = Journal(tmp_path / "journal.sqlite").recover(Fusion(small_store()))
    assert {o.shopper_id for o in missed if isinstance(o, Receipt)} == {"a", "b"}


def test_the_last_hours_receipts_that_stand_can_be_published_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    [first, second] = [o for o in run(small_store(), busy_day()) if isinstance(o, Receipt)]
    mended = replace(first, stamp=second.stamp, receipt_id="mended", corrects=first.receipt_id)
    for output in (first, second, mended):
        journal.sent(output)
    journal.close()
    again = Journal(tmp_path / "journal.sqlite")
    assert again.receipts(3600.0) == [second, mended]
    late = replace(second, stamp=second.stamp + 4000 * SECOND, receipt_id="late")
    again.sent(late)
    assert again.receipts(3600.0) == [late]


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_text("this is not a database, and it is long enough to be seen as none " * 20)
    with pytest.raises(JournalError, match=r"journal\.sqlite"):
        Journal(path)


def test_the_stage_can_be_kept(tmp_path: Path) -> None:
    fusion = Fusion(small_store())
    for event in busy_day()[:200]:
        fusion.feed(event)  # type: ignore[arg-type]
    copy = pickle.loads(pickle.dumps(fusion))
    rest = busy_day()[200:]
    assert [copy.feed(e) for e in rest] == [fusion.feed(e) for e in rest]  # type: ignore[arg-type]


def test_stages_import_neither_ros_nor_other_packages() -> None:
    allowed = {"yokotago_model", "numpy", "scipy"}
    for path in sorted(Path(yokotago_fusion.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert not top.startswith(("rclpy", "rosidl")), f"{path.name} imports {name}"
                assert top not in {"yokotago_msgs", "yokotago_tracking", "yokotago_shelves", "yokotago_sim"}, path.name
                if top.startswith("yokotago"):
                    assert top in allowed, f"{path.name} imports {name}"
