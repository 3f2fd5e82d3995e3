# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What stands in the QR code on a shopper's phone, checked with the cloud's public keys and nothing else.

The layout is the cloud's contract (GET /v1/keys): base32 without padding, 152 characters, of 95 bytes:

    version u8 = 1 | key number u8 | party size u8 | expires u32, big-endian [s since the epoch]
    | shopper, 16 bytes | random, 8 bytes | Ed25519 signature of all before, 64 bytes
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHARACTERS = 152
_VERSION = 1
_LAYOUT = struct.Struct(">BBBI16s8s")

PublicKeys = Mapping[int, Ed25519PublicKey]
"""The cloud's public keys by key number."""


class CodeError(ValueError):
    """A text is no code of this cloud; reason is code-malformed or code-forged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CheckInCode:
    """What a code says. signed: its key is known and the signature is right; expires [s since the epoch]."""

    shopper_id: str
    party_size: int
    expires: int
    random: str
    signed: bool


def public_keys(document: Mapping[str, Any]) -> PublicKeys:
    """The Ed25519 keys of a JWKS document (RFC 8037), by the number in their kid; what is no such key is left out."""
    found = {}
    for key in document.get("keys", ()):
        kid = str(key.get("kid", ""))
        if key.get("crv") == "Ed25519" and kid[:1] == "c" and kid[1:].isdecimal():
            raw = base64.urlsafe_b64decode(str(key["x"]) + "=" * (-len(key["x"]) % 4))
            found[int(kid[1:])] = Ed25519PublicKey.from_public_bytes(raw)
    return found


def read_code(text: str, keys: PublicKeys) -> CheckInCode:
    """What `text` says. A key that is not known yet makes it not signed: only the cloud can tell then.

    Raises CodeError where it is no code, or its signature is wrong.
    """
    if len(text) != CHARACTERS or not text.isascii():
        raise CodeError("code-malformed")
    try:
        raw = base64.b32decode(text)
    except binascii.Error as wrong:
        raise CodeError("code-malformed") from wrong
    body, signature = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    version, number, party_size, expires, shopper, random = _LAYOUT.unpack(body)
    if version != _VERSION:
        raise CodeError("code-malformed")
    key = keys.get(number)
    if key is not None:
        try:
            key.verify(signature, body)
        except InvalidSignature as wrong:
            raise CodeError("code-forged") from wrong
    return CheckInCode(shopper.hex(), party_size, expires, random.hex(), key is not None)
