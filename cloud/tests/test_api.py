# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What holds for all of the API: the contract, errors, limits; catalogues, alerts and events."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from conftest import PASSWORD, STORE, TOKEN, Clock, Cloud, cloud_over, receipt
from test_visits import PRODUCTS

from yokotago_cloud.__main__ import openapi_text
from yokotago_cloud.problems import KINDS
from yokotago_cloud.settings import DEFAULT_LIMITS, Rate, Settings


def test_the_committed_contract_is_the_served_one(cloud: Cloud) -> None:
    committed = (Path(__file__).parents[1] / "openapi.json").read_text(encoding="utf-8")
    assert committed == openapi_text(), "run: python -m yokotago_cloud --print-openapi > openapi.json"
    assert json.loads(committed) == cloud.http.get("/openapi.json").json()


def assert_problem(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code
    assert body["status"] == status
    assert body["type"] == f"urn:yokotago:problem:{code}"
    assert body["remedy"] == KINDS[code].remedy


def test_every_error_is_a_problem_with_a_remedy(cloud: Cloud) -> None:
    http = cloud.http
    assert_problem(http.get("/v1/nothing"), 404, "not-found")
    assert_problem(http.delete("/v1/health"), 405, "method-not-allowed")
    assert_problem(http.get("/v1/me"), 401, "not-signed-in")
    as_json = {"Content-Type": "application/json"}
    assert_problem(http.post("/v1/accounts", content=b"{", headers=as_json), 400, "body-not-json")
    assert_problem(http.post("/v1/accounts", content=b'{"a":"\xff"}', headers=as_json), 400, "body-not-json")
    assert_problem(http.post("/v1/accounts", json=[]), 422, "body-invalid")
    assert_problem(http.post("/v1/accounts", content=b""), 422, "body-invalid")
    assert all(kind.remedy and 400 <= kind.status < 600 for kind in KINDS.values())


def test_a_refused_field_is_named_and_its_value_is_not_repeated(cloud: Cloud) -> None:
    answer = cloud.http.post("/v1/accounts", json={"email": "nobody", "password": "s3cret"})
    assert_problem(answer, 422, "body-invalid")
    assert {error["where"] for error in answer.json()["errors"]} == {"body.email", "body.password"}
    assert "s3cret" not in answer.text


def test_a_fault_is_told_without_its_insides(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(cloud.services.storage, "get", broken)
    answer = cloud.http.get("/v1/health")
    assert_problem(answer, 500, "internal")
    assert "inside" not in answer.text


def test_secrets_are_in_no_log(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    phone = cloud.phone("logged@example.com")
    code = phone.code()
    cloud.host.check_in(code)
    cloud.http.post("/v1/sessions", json={"email": "logged@example.com", "password": "a wrong password"})

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(cloud.services.storage, "write", broken)
    assert cloud.host.check_in(phone.code()).status_code == 500
    assert (
        cloud.http.post("/v1/sessions", json={"email": "logged@example.com", "password": PASSWORD}).status_code == 500
    )
    assert "inside" in caplog.text, "the operator sees the fault"
    for secret in (PASSWORD, "a wrong password", TOKEN, code, *map(str, phone.session.values())):
        if secret not in ("Bearer", "900"):
            assert secret not in caplog.text


def test_a_large_body_is_refused_whatever_its_length_claims(cloud: Cloud) -> None:
    def pieces() -> Any:
        for _ in range(80):
            yield b" " * 1024

    body = {"email": "a@example.com", "password": "x" * 70_000}
    assert_problem(cloud.http.post("/v1/accounts", json=body), 413, "body-too-large")
    assert_problem(cloud.http.post("/v1/accounts", content=pieces()), 413, "body-too-large")
    lying = cloud.http.post("/v1/accounts", content=pieces(), headers={"Content-Length": "-1"})
    assert_problem(lying, 413, "body-too-large")


def test_a_body_that_trickles_is_given_up(tmp_path: Path, clock: Clock) -> None:
    stopped = threading.Event()

    async def trickle() -> Any:
        yield b"{"
        while not stopped.is_set():
            await asyncio.sleep(0.01)
            yield b" "

    async def send(app: Any) -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://cloud") as http:
            answer = await http.post("/v1/accounts", content=trickle())
            stopped.set()
            return answer

    with cloud_over(tmp_path, clock, body_s=0.2) as cloud:
        assert_problem(asyncio.run(send(cloud.http.app)), 408, "body-too-slow")


@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ('{"a":', "}")])
def test_a_deeply_nested_body_is_refused(cloud: Cloud, open_: str, close: str) -> None:
    depth = 60_000 // (len(open_) + len(close))
    text = open_ * depth + "1" + close * depth
    answer = cloud.http.post("/v1/accounts", content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    inside = '{"events":[{"event_id":"e","kind":"k","stamp":{"sec":1,"nanosec":0},"data":{"x":' + text + "}}]}"
    answer = cloud.http.post(
        f"/v1/stores/{STORE}/events",
        content=inside,
        headers={**cloud.host.headers, "Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("text", ["\ud800", "\x00", "'; DROP TABLE items; --", "<script>alert(1)</script>", "\u202e"])
def test_odd_text_is_kept_as_it_is_or_refused(cloud: Cloud, text: str) -> None:
    phone = cloud.guest()
    body = receipt(phone.shopper_id, needs_review=True, review_reasons=[text])
    answer = cloud.http.put(
        f"/v1/stores/{STORE}/receipts/r-1",
        content=json.dumps(body),
        headers={**cloud.host.headers, "Content-Type": "application/json"},
    )
    if text == "\ud800":
        assert_problem(answer, 422, "body-invalid")
    else:
        assert answer.status_code == 201
        assert phone.get(f"/v1/receipts/{STORE}/r-1").json()["review_reasons"] == [text]
    event = {"event_id": "e", "kind": "k", "stamp": {"sec": 1, "nanosec": 0}, "data": {text: [text]}}
    answer = cloud.http.post(
        f"/v1/stores/{STORE}/events",
        content=json.dumps({"events": [event]}),
        headers={**cloud.host.headers, "Content-Type": "application/json"},
    )
    assert answer.status_code == (422 if text == "\ud800" else 200)


def test_numbers_that_are_none_are_refused(cloud: Cloud) -> None:
    for number in ("NaN", "Infinity", "1e999"):
        product = '{"product_id":"p","name":"n","weight":' + number + ',"unit_price":1,"currency":"JPY"}'
        text = '{"products":[' + product + "]}"
        answer = cloud.http.put(
            f"/v1/stores/{STORE}/catalogue",
            content=text,
            headers={**cloud.host.headers, "Content-Type": "application/json"},
        )
        assert_problem(answer, 422, "body-invalid")


@pytest.mark.parametrize(
    ("name", "path"),
    [("codes", "/v1/check-in-codes"), ("check_ins", "/v1/check-ins"), ("sign_up", "/v1/accounts")],
)
def test_limits_say_when_to_come_again(tmp_path: Path, clock: Clock, name: str, path: str) -> None:
    with cloud_over(tmp_path, clock, limits={**DEFAULT_LIMITS, name: Rate(2, 10)}) as cloud:
        phone = cloud.phone()
        other = cloud.phone() if name != "sign_up" else None
        body = {"store_id": STORE, "gate_id": "g"}

        def call(phone: Any, number: int) -> Any:
            account = {"email": f"x{number}@example.com", "password": "long enough"}
            keyed = {"Idempotency-Key": f"k{number}"}
            return phone.post(path, account if name == "sign_up" else body, headers=keyed)

        before = 1 if name == "sign_up" else 0
        assert [call(phone, n).status_code for n in range(3 - before)] == [201] * (2 - before) + [429]
        refused = call(phone, 3)
        assert_problem(refused, 429, "rate-limited")
        if other is not None:
            assert call(other, 4).status_code == 201, "one shopper's limit is not another's"
        clock.turn(int(refused.headers["Retry-After"]))
        assert call(phone, 5).status_code == 201


def test_a_wrong_limit_is_named() -> None:
    with pytest.raises(ValueError, match="no such limit: nothing"):
        Settings(limits={**DEFAULT_LIMITS, "nothing": Rate(1, 1)})
    with pytest.raises(ValueError, match="COUNT/SECONDS"):
        Rate.parse("ten")
    assert Rate.parse("10/0.5") == Rate(10, 0.5)


def test_health_and_headers(cloud: Cloud) -> None:
    answer = cloud.http.get("/v1/health")
    assert answer.json()["status"] == "ok"
    assert answer.headers["cache-control"] == "no-store"
    page = cloud.http.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_page_may_call_the_gate_of_a_demo_and_nothing_else(tmp_path: Path, clock: Clock, cloud: Cloud) -> None:
    assert cloud.http.get("/v1/stores").json()["demo_gate"] == ""
    assert "connect-src 'self';" in cloud.http.get("/").headers["content-security-policy"]
    (tmp_path / "demo").mkdir()
    with cloud_over(tmp_path / "demo", clock, demo_gate="http://127.0.0.1:8010") as demo:
        assert demo.http.get("/v1/stores").json()["demo_gate"] == "http://127.0.0.1:8010"
        assert "connect-src 'self' http://127.0.0.1:8010;" in demo.http.get("/").headers["content-security-policy"]


@pytest.mark.parametrize("address", ["http://x; script-src *", "javascript:1", "http://x/y", "x", "http://x\n"])
def test_the_gate_of_a_demo_cannot_change_the_policy(address: str) -> None:
    with pytest.raises(ValueError, match="demo_gate"):
        Settings(demo_gate=address)


def test_a_catalogue_has_versions_and_an_etag(cloud: Cloud) -> None:
    assert_problem(cloud.host.get("/catalogue"), 404, "catalogue-absent")
    first = cloud.host.put("/catalogue", {"products": PRODUCTS})
    assert first.json() == {"version": 1}
    assert cloud.host.put("/catalogue", {"products": PRODUCTS}).json() == {"version": 1}
    kept = cloud.host.get("/catalogue")
    assert kept.json() == {"version": 1, "products": PRODUCTS}
    assert kept.headers["ETag"] == first.headers["ETag"]
    assert cloud.host.get("/catalogue", headers={"If-None-Match": kept.headers["ETag"]}).status_code == 304
    dearer = [{**PRODUCTS[0], "unit_price": 180}, PRODUCTS[1]]
    second = cloud.host.put("/catalogue", {"products": dearer}, headers={"If-Match": kept.headers["ETag"]})
    assert second.json() == {"version": 2}
    stale = cloud.host.put("/catalogue", {"products": PRODUCTS}, headers={"If-Match": kept.headers["ETag"]})
    assert_problem(stale, 412, "catalogue-changed")
    assert cloud.host.get("/catalogue").json()["products"][0]["unit_price"] == 180
    assert cloud.host.get("/catalogue", headers={"If-None-Match": kept.headers["ETag"]}).status_code == 200
    twice = {"products": [PRODUCTS[0], PRODUCTS[0]]}
    assert_problem(cloud.host.put("/catalogue", twice), 422, "body-invalid")


def test_a_large_catalogue_is_kept_whole(cloud: Cloud) -> None:
    products = [{**PRODUCTS[0], "product_id": f"p{number}", "unit_price": number} for number in range(5_000)]
    assert cloud.host.put("/catalogue", {"products": products}).status_code == 200
    assert cloud.host.get("/catalogue").json()["products"] == products


def test_alerts_are_kept_once_in_order(cloud: Cloud) -> None:
    alerts = [
        {
            "stamp": {"sec": n, "nanosec": 0},
            "severity": 2,
            "code": "scale_silent",
            "text": f"{n}",
            "subjects": ["s1"],
        }
        for n in range(3)
    ]
    for number, alert in enumerate(alerts):
        first = cloud.host.post("/alerts", alert, key=f"a{number}")
        assert cloud.host.post("/alerts", alert, key=f"a{number}").json() == first.json()
    page = cloud.host.get("/alerts", params={"limit": 2}).json()
    rest = cloud.host.get("/alerts", params={"after": page["cursor"]}).json()
    assert [alert["text"] for alert in page["alerts"] + rest["alerts"]] == ["0", "1", "2"]
    cloud.clock.turn(31 * 86_400)
    assert cloud.host.get("/alerts").json()["alerts"] == []


def test_events_are_kept_once(cloud: Cloud) -> None:
    def event(number: int) -> dict[str, Any]:
        return {
            "event_id": f"e{number}",
            "kind": "weight_change",
            "stamp": {"sec": 1, "nanosec": 2},
            "data": {"g": 7},
        }

    assert cloud.host.post("/events", {"events": [event(1), event(2)]}).json() == {"stored": 2, "known": 0}
    assert cloud.host.post("/events", {"events": [event(2), event(3)]}).json() == {"stored": 1, "known": 1}
    assert cloud.other_host.post("/events", {"events": [event(1)]}).json() == {"stored": 1, "known": 0}
    cloud.clock.turn(4 * 86_400)
    assert cloud.host.post("/events", {"events": [event(1)]}).json() == {"stored": 1, "known": 0}


def test_stores_are_public_and_their_devices_are_not(cloud: Cloud) -> None:
    stores = cloud.http.get("/v1/stores").json()["stores"]
    assert [store["store_id"] for store in stores] == ["other", "shop"]
    assert all(set(store) == {"store_id", "name", "phone_check_in"} for store in stores)
