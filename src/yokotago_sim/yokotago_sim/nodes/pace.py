# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the simulated store's time from running away from the nodes that follow it on a slow machine."""

from __future__ import annotations

from collections.abc import Callable

from yokotago_model.events import SECOND, Stamp, TrackFrame

LEAD_NS = SECOND
"""The store's time runs at most this far ahead of the tracks."""

FIRST_S, BETWEEN_S = 60.0, 3.0
"""How long the tracker is waited for before its first frame (its code is compiled then), and between two [s]."""

FOREVER: Stamp = 1 << 63


class Pace:
    """How far the store's time may run. clock: seconds of any steady clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._patience = FIRST_S

    def open(self, start: Stamp) -> None:
        """The store's time begins."""
        self._stamp, self._heard = start, self._clock()

    def follow(self, frame: TrackFrame) -> None:
        """The tracker has come to this frame."""
        self._stamp, self._heard, self._patience = frame.stamp, self._clock(), BETWEEN_S

    @property
    def limit(self) -> Stamp:
        """No farther than this; a tracker that says nothing for too long is not waited for."""
        return self._stamp + LEAD_NS if self._clock() - self._heard < self._patience else FOREVER


class Speed:
    """How fast the store's time runs, measured over two seconds at a time.

    start: its beginning; now: seconds of any steady clock.
    """

    def __init__(self, start: Stamp, now: float) -> None:
        self._stamp, self._at = start, now

    def measure(self, now: float, reached: Stamp) -> float | None:
        """Seconds of the store in a second since the last measurement; None while it is too early for another."""
        if now - self._at < 2.0:
            return None
        factor = (reached - self._stamp) / SECOND / (now - self._at)
        self._stamp, self._at = reached, now
        return factor
