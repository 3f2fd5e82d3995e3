# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the gates' tests share: a maker of codes written from the contract's layout, and pictures of codes."""

from __future__ import annotations

import base64
import itertools
import struct

import numpy as np
import numpy.typing as npt
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECOND = 1_000_000_000
NOW = 1_800_000_000
SHOPPER = "00112233445566778899aabbccddeeff"
_numbers = itertools.count(1)


class Maker:
    """A cloud that makes codes: one key with its number."""

    def __init__(self, number: int = 1) -> None:
        self._number = number
        self._private = Ed25519PrivateKey.generate()

    @property
    def document(self) -> dict[str, object]:
        """Its GET /v1/keys."""
        raw = self._private.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        okp = {"kty": "OKP", "crv": "Ed25519", "kid": f"c{self._number}", "use": "sig", "alg": "EdDSA", "x": x}
        return {"keys": [{"kty": "EC", "crv": "P-256", "kid": "a1", "x": "AA", "y": "AA"}, okp]}

    def code(self, expires: int = NOW + 45, party_size: int = 1, version: int = 1) -> str:
        body = struct.pack(">BBBI", version, self._number, party_size, expires) + bytes.fromhex(SHOPPER)
        body += next(_numbers).to_bytes(8, "big")
        return base64.b32encode(body + self._private.sign(body)).rstrip(b"=").decode()


def flipped(code: str, position: int) -> str:
    """The code with one bit of a byte changed."""
    raw = bytearray(base64.b32decode(code))
    raw[position] ^= 1
    return base64.b32encode(bytes(raw)).decode()


def picture(code: str, scale: int = 6, size: tuple[int, int] = (720, 1280)) -> npt.NDArray[np.uint8]:
    """A grey camera image of a phone that shows the code."""
    drawn = np.array(zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode).to_image(scale=scale))
    image = np.full(size, 90, np.uint8)
    top, left = (size[0] - drawn.shape[0]) // 2, (size[1] - drawn.shape[1]) // 2
    image[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return image
