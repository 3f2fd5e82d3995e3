# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The gates against the real cloud: with a line, without one, with answers that are lost, and after a restart."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("yokotago_cloud", reason="the cloud is not on the path: source env.sh")

from bridge_support import STORE, TOKEN, Cloud, cloud_in, receipt, wait_for
from gate_support import flipped

from yokotago_fusion.cloud_client import CloudClient
from yokotago_fusion.cloud_link import CloudLink, LinkParameters
from yokotago_fusion.cloud_requests import Answer, Request, Verdict, request_of
from yokotago_fusion.gate import Gate, GateParameters
from yokotago_fusion.gate_keeper import GateKeeper
from yokotago_fusion.outbox import Outbox
from yokotago_model.events import Alert, CheckIn, GateAnswer, GateCode

QUICK = LinkParameters(
    poll_wait_s=1.0, answer_s=2.0, first_back_off_s=0.02, longest_back_off_s=0.1, catalogue_every_s=0.2
)


class Store:
    """A store host's bridge without ROS: gates, outbox and line."""

    def __init__(
        self, cloud: Cloud, outbox: Outbox, offline: str, client: Callable[[], AbstractContextManager]
    ) -> None:
        self.told: queue.SimpleQueue[GateAnswer] = queue.SimpleQueue()
        self.check_ins: list[CheckIn] = []
        self.alerts: list[Alert] = []
        self.outbox = outbox
        self.link = CloudLink(outbox, lambda: CloudClient(cloud.url, STORE, TOKEN, 2.0), STORE, (), time.time_ns, QUICK)
        gate = Gate(GateParameters(gate_offline=offline), outbox.used_codes())
        self.keeper = GateKeeper(gate, outbox, client, STORE, self.hear)

    def hear(self, event: GateAnswer | CheckIn | Alert) -> None:
        kept = {CheckIn: self.check_ins.append, Alert: self.alerts.append}
        kept.get(type(event), self.told.put)(event)  # type: ignore[arg-type]

    def show(self, code: str, gate_id: str = "gate-1") -> str:
        """Hold a code before a gate: what it says."""
        self.keeper.read(GateCode(time.time_ns(), gate_id, code))
        return self.told.get(timeout=20).reason

    def line_is_up(self) -> bool:
        while not self.link.heard.empty():
            event, _ = self.link.heard.get()
            if isinstance(event, CheckIn | Alert):
                self.hear(event)
        return self.link.follows_check_ins() and bool(self.outbox.note("keys"))


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with cloud_in(tmp_path) as made:
        made.start()
        yield made


@contextmanager
def store(
    cloud: Cloud, path: Path, offline: str = "refuse", client: AbstractContextManager[Any] | None = None
) -> Iterator[Store]:
    outbox = Outbox(str(path))

    def direct() -> AbstractContextManager[Any]:
        return client or CloudClient(cloud.url, STORE, TOKEN, 2.0)

    made = Store(cloud, outbox, offline, direct)
    made.link.start()
    made.keeper.start()
    try:
        # A host that starts without a line knows the keys from before.
        wait_for(lambda: outbox.note("keys") and (cloud.process is None or made.line_is_up()))
        yield made
    finally:
        assert made.keeper.stop(10.0)
        assert made.link.stop(10.0)
        outbox.close()


def test_a_code_opens_one_visit_and_everything_else_is_refused_with_its_reason(cloud: Cloud, tmp_path: Path) -> None:
    with store(cloud, tmp_path / "outbox.db") as shop:
        shopper_id, headers = cloud.shopper()
        code = cloud.code(headers)
        assert shop.show(code) == "checked-in"
        assert shop.show(code) == "code-used"
        assert shop.show(code, "gate-2") == "code-used"
        assert shop.show(flipped(cloud.code(headers), 40)) == "code-forged"
        assert shop.show("WIFI:S:store;;") == "code-malformed"
        wait_for(lambda: shop.line_is_up() and cloud.get("check-ins")["check_ins"])
        (kept,) = cloud.get("check-ins")["check_ins"]
        (told,) = shop.check_ins
        assert (told.shopper_id, told.party_size, told.gate_id) == (shopper_id, 2, "gate-1")
        assert (kept["shopper_id"], kept["stamp"]["nanosec"]) == (shopper_id, told.stamp % 10**9)
        assert shop.outbox.waiting() == 0
        assert shop.alerts == []


def test_a_code_that_another_store_host_burnt_is_used(cloud: Cloud, tmp_path: Path) -> None:
    _, headers = cloud.shopper()
    code = cloud.code(headers)
    with store(cloud, tmp_path / "a.db") as one, store(cloud, tmp_path / "b.db") as other:
        assert one.show(code) == "checked-in"
        assert other.show(code) == "code-used"


def test_without_a_line_a_gate_refuses_and_takes_the_same_code_when_the_line_is_back(
    cloud: Cloud, tmp_path: Path
) -> None:
    _, headers = cloud.shopper()
    code = cloud.code(headers)
    with store(cloud, tmp_path / "outbox.db") as shop:
        cloud.kill()
        assert shop.show(code) == "no-line"
        assert shop.show(flipped(code, 40)) == "code-forged"
        assert shop.check_ins == []
        cloud.start()
        assert shop.show(code) == "checked-in"


def test_admitted_without_a_line_is_told_to_the_cloud_before_the_receipt_and_once(cloud: Cloud, tmp_path: Path) -> None:
    shopper_id, headers = cloud.shopper()
    code = cloud.code(headers)
    path = tmp_path / "outbox.db"
    with store(cloud, path, "admit") as shop:
        cloud.kill()
        assert shop.show(code) == "checked-in-offline"
        assert [a.code for a in shop.alerts] == ["admitted_offline"]
        assert shop.show(code) == "code-used"
        (told,) = shop.check_ins
    with store(cloud, path, "admit") as shop:
        assert shop.show(code) == "code-used", "the code is used also after a restart"
        shop.outbox.put(request_of(STORE, receipt("v-1", 2, shopper_id)), time.time())
        assert [row.request.kind for row in shop.outbox.due(time.time())] == ["check_in"]
        cloud.start()
        wait_for(lambda: shop.line_is_up() and shop.outbox.waiting() == 0)
        wait_for(lambda: shop.outbox.note("cursor") == cloud.get("check-ins")["cursor"])
        shop.line_is_up()
        assert {c.check_in_id for c in shop.check_ins} == {told.check_in_id}, "the cloud's copy is not told again"
        assert shop.outbox.those_set_aside() == []
    (kept,) = cloud.get("check-ins")["check_ins"]
    assert (kept["shopper_id"], kept["gate_id"], kept["party_size"]) == (shopper_id, "gate-1", 2)
    assert [r["visit_id"] for r in cloud.get("receipts")["receipts"]] == ["v-1"]


def test_a_code_that_two_stores_let_in_without_a_line_is_found_out(cloud: Cloud, tmp_path: Path) -> None:
    _, headers = cloud.shopper()
    code = cloud.code(headers)
    with store(cloud, tmp_path / "a.db", "admit") as one, store(cloud, tmp_path / "b.db", "admit") as other:
        cloud.kill()
        assert one.show(code) == other.show(code) == "checked-in-offline"
        cloud.start()
        wait_for(lambda: one.line_is_up() and other.line_is_up() and one.outbox.waiting() + other.outbox.waiting() == 0)
        refused = [*one.outbox.those_set_aside(), *other.outbox.those_set_aside()]
        assert ["code-used" in reason for _, reason in refused] == [True]
        wait_for(lambda: one.line_is_up() and other.line_is_up() and len(one.alerts) + len(other.alerts) == 3)
        told = sorted(alert.code for alert in one.alerts + other.alerts)
        assert told == ["admitted_offline", "admitted_offline", "message_set_aside"]
    assert len(cloud.get("check-ins")["check_ins"]) == 1


def test_a_gate_that_could_not_judge_says_so_and_goes_on(cloud: Cloud, tmp_path: Path) -> None:
    _, headers = cloud.shopper()
    with store(cloud, tmp_path / "outbox.db") as shop:
        shop.link.stop(10.0)
        keys = shop.outbox.note("keys")
        shop.outbox.set_note("keys", '{"keys": [{"kid": "c1", "crv": "Ed25519", "x": "no key"}]}')
        assert shop.show(cloud.code(headers)) == "try-again"
        shop.outbox.set_note("keys", keys)
        assert shop.show(cloud.code(headers)) == "checked-in"


class Deaf:
    """A line whose answers are lost `lost` times."""

    def __init__(self, cloud: Cloud, lost: int) -> None:
        self._client = CloudClient(cloud.url, STORE, TOKEN, 2.0)
        self._lost = lost

    def ask(self, request: Request) -> Answer:
        answer = self._client.ask(request)
        assert answer.verdict is Verdict.ACCEPTED, answer
        self._lost -= 1
        return Answer(Verdict.LINE, "the answer was lost") if self._lost >= 0 else answer


def test_an_answer_that_was_lost_does_not_make_the_code_used(cloud: Cloud, tmp_path: Path) -> None:
    _, headers = cloud.shopper()
    code = cloud.code(headers)
    with store(cloud, tmp_path / "outbox.db", "refuse", nullcontext(Deaf(cloud, 1))) as shop:
        assert shop.show(code) == "no-line"
        assert shop.show(code) == "checked-in"
        wait_for(lambda: shop.line_is_up() and shop.check_ins)
        assert len(shop.check_ins) == 1, "told by the gate or by the cloud's list, not by both"
    assert len(cloud.get("check-ins")["check_ins"]) == 1


def test_admitted_with_a_lost_answer_is_one_check_in(cloud: Cloud, tmp_path: Path) -> None:
    _, headers = cloud.shopper()
    code = cloud.code(headers)
    with store(cloud, tmp_path / "outbox.db", "admit", nullcontext(Deaf(cloud, 1))) as shop:
        assert shop.show(code) == "checked-in-offline"
        wait_for(lambda: shop.line_is_up() and shop.outbox.waiting() == 0)
        wait_for(lambda: shop.outbox.note("cursor") == cloud.get("check-ins")["cursor"])
        shop.line_is_up()
        assert len(shop.check_ins) == 1
        assert shop.outbox.those_set_aside() == []
    assert len(cloud.get("check-ins")["check_ins"]) == 1
