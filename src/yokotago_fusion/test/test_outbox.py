# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The outbox against a list in memory: nothing lost, nothing twice, each lane in order, across restarts."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from yokotago_fusion.cloud_requests import Request
from yokotago_fusion.outbox import Outbox
from yokotago_model.events import CheckIn


def request(key: str, lane: str, passing: bool = False, behind: str = "") -> Request:
    return Request(key, lane, "PUT", f"/{key}", f'"{key}"', passing, behind)


class OutboxAgainstList(RuleBasedStateMachine):
    """Every operation on the outbox is made on a list too; both must offer the same requests."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = str(Path(self._folder.name) / "outbox.db")
        self.outbox = Outbox(self._path)
        self.now = 1_000.0
        self.known: set[str] = set()
        self.waiting: list[tuple[Request, float]] = []
        self.aside: list[Request] = []

    def teardown(self) -> None:
        self.outbox.close()
        self._folder.cleanup()

    def expected(self) -> list[Request]:
        lanes: set[str] = set()
        heads = []
        for r, not_before in self.waiting:
            if not {r.lane, r.behind} & lanes and not_before <= self.now:
                heads.append(r)
            lanes.add(r.lane)
        return heads

    @rule(
        key=st.integers(0, 40),
        lane=st.sampled_from("abc"),
        passing=st.booleans(),
        behind=st.sampled_from(["", "", "a", "b"]),
    )
    def put(self, key: int, lane: str, passing: bool, behind: str) -> None:
        r = request(f"{lane}{key}{passing}", lane, passing, behind)
        assert self.outbox.put(r, self.now) == (r.key not in self.known)
        if r.key not in self.known:
            self.known.add(r.key)
            self.waiting = [(w, t) for w, t in self.waiting if w.lane != lane or not w.passing]
            self.waiting.append((r, 0.0))

    @precondition(lambda self: self.expected())
    @rule(choice=st.integers(0, 2), what=st.sampled_from(["accepted", "postpone", "set aside"]))
    def settle(self, choice: int, what: str) -> None:
        rows = self.outbox.due(self.now)
        row = rows[choice % len(rows)]
        at = next(i for i, (r, _) in enumerate(self.waiting) if r == row.request)
        if what == "postpone":
            self.outbox.postpone(row, "busy", self.now, 5.0)
            self.waiting[at] = (row.request, self.now + 5.0)
            return
        del self.waiting[at]
        if what == "accepted":
            self.outbox.accepted([row], self.now)
        else:
            self.outbox.set_aside(row, "no", self.now)
            self.aside.append(row.request)

    @rule(seconds=st.floats(0.5, 4.0))
    def time_goes_by(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.outbox = Outbox(self._path)

    @invariant()
    def the_same_is_offered(self) -> None:
        assert [row.request for row in self.outbox.due(self.now)] == self.expected()
        assert self.outbox.waiting() == len(self.waiting)
        assert sorted(r.key for r, _ in self.outbox.those_set_aside()) == sorted(r.key for r in self.aside)


OutboxAgainstList.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestOutboxAgainstList = OutboxAgainstList.TestCase


def test_failures_are_counted_and_blamed(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox.db"))
    outbox.put(request("k", "a"), 1.0)
    for now in (10.0, 20.0, 30.0):
        outbox.postpone(outbox.due(now)[0], "busy", now, 1.0, blame=now > 10.0)
    row = outbox.due(40.0)[0]
    assert (row.failures, row.last_failure, row.blamed) == (3, 30.0, 2)
    outbox.close()


def test_a_refusal_counts_whether_it_is_here_before_the_sender_has_noted_the_request_or_after(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox.db"))
    early, late = request("early", "a"), request("late", "b")
    for r in (early, late):
        assert outbox.put(r, 0.0)
    rows = outbox.due(0.0)
    assert outbox.sent_is_refused("early", "unknown shopper", 1.0) == early
    outbox.accepted(rows, 2.0)
    assert outbox.sent_is_refused("late", "unknown shopper", 3.0) == replace(late, body="")
    assert outbox.waiting() == 0
    assert [r.key for r, _ in outbox.those_set_aside()] == ["early", "late"]
    # The broker gives an answer again that was not acknowledged: it is told once.
    for key in ("early", "late", "of-another"):
        assert outbox.sent_is_refused(key, "unknown shopper", 4.0) is None
    outbox.close()


def test_a_sent_key_is_known_for_as_long_as_said(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox.db"), keep_sent_s=100.0)
    for key, now in (("old", 0.0), ("new", 150.0)):
        outbox.put(request(key, "a"), now)
        outbox.accepted(outbox.due(now), now)
    assert not outbox.put(request("new", "a"), 160.0)
    assert outbox.put(request("old", "a"), 160.0)
    assert outbox.last_accepted() == 150.0
    outbox.close()


def test_check_ins_and_their_cursor_are_kept_together_and_told_once(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox.db"))
    early, late = (CheckIn(stamp, f"c{stamp}", "shopper", "gate-1", 2) for stamp in (10, 20))
    assert outbox.take_check_ins([early], "1") == [early]
    assert outbox.take_check_ins([early, late], "2") == [late]
    outbox.close()
    outbox = Outbox(str(tmp_path / "outbox.db"))
    assert outbox.note("cursor") == "2"
    assert outbox.check_ins_since(10) == [early, late]
    assert outbox.check_ins_since(11) == [late]
    outbox.close()


def test_a_gate_s_check_in_is_the_cloud_s_by_moment_gate_and_shopper(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox.db"))
    ours = CheckIn(10, "code-aa", "shopper", "gate-1", 2)
    assert outbox.admit("aa", 45, ours, request("k", "shopper-s"), 1.0)
    assert outbox.take_check_ins([replace(ours, check_in_id="ci-1")], "1") == []
    others = [replace(ours, check_in_id=f"ci-{n}", **{name: value}) for n, (name, value) in enumerate(_OTHERS, 2)]
    assert outbox.take_check_ins(others, "2") == others
    assert not outbox.admit("bb", 46, replace(others[0], check_in_id="code-bb"), None, 1.0), "the cloud was faster"
    outbox.close()
    outbox = Outbox(str(tmp_path / "outbox.db"))
    assert outbox.used_codes() == {"aa": 45, "bb": 46}
    assert [row.request.key for row in outbox.due(1.0)] == ["k"]
    outbox.admit("cc", 10_000, replace(ours, stamp=99), None, 9_000.0)
    assert outbox.used_codes() == {"cc": 10_000}, "expired codes are forgotten"
    outbox.close()


_OTHERS: list[tuple[str, Any]] = [("stamp", 11), ("gate_id", "gate-2"), ("shopper_id", "other")]


def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = str(tmp_path / "outbox.db")
    outbox = Outbox(path)
    outbox.put(request("old", "a"), 1.0)
    outbox.close()
    base = sqlite3.connect(path)
    base.execute("ALTER TABLE outbox DROP COLUMN behind")
    base.close()
    outbox = Outbox(path)
    outbox.put(request("new", "b", behind="a"), 1.0)
    assert [row.request for row in outbox.due(2.0)] == [request("old", "a")]
    outbox.close()
