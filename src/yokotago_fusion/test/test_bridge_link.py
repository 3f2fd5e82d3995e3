# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The line to the cloud, against the real cloud and against one that misbehaves: everything arrives, exactly once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from bridge_support import (
    GOOD,
    STORE,
    TOKEN,
    Call,
    Cloud,
    ContraryCloud,
    Reply,
    alert,
    basket,
    cloud_in,
    problem,
    receipt,
    wait_for,
)

from yokotago_fusion.cloud_client import CloudClient
from yokotago_fusion.cloud_link import CloudLink, LinkParameters
from yokotago_fusion.cloud_requests import request_of
from yokotago_fusion.outbox import Outbox
from yokotago_model.events import Alert, Basket, Catalogue, CheckIn, Product, Receipt

PRODUCT = Product("4900000000011", "Onigiri salmon", 112.0, 2.2, 160, "JPY")
_E = TypeVar("_E")
QUICK = LinkParameters(
    poll_wait_s=2.0, answer_s=2.0, first_back_off_s=0.02, longest_back_off_s=0.1, catalogue_every_s=0.2, patience=4
)


@contextmanager
def link_to(url: str, outbox: Outbox, parameters: LinkParameters = QUICK) -> Iterator[CloudLink]:
    link = CloudLink(
        outbox, lambda: CloudClient(url, STORE, TOKEN, 2.0), STORE, (PRODUCT,), time.time_ns, parameters
    )
    link.start()
    try:
        yield link
    finally:
        assert link.stop(10.0)


def hear(link: CloudLink, kind: type[_E]) -> _E:
    """The next event of a kind that the link hears."""
    while True:
        event, _ = link.heard.get(timeout=10)
        if isinstance(event, kind):
            return event


def put(outbox: Outbox, *events: Basket | Receipt | Alert) -> None:
    for event in events:
        outbox.put(request_of(STORE, event), time.time())


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(str(tmp_path / "outbox.db"))
    yield made
    made.close()


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    pytest.importorskip("yokotago_cloud", reason="the cloud is not on the path: source env.sh")
    with cloud_in(tmp_path) as made:
        yield made


@contextmanager
def contrary(reply: dict[str, list[Reply]]) -> Iterator[ContraryCloud]:
    """A cloud that answers the calls whose path ends with a key by its replies in turn, the last one for ever."""

    def answer(call: Call, seen: int) -> Reply:
        for ending, replies in reply.items():
            if call.path.endswith(ending) and call.method != "GET":
                return replies[min(seen, len(replies) - 1)]
        return GOOD

    made = ContraryCloud(answer)
    try:
        yield made
    finally:
        made.stop()


def test_offline_then_online_everything_arrives_once(cloud: Cloud, outbox: Outbox) -> None:
    visits = [f"v{i}" for i in range(20)]
    with link_to(cloud.url, outbox) as link:
        for v in visits:
            put(outbox, basket(v, 0), basket(v, 1), receipt(v))
        put(outbox, alert(1), alert(2))
        wait_for(lambda: "no answer" in link.trouble)
        assert not link.follows_check_ins()
        assert outbox.waiting() == 22, "a receipt makes the baskets before it needless"
        first = link.heard.get(timeout=10)
        assert first[0] == Catalogue(first[0].stamp, (PRODUCT,)), "the store goes on with its own catalogue"
        cloud.start()
        wait_for(lambda: outbox.waiting() == 0)
        wait_for(link.follows_check_ins)
    assert outbox.those_set_aside() == []
    assert sorted(r["visit_id"] for r in cloud.get("receipts", limit="100")["receipts"]) == sorted(visits)
    assert [a["text"] for a in cloud.get("alerts")["alerts"]] == ["number 1", "number 2"]


def test_check_ins_are_heard_once_and_told_again_after_a_restart(cloud: Cloud, tmp_path: Path) -> None:
    cloud.start()
    box = Outbox(str(tmp_path / "outbox.db"))

    def heard(link: CloudLink) -> tuple[CheckIn, bool]:
        while True:
            event, new = link.heard.get(timeout=10)
            if isinstance(event, CheckIn):
                return event, new

    with link_to(cloud.url, box) as link:
        wait_for(link.follows_check_ins)
        shopper_id, _ = cloud.check_in()
        first, new = heard(link)
        assert (first.shopper_id, first.gate_id, first.party_size, new) == (shopper_id, "gate-1", 2, True)
    other_id, _ = cloud.check_in()
    with link_to(cloud.url, box) as link:
        assert heard(link) == (first, False)
        second, new = heard(link)
        assert (second.shopper_id, new) == (other_id, True)
    box.close()


def test_the_cloud_learns_the_catalogue_and_its_prices_come_back(cloud: Cloud, outbox: Outbox) -> None:
    cloud.start()
    with link_to(cloud.url, outbox) as link:
        catalogue = hear(link, Catalogue)
        assert catalogue.products == (PRODUCT,)
        dearer = cloud.get("catalogue")["products"][0] | {"unit_price": 175}
        httpx.put(
            f"{cloud.url}/v1/stores/{STORE}/catalogue",
            json={"products": [dearer]},
            headers={"Authorization": f"Bearer {TOKEN}"},
        ).raise_for_status()
        cloud.check_in()  # ends the long poll, so that the next question is for the catalogue
        catalogue = hear(link, Catalogue)
        assert catalogue.products[0].unit_price == 175


def test_a_shopper_sees_basket_and_receipt(cloud: Cloud, outbox: Outbox) -> None:
    cloud.start()
    shopper_id, headers = cloud.check_in()
    with link_to(cloud.url, outbox):
        put(outbox, basket("v", 0, shopper_id), basket("v", 2, shopper_id), receipt("v", 2, shopper_id))
        wait_for(lambda: outbox.waiting() == 0)
    seen = httpx.get(f"{cloud.url}/v1/receipts", headers=headers).json()["receipts"]
    assert [(r["visit_id"], r["total"]) for r in seen] == [("v", 320)]
    assert outbox.those_set_aside() == []


def test_a_second_receipt_under_one_id_is_set_aside_with_an_alert(cloud: Cloud, outbox: Outbox) -> None:
    cloud.start()
    with link_to(cloud.url, outbox) as link:
        put(outbox, receipt("v"), receipt("v"), receipt("v", 3), receipt("w"))
        wait_for(lambda: outbox.waiting() == 0)
        wait_for(lambda: outbox.those_set_aside())
        told = hear(link, Alert)
    ((request, reason),) = outbox.those_set_aside()
    assert "receipt-differs" in reason
    assert request == request_of(STORE, receipt("v", 3))
    assert (told.code, told.subjects) == ("message_set_aside", ("v",))
    assert {r["receipt_id"]: r["total"] for r in cloud.get("receipts")["receipts"]} == {"v-r1": 320, "w-r1": 320}


def test_an_effect_without_an_answer_is_not_made_twice(outbox: Outbox) -> None:
    with contrary({"/alerts": [None, None, GOOD]}) as cloud, link_to(cloud.url, outbox):
        put(outbox, alert(1))
        wait_for(lambda: outbox.waiting() == 0)
        sent = [c for c in cloud.calls if c.path.endswith("/alerts")]
    assert len(sent) == 3
    assert len({c.key for c in sent}) == 1


def test_order_in_a_visit_is_kept_through_a_cloud_in_trouble(outbox: Outbox) -> None:
    busy = problem(503, "busy")
    with contrary({"v-r1": [busy, busy, GOOD], "v-r2": [busy, GOOD]}) as cloud, link_to(cloud.url, outbox):
        in_order = [receipt("v", 2, number=n) for n in (1, 2, 3)]
        put(outbox, in_order[0], basket("w", 1), in_order[1], receipt("x"), in_order[2])
        wait_for(lambda: outbox.waiting() == 0)
        of_v = [c.key for c in cloud.kept.values() if "/v-" in c.path]
    assert of_v == [request_of(STORE, e).key for e in in_order]


def test_of_the_baskets_that_wait_only_the_newest_is_sent(outbox: Outbox) -> None:
    put(outbox, *(basket("v", n) for n in range(5)), basket("w", 1))
    with contrary({}) as cloud, link_to(cloud.url, outbox):
        wait_for(lambda: outbox.waiting() == 0)
    assert {c.key for c in cloud.kept.values()} == {request_of(STORE, b).key for b in (basket("v", 4), basket("w", 1))}
    put(outbox, basket("v", 2))
    assert outbox.waiting() == 0, "an old basket that is told again is still known"


def test_a_message_that_only_fails_is_set_aside_when_others_pass(outbox: Outbox) -> None:
    with contrary({"/poison-r1": [problem(500, "crash")]}) as cloud, link_to(cloud.url, outbox):
        put(outbox, receipt("poison"))
        number = 0
        while not outbox.those_set_aside():
            number += 1
            put(outbox, basket(f"v{number}", 1), receipt("poison", number=2))
            wait_for(lambda: outbox.waiting() <= 2)
        wait_for(lambda: outbox.waiting() == 0)
        assert request_of(STORE, receipt("poison", number=2)).key in cloud.kept, "the rest of the visit went on"
    assert [r for r, _ in outbox.those_set_aside()] == [request_of(STORE, receipt("poison"))]


def test_a_cloud_that_fails_for_everyone_loses_nothing(outbox: Outbox) -> None:
    failing = iter(range(40))
    crash = problem(500, "crash")
    cloud = ContraryCloud(lambda call, _: crash if call.key and next(failing, None) is not None else GOOD)
    put(outbox, *(basket(f"v{i}", 1) for i in range(6)))
    with link_to(cloud.url, outbox):
        wait_for(lambda: outbox.waiting() == 0)
    cloud.stop()
    assert len(cloud.kept) == 6
    assert outbox.those_set_aside() == []


@pytest.mark.parametrize("reply", [problem(401, "not-signed-in"), (404, "text/html", "<h1>Welcome to the Wi-Fi</h1>")])
def test_a_wrong_token_or_a_portal_in_between_sets_nothing_aside(outbox: Outbox, reply: Reply) -> None:
    with contrary({"v-r1": [reply, reply, GOOD]}) as cloud, link_to(cloud.url, outbox):
        put(outbox, receipt("v"))
        wait_for(lambda: outbox.waiting() == 0)
        assert len(cloud.kept) == 1
    assert outbox.those_set_aside() == []


def test_an_alert_about_an_alert_is_not_made(outbox: Outbox) -> None:
    with contrary({"/alerts": [problem(422, "body-invalid")]}) as cloud, link_to(cloud.url, outbox) as link:
        put(outbox, alert(1), basket("v", 1))
        wait_for(lambda: outbox.waiting() == 0 and outbox.those_set_aside())
    assert not any(isinstance(link.heard.get_nowait()[0], Alert) for _ in range(link.heard.qsize()))


_SENDER = """
import sys, time
from yokotago_fusion.cloud_client import CloudClient
from yokotago_fusion.cloud_link import CloudLink, LinkParameters
from yokotago_fusion.outbox import Outbox
outbox = Outbox(sys.argv[1])
link = CloudLink(outbox, lambda: CloudClient(sys.argv[2], sys.argv[3], sys.argv[4]), sys.argv[3], (), time.time_ns,
                 LinkParameters())
link.start()
print("started", flush=True)
sys.stdin.read()
"""


def test_killed_again_and_again_every_receipt_arrives_once(cloud: Cloud, tmp_path: Path) -> None:
    """The sender is killed (SIGKILL) each time some more have gone out, the cloud is killed once too."""
    cloud.start()
    path = str(tmp_path / "outbox.db")
    box = Outbox(path)
    total = 60
    put(box, *(event for i in range(total) for event in (basket(f"v{i}", 1), receipt(f"v{i}"))), *map(alert, range(20)))
    kills = 0
    while box.waiting():
        left = box.waiting()
        sender = subprocess.Popen(
            [sys.executable, "-c", _SENDER, path, cloud.url, STORE, TOKEN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        wait_for(lambda left=left: box.waiting() < max(left - 30, 1))
        if kills == 1:
            cloud.kill()
        sender.kill()
        sender.communicate(timeout=10)
        if kills == 1:
            cloud.start()
        kills += 1
    assert kills >= 3
    assert box.those_set_aside() == []
    box.close()
    assert len(cloud.get("receipts", limit="100")["receipts"]) == total
    assert sorted(a["text"] for a in cloud.get("alerts")["alerts"]) == sorted(f"number {i}" for i in range(20))


@pytest.mark.parametrize("bad", [{"poll_wait_s": 0.0}, {"poll_wait_s": 26.0}, {"patience": 0}, {"answer_s": -1.0}])
def test_parameters_are_checked(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        LinkParameters(**bad)  # type: ignore[arg-type]
