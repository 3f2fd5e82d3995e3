# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Accounts and sessions of shoppers, built in: no identity provider is needed on one machine.

Passwords are kept as argon2id hashes. A session is an access token of minutes, signed and not kept, and a
refresh token, kept as a hash and good for one use. A refresh token that comes a second time was copied by
somebody, so its session ends; only within a short grace it is taken for the repetition of a request whose
answer was lost.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from typing import Any

import argon2
import jwt

from yokotago_cloud.keys import KeyRing
from yokotago_cloud.oidc import OutsideTokens
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.port import Condition, ConditionFailedError, Delete, Put, Storage

_REMEMBERED = 10_000
_HASHING_AT_ONCE = 4  # each takes argon2_memory_kib of memory


class Accounts:
    """Sign-up, sign-in, and who a token belongs to."""

    def __init__(self, storage: Storage, keys: KeyRing, settings: Settings, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self._hasher = argon2.PasswordHasher(
            time_cost=settings.argon2_passes, memory_cost=settings.argon2_memory_kib, parallelism=1
        )
        self._hashing = threading.Semaphore(_HASHING_AT_ONCE)
        self._outside = OutsideTokens(settings.issuers)
        self._verified: dict[str, tuple[str, int]] = {}
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def sign_up(self, email: str, password: str, name: str, language: str) -> dict[str, Any]:
        """Make an account and its first session.

        Raises:
            ProblemError: e-mail-taken, sign-in-elsewhere.
        """
        self._require_built_in()
        with self._hashing:
            password_hash = self._hasher.hash(password)
        shopper_id = secrets.token_hex(16)
        session, put = self._new_session(shopper_id)
        account = {"email": email.strip(), "name": name, "language": language, "created": int(self._clock())}
        try:
            self._storage.write(
                Put(
                    _email_pk(email),
                    "ACCOUNT",
                    {"shopper_id": shopper_id, "password_hash": password_hash},
                    Condition.ABSENT,
                ),
                Put(f"SHOPPER#{shopper_id}", "ACCOUNT", account, Condition.ABSENT),
                put,
            )
        except ConditionFailedError as taken:
            raise ProblemError("e-mail-taken") from taken
        return session

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """A new session. Takes as long for an unknown address as for a wrong password.

        Raises:
            ProblemError: sign-in-refused, sign-in-elsewhere.
        """
        self._require_built_in()
        item = self._storage.get(_email_pk(email), "ACCOUNT")
        with self._hashing:
            try:
                self._hasher.verify(self._nobody if item is None else item.data["password_hash"], password)
            except argon2.exceptions.VerifyMismatchError as wrong:
                raise ProblemError("sign-in-refused") from wrong
        if item is None:
            raise ProblemError("sign-in-refused")
        session, put = self._new_session(item.data["shopper_id"])
        self._storage.write(put)
        return session

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """The next session for a refresh token, which is used up by it.

        Raises:
            ProblemError: refresh-token-refused, sign-in-elsewhere.
        """
        self._require_built_in()
        family, _, _ = refresh_token.partition(".")
        item = self._storage.get(_session_pk(family), "SESSION") if family.isascii() else None
        if item is None:
            raise ProblemError("refresh-token-refused")
        now = int(self._clock())
        given = _hash(refresh_token)
        repeated = hmac.compare_digest(given, item.data["previous"]) and now < item.data["grace"]
        if not repeated and not hmac.compare_digest(given, item.data["current"]):
            self._storage.write(Delete(item.pk, item.sk))
            raise ProblemError("refresh-token-refused", "the refresh token was used before, so the session was ended")
        session, put = self._new_session(
            item.data["shopper_id"], family, previous=item.data["current"], condition=item.version
        )
        try:
            self._storage.write(put)
        except ConditionFailedError as raced:
            raise ProblemError("busy") from raced
        return session

    def end(self, refresh_token: str) -> None:
        """End the session of a refresh token, when there is one."""
        family, _, _ = refresh_token.partition(".")
        item = self._storage.get(_session_pk(family), "SESSION") if family.isascii() else None
        if item is not None and hmac.compare_digest(_hash(refresh_token), item.data["current"]):
            self._storage.write(Delete(item.pk, item.sk))

    def shopper_of(self, access_token: str) -> tuple[str, int]:
        """Whose access token this is, and when it ends [s since the epoch].

        A token whose signature was found right is remembered: phones send the same one many times.

        Raises:
            ProblemError: not-signed-in.
        """
        shopper_id, ends = self.remembered(access_token) or self._verify(access_token)
        if ends <= self._clock():
            raise ProblemError("not-signed-in", "the token has expired")
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        self._verified[access_token] = (shopper_id, ends)
        return shopper_id, ends

    def remembered(self, access_token: str) -> tuple[str, int] | None:
        """What an earlier check of this token found. Never waits for anything."""
        return self._verified.get(access_token)

    def me(self, shopper_id: str) -> dict[str, Any]:
        """What an account says of its shopper; an outside one says nothing here.

        Raises:
            ProblemError: not-signed-in, when the account is gone.
        """
        if self._settings.issuers:
            return {"shopper_id": shopper_id, "email": "", "name": "", "language": "en"}
        item = self._storage.get(f"SHOPPER#{shopper_id}", "ACCOUNT")
        if item is None:
            raise ProblemError("not-signed-in", "the account is gone")
        return {"shopper_id": shopper_id, **{key: item.data[key] for key in ("email", "name", "language")}}

    def _verify(self, access_token: str) -> tuple[str, int]:
        try:
            if self._settings.issuers:
                return self._outside.verify(access_token)
            kid = jwt.get_unverified_header(access_token).get("kid")
            key = self._keys.find_access_key(kid) if isinstance(kid, str) else None
            if key is None:
                raise ProblemError("not-signed-in", "the token is signed with a key that nobody knows")
            claims = jwt.decode(
                access_token,
                key.private.public_key(),
                algorithms=["ES256"],
                issuer=self._settings.issuer,
                audience=self._settings.issuer,
                # the clock is ours, so that tests can turn it
                options={"require": ["exp", "sub", "iss", "aud"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as wrong:
            raise ProblemError("not-signed-in", "the token is not one of ours") from wrong
        return str(claims["sub"]), int(claims["exp"])

    def _require_built_in(self) -> None:
        if self._settings.issuers:
            raise ProblemError("sign-in-elsewhere")

    def _new_session(
        self,
        shopper_id: str,
        family: str | None = None,
        previous: str = "",
        condition: Condition | int = Condition.ABSENT,
    ) -> tuple[dict[str, Any], Put]:
        now = int(self._clock())
        family = family or secrets.token_hex(16)
        refresh_token = f"{family}.{secrets.token_urlsafe(32)}"
        key = self._keys.access_key()
        access_token = jwt.encode(
            {
                "iss": self._settings.issuer,
                "aud": self._settings.issuer,
                "sub": shopper_id,
                "iat": now,
                "exp": now + self._settings.access_token_s,
            },
            key.private,
            algorithm="ES256",
            headers={"kid": key.kid},
        )
        session = {
            "shopper_id": shopper_id,
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self._settings.access_token_s,
            "refresh_token": refresh_token,
        }
        kept = {
            "shopper_id": shopper_id,
            "current": _hash(refresh_token),
            "previous": previous,
            "grace": now + self._settings.refresh_grace_s,
        }
        ttl = now + self._settings.refresh_token_s
        return session, Put(_session_pk(family), "SESSION", kept, condition, ttl=ttl)


def _email_pk(email: str) -> str:
    return f"EMAIL#{_hash(email.strip().casefold())}"


def _session_pk(family: str) -> str:
    return f"SESSION#{family}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
