# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the store tells the cloud follows from the events alone, and what an answer means from the answer alone."""

from __future__ import annotations

import json

import pytest
from bridge_support import STORE, alert, basket, receipt
from hypothesis import given
from hypothesis import strategies as st

from yokotago_fusion.cloud_requests import Answer, Verdict, back_off_s, catalogue_of, judge, request_of
from yokotago_model.events import Alert, Product, Severity

PROBLEM = "application/problem+json"


def test_the_same_event_is_the_same_request_and_another_is_another() -> None:
    events = [basket("v", 1), basket("v", 2), basket("w", 1), receipt("v"), receipt("v", 3), alert(1), alert(2)]
    keys = [request_of(STORE, e).key for e in events]
    assert len(set(keys)) == len(keys)
    assert keys == [request_of(STORE, e).key for e in events]


def test_baskets_and_receipts_of_a_visit_share_a_lane() -> None:
    lanes = {request_of(STORE, e).lane for e in (basket("v", 1), basket("v", 2), receipt("v"))}
    assert lanes == {"v"}


def test_a_receipt_s_body_is_the_contract_s() -> None:
    request = request_of(STORE, receipt("v"))
    body = json.loads(request.body)
    assert (request.method, request.path) == ("PUT", "/v1/stores/demo/receipts/v-r1")
    assert body["entered"] == {"sec": 1_800_000_000, "nanosec": 0}
    assert body["total"] == 320
    assert body["lines"][0]["amount"] == 320
    assert "header" not in body


def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    assert request_of(STORE, basket("../../other/x", 1)).path == "/v1/stores/demo/visits/..%2F..%2Fother%2Fx/basket"


def test_an_alert_is_cut_to_what_the_contract_allows() -> None:
    long = Alert(5, Severity.ERROR, "code", "x" * 900, tuple("s" * 300 for _ in range(60)))
    body = json.loads(request_of(STORE, long).body)
    assert (len(body["text"]), len(body["subjects"]), len(body["subjects"][0])) == (500, 50, 200)


@pytest.mark.parametrize(
    ("status", "content_type", "verdict"),
    [
        (200, "application/json", Verdict.ACCEPTED),
        (201, "application/json", Verdict.ACCEPTED),
        (400, PROBLEM, Verdict.REFUSED),
        (409, PROBLEM, Verdict.REFUSED),
        (422, f"{PROBLEM}; charset=utf-8", Verdict.REFUSED),
        (413, PROBLEM, Verdict.REFUSED),
        (401, PROBLEM, Verdict.LINE),
        (403, PROBLEM, Verdict.LINE),
        (404, "text/html", Verdict.LINE),
        (302, "text/html", Verdict.LINE),
        (408, PROBLEM, Verdict.AGAIN),
        (425, PROBLEM, Verdict.AGAIN),
        (500, "text/plain", Verdict.AGAIN),
        (503, PROBLEM, Verdict.AGAIN),
        (429, PROBLEM, Verdict.LINE),
    ],
)
def test_what_an_answer_means(status: int, content_type: str, verdict: Verdict) -> None:
    assert judge(status, content_type, b"").verdict is verdict


def test_the_reason_and_the_pause_are_the_cloud_s_words() -> None:
    body = json.dumps({"code": "receipt-differs", "detail": "another total"}).encode()
    assert judge(409, PROBLEM, body) == Answer(
        Verdict.REFUSED, "409 receipt-differs: another total", code="receipt-differs"
    )
    assert judge(429, PROBLEM, b"{}", "7").retry_after_s == 7.0
    assert judge(503, PROBLEM, b"[]", "soon").retry_after_s == 0.0


@given(st.integers(1, 500), st.floats(0.0, 1.0, exclude_max=True))
def test_back_off_grows_to_its_longest_and_keeps_a_half(failures: int, draw: float) -> None:
    wait = back_off_s(failures, 0.25, 30.0, draw)
    whole = min(30.0, 0.25 * 2 ** min(failures - 1, 30))
    assert whole / 2 <= wait <= whole


def test_the_cloud_s_prices_count_and_its_gaps_are_filled() -> None:
    known = (Product("a", "A", 10.0, 1.0, 100, "JPY"), Product("b", "B", 20.0, 1.0, 200, "JPY"))
    dearer = {"product_id": "a", "name": "A", "weight": 10, "weight_stddev": 1, "unit_price": 120, "currency": "JPY"}
    catalogue = catalogue_of(7, {"version": 3, "products": [dearer]}, known)
    assert {p.product_id: p.unit_price for p in catalogue.products} == {"a": 120, "b": 200}
