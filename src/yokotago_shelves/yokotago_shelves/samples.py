# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Bursts of one scale, as they arrive, to blocks of clean samples in order of time.

The hard problem is that a burst may come late, twice, out of order or not at all. The answer: the number of its first
sample says where it belongs. A burst that is ahead waits for the missing one until that can no longer come.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from yokotago_model.events import SECOND, ScaleStatus, ShelfWeight, Stamp

UNUSABLE = ScaleStatus.SATURATED | ScaleStatus.NOT_CALIBRATED | ScaleStatus.HARDWARE_FAULT
"""Bits of samples that are no weights."""

_COUNTER = 1 << 32
"""A board's counter of samples begins again at 0 after so many."""

_BOOTS_KEPT = 16
"""Bursts of so many earlier runs of a board are known as such."""


class Block(NamedTuple):
    """Mean of the samples from the first one's stamp to the last one's [g].

    span: from its begin to the begin of the next block when no sample is missing [ns]; status: bits of their bursts.
    """

    begin: Stamp
    end: Stamp
    span: int
    mean: float
    status: ScaleStatus


class Samples:
    """Puts the bursts of one scale in order, takes out spikes, and averages over blocks.

    A single sample that stands out is no weight (the median of three neighbours replaces it), nor is a value that no
    load can cause: a clock that runs too fast gives a reading with the wrong gain near -33,500 g.
    """

    def __init__(self, *, capacity_g: float, block_s: float, late_s: float) -> None:
        self._low, self._high = -0.5 * capacity_g, 1.5 * capacity_g
        self._block_s = block_s
        self._late = round(late_s * SECOND)
        self._boot: int | None = None
        self._earlier_boots: deque[int] = deque(maxlen=_BOOTS_KEPT)
        self._next: int | None = None
        self._waiting: dict[int, ShelfWeight] = {}
        self._before: float | None = None
        self._here: float | None = None
        self._here_stamp: Stamp = 0
        self._open: list[float] = []
        self._open_begin: Stamp = 0
        self._open_end: Stamp = 0
        self._status = ScaleStatus.OK
        self._period = 1
        self.newest: Stamp = 0
        """Stamp of the newest sample that has arrived."""
        self.usable: Stamp = 0
        """Stamp of the newest sample that was a weight."""
        self.lost = 0
        """Samples that never came."""
        self.dropped = 0
        """Samples that came twice, too late, or as no weight."""

    def feed(self, burst: ShelfWeight) -> list[Block]:
        """The blocks that `burst` completes."""
        blocks: list[Block] = []
        if burst.boot_id in self._earlier_boots:
            self.dropped += len(burst.grams)
            return blocks
        if burst.boot_id != self._boot or self._counts_anew(burst):
            blocks += self._release(everything=True)
            blocks += self._flush()
            if self._boot not in (None, burst.boot_id):
                self._earlier_boots.append(self._boot)
            self._boot, self._next = burst.boot_id, None
            self.newest, self.usable = burst.stamp, min(self.usable, burst.stamp)
        first = burst.sequence if burst.sequence == self._next else self._number(burst.sequence)
        if first in self._waiting or (self._next is not None and first + len(burst.grams) <= self._next):
            self.dropped += len(burst.grams)
            return blocks
        self._waiting[first] = burst
        self.newest = max(self.newest, burst.stamp + round(burst.period * SECOND * len(burst.grams)))
        return blocks + self._release(everything=False)

    def finish(self) -> list[Block]:
        """The blocks that are left at the end of a recording."""
        return self._release(everything=True) + self._flush()

    def _counts_anew(self, burst: ShelfWeight) -> bool:
        """Whether the board was restarted and does not say so: an old number on a sample that is new."""
        return (
            self._next is not None
            and burst.sequence != self._next
            and not burst.status & ScaleStatus.RESENT
            and self._number(burst.sequence) < self._next
            and burst.stamp >= self.newest + self._late
        )

    def _number(self, sequence: int) -> int:
        """The number of a sample, counted on where the board's counter begins again."""
        near = self._next
        if near is None:
            near = next(iter(self._waiting), sequence)
        return near + (sequence - near + _COUNTER // 2) % _COUNTER - _COUNTER // 2

    def _release(self, *, everything: bool) -> list[Block]:
        blocks: list[Block] = []
        while self._waiting:
            first = min(self._waiting)
            burst = self._waiting[first]
            ahead = self._next is None or first > self._next
            if ahead and not everything and burst.stamp + self._late > self.newest:
                break  # the missing one may still come
            if self._next is not None and ahead:
                self.lost += first - self._next
                blocks += self._flush()
            del self._waiting[first]
            known = 0 if self._next is None else max(0, self._next - first)
            self.dropped += min(known, len(burst.grams))
            if known < len(burst.grams):
                self._next = first + len(burst.grams)
                blocks += self._take(burst, known)
        return blocks

    def _take(self, burst: ShelfWeight, known: int) -> list[Block]:
        """The blocks that `burst` completes, without its first `known` samples."""
        if burst.status is not ScaleStatus.OK:
            self._status |= burst.status
            if burst.status & UNUSABLE:
                self.dropped += len(burst.grams) - known
                return self._flush()
        blocks: list[Block] = []
        self._period = period = max(round(burst.period * SECOND), 1)
        per_block = max(1, round(self._block_s * SECOND / period))
        stamp = burst.stamp + known * period
        before, here, here_stamp = self._before, self._here, self._here_stamp
        low, high, opened = self._low, self._high, self._open
        # A loop over plain floats: a burst is short, and setting numpy up for it costs more than it saves.
        for after in burst.grams[known:]:
            if low <= after <= high:
                if here is not None:
                    if before is not None:
                        if not opened:
                            self._open_begin = here_stamp
                        # The median of the three.
                        if before <= here:
                            opened.append(here if here <= after else max(before, after))
                        else:
                            opened.append(here if here >= after else min(before, after))
                        self._open_end = here_stamp
                        if len(opened) >= per_block:
                            blocks.append(self._close(per_block))
                    before = here
                here, here_stamp = after, stamp
            else:
                self.dropped += 1
            stamp += period
        self.usable = max(self.usable, here_stamp)
        self._before, self._here, self._here_stamp = before, here, here_stamp
        return blocks

    def _close(self, per_block: int) -> Block:
        mean = sum(self._open) / len(self._open)
        block = Block(self._open_begin, self._open_end, per_block * self._period, mean, self._status)
        self._open.clear()
        self._status = ScaleStatus.OK
        return block

    def _flush(self) -> list[Block]:
        """Close the block that is open: what comes next does not follow on it."""
        if self._here is not None and self._open:
            self._open.append(self._here)
            self._open_end = self._here_stamp
        self._before = self._here = None
        return [self._close(len(self._open))] if self._open else []
