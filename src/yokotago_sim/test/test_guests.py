# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Guests: a code from outside sends a simulated shopper in, and the gate opens only for a good one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import numpy as np
import pytest

from yokotago_model.events import CheckIn, Event, Receipt
from yokotago_model.store import Store
from yokotago_sim.nodes import guests as guests_module
from yokotago_sim.nodes.gate import Gate
from yokotago_sim.nodes.guests import GuestBook
from yokotago_sim.scenarios import guest
from yokotago_sim.shoppers import Scenario, Script, StockView
from yokotago_sim.simulation import simulate

PAGE = "http://127.0.0.1:8000"
NOBODY = Scenario("nobody", lambda _stock: iter(()))


class _Once:
    """One guest, whose gate opens when it is told to."""

    def __init__(self, store: Store, opens: bool) -> None:
        self._store, self._opens = store, opens
        self._sent = False

    def next(self, stock: StockView) -> Script | None:
        if self._sent:
            return None
        self._sent = True
        return guest(self._store, np.random.default_rng(3), stock, "ann")

    def answer(self, name: str) -> bool | None:
        assert name == "ann"
        return self._opens


def _heard(store: Store, opens: bool) -> list[tuple[str, Event]]:
    day = simulate(store, NOBODY, 1, "tracks", guests=_Once(store, opens))
    return [(topic, event) for _, topic, event in day]


def test_a_guest_comes_checks_in_shops_and_leaves(small: Store) -> None:
    heard = _heard(small, True)
    (check_in,) = (event for topic, event in heard if topic == "/check_ins")
    (receipt,) = (event for topic, event in heard if topic == "/truth/receipts")
    assert isinstance(check_in, CheckIn)
    assert isinstance(receipt, Receipt)
    assert check_in.shopper_id == receipt.shopper_id == "ann"
    assert receipt.total > 0


def test_a_guest_for_whom_the_gate_stays_shut_goes_away_without_a_receipt(small: Store) -> None:
    topics = [topic for topic, _ in _heard(small, False)]
    assert topics.count("/check_ins") == 1
    assert not {"/truth/receipts", "/truth/actions"} & set(topics)


def test_a_day_without_guests_is_the_same_as_before(small: Store) -> None:
    class _Nobody:
        def next(self, stock: StockView) -> Script | None:
            return None

        def answer(self, name: str) -> bool | None:
            raise AssertionError(name)

    assert list(simulate(small, "S01", 2, "tracks")) == list(simulate(small, "S01", 2, "tracks", guests=_Nobody()))


class _Cloud:
    """A cloud that takes the code GOOD and refuses all others."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/stores/small/check-ins"
        assert request.headers["Idempotency-Key"]
        body = json.loads(request.content)
        self.bodies.append(body)
        if body["code"] == "GOOD":
            return httpx.Response(201, json={"check_in_id": "ci-1", "shopper_id": "s-1"})
        return httpx.Response(410, json={"code": "code-expired"})


@pytest.fixture
def cloud() -> _Cloud:
    return _Cloud()


@pytest.fixture
def book(small: Store, cloud: _Cloud) -> GuestBook:
    client = httpx.Client(base_url="http://cloud", transport=httpx.MockTransport(cloud))
    return GuestBook(client, "small", partial(guest, small, np.random.default_rng(1)))


class _Stock:
    def count(self, _facing_id: str) -> int:
        return 8


def _walks_in(book: GuestBook, code: str) -> tuple[threading.Thread, list[tuple[int, dict[str, Any]]]]:
    answers: list[tuple[int, dict[str, Any]]] = []
    thread = threading.Thread(target=lambda: answers.append(book.walk_in(code)), daemon=True)
    thread.start()
    return thread, answers


def _coming(book: GuestBook) -> Script:
    for _ in range(10_000_000):
        script = book.next(_Stock())
        if script is not None:
            return script
    raise AssertionError("nobody came")


def test_a_refused_code_keeps_the_gate_shut_and_the_next_one_opens_it(book: GuestBook, cloud: _Cloud) -> None:
    assert book.walk_in("GOOD")[1]["code"] == "store-closed"
    assert book.next(_Stock()) is None
    thread, answers = _walks_in(book, "OLD")
    script = _coming(book)
    assert script.waits
    assert book.shows(CheckIn(7_000_000_005, "check-in-1", script.shopper_id, "gate", 1))
    thread.join(10.0)
    assert answers == [(410, {"code": "code-expired"})]
    assert book.answer(script.name) is None
    assert book.shopper_id(script.shopper_id) == ""
    assert book.walk_in("GOOD")[0] == 201, "the same shopper still stands at the gate"
    assert book.answer(script.name) is True
    assert book.shopper_id(script.shopper_id) == "s-1"
    assert cloud.bodies[1]["stamp"] == {"sec": 7, "nanosec": 5}
    assert cloud.bodies[1]["gate_id"] == "gate"


def test_who_is_refused_and_shows_nothing_else_goes_away(book: GuestBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests_module, "_PATIENCE_S", -1.0)
    assert book.next(_Stock()) is None
    thread, _ = _walks_in(book, "OLD")
    script = _coming(book)
    book.shows(CheckIn(1, "check-in-1", script.shopper_id, "gate", 1))
    thread.join(10.0)
    assert book.answer(script.name) is False


def test_a_check_in_of_a_simulated_shopper_is_no_guests(book: GuestBook) -> None:
    assert not book.shows(CheckIn(1, "check-in-1", "shopper-1", "gate", 1))
    assert book.shopper_id("shopper-1") == ""


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate(0, PAGE, lambda code: (201, {"read": code}) if code == "GOOD" else (410, {"code": "code-expired"}))
    yield made
    made.close()


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:8000"])
def test_the_shoppers_page_may_show_a_code(gate: Gate, origin: str) -> None:
    with httpx.Client(base_url=gate.address, headers={"Origin": origin}) as page:
        asked = page.options("/walk-in")
        assert asked.headers["Access-Control-Allow-Origin"] == origin
        assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type"
        answer = page.post("/walk-in", json={"code": "GOOD"})
        assert (answer.status_code, answer.json()) == (201, {"read": "GOOD"})
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        refused = page.post("/walk-in", json={"code": "OLD"})
        assert (refused.status_code, refused.json()) == (410, {"code": "code-expired"})


def test_other_pages_and_other_things_are_refused(gate: Gate) -> None:
    with httpx.Client(base_url=gate.address) as page:
        assert (
            page.post("/walk-in", json={"code": "GOOD"}, headers={"Origin": "http://evil.example"}).status_code == 403
        )
        assert "Access-Control-Allow-Origin" not in page.options("/walk-in", headers={"Origin": "null"}).headers
        assert page.post("/other", json={"code": "GOOD"}).status_code == 404
        assert page.post("/walk-in", content=b"x" * 5000).status_code == 404
        for wrong in (b"GOOD", b"[]", b"{}", b"\xff"):
            assert page.post("/walk-in", content=wrong).status_code == 400
