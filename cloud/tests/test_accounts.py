# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Accounts, sessions and tokens."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
from conftest import PASSWORD, STORE, TOKEN, Clock, Cloud, Phone, cloud_over

from yokotago_cloud.settings import DEFAULT_LIMITS, Rate
from yokotago_cloud.stores import Stores


def refresh(cloud: Cloud, session: dict[str, Any]) -> Any:
    return cloud.http.post("/v1/sessions/refresh", json={"refresh_token": session["refresh_token"]})


def test_sign_up_sign_in_and_read_oneself(cloud: Cloud) -> None:
    phone = cloud.phone("hanako@example.com")
    signed_in = cloud.http.post("/v1/sessions", json={"email": " Hanako@Example.com", "password": PASSWORD})
    assert signed_in.status_code == 422  # spaces are no part of an address
    signed_in = cloud.http.post("/v1/sessions", json={"email": "Hanako@Example.com", "password": PASSWORD})
    assert signed_in.status_code == 201
    assert signed_in.json()["shopper_id"] == phone.shopper_id
    me = Phone(cloud.http, signed_in.json()).get("/v1/me").json()
    assert me == {
        "shopper_id": phone.shopper_id,
        "email": "hanako@example.com",
        "name": "Hanako",
        "language": "en",
    }


def test_one_account_for_an_address_also_when_two_sign_up_at_once(cloud: Cloud) -> None:
    def sign_up(number: int) -> int:
        body = {"email": "Same@example.com" if number % 2 else "same@example.com", "password": PASSWORD}
        return int(cloud.http.post("/v1/accounts", json=body).status_code)

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(sign_up, range(6)))
    assert answers == [201] + [409] * 5


@pytest.mark.parametrize(("email", "password"), [("a@example.com", "wrong password"), ("b@example.com", PASSWORD)])
def test_a_wrong_address_and_a_wrong_password_look_the_same(cloud: Cloud, email: str, password: str) -> None:
    cloud.phone("a@example.com")
    answer = cloud.http.post("/v1/sessions", json={"email": email, "password": password})
    assert answer.status_code == 401
    assert answer.json()["code"] == "sign-in-refused"


def test_the_password_is_kept_as_an_argon2id_hash_only(tmp_path: Path, clock: Clock) -> None:
    with cloud_over(tmp_path, clock) as cloud:
        session = cloud.phone().session
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"$argon2id$" in kept
    assert PASSWORD.encode() not in kept
    assert session["refresh_token"].encode() not in kept
    assert TOKEN.encode() not in kept


def test_an_access_token_ends(cloud: Cloud) -> None:
    phone = cloud.phone()
    cloud.clock.turn(899)
    assert phone.get("/v1/me").status_code == 200
    cloud.clock.turn(1)
    answer = phone.get("/v1/me")
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def _flip_middle(token: str) -> str:
    middle = len(token) // 2
    return token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "a001"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def _signed_with_public_key(token: str) -> str:
    """The classic confusion: the public key taken as a secret of HMAC."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "a001"})


@pytest.mark.parametrize("forge", [_flip_middle, _unsigned, _signed_with_public_key, lambda _: "x.y.z", lambda _: "é"])
def test_a_forged_access_token_is_refused(cloud: Cloud, forge: Any) -> None:
    phone = cloud.phone()
    forged = {**phone.session, "access_token": forge(phone.session["access_token"])}
    headers = {"Authorization": f"Bearer {forged['access_token']}".encode()}
    answer = cloud.http.get("/v1/me", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not-signed-in"


def test_access_tokens_are_checked_with_the_published_key(cloud: Cloud) -> None:
    phone = cloud.phone()
    keys = jwt.PyJWKSet.from_dict(cloud.http.get("/v1/keys").json())
    token = phone.session["access_token"]
    key = keys[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="yokotago", options=options)
    assert claims["sub"] == phone.shopper_id


def test_device_tokens_and_access_tokens_do_not_mix(cloud: Cloud) -> None:
    phone = cloud.phone()
    assert cloud.http.get("/v1/me", headers=cloud.host.headers).status_code == 401
    assert cloud.http.get(f"/v1/stores/{STORE}/receipts", headers=phone.headers).status_code == 401
    assert cloud.http.get("/v1/device", headers=cloud.host.headers).json()["store_id"] == STORE


def test_a_refresh_token_is_good_once(cloud: Cloud) -> None:
    first = cloud.phone().session
    second = refresh(cloud, first).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert Phone(cloud.http, second).get("/v1/me").status_code == 200
    cloud.clock.turn(31)  # past the grace for a lost answer
    copied = refresh(cloud, first)
    assert copied.status_code == 401
    assert refresh(cloud, second).status_code == 401, "a copied token ends the session for everybody"


def test_a_lost_answer_of_a_refresh_can_be_asked_for_again(cloud: Cloud) -> None:
    first = cloud.phone().session
    assert refresh(cloud, first).status_code == 200
    cloud.clock.turn(29)
    again = refresh(cloud, first)
    assert again.status_code == 200
    assert refresh(cloud, again.json()).status_code == 200


def test_a_session_ends_by_sign_out_and_by_time(cloud: Cloud) -> None:
    phone = cloud.phone()
    ended = cloud.http.post("/v1/sessions/end", json={"refresh_token": phone.session["refresh_token"]})
    assert ended.status_code == 204
    assert refresh(cloud, phone.session).status_code == 401
    other = cloud.phone()
    cloud.clock.turn(61 * 86_400)
    assert refresh(cloud, other.session).status_code == 401
    assert refresh(cloud, {"refresh_token": "né.x"}).status_code == 401


def test_sessions_and_keys_outlive_a_restart(tmp_path: Path, clock: Clock) -> None:
    with cloud_over(tmp_path, clock) as cloud:
        phone = cloud.phone()
        code = phone.code()
        keys = cloud.http.get("/v1/keys").json()
    with cloud_over(tmp_path, clock) as cloud:
        assert cloud.http.get("/v1/keys").json() == keys
        assert cloud.http.get("/v1/me", headers=phone.headers).status_code == 200
        assert refresh(cloud, phone.session).status_code == 200
        assert cloud.host.check_in(code).status_code == 201


def test_a_new_key_signs_and_the_old_one_still_verifies(cloud: Cloud) -> None:
    phone = cloud.phone()
    code = phone.code()
    cloud.services.keys.add_access_key()
    cloud.services.keys.add_code_key()
    assert phone.get("/v1/me").status_code == 200
    assert cloud.host.check_in(code).status_code == 201
    later = cloud.phone()
    assert jwt.get_unverified_header(later.session["access_token"])["kid"] == "a002"
    assert cloud.host.check_in(later.code()).status_code == 201
    assert len(cloud.http.get("/v1/keys").json()["keys"]) == 4


def test_guessing_passwords_is_slowed_down_for_the_account(tmp_path: Path, clock: Clock) -> None:
    limits = {**DEFAULT_LIMITS, "sign_in": Rate(3, 60)}
    with cloud_over(tmp_path, clock, limits=limits) as cloud:
        cloud.phone("a@example.com")
        cloud.phone("b@example.com")

        def sign_in(email: str, password: str) -> Any:
            return cloud.http.post("/v1/sessions", json={"email": email, "password": password})

        assert [sign_in("A@example.com", f"guess {n}").status_code for n in range(4)] == [401, 401, 401, 429]
        refused = sign_in("a@example.com", PASSWORD)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) in range(1, 22)
        assert sign_in("b@example.com", PASSWORD).status_code == 201
        clock.turn(int(refused.headers["Retry-After"]))
        assert sign_in("a@example.com", PASSWORD).status_code == 201


def test_a_device_that_was_removed_elsewhere_is_refused_within_seconds(cloud: Cloud, clock: Clock) -> None:
    assert cloud.host.http.get("/v1/device", headers=cloud.host.headers).status_code == 200
    device_id = cloud.host.http.get("/v1/device", headers=cloud.host.headers).json()["device_id"]
    assert Stores(cloud.services.storage).remove_device(device_id), "as the command does, in another process"
    clock.turn(5)
    assert cloud.host.http.get("/v1/device", headers=cloud.host.headers).status_code == 401
