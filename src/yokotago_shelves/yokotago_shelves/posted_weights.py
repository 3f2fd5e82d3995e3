# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""A batch of samples that a board has posted as JSON: checked field by field, and made into bursts.

{"bursts": [{"scale_id", "boot_id", "sequence", "period", "grams", "stamp" or "age", "status"}]}: the fields of
ShelfWeight, with their units. A board that has no clock sends, in place of `stamp`, the `age` of its first sample
[s]: how long before this post it was measured. A batch is taken whole or not at all, and every mistake is told at once.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, NoReturn

from yokotago_model.events import SECOND, ScaleStatus, ShelfWeight, Stamp

_MOST_SAMPLES = 32
_MOST_GRAMS = 1e6
_SHORTEST_PERIOD_S = 1e-3
_MOST_MISTAKES = 20
_KNOWN_BITS = sum(ScaleStatus)


@dataclass(frozen=True)
class PostParameters:
    """What a post may be.

    most_bytes, most_bursts: of one post; body_s: for how long it may arrive; posts_per_s: of one token, twice as many
    at once; refusals_per_s: of one address that has no token;
    most_ahead_s, most_behind_s: how far a stamp may lie from this host's time.
    """

    most_bytes: int = 32_768
    most_bursts: int = 64
    body_s: float = 5.0
    posts_per_s: float = 20.0
    refusals_per_s: float = 1.0
    most_ahead_s: float = 1.0
    most_behind_s: float = 3600.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"{field.name} is {getattr(self, field.name)}: it must be above 0")


class PostError(ValueError):
    """A post cannot be taken; mistakes: each field with what to write instead."""

    def __init__(self, mistakes: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {what}" for where, what in mistakes))
        self.mistakes = mistakes


def read_post(
    body: bytes, scales: Collection[str], arrived: Stamp, parameters: PostParameters
) -> tuple[ShelfWeight, ...]:
    """The bursts of a post that came at `arrived`; scales: those that its sender may speak for.

    Raises PostError.
    """
    try:
        # bytes are decoded by json itself, which guesses: a board sends UTF-8.
        document = json.loads(body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise PostError([("body", 'write JSON in UTF-8, {"bursts": [...]}')]) from None
    bursts = document.get("bursts") if isinstance(document, dict) else None
    if not isinstance(bursts, list) or not 1 <= len(bursts) <= parameters.most_bursts:
        raise PostError([("bursts", f"write a list of 1 to {parameters.most_bursts} bursts")])
    check = _Check(scales, arrived, parameters)
    made = tuple(check.burst(f"bursts[{i}]", burst) for i, burst in enumerate(bursts))
    if check.mistakes:
        raise PostError(check.mistakes[:_MOST_MISTAKES])
    return made


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


class _Check:
    """Reads bursts, and notes every mistake with its field."""

    def __init__(self, scales: Collection[str], arrived: Stamp, parameters: PostParameters) -> None:
        self.mistakes: list[tuple[str, str]] = []
        self._scales = scales
        self._arrived = arrived
        self._parameters = parameters

    def burst(self, where: str, given: object) -> ShelfWeight:
        """The burst; an arbitrary one where a mistake was noted."""
        if not isinstance(given, dict):
            self._wrong(where, "write an object with scale_id, boot_id, sequence, period, grams, and stamp or age")
            given = {}
        scale_id = self._scale(f"{where}.scale_id", given.get("scale_id"))
        boot_id = self._whole(f"{where}.boot_id", given.get("boot_id"), 2**32 - 1)
        sequence = self._whole(f"{where}.sequence", given.get("sequence"), 2**32 - 1)
        period = self._number(f"{where}.period", given.get("period"), 60.0, "seconds between two samples")
        if period < _SHORTEST_PERIOD_S:
            self._wrong(f"{where}.period", f"write seconds between two samples, at least {_SHORTEST_PERIOD_S:g}")
        status = ScaleStatus(self._whole(f"{where}.status", given.get("status", 0), _KNOWN_BITS))
        stamp, clock = self._stamp(where, given)
        grams = self._grams(f"{where}.grams", given.get("grams"))
        return ShelfWeight(stamp, scale_id, boot_id, sequence, period, grams, status | clock)

    def _wrong(self, where: str, what: str) -> None:
        self.mistakes.append((where, what))

    def _scale(self, where: str, given: object) -> str:
        if isinstance(given, str) and given in self._scales:
            return given
        near = difflib.get_close_matches(str(given)[:32], self._scales, 1)
        self._wrong(where, "name a scale of the store that this token is for" + (f": {near[0]}?" if near else ""))
        return ""

    def _whole(self, where: str, given: object, most: int) -> int:
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= most:
            return given
        self._wrong(where, f"write a whole number from 0 to {most}")
        return 0

    def _number(self, where: str, given: object, most: float, what: str) -> float:
        if isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= most:
            return float(given)
        self._wrong(where, f"write a number up to {most:g}, {what}")
        return math.inf

    def _grams(self, where: str, given: object) -> tuple[float, ...]:
        if not isinstance(given, list) or not 1 <= len(given) <= _MOST_SAMPLES:
            self._wrong(where, f"write a list of 1 to {_MOST_SAMPLES} weights [g]")
            return ()
        return tuple(self._number(f"{where}[{i}]", value, _MOST_GRAMS, "in grams") for i, value in enumerate(given))

    def _stamp(self, where: str, burst: Mapping[str, Any]) -> tuple[Stamp, ScaleStatus]:
        """When the first sample was measured, and whether the board's clock says so."""
        p = self._parameters
        if "age" in burst and "stamp" not in burst:
            age = self._number(f"{where}.age", burst["age"], p.most_behind_s, "seconds since the first sample")
            if age < 0:
                self._wrong(f"{where}.age", "write seconds since the first sample, not below 0")
            return self._arrived - (round(age * SECOND) if math.isfinite(age) else 0), ScaleStatus.CLOCK_UNSYNCED
        stamp = burst.get("stamp")
        if not isinstance(stamp, dict) or "age" in burst:
            self._wrong(f"{where}.stamp", 'write {"sec", "nanosec"} of the first sample, or its age [s] in place of it')
            return self._arrived, ScaleStatus.OK
        sec = self._whole(f"{where}.stamp.sec", stamp.get("sec"), 2**31 - 1)
        made = sec * SECOND + self._whole(f"{where}.stamp.nanosec", stamp.get("nanosec"), SECOND - 1)
        ahead = (made - self._arrived) / SECOND
        if not -p.most_behind_s <= ahead <= p.most_ahead_s:
            side = "ahead of" if ahead > 0 else "behind"
            self._wrong(
                f"{where}.stamp", f"{abs(ahead):.0f} s {side} the store host: set the board's clock, or send age"
            )
        return made, ScaleStatus.OK
