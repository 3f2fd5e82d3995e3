# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Access tokens of an outside identity provider, as Amazon Cognito's user pools give them.

Cognito's access tokens carry no audience: what they are for stands in `client_id`, and that they are access tokens
stands in `token_use`. The issuer is chosen from a list by the token's own claim, and the list fixes its algorithm, so
that a token cannot choose how it is checked.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from yokotago_cloud.problems import ProblemError

_ALGORITHM = "RS256"
_FETCH_AGAIN_S = 60.0
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer to trust: `keys` is the address or the file of its JWK set."""

    issuer: str
    client_id: str
    keys: str

    @classmethod
    def parse(cls, text: str) -> Issuer:
        """Read ISSUER,CLIENT_ID or ISSUER,CLIENT_ID,KEYS.

        Raises:
            ValueError: the text is neither.
        """
        parts = [part.strip() for part in text.split(",")]
        if len(parts) not in (2, 3) or not all(parts) or not parts[0].startswith("https://"):
            raise ValueError(
                f"'{text}' names no issuer; write https://ISSUER,CLIENT_ID or https://ISSUER,CLIENT_ID,KEYS"
            )
        issuer = parts[0].rstrip("/")
        keys = parts[2] if len(parts) == 3 else f"{issuer}/.well-known/jwks.json"
        return cls(issuer, parts[1], keys)


class OutsideTokens:
    """Checks access tokens of the issuers in a list. Keys are fetched when needed, at most once a minute."""

    def __init__(self, issuers: tuple[Issuer, ...]) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._lock = threading.Lock()
        self._keys: dict[str, dict[str, jwt.PyJWK]] = {}
        self._fetched: dict[str, float] = {}

    def verify(self, token: str) -> tuple[str, int]:
        """Whose token it is, and when it ends [s since the epoch], which is for the caller to judge.

        Raises:
            ProblemError: not-signed-in.
            jwt.InvalidTokenError: the token is malformed or its signature is wrong.
        """
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        issuer = self._issuers.get(claimed) if isinstance(claimed, str) else None
        if issuer is None:
            raise ProblemError("not-signed-in", "the token's issuer is not trusted here")
        key = self._key(issuer, jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise ProblemError("not-signed-in", "the token is signed with a key that its issuer does not show")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=issuer.issuer,
            options={"require": ["exp", "sub", "iss"], "verify_aud": False, "verify_exp": False, "verify_iat": False},
        )
        if claims.get("token_use") != "access" or claims.get("client_id") != issuer.client_id:
            raise ProblemError("not-signed-in", "the token is for something else")
        # the same 32 digits as a shopper of our own, whatever the issuer's names look like
        shopper_id = hashlib.sha256(f"{issuer.issuer} {claims['sub']}".encode()).hexdigest()[:32]
        return shopper_id, int(claims["exp"])

    def _key(self, issuer: Issuer, kid: object) -> jwt.PyJWK | None:
        with self._lock:
            known = self._keys.get(issuer.issuer, {})
            due = time.monotonic() - self._fetched.get(issuer.issuer, -_FETCH_AGAIN_S) >= _FETCH_AGAIN_S
            if kid not in known and due:
                self._fetched[issuer.issuer] = time.monotonic()
                known = self._keys[issuer.issuer] = _fetch(issuer.keys)
        return known.get(kid) if isinstance(kid, str) else None


def _fetch(keys: str) -> dict[str, jwt.PyJWK]:
    if keys.startswith("https://"):
        with urllib.request.urlopen(keys, timeout=_TIMEOUT_S) as answer:  # noqa: S310 (the scheme is checked above)
            document = json.load(answer)
    else:
        document = json.loads(Path(keys).read_text(encoding="utf-8"))
    return {key.key_id: key for key in jwt.PyJWKSet.from_dict(document).keys if key.key_id}
