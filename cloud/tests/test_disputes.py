# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Disputes: said by the shopper, once for each line, and settled by the store, once."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import OTHER_STORE, STORE, Cloud, Phone, receipt
from test_check_ins import race, with_twin

PATH = f"/v1/receipts/{STORE}/r-1/disputes"
NOT_TAKEN = {"product_id": "p2", "problem": "not_taken", "text": "お茶は取っていません"}


@pytest.fixture
def phone(cloud: Cloud) -> Phone:
    """A shopper with a receipt."""
    phone = cloud.guest()
    assert cloud.host.put("/receipts/r-1", receipt(phone.shopper_id)).status_code == 201
    return phone


def say(phone: Phone, body: Any, key: str = "k", path: str = PATH) -> Any:
    return phone.post(path, body, headers={"Idempotency-Key": key})


def settle(cloud: Cloud, dispute_id: str, state: str, answer: str = "") -> Any:
    return cloud.host.put(f"/receipts/r-1/disputes/{dispute_id}", {"state": state, "answer": answer})


def test_the_store_finds_what_the_shopper_said(cloud: Cloud, phone: Phone) -> None:
    said = say(phone, NOT_TAKEN)
    assert said.status_code == 201
    again = say(phone, NOT_TAKEN)
    assert again.json() == said.json()
    assert again.headers["Idempotent-Replay"] == "true"
    found = cloud.host.get("/disputes").json()["disputes"]
    assert [(one["receipt_id"], one["visit_id"], one["text"]) for one in found] == [("r-1", "v-1", NOT_TAKEN["text"])]
    assert phone.get(f"/v1/receipts/{STORE}/r-1").json()["disputes"][0]["state"] == "open"
    assert cloud.other_host.get("/disputes").json()["disputes"] == []
    assert cloud.host.put("/receipts/r-1", receipt(phone.shopper_id)).status_code == 201, "the receipt is the same"


def test_a_line_is_reported_once_also_when_fingers_race(cloud: Cloud, phone: Phone) -> None:
    answers = race(6, lambda n: say(phone, NOT_TAKEN, key=f"k{n}"))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"dispute-known"}
    assert say(phone, {"product_id": "", "problem": "missing"}, key="other").status_code == 201
    assert len(cloud.host.get("/disputes").json()["disputes"]) == 2


def test_a_report_whose_twin_was_kept_between_two_looks_is_a_repetition(
    cloud: Cloud, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin, answer = with_twin(cloud, monkeypatch, "RECEIPT#", lambda: say(phone, NOT_TAKEN))
    assert (twin.status_code, answer.status_code) == (201, 201)
    assert answer.json() == twin.json()
    assert answer.headers["Idempotent-Replay"] == "true"
    assert len(cloud.host.get("/disputes").json()["disputes"]) == 1


def test_only_ones_own_receipt_can_be_disputed(cloud: Cloud, phone: Phone) -> None:
    stranger = cloud.guest()
    assert say(stranger, NOT_TAKEN).json()["code"] == "receipt-unknown"
    assert say(phone, NOT_TAKEN, path=f"/v1/receipts/{OTHER_STORE}/r-1/disputes").json()["code"] == "receipt-unknown"
    assert cloud.host.get("/disputes").json()["disputes"] == []


def test_a_dispute_is_settled_once_and_the_shopper_is_told(cloud: Cloud, phone: Phone) -> None:
    dispute_id = say(phone, NOT_TAKEN).json()["disputes"][0]["dispute_id"]
    cursor = phone.get("/v1/me/now").json()["cursor"]
    assert settle(cloud, "di-0", "accepted").json()["code"] == "dispute-unknown"
    assert settle(cloud, dispute_id, "accepted", "Sorry").status_code == 200
    assert settle(cloud, dispute_id, "accepted", "Sorry").status_code == 200
    assert settle(cloud, dispute_id, "declined").json()["code"] == "dispute-settled"
    told = phone.get("/v1/me/events", params={"after": cursor}).json()["events"]
    assert [(one["kind"], one["data"]["disputes"][0]["state"]) for one in told] == [("receipt", "accepted")]


def test_a_corrected_receipt_keeps_its_disputes_and_takes_no_more(cloud: Cloud, phone: Phone) -> None:
    say(phone, NOT_TAKEN)
    lines = receipt("")["lines"][:1]
    body = receipt(phone.shopper_id, "r-2", corrects="r-1", lines=lines, total=300)
    assert cloud.host.put("/receipts/r-2", body).status_code == 201
    old = phone.get(f"/v1/receipts/{STORE}/r-1").json()
    assert (old["corrected_by"], len(old["disputes"])) == ("r-2", 1)
    assert say(phone, {"product_id": "p1", "problem": "other"}, key="late").json()["code"] == "receipt-corrected"
