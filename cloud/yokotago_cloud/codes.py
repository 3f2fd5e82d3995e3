# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Check-in codes: what stands in the QR code, and what makes it trustworthy.

A gate without a line must be able to trust a code, so the code carries everything and a signature over it;
the layout is binary and written in base32, because a QR code packs that alphabet densely and fewer modules
are larger modules. 95 bytes:

    version u8 = 1 | key number u8 | party size u8 | expires u32, big-endian [s since the epoch]
    | shopper, 16 bytes | random, 8 bytes | Ed25519 signature of all before, 64 bytes
"""

from __future__ import annotations

import base64
import binascii
import secrets
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature

from yokotago_cloud.keys import KeyRing
from yokotago_cloud.problems import ProblemError

VERSION = 1
_LAYOUT = struct.Struct(">BBBI16s8s")
_SIGNATURE = 64
LENGTH = -(-(_LAYOUT.size + _SIGNATURE) * 8 // 5)
"""Characters of a code."""


@dataclass(frozen=True, slots=True)
class CheckInCode:
    """A code whose signature was right; `expires` in seconds since the epoch."""

    shopper_id: str
    party_size: int
    expires: int
    nonce: str


def issue(keys: KeyRing, shopper_id: str, party_size: int, expires: int) -> str:
    """A new code for a shopper."""
    key = keys.code_key()
    body = _LAYOUT.pack(VERSION, key.number, party_size, expires, bytes.fromhex(shopper_id), secrets.token_bytes(8))
    return base64.b32encode(body + key.private.sign(body)).rstrip(b"=").decode()


def read(keys: KeyRing, text: str) -> CheckInCode:
    """What a code says. Its time and whether it was used are for the caller to judge.

    Raises:
        ProblemError: code-malformed or code-forged.
    """
    if len(text) != LENGTH:
        raise ProblemError("code-malformed", f"a code has {LENGTH} characters, this has {len(text)}")
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as wrong:
        raise ProblemError("code-malformed", "a code has only the characters A-Z and 2-7") from wrong
    body, signature = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    version, number, party_size, expires, shopper, nonce = _LAYOUT.unpack(body)
    if version != VERSION:
        raise ProblemError("code-malformed", f"the code is of version {version}, this cloud reads {VERSION}")
    key = keys.find_code_key(number)
    if key is None:
        raise ProblemError("code-forged", f"nobody has signed with key c{number}")
    try:
        key.private.public_key().verify(signature, body)
    except InvalidSignature as wrong:
        raise ProblemError("code-forged") from wrong
    return CheckInCode(shopper.hex(), party_size, expires, nonce.hex())
