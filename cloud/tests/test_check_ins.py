# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Check-in codes and check-ins: each code opens one visit, and only a true one does."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import STORE, Cloud, Host
from cryptography.hazmat.primitives.asymmetric import ed25519


def flip(code: str, position: int) -> str:
    raw = bytearray(base64.b32decode(code))
    raw[position] ^= 1
    return base64.b32encode(bytes(raw)).decode()


def test_a_code_checks_its_shopper_in(cloud: Cloud) -> None:
    phone = cloud.phone()
    answer = cloud.host.check_in(phone.code(party_size=3), gate_id="gate-7", stamp={"sec": 12, "nanosec": 34})
    assert answer.status_code == 201
    check_in = answer.json()
    assert check_in.pop("check_in_id")
    assert check_in == {
        "store_id": STORE,
        "shopper_id": phone.shopper_id,
        "gate_id": "gate-7",
        "party_size": 3,
        "stamp": {"sec": 12, "nanosec": 34},
        "source": "gate",
    }


def test_a_gate_without_a_line_can_check_a_code(cloud: Cloud) -> None:
    """What the interface promises to the gate, done with nothing but the published key."""
    phone = cloud.phone()
    code = phone.code(party_size=2)
    keys = {key["kid"]: key for key in cloud.http.get("/v1/keys").json()["keys"] if key["kty"] == "OKP"}
    raw = base64.b32decode(code)
    assert len(code) == 152
    assert len(raw) == 95
    public = base64.urlsafe_b64decode(keys[f"c{raw[1]}"]["x"] + "=")
    ed25519.Ed25519PublicKey.from_public_bytes(public).verify(raw[31:], raw[:31])
    assert raw[0] == 1
    assert raw[2] == 2
    assert int.from_bytes(raw[3:7], "big") == int(cloud.clock()) + 45
    assert raw[7:23].hex() == phone.shopper_id


def test_a_used_code_is_refused_at_every_gate(cloud: Cloud) -> None:
    code = cloud.phone().code()
    assert cloud.host.check_in(code).status_code == 201
    for host in (cloud.host, cloud.other_host):
        answer = host.check_in(code, key="another")
        assert answer.status_code == 409
        assert answer.json()["code"] == "code-used"
    cloud.clock.turn(3600)
    assert cloud.host.check_in(code, key="much-later").json()["code"] == "code-used"


def test_an_expired_code_is_refused(cloud: Cloud) -> None:
    phone = cloud.phone()
    code = phone.code()
    cloud.clock.turn(45)
    assert cloud.host.check_in(code).status_code == 201
    late = phone.code()
    cloud.clock.turn(46)
    answer = cloud.host.check_in(late)
    assert answer.status_code == 410
    assert answer.json()["code"] == "code-expired"


@pytest.mark.parametrize("position", [1, 2, 3, 6, 7, 15, 25, 31, 60, 94])
def test_a_forged_code_is_refused_wherever_it_was_changed(cloud: Cloud, position: int) -> None:
    answer = cloud.host.check_in(flip(cloud.phone().code(), position))
    assert answer.status_code == 422
    assert answer.json()["code"] == "code-forged"


@pytest.mark.parametrize("code", ["A", "A" * 151, "A" * 152, "a" * 152, "1" * 152, "é" * 152, "=" * 152])
def test_what_is_no_code_is_refused(cloud: Cloud, code: str) -> None:
    answer = cloud.host.check_in(code)
    assert answer.status_code == 422
    assert answer.json()["code"] == "code-malformed"


def test_a_gate_whose_answer_was_lost_may_say_that_it_let_the_shopper_in(cloud: Cloud) -> None:
    code, stamp = cloud.phone().code(), {"sec": int(cloud.clock()), "nanosec": 7}
    first = cloud.host.check_in(code, key="k", stamp=stamp)
    again = cloud.host.check_in(code, key="k", stamp=stamp, offline=True)
    assert again.status_code == 201
    assert again.json() == first.json()
    assert cloud.host.check_in(code, key="k", stamp={"sec": 6, "nanosec": 0}).json()["code"] == "idempotency-key-reused"


def test_a_repetition_gets_the_same_answer(cloud: Cloud) -> None:
    code = cloud.phone().code()
    first = cloud.host.check_in(code, key="k")
    cloud.clock.turn(600)  # the code has long expired
    again = cloud.host.check_in(code, key="k")
    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first.headers
    cloud.clock.turn(3 * 86_400)  # the record of the request is gone, the burnt code is not
    assert cloud.host.check_in(code, key="k").json() == first.json()
    assert len(cloud.host.get("/check-ins").json()["check_ins"]) == 1


def test_a_key_is_for_one_request_and_one_store(cloud: Cloud) -> None:
    phone = cloud.phone()
    assert cloud.host.check_in(phone.code(), key="k").status_code == 201
    other = cloud.host.check_in(phone.code(), key="k")
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency-key-reused"
    alert = {"stamp": {"sec": 1, "nanosec": 0}, "severity": 1, "code": "c", "text": "t"}
    assert cloud.host.post("/alerts", alert, key="k").status_code == 409
    assert cloud.other_host.check_in(phone.code(), key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "with space", "x" * 129, "é"])
def test_a_store_must_send_a_key(cloud: Cloud, key: str) -> None:
    body = {"code": cloud.phone().code(), "gate_id": "g", "stamp": {"sec": 0, "nanosec": 0}}
    headers: Any = {**cloud.host.headers, "Idempotency-Key": key.encode()} if key else cloud.host.headers
    answer = cloud.http.post(f"/v1/stores/{STORE}/check-ins", json=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency-key-missing"


def race(calls: int, call: Any) -> list[Any]:
    """Make calls from as many threads, all at once."""
    barrier = threading.Barrier(calls)

    def run(number: int) -> Any:
        barrier.wait(10)
        return call(number)

    with ThreadPoolExecutor(calls) as pool:
        return list(pool.map(run, range(calls)))


def with_twin(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, sort_key: str, call: Callable[[], Any]) -> tuple[Any, Any]:
    """The answers to the twin of a call, and to the call: the twin is whole just before the call looks at a key."""
    kind = type(cloud.services.storage)
    look, twins = kind.get, []

    def twin_first(self: Any, pk: str, sk: str) -> Any:
        if sk.startswith(sort_key) and not twins:
            twins.append(None)
            twins[0] = call()
        return look(self, pk, sk)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "get", twin_first)
        answer = call()
    return twins[0], answer


def test_gates_that_race_for_a_code_get_one_winner(cloud: Cloud) -> None:
    phone, hosts = cloud.phone(), [cloud.host, cloud.other_host]
    for _ in range(5):
        code = phone.code()
        answers = race(8, lambda n, code=code: hosts[n % 2].check_in(code, key=f"gate-{n}-{code[-9:]}"))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"code-used"}


def test_repetitions_that_race_get_one_check_in(cloud: Cloud) -> None:
    code = cloud.phone().code()
    answers = race(8, lambda _: cloud.host.check_in(code, key="same"))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.json()["check_in_id"] for answer in answers}) == 1
    assert len(cloud.host.get("/check-ins").json()["check_ins"]) == 1


def test_a_gate_that_was_offline_is_judged_by_its_own_time(cloud: Cloud) -> None:
    phone = cloud.phone()
    read_at = {"sec": int(cloud.clock()) + 20, "nanosec": 0}
    code, late, unread = phone.code(), phone.code(), phone.code()
    cloud.clock.turn(2 * 86_400)
    assert cloud.host.check_in(code, stamp=read_at, offline=True).status_code == 201
    too_late = {"sec": read_at["sec"] + 26, "nanosec": 0}
    assert cloud.host.check_in(late, key="late", stamp=too_late, offline=True).json()["code"] == "code-expired"
    before = {"sec": read_at["sec"] - 100, "nanosec": 0}
    assert cloud.host.check_in(late, key="before", stamp=before, offline=True).json()["code"] == "code-expired"
    future = {"sec": int(cloud.clock()) + 60, "nanosec": 0}
    assert cloud.host.check_in(late, key="future", stamp=future, offline=True).json()["code"] == "code-expired"
    again = cloud.other_host.check_in(code, stamp=read_at, offline=True)
    assert again.json()["code"] == "code-used", "the cloud finds what two gates without a line could not know"
    cloud.clock.turn(86_421)
    assert cloud.host.check_in(unread, key="old", stamp=read_at, offline=True).json()["code"] == "code-expired"


def test_a_phone_checks_in_by_itself_and_the_store_is_told(cloud: Cloud) -> None:
    phone = cloud.phone()
    body = {"store_id": STORE, "gate_id": "door", "party_size": 2}
    first = phone.post("/v1/check-ins", body, headers={"Idempotency-Key": "k"})
    assert first.status_code == 201
    assert first.json()["source"] == "phone"
    assert phone.post("/v1/check-ins", body, headers={"Idempotency-Key": "k"}).json() == first.json()
    told = cloud.host.get("/check-ins", params={"source": "phone"}).json()
    assert told["check_ins"] == [first.json()]
    assert cloud.host.get("/check-ins", params={"after": told["cursor"]}).json()["check_ins"] == []
    assert cloud.other_host.get("/check-ins").json()["check_ins"] == []


def test_a_phone_checks_in_only_where_that_is_allowed(cloud: Cloud) -> None:
    phone = cloud.phone()
    cloud.services.stores.add("strict", "Strict", phone_check_in=False)

    def check_in(store_id: str, party_size: int = 1) -> Any:
        body = {"store_id": store_id, "gate_id": "door", "party_size": party_size}
        return phone.post("/v1/check-ins", body, headers={"Idempotency-Key": f"{store_id}-{party_size}"})

    assert check_in("strict").json()["code"] == "phone-check-in-off"
    assert check_in("nowhere").json()["code"] == "store-unknown"
    assert check_in(STORE, 11).json()["code"] == "body-invalid"


def test_check_ins_are_followed_with_a_cursor(cloud: Cloud) -> None:
    phones = [cloud.phone() for _ in range(5)]
    for phone in phones:
        assert cloud.host.check_in(phone.code(), key=phone.shopper_id).status_code == 201
    seen, cursor = [], ""
    while page := cloud.host.get("/check-ins", params={"after": cursor, "limit": 2}).json():
        if not page["check_ins"]:
            break
        seen += [check_in["shopper_id"] for check_in in page["check_ins"]]
        cursor = page["cursor"]
    assert seen == [phone.shopper_id for phone in phones]
    assert cloud.host.get("/check-ins", params={"after": "x"}).status_code == 422


def test_waiting_for_a_check_in_ends_when_it_comes(cloud: Cloud) -> None:
    phone = cloud.phone()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cloud.host.get, "/check-ins", params={"wait": 20})
        while not cloud.services.feeds._waiting:
            assert not waiting.done(), "it waits while there is nothing"
        assert cloud.host.check_in(phone.code()).status_code == 201
        found = waiting.result(5).json()
    assert [check_in["shopper_id"] for check_in in found["check_ins"]] == [phone.shopper_id]


def test_another_store_is_closed_to_a_device(cloud: Cloud) -> None:
    intruder = Host(cloud.http, STORE, "device-token-of-the-other")
    for answer in (
        intruder.check_in(cloud.phone().code()),
        intruder.get("/check-ins"),
        intruder.get("/receipts"),
        intruder.put("/catalogue", {"products": []}),
    ):
        assert answer.status_code == 403
        assert answer.json()["code"] == "not-your-store"
