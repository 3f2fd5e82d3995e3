# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the codes that shoppers hold before a gate: from a camera's images, or from a scanner that types.

A phone is held before the reader for seconds, and a code on a poster for ever: each text is told once, and again only
when it was away for a while.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import zxingcpp

from yokotago_model.events import SECOND, GateCode, Stamp

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

LONGEST_TEXT = 400
"""What is longer is cut: it is no check-in code anyway."""


@dataclass(frozen=True)
class CodeReaderParameters:
    """away_s: a text that was not read for so long is told again; look_every_s: images in between are not looked at."""

    away_s: float = 3.0
    look_every_s: float = 0.1

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ValueError(f"{field.name} is {getattr(self, field.name)}: it must not be below 0")


class CodeReader:
    """The reader of one gate."""

    def __init__(self, gate_id: str, parameters: CodeReaderParameters) -> None:
        self._gate_id = gate_id
        self._parameters = parameters
        self._last_read: dict[str, Stamp] = {}
        self._last_look: float = -math.inf

    def look(self, stamp: Stamp, image: npt.NDArray[np.uint8]) -> list[GateCode]:
        """The codes in a grey image, (height, width) uint8."""
        if stamp - self._last_look < self._parameters.look_every_s * SECOND:
            return []
        self._last_look = stamp
        found = zxingcpp.read_barcodes(image, formats=_QR)
        return [code for barcode in found for code in self._told(stamp, barcode.text)]

    def type(self, stamp: Stamp, line: str) -> list[GateCode]:
        """A line that a scanner has typed. Codes have upper case only, whatever the scanner's shift key does."""
        return self._told(stamp, line.strip().upper())

    def _told(self, stamp: Stamp, text: str) -> list[GateCode]:
        away = self._parameters.away_s * SECOND
        self._last_read = {known: last for known, last in self._last_read.items() if stamp - last <= away}
        text = text[:LONGEST_TEXT]
        known = text in self._last_read
        self._last_read[text] = stamp
        return [] if known or not text else [GateCode(stamp, self._gate_id, text)]
