# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The signing keys: made once, kept in the storage, shown to everybody by their public halves.

Access tokens are signed with ES256, check-in codes with Ed25519 (short signatures make a coarse QR code). The
newest key of a kind signs; all of them verify, so a key is replaced by adding one.
"""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from yokotago_cloud.storage.port import Condition, ConditionFailedError, Put, Storage

_PK = "KEYS"
_LOAD_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class AccessKey:
    """Signs access tokens."""

    kid: str
    private: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class CodeKey:
    """Signs check-in codes; `number` stands in the code."""

    number: int
    private: ed25519.Ed25519PrivateKey


class KeyRing:
    """All signing keys. Makes the first of each kind when the storage has none."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._access: dict[str, AccessKey] = {}
        self._codes: dict[int, CodeKey] = {}
        self._load()
        if not self._access:
            self.add_access_key()
        if not self._codes:
            self.add_code_key()

    def add_access_key(self) -> None:
        """Make a new key for access tokens; it signs from now on."""
        self._add("ACCESS#", len(self._access) + 1, ec.generate_private_key(ec.SECP256R1()))

    def add_code_key(self) -> None:
        """Make a new key for check-in codes; it signs from now on."""
        number = len(self._codes) + 1
        if number > 255:
            raise ValueError("there are 255 keys for codes already, and a code has one byte for the number")
        self._add("CODE#", number, ed25519.Ed25519PrivateKey.generate())

    def access_key(self) -> AccessKey:
        """The one that signs."""
        return max(self._access.values(), key=lambda key: key.kid)

    def code_key(self) -> CodeKey:
        """The one that signs."""
        return self._codes[max(self._codes)]

    def find_access_key(self, kid: str) -> AccessKey | None:
        """The key of that id, also when another process made it some seconds ago."""
        if kid not in self._access:
            self._load_again()
        return self._access.get(kid)

    def find_code_key(self, number: int) -> CodeKey | None:
        """The key of that number, also when another process made it some seconds ago."""
        if number not in self._codes:
            self._load_again()
        return self._codes.get(number)

    def public(self) -> dict[str, Any]:
        """All public keys as a JWK set (RFC 7517)."""
        keys: list[dict[str, Any]] = []
        for access in self._access.values():
            numbers = access.private.public_key().public_numbers()
            keys.append(
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "kid": access.kid,
                    "use": "sig",
                    "alg": "ES256",
                    "x": _b64(numbers.x.to_bytes(32, "big")),
                    "y": _b64(numbers.y.to_bytes(32, "big")),
                }
            )
        for code in self._codes.values():
            x = _b64(code.private.public_key().public_bytes_raw())
            keys.append(
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "kid": f"c{code.number}",
                    "use": "sig",
                    "alg": "EdDSA",
                    "x": x,
                }
            )
        return {"keys": keys}

    def _add(self, prefix: str, number: int, private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> None:
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        with contextlib.suppress(ConditionFailedError):  # another process was first: its key is as good
            self._storage.write(Put(_PK, f"{prefix}{number:03d}", {"pem": pem}, Condition.ABSENT))
        self._load()

    def _load_again(self) -> None:
        """Look for new keys, but not for every forged token that names an unknown one."""
        if time.monotonic() - self._loaded >= _LOAD_AGAIN_S:
            self._load()

    def _load(self) -> None:
        with self._lock:
            access: dict[str, AccessKey] = {}
            codes: dict[int, CodeKey] = {}
            for item in self._storage.query(_PK, limit=1000).items:
                kind, _, number = item.sk.partition("#")
                private = serialization.load_pem_private_key(item.data["pem"].encode(), password=None)
                if kind == "ACCESS" and isinstance(private, ec.EllipticCurvePrivateKey):
                    access[f"a{number}"] = AccessKey(f"a{number}", private)
                elif kind == "CODE" and isinstance(private, ed25519.Ed25519PrivateKey):
                    codes[int(number)] = CodeKey(int(number), private)
            self._access, self._codes = access, codes
            self._loaded = time.monotonic()


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
