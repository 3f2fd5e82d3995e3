# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Access tokens of an outside provider, in the shape of Cognito's: taken when all is right, and only then."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from conftest import PASSWORD, Clock, Cloud, cloud_over
from cryptography.hazmat.primitives.asymmetric import rsa

from yokotago_cloud.oidc import Issuer

ISSUER = "https://cognito-idp.example.com/pool_1"


@dataclass
class Pool:
    """A cloud that trusts one pool, and the pool's private key."""

    cloud: Cloud
    key: rsa.RSAPrivateKey
    keys_file: Path

    def token(self, key: Any = None, algorithm: str = "RS256", kid: str = "k1", **claims: Any) -> str:
        body = {
            "iss": ISSUER,
            "sub": str(uuid.UUID(int=7)),
            "token_use": "access",
            "client_id": "app",
            "exp": int(self.cloud.clock()) + 60,
            **claims,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(body, key or self.key, algorithm=algorithm, headers={"kid": kid})

    def me(self, token: str) -> Any:
        return self.cloud.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})


def public(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "alg": "RS256"}


@pytest.fixture
def pool(tmp_path: Path, clock: Clock) -> Iterator[Pool]:
    key = rsa.generate_private_key(65537, 2048)
    keys_file = tmp_path / "jwks.json"
    keys_file.write_text(json.dumps({"keys": [public(key, "k1")]}))
    with cloud_over(tmp_path, clock, issuers=(Issuer.parse(f"{ISSUER},app,{keys_file}"),)) as cloud:
        yield Pool(cloud, key, keys_file)


def test_a_token_of_the_pool_signs_its_shopper_in(pool: Pool) -> None:
    token = pool.token()
    first = pool.me(token)
    assert first.status_code == 200
    assert first.json() == pool.me(pool.token(exp=int(pool.cloud.clock()) + 99)).json()
    assert first.json() != pool.me(pool.token(sub=str(uuid.UUID(int=8)))).json()
    headers = {"Authorization": f"Bearer {token}"}
    code = pool.cloud.http.post("/v1/check-in-codes", json={}, headers=headers).json()["code"]
    assert pool.cloud.host.check_in(code).json()["shopper_id"] == first.json()["shopper_id"]
    pool.cloud.clock.turn(60)
    assert pool.me(token).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://cognito-idp.example.com/pool_2"},
        {"iss": None},
        {"token_use": "id"},
        {"client_id": "another"},
        {"client_id": None, "aud": "app"},
        {"exp": 5},
        {"kid": "k2"},
    ],
)
def test_a_token_for_something_else_is_refused(pool: Pool, claims: dict[str, Any]) -> None:
    answer = pool.me(pool.token(**claims))
    assert answer.status_code == 401
    assert answer.json()["code"] == "not-signed-in"


def test_a_token_signed_otherwise_is_refused(pool: Pool) -> None:
    other = rsa.generate_private_key(65537, 2048)
    assert pool.me(pool.token(key=other)).status_code == 401
    assert pool.me(pool.token(key="x" * 32, algorithm="HS256")).status_code == 401
    assert pool.me(pool.token(algorithm="RS512")).status_code == 401


def test_the_built_in_accounts_are_off(pool: Pool) -> None:
    http = pool.cloud.http
    body = {"email": "a@example.com", "password": PASSWORD}
    for path, sent in (
        ("/v1/accounts", body),
        ("/v1/sessions", body),
        ("/v1/sessions/refresh", {"refresh_token": "a.b"}),
    ):
        answer = http.post(path, json=sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "sign-in-elsewhere")
    assert http.get("/v1/sign-in").json() == {
        "built_in": False,
        "providers": [{"issuer": ISSUER, "client_id": "app"}],
    }


def test_a_token_of_our_own_is_refused_when_a_pool_is_trusted(pool: Pool) -> None:
    key = pool.cloud.services.keys.access_key()
    claims = {"iss": "yokotago", "aud": "yokotago", "sub": "0" * 32, "exp": int(pool.cloud.clock()) + 60}
    token = jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.kid})
    assert pool.me(token).status_code == 401


def test_the_built_in_accounts_are_the_default(cloud: Cloud) -> None:
    assert cloud.http.get("/v1/sign-in").json() == {"built_in": True, "providers": []}


@pytest.mark.parametrize("text", ["", "https://a", "http://a,b", "https://a,b,c,d", "https://a,"])
def test_an_issuer_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="names no issuer"):
        Issuer.parse(text)


def test_an_issuer_shows_its_keys_at_the_usual_place() -> None:
    assert Issuer.parse("https://pool/,app").keys == "https://pool/.well-known/jwks.json"
